package jellyfin

// QuickConnectResult is the state of a Quick Connect request (Jellyfin 12 QuickConnectResult). All members are always there.
type QuickConnectResult struct {
	Authenticated bool   `json:"Authenticated"` // approved, and ready for AuthenticateWithQuickConnect
	Secret        Secret `json:"Secret"`        // 64 upper-case hex, for the device that asked
	Code          string `json:"Code"`          // 6 digits, for the person who approves
	DeviceID      string `json:"DeviceId"`
	DeviceName    string `json:"DeviceName"`
	AppName       string `json:"AppName"`
	AppVersion    string `json:"AppVersion"`
	DateAdded     Time   `json:"DateAdded"` // Jellyfin moves it a minute ahead on approval
}

// QuickConnectDto is the body of POST /Users/AuthenticateWithQuickConnect.
type QuickConnectDto struct {
	Secret Secret `json:"Secret"` // required, not blank
}
