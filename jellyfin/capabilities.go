package jellyfin

import "encoding/json"

// ClientCapabilitiesDto is what an app says that it can do (Jellyfin 12 ClientCapabilitiesDto); the body of
// POST /Sessions/Capabilities/Full, where SupportsPersistentIdentifier is false if omitted. See DefaultCapabilities.
type ClientCapabilitiesDto struct {
	PlayableMediaTypes           DelimitedList[MediaType]          `json:"PlayableMediaTypes"`
	SupportedCommands            DelimitedList[GeneralCommandType] `json:"SupportedCommands"`
	SupportsMediaControl         bool                              `json:"SupportsMediaControl"`
	SupportsPersistentIdentifier bool                              `json:"SupportsPersistentIdentifier"`
	DeviceProfile                json.RawMessage                   `json:"DeviceProfile,omitempty"` // passed through unread
	AppStoreURL                  *string                           `json:"AppStoreUrl,omitempty"`
	IconURL                      *string                           `json:"IconUrl,omitempty"`
}

// DefaultCapabilities is what a session has whose app never told, and what GET /Devices shows for every device.
func DefaultCapabilities() ClientCapabilitiesDto {
	return ClientCapabilitiesDto{SupportsPersistentIdentifier: true}
}

// MediaType is a kind of media.
type MediaType string

// The kinds of media.
const (
	MediaUnknown MediaType = "Unknown"
	MediaVideo   MediaType = "Video"
	MediaAudio   MediaType = "Audio"
	MediaPhoto   MediaType = "Photo"
	MediaBook    MediaType = "Book"
)

// Values implements Enum.
func (MediaType) Values() []string { return []string{"Unknown", "Video", "Audio", "Photo", "Book"} }

// MarshalText writes the zero value as the first name.
func (t MediaType) MarshalText() ([]byte, error) { return enumText(t) }
