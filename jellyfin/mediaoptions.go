package jellyfin

// MetadataOptions is where the metadata of one type of item comes from (Jellyfin 12 MetadataOptions).
type MetadataOptions struct {
	ItemType                 string       `json:"ItemType,omitempty"` // Movie, Series …
	DisabledMetadataSavers   List[string] `json:"DisabledMetadataSavers"`
	LocalMetadataReaderOrder List[string] `json:"LocalMetadataReaderOrder"`
	DisabledMetadataFetchers List[string] `json:"DisabledMetadataFetchers"`
	MetadataFetcherOrder     List[string] `json:"MetadataFetcherOrder"`
	DisabledImageFetchers    List[string] `json:"DisabledImageFetchers"`
	ImageFetcherOrder        List[string] `json:"ImageFetcherOrder"`
}

func defaultMetadataOptions() List[MetadataOptions] {
	var l List[MetadataOptions]
	for _, itemType := range [...]string{
		"Book", "Movie", "MusicVideo", "Series", "MusicAlbum", "MusicArtist", "BoxSet", "Season", "Episode",
	} {
		o := MetadataOptions{ItemType: itemType}
		switch itemType {
		case "MusicVideo":
			o.DisabledMetadataFetchers = List[string]{"The Open Movie Database"}
			o.DisabledImageFetchers = List[string]{"The Open Movie Database"}
		case "MusicAlbum", "MusicArtist":
			o.DisabledMetadataFetchers = List[string]{"TheAudioDB"}
		}
		l = append(l, o)
	}
	return l
}

// PathSubstitution is a path of the server and what clients see instead.
type PathSubstitution struct {
	From string `json:"From"`
	To   string `json:"To"`
}

// RepositoryInfo is a source of plug-ins.
type RepositoryInfo struct {
	Name    string `json:"Name"`
	URL     string `json:"Url"`
	Enabled bool   `json:"Enabled"`
}

// SetDefaults implements Defaulter.
func (r *RepositoryInfo) SetDefaults() { *r = RepositoryInfo{Enabled: true} }

// TrickplayOptions is how pictures for seeking are made (Jellyfin 12 TrickplayOptions).
type TrickplayOptions struct {
	EnableHwAcceleration         bool                  `json:"EnableHwAcceleration"`
	EnableHwEncoding             bool                  `json:"EnableHwEncoding"`
	EnableKeyFrameOnlyExtraction bool                  `json:"EnableKeyFrameOnlyExtraction"`
	ScanBehavior                 TrickplayScanBehavior `json:"ScanBehavior"`
	ProcessPriority              ProcessPriorityClass  `json:"ProcessPriority"`
	Interval                     int                   `json:"Interval"`         // milliseconds
	WidthResolutions             List[int]             `json:"WidthResolutions"` // pixels
	TileWidth                    int                   `json:"TileWidth"`
	TileHeight                   int                   `json:"TileHeight"`
	Qscale                       int                   `json:"Qscale"`
	JpegQuality                  int                   `json:"JpegQuality"` // percent
	ProcessThreads               int                   `json:"ProcessThreads"`
}

func defaultTrickplayOptions() TrickplayOptions {
	return TrickplayOptions{
		ScanBehavior:     TrickplayNonBlocking,
		ProcessPriority:  PriorityBelowNormal,
		Interval:         10000,
		WidthResolutions: List[int]{320},
		TileWidth:        10,
		TileHeight:       10,
		Qscale:           4,
		JpegQuality:      90,
		ProcessThreads:   1,
	}
}

// SetDefaults implements Defaulter.
func (o *TrickplayOptions) SetDefaults() { *o = defaultTrickplayOptions() }

// TrickplayScanBehavior is whether a library scan waits for the pictures.
type TrickplayScanBehavior string

// The behaviours.
const (
	TrickplayBlocking    TrickplayScanBehavior = "Blocking"
	TrickplayNonBlocking TrickplayScanBehavior = "NonBlocking"
)

// Values implements Enum.
func (TrickplayScanBehavior) Values() []string { return []string{"Blocking", "NonBlocking"} }

// MarshalText writes the zero value as the first name.
func (b TrickplayScanBehavior) MarshalText() ([]byte, error) { return enumText(b) }

// ProcessPriorityClass is the priority of a process. Its numbers in .NET are not places in Values; names it is, in every
// request that was seen.
type ProcessPriorityClass string

// The priorities.
const (
	PriorityNormal      ProcessPriorityClass = "Normal"
	PriorityIdle        ProcessPriorityClass = "Idle"
	PriorityHigh        ProcessPriorityClass = "High"
	PriorityRealTime    ProcessPriorityClass = "RealTime"
	PriorityBelowNormal ProcessPriorityClass = "BelowNormal"
	PriorityAboveNormal ProcessPriorityClass = "AboveNormal"
)

// Values implements Enum.
func (ProcessPriorityClass) Values() []string {
	return []string{"Normal", "Idle", "High", "RealTime", "BelowNormal", "AboveNormal"}
}

// MarshalText writes the zero value as the first name.
func (p ProcessPriorityClass) MarshalText() ([]byte, error) { return enumText(p) }

// ImageSavingConvention is how files of pictures are named.
type ImageSavingConvention string

// The conventions.
const (
	ImageSavingLegacy     ImageSavingConvention = "Legacy"
	ImageSavingCompatible ImageSavingConvention = "Compatible"
)

// Values implements Enum.
func (ImageSavingConvention) Values() []string { return []string{"Legacy", "Compatible"} }

// MarshalText writes the zero value as the first name.
func (c ImageSavingConvention) MarshalText() ([]byte, error) { return enumText(c) }

// ImageResolution is the height of a chapter's picture.
type ImageResolution string

// ResolutionMatchSource is the default; the others are P144 to P2160.
const ResolutionMatchSource ImageResolution = "MatchSource"

// Values implements Enum.
func (ImageResolution) Values() []string {
	return []string{"MatchSource", "P144", "P240", "P360", "P480", "P720", "P1080", "P1440", "P2160"}
}

// MarshalText writes the zero value as the first name.
func (r ImageResolution) MarshalText() ([]byte, error) { return enumText(r) }
