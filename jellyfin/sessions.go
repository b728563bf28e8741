package jellyfin

import "encoding/json"

// SessionInfoDto is one device in use (Jellyfin 12 SessionInfoDto). What plays on it is passed through unread.
type SessionInfoDto struct {
	PlayState             PlayerStateInfo          `json:"PlayState"`
	AdditionalUsers       List[SessionUserInfo]    `json:"AdditionalUsers"`
	Capabilities          ClientCapabilitiesDto    `json:"Capabilities"`
	RemoteEndPoint        string                   `json:"RemoteEndPoint,omitempty"` // address without port; absent after Quick Connect
	PlayableMediaTypes    List[MediaType]          `json:"PlayableMediaTypes"`       // those of Capabilities
	ID                    string                   `json:"Id"`                       // 32 hex
	UserID                GUID                     `json:"UserId"`                   // zeros for an API key
	UserName              string                   `json:"UserName,omitempty"`
	Client                string                   `json:"Client"`
	LastActivityDate      Time                     `json:"LastActivityDate"`
	LastPlaybackCheckIn   Time                     `json:"LastPlaybackCheckIn"`
	LastPausedDate        Time                     `json:"LastPausedDate,omitzero"`
	DeviceName            string                   `json:"DeviceName"` // the custom one where there is one
	DeviceType            string                   `json:"DeviceType,omitempty"`
	NowPlayingItem        json.RawMessage          `json:"NowPlayingItem,omitempty"`
	NowViewingItem        json.RawMessage          `json:"NowViewingItem,omitempty"`
	DeviceID              string                   `json:"DeviceId"`
	ApplicationVersion    string                   `json:"ApplicationVersion"`
	TranscodingInfo       json.RawMessage          `json:"TranscodingInfo,omitempty"`
	IsActive              bool                     `json:"IsActive"`
	SupportsMediaControl  bool                     `json:"SupportsMediaControl"`  // and has a WebSocket open
	SupportsRemoteControl bool                     `json:"SupportsRemoteControl"` // the same
	NowPlayingQueue       List[QueueItem]          `json:"NowPlayingQueue"`
	HasCustomDeviceName   bool                     `json:"HasCustomDeviceName"`
	PlaylistItemID        string                   `json:"PlaylistItemId,omitempty"`
	ServerID              string                   `json:"ServerId"`
	UserPrimaryImageTag   string                   `json:"UserPrimaryImageTag,omitempty"`
	SupportedCommands     List[GeneralCommandType] `json:"SupportedCommands"` // those of Capabilities
}

// SessionUserInfo is a user who watches along.
type SessionUserInfo struct {
	UserID   GUID   `json:"UserId"`
	UserName string `json:"UserName"`
}

// QueueItem is an item that is to be played.
type QueueItem struct {
	ID             GUID   `json:"Id"`
	PlaylistItemID string `json:"PlaylistItemId,omitempty"`
}

// PlayerStateInfo is the state of a session's player. The zero value is that of a session that plays nothing.
type PlayerStateInfo struct {
	PositionTicks       *int64        `json:"PositionTicks,omitempty"` // 100 ns
	CanSeek             bool          `json:"CanSeek"`
	IsPaused            bool          `json:"IsPaused"`
	IsMuted             bool          `json:"IsMuted"`
	VolumeLevel         *int          `json:"VolumeLevel,omitempty"` // percent
	AudioStreamIndex    *int          `json:"AudioStreamIndex,omitempty"`
	SubtitleStreamIndex *int          `json:"SubtitleStreamIndex,omitempty"`
	MediaSourceID       string        `json:"MediaSourceId,omitempty"`
	PlayMethod          PlayMethod    `json:"PlayMethod,omitempty"`
	RepeatMode          RepeatMode    `json:"RepeatMode"`
	PlaybackOrder       PlaybackOrder `json:"PlaybackOrder"`
	LiveStreamID        string        `json:"LiveStreamId,omitempty"`
}

// PlayMethod is how the media reaches the player.
type PlayMethod string

// The methods.
const (
	PlayTranscode    PlayMethod = "Transcode"
	PlayDirectStream PlayMethod = "DirectStream"
	PlayDirectPlay   PlayMethod = "DirectPlay"
)

// Values implements Enum.
func (PlayMethod) Values() []string { return []string{"Transcode", "DirectStream", "DirectPlay"} }

// RepeatMode is what comes after the last item.
type RepeatMode string

// The modes.
const (
	RepeatNone RepeatMode = "RepeatNone"
	RepeatAll  RepeatMode = "RepeatAll"
	RepeatOne  RepeatMode = "RepeatOne"
)

// Values implements Enum.
func (RepeatMode) Values() []string { return []string{"RepeatNone", "RepeatAll", "RepeatOne"} }

// MarshalText writes the zero value as the first name.
func (m RepeatMode) MarshalText() ([]byte, error) { return enumText(m) }

// PlaybackOrder is the order of the queue.
type PlaybackOrder string

// The orders.
const (
	PlaybackDefault PlaybackOrder = "Default"
	PlaybackShuffle PlaybackOrder = "Shuffle"
)

// Values implements Enum.
func (PlaybackOrder) Values() []string { return []string{"Default", "Shuffle"} }

// MarshalText writes the zero value as the first name.
func (o PlaybackOrder) MarshalText() ([]byte, error) { return enumText(o) }
