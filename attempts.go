package finlatch

import (
	"net/netip"
	"sync"
	"time"
)

const attemptWindow = 30 * time.Minute

// attempts counts tries by network and in all, in windows of attemptWindow. The limit of all bounds its memory.
type attempts struct {
	each, all int // how many are allowed

	mu    sync.Mutex
	until time.Time // when the window ends that began with its first try
	total int
	of    map[netip.Prefix]int
}

// take counts a try: RateLimited where it is one too many. last says that no other one is allowed in this window.
func (a *attempts) take(from netip.Addr, now time.Time) (last bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !now.Before(a.until) {
		a.until, a.total, a.of = now.Add(attemptWindow), 0, make(map[netip.Prefix]int)
	}
	if a.total >= a.all || a.of[network(from)] >= a.each {
		return false, &Error{Kind: RateLimited, Msg: "too many attempts; try again later", RetryAfter: a.until.Sub(now)}
	}
	a.total++
	a.of[network(from)]++
	return a.total >= a.all, nil
}

// giveBack takes back a try that is not to count.
func (a *attempts) giveBack(from netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := network(from); a.of[n] > 0 {
		a.total--
		a.of[n]--
	}
}
