package finlatch_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// Whatever ends a token here ends it upstream.
func TestEndedTokensEndUpstream(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		end  func(f *front, in finlatch.SignedIn) error
	}{
		{"sign-out", func(f *front, in finlatch.SignedIn) error { return f.SignOut(f.ctx, f.caller(in.Token, home)) }},
		{"a device that is revoked", func(f *front, in finlatch.SignedIn) error {
			return f.DeleteDevices(f.ctx, finlatch.Operator(), []string{"tv"}, finlatch.ID{})
		}},
		{"all others", func(f *front, in finlatch.SignedIn) error {
			return f.SignOutOthers(f.ctx, f.as("ann", "pw"), f.ann)
		}},
		{"another sign-in", func(f *front, in finlatch.SignedIn) error {
			_, err := f.SignIn(f.ctx, device("tv", home), "ann", "pw")
			return err
		}},
		{"a user who is deleted", func(f *front, in finlatch.SignedIn) error {
			return f.DeleteUser(f.ctx, finlatch.Operator(), f.ann)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			f.run()
			in := f.signIn("ann", "pw", device("tv", home))
			bens := f.signIn("ben", "pw of ben", device("ben's", home))
			if err := test.end(f, in); err != nil {
				t.Fatal(err)
			}
			if f.alive(in.Token) {
				t.Error("the token is alive here")
			}
			f.eventually("the token is ended upstream", func() bool { return !f.jellyfin.accepts(in.Token) && f.ended() == 0 })
			if !f.alive(bens.Token) || !f.jellyfin.accepts(bens.Token) {
				t.Error("another's token is ended")
			}
		})
	}
}

// While upstream is away nothing is forgotten, over restarts neither.
func TestEndingIsTriedAgain(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	for n := range 5 {
		f.signIn("ann", "pw", device(fmt.Sprint("tv ", n), home))
	}
	f.jellyfin.fail("End", errAway)
	if err := f.SignOutOthers(f.ctx, finlatch.Operator(), f.ann); err != nil {
		t.Fatal(err)
	}
	f.store.Close()
	f.open(f.behind)
	f.run()
	f.eventually("it is tried", func() bool { return f.jellyfin.count("End") > 0 })
	if got := f.ended(); got != 5 {
		t.Errorf("%d tokens are to be ended, want 5", got)
	}
	f.jellyfin.back()
	f.eventually("all are ended", func() bool { return len(f.jellyfin.alive()) == 0 && f.ended() == 0 })
}

// One token that upstream cannot end keeps no other alive.
func TestOneThatDoesNotEndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	for n := range 5 {
		f.signIn("ann", "pw", device(fmt.Sprint("tv ", n), home))
	}
	f.jellyfin.stuck = finlatch.TokenFrom(fmt.Sprintf("%032x", 1))
	if err := f.SignOutOthers(f.ctx, finlatch.Operator(), f.ann); err != nil {
		t.Fatal(err)
	}
	f.run()
	f.eventually("the others are ended", func() bool { return len(f.jellyfin.alive()) == 1 && f.ended() == 1 })
}

// Nor does one that nobody has got, and that only memory keeps.
func TestDisownedThatDoesNotEndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.signIn("ann", "pw", device("tv", home))
	stuck := finlatch.TokenFrom(fmt.Sprintf("%032x", 2))
	f.jellyfin.stuck = stuck
	f.jellyfin.lie = func(g *finlatch.Granted) { g.User.ID = finlatch.ID{} }
	for range 2 {
		_, err := f.SignIn(f.ctx, device("phone", home), "ben", "pw of ben")
		f.wantKind(err, finlatch.Unavailable)
		f.jellyfin.mu.Lock()
		f.jellyfin.tokens[stuck.Reveal()].ended = false // which the second sign-in has done
		f.jellyfin.mu.Unlock()
	}
	f.jellyfin.back()
	if err := f.SignOutOthers(f.ctx, finlatch.Operator(), f.ann); err != nil {
		t.Fatal(err)
	}
	f.run()
	f.eventually("the others are ended", func() bool {
		return len(f.jellyfin.alive()) == 1 && f.jellyfin.accepts(stuck) && f.ended() == 0
	})
}

