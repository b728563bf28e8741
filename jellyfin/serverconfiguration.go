package jellyfin

// ServerConfiguration is the body of GET and POST /System/Configuration (Jellyfin 12 ServerConfiguration). Clients read it, change a
// member and send all of it back, so what only a media server needs is here too.
type ServerConfiguration struct {
	EnableMetrics                       bool                          `json:"EnableMetrics"`
	EnableNormalizedItemByNameIDs       bool                          `json:"EnableNormalizedItemByNameIds"`
	IsPortAuthorized                    bool                          `json:"IsPortAuthorized"`
	QuickConnectAvailable               bool                          `json:"QuickConnectAvailable"`
	EnableCaseSensitiveItemIDs          bool                          `json:"EnableCaseSensitiveItemIds"`
	DisableLiveTvChannelUserDataName    bool                          `json:"DisableLiveTvChannelUserDataName"`
	MetadataPath                        string                        `json:"MetadataPath"`
	PreferredMetadataLanguage           string                        `json:"PreferredMetadataLanguage"` // ISO 639-1
	MetadataCountryCode                 string                        `json:"MetadataCountryCode"`       // ISO 3166-1
	SortReplaceCharacters               List[string]                  `json:"SortReplaceCharacters"`
	SortRemoveCharacters                List[string]                  `json:"SortRemoveCharacters"`
	SortRemoveWords                     List[string]                  `json:"SortRemoveWords"`
	MinResumePct                        int                           `json:"MinResumePct"`
	MaxResumePct                        int                           `json:"MaxResumePct"`
	MinResumeDurationSeconds            int                           `json:"MinResumeDurationSeconds"`
	MinAudiobookResume                  int                           `json:"MinAudiobookResume"`       // minutes
	MaxAudiobookResume                  int                           `json:"MaxAudiobookResume"`       // minutes
	InactiveSessionThreshold            int                           `json:"InactiveSessionThreshold"` // minutes; 0: never
	LibraryMonitorDelay                 int                           `json:"LibraryMonitorDelay"`      // seconds
	LibraryUpdateDuration               int                           `json:"LibraryUpdateDuration"`    // seconds
	CacheSize                           int                           `json:"CacheSize"`
	ImageSavingConvention               ImageSavingConvention         `json:"ImageSavingConvention"`
	MetadataOptions                     List[MetadataOptions]         `json:"MetadataOptions"`
	SkipDeserializationForBasicTypes    bool                          `json:"SkipDeserializationForBasicTypes"`
	ServerName                          string                        `json:"ServerName"` // "": the machine's name
	UICulture                           string                        `json:"UICulture"`  // LocalizationOption.Value
	SaveMetadataHidden                  bool                          `json:"SaveMetadataHidden"`
	ContentTypes                        List[NameValuePair]           `json:"ContentTypes"`
	RemoteClientBitrateLimit            int                           `json:"RemoteClientBitrateLimit"` // bit/s; 0: none
	EnableFolderView                    bool                          `json:"EnableFolderView"`
	EnableGroupingMoviesIntoCollections bool                          `json:"EnableGroupingMoviesIntoCollections"`
	EnableGroupingShowsIntoCollections  bool                          `json:"EnableGroupingShowsIntoCollections"`
	DisplaySpecialsWithinSeasons        bool                          `json:"DisplaySpecialsWithinSeasons"`
	CodecsUsed                          List[string]                  `json:"CodecsUsed"`
	PluginRepositories                  List[RepositoryInfo]          `json:"PluginRepositories"`
	EnableExternalContentInSuggestions  bool                          `json:"EnableExternalContentInSuggestions"`
	ImageExtractionTimeoutMs            int                           `json:"ImageExtractionTimeoutMs"`
	PathSubstitutions                   List[PathSubstitution]        `json:"PathSubstitutions"`
	EnableSlowResponseWarning           bool                          `json:"EnableSlowResponseWarning"`
	SlowResponseThresholdMs             int64                         `json:"SlowResponseThresholdMs"`
	CorsHosts                           List[string]                  `json:"CorsHosts"`
	ActivityLogRetentionDays            *int                          `json:"ActivityLogRetentionDays,omitempty"` // nil: for ever
	LibraryScanFanoutConcurrency        int                           `json:"LibraryScanFanoutConcurrency"`
	LibraryMetadataRefreshConcurrency   int                           `json:"LibraryMetadataRefreshConcurrency"`
	AllowClientLogUpload                bool                          `json:"AllowClientLogUpload"` // POST /ClientLog/Document
	DummyChapterDuration                int                           `json:"DummyChapterDuration"` // seconds
	ChapterImageResolution              ImageResolution               `json:"ChapterImageResolution"`
	ParallelImageEncodingLimit          int                           `json:"ParallelImageEncodingLimit"`
	CastReceiverApplications            List[CastReceiverApplication] `json:"CastReceiverApplications"`
	TrickplayOptions                    TrickplayOptions              `json:"TrickplayOptions"`
	EnableLegacyAuthorization           bool                          `json:"EnableLegacyAuthorization"` // see TokenFrom
	LogFileRetentionDays                int                           `json:"LogFileRetentionDays"`
	IsStartupWizardCompleted            bool                          `json:"IsStartupWizardCompleted"`
	CachePath                           *string                       `json:"CachePath,omitempty"`
	PreviousVersion                     *string                       `json:"PreviousVersion,omitempty"`
	PreviousVersionStr                  *string                       `json:"PreviousVersionStr,omitempty"`
}

