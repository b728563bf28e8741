package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// userPage is the page of a user.
func (b *browser) userPage(name string) *page {
	b.Helper()
	p := b.get("admin/users/" + b.id(name).String())
	if p.status != http.StatusOK {
		b.Fatalf("the page of %s: %d %q", name, p.status, p.alert())
	}
	return p
}

// facts are what a page says in its lists of facts.
func (p *page) facts() map[string]string {
	facts := map[string]string{}
	for _, list := range p.document.all("dl") {
		for i := 0; i+1 < len(list.children); i += 2 {
			facts[list.children[i].text()] = list.children[i+1].text()
		}
	}
	return facts
}

func TestAUserAtAGlance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bare := w.user("bare", "")
	w.appSignIn("ann", "ann-pw", "telly")
	w.clock.Move(3 * time.Hour)
	for range 2 {
		if _, err := w.SignIn(w.ctx, app("telly"), "ann", "wrong"); err == nil {
			t.Fatal("a wrong password is right")
		}
	}
	b := w.signedIn("admin")
	facts := b.userPage("ann").facts()
	for name, want := range map[string]string{"State": "Enabled", "Last sign-in": "3 hours ago", "Last activity": "3 hours ago", "Password": "yes",
		"Failed sign-ins": "2 since the last right password"} {
		if facts[name] != want {
			t.Errorf("%s: got %q, want %q", name, facts[name], want)
		}
	}
	if facts := b.userPage("bare").facts(); facts["Password"] != "none" || facts["Last sign-in"] != "never" {
		t.Errorf("bare: %q", facts)
	}
	if p := b.userPage("bare"); p.has("Remove the password") {
		t.Error("a password that is not there can be removed")
	}
	if facts := b.userPage("admin").facts(); facts["State"] != "Enabled Administrator You" {
		t.Errorf("the administrator is %q", facts["State"])
	}
	if p := w.signedIn("ben").get("admin/users/" + bare.String()); p.status != http.StatusForbidden {
		t.Errorf("a user sees another: %d", p.status)
	}
	for _, path := range []string{"admin/users/nobody", "admin/users/" + strings.Repeat("0", 32), "admin/users/" + strings.Repeat("1", 32), "admin/users/%00"} {
		if p := b.get(path); p.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, p.status)
		}
		for _, form := range []string{"/rename", "/unlock", "/policy", "/delete", "/sign-out", "/password"} {
			if p := b.post(path+form, "username", "x", "password", "x", "device", "x"); p.status != http.StatusNotFound {
				t.Errorf("%s%s: %d %q", path, form, p.status, p.alert())
			}
		}
	}
}

func TestRenamingAUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	p := b.userPage("ann").press("Rename", "username", " Anna ")
	if p.h1() != "Anna" || p.notice() == "" {
		t.Errorf("%q %q", p.h1(), p.alert())
	}
	for _, name := range []string{"BEN", "", "a<b>"} {
		p := b.userPage("ann").submit("Rename", "username", name)
		if p.status != http.StatusBadRequest || p.alert() == "" || p.h1() != "Anna" || p.formOf("Rename").fields.Get("username") != name {
			t.Errorf("%q: %d %q %q", name, p.status, p.h1(), p.alert())
		}
	}
}

func TestDisablingAUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, b := w.signedIn("ann"), w.signedIn("admin")
	p := b.userPage("ann").press("Disable")
	if !w.person("ann").Policy.IsDisabled || p.facts()["State"] != "Disabled" || p.has("Disable") {
		t.Errorf("it is %q", p.facts()["State"])
	}
	if p := ann.open("devices"); p.h1() != "Sign in" {
		t.Errorf("the very next page is %q", p.h1())
	}
	p = b.userPage("ann").press("Enable")
	if w.person("ann").Policy.IsDisabled || p.facts()["State"] != "Enabled" {
		t.Errorf("it is %q", p.facts()["State"])
	}
	p = b.userPage("admin").submit("Disable")
	if p.status != http.StatusForbidden || !strings.Contains(p.alert(), "Administrators cannot be disabled") || w.person("admin").Policy.IsDisabled {
		t.Errorf("oneself: %d %q", p.status, p.alert())
	}
}

func TestUnlockingAUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy("ann", func(p *finlatch.Policy) { p.LoginAttemptsBeforeLockout = 2 })
	for range 2 {
		_, _ = w.SignIn(w.ctx, app("telly"), "ann", "wrong")
	}
	b := w.signedIn("admin")
	if facts := b.userPage("ann").facts(); facts["State"] != "Disabled" {
		t.Fatalf("before: %q", facts)
	}
	if facts := b.userPage("ann").press("Unlock").facts(); facts["State"] != "Enabled" || !strings.HasPrefix(facts["Failed sign-ins"], "0 ") {
		t.Errorf("after: %q", facts)
	}
	w.appSignIn("ann", "ann-pw", "telly")
}

func TestPasswordsOfUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, b := w.signedIn("ann"), w.signedIn("admin")
	if p := b.userPage("ann").press("Set the password", "password", "another"); p.notice() == "" {
		t.Errorf("set: %q", p.alert())
	}
	if p := ann.open("devices"); p.h1() != "Sign in" {
		t.Errorf("the old session sees %q", p.h1())
	}
	w.appSignIn("ann", "another", "telly")
	if p := b.userPage("ann").submit("Set the password", "password", ""); p.status != http.StatusBadRequest || !w.has("ann") {
		t.Errorf("an empty one: %d %q", p.status, p.alert())
	}
	if p := b.userPage("ann").press("Remove the password"); p.facts()["Password"] != "none" || w.has("ann") || len(w.devices("ann")) != 0 {
		t.Errorf("removed: %q %q", p.facts()["Password"], p.alert())
	}
	w.user("chief", "chief-pw", func(p *finlatch.Policy) { p.IsAdministrator = true })
	if p := b.userPage("chief").submit("Remove the password"); p.status != http.StatusBadRequest || p.alert() == "" || !w.has("chief") {
		t.Errorf("an administrator's: %d %q", p.status, p.alert())
	}
	// The own one takes the current one.
	if p := b.userPage("admin"); p.has("Set the password") || p.has("Remove the password") {
		t.Error("the own page offers to set a password")
	}
	own := "admin/users/" + w.id("admin").String()
	for path, fields := range map[string][]string{own + "/password": {"password", "stolen"}, own + "/password/remove": nil} {
		if p := b.post(path, fields...); p.status != http.StatusForbidden || p.alert() == "" {
			t.Errorf("%s: %d %q", path, p.status, p.alert())
		}
	}
	w.appSignIn("admin", "admin-pw", "telly")
}

func (w *world) has(name string) bool {
	w.Helper()
	user := w.person(name)
	return user.HasPassword()
}

func TestDevicesOfAUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []string{"telly", `"><script>`, strings.Repeat("long", 100)} {
		w.appSignIn("ann", "ann-pw", id)
	}
	w.appSignIn("ben", "ben-pw", "telly")
	b := w.signedIn("admin")
	p := b.userPage("ann")
	if len(p.rows()) != 3 {
		t.Fatalf("there are %q", p.rows())
	}
	// all are called Telly: each button ends its own
	for left := 2; left >= 0; left-- {
		first := b.userPage("ann").formOf("Sign out Telly")
		if p := b.submit(first).follow(); p.notice() == "" || len(p.rows()) != left || len(w.devices("ann")) != left {
			t.Errorf("%d are left, want %d (%q)", len(w.devices("ann")), left, p.alert())
		}
		if p := b.submit(first); p.status != http.StatusNotFound || p.alert() == "" {
			t.Errorf("again: %d %q", p.status, p.alert())
		}
	}
	if len(w.devices("ben")) != 1 {
		t.Error("another's device has ended")
	}
	w.appSignIn("admin", "admin-pw", "telly")
	if p := b.userPage("admin").press("Sign out everywhere"); len(w.devices("admin")) != 1 || p.h1() != "admin" || p.notice() == "" {
		t.Errorf("%d devices, %q", len(w.devices("admin")), p.h1())
	}
	if p := b.userPage("admin"); p.has("Sign out Chrome on Linux") || !strings.Contains(strings.Join(p.rows(), ""), "This browser") {
		t.Errorf("the own session: %q", p.rows())
	}
	w.appSignIn("ann", "ann-pw", "telly")
	_ = b.userPage("ann").press("Sign out everywhere")
	if len(w.devices("ann")) != 0 || len(w.devices("ben")) != 1 {
		t.Errorf("ann has %d, ben %d", len(w.devices("ann")), len(w.devices("ben")))
	}
}

func TestDeletingAUserTakesItsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, b := w.signedIn("ann"), w.signedIn("admin")
	for _, typed := range []string{"", "Ann", "ben", "ann x"} {
		p := b.userPage("ann").submit("Delete the user", "confirm", typed)
		if p.status != http.StatusBadRequest || p.alert() == "" || p.h1() != "ann" {
			t.Errorf("%q: %d %q", typed, p.status, p.alert())
		}
	}
	if p := b.post("admin/users/" + w.id("ann").String() + "/delete"); p.status != http.StatusBadRequest {
		t.Errorf("without the field: %d", p.status)
	}
	if p := b.userPage("ann").press("Delete the user", "confirm", " ann "); p.h1() != "Users" || p.notice() == "" || len(p.rows()) != 2 {
		t.Errorf("%q %q %q", p.h1(), p.alert(), p.rows())
	}
	if p := ann.open("devices"); p.h1() != "Sign in" {
		t.Errorf("the deleted one sees %q", p.h1())
	}
	if p := b.userPage("admin").submit("Delete the user", "confirm", "admin"); p.status != http.StatusBadRequest || !strings.Contains(p.alert(), "last administrator") {
		t.Errorf("the last administrator: %d %q", p.status, p.alert())
	}
	w.policy("ben", func(p *finlatch.Policy) { p.IsAdministrator = true })
	if p := b.userPage("admin").press("Delete the user", "confirm", "admin"); p.h1() != "Sign in" || p.notice() != "The user is deleted." {
		t.Errorf("oneself: %q %q", p.h1(), p.alert())
	}
}

func TestAdministeringUsersTakesAFreshSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	old := b.userPage("ann")
	w.clock.Move(11 * time.Minute)
	for button, fields := range map[string][]string{"Disable": nil, "Rename": {"username", "eve"}, "Delete the user": {"confirm", "ann"},
		"Save the policy": {"administrator", "yes"}} {
		if p := old.press(button, fields...); p.h1() != "Confirm that it is you" {
			t.Errorf("%s: %q", button, p.h1())
		}
	}
	if user := w.person("ann"); user.Name != "ann" || user.Policy.IsDisabled || user.Policy.IsAdministrator {
		t.Errorf("it is %+v", user)
	}
	if p := old.press("Disable").press("Continue", "password", "admin-pw"); p.h1() != "ann" || w.person("ann").Policy.IsDisabled {
		t.Errorf("the password leads to %q", p.h1())
	}
}
