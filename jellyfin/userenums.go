package jellyfin

// DynamicDayOfWeek is a day of the week or a kind of day.
type DynamicDayOfWeek string

// The days. Weekday is Monday to Friday.
const (
	Sunday    DynamicDayOfWeek = "Sunday"
	Monday    DynamicDayOfWeek = "Monday"
	Tuesday   DynamicDayOfWeek = "Tuesday"
	Wednesday DynamicDayOfWeek = "Wednesday"
	Thursday  DynamicDayOfWeek = "Thursday"
	Friday    DynamicDayOfWeek = "Friday"
	Saturday  DynamicDayOfWeek = "Saturday"
	Everyday  DynamicDayOfWeek = "Everyday"
	Weekday   DynamicDayOfWeek = "Weekday"
	Weekend   DynamicDayOfWeek = "Weekend"
)

// Values implements Enum.
func (DynamicDayOfWeek) Values() []string {
	return []string{
		"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Everyday", "Weekday", "Weekend",
	}
}

// MarshalText writes the zero value as the first name.
func (d DynamicDayOfWeek) MarshalText() ([]byte, error) { return enumText(d) }

// UnratedItem is a kind of item that a policy can block where it has no parental rating.
type UnratedItem string

// The kinds of items.
const (
	UnratedMovie          UnratedItem = "Movie"
	UnratedTrailer        UnratedItem = "Trailer"
	UnratedSeries         UnratedItem = "Series"
	UnratedMusic          UnratedItem = "Music"
	UnratedBook           UnratedItem = "Book"
	UnratedLiveTvChannel  UnratedItem = "LiveTvChannel"
	UnratedLiveTvProgram  UnratedItem = "LiveTvProgram"
	UnratedChannelContent UnratedItem = "ChannelContent"
	UnratedOther          UnratedItem = "Other"
)

// Values implements Enum.
func (UnratedItem) Values() []string {
	return []string{
		"Movie", "Trailer", "Series", "Music", "Book", "LiveTvChannel", "LiveTvProgram", "ChannelContent", "Other",
	}
}

// MarshalText writes the zero value as the first name.
func (i UnratedItem) MarshalText() ([]byte, error) { return enumText(i) }

// SyncPlayAccess is what a user may do with groups that play together (Jellyfin 12 SyncPlayUserAccessType).
type SyncPlayAccess string

// The levels of SyncPlayAccess.
const (
	SyncPlayCreateAndJoinGroups SyncPlayAccess = "CreateAndJoinGroups"
	SyncPlayJoinGroups          SyncPlayAccess = "JoinGroups"
	SyncPlayNone                SyncPlayAccess = "None"
)

// Values implements Enum.
func (SyncPlayAccess) Values() []string { return []string{"CreateAndJoinGroups", "JoinGroups", "None"} }

// MarshalText writes the zero value as the first name.
func (a SyncPlayAccess) MarshalText() ([]byte, error) { return enumText(a) }

// SubtitleMode is when subtitles are shown (Jellyfin 12 SubtitlePlaybackMode).
type SubtitleMode string

// The modes.
const (
	SubtitleDefault    SubtitleMode = "Default"
	SubtitleAlways     SubtitleMode = "Always"
	SubtitleOnlyForced SubtitleMode = "OnlyForced"
	SubtitleNone       SubtitleMode = "None"
	SubtitleSmart      SubtitleMode = "Smart"
)

// Values implements Enum.
func (SubtitleMode) Values() []string {
	return []string{"Default", "Always", "OnlyForced", "None", "Smart"}
}

// MarshalText writes the zero value as the first name.
func (m SubtitleMode) MarshalText() ([]byte, error) { return enumText(m) }
