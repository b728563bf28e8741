package finlatch

import (
	"net/netip"
	"time"
)

// QuickConnectState says how far a request for Quick Connect has come.
type QuickConnectState uint8

// The states of a request.
const (
	QuickConnectPending  QuickConnectState = iota // the code is shown, nobody has approved it
	QuickConnectApproved                          // somebody has; the device may redeem its secret
	QuickConnectRedeemed                          // the device has its token
	QuickConnectDenied                            // somebody has refused it; it stays so until it expires
	QuickConnectMinting                           // approved, and an Upstream is making the token
)

// QuickConnect is a device's request to be signed in by a person who approves its code in an app that is signed in.
type QuickConnect struct {
	ClientInfo
	SecretHash Hash
	Code       string // six decimal digits; no two requests in the store have the same
	State      QuickConnectState
	Address    netip.Addr   // who asked
	Forwarded  bool         // as in Caller
	Network    netip.Prefix // the asker's network, by which requests are counted and turned out
	CreatedAt  time.Time
	ExpiresAt  time.Time

	UserID     ID // who will be signed in; from approval on
	ApprovedBy ID // who approved: UserID, an administrator, or the zero ID of an API key
	RedeemedAt time.Time
	Salt       []byte // see Secret.token, or the hash of an Upstream's token; only for a few seconds after RedeemedAt
	Minting    []byte // what the Upstream makes the token with, encrypted; only in state minting
}

// redeemable tells whether somebody has approved the request, so that its secret may be worth a token.
func (q *QuickConnect) redeemable() bool {
	return q.State == QuickConnectApproved || q.State == QuickConnectMinting || q.State == QuickConnectRedeemed
}

// QuickConnectApproval says for which requests an approval through the plain API is enough. The official page for it takes
// code and user from a link and shows nothing of who asks; finlatch's own page shows it.
type QuickConnectApproval uint8

// The ways to treat an approval through the plain API.
const (
	// ApproveNear refuses an administrator's approval of a request that comes from another network.
	ApproveNear QuickConnectApproval = iota
	// ApproveAnywhere refuses nobody's.
	ApproveAnywhere
	// ApproveOnPages refuses everybody's approval of a request that comes from another network.
	ApproveOnPages
)
