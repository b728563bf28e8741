package finlatch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/finlatch/finlatch"
)

func TestVouchedSignIn(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.jellyfin.change(f.ann, func(a *account) { a.Policy.EnableContentDownloading = false })
	in := f.signIn("ANN", "pw", device("tv", home))
	if !f.jellyfin.accepts(in.Token) {
		t.Error("the token is not upstream's")
	}
	if diff := cmp.Diff(f.jellyfin.users[f.ann].Policy, in.User.Policy, cmpopts.EquateEmpty()); diff != "" || in.User.ID != f.ann || in.User.Name != "ann" {
		t.Errorf("signed in %v %q, policy (-want +got):\n%s", in.User.ID, in.User.Name, diff)
	}
	if c := f.caller(in.Token, home); c.UserID() != f.ann || c.DeviceID != "tv" || c.User.Policy.EnableContentDownloading {
		t.Errorf("authenticated as %v on %q", c.UserID(), c.DeviceID)
	}
	if got := f.jellyfin.count("Whose"); got != 0 {
		t.Errorf("upstream was asked %d times about a known token", got)
	}
	f.store.Close()
	file, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, []byte(in.Token.Reveal())) {
		t.Error("the token is in the file")
	}
	if calls := f.hasher.take(); calls != "" {
		t.Errorf("hashed: %s", calls)
	}
}

// Each refusal by upstream, and whether it counts as a failed attempt: after nine others it is the tenth, and the next is held.
func TestVouchedRefusals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		user, password string
		answer         error
		kind           finlatch.Kind
		asks           int
		counts         bool
	}{
		{name: "wrong password", user: "ann", password: "no", asks: 1, kind: finlatch.Unauthenticated, counts: true},
		{name: "no such user", user: "zoe", password: "no", asks: 1, kind: finlatch.Unauthenticated, counts: true},
		{name: "disabled", user: "off", password: "any", asks: 1, kind: finlatch.Forbidden, counts: true},
		{name: "too long", user: "ann", password: strings.Repeat("x", finlatch.MaxPassword+1), kind: finlatch.Unauthenticated, counts: true},
		{name: "away", user: "ann", password: "pw", answer: errAway, asks: 1, kind: finlatch.Unavailable},
		{name: "broken", user: "ann", password: "pw", answer: errors.New("broken"), asks: 1, kind: finlatch.Internal},
		{name: "empty", user: "ann", password: "", kind: finlatch.Unauthenticated},
	} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, known: %v", test.name, known), func(t *testing.T) {
				t.Parallel()
				frontInBubble(t, func(f *front) {
					off := f.jellyfin.add(4, "off", "pw", func(p *finlatch.Policy) { p.LoginAttemptsBeforeLockout = 3 })
					f.jellyfin.change(f.ann, func(a *account) { a.Policy.LoginAttemptsBeforeLockout = 3 })
					if known {
						f.signIn("ann", "pw", device("tv", home))
						f.signIn("off", "pw", device("tv", home))
					}
					f.jellyfin.change(off, func(a *account) { a.Policy.IsDisabled = true })
					f.guess(test.user, 9, netip.Addr{})
					asked := f.jellyfin.count("SignIn")
					if test.answer != nil {
						f.jellyfin.fail("SignIn", test.answer)
					}
					_, err := f.SignIn(f.ctx, device("x", nth(1<<20)), test.user, test.password)
					f.wantKind(err, test.kind)
					if got := f.jellyfin.count("SignIn") - asked; got != test.asks {
						t.Errorf("upstream was asked %d times, want %d", got, test.asks)
					}
					f.jellyfin.back()
					var want time.Duration
					if test.counts {
						want = time.Second
					}
					if held, err := f.held(device("x", nth(1<<21)), test.user, "tenth"); held != want {
						t.Errorf("the next was held for %v (%v), want %v", held, err, want)
					}
				})
			})
		}
	}
}

func frontInBubble(t *testing.T, f func(*front), change ...func(*finlatch.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		front := newFront(t, change...)
		f(front)
		front.store.Close()
	})
}

