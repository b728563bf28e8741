package finlatch

import "github.com/finlatch/finlatch/internal/throttle"

// place is where a caller is, for an account that is to be known again there: the local networks are one place, because
// the addresses of a home's devices change; elsewhere it is an IPv4 address or an IPv6 /64. It is "" where it is not
// known where the request comes from.
func (s *Service) place(settings *Settings, c Caller) string {
	switch {
	case c.Forwarded || !c.Address.IsValid():
		return ""
	case s.local(settings, c):
		return "local"
	}
	return throttle.Networks(c.Address)[throttle.Depth-1].String()
}

// near tells whether two callers are in the same network: both in the local ones, or in one of those by which addresses
// are counted.
func (s *Service) near(settings *Settings, a, b Caller) bool {
	switch {
	case a.Forwarded || b.Forwarded || !a.Address.IsValid() || !b.Address.IsValid():
		return false
	case s.local(settings, a) && s.local(settings, b):
		return true
	}
	return network(a.Address) == network(b.Address)
}
