package jellyfin

// GeneralCommandType is a command that a session may understand (Jellyfin 12 GeneralCommandType).
type GeneralCommandType string

// The commands.
const (
	CommandMoveUp                 GeneralCommandType = "MoveUp"
	CommandMoveDown               GeneralCommandType = "MoveDown"
	CommandMoveLeft               GeneralCommandType = "MoveLeft"
	CommandMoveRight              GeneralCommandType = "MoveRight"
	CommandPageUp                 GeneralCommandType = "PageUp"
	CommandPageDown               GeneralCommandType = "PageDown"
	CommandPreviousLetter         GeneralCommandType = "PreviousLetter"
	CommandNextLetter             GeneralCommandType = "NextLetter"
	CommandToggleOsd              GeneralCommandType = "ToggleOsd"
	CommandToggleContextMenu      GeneralCommandType = "ToggleContextMenu"
	CommandSelect                 GeneralCommandType = "Select"
	CommandBack                   GeneralCommandType = "Back"
	CommandTakeScreenshot         GeneralCommandType = "TakeScreenshot"
	CommandSendKey                GeneralCommandType = "SendKey"
	CommandSendString             GeneralCommandType = "SendString"
	CommandGoHome                 GeneralCommandType = "GoHome"
	CommandGoToSettings           GeneralCommandType = "GoToSettings"
	CommandVolumeUp               GeneralCommandType = "VolumeUp"
	CommandVolumeDown             GeneralCommandType = "VolumeDown"
	CommandMute                   GeneralCommandType = "Mute"
	CommandUnmute                 GeneralCommandType = "Unmute"
	CommandToggleMute             GeneralCommandType = "ToggleMute"
	CommandSetVolume              GeneralCommandType = "SetVolume"
	CommandSetAudioStreamIndex    GeneralCommandType = "SetAudioStreamIndex"
	CommandSetSubtitleStreamIndex GeneralCommandType = "SetSubtitleStreamIndex"
	CommandToggleFullscreen       GeneralCommandType = "ToggleFullscreen"
	CommandDisplayContent         GeneralCommandType = "DisplayContent"
	CommandGoToSearch             GeneralCommandType = "GoToSearch"
	CommandDisplayMessage         GeneralCommandType = "DisplayMessage"
	CommandSetRepeatMode          GeneralCommandType = "SetRepeatMode"
	CommandChannelUp              GeneralCommandType = "ChannelUp"
	CommandChannelDown            GeneralCommandType = "ChannelDown"
	CommandGuide                  GeneralCommandType = "Guide"
	CommandToggleStats            GeneralCommandType = "ToggleStats"
	CommandPlayMediaSource        GeneralCommandType = "PlayMediaSource"
	CommandPlayTrailers           GeneralCommandType = "PlayTrailers"
	CommandSetShuffleQueue        GeneralCommandType = "SetShuffleQueue"
	CommandPlayState              GeneralCommandType = "PlayState"
	CommandPlayNext               GeneralCommandType = "PlayNext"
	CommandToggleOsdMenu          GeneralCommandType = "ToggleOsdMenu"
	CommandPlay                   GeneralCommandType = "Play"
	CommandSetMaxStreamingBitrate GeneralCommandType = "SetMaxStreamingBitrate"
	CommandSetPlaybackOrder       GeneralCommandType = "SetPlaybackOrder"
)

// Values implements Enum.
func (GeneralCommandType) Values() []string {
	return []string{
		"MoveUp", "MoveDown", "MoveLeft", "MoveRight", "PageUp", "PageDown", "PreviousLetter", "NextLetter",
		"ToggleOsd", "ToggleContextMenu", "Select", "Back", "TakeScreenshot", "SendKey", "SendString", "GoHome",
		"GoToSettings", "VolumeUp", "VolumeDown", "Mute", "Unmute", "ToggleMute", "SetVolume",
		"SetAudioStreamIndex", "SetSubtitleStreamIndex", "ToggleFullscreen", "DisplayContent", "GoToSearch",
		"DisplayMessage", "SetRepeatMode", "ChannelUp", "ChannelDown", "Guide", "ToggleStats", "PlayMediaSource",
		"PlayTrailers", "SetShuffleQueue", "PlayState", "PlayNext", "ToggleOsdMenu", "Play",
		"SetMaxStreamingBitrate", "SetPlaybackOrder",
	}
}

// MarshalText writes the zero value as the first name.
func (c GeneralCommandType) MarshalText() ([]byte, error) { return enumText(c) }