// A token that upstream gives anew for the device is not ended for its old use.
func TestTokenThatIsGivenAgainStays(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	first := f.signIn("ann", "pw", device("tv", home)).Token
	f.jellyfin.lie = func(g *finlatch.Granted) {
		g.Token = first
		f.jellyfin.tokens[first.Reveal()].ended = false
	}
	f.signIn("ann", "pw", device("tv", home))
	f.jellyfin.back()
	f.run()
	f.eventually("nothing is left to end", func() bool { return f.ended() == 0 })
	if !f.alive(first) || !f.jellyfin.accepts(first) {
		t.Error("the token was ended")
	}
}

// A key for sealing that is lost costs nothing but the ends upstream.
func TestTokenUnderAnotherKey(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	token := f.signIn("ann", "pw", device("tv", home)).Token
	f.store.Close()
	f.open(f.behind, func(o *finlatch.Options) { o.SealKey = append(make([]byte, 31), 1) })
	f.run()
	c := f.caller(token, home)
	if err := f.SignOut(f.ctx, c); err != nil {
		t.Fatal(err)
	}
	f.eventually("it is given up", func() bool { return f.ended() == 0 })
	if f.jellyfin.count("End") != 0 {
		t.Error("something was ended")
	}
}

func TestRecheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(f *front, in finlatch.SignedIn)
		kind   finlatch.Kind
		alive  bool
	}{
		{"nothing has changed", func(*front, finlatch.SignedIn) {}, finlatch.Internal, true},
		{"ended", func(f *front, in finlatch.SignedIn) { f.jellyfin.End(f.ctx, in.Token) }, finlatch.Internal, false},
		{"away", func(f *front, in finlatch.SignedIn) {
			f.jellyfin.End(f.ctx, in.Token)
			f.jellyfin.fail("Whose", errAway)
		}, finlatch.Unavailable, true},
		{"not from there", func(f *front, in finlatch.SignedIn) { f.jellyfin.fail("Whose", finlatch.ErrForbidden) }, finlatch.Internal, true},
		{"another's, says a liar", func(f *front, in finlatch.SignedIn) {
			f.jellyfin.lie = func(g *finlatch.Granted) { g.User.ID, g.User.Name = f.ben, "ben" }
		}, finlatch.Unavailable, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			in := f.signIn("ann", "pw", device("tv", home))
			test.change(f, in)
			if err := f.Recheck(f.ctx, in.Token); (err != nil) != (test.kind != finlatch.Internal) || err != nil && finlatch.KindOf(err) != test.kind {
				t.Errorf("Recheck: %v, want kind %v", err, test.kind)
			}
			f.jellyfin.back()
			if got := len(f.devicesOf(f.ann)) == 1; got != test.alive {
				t.Errorf("alive: %v, want %v", got, test.alive)
			}
		})
	}
	f := newFront(t)
	if err := f.Recheck(f.ctx, finlatch.TokenFrom("unknown")); err != nil || f.jellyfin.count("Whose") != 0 {
		t.Errorf("an unknown token: %v, asked %d times", err, f.jellyfin.count("Whose"))
	}
}

func TestRecheckUser(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(f *front, phone finlatch.Token)
		want   string // which are alive
	}{
		{"another policy", func(f *front, _ finlatch.Token) {
			f.jellyfin.change(f.ann, func(a *account) { a.Policy.IsAdministrator = true })
		}, "tv phone ben's"},
		{"one token is gone", func(f *front, phone finlatch.Token) { f.jellyfin.End(f.ctx, phone) }, "tv ben's"},
		{"disabled", func(f *front, _ finlatch.Token) {
			f.jellyfin.change(f.ann, func(a *account) { a.Policy.IsDisabled = true })
		}, "ben's"},
		{"deleted", func(f *front, _ finlatch.Token) { f.jellyfin.remove(f.ann) }, "ben's"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			tokens := map[string]finlatch.Token{
				"tv":    f.signIn("ann", "pw", device("tv", home)).Token,
				"phone": f.signIn("ann", "pw", device("phone", home)).Token,
				"ben's": f.signIn("ben", "pw of ben", device("ben's", home)).Token,
			}
			test.change(f, tokens["phone"])
			if err := f.RecheckUser(f.ctx, f.ann); err != nil {
				t.Fatal(err)
			}
			for name, token := range tokens {
				if got, want := f.alive(token), strings.Contains(test.want, name); got != want {
					t.Errorf("%s is alive: %v, want %v", name, got, want)
				}
			}
			if test.name == "another policy" && !f.stored(f.ann).Policy.IsAdministrator {
				t.Error("the policy is the old one")
			}
		})
	}
}

