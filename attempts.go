package finlatch

import (
	"sync"
	"time"

	"github.com/finlatch/finlatch/internal/throttle"
)

const maxAttempted = 16 << 10 // whose attempts are counted at a time; beyond that, see throttle.Table

// attempts counts tries of each of many, and in all, in windows of time that begin with the first try. It ends with the
// process.
type attempts[K comparable] struct {
	each, all int // how many are allowed in a window; all of 0: any number
	window    time.Duration

	mu    sync.Mutex
	total throttle.Count
	of    *throttle.Table[K]
}

// take counts a try: RateLimited where it is one too many. last says that no other one is allowed, whoever makes it.
func (a *attempts[K]) take(from K, now time.Time) (last bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil {
		a.of = throttle.NewTable[K](maxAttempted, a.each)
	}
	each, all := throttle.Rule{Free: a.each, Refuse: a.each, Window: a.window}, throttle.Rule{Free: a.all, Refuse: a.all, Window: a.window}
	tried, _ := a.of.Get(from)
	verdict := each.Of(tried, now)
	if a.all > 0 {
		verdict = verdict.And(all.Of(a.total, now))
	}
	if verdict.Refused > 0 {
		return false, &Error{Kind: RateLimited, Msg: "too many attempts; try again later", RetryAfter: verdict.Refused}
	}
	a.total = all.Fail(a.total, now)
	a.of.Put(from, each.Fail(tried, now))
	return a.all > 0 && a.total.N >= a.all, nil
}

// giveBack takes back a try that is not to count.
func (a *attempts[K]) giveBack(from K) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if tried, _ := a.of.Get(from); tried.N > 0 {
		tried.N--
		a.total.N--
		a.of.Put(from, tried)
	}
}
