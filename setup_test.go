package finlatch_test

import (
	"errors"
	"net/netip"
	"sync"
	"testing"

	"github.com/finlatch/finlatch"
)

var here = netip.MustParseAddr("127.0.0.1")

func TestFirstRun(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	wizard := finlatch.Caller{Address: home}
	w.wantKind(w.SetFirstUser(w.ctx, wizard, "ann", "pw"), finlatch.NotFound)
	first, err := w.FirstUser(w.ctx, wizard, "no/name")
	if err != nil || first.Name != "MyJellyfinUser" || !first.Policy.IsAdministrator {
		t.Fatalf("FirstUser: %+v, %v", first, err)
	}
	again, err := w.FirstUser(w.ctx, wizard, "other")
	if err != nil || again.ID != first.ID {
		t.Errorf("FirstUser again: %v, %v", again.ID, err)
	}
	early := w.signIn("MyJellyfinUser", "", device("tv", home))
	w.wantKind(w.CompleteSetup(w.ctx, wizard), finlatch.Invalid) // no password yet
	if err := w.SetFirstUser(w.ctx, wizard, "ann", ""); !errors.Is(err, finlatch.ErrEmptyPassword) {
		t.Errorf("an empty password: %v", err)
	}
	w.wantKind(w.SetFirstUser(w.ctx, wizard, "a/nn", "pw"), finlatch.Invalid)
	if err := w.SetStartupConfiguration(w.ctx, wizard, finlatch.StartupConfiguration{ServerName: "Attic"}); err != nil {
		t.Error(err)
	}
	if err := w.SetFirstUser(w.ctx, wizard, "ann", "pw"); err != nil {
		t.Fatal(err)
	}
	w.wantKind(w.SetFirstUser(w.ctx, wizard, "eve", "pw2"), finlatch.Forbidden)
	if err := w.CompleteSetup(w.ctx, wizard); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Authenticate(w.ctx, finlatch.Caller{}, early.Token); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("a token from before: %v, want unauthenticated", err)
	}
	for name, err := range map[string]error{
		"configuration": w.SetStartupConfiguration(w.ctx, wizard, finlatch.StartupConfiguration{}),
		"first user":    w.SetFirstUser(w.ctx, wizard, "eve", "pw"),
		"remote access": w.SetRemoteAccess(w.ctx, wizard, true),
		"complete":      w.CompleteSetup(w.ctx, wizard),
	} {
		if !errors.Is(err, finlatch.ErrUnauthenticated) {
			t.Errorf("%s after the first run: %v, want unauthenticated", name, err)
		}
	}
	settings, _ := w.Settings(w.ctx)
	if settings.ServerName != "Attic" || !settings.SetupComplete {
		t.Errorf("settings %+v", settings)
	}
	err = w.ChangeSettings(w.ctx, w.as("ann", "pw"), "reopened", func(s *finlatch.Settings) error {
		s.SetupComplete, s.ServerID = false, finlatch.ID{1}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if now, _ := w.Settings(w.ctx); !now.SetupComplete || now.ServerID != settings.ServerID {
		t.Error("a configuration opened the first run again, or made another server of this")
	}
}

func TestFirstRunAfterTheOperatorMadeAUser(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	w.user("ann", "pw")
	c := finlatch.Caller{Address: home}
	first, err := w.FirstUser(w.ctx, c, "ann")
	if err != nil || first.Name != "ann2" || !first.Policy.IsAdministrator {
		t.Fatalf("FirstUser: %+v, %v", first, err)
	}
	if err := w.SetFirstUser(w.ctx, c, "boss", "pw"); err != nil {
		t.Fatal(err)
	}
	if err := w.CompleteSetup(w.ctx, c); err != nil {
		t.Fatal(err)
	}
	w.signIn("boss", "pw", device("tv", home))
	w.signIn("ann", "pw", device("tv", home))
}

func TestWhoMaySetUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		c    finlatch.Caller
		from []netip.Prefix
		ok   bool
	}{
		{"this machine", finlatch.Caller{Address: here}, nil, true},
		{"a private network", finlatch.Caller{Address: home}, nil, true},
		{"elsewhere", finlatch.Caller{Address: away}, nil, false},
		{"nowhere", finlatch.Caller{}, nil, false},
		{"forwarded to this machine", finlatch.Caller{Address: here, Forwarded: true}, nil, false},
		{"elsewhere, allowed", finlatch.Caller{Address: away}, []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, true},
		{"this machine, not named", finlatch.Caller{Address: here}, []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, true},
		{"a private network, not named", finlatch.Caller{Address: home}, []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := emptyWorld(t, func(o *finlatch.Options) { o.SetupFrom = test.from })
			c := test.c
			c.ClientInfo = device("tv", home).ClientInfo
			_, firstErr := w.FirstUser(w.ctx, c, "ann")
			_, signInErr := w.SignIn(w.ctx, c, "nobody", "pw")
			_, _, initiateErr := w.Initiate(w.ctx, c)
			if !test.ok {
				w.wantKind(firstErr, finlatch.Forbidden)
				w.wantKind(signInErr, finlatch.Forbidden)
				w.wantKind(initiateErr, finlatch.Forbidden)
				return
			}
			w.wantKind(signInErr, finlatch.Unauthenticated)
			if firstErr != nil || initiateErr != nil {
				t.Errorf("FirstUser: %v, Initiate: %v", firstErr, initiateErr)
			}
		})
	}
}