// Passwords that upstream takes long to check, as where a directory is away, hold up nobody else's.
func TestSlowPasswordsHoldUpNoOther(t *testing.T) {
	t.Parallel()
	f := newFront(t, func(o *finlatch.Options) { o.HashSlots = 1 })
	slow, asked := make(chan struct{}), make(chan struct{}, 4)
	var before atomic.Int64
	f.jellyfin.mu.Lock()
	f.jellyfin.on = func(step string) error {
		if step == "SignIn" && before.Add(1) <= 4 {
			asked <- struct{}{}
			<-slow
		}
		return nil
	}
	f.jellyfin.mu.Unlock()
	var all sync.WaitGroup
	defer all.Wait()
	defer close(slow)
	for n := range 4 {
		all.Go(func() { _, _ = f.SignIn(f.ctx, device(fmt.Sprint("tv ", n), home), "ann", "pw") })
	}
	for range 4 {
		select {
		case <-asked:
		case <-time.After(5 * time.Second):
			t.Fatal("the slow ones are asked for one after the other")
		}
	}
	f.signIn("ben", "pw of ben", device("phone", home))
}

// An empty password is asked of upstream for whoever may come without one, and for nobody else.
func TestVouchedEmptyPassword(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.jellyfin.add(4, "kid", "")
	f.signIn("kid", "", device("tv", home))
	_, err := f.SignIn(f.ctx, device("tv", away), "kid", "")
	f.wantKind(err, finlatch.Unauthenticated)
	if got := f.jellyfin.count("SignIn"); got != 1 {
		t.Errorf("upstream was asked %d times, want once", got)
	}
}

// Our rules hold for whom upstream lets in, and the token that it has made ends.
func TestOurRulesHoldForVouchedSignIns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*finlatch.Policy)
	}{
		{"remote access", func(p *finlatch.Policy) { p.EnableRemoteAccess = false }},
		{"schedule", func(p *finlatch.Policy) {
			p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Monday", StartHour: 0, EndHour: 24}}
		}},
		{"devices", func(p *finlatch.Policy) { p.EnableAllDevices = false }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			f.run()
			f.jellyfin.change(f.ann, func(a *account) { test.change(&a.Policy) })
			_, err := f.SignIn(f.ctx, device("tv", away), "ann", "pw")
			f.wantKind(err, finlatch.Forbidden)
			if got := len(f.devicesOf(f.ann)); got != 0 {
				t.Errorf("%d devices", got)
			}
			f.eventually("no token is alive", func() bool { return len(f.jellyfin.alive()) == 0 && f.ended() == 0 })
			if got := f.jellyfin.count("SignIn"); got != 1 {
				t.Errorf("upstream was asked %d times", got)
			}
		})
	}
}

// Sessions are counted by upstream, which knows which of them are in use.
func TestVouchedSessionsAreNotCountedHere(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.jellyfin.change(f.ann, func(a *account) { a.Policy.MaxActiveSessions = 1 })
	f.signIn("ann", "pw", device("tv", home))
	f.signIn("ann", "pw", device("phone", home))
}

// A token that cannot be kept is ended, whatever the store says.
func TestVouchedTokenThatIsNotKeptEnds(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.run()
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	f.jellyfin.mu.Lock()
	f.jellyfin.on = func(step string) error {
		if step == "SignIn done" {
			f.store.Close()
		}
		return nil
	}
	f.jellyfin.mu.Unlock()
	_, err := f.SignIn(ctx, device("tv", home), "ann", "pw")
	f.wantKind(err, finlatch.Unavailable)
	f.eventually("no token is alive", func() bool { return len(f.jellyfin.alive()) == 0 })
	if f.jellyfin.count("SignIn done") != 1 {
		t.Error("no token was made")
	}
}

// Whoever goes away while upstream is asked is signed in all the same: its token is in the list, and can be revoked.
func TestVouchedSignInOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	ctx, cancel := context.WithCancel(f.ctx)
	f.jellyfin.on = func(step string) error {
		if step == "SignIn done" {
			cancel()
		}
		return nil
	}
	f.SignIn(ctx, device("tv", home), "ann", "pw")
	if got := len(f.devicesOf(f.ann)); got != 1 || len(f.jellyfin.alive()) != 1 {
		t.Errorf("%d devices, %d tokens, want one", got, len(f.jellyfin.alive()))
	}
}

