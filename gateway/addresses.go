package gateway

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	knownFor     = 24 * time.Hour
	maxAddresses = 50_000
	addressGrain = time.Minute // how coarse it is noted when somebody was there
)

// addresses are those from which somebody signed in came lately: an IPv4 address, or an IPv6 network of 64 bits, in which
// devices change theirs as they like.
type addresses struct {
	asking chan struct{} // has room for one who asks the rules

	mu    sync.Mutex
	seen  map[netip.Prefix]time.Time
	stale bool // devices came or went since the rules were asked
}

func newAddresses() *addresses {
	return &addresses{asking: make(chan struct{}, 1), seen: map[netip.Prefix]time.Time{}, stale: true}
}

func network(c finlatch.Caller) (netip.Prefix, bool) {
	addr := c.Address.Unmap()
	if c.Forwarded || !addr.IsValid() {
		return netip.Prefix{}, false // where it comes from is nobody's word
	}
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	return prefix, err == nil
}

// note remembers that somebody signed in was there.
func (a *addresses) note(c finlatch.Caller, at time.Time) {
	from, ok := network(c)
	if !ok {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	last, known := a.seen[from]
	if known && at.Sub(last) < addressGrain {
		return
	}
	if !known && len(a.seen) >= maxAddresses {
		for other := range a.seen { // any one
			delete(a.seen, other)
			break
		}
	}
	a.seen[from] = at
}

func (a *addresses) has(from netip.Prefix, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	last, known := a.seen[from]
	if known && now.Sub(last) > knownFor {
		delete(a.seen, from)
		known = false
	}
	return known
}

// changed notes that somebody may have signed in elsewhere than through here.
func (a *addresses) changed(c finlatch.Change) {
	if c.Kind == finlatch.ChangeMissed || c.Kind == finlatch.ChangeDevice {
		a.setStale(true)
	}
}

// setStale tells what it was before.
func (a *addresses) setStale(stale bool) (was bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	was, a.stale = a.stale, stale
	return was
}

// familiar tells whether somebody is signed in, or was within 24 hours, where the caller is.
func (g *Gateway) familiar(ctx context.Context, c finlatch.Caller) (bool, error) {
	from, ok := network(c)
	if !ok {
		return false, nil
	}
	a := g.addresses
	if a.has(from, g.service.Now()) {
		return true, nil
	}
	// Whoever comes while the rules are asked waits for what they say.
	select {
	case a.asking <- struct{}{}:
		defer func() { <-a.asking }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if a.has(from, g.service.Now()) || !a.setStale(false) {
		return a.has(from, g.service.Now()), nil
	}
	sessions, err := g.service.Sessions(ctx, finlatch.Operator(), finlatch.SessionFilter{})
	if err != nil {
		a.setStale(true)
		return false, err
	}
	for _, session := range sessions {
		a.note(finlatch.Caller{Address: session.Device.Address}, session.Device.LastActivityAt)
	}
	return a.has(from, g.service.Now()), nil
}
