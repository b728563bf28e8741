package finlatch

import (
	"slices"
	"strings"
	"time"
)

// Provider ids of Jellyfin's own user store. Clients send them back, so they are kept.
const (
	DefaultAuthenticationProviderID = "Jellyfin.Server.Implementations.Users.DefaultAuthenticationProvider"
	DefaultPasswordResetProviderID  = "Jellyfin.Server.Implementations.Users.DefaultPasswordResetProvider"
)

// Policy is what an administrator allows a user: Jellyfin's UserPolicy. finlatch enforces the members that matter for
// signing in (the first group) and keeps the others for the clients that show and save them.
type Policy struct {
	IsAdministrator            bool
	IsDisabled                 bool
	IsHidden                   bool // not in the list of public users
	EnableRemoteAccess         bool // may come from outside the local networks
	AccessSchedules            []AccessSchedule
	EnableAllDevices           bool
	EnabledDevices             []string // device ids, compared without regard to case; only where EnableAllDevices is off
	MaxActiveSessions          int      // devices signed in at the same time; 0: no limit
	LoginAttemptsBeforeLockout int      // -1: never locked; 0: Jellyfin's default, 3
	EnableUserPreferenceAccess bool     // may change the own record
	AuthenticationProviderID   string
	PasswordResetProviderID    string

	EnableCollectionManagement       bool
	EnableSubtitleManagement         bool
	EnableLyricManagement            bool
	MaxParentalRating                *int
	MaxParentalSubRating             *int
	BlockedTags                      []string
	AllowedTags                      []string
	BlockUnratedItems                []string
	EnableRemoteControlOfOtherUsers  bool
	EnableSharedDeviceControl        bool
	EnableLiveTvManagement           bool
	EnableLiveTvAccess               bool
	EnableMediaPlayback              bool
	EnableAudioPlaybackTranscoding   bool
	EnableVideoPlaybackTranscoding   bool
	EnablePlaybackRemuxing           bool
	ForceRemoteSourceTranscoding     bool
	EnableContentDeletion            bool
	EnableContentDeletionFromFolders []string
	EnableContentDownloading         bool
	EnableSyncTranscoding            bool
	EnableMediaConversion            bool
	EnabledChannels                  []ID
	EnableAllChannels                bool
	EnabledFolders                   []ID
	EnableAllFolders                 bool
	EnablePublicSharing              bool
	BlockedMediaFolders              []ID
	BlockedChannels                  []ID
	RemoteClientBitrateLimit         int
	SyncPlayAccess                   string
}

// NewPolicy is the policy that Jellyfin 12 gives a new user.
func NewPolicy() Policy {
	return Policy{
		IsHidden: true, EnableRemoteAccess: true, EnableAllDevices: true, LoginAttemptsBeforeLockout: -1,
		EnableUserPreferenceAccess: true,
		AuthenticationProviderID:   DefaultAuthenticationProviderID, PasswordResetProviderID: DefaultPasswordResetProviderID,
		EnableSharedDeviceControl: true, EnableLiveTvAccess: true, EnableMediaPlayback: true,
		EnableAudioPlaybackTranscoding: true, EnableVideoPlaybackTranscoding: true, EnablePlaybackRemuxing: true,
		EnableContentDownloading: true, EnableSyncTranscoding: true, EnableMediaConversion: true,
		EnableAllChannels: true, EnableAllFolders: true, EnablePublicSharing: true, SyncPlayAccess: "CreateAndJoinGroups",
	}
}

// newAdministratorPolicy is the policy of the administrator that the first run creates.
func newAdministratorPolicy() Policy {
	p := NewPolicy()
	p.IsAdministrator, p.EnableRemoteControlOfOtherUsers, p.EnableContentDeletion = true, true, true
	return p
}

// AccessSchedule is a time of day at which a user may come, in the server's local time.
type AccessSchedule struct {
	ID        int
	DayOfWeek string  // Sunday … Saturday, Everyday, Weekday, Weekend
	StartHour float64 // 0 to 24, with fractions
	EndHour   float64 // included; a schedule does not run over midnight
}

func (a AccessSchedule) includes(local time.Time) bool {
	day := local.Weekday()
	weekend := day == time.Saturday || day == time.Sunday
	switch {
	case strings.EqualFold(a.DayOfWeek, "Everyday"):
	case strings.EqualFold(a.DayOfWeek, "Weekday") && !weekend:
	case strings.EqualFold(a.DayOfWeek, "Weekend") && weekend:
	case strings.EqualFold(a.DayOfWeek, day.String()):
	default:
		return false
	}
	hour := float64(local.Hour()) + float64(local.Minute())/60 + float64(local.Second())/3600
	return a.StartHour <= hour && hour <= a.EndHour
}

// scheduled tells whether the user may come now; without schedules always.
func (p *Policy) scheduled(local time.Time) bool {
	return len(p.AccessSchedules) == 0 ||
		slices.ContainsFunc(p.AccessSchedules, func(a AccessSchedule) bool { return a.includes(local) })
}

// allowsDevice tells whether the user may use a device. Jellyfin lets a device out of this by its own claim that it has
// no lasting id; finlatch does not.
func (p *Policy) allowsDevice(deviceID string) bool {
	return p.IsAdministrator || p.EnableAllDevices ||
		slices.ContainsFunc(p.EnabledDevices, func(id string) bool { return strings.EqualFold(id, deviceID) })
}

// lockoutLimit is the number of wrong passwords in a row that disable the account; 0 means never.
func (p *Policy) lockoutLimit() int {
	switch {
	case p.LoginAttemptsBeforeLockout < 0:
		return 0
	case p.LoginAttemptsBeforeLockout == 0:
		return 3
	}
	return p.LoginAttemptsBeforeLockout
}

// Configuration is what a user prefers: Jellyfin's UserConfiguration, kept for the clients.
type Configuration struct {
	AudioLanguagePreference    string
	PlayDefaultAudioTrack      bool
	SubtitleLanguagePreference string
	DisplayMissingEpisodes     bool
	GroupedFolders             []ID
	SubtitleMode               string
	DisplayCollectionsView     bool
	EnableLocalPassword        bool
	OrderedViews               []ID
	LatestItemsExcludes        []ID
	MyMediaExcludes            []ID
	HidePlayedInLatest         bool
	RememberAudioSelections    bool
	RememberSubtitleSelections bool
	EnableNextEpisodeAutoPlay  bool
	CastReceiverID             string
}

// NewConfiguration is the configuration that Jellyfin 12 gives a new user.
func NewConfiguration() Configuration {
	return Configuration{
		PlayDefaultAudioTrack: true, SubtitleMode: "Default", HidePlayedInLatest: true, RememberAudioSelections: true,
		RememberSubtitleSelections: true, EnableNextEpisodeAutoPlay: true, CastReceiverID: "F007D354",
	}
}
