package conformance_test

import "slices"

// Members without which strict decoders (Kotlin, Swift, Dart) refuse the whole answer: there, not null, of that kind.
var (
	resultFields = all("AccessToken text", "ServerId uuid", "User.Id uuid", "User.Name text", "User.ServerId uuid")

	quickConnectFields = all("Authenticated bool", "Secret secret", "Code code", "DeviceId text", "DeviceName text", "AppName text",
		"AppVersion text", "DateAdded date")

	userFields = all("Id uuid", "Name text", "ServerId uuid", "HasPassword bool", "HasConfiguredPassword bool", "HasConfiguredEasyPassword bool",
		under("Policy", policyFields), under("Configuration", configurationFields))

	policyFields = append(everyBool("IsAdministrator", "IsHidden", "IsDisabled", "EnableUserPreferenceAccess",
		"EnableRemoteControlOfOtherUsers", "EnableSharedDeviceControl", "EnableRemoteAccess", "EnableLiveTvManagement",
		"EnableLiveTvAccess", "EnableMediaPlayback", "EnableAudioPlaybackTranscoding", "EnableVideoPlaybackTranscoding",
		"EnablePlaybackRemuxing", "ForceRemoteSourceTranscoding", "EnableContentDeletion", "EnableContentDownloading",
		"EnableSyncTranscoding", "EnableMediaConversion", "EnableAllDevices", "EnableAllChannels", "EnableAllFolders",
		"EnablePublicSharing"),
		"InvalidLoginAttemptCount int", "LoginAttemptsBeforeLockout int", "MaxActiveSessions int", "RemoteClientBitrateLimit int",
		"AuthenticationProviderId text", "PasswordResetProviderId text", "SyncPlayAccess text", "EnableContentDeletionFromFolders array")

	configurationFields = append(everyBool("PlayDefaultAudioTrack", "DisplayMissingEpisodes", "DisplayCollectionsView",
		"EnableLocalPassword", "HidePlayedInLatest", "RememberAudioSelections", "RememberSubtitleSelections", "EnableNextEpisodeAutoPlay"),
		"GroupedFolders array", "OrderedViews array", "LatestItemsExcludes array", "MyMediaExcludes array", "SubtitleMode text")

	sessionFields = append(everyBool("IsActive", "SupportsMediaControl", "SupportsRemoteControl", "HasCustomDeviceName", "PlayState.CanSeek",
		"PlayState.IsPaused", "PlayState.IsMuted", "Capabilities.SupportsMediaControl", "Capabilities.SupportsPersistentIdentifier"),
		"UserId uuid", "LastActivityDate date", "LastPlaybackCheckIn date", "PlayableMediaTypes array", "SupportedCommands array",
		"PlayState.RepeatMode text", "PlayState.PlaybackOrder text", "Capabilities.PlayableMediaTypes array", "Capabilities.SupportedCommands array")

	preferenceFields = append(everyBool("RememberIndexing", "ShowBackdrop", "RememberSorting", "ShowSidebar"),
		"PrimaryImageHeight int", "PrimaryImageWidth int", "CustomPrefs object", "ScrollDirection text", "SortOrder text")

	systemFields = append(everyBool("HasPendingRestart", "IsShuttingDown", "SupportsLibraryMonitor"),
		"WebSocketPortNumber int", "Id=${SERVER}", "Version version", "ServerName text")

	publicFields = all("Id uuid", "ServerName text", "Version version", "ProductName=Jellyfin Server", "StartupWizardCompleted=true")

	replyFields = all("Address address", "Id=${SERVER}", "Name text")

	viewFields = all("Items array", "TotalRecordCount int", "StartIndex int")

	// signInFields is all that a strict decoder wants of a sign-in.
	signInFields = all(resultFields, "User.Name=${NAME}", "ServerId=${SERVER}", "User.ServerId=${SERVER}", under("User", userFields),
		under("SessionInfo", sessionFields))
)

// all puts texts and lists of texts together.
func all(parts ...any) []string {
	var fields []string
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			fields = append(fields, part)
		case []string:
			fields = append(fields, part...)
		}
	}
	return fields
}

func under(member string, fields []string) []string {
	out := slices.Clone(fields)
	for i := range out {
		out[i] = member + "." + out[i]
	}
	return out
}

func everyBool(names ...string) []string {
	for i := range names {
		names[i] += " bool"
	}
	return names
}
