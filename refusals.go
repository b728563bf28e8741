package finlatch

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	refusalWindow   = time.Minute // refusals of one kind, account and network in it make two entries at most
	maxRefusals     = 4096        // kinds, accounts and networks counted at a time; beyond that they are counted as one
	refusalsPerTime = 5           // entries written at once, per second; beyond that they are counted
)

// refusals counts refused sign-ins that look alike, so that a flood neither fills the activity log nor occupies the
// store's writer. The first of a kind is written at once, the others of the same minute as one entry with their number.
// A crash loses the numbers of that minute.
type refusals struct {
	mu      sync.Mutex
	counted map[refusalKey]*Activity
	limit   *rate.Limiter
}

type refusalKey struct {
	kind    string
	user    ID
	network netip.Prefix
}

// note counts a refusal. Where it is to be written now it gives the entry back, and true.
func (r *refusals) note(entry Activity) (Activity, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counted == nil {
		r.counted = make(map[refusalKey]*Activity)
		r.limit = rate.NewLimiter(refusalsPerTime, 2*refusalsPerTime)
	}
	key := refusalKey{entry.Type, entry.UserID, network(entry.Address)}
	earlier, found := r.counted[key]
	if !found && len(r.counted) >= maxRefusals {
		key = refusalKey{kind: entry.Type}
		entry.UserID, entry.Address = ID{}, netip.Addr{}
		earlier, found = r.counted[key]
	}
	if found {
		earlier.Count += entry.Count
		earlier.At = entry.At
		return Activity{}, false
	}
	rest := entry
	if !r.limit.AllowN(entry.At, 1) {
		r.counted[key] = &rest
		return Activity{}, false
	}
	rest.Count = 0
	r.counted[key] = &rest
	return entry, true
}

// take gives the entries for what was counted and not written, and starts anew.
func (r *refusals) take() []Activity {
	r.mu.Lock()
	defer r.mu.Unlock()
	var entries []Activity
	for _, entry := range r.counted {
		if entry.Count > 0 {
			entries = append(entries, *entry)
		}
	}
	clear(r.counted)
	return entries
}

func (s *Service) failedSignIn(c Caller, user *User) Activity {
	return Activity{Type: ActivityAuthenticationFailed, Name: "Failed login attempt from " + user.Name, UserID: user.ID,
		Address: c.Address, Severity: SeverityError, Count: 1, At: s.Now()}
}

// noteStranger writes that somebody tried a name that does not exist, but not the name: it may be a password.
func (s *Service) noteStranger(ctx context.Context, c Caller) {
	entry, write := s.refusals.note(Activity{Type: ActivityAuthenticationFailed,
		Name: "Failed login attempt with an unknown name", Address: c.Address, Severity: SeverityError, Count: 1, At: s.Now()})
	if !write {
		return
	}
	s.addActivity(ctx, entry)
}

// addActivity writes entries that go with no change. That they are lost is logged and refuses nobody.
func (s *Service) addActivity(ctx context.Context, entries ...Activity) {
	if len(entries) == 0 {
		return
	}
	err := s.store.Update(ctx, func(tx Tx) error { return tx.AddActivity(ctx, entries...) })
	if err != nil {
		s.log.Warn("the activity log is not written", "error", err)
	}
}
