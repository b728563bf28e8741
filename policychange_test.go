package finlatch_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// Many change one member each at the same time, and none of it is lost.
func TestChangesOfAPolicyAreNotLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, op := w.user("ann", "pw"), finlatch.Operator()
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			err := w.ChangePolicy(w.ctx, op, ann.ID, func(p *finlatch.Policy) error {
				p.BlockedTags = append(p.BlockedTags, string(rune('a'+i)))
				p.MaxActiveSessions++
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	after, err := w.UserByID(w.ctx, op, ann.ID)
	slices.Sort(after.Policy.BlockedTags)
	if err != nil || len(slices.Compact(after.Policy.BlockedTags)) != 20 || after.Policy.MaxActiveSessions != 20 {
		t.Errorf("tags %q, sessions %d (%v)", after.Policy.BlockedTags, after.Policy.MaxActiveSessions, err)
	}
}

func TestChangingAPolicyKeepsFailedSignIns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	op := finlatch.Operator()
	counted := w.user("counted", "pw", func(p *finlatch.Policy) { p.LoginAttemptsBeforeLockout = 5 })
	missed := w.user("missed", "pw") // never locked, so they are counted in memory
	for _, name := range []string{"counted", "counted", "missed", "missed"} {
		if _, err := w.SignIn(w.ctx, device("tv", home), name, "wrong"); !errors.Is(err, finlatch.ErrUnauthenticated) {
			t.Fatal(err)
		}
	}
	for _, user := range []finlatch.User{counted, missed} {
		err := w.ChangePolicy(w.ctx, op, user.ID, func(p *finlatch.Policy) error {
			p.IsHidden = !p.IsHidden
			return nil
		})
		after, readErr := w.UserByID(w.ctx, op, user.ID)
		if n := after.InvalidLoginAttempts + w.MissedPasswords(user.ID); err != nil || readErr != nil || n != 2 || after.Policy.IsHidden {
			t.Errorf("%s: %d failed sign-ins, hidden %v (%v, %v)", user.Name, n, after.Policy.IsHidden, err, readErr)
		}
	}
	// a posted number counts, as in Jellyfin
	policy := finlatch.NewPolicy()
	if err := w.SetPolicy(w.ctx, op, missed.ID, policy, 0); err != nil || w.MissedPasswords(missed.ID) != 0 {
		t.Errorf("%d are left (%v)", w.MissedPasswords(missed.ID), err)
	}
}

func TestWhatChangingAPolicyRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := w.user("second", "pw", func(p *finlatch.Policy) { p.IsAdministrator = true })
	bare := w.user("bare", "")
	w.signIn("second", "pw", device("older", home))
	w.clock.Move(time.Second)
	token := w.signIn("second", "pw", device("newer", home)).Token
	here := w.caller(token, home) // Tuesday, noon
	own := errors.New("mine")
	for name, test := range map[string]struct {
		c      finlatch.Caller
		id     finlatch.ID
		change func(*finlatch.Policy) error
		want   finlatch.Kind
	}{
		"what it says": {here, bare.ID, func(*finlatch.Policy) error { return own }, finlatch.Internal},
		"a conflict":   {here, bare.ID, func(*finlatch.Policy) error { return &finlatch.Error{Kind: finlatch.Conflict, Msg: "mine"} }, finlatch.Conflict},
		"nobody":       {here, finlatch.ID{1}, func(*finlatch.Policy) error { return nil }, finlatch.NotFound},
		"a stranger":   {device("tv", home), bare.ID, func(*finlatch.Policy) error { return nil }, finlatch.Unauthenticated},
		"a user":       {w.as("bare", ""), bare.ID, func(p *finlatch.Policy) error { p.IsAdministrator = true; return nil }, finlatch.Forbidden},
		"no password":  {here, bare.ID, func(p *finlatch.Policy) error { p.IsAdministrator = true; return nil }, finlatch.Invalid},
		"demoted":      {here, second.ID, func(p *finlatch.Policy) error { p.IsAdministrator = false; return nil }, finlatch.Forbidden},
		"disabled":     {here, second.ID, func(p *finlatch.Policy) error { p.IsDisabled = true; return nil }, finlatch.Forbidden},
		"one session":  {here, second.ID, func(p *finlatch.Policy) error { p.MaxActiveSessions = 1; return nil }, finlatch.Forbidden},
		"another day": {here, second.ID, func(p *finlatch.Policy) error {
			p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Weekend", EndHour: 24}}
			return nil
		}, finlatch.Forbidden},
	} {
		if err := w.ChangePolicy(w.ctx, test.c, test.id, test.change); err == nil || finlatch.KindOf(err) != test.want {
			t.Errorf("%s: %v, want kind %v", name, err, test.want)
		}
	}
	far := here
	far.Address = away
	err := w.ChangePolicy(w.ctx, far, second.ID, func(p *finlatch.Policy) error { p.EnableRemoteAccess = false; return nil })
	w.wantKind(err, finlatch.Forbidden)
	// What shuts nobody out is allowed, and another administrator may do all of it.
	for name, c := range map[string]finlatch.Caller{"itself": here, "another": w.as("admin", "admin-pw")} {
		err := w.ChangePolicy(w.ctx, c, second.ID, func(p *finlatch.Policy) error {
			p.EnableRemoteAccess, p.MaxActiveSessions = false, 2
			p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Tuesday", StartHour: 11, EndHour: 13}}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	err = w.ChangePolicy(w.ctx, w.as("admin", "admin-pw"), second.ID, func(p *finlatch.Policy) error {
		p.IsAdministrator, p.MaxActiveSessions = false, 1
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := w.Authenticate(w.ctx, finlatch.Caller{Address: home}, token); err == nil {
		t.Error("a limit of one leaves the newer session")
	}
}
