package jellyfin

// MetadataConfiguration is the named configuration "metadata" (Jellyfin 12 MetadataConfiguration).
type MetadataConfiguration struct {
	UseFileCreationTimeForDateAdded bool `json:"UseFileCreationTimeForDateAdded"`
}

// SetDefaults implements Defaulter with the configuration of a fresh Jellyfin 12.
func (c *MetadataConfiguration) SetDefaults() {
	*c = MetadataConfiguration{UseFileCreationTimeForDateAdded: true}
}

// XbmcMetadataOptions is the named configuration "xbmcmetadata", about NFO files (Jellyfin 12 XbmcMetadataOptions).
type XbmcMetadataOptions struct {
	UserID                       *string `json:"UserId,omitempty"`
	ReleaseDateFormat            string  `json:"ReleaseDateFormat"`
	SaveImagePathsInNfo          bool    `json:"SaveImagePathsInNfo"`
	EnablePathSubstitution       bool    `json:"EnablePathSubstitution"`
	EnableExtraThumbsDuplication bool    `json:"EnableExtraThumbsDuplication"`
}

// SetDefaults implements Defaulter with the configuration of a fresh Jellyfin 12.
func (c *XbmcMetadataOptions) SetDefaults() {
	*c = XbmcMetadataOptions{ReleaseDateFormat: "yyyy-MM-dd", SaveImagePathsInNfo: true, EnablePathSubstitution: true}
}

// LiveTvOptions is the named configuration "livetv" (Jellyfin 12 LiveTvOptions). Tuners and guides, which come with
// passwords of other services, are not read.
type LiveTvOptions struct {
	GuideDays                                *int         `json:"GuideDays,omitempty"`
	RecordingPath                            *string      `json:"RecordingPath,omitempty"`
	MovieRecordingPath                       *string      `json:"MovieRecordingPath,omitempty"`
	SeriesRecordingPath                      *string      `json:"SeriesRecordingPath,omitempty"`
	EnableRecordingSubfolders                bool         `json:"EnableRecordingSubfolders"`
	EnableOriginalAudioWithEncodedRecordings bool         `json:"EnableOriginalAudioWithEncodedRecordings"`
	TunerHosts                               NoList       `json:"TunerHosts"`
	ListingProviders                         NoList       `json:"ListingProviders"`
	PrePaddingSeconds                        int          `json:"PrePaddingSeconds"`
	PostPaddingSeconds                       int          `json:"PostPaddingSeconds"`
	MediaLocationsCreated                    List[string] `json:"MediaLocationsCreated"`
	RecordingPostProcessor                   *string      `json:"RecordingPostProcessor,omitempty"`
	RecordingPostProcessorArguments          string       `json:"RecordingPostProcessorArguments"`
	SaveRecordingNFO                         bool         `json:"SaveRecordingNFO"`
	SaveRecordingImages                      bool         `json:"SaveRecordingImages"`
}

// SetDefaults implements Defaulter with the configuration of a fresh Jellyfin 12.
func (c *LiveTvOptions) SetDefaults() {
	*c = LiveTvOptions{RecordingPostProcessorArguments: `"{path}"`, SaveRecordingNFO: true, SaveRecordingImages: true}
}

// NoList is a list that is always empty, whatever is sent.
type NoList struct{}

// MarshalJSON writes the empty list.
func (NoList) MarshalJSON() ([]byte, error) { return []byte("[]"), nil }

// UnmarshalJSON reads anything.
func (*NoList) UnmarshalJSON([]byte) error { return nil }
