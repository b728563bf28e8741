package finlatch

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/finlatch/finlatch/internal/throttle"
)

const (
	maxHeld      = 256 // sign-ins that are held at a time
	maxHeldAlike = 4   // of one network
)

// holding is where sign-ins wait that are held. A slot costs a timer and an entry in a queue; nothing is hashed meanwhile.
// When all slots are taken, a newcomer gets one of the network that has most of them.
type holding struct {
	mu    sync.Mutex
	queue *throttle.Queue[chan struct{}]
	alike map[netip.Prefix]int
}

func (h *holding) init() {
	h.queue, h.alike = throttle.NewQueue[chan struct{}](maxHeld), make(map[netip.Prefix]int)
}

// wait holds a caller for a time. RateLimited where there is no slot, or it had to make room; ctx's error where that ends.
func (h *holding) wait(ctx context.Context, from netip.Addr, known bool, d time.Duration) error {
	net := network(from)
	h.mu.Lock()
	if h.alike[net] >= maxHeldAlike {
		h.mu.Unlock()
		return errNoSlot
	}
	h.alike[net]++
	evict := make(chan struct{}, 1)
	entry, evicted := h.queue.Push(from, known, evict)
	if evicted != nil {
		evicted.Value <- struct{}{}
	}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.queue.Remove(entry)
		if h.alike[net]--; h.alike[net] == 0 {
			delete(h.alike, net)
		}
	}()
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-over.C:
		return nil
	case <-evict:
		return errNoSlot
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errNoSlot is honest about when to come back: every hold there is now is over then.
var errNoSlot = &Error{Kind: RateLimited, Msg: "too many failed sign-ins; try again later", RetryAfter: throttle.MaxHold}

// errLocked is the refusal of an account that takes no password for a time.
func errLocked(d time.Duration) error {
	return &Error{Kind: RateLimited, RetryAfter: d, Msg: "too many failed sign-ins: use a device that is signed in, " +
		"a network from which the account signed in before, or Quick Connect, or ask an administrator to unlock the account"}
}