// DefaultServerConfiguration is the configuration of a fresh Jellyfin 12, before its set-up.
// EnableLegacyAuthorization is false in it.
func DefaultServerConfiguration() ServerConfiguration {
	retention := 30
	return ServerConfiguration{
		EnableNormalizedItemByNameIDs:    true,
		IsPortAuthorized:                 true,
		QuickConnectAvailable:            true,
		EnableCaseSensitiveItemIDs:       true,
		DisableLiveTvChannelUserDataName: true,
		PreferredMetadataLanguage:        "en",
		MetadataCountryCode:              "US",
		SortReplaceCharacters:            List[string]{".", "+", "%"},
		SortRemoveCharacters:             List[string]{",", "&", "-", "{", "}", "'"},
		SortRemoveWords:                  List[string]{"the", "a", "an"},
		MinResumePct:                     5,
		MaxResumePct:                     90,
		MinResumeDurationSeconds:         300,
		MinAudiobookResume:               5,
		MaxAudiobookResume:               5,
		LibraryMonitorDelay:              60,
		LibraryUpdateDuration:            30,
		CacheSize:                        200,
		MetadataOptions:                  defaultMetadataOptions(),
		SkipDeserializationForBasicTypes: true,
		UICulture:                        "en-US",
		DisplaySpecialsWithinSeasons:     true,
		PluginRepositories: List[RepositoryInfo]{
			{Name: "Jellyfin Stable", URL: "https://repo.jellyfin.org/files/plugin/manifest.json", Enabled: true},
		},
		EnableExternalContentInSuggestions: true,
		EnableSlowResponseWarning:          true,
		SlowResponseThresholdMs:            500,
		CorsHosts:                          List[string]{"*"},
		ActivityLogRetentionDays:           &retention,
		AllowClientLogUpload:               true,
		CastReceiverApplications:           DefaultCastReceivers(),
		TrickplayOptions:                   defaultTrickplayOptions(),
		LogFileRetentionDays:               3,
	}
}

// SetDefaults implements Defaulter with DefaultServerConfiguration. Jellyfin empties PluginRepositories and CastReceiverApplications
// where a request omits them; here they come back to their defaults.
func (c *ServerConfiguration) SetDefaults() { *c = DefaultServerConfiguration() }
