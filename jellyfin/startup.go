package jellyfin

// StartupConfigurationDto is the body of GET and POST /Startup/Configuration, the set-up of a fresh server. In a request, absent
// and null are "".
type StartupConfigurationDto struct {
	ServerName                string `json:"ServerName"`
	UICulture                 string `json:"UICulture"`
	MetadataCountryCode       string `json:"MetadataCountryCode"`
	PreferredMetadataLanguage string `json:"PreferredMetadataLanguage"`
}

// StartupUserDto is the body of GET and POST /Startup/User: the first administrator.
type StartupUserDto struct {
	Name     string `json:"Name"`
	Password Secret `json:"Password,omitempty"` // required in a request, never in an answer
}

// StartupRemoteAccessDto is the body of POST /Startup/RemoteAccess.
type StartupRemoteAccessDto struct {
	EnableRemoteAccess bool `json:"EnableRemoteAccess"` // required
}
