package jellyfin

// UserConfiguration is how a user likes things (Jellyfin 12 UserConfiguration). Its lists are null in no request:
// Jellyfin refuses that with 400.
type UserConfiguration struct {
	AudioLanguagePreference    *string      `json:"AudioLanguagePreference,omitempty"` // ISO 639-2
	PlayDefaultAudioTrack      bool         `json:"PlayDefaultAudioTrack"`
	SubtitleLanguagePreference string       `json:"SubtitleLanguagePreference"` // ISO 639-2; "" none
	DisplayMissingEpisodes     bool         `json:"DisplayMissingEpisodes"`
	GroupedFolders             List[GUID]   `json:"GroupedFolders"`
	SubtitleMode               SubtitleMode `json:"SubtitleMode"`
	DisplayCollectionsView     bool         `json:"DisplayCollectionsView"`
	EnableLocalPassword        bool         `json:"EnableLocalPassword"`
	OrderedViews               List[GUID]   `json:"OrderedViews"`
	LatestItemsExcludes        List[GUID]   `json:"LatestItemsExcludes"`
	MyMediaExcludes            List[GUID]   `json:"MyMediaExcludes"`
	HidePlayedInLatest         bool         `json:"HidePlayedInLatest"`
	RememberAudioSelections    bool         `json:"RememberAudioSelections"`
	RememberSubtitleSelections bool         `json:"RememberSubtitleSelections"`
	EnableNextEpisodeAutoPlay  bool         `json:"EnableNextEpisodeAutoPlay"`
	CastReceiverID             string       `json:"CastReceiverId,omitempty"` // ServerConfiguration.CastReceiverApplications; unknown ids are ignored
}

// NewUserConfiguration is the configuration of a new user and what Jellyfin 12 takes an empty one in a request for, but for
// CastReceiverID, which is the server's first receiver.
func NewUserConfiguration() UserConfiguration {
	return UserConfiguration{
		PlayDefaultAudioTrack:      true,
		GroupedFolders:             List[GUID]{},
		SubtitleMode:               SubtitleDefault,
		OrderedViews:               List[GUID]{},
		LatestItemsExcludes:        List[GUID]{},
		MyMediaExcludes:            List[GUID]{},
		HidePlayedInLatest:         true,
		RememberAudioSelections:    true,
		RememberSubtitleSelections: true,
		EnableNextEpisodeAutoPlay:  true,
	}
}

// SetDefaults implements Defaulter with NewUserConfiguration.
func (c *UserConfiguration) SetDefaults() { *c = NewUserConfiguration() }
