package jellyfin

// SocketMessage is a message that the server sends through a web socket (Jellyfin 12 OutboundWebSocketMessage).
type SocketMessage struct {
	MessageID   GUID              `json:"MessageId"`
	Data        any               `json:"Data,omitempty"`
	MessageType SocketMessageType `json:"MessageType"`
}

// SocketMessageType says what a message through a web socket is about (Jellyfin 12 SessionMessageType).
type SocketMessageType string

// The messages of the server, with their Data, and those of the client.
const (
	SocketForceKeepAlive     SocketMessageType = "ForceKeepAlive"     // int: seconds within which a KeepAlive must come
	SocketKeepAlive          SocketMessageType = "KeepAlive"          // nothing, both ways
	SocketSessions           SocketMessageType = "Sessions"           // List[SessionInfoDto]
	SocketActivityLogEntry   SocketMessageType = "ActivityLogEntry"   // an empty list: there are new entries
	SocketUserUpdated        SocketMessageType = "UserUpdated"        // UserDto
	SocketUserDeleted        SocketMessageType = "UserDeleted"        // GUID
	SocketServerShuttingDown SocketMessageType = "ServerShuttingDown" // ""
	SocketGeneralCommand     SocketMessageType = "GeneralCommand"     // GeneralCommand
	SocketPlay               SocketMessageType = "Play"               // PlayRequest
	SocketPlaystate          SocketMessageType = "Playstate"          // PlaystateRequest

	// Data of the first two is "initial,period" in milliseconds.
	SocketSessionsStart         SocketMessageType = "SessionsStart"
	SocketActivityLogEntryStart SocketMessageType = "ActivityLogEntryStart"
	SocketSessionsStop          SocketMessageType = "SessionsStop"
	SocketActivityLogEntryStop  SocketMessageType = "ActivityLogEntryStop"
)

// GeneralCommand is a command for a session (Jellyfin 12 GeneralCommand).
type GeneralCommand struct {
	Name              GeneralCommandType `json:"Name"`
	ControllingUserID GUID               `json:"ControllingUserId"`
	Arguments         map[string]string  `json:"Arguments"`
}

// MessageCommand is a message for whoever sits before a session (Jellyfin 12 MessageCommand).
type MessageCommand struct {
	Header    string `json:"Header,omitempty"`
	Text      string `json:"Text"`
	TimeoutMs *int64 `json:"TimeoutMs,omitempty"`
}

// PlayRequest tells a session to play items (Jellyfin 12 PlayRequest).
type PlayRequest struct {
	ItemIDs             List[GUID]  `json:"ItemIds"`
	StartPositionTicks  *int64      `json:"StartPositionTicks,omitempty"` // 100 ns
	PlayCommand         PlayCommand `json:"PlayCommand"`
	ControllingUserID   GUID        `json:"ControllingUserId"`
	SubtitleStreamIndex *int        `json:"SubtitleStreamIndex,omitempty"`
	AudioStreamIndex    *int        `json:"AudioStreamIndex,omitempty"`
	MediaSourceID       string      `json:"MediaSourceId,omitempty"`
	StartIndex          *int        `json:"StartIndex,omitempty"`
}

// PlayCommand says when items are to be played.
type PlayCommand string

// Values implements Enum.
func (PlayCommand) Values() []string {
	return []string{"PlayNow", "PlayNext", "PlayLast", "PlayInstantMix", "PlayShuffle"}
}

// PlaystateRequest tells a session what to do with what it plays (Jellyfin 12 PlaystateRequest).
type PlaystateRequest struct {
	Command           PlaystateCommand `json:"Command"`
	SeekPositionTicks *int64           `json:"SeekPositionTicks,omitempty"` // 100 ns
	ControllingUserID string           `json:"ControllingUserId,omitempty"`
}

// PlaystateCommand is what to do with what plays.
type PlaystateCommand string

// Values implements Enum.
func (PlaystateCommand) Values() []string {
	return []string{"Stop", "Pause", "Unpause", "NextTrack", "PreviousTrack", "Seek", "Rewind", "FastForward", "PlayPause"}
}