func TestVouchedSignInReplacesTheDevicesToken(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.run()
	first := f.signIn("ann", "pw", device("tv", home))
	other := f.signIn("ann", "pw", device("phone", home))
	second := f.signIn("ann", "pw", device("tv", home))
	f.eventually("the old token is ended", func() bool { return f.ended() == 0 })
	for name, want := range map[string]bool{"first": false, "other": true, "second": true} {
		token := map[string]finlatch.Token{"first": first.Token, "other": other.Token, "second": second.Token}[name]
		if f.alive(token) != want || f.jellyfin.accepts(token) != want {
			t.Errorf("%s: alive here %v, upstream %v, want %v", name, f.alive(token), f.jellyfin.accepts(token), want)
		}
	}
}

// Upstream may lie: nobody gets another's token, and nothing of the lie is kept.
func TestVouchedLies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		lie  func(f *front, bens finlatch.Token) func(*finlatch.Granted)
	}{
		{"nobody", func(*front, finlatch.Token) func(*finlatch.Granted) {
			return func(g *finlatch.Granted) { g.User.ID = finlatch.ID{} }
		}},
		{"no name", func(*front, finlatch.Token) func(*finlatch.Granted) {
			return func(g *finlatch.Granted) { g.User.Name = "\x00" }
		}},
		{"no token", func(*front, finlatch.Token) func(*finlatch.Granted) {
			return func(g *finlatch.Granted) { g.Token = finlatch.Token{} }
		}},
		{"a huge token", func(*front, finlatch.Token) func(*finlatch.Granted) {
			return func(g *finlatch.Granted) { g.Token = finlatch.TokenFrom(strings.Repeat("x", 1<<20)) }
		}},
		{"another's token", func(_ *front, bens finlatch.Token) func(*finlatch.Granted) {
			return func(g *finlatch.Granted) { g.Token = bens }
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			f.run()
			bens := f.signIn("ben", "pw of ben", device("ben's", home))
			lie := test.lie(f, bens.Token)
			f.jellyfin.mu.Lock()
			f.jellyfin.lie = lie
			f.jellyfin.mu.Unlock()
			in, err := f.SignIn(f.ctx, device("tv", home), "ann", "pw")
			f.wantKind(err, finlatch.Unavailable)
			if !in.Token.IsZero() {
				t.Error("a token was given")
			}
			f.jellyfin.back()
			if got := f.devicesOf(f.ann); len(got) != 0 {
				t.Errorf("%d devices of ann", len(got))
			}
			time.Sleep(50 * time.Millisecond) // for whatever would end ben's token
			if c := f.caller(bens.Token, home); c.UserID() != f.ben || !f.jellyfin.accepts(bens.Token) {
				t.Error("ben's token is ended, or somebody else's")
			}
		})
	}
}

// A user who was deleted upstream and made anew is another one.
func TestVouchedUserMadeAnew(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	old := f.signIn("ann", "pw", device("tv", home))
	f.jellyfin.remove(f.ann)
	anew := f.jellyfin.add(9, "Ann", "pw")
	in := f.signIn("ann", "pw", device("tv", home))
	if in.User.ID != anew {
		t.Errorf("signed in %v, want %v", in.User.ID, anew)
	}
	if got, err := f.UserByName(f.ctx, finlatch.Operator(), "ann"); err != nil || got.ID != anew {
		t.Errorf("ann is %v, %v; want %v", got.ID, err, anew)
	}
	f.run()
	f.eventually("the old one is gone", func() bool {
		_, err := f.UserByID(f.ctx, finlatch.Operator(), f.ann)
		return finlatch.KindOf(err) == finlatch.NotFound && !f.alive(old.Token)
	})
}

