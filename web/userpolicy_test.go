package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
)

func TestSavingAPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rating := 7
	w.policy("ann", func(p *finlatch.Policy) { // none of which the form has
		p.MaxParentalRating, p.BlockedTags, p.EnabledFolders, p.EnableAllFolders = &rating, []string{"horror"}, []finlatch.ID{{5}}, false
		p.SyncPlayAccess, p.RemoteClientBitrateLimit, p.EnableContentDeletion = "None", 7_000_000, true
		p.BlockedMediaFolders, p.BlockedChannels = []finlatch.ID{{6}}, []finlatch.ID{{7}}
	})
	w.appSignIn("ann", "ann-pw", "telly")
	w.clock.Move(time.Minute)
	w.appSignIn("ann", "ann-pw", "tablet")
	before, b := w.person("ann").Policy, w.signedIn("admin")
	p := b.userPage("ann").press("Save the policy")
	if diff := cmp.Diff(before, w.person("ann").Policy); diff != "" || p.notice() != "The policy is saved." {
		t.Fatalf("saved as it was: %q (-want +got):\n%s", p.alert(), diff)
	}
	tablet := ""
	for _, n := range p.document.all("input") {
		if n.attrs["name"] == "device" && tablet == "" { // the last used first
			tablet = n.attrs["value"]
		}
	}
	p = b.userPage("ann").press("Save the policy", "hidden", "-", "remote", "-", "preferences", "-", "control", "yes", "sessions", "3", "attempts", "5",
		"all-devices", "-", "device", tablet, "day", "Weekday", "from", "6.5", "to", "21")
	want := before
	want.IsHidden, want.EnableRemoteAccess, want.EnableUserPreferenceAccess, want.EnableRemoteControlOfOtherUsers = false, false, false, true
	want.MaxActiveSessions, want.LoginAttemptsBeforeLockout, want.EnableAllDevices, want.EnabledDevices = 3, 5, false, []string{"tablet"}
	want.AccessSchedules = []finlatch.AccessSchedule{{ID: 1, DayOfWeek: "Weekday", StartHour: 6.5, EndHour: 21}}
	if diff := cmp.Diff(want, w.person("ann").Policy); diff != "" || p.alert() != "" {
		t.Errorf("%q (-want +got):\n%s", p.alert(), diff)
	}
	// the form shows what was saved, and rows for more; a row that loses its day goes
	form := b.userPage("ann").formOf("Save the policy")
	if diff := cmp.Diff([]string{"Weekday", "-", "-", "-"}, form.fields["day"]); diff != "" {
		t.Error(diff)
	}
	form.fields["day"], form.fields["from"], form.fields["to"] = []string{"", "Sunday", "Everyday", "-"}, []string{"6:30", "8", "0:10", ""}, []string{"21:00", "9:20", "24:00", ""}
	_ = b.submit(form)
	got := w.person("ann").Policy
	ninth, tenth := 9+20.0/60, 10.0/60
	if diff := cmp.Diff([]finlatch.AccessSchedule{{ID: 1, DayOfWeek: "Sunday", StartHour: 8, EndHour: ninth}, {ID: 2, DayOfWeek: "Everyday", StartHour: tenth, EndHour: 24}}, got.AccessSchedules); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"tablet"}, got.EnabledDevices); diff != "" {
		t.Error(diff)
	}
	_ = b.userPage("ann").press("Save the policy", "administrator", "yes", "device", "-")
	if got := w.person("ann").Policy; !got.IsAdministrator || len(got.EnabledDevices) != 0 {
		t.Errorf("administrator %v, devices %q", got.IsAdministrator, got.EnabledDevices)
	}
}

func TestADeviceThatIsSignedOutStaysAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy("ann", func(p *finlatch.Policy) { p.EnableAllDevices, p.EnabledDevices = false, []string{"Gone", "TELLY"} })
	w.appSignIn("ann", "ann-pw", "telly")
	b := w.signedIn("admin")
	if p := b.userPage("ann").press("Save the policy", "control", "yes"); p.alert() != "" || !strings.Contains(p.text(), "Gone") {
		t.Errorf("%q", p.alert())
	}
	if diff := cmp.Diff([]string{"Gone", "TELLY"}, w.person("ann").Policy.EnabledDevices); diff != "" {
		t.Error(diff)
	}
}

func TestPoliciesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("bare", "")
	w.policy("ann", func(p *finlatch.Policy) { p.IsHidden = false })
	b := w.signedIn("admin")
	for name, test := range map[string]struct {
		who    string
		status int
		fields []string
		alert  string
	}{
		"no number":         {"ann", 400, []string{"sessions", "many"}, "devices at once"},
		"below nothing":     {"ann", 400, []string{"sessions", "-2"}, "devices at once"},
		"too large":         {"ann", 400, []string{"attempts", "99999999999999999999"}, "wrong passwords"},
		"below never":       {"ann", 400, []string{"attempts", "-2"}, "wrong passwords"},
		"no such day":       {"ann", 400, []string{"day", "Caturday", "from", "1", "to", "2"}, "Time 1 has no day"},
		"no day":            {"ann", 400, []string{"from", "1", "to", "2"}, "Time 1 has no day"},
		"no day, one hour":  {"ann", 400, []string{"from", "", "to", "2"}, "Time 1 has no day"},
		"over midnight":     {"ann", 400, []string{"day", "Sunday", "from", "22", "to", "2"}, "Time 1 ends before"},
		"no time at all":    {"ann", 400, []string{"day", "Sunday", "from", "8:00", "to", "8:00"}, "Time 1 ends before"},
		"seventy minutes":   {"ann", 400, []string{"day", "Sunday", "from", "8:70", "to", "12:00"}, "from 0:00 to 24:00"},
		"after midnight":    {"ann", 400, []string{"day", "Sunday", "from", "8:00", "to", "24:01"}, "from 0:00 to 24:00"},
		"half a time":       {"ann", 400, []string{"day", "Sunday", "from", "8:", "to", "12:00"}, "from 0:00 to 24:00"},
		"minus":             {"ann", 400, []string{"day", "Sunday", "from", "-1:30", "to", "12:00"}, "from 0:00 to 24:00"},
		"a day has 24":      {"ann", 400, []string{"day", "Sunday", "from", "22", "to", "25"}, "Time 1"},
		"no hour":           {"ann", 400, []string{"day", "Sunday", "from", "NaN", "to", "24"}, "Time 1"},
		"never":             {"ann", 400, []string{"day", "Sunday", "from", "-Inf", "to", "Inf"}, "Time 1"},
		"empty hours":       {"ann", 400, []string{"day", "Sunday", "from", "", "to", ""}, "Time 1"},
		"without password":  {"bare", 400, []string{"administrator", "yes"}, "needs a password"},
		"the last one":      {"admin", 403, []string{"administrator", "-"}, "at least one user"},
		"another time":      {"admin", 403, []string{"day", "Sunday", "from", "1", "to", "2"}, "shut yourself out"},
		"another hour":      {"admin", 403, []string{"day", "Tuesday", "from", "1", "to", "2"}, "shut yourself out"},
		"an unknown device": {"ann", 409, nil, "One of the devices"},
	} {
		before := w.person(test.who).Policy
		form := b.userPage(test.who).formOf("Save the policy")
		for i := 0; i+1 < len(test.fields); i += 2 {
			form.fields.Set(test.fields[i], test.fields[i+1])
			if test.fields[i+1] == "-" {
				form.fields.Del(test.fields[i])
			}
		}
		if test.status == http.StatusConflict {
			form.fields.Set("device", "x")
		}
		form.fields.Set("control", "yes")
		p := b.submit(form)
		if p.status != test.status || !strings.Contains(strings.ToLower(p.alert()), strings.ToLower(test.alert)) || p.h1() != test.who {
			t.Errorf("%s: %d %q, want %d %q", name, p.status, p.alert(), test.status, test.alert)
		}
		if diff := cmp.Diff(before, w.person(test.who).Policy); diff != "" {
			t.Errorf("%s has changed something (-want +got):\n%s", name, diff)
		}
		if again := p.formOf("Save the policy"); again.fields.Get("control") != "yes" || again.fields.Get("sessions") != form.fields.Get("sessions") ||
			again.fields.Get("from") != form.fields.Get("from") {
			t.Errorf("%s: what was typed is gone: %v", name, again.fields)
		}
	}
}

func TestAnAdministratorIsNotShutOutBySessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.appSignIn("admin", "admin-pw", "telly")
	w.clock.Move(time.Minute)
	b := w.signedIn("admin")
	p := b.userPage("admin").submit("Save the policy", "sessions", "1")
	if p.status != http.StatusForbidden || !strings.Contains(p.alert(), "shut yourself out") || len(w.devices("admin")) != 2 {
		t.Errorf("%d %q: %d devices", p.status, p.alert(), len(w.devices("admin")))
	}
	if p := b.userPage("admin").press("Save the policy", "sessions", "2"); p.notice() == "" {
		t.Errorf("with room: %q", p.alert())
	}
	b.from(away)
	if p := b.userPage("admin").submit("Save the policy", "remote", "-"); p.status != http.StatusForbidden {
		t.Errorf("from away: %d %q", p.status, p.alert())
	}
	b.from(home)
	if p := b.userPage("admin").press("Save the policy", "remote", "-"); p.notice() == "" {
		t.Errorf("from home: %q", p.alert())
	}
}

// A form that was opened before somebody else changed the policy overwrites nothing.
func TestAnOldPolicyFormSavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	old := b.userPage("ann")
	w.policy("ann", func(p *finlatch.Policy) { p.MaxActiveSessions = 2 })
	p := old.submit("Save the policy", "hidden", "-", "sessions", "9")
	if p.status != http.StatusConflict || p.alert() == "" || p.formOf("Save the policy").fields.Get("sessions") != "2" {
		t.Errorf("%d %q, and shows %v", p.status, p.alert(), p.formOf("Save the policy").fields)
	}
	if got := w.person("ann").Policy; !got.IsHidden || got.MaxActiveSessions != 2 {
		t.Errorf("hidden %v, sessions %d", got.IsHidden, got.MaxActiveSessions)
	}
	if p := p.press("Save the policy", "hidden", "-"); p.notice() == "" || w.person("ann").Policy.MaxActiveSessions != 2 || w.person("ann").Policy.IsHidden {
		t.Errorf("from the page that says so: %q", p.alert())
	}
	// What the form does not have may change meanwhile.
	old = b.userPage("ann")
	w.policy("ann", func(p *finlatch.Policy) { p.BlockedTags = []string{"horror"} })
	if p := old.press("Save the policy", "hidden", "yes"); p.notice() == "" || len(w.person("ann").Policy.BlockedTags) != 1 {
		t.Errorf("%q: tags %q", p.alert(), w.person("ann").Policy.BlockedTags)
	}
	if p := b.post("admin/users/" + w.id("ann").String() + "/policy"); p.status != http.StatusConflict || !w.person("ann").Policy.EnableRemoteAccess {
		t.Errorf("an empty form: %d %q", p.status, p.alert())
	}
}

// Times are shown as people write them, and one that nobody typed here stays what it is.
func TestTimesOfAPolicyStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy("ann", func(p *finlatch.Policy) {
		p.AccessSchedules = []finlatch.AccessSchedule{{ID: 1, DayOfWeek: "Everyday", StartHour: 8.5, EndHour: 24}, {ID: 2, DayOfWeek: "Monday", StartHour: 0.001, EndHour: 12 + 1.0/3}}
	})
	before, b := w.person("ann").Policy, w.signedIn("admin")
	p := b.userPage("ann")
	if !strings.Contains(p.text(), "where it is Tuesday, 12:0") && !strings.Contains(p.text(), w.clock.Now().Local().Format("Monday, 15:04 MST")) {
		t.Error("the server's clock is not shown")
	}
	f := p.formOf("Save the policy").fields
	if diff := cmp.Diff([]string{"8:30", "0.001", "", "", ""}, f["from"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"24:00", "12:20", "", "", ""}, f["to"]); diff != "" {
		t.Error(diff)
	}
	p.press("Save the policy")
	if diff := cmp.Diff(before, w.person("ann").Policy); diff != "" {
		t.Error(diff)
	}
}
