package jellyfin

// AuthenticateUserByName is the body of POST /Users/AuthenticateByName.
type AuthenticateUserByName struct {
	Username string `json:"Username"`
	Pw       Secret `json:"Pw"` // absent, null and "" all mean the empty password
}

// AuthenticationResult is the answer to a sign-in, by password or by Quick Connect.
type AuthenticationResult struct {
	User        *UserDto        `json:"User,omitempty"`
	SessionInfo *SessionInfoDto `json:"SessionInfo,omitempty"`
	AccessToken Secret          `json:"AccessToken"` // 32 lower-case hex
	ServerID    string          `json:"ServerId"`    // PublicSystemInfo.ID
}

// UpdateUserPassword is the body of POST /Users/Password.
type UpdateUserPassword struct {
	CurrentPassword Secret `json:"CurrentPassword"` // Jellyfin 12 does not read it
	CurrentPw       Secret `json:"CurrentPw"`
	NewPw           Secret `json:"NewPw"` // empty or absent removes the password of a user who is no administrator
	ResetPassword   bool   `json:"ResetPassword"`
}

// ForgotPasswordDto is the body of POST /Users/ForgotPassword.
type ForgotPasswordDto struct {
	EnteredUsername string `json:"EnteredUsername"` // required, not blank
}

// ForgotPasswordPinDto is the body of POST /Users/ForgotPassword/Pin.
type ForgotPasswordPinDto struct {
	Pin Secret `json:"Pin"` // required, not blank
}

// ForgotPasswordAction is what somebody who forgot the password shall do.
type ForgotPasswordAction string

// The actions. Jellyfin 12 answers ForgotPasswordPinCode always.
const (
	ForgotPasswordContactAdmin      ForgotPasswordAction = "ContactAdmin"
	ForgotPasswordPinCode           ForgotPasswordAction = "PinCode"
	ForgotPasswordInNetworkRequired ForgotPasswordAction = "InNetworkRequired"
)

// Values implements Enum.
func (ForgotPasswordAction) Values() []string {
	return []string{"ContactAdmin", "PinCode", "InNetworkRequired"}
}

// MarshalText writes the zero value as the first name.
func (a ForgotPasswordAction) MarshalText() ([]byte, error) { return enumText(a) }

// ForgotPasswordResult is the answer of POST /Users/ForgotPassword.
type ForgotPasswordResult struct {
	Action            ForgotPasswordAction `json:"Action"`
	PinFile           string               `json:"PinFile,omitempty"` // where the server keeps the PIN
	PinExpirationDate Time                 `json:"PinExpirationDate,omitzero"`
}

// PinRedeemResult is the answer of POST /Users/ForgotPassword/Pin.
type PinRedeemResult struct {
	Success    bool         `json:"Success"`
	UsersReset List[string] `json:"UsersReset"` // user names
}
