package finlatch

import (
	"context"
	"errors"
)

// claim is an attempt at the password of an account, which may not exist.
type claim struct {
	name   string // normalized
	user   *User  // nil: there is none
	place  string // where the caller is
	device bool   // the caller has a valid token of the account
	known  bool   // that, or the account signed in at the place before
}

func (s *Service) claim(settings *Settings, c Caller, name string, user *User) claim {
	a := claim{name: name, user: user, place: s.place(settings, c)}
	a.device = user != nil && c.Device != nil && c.Device.UserID == user.ID
	a.known = a.device || user != nil && s.throttling.knows(user, a.place, s.Now())
	return a
}

// lookUp finds the user that an attempt is about. Where it signed in before is remembered for a time; where its devices
// are is remembered as long as they are signed in.
func (s *Service) lookUp(ctx context.Context, c Caller, name, password string, find func(Tx) (User, error)) (a claim, err error) {
	settings, err := s.Settings(ctx)
	if err != nil {
		return claim{}, err
	}
	err = s.store.View(ctx, func(tx Tx) error {
		found, err := find(tx)
		if ignoreNotFound(err) == nil {
			if err := s.learnFailures(ctx, tx, settings, c, name, found.ID); err != nil {
				return err
			}
		}
		if errors.Is(err, ErrNotFound) {
			a = s.claim(settings, c, name, nil)
			return nil
		}
		if err != nil {
			return err
		}
		a = s.claim(settings, c, name, &found)
		if password == "" || a.place == "" {
			return nil // nothing is hashed, so there is no turn to wait for; or it does not matter where devices are
		}
		devices, err := tx.Devices(ctx, DeviceFilter{UserID: found.ID, Limit: 100})
		for _, d := range devices {
			a.known = a.known || s.place(settings, Caller{Address: d.Address}) == a.place
		}
		return err
	})
	return a, err
}

// MaxPassword bounds a password, in bytes, and so what a thousand waiting sign-ins hold.
const MaxPassword = 8 << 10

// verify tells whether a password is right, and gives a new hash of it where the old one is of an older kind. It counts
// wrong ones, and holds or refuses whoever has had too many. An empty one is neither counted nor held: Roku tries it
// first, and it guesses nothing.
func (s *Service) verify(ctx context.Context, c Caller, a claim, password string) (right bool, rehashed string, err error) {
	if password == "" {
		return a.user != nil && !a.user.HasPassword() && s.Passwordless(c) && a.user.ours(), "", nil
	}
	guess, user := password, a.user
	if len(password) > MaxPassword {
		user, guess = nil, "too long to be anybody's" // not kept while it waits, and refused at the same cost
	}
	right, err = s.guess(ctx, c, a, guess, func() (right bool, err error) {
		right, rehashed, err = s.compare(user, guess)
		return right, err
	})
	return right, rehashed, err
}

// guess lets compare tell whether a password is right, by the rules of verify, behind the hash gate.
func (s *Service) guess(ctx context.Context, c Caller, a claim, password string, compare func() (bool, error)) (right bool, err error) {
	limits := s.throttling.counters(c, a)
	for held := false; ; {
		verdict := s.throttling.verdict(limits, s.Now())
		switch {
		case verdict.Refused > 0:
			err = errLocked(verdict.Refused)
		case verdict.Hold > 0 && !held:
			held = true
			err = s.throttling.slots.wait(ctx, c.Address, a.known, verdict.Hold)
		}
		if err != nil {
			s.noteThrottled(ctx, c, a.user, err)
			return false, err
		}
		late := false
		gateErr := s.hashing.do(ctx, c.Address, a.known, func() {
			// Others may have failed while this one waited for its turn.
			verdict := s.throttling.verdict(limits, s.Now())
			if late = verdict.Refused > 0 || verdict.Hold > 0 && !held; late {
				return
			}
			right, err = compare()
			if err == nil && !right && s.throttling.fail(limits, password, s.Now()) {
				s.noteLocked(c, a.user)
			}
		})
		if gateErr != nil {
			return false, gateErr
		}
		if !late {
			return right, err
		}
	}
}

// compare costs one hash, whatever the user is. It runs behind the hash gate.
func (s *Service) compare(user *User, password string) (right bool, rehashed string, err error) {
	if user == nil || !user.HasPassword() || !user.ours() {
		s.options.Hasher.Waste(password)
		return false, "", nil
	}
	right, err = s.options.Hasher.Verify(user.PasswordHash, password)
	if err != nil { // a hash that is not ours to read: its user must not answer faster than others
		s.log.Error("a password hash cannot be read", "user", user.ID, "error", err)
		s.options.Hasher.Waste(password)
		return false, "", nil
	}
	if right && s.options.Hasher.NeedsRehash(user.PasswordHash) {
		rehashed, err = s.options.Hasher.Hash(s.options.Random, password)
	}
	return right, rehashed, err
}

// ours tells whether the user's password is in the store. Jellyfin, too, refuses every password of a user whose
// authentication provider is not there.
func (u *User) ours() bool {
	return u.Policy.AuthenticationProviderID == DefaultAuthenticationProviderID
}

// Passwordless tells whether users without a password may sign in from where the caller is.
func (s *Service) Passwordless(c Caller) bool { return c.local(s.options.PasswordlessFrom) }
