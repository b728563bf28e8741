package jellyfin

// UserDto is a user as everybody who is signed in may see it (Jellyfin 12 UserDto).
type UserDto struct {
	Name                      string             `json:"Name"`
	ServerID                  string             `json:"ServerId"` // PublicSystemInfo.ID
	ServerName                string             `json:"ServerName,omitempty"`
	ID                        GUID               `json:"Id"`
	PrimaryImageTag           string             `json:"PrimaryImageTag,omitempty"` // changes with the picture; absent without one
	HasPassword               bool               `json:"HasPassword"`               // true for everybody in Jellyfin 12
	HasConfiguredPassword     bool               `json:"HasConfiguredPassword"`     // the same
	HasConfiguredEasyPassword bool               `json:"HasConfiguredEasyPassword"` // false for everybody
	EnableAutoLogin           bool               `json:"EnableAutoLogin"`
	LastLoginDate             Time               `json:"LastLoginDate,omitzero"`
	LastActivityDate          Time               `json:"LastActivityDate,omitzero"`
	Configuration             *UserConfiguration `json:"Configuration,omitempty"`
	Policy                    *UserPolicy        `json:"Policy,omitempty"`
	PrimaryImageAspectRatio   *float64           `json:"PrimaryImageAspectRatio,omitempty"`
}

// SetDefaults implements Defaulter: Configuration and Policy are there with their own defaults, and nil only if the
// body says null.
func (u *UserDto) SetDefaults() {
	c, p := NewUserConfiguration(), NewUserPolicy()
	*u = UserDto{Configuration: &c, Policy: &p}
}

// CreateUserByName is the body of POST /Users/New.
type CreateUserByName struct {
	Name     string `json:"Name"`     // required, not blank
	Password Secret `json:"Password"` // absent, null and "" all mean the empty password
}

// NameIDPair names a provider in the answers of GET /Auth/Providers and GET /Auth/PasswordResetProviders
// (Jellyfin 12 NameIdPair).
type NameIDPair struct {
	Name string `json:"Name"`
	ID   string `json:"Id"`
}

// The ids of Jellyfin's own providers: what UserPolicy.AuthenticationProviderID and PasswordResetProviderID hold. Clients send
// them back, and a name of another kind tells them that the password is kept elsewhere.
const (
	DefaultAuthenticationProviderID = "Jellyfin.Server.Implementations.Users.DefaultAuthenticationProvider"
	DefaultPasswordResetProviderID  = "Jellyfin.Server.Implementations.Users.DefaultPasswordResetProvider"
)

// The names that go with them in a NameIDPair.
const (
	DefaultAuthenticationProviderName = "Default"
	DefaultPasswordResetProviderName  = "Default Password Reset Provider"
)
