package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

// rows are the texts of a page's table, a row each.
func (p *page) rows() (rows []string) {
	for _, body := range p.document.all("tbody") {
		for _, row := range body.all("tr") {
			rows = append(rows, row.text())
		}
	}
	return rows
}

func TestUsersAreFoundByPartOfTheirName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("Jörg", "")
	w.policy("ben", func(p *finlatch.Policy) { p.IsDisabled = true })
	b := w.signedIn("admin")
	p := b.get("admin/users")
	got := strings.Join(p.rows(), "|")
	if want := "admin Administrator just now|ann never|ben Disabled never|Jörg No password never"; p.h1() != "Users" || got != want {
		t.Errorf("%s: got %q, want %q", p.h1(), got, want)
	}
	for search, want := range map[string]string{"JÖ": "Jörg", " nn ": "ann", "n": "admin ann ben", "nobody": "", "%": "", "<b>": "", "\x00": ""} {
		p := b.get("admin/users").press("Search", "q", search)
		var names []string
		for _, row := range p.rows() {
			names = append(names, strings.Fields(row)[0])
		}
		if got := strings.Join(names, " "); p.status != http.StatusOK || got != want {
			t.Errorf("%q: %d, got %q, want %q", search, p.status, got, want)
		}
		if want == "" && search != "\x00" && !strings.Contains(p.text(), search) {
			t.Errorf("%q: the page does not say what was searched", search)
		}
	}
}

func TestCreatingUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	p := b.get("admin/users").press("Create the user", "username", " carol ", "password", "carol-pw")
	if p.h1() != "carol" || p.notice() == "" || p.status != http.StatusOK {
		t.Fatalf("%d %q %q", p.status, p.h1(), p.notice())
	}
	w.signedIn("carol")
	if p := b.get("admin/users").press("Create the user", "username", "dora", "password", "dora-pw", "administrator", "yes"); p.h1() != "dora" {
		t.Errorf("an administrator: %q %q", p.h1(), p.alert())
	}
	if p := w.signedIn("dora").get("admin/users"); p.h1() != "Users" {
		t.Errorf("who is one sees %q", p.h1())
	}
	if p := w.signedIn("carol").get("admin/users"); p.status != http.StatusForbidden {
		t.Errorf("who is none gets %d", p.status)
	}
	for name, fields := range map[string][]string{
		"a name that is taken":              {"username", "ANN", "password", "pw"},
		"no name":                           {"username", "", "password", "pw"},
		"a bad name":                        {"username", "a/b", "password", "pw"},
		"an administrator without password": {"username", "eve", "password", "", "administrator", "yes"},
		"an administrator's blank password": {"username", "eve", "password", "  ", "administrator", "yes"},
		"a password too long":               {"username", "eve", "password", strings.Repeat("p", 9000)},
	} {
		p := b.get("admin/users").submit("Create the user", fields...)
		again := p.formOf("Create the user")
		if p.status != http.StatusBadRequest || p.alert() == "" || p.h1() != "Users" {
			t.Errorf("%s: %d %q %q", name, p.status, p.h1(), p.alert())
		}
		if got := again.fields.Get("username"); got != fields[1] || again.fields.Get("password") != "" {
			t.Errorf("%s: the form shows %q again, and the password %q", name, got, again.fields.Get("password"))
		}
		if again.fields.Has("administrator") && again.fields.Get("administrator") == "" && len(fields) > 4 {
			t.Errorf("%s: the tick is gone", name)
		}
	}
	if users, err := w.Users(w.ctx, finlatch.Operator(), finlatch.UserFilter{}); err != nil || len(users) != 5 {
		t.Errorf("there are %d users, want 5 (%v)", len(users), err)
	}
}

func TestManyUsersAndDevicesStaySmallPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.service.SignInThrottleOff = true })
	jellyfinWeb := strings.Repeat("TW96aWxsYS81LjAgKFgxMTsgTGludXgg", 8)
	var devices []string
	for i := range 130 {
		w.user(fmt.Sprintf("member of the family %03d", i), "pw")
		in, err := w.SignIn(w.ctx, finlatch.Caller{ClientInfo: finlatch.NewClientInfo("Jellyfin for Android TV", "0.18.4",
			"Television in the living room", fmt.Sprint(jellyfinWeb, i)), Address: app("").Address}, "ann", "ann-pw")
		if err != nil {
			t.Fatal(err)
		}
		devices = append(devices, in.Device.DeviceID)
	}
	w.policy("ann", func(p *finlatch.Policy) {
		p.EnableAllDevices, p.EnabledDevices = false, devices
		for range 40 {
			p.AccessSchedules = append(p.AccessSchedules, finlatch.AccessSchedule{DayOfWeek: "Everyday", StartHour: 8.25, EndHour: 20.75})
		}
	})
	b := w.signedIn("admin")
	for path, rows := range map[string]int{"admin/users": 100, "admin/users/" + w.id("ann").String(): 50, "admin/devices": 75} {
		p := b.get(path)
		if len(p.rows()) != rows || !strings.Contains(p.text(), "There are more") || len(p.body) >= 50<<10 {
			t.Errorf("%s: %d rows, %d bytes", path, len(p.rows()), len(p.body))
		}
	}
	// what the form does not show stays
	p := b.get("admin/users/"+w.id("ann").String()).press("Save the policy", "hidden", "-")
	user := w.person("ann")
	if p.alert() != "" || user.Policy.IsHidden || len(user.Policy.AccessSchedules) != 40 || len(user.Policy.EnabledDevices) != 130 {
		t.Errorf("%q: hidden %v, %d schedules, %d devices", p.alert(), user.Policy.IsHidden, len(user.Policy.AccessSchedules), len(user.Policy.EnabledDevices))
	}
}

// person is a user's record.
func (w *world) person(name string) finlatch.User {
	w.Helper()
	user, err := w.UserByID(w.ctx, finlatch.Operator(), w.id(name))
	if err != nil {
		w.Fatal(err)
	}
	return user
}
