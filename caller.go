package finlatch

import "net/netip"

// Caller is who asks: the argument after ctx of every rule. The zero Caller is a stranger from nowhere.
type Caller struct {
	ClientInfo

	User   *User   // who is signed in; nil: a stranger, an API key or the operator
	Device *Device // the device the token belongs to; nil without a device token
	Key    *APIKey // the API key; nil without one

	// Operator is whoever owns this machine's files: the commands of the program itself. It counts as an administrator.
	Operator bool

	// Pages marks a request that the pages vouch for: only tokens that they were given count, and these count nowhere else.
	Pages bool

	// Old marks a request for which, while the store is away, it is enough who the caller was when it was last reached, for five
	// minutes.
	Old bool

	Address netip.Addr
	// Forwarded marks a request that a stranger says to have forwarded. Where it really comes from is not known, so
	// it counts as remote in every rule about places.
	Forwarded bool
}

// Operator is the caller of the program's own commands.
func Operator() Caller { return Caller{Operator: true} }

// Administrator tells whether the caller may do what only administrators may. API keys may.
func (c Caller) Administrator() bool {
	return c.Operator || c.Key != nil || c.User != nil && c.User.Policy.IsAdministrator
}

// Known tells whether the caller is anybody at all.
func (c Caller) Known() bool { return c.Operator || c.Key != nil || c.User != nil }

// UserID is the signed-in user's id; zero for strangers, API keys and the operator.
func (c Caller) UserID() ID {
	if c.User == nil {
		return ID{}
	}
	return c.User.ID
}

// thisMachine tells whether the request comes from the machine the server runs on.
func (c Caller) thisMachine() bool {
	return c.Operator || !c.Forwarded && c.Address.Unmap().IsLoopback()
}
