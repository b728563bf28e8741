package finlatch_test

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/finlatch/finlatch"
)

func (w *world) settings() *finlatch.Settings {
	w.Helper()
	settings, err := w.Settings(w.ctx)
	if err != nil {
		w.Fatal(err)
	}
	return settings
}

func TestSetUpAtOnce(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	w.user("ann", "pw") // the operator's
	c := finlatch.Caller{Address: home, Pages: true}
	if err := w.SetUp(w.ctx, c, "Attic\x00\u202e"+strings.Repeat("c", 200), "boss", "boss-pw"); err != nil {
		t.Fatal(err)
	}
	settings := w.settings()
	if !settings.SetupComplete || settings.ServerName != "Attic"+strings.Repeat("c", 123) {
		t.Errorf("set up %v, the server is called %q", settings.SetupComplete, settings.ServerName)
	}
	if in := w.signIn("boss", "boss-pw", device("tv", home)); !in.User.Policy.IsAdministrator {
		t.Error("the administrator is none")
	}
	w.signIn("ann", "pw", device("tv", home))
	for _, kind := range []string{finlatch.ActivitySetupCompleted, finlatch.ActivityUserCreated} {
		entries := w.activities(finlatch.ActivityFilter{Type: kind})
		if newest := entries[0]; newest.Address != home {
			t.Errorf("%s: %+v, want it from %v", kind, newest, home)
		}
	}
	w.wantKind(w.SetUp(w.ctx, c, "Mine", "eve", "pw"), finlatch.Conflict)
	w.wantKind(w.SetUp(w.ctx, w.as("boss", "boss-pw"), "Mine", "eve", "pw"), finlatch.Conflict)
	if w.settings().ServerName == "Mine" {
		t.Error("it was renamed")
	}
}

func TestSetUpRefuses(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	w.user("ann", "pw")
	for name, test := range map[string]struct {
		caller             finlatch.Caller
		userName, password string
		want               finlatch.Kind
	}{
		"from elsewhere":        {finlatch.Caller{Address: away}, "boss", "pw", finlatch.Forbidden},
		"forwarded by anybody":  {finlatch.Caller{Address: home, Forwarded: true}, "boss", "pw", finlatch.Forbidden},
		"from nowhere":          {finlatch.Caller{}, "boss", "pw", finlatch.Forbidden},
		"forwarded to loopback": {finlatch.Caller{Address: netip.MustParseAddr("127.0.0.1"), Forwarded: true}, "boss", "pw", finlatch.Forbidden},
		"no name":               {finlatch.Caller{Address: home}, "", "pw", finlatch.Invalid},
		"a bad name":            {finlatch.Caller{Address: home}, "<b>", "pw", finlatch.Invalid},
		"no password":           {finlatch.Caller{Address: home}, "boss", "", finlatch.Invalid},
		"a blank password":      {finlatch.Caller{Address: home}, "boss", " \t", finlatch.Invalid},
		"a long password":       {finlatch.Caller{Address: home}, "boss", strings.Repeat("p", finlatch.MaxPassword+1), finlatch.Invalid},
		"a taken name":          {finlatch.Caller{Address: home}, "ANN", "pw", finlatch.Invalid},
	} {
		w.hasher.take()
		err := w.SetUp(w.ctx, test.caller, "Mine", test.userName, test.password)
		if kind := finlatch.KindOf(err); kind != test.want && !(name == "a taken name" && kind == finlatch.Conflict) {
			t.Errorf("%s: %v, want kind %v", name, err, test.want)
		}
		if calls := w.hasher.take(); test.want == finlatch.Forbidden && calls != "" {
			t.Errorf("%s: hashed", name)
		}
		if settings := w.settings(); settings.SetupComplete || settings.ServerName == "Mine" {
			t.Fatalf("%s: set up %v as %q", name, settings.SetupComplete, settings.ServerName)
		}
	}
	users, err := w.Users(w.ctx, finlatch.Operator(), finlatch.UserFilter{})
	if err != nil || len(users) != 1 {
		t.Errorf("users %v, %v, want ann alone", users, err)
	}
}

// Whoever sets the server up on the pages owns it alone: whatever apps were given before.
func TestSetUpEndsAllFromBefore(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	eve := device("eve", home)
	if _, err := w.FirstUser(w.ctx, eve, "boss"); err != nil { // the very name
		t.Fatal(err)
	}
	early := w.signIn("boss", "", eve)
	request, secret := w.initiate(device("eve's telly", home))
	if err := w.Approve(w.ctx, w.caller(early.Token, home), request.Code, finlatch.ID{}); err != nil {
		t.Fatal(err)
	}
	if err := w.SetUp(w.ctx, finlatch.Caller{Address: home}, "Attic", "boss", "boss-pw"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Authenticate(w.ctx, finlatch.Caller{}, early.Token); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("the early token: %v", err)
	}
	_, err := w.Redeem(w.ctx, eve, secret)
	w.wantKind(err, finlatch.NotFound)
	_, err = w.SignIn(w.ctx, eve, "boss", "")
	w.wantKind(err, finlatch.Unauthenticated)
	w.wantKind(w.SetFirstUser(w.ctx, eve, "eve", "eve-pw"), finlatch.Unauthenticated)
	users, err := w.Users(w.ctx, finlatch.Operator(), finlatch.UserFilter{})
	if err != nil || len(users) != 1 || users[0].Name != "boss" || users[0].ID == early.User.ID {
		t.Errorf("users %v, %v, want a new boss alone", users, err)
	}
}

// An administrator whom somebody has made in an app, with a password, does not stay beside the owner, who would not know.
func TestSetUpBesideAnother(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	eve := device("eve", home)
	if _, err := w.FirstUser(w.ctx, eve, "root"); err != nil {
		t.Fatal(err)
	}
	if err := w.SetFirstUser(w.ctx, eve, "eve", "eve-pw"); err != nil {
		t.Fatal(err)
	}
	err := w.SetUp(w.ctx, finlatch.Caller{Address: home}, "Attic", "boss", "boss-pw")
	w.wantKind(err, finlatch.Conflict)
	if w.settings().SetupComplete || !strings.Contains(err.Error(), "begun") {
		t.Errorf("set up %v, told %v", w.settings().SetupComplete, err)
	}
	if err := w.CompleteSetup(w.ctx, eve); err != nil { // the app may finish
		t.Error(err)
	}
}

// Of many at the same time one owns the server.
func TestSetUpRace(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	errs := make([]error, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() {
			if i%4 == 3 {
				_, _ = w.FirstUser(w.ctx, device(name, home), "boss")
			}
			errs[i] = w.SetUp(w.ctx, finlatch.Caller{Address: home}, "Server of "+name, name, name+"-pw")
		})
	}
	all.Wait()
	var owner string
	for i, err := range errs {
		if err == nil {
			if owner != "" {
				t.Errorf("%s and %s own it", owner, names[i])
			}
			owner = names[i]
		} else {
			w.wantKind(err, finlatch.Conflict)
		}
	}
	users, err := w.Users(w.ctx, finlatch.Operator(), finlatch.UserFilter{})
	if err != nil || len(users) != 1 || users[0].Name != owner || w.settings().ServerName != "Server of "+owner {
		t.Errorf("users %v of %q, %v, want %s alone", users, w.settings().ServerName, err, owner)
	}
}
