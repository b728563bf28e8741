package jellyfin

// AuthenticationInfo is an API key in the answer of GET /Auth/Keys (Jellyfin 12 AuthenticationInfo).
type AuthenticationInfo struct {
	ID               int64  `json:"Id"`          // always 0
	AccessToken      Secret `json:"AccessToken"` // the key: POST /Auth/Keys does not answer it, clients read it here
	DeviceID         string `json:"DeviceId"`    // always ""
	AppName          string `json:"AppName"`     // what the administrator called it
	AppVersion       string `json:"AppVersion"`  // always ""
	DeviceName       string `json:"DeviceName"`  // always ""
	UserID           GUID   `json:"UserId"`      // always zeros
	IsActive         bool   `json:"IsActive"`    // always false
	DateCreated      Time   `json:"DateCreated"`
	DateRevoked      Time   `json:"DateRevoked,omitzero"`
	DateLastActivity Time   `json:"DateLastActivity"` // always the zero Time in Jellyfin
	UserName         string `json:"UserName,omitempty"`
}
