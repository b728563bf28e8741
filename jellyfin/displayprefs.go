package jellyfin

// DisplayPreferencesDto is how one client shows something to one user (Jellyfin 12 DisplayPreferencesDto).
type DisplayPreferencesDto struct {
	ID                 string          `json:"Id"` // a GUID with dashes; MD5GUID of the id in the path where that is no GUID
	ViewType           *string         `json:"ViewType,omitempty"`
	SortBy             *string         `json:"SortBy,omitempty"`
	IndexBy            *string         `json:"IndexBy,omitempty"`
	RememberIndexing   bool            `json:"RememberIndexing"`
	PrimaryImageHeight int             `json:"PrimaryImageHeight"` // pixels
	PrimaryImageWidth  int             `json:"PrimaryImageWidth"`  // pixels
	CustomPrefs        CustomPrefs     `json:"CustomPrefs"`
	ScrollDirection    ScrollDirection `json:"ScrollDirection"`
	ShowBackdrop       bool            `json:"ShowBackdrop"`
	RememberSorting    bool            `json:"RememberSorting"`
	SortOrder          SortOrder       `json:"SortOrder"`
	ShowSidebar        bool            `json:"ShowSidebar"`
	Client             string          `json:"Client"` // the query parameter client, back again
}

// SetDefaults implements Defaulter.
func (d *DisplayPreferencesDto) SetDefaults() {
	*d = DisplayPreferencesDto{
		PrimaryImageHeight: 250,
		PrimaryImageWidth:  250,
		CustomPrefs:        CustomPrefs{},
		ShowBackdrop:       true,
	}
}

// CustomPrefs are settings that only clients understand. A nil value is written as null, a nil map as {}. The order
// of the keys means nothing.
type CustomPrefs map[string]*string

// MarshalJSON leaves the escaping of <, > and & to the encoder around it.
func (p CustomPrefs) MarshalJSON() ([]byte, error) {
	if p == nil {
		return []byte("{}"), nil
	}
	return marshalUnescaped(map[string]*string(p))
}

// ScrollDirection is the way a view scrolls.
type ScrollDirection string

// The directions.
const (
	ScrollHorizontal ScrollDirection = "Horizontal"
	ScrollVertical   ScrollDirection = "Vertical"
)

// Values implements Enum.
func (ScrollDirection) Values() []string { return []string{"Horizontal", "Vertical"} }

// MarshalText writes the zero value as the first name.
func (d ScrollDirection) MarshalText() ([]byte, error) { return enumText(d) }

// SortOrder is the direction of a sorted list.
type SortOrder string

// The orders.
const (
	SortAscending  SortOrder = "Ascending"
	SortDescending SortOrder = "Descending"
)

// Values implements Enum.
func (SortOrder) Values() []string { return []string{"Ascending", "Descending"} }

// MarshalText writes the zero value as the first name.
func (o SortOrder) MarshalText() ([]byte, error) { return enumText(o) }
