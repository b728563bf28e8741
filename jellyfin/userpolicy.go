package jellyfin

// UserPolicy is what a user may do (Jellyfin 12 UserPolicy).
type UserPolicy struct {
	IsAdministrator                  bool                 `json:"IsAdministrator"`
	IsHidden                         bool                 `json:"IsHidden"` // not in GET /Users/Public
	EnableCollectionManagement       bool                 `json:"EnableCollectionManagement"`
	EnableSubtitleManagement         bool                 `json:"EnableSubtitleManagement"`
	EnableLyricManagement            bool                 `json:"EnableLyricManagement"` // Jellyfin 12 stores it and shows false
	IsDisabled                       bool                 `json:"IsDisabled"`
	MaxParentalRating                *int                 `json:"MaxParentalRating,omitempty"`
	MaxParentalSubRating             *int                 `json:"MaxParentalSubRating,omitempty"`
	BlockedTags                      List[string]         `json:"BlockedTags"`
	AllowedTags                      List[string]         `json:"AllowedTags"`
	EnableUserPreferenceAccess       bool                 `json:"EnableUserPreferenceAccess"` // may change the own record
	AccessSchedules                  List[AccessSchedule] `json:"AccessSchedules"`            // empty: at any time
	BlockUnratedItems                List[UnratedItem]    `json:"BlockUnratedItems"`
	EnableRemoteControlOfOtherUsers  bool                 `json:"EnableRemoteControlOfOtherUsers"`
	EnableSharedDeviceControl        bool                 `json:"EnableSharedDeviceControl"`
	EnableRemoteAccess               bool                 `json:"EnableRemoteAccess"` // may sign in from outside of the local network
	EnableLiveTvManagement           bool                 `json:"EnableLiveTvManagement"`
	EnableLiveTvAccess               bool                 `json:"EnableLiveTvAccess"`
	EnableMediaPlayback              bool                 `json:"EnableMediaPlayback"`
	EnableAudioPlaybackTranscoding   bool                 `json:"EnableAudioPlaybackTranscoding"`
	EnableVideoPlaybackTranscoding   bool                 `json:"EnableVideoPlaybackTranscoding"`
	EnablePlaybackRemuxing           bool                 `json:"EnablePlaybackRemuxing"`
	ForceRemoteSourceTranscoding     bool                 `json:"ForceRemoteSourceTranscoding"`
	EnableContentDeletion            bool                 `json:"EnableContentDeletion"`
	EnableContentDeletionFromFolders List[string]         `json:"EnableContentDeletionFromFolders"`
	EnableContentDownloading         bool                 `json:"EnableContentDownloading"`
	EnableSyncTranscoding            bool                 `json:"EnableSyncTranscoding"`
	EnableMediaConversion            bool                 `json:"EnableMediaConversion"`
	EnabledDevices                   List[string]         `json:"EnabledDevices"` // device ids, where EnableAllDevices is false
	EnableAllDevices                 bool                 `json:"EnableAllDevices"`
	EnabledChannels                  List[GUID]           `json:"EnabledChannels"`
	EnableAllChannels                bool                 `json:"EnableAllChannels"`
	EnabledFolders                   List[GUID]           `json:"EnabledFolders"`
	EnableAllFolders                 bool                 `json:"EnableAllFolders"`
	InvalidLoginAttemptCount         int                  `json:"InvalidLoginAttemptCount"`   // wrong passwords since the last right one
	LoginAttemptsBeforeLockout       int                  `json:"LoginAttemptsBeforeLockout"` // wrong passwords until IsDisabled; -1: never; 0 in a request: 3
	MaxActiveSessions                int                  `json:"MaxActiveSessions"`          // 0: any number
	EnablePublicSharing              bool                 `json:"EnablePublicSharing"`
	BlockedMediaFolders              List[GUID]           `json:"BlockedMediaFolders"`      // nil in a request: leave as it is
	BlockedChannels                  List[GUID]           `json:"BlockedChannels"`          // nil in a request: leave as it is
	RemoteClientBitrateLimit         int                  `json:"RemoteClientBitrateLimit"` // bit/s; 0: none
	AuthenticationProviderID         string               `json:"AuthenticationProviderId"` // required, not blank
	PasswordResetProviderID          string               `json:"PasswordResetProviderId"`  // required, not blank
	SyncPlayAccess                   SyncPlayAccess       `json:"SyncPlayAccess"`
}

// NewUserPolicy is what Jellyfin 12 takes an empty policy in a request for. It lacks the two provider ids, which a request must
// give, and it permits EnableLiveTvManagement, which users whom the server creates do not have.
func NewUserPolicy() UserPolicy {
	return UserPolicy{
		IsHidden:                       true,
		BlockedTags:                    List[string]{},
		AllowedTags:                    List[string]{},
		EnableUserPreferenceAccess:     true,
		AccessSchedules:                List[AccessSchedule]{},
		BlockUnratedItems:              List[UnratedItem]{},
		EnableSharedDeviceControl:      true,
		EnableRemoteAccess:             true,
		EnableLiveTvManagement:         true,
		EnableLiveTvAccess:             true,
		EnableMediaPlayback:            true,
		EnableAudioPlaybackTranscoding: true,
		EnableVideoPlaybackTranscoding: true,
		EnablePlaybackRemuxing:         true,

		EnableContentDeletionFromFolders: List[string]{},

		EnableContentDownloading:   true,
		EnableSyncTranscoding:      true,
		EnableMediaConversion:      true,
		EnabledDevices:             List[string]{},
		EnableAllDevices:           true,
		EnabledChannels:            List[GUID]{},
		EnableAllChannels:          true,
		EnabledFolders:             List[GUID]{},
		EnableAllFolders:           true,
		LoginAttemptsBeforeLockout: -1,
		EnablePublicSharing:        true,
		SyncPlayAccess:             SyncPlayCreateAndJoinGroups,
	}
}

// SetDefaults implements Defaulter with NewUserPolicy.
func (p *UserPolicy) SetDefaults() { *p = NewUserPolicy() }

// AccessSchedule is a time in which a user may use the server (Jellyfin 12 AccessSchedule). Hours are hours of the
// server's local day, 0 to 24, with fractions: 6.5 is half past six.
type AccessSchedule struct {
	ID        int              `json:"Id"`
	UserID    GUID             `json:"UserId"`
	DayOfWeek DynamicDayOfWeek `json:"DayOfWeek"`
	StartHour float64          `json:"StartHour"`
	EndHour   float64          `json:"EndHour"`
}
