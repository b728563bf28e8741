package jellyfin

// DeviceInfoDto is a device with a token (Jellyfin 12 DeviceInfoDto).
type DeviceInfoDto struct {
	Name             string                `json:"Name"` // what the device calls itself
	CustomName       *string               `json:"CustomName,omitempty"`
	AccessToken      Secret                `json:"AccessToken,omitempty"` // Jellyfin never fills it
	ID               string                `json:"Id"`                    // DeviceId of the Authorization header
	LastUserName     string                `json:"LastUserName"`
	AppName          string                `json:"AppName"`
	AppVersion       string                `json:"AppVersion"`
	LastUserID       *GUID                 `json:"LastUserId,omitempty"` // who holds the token
	DateLastActivity Time                  `json:"DateLastActivity,omitzero"`
	Capabilities     ClientCapabilitiesDto `json:"Capabilities"` // DefaultCapabilities, whatever the app told
	IconURL          *string               `json:"IconUrl,omitempty"`
}

// DeviceOptionsDto is what an administrator sets for a device (Jellyfin 12 DeviceOptionsDto). Requests need CustomName only.
type DeviceOptionsDto struct {
	ID         int     `json:"Id"` // of the row in the server's database
	DeviceID   string  `json:"DeviceId"`
	CustomName *string `json:"CustomName,omitempty"` // nil takes the name away
}
