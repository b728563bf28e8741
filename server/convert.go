package server

import (
	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

func guids(ids []finlatch.ID) jellyfin.List[jellyfin.GUID] {
	list := make(jellyfin.List[jellyfin.GUID], len(ids))
	for i, id := range ids {
		list[i] = jellyfin.GUID(id)
	}
	return list
}

func ids(guids []jellyfin.GUID) []finlatch.ID {
	list := make([]finlatch.ID, len(guids))
	for i, g := range guids {
		list[i] = finlatch.ID(g)
	}
	return list
}

// userDto shows a user. Jellyfin 12 says of everybody that there is a password, so that nobody learns who has none.
func (s *Server) userDto(u *finlatch.User, settings *finlatch.Settings) *jellyfin.UserDto {
	policy, configuration := policyDto(u), configurationDto(&u.Configuration)
	policy.InvalidLoginAttemptCount += s.service.MissedPasswords(u.ID)
	return &jellyfin.UserDto{
		Name: u.Name, ServerID: settings.ServerID.String(), ID: jellyfin.GUID(u.ID), HasPassword: true, HasConfiguredPassword: true,
		LastLoginDate: jellyfin.TimeOf(u.LastLoginAt), LastActivityDate: jellyfin.TimeOf(u.LastActivityAt),
		PrimaryImageTag: u.ImageTag, Configuration: &configuration, Policy: &policy,
	}
}

func policyDto(u *finlatch.User) jellyfin.UserPolicy {
	p := &u.Policy
	schedules := make(jellyfin.List[jellyfin.AccessSchedule], len(p.AccessSchedules))
	for i, a := range p.AccessSchedules {
		schedules[i] = jellyfin.AccessSchedule{ID: a.ID, UserID: jellyfin.GUID(u.ID), DayOfWeek: jellyfin.DynamicDayOfWeek(a.DayOfWeek),
			StartHour: a.StartHour, EndHour: a.EndHour}
	}
	unrated := make(jellyfin.List[jellyfin.UnratedItem], len(p.BlockUnratedItems))
	for i, item := range p.BlockUnratedItems {
		unrated[i] = jellyfin.UnratedItem(item)
	}
	return jellyfin.UserPolicy{
		IsAdministrator: p.IsAdministrator, IsHidden: p.IsHidden, IsDisabled: p.IsDisabled,
		EnableCollectionManagement: p.EnableCollectionManagement, EnableSubtitleManagement: p.EnableSubtitleManagement,
		EnableLyricManagement: p.EnableLyricManagement,
		MaxParentalRating:     p.MaxParentalRating, MaxParentalSubRating: p.MaxParentalSubRating,
		BlockedTags: p.BlockedTags, AllowedTags: p.AllowedTags, EnableUserPreferenceAccess: p.EnableUserPreferenceAccess,
		AccessSchedules: schedules, BlockUnratedItems: unrated,
		EnableRemoteControlOfOtherUsers: p.EnableRemoteControlOfOtherUsers, EnableSharedDeviceControl: p.EnableSharedDeviceControl,
		EnableRemoteAccess: p.EnableRemoteAccess, EnableLiveTvManagement: p.EnableLiveTvManagement, EnableLiveTvAccess: p.EnableLiveTvAccess,
		EnableMediaPlayback: p.EnableMediaPlayback, EnableAudioPlaybackTranscoding: p.EnableAudioPlaybackTranscoding,
		EnableVideoPlaybackTranscoding: p.EnableVideoPlaybackTranscoding, EnablePlaybackRemuxing: p.EnablePlaybackRemuxing,
		ForceRemoteSourceTranscoding: p.ForceRemoteSourceTranscoding, EnableContentDeletion: p.EnableContentDeletion,
		EnableContentDeletionFromFolders: p.EnableContentDeletionFromFolders, EnableContentDownloading: p.EnableContentDownloading,
		EnableSyncTranscoding: p.EnableSyncTranscoding, EnableMediaConversion: p.EnableMediaConversion,
		EnabledDevices: p.EnabledDevices, EnableAllDevices: p.EnableAllDevices,
		EnabledChannels: guids(p.EnabledChannels), EnableAllChannels: p.EnableAllChannels,
		EnabledFolders: guids(p.EnabledFolders), EnableAllFolders: p.EnableAllFolders,
		InvalidLoginAttemptCount: u.InvalidLoginAttempts, LoginAttemptsBeforeLockout: p.LoginAttemptsBeforeLockout,
		MaxActiveSessions: p.MaxActiveSessions, EnablePublicSharing: p.EnablePublicSharing,
		BlockedMediaFolders: guids(p.BlockedMediaFolders), BlockedChannels: guids(p.BlockedChannels),
		RemoteClientBitrateLimit: p.RemoteClientBitrateLimit,
		AuthenticationProviderID: p.AuthenticationProviderID, PasswordResetProviderID: p.PasswordResetProviderID,
		SyncPlayAccess: jellyfin.SyncPlayAccess(p.SyncPlayAccess),
	}
}

// policyFrom is the policy that a body asks for. Lists of blocked folders and channels that it leaves out are nil.
func policyFrom(in *jellyfin.UserPolicy) finlatch.Policy {
	p := finlatch.Policy{
		IsAdministrator: in.IsAdministrator, IsHidden: in.IsHidden, IsDisabled: in.IsDisabled,
		EnableCollectionManagement: in.EnableCollectionManagement, EnableSubtitleManagement: in.EnableSubtitleManagement,
		EnableLyricManagement: in.EnableLyricManagement,
		MaxParentalRating:     in.MaxParentalRating, MaxParentalSubRating: in.MaxParentalSubRating,
		BlockedTags: in.BlockedTags, AllowedTags: in.AllowedTags, EnableUserPreferenceAccess: in.EnableUserPreferenceAccess,
		EnableRemoteControlOfOtherUsers: in.EnableRemoteControlOfOtherUsers, EnableSharedDeviceControl: in.EnableSharedDeviceControl,
		EnableRemoteAccess: in.EnableRemoteAccess, EnableLiveTvManagement: in.EnableLiveTvManagement, EnableLiveTvAccess: in.EnableLiveTvAccess,
		EnableMediaPlayback: in.EnableMediaPlayback, EnableAudioPlaybackTranscoding: in.EnableAudioPlaybackTranscoding,
		EnableVideoPlaybackTranscoding: in.EnableVideoPlaybackTranscoding, EnablePlaybackRemuxing: in.EnablePlaybackRemuxing,
		ForceRemoteSourceTranscoding: in.ForceRemoteSourceTranscoding, EnableContentDeletion: in.EnableContentDeletion,
		EnableContentDeletionFromFolders: in.EnableContentDeletionFromFolders, EnableContentDownloading: in.EnableContentDownloading,
		EnableSyncTranscoding: in.EnableSyncTranscoding, EnableMediaConversion: in.EnableMediaConversion,
		EnabledDevices: in.EnabledDevices, EnableAllDevices: in.EnableAllDevices,
		EnabledChannels: ids(in.EnabledChannels), EnableAllChannels: in.EnableAllChannels,
		EnabledFolders: ids(in.EnabledFolders), EnableAllFolders: in.EnableAllFolders,
		LoginAttemptsBeforeLockout: in.LoginAttemptsBeforeLockout, MaxActiveSessions: in.MaxActiveSessions,
		EnablePublicSharing: in.EnablePublicSharing, RemoteClientBitrateLimit: in.RemoteClientBitrateLimit,
		AuthenticationProviderID: in.AuthenticationProviderID, PasswordResetProviderID: in.PasswordResetProviderID,
		SyncPlayAccess: string(in.SyncPlayAccess),
	}
	if in.BlockedMediaFolders != nil {
		p.BlockedMediaFolders = ids(in.BlockedMediaFolders)
	}
	if in.BlockedChannels != nil {
		p.BlockedChannels = ids(in.BlockedChannels)
	}
	for i, a := range in.AccessSchedules {
		p.AccessSchedules = append(p.AccessSchedules, finlatch.AccessSchedule{ID: i + 1, DayOfWeek: string(a.DayOfWeek),
			StartHour: a.StartHour, EndHour: a.EndHour})
	}
	for _, item := range in.BlockUnratedItems {
		p.BlockUnratedItems = append(p.BlockUnratedItems, string(item))
	}
	return p
}

func configurationDto(c *finlatch.Configuration) jellyfin.UserConfiguration {
	out := jellyfin.UserConfiguration{
		PlayDefaultAudioTrack: c.PlayDefaultAudioTrack, SubtitleLanguagePreference: c.SubtitleLanguagePreference,
		DisplayMissingEpisodes: c.DisplayMissingEpisodes, GroupedFolders: guids(c.GroupedFolders),
		SubtitleMode: jellyfin.SubtitleMode(c.SubtitleMode), DisplayCollectionsView: c.DisplayCollectionsView,
		EnableLocalPassword: c.EnableLocalPassword, OrderedViews: guids(c.OrderedViews), LatestItemsExcludes: guids(c.LatestItemsExcludes),
		MyMediaExcludes: guids(c.MyMediaExcludes), HidePlayedInLatest: c.HidePlayedInLatest,
		RememberAudioSelections: c.RememberAudioSelections, RememberSubtitleSelections: c.RememberSubtitleSelections,
		EnableNextEpisodeAutoPlay: c.EnableNextEpisodeAutoPlay, CastReceiverID: c.CastReceiverID,
	}
	if c.AudioLanguagePreference != "" {
		out.AudioLanguagePreference = &c.AudioLanguagePreference
	}
	return out
}

// configurationFrom is the configuration that a body asks for: Invalid for null and for lists that are null. A cast
// receiver that the server does not have is left out.
func configurationFrom(in *jellyfin.UserConfiguration) (finlatch.Configuration, error) {
	if in == nil || in.GroupedFolders == nil || in.OrderedViews == nil || in.LatestItemsExcludes == nil || in.MyMediaExcludes == nil {
		return finlatch.Configuration{}, finlatch.ErrInvalid
	}
	c := finlatch.Configuration{
		PlayDefaultAudioTrack: in.PlayDefaultAudioTrack, SubtitleLanguagePreference: in.SubtitleLanguagePreference,
		DisplayMissingEpisodes: in.DisplayMissingEpisodes, GroupedFolders: ids(in.GroupedFolders),
		SubtitleMode: string(in.SubtitleMode), DisplayCollectionsView: in.DisplayCollectionsView,
		EnableLocalPassword: in.EnableLocalPassword, OrderedViews: ids(in.OrderedViews), LatestItemsExcludes: ids(in.LatestItemsExcludes),
		MyMediaExcludes: ids(in.MyMediaExcludes), HidePlayedInLatest: in.HidePlayedInLatest,
		RememberAudioSelections: in.RememberAudioSelections, RememberSubtitleSelections: in.RememberSubtitleSelections,
		EnableNextEpisodeAutoPlay: in.EnableNextEpisodeAutoPlay,
	}
	if in.AudioLanguagePreference != nil {
		c.AudioLanguagePreference = *in.AudioLanguagePreference
	}
	for _, receiver := range jellyfin.DefaultCastReceivers() {
		if receiver.ID == in.CastReceiverID {
			c.CastReceiverID = receiver.ID
		}
	}
	return c, nil
}

// sessionID names the session of one token: in Jellyfin users who give the same device id share one.
func sessionID(d *finlatch.Device) string {
	return jellyfin.MD5GUID(d.AppName + d.DeviceID + d.UserID.String()).String()
}

func sessionDto(d *finlatch.Device, userName string, settings *finlatch.Settings) *jellyfin.SessionInfoDto {
	capabilities := capabilitiesDto(&d.Capabilities)
	dto := &jellyfin.SessionInfoDto{
		Capabilities: capabilities, PlayableMediaTypes: jellyfin.List[jellyfin.MediaType](capabilities.PlayableMediaTypes),
		SupportedCommands: jellyfin.List[jellyfin.GeneralCommandType](capabilities.SupportedCommands), ID: sessionID(d), UserID: jellyfin.GUID(d.UserID), UserName: userName,
		Client: d.AppName, LastActivityDate: jellyfin.TimeOf(d.LastActivityAt), DeviceName: d.DeviceName, DeviceID: d.DeviceID,
		ApplicationVersion: d.AppVersion, IsActive: true, ServerID: settings.ServerID.String(),
	}
	if d.CustomName != "" {
		dto.DeviceName, dto.HasCustomDeviceName = d.CustomName, true
	}
	if d.Address.IsValid() {
		dto.RemoteEndPoint = d.Address.String()
	}
	return dto
}

func deviceDto(session *finlatch.Session) *jellyfin.DeviceInfoDto {
	d := &session.Device
	owner := jellyfin.GUID(d.UserID)
	return &jellyfin.DeviceInfoDto{
		Name: d.DeviceName, CustomName: optional(d.CustomName), ID: d.DeviceID, LastUserName: session.UserName, LastUserID: &owner,
		AppName: d.AppName, AppVersion: d.AppVersion, DateLastActivity: jellyfin.TimeOf(d.LastActivityAt),
		Capabilities: jellyfin.DefaultCapabilities(), IconURL: optional(d.Capabilities.IconURL),
	}
}

// optional is nil for an empty text, which Jellyfin leaves out.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