func TestThisMachineMayCompleteWithoutAPassword(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	c := finlatch.Caller{Address: here}
	w.wantKind(w.CompleteSetup(w.ctx, c), finlatch.Invalid) // nobody is there at all
	if _, err := w.FirstUser(w.ctx, c, "ann"); err != nil {
		t.Fatal(err)
	}
	if err := w.CompleteSetup(w.ctx, c); err != nil {
		t.Error(err)
	}
}

func TestTwoFirstRunsAtOnceMakeOneUser(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	c := finlatch.Caller{Address: home}
	if _, err := w.FirstUser(w.ctx, c, "ann"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for _, name := range []string{"eve", "mallory", "ann", "bob"} {
		wg.Go(func() {
			_, err := w.FirstUser(w.ctx, c, name)
			if err != nil {
				t.Error(err)
			}
			if w.SetFirstUser(w.ctx, c, name, "pw of "+name) == nil {
				mu.Lock()
				defer mu.Unlock()
				won++
			}
		})
	}
	wg.Wait()
	users, err := w.Users(w.ctx, finlatch.Operator(), finlatch.UserFilter{})
	if err != nil || len(users) != 1 || won != 1 {
		t.Errorf("%d users (%v), %d of them named it", len(users), err, won)
	}
}

func TestOperatorsAdministratorCompletesTheSetup(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	w.user("ann", "pw")
	if settings, _ := w.Settings(w.ctx); settings.SetupComplete {
		t.Error("an ordinary user completed it")
	}
	if _, err := w.CreateUser(w.ctx, finlatch.Operator(), "admin", "pw", true); err != nil {
		t.Fatal(err)
	}
	if settings, _ := w.Settings(w.ctx); !settings.SetupComplete {
		t.Error("the administrator did not complete it")
	}
}

// Whoever comes first must not own the server: nothing that was given before it has an owner lives on.
func TestCompletingEndsAllFromBefore(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"the operator", "the first run"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			w := emptyWorld(t)
			eve := device("eve", home)
			if _, err := w.FirstUser(w.ctx, eve, "root"); err != nil {
				t.Fatal(err)
			}
			early := w.signIn("root", "", eve)
			c := w.caller(early.Token, home)
			request, secret := w.initiate(device("eve's telly", home))
			if err := w.Approve(w.ctx, c, request.Code, finlatch.ID{}); err != nil {
				t.Fatal(err)
			}
			_, _, keyErr := w.CreateAPIKey(w.ctx, c, "evil")
			_, userErr := w.CreateUser(w.ctx, c, "mallory", "pw", true)
			settingsErr := w.ChangeSettings(w.ctx, c, "x", func(*finlatch.Settings) error { return nil })
			for what, err := range map[string]error{"a key": keyErr, "a user": userErr, "settings": settingsErr} {
				if !errors.Is(err, finlatch.ErrForbidden) {
					t.Errorf("%s before the server has an owner: %v, want forbidden", what, err)
				}
			}
			if by == "the operator" {
				if _, err := w.CreateUser(w.ctx, finlatch.Operator(), "anna", "pw", true); err != nil {
					t.Fatal(err)
				}
			} else {
				owner := finlatch.Caller{Address: home}
				if err := w.SetFirstUser(w.ctx, owner, "anna", "pw"); err != nil {
					t.Fatal(err)
				}
				if err := w.CompleteSetup(w.ctx, owner); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := w.Authenticate(w.ctx, finlatch.Caller{}, early.Token); !errors.Is(err, finlatch.ErrUnauthenticated) {
				t.Errorf("the early token: %v", err)
			}
			_, err := w.Redeem(w.ctx, eve, secret)
			w.wantKind(err, finlatch.NotFound)
			_, err = w.SignIn(w.ctx, eve, "root", "")
			w.wantKind(err, finlatch.Unauthenticated)
			users, err := w.Users(w.ctx, finlatch.Operator(), finlatch.UserFilter{})
			if err != nil || len(users) != 1 || users[0].Name != "anna" {
				t.Errorf("users %v, %v, want anna alone", users, err)
			}
		})
	}
}
