package jellyfin

// ActivityLogEntry is an entry in the answer of GET /System/ActivityLog/Entries (Jellyfin 12 ActivityLogEntry).
type ActivityLogEntry struct {
	ID                  int64    `json:"Id"`
	Name                string   `json:"Name"` // what happened, as a sentence
	Overview            *string  `json:"Overview,omitempty"`
	ShortOverview       *string  `json:"ShortOverview,omitempty"`
	Type                string   `json:"Type"` // AuthenticationSucceeded, SessionStarted …
	ItemID              *string  `json:"ItemId,omitempty"`
	Date                Time     `json:"Date"`
	UserID              GUID     `json:"UserId"`                        // zeros: nobody
	UserPrimaryImageTag string   `json:"UserPrimaryImageTag,omitempty"` // Jellyfin never fills it
	Severity            LogLevel `json:"Severity"`
}

// LogLevel is how grave an ActivityLogEntry is.
type LogLevel string

// The levels.
const (
	LogTrace       LogLevel = "Trace"
	LogDebug       LogLevel = "Debug"
	LogInformation LogLevel = "Information"
	LogWarning     LogLevel = "Warning"
	LogError       LogLevel = "Error"
	LogCritical    LogLevel = "Critical"
	LogNone        LogLevel = "None"
)

// Values implements Enum.
func (LogLevel) Values() []string {
	return []string{"Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"}
}

// MarshalText writes the zero value as the first name.
func (l LogLevel) MarshalText() ([]byte, error) { return enumText(l) }