func TestVouchedSignInByID(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	in, err := f.SignInByID(f.ctx, device("tv", home), f.ann, "pw")
	if err != nil || in.User.ID != f.ann {
		t.Errorf("signed in %v, %v", in.User.ID, err)
	}
	_, err = f.SignInByID(f.ctx, device("tv", home), f.ann, "wrong")
	f.wantKind(err, finlatch.Unauthenticated)
	// Ann is now called otherwise, and somebody else as she was.
	f.jellyfin.change(f.ann, func(a *account) { a.Name = "anna" })
	f.jellyfin.add(8, "ann", "pw")
	_, err = f.SignInByID(f.ctx, device("tv", home), f.ann, "pw")
	f.wantKind(err, finlatch.Unavailable)

	asked := f.jellyfin.count("User")
	for n := range 100 { // strangers do not make us ask without end
		_, err = f.SignInByID(f.ctx, device("tv", away), finlatch.ID{byte(n), 1}, "pw")
		f.wantKind(err, finlatch.NotFound)
	}
	if got := f.jellyfin.count("User") - asked; got != 30 {
		t.Errorf("upstream was asked %d times, want 30", got)
	}
}

func TestVouchedActivity(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.signIn("ann", "pw", device("tv", home))
	f.SignIn(f.ctx, device("tv", away), "ann", "hunter2")
	f.SignIn(f.ctx, device("tv", netip.MustParseAddr("198.51.100.1")), "hunter3", "hunter4")
	var got []string
	for _, entry := range f.activities(finlatch.ActivityFilter{}) {
		got = append(got, entry.Type+": "+entry.Name)
	}
	want := []string{
		"AuthenticationFailed: Failed login attempt with an unknown name",
		"AuthenticationFailed: Failed login attempt from ann",
		"AuthenticationSucceeded: ann successfully authenticated",
		"SessionStarted: ann is online from Telly",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("activity (-want +got):\n%s", diff)
	}
}

// Sign-ins of one device at the same time leave one token, here and upstream, which is the same one.
func TestVouchedSignInsAtTheSameTime(t *testing.T) {
	t.Parallel()
	f := newFront(t, unlimited)
	f.run()
	f.jellyfin.mu.Lock()
	f.jellyfin.replaces = true
	f.jellyfin.on = func(step string) error {
		if step == "SignIn done" || step == "Mint done" {
			time.Sleep(rand.N(5 * time.Millisecond))
		}
		return nil
	}
	f.jellyfin.mu.Unlock()
	for range 10 {
		secret := f.approved()
		signIn := func() {
			if _, err := f.SignIn(f.ctx, device("tv", home), "ann", "pw"); err != nil {
				t.Error(err)
			}
		}
		atOnce(signIn, signIn, func() {
			if _, err := f.Redeem(f.ctx, device("tv", home), secret); err != nil {
				t.Error(err)
			}
		})
		f.eventually("one token is alive", func() bool { return f.jellyfin.minted() == 1 && f.ended() == 0 })
		for _, d := range f.devicesOf(f.ann) {
			if _, err := f.Authenticate(f.ctx, finlatch.Caller{Address: home}, f.jellyfin.of(d.TokenHash)); err != nil {
				t.Fatalf("the token of %s is dead upstream: %v", d.DeviceID, err)
			}
		}
		if t.Failed() {
			return
		}
	}
}

// The pages sign in as all do, and their token is good for nothing else.
func TestVouchedSignInOnThePages(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	c := device("browser", home)
	c.Pages = true
	in := f.signIn("ann", "pw", c)
	if known, err := f.authenticate(in.Token, finlatch.Caller{Address: home, Pages: true}); err != nil || known.UserID() != f.ann {
		t.Errorf("on the pages: %v, %v", known.UserID(), err)
	}
	_, err := f.authenticate(in.Token, finlatch.Caller{Address: home})
	f.wantKind(err, finlatch.Unauthenticated)
}

// A directory may know people by other names; what was counted for one ends with the right password.
func TestVouchedAlias(t *testing.T) {
	t.Parallel()
	frontInBubble(t, func(f *front) {
		f.jellyfin.change(f.ann, func(a *account) { a.alias = "ann@example.org" })
		for range 2 {
			f.guess("ann@example.org", 9, netip.Addr{})
			f.wantHeld(0, signedIn, device("x", nth(1<<20)), "ann@example.org", "pw")
		}
	})
}
