package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

func TestANameOfOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	if p := b.open("account").press("Rename", "name", " Anna "); p.notice() != "This is your name now." || w.person("ann").Name != "Anna" || b.get("devices").status != 200 {
		t.Fatalf("%d %q %q: %q", p.status, p.notice(), p.alert(), w.person("ann").Name)
	}
	for typed, alert := range map[string]string{"BEN": "taken", "<b>": "A user name has", " ": "A user name has"} {
		p := b.open("account").submit("Rename", "name", typed)
		if p.status != http.StatusBadRequest || !strings.Contains(p.alert(), alert) || p.formOf("Rename").fields.Get("name") != typed || w.person("ann").Name != "Anna" {
			t.Errorf("%q: %d %q", typed, p.status, p.alert())
		}
	}
	page := b.open("account")
	w.policy("ann", func(p *finlatch.Policy) { p.EnableUserPreferenceAccess = false })
	if p := page.submit("Rename", "name", "Annie"); p.status != http.StatusForbidden || w.person("ann").Name != "Anna" {
		t.Errorf("forbidden by the policy: %d %q", p.status, w.person("ann").Name)
	}
	if p := b.open("account"); p.has("Rename") {
		t.Error("a name that may not be changed has a form")
	}
	if admin := w.signedIn("admin").open("account").press("Rename", "name", "root"); w.person("admin").Name != "root" {
		t.Errorf("an administrator: %d %q", admin.status, admin.alert())
	}
}

func TestAWrongCurrentPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.signedIn("ann").open("account").submit("Change the password", "current", "wrong", "new", "n", "again", "n")
	if p.status != http.StatusForbidden || p.alert() != "Your current password is not right." {
		t.Errorf("%d %q", p.status, p.alert())
	}
}

// What is new stays marked while somebody looks again, and until the next visit.
func TestNewStaysForTheVisit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, other := w.signedIn("ann"), w.signedIn("ann")
	isNew := func(p *page) bool { return strings.Contains(p.text(), "Telly New") }
	b.open("devices")
	w.clock.Move(time.Second)
	w.appSignIn("ann", "ann-pw", "tablet")
	if !isNew(b.open("devices")) {
		t.Error("what signs in after the very first look is not new")
	}
	b.jar.expire(b.address(""), "finlatch-visit")
	w.clock.Move(time.Hour)
	w.appSignIn("ann", "ann-pw", "telly")
	w.clock.Move(time.Hour)
	for _, how := range []string{"first", "again", "once more"} {
		if !isNew(b.open("devices")) {
			t.Errorf("%s: the telly is not new", how)
		}
		w.clock.Move(time.Minute)
	}
	if isNew(other.open("devices")) {
		t.Error("the telly is new elsewhere, where somebody looks after that")
	}
	b.jar.expire(b.address(""), "finlatch-visit")
	if isNew(b.open("devices")) {
		t.Error("the telly is new at the next visit")
	}
	// another user of the browser has other visits
	w.appSignIn("ben", "ben-pw", "telly")
	b.open("link").press("Sign out")
	b.signIn("ben")
	if isNew(b.open("devices")) {
		t.Error("ben, who never looked, has something new")
	}
}