// What is changed past us is known after a while: a policy, a name, a user who is new or gone.
func TestUsersAreMirrored(t *testing.T) {
	t.Parallel()
	frontInBubble(t, func(f *front) {
		in := f.signIn("ben", "pw of ben", device("tv", home))
		f.run()
		time.Sleep(time.Second)
		for _, name := range []string{"ann", "ben", "root"} {
			if _, err := f.UserByName(f.ctx, finlatch.Operator(), name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if !f.stored(f.root).Policy.IsAdministrator {
			t.Error("root is no administrator")
		}
		f.jellyfin.fail("Users", errAway)
		time.Sleep(6 * time.Minute)
		f.jellyfin.back()
		f.jellyfin.change(f.ann, func(a *account) { a.Name = "anna" })
		f.jellyfin.change(f.root, func(a *account) { a.Policy.IsAdministrator = false })
		f.jellyfin.add(4, "new", "pw")
		f.jellyfin.remove(f.ben)
		time.Sleep(5 * time.Minute)
		for name, want := range map[string]bool{"ann": false, "anna": true, "ben": false, "root": true, "new": true} {
			if _, err := f.UserByName(f.ctx, finlatch.Operator(), name); (err == nil) != want {
				t.Errorf("%s: %v", name, err)
			}
		}
		if f.stored(f.root).Policy.IsAdministrator || f.alive(in.Token) {
			t.Error("rights from before")
		}
		// A list that lacks somebody is no proof.
		f.jellyfin.mu.Lock()
		f.jellyfin.hidden = f.ann
		f.jellyfin.mu.Unlock()
		time.Sleep(6 * time.Minute)
		if _, err := f.UserByName(f.ctx, finlatch.Operator(), "anna"); err != nil {
			t.Errorf("who was not listed: %v", err)
		}
		var changes atomic.Int64
		go f.Changes(f.ctx, func(finlatch.Change) { changes.Add(1) })
		time.Sleep(time.Hour)
		if got := changes.Load(); got != 1 {
			t.Errorf("%d changes while nothing changed", got-1)
		}
	})
}

// Two who have exchanged their names past us are still who they were, on every device.
func TestExchangedNames(t *testing.T) {
	t.Parallel()
	frontInBubble(t, func(f *front) {
		anns, bens := f.signIn("ann", "pw", device("tv", home)), f.signIn("ben", "pw of ben", device("phone", home))
		f.run()
		time.Sleep(time.Second)
		f.jellyfin.change(f.ann, func(a *account) { a.Name = "ben" })
		f.jellyfin.change(f.ben, func(a *account) { a.Name = "ann" })
		if in := f.signIn("ben", "pw", device("tablet", home)); in.User.ID != f.ann { // before anybody else is known by another name
			t.Errorf("ben is %v, want %v", in.User.ID, f.ann)
		}
		time.Sleep(6 * time.Minute)
		for name, want := range map[string]finlatch.ID{"ben": f.ann, "ann": f.ben} {
			if got, err := f.UserByName(f.ctx, finlatch.Operator(), name); err != nil || got.ID != want {
				t.Errorf("%s is %v, %v; want %v", name, got.ID, err, want)
			}
		}
		for token, want := range map[finlatch.Token]finlatch.ID{anns.Token: f.ann, bens.Token: f.ben} {
			if !f.jellyfin.accepts(token) {
				t.Errorf("a token of %v is ended", want)
			} else if got := f.caller(token, home).UserID(); got != want {
				t.Errorf("the token is %v's, want %v", got, want)
			}
		}
	})
}
