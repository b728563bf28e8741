package finlatch

import (
	"context"
	"fmt"
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
// store's writer. The first of a kind and network is written at once, whoever it is about, so that the time it takes does
// not tell who exists; the others of the same minute are written as one entry each account, with their number. A crash
// loses the numbers of that minute.
type refusals struct {
	mu      sync.Mutex
	counted map[refusalKey]*Activity
	written map[refusalKey]bool // kinds and networks of which the first was written at once
	missed  map[ID]int          // wrong passwords that are not yet in the users' rows
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
	r.init()
	entry.Refusal = true
	key, counted := r.count(&entry)
	if counted {
		return Activity{}, false
	}
	first := refusalKey{kind: key.kind, network: key.network}
	if r.written[first] || !r.limit.AllowN(entry.At, 1) {
		r.counted[key] = &entry
		return Activity{}, false
	}
	r.written[first] = true
	rest := entry
	rest.Count = 0
	r.counted[key] = &rest
	return entry, true
}

// count adds an entry to the one that it looks like, if there is one. Where too many are counted the entry becomes one
// about nobody, from nowhere. The key is under which it is counted, now or from now on.
func (r *refusals) count(entry *Activity) (key refusalKey, counted bool) {
	key = refusalKey{entry.Type, entry.UserID, network(entry.Address)}
	earlier, found := r.counted[key]
	if !found && len(r.counted) >= maxRefusals {
		key = refusalKey{kind: entry.Type}
		entry.UserID, entry.Address = ID{}, netip.Addr{}
		earlier, found = r.counted[key]
	}
	if found {
		earlier.Count += entry.Count
		earlier.At = entry.At
	}
	return key, found
}

// later counts an entry that is written with the counted refusals, not at once.
func (r *refusals) later(entry Activity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.init()
	if key, counted := r.count(&entry); !counted {
		r.counted[key] = &entry
	}
}

func (r *refusals) init() {
	if r.counted == nil {
		r.counted, r.written = make(map[refusalKey]*Activity), make(map[refusalKey]bool)
		r.limit = rate.NewLimiter(refusalsPerTime, 2*refusalsPerTime)
	}
}

// miss counts a wrong password of an account that is never locked for it.
func (r *refusals) miss(user ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.missed == nil {
		r.missed = make(map[ID]int)
	}
	if _, counted := r.missed[user]; counted || len(r.missed) < maxRefusals {
		r.missed[user]++
	}
}

// MissedPasswords is how many wrong passwords of a user are not in its row yet.
func (s *Service) MissedPasswords(id ID) int {
	s.refusals.mu.Lock()
	defer s.refusals.mu.Unlock()
	return s.refusals.missed[id]
}

// forgive gives the number of wrong passwords that were counted and not written, and forgets it.
func (r *refusals) forgive(user ID) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer delete(r.missed, user)
	return r.missed[user]
}

// takeMissed is forgive for all users.
func (r *refusals) takeMissed() map[ID]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.missed = nil }()
	return r.missed
}

// writeRefusals writes what was counted.
func (s *Service) writeRefusals(ctx context.Context) {
	s.addActivity(ctx, s.refusals.take()...)
	for id, missed := range s.refusals.takeMissed() {
		err := s.store.Update(ctx, func(tx Tx) error {
			user, err := tx.User(ctx, id)
			if err != nil {
				return ignoreNotFound(err)
			}
			user.InvalidLoginAttempts += missed
			return tx.PutUser(ctx, user)
		})
		if err != nil {
			s.log.Warn("wrong passwords are not counted", "user", id, "error", err)
		}
	}
}

// noteRefused writes that an account may not be used, although the password was right.
func (s *Service) noteRefused(ctx context.Context, c Caller, user *User, why error) {
	entry := s.failedSignIn(c, user)
	entry.Name = "Refused login attempt from " + user.Name + ": " + why.Error()
	s.noteRefusal(ctx, entry)
}

// noteRefusal counts a refusal that goes with no change, and writes it if it is to be written now.
func (s *Service) noteRefusal(ctx context.Context, entry Activity) {
	if entry, write := s.refusals.note(entry); write {
		s.addActivity(ctx, entry)
	}
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
	clear(r.written)
	return entries
}

// noteThrottled counts a sign-in that was refused for the failures before it, with those.
func (s *Service) noteThrottled(ctx context.Context, c Caller, user *User, err error) {
	switch {
	case KindOf(err) != RateLimited:
	case user == nil:
		s.noteStranger(ctx, c)
	default:
		s.noteRefusal(ctx, s.failedSignIn(c, user))
	}
}

// noteLocked writes, within a minute, that an account takes no more passwords from where they came from; nothing about
// a name that does not exist. It is not written at once, because the time that takes would tell who exists.
func (s *Service) noteLocked(c Caller, user *User) {
	if user != nil {
		s.refusals.later(s.lockedOut(c, user, "User %s has to be unlocked, or to sign in from a known device or network: too many failed sign-ins"))
	}
}

func (s *Service) lockedOut(c Caller, user *User, sentence string) Activity {
	return Activity{Type: ActivityUserLockedOut, Name: fmt.Sprintf(sentence, user.Name), UserID: user.ID, Address: c.Address,
		Severity: SeverityError, Count: 1, At: s.Now()}
}

func (s *Service) failedSignIn(c Caller, user *User) Activity {
	return Activity{Type: ActivityAuthenticationFailed, Name: "Failed login attempt from " + user.Name, UserID: user.ID,
		Address: c.Address, Severity: SeverityError, Count: 1, At: s.Now()}
}

// noteStranger writes that somebody tried a name that does not exist, but not the name: it may be a password.
func (s *Service) noteStranger(ctx context.Context, c Caller) {
	s.noteRefusal(ctx, Activity{Type: ActivityAuthenticationFailed,
		Name: "Failed login attempt with an unknown name", Address: c.Address, Severity: SeverityError, Count: 1, At: s.Now()})
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
