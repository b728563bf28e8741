package gateway

import "github.com/finlatch/finlatch"

// call is an operation of upstream: its method and its path, in which {userId} stands for a user's id.
type call string

// The calls of clients, of tokens, and of nobody in particular.
const (
	callSignIn       call = "POST /Users/AuthenticateByName"
	callMe           call = "GET /Users/Me"
	callLogout       call = "POST /Sessions/Logout"
	callInitiate     call = "POST /QuickConnect/Initiate"
	callState        call = "GET /QuickConnect/Connect"
	callExchange     call = "POST /Users/AuthenticateWithQuickConnect"
	callQuickConnect call = "GET /QuickConnect/Enabled"
	callPublicInfo   call = "GET /System/Info/Public"
)

// The calls with the administrator's key.
const (
	callUser      call = "GET /Users/{userId}"
	callUsers     call = "GET /Users"
	callDevices   call = "GET /Devices"
	callAuthorize call = "POST /QuickConnect/Authorize"

	// Only Examine makes these.
	callProviders     call = "GET /Auth/Providers"
	callEndpoint      call = "GET /System/Endpoint"
	callConfiguration call = "GET /System/Configuration"
	callNetwork       call = "GET /System/Configuration/network"
)

// withKey tells whether a call may carry the administrator's key. This is the whole list of what is done with it: reading, and
// approving a Quick Connect request of our own. callMe tells whether it is a key at all, or a person's token.
func (c call) withKey() bool {
	switch c {
	case callUser, callUsers, callDevices, callAuthorize, callProviders, callEndpoint, callConfiguration, callNetwork, callMe:
		return true
	}
	return false
}

// maxAnswer is how much upstream may answer to a call, in bytes. A user with its policy takes two to three kilobytes.
func (c call) maxAnswer() int64 {
	if c == callUsers || c == callDevices {
		return 16 << 20
	}
	return 1 << 20
}

// errNotWithKey says that the program is wrong, and not upstream.
func errNotWithKey(c call) error {
	return &finlatch.Error{Kind: finlatch.Internal, Msg: string(c) + " is not to be made with the administrator's key"}
}
