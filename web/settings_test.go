package web_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/finlatch/finlatch"
)

// settings are those of the server, but its id.
func (w *world) settings() finlatch.Settings {
	w.Helper()
	settings, err := w.Settings(w.ctx)
	if err != nil {
		w.Fatal(err)
	}
	return *settings
}

func (w *world) wantSettings(what string, want finlatch.Settings) {
	w.Helper()
	if diff := cmp.Diff(want, w.settings(), cmpopts.EquateComparable(netip.Prefix{}), cmpopts.EquateEmpty()); diff != "" {
		w.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func prefixes(texts ...string) (networks []netip.Prefix) {
	for _, text := range texts {
		networks = append(networks, netip.MustParsePrefix(text))
	}
	return networks
}

// What nobody touches stays as it is, whatever its form.
func TestSavingSettingsUnchanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(func(s *finlatch.Settings) {
		s.ServerName, s.QuickConnect, s.LegacyAuthorization, s.RemoteAccess, s.ClientLogs = `<b>"Attic" & {{.}}`, false, true, false, false
		s.KnownProxies, s.LocalNetworks, s.ActivityDays = prefixes("10.0.0.1/32", "fd00::/16"), prefixes("192.168.0.0/16", "0.0.0.0/0"), 7
		s.Branding = finlatch.Branding{LoginDisclaimer: "\n\nNo\r\nentry </textarea><script>alert(1)</script>", CustomCSS: "\n  a > b::before { content: \"\\201C&amp;\"; }\n\n", SplashScreen: true}
		s.CorsHosts, s.Rest, s.Named, s.UICulture = []string{"https://a.example"}, []byte(`{"a":1}`), map[string][]byte{"network": []byte(`{"b":2}`)}, "de"
	})
	want := w.settings()
	want.Branding.LoginDisclaimer = "\n\nNo\nentry </textarea><script>alert(1)</script>" // as forms write lines
	p := w.signedIn("admin").open("admin/settings")
	if p.h1() != "Settings" {
		t.Fatalf("%d %q", p.status, p.h1())
	}
	p = p.press("Save")
	if p.at.Path != "/finlatch/admin/settings" || p.alert() != "" || p.notice() != "The settings are saved." {
		t.Errorf("%s %q %q", p.at, p.alert(), p.notice())
	}
	w.wantSettings("unchanged", want)
	_, entries := w.logged(finlatch.ActivityFilter{Type: finlatch.ActivityConfigurationUpdated})
	if len(entries) != 2 || entries[0].Name != "The settings have been changed" || entries[0].ByName != "admin" {
		t.Errorf("the log has %+v", entries)
	}
}

func TestSavingSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	want := w.settings()
	want.ServerName, want.ActivityDays, want.QuickConnect, want.LegacyAuthorization = "Cellar", 0, false, false
	want.ClientLogs, want.Branding.SplashScreen = false, true
	want.KnownProxies, want.LocalNetworks = prefixes("10.0.0.1/32", "10.9.0.0/16", "fd00::1/128"), prefixes("192.168.1.0/24")
	want.Branding.LoginDisclaimer, want.Branding.CustomCSS = "No\nentry", strings.Repeat("a{}\n", 4<<10)
	p := b.open("admin/settings").press("Save", "server", " Cellar ", "days", " 0 ", "quick-connect", "-", "legacy", "-", "client-logs", "-", "splash", "on",
		"proxies", "10.0.0.1\r\n\r\n 10.9.7.5/16 \r\nFD00::1", "local", "192.168.1.20/24", "notice", "No\r\nentry", "css", want.Branding.CustomCSS)
	if p.alert() != "" {
		t.Errorf("%q", p.alert())
	}
	w.wantSettings("changed", want)
	fields := p.formOf("Save").fields
	if fields.Get("proxies") != "10.0.0.1\r\n10.9.0.0/16\r\nfd00::1\r\n" || fields.Get("local") != "192.168.1.0/24\r\n" || fields["quick-connect"] != nil || fields.Get("splash") != "on" {
		t.Errorf("shown: %q", fields)
	}
	if sentences, _ := w.logged(finlatch.ActivityFilter{Type: finlatch.ActivityConfigurationUpdated}); len(sentences) != 1 || !strings.HasSuffix(sentences[0], "; Quick Connect is off; tokens of old kinds are off") {
		t.Errorf("the log has %q", sentences)
	}
	p.press("Save", "server", "", "quick-connect", "on", "legacy", "on", "client-logs", "on", "splash", "-", "proxies", "", "local", "", "notice", "", "css", "", "days", "36500")
	want.ServerName, want.QuickConnect, want.LegacyAuthorization, want.ClientLogs, want.ActivityDays = "", true, true, true, 36_500
	want.KnownProxies, want.LocalNetworks, want.Branding = nil, nil, finlatch.Branding{}
	w.wantSettings("back", want)
}

func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	want := w.settings()
	for _, c := range []struct{ field, value, alert string }{
		{"proxies", "10.0.0.1\n\n proxy.example \n10.0.0.2", "Trusted proxies, line 3: “proxy.example” is neither an address nor a network"},
		{"proxies", "10.0.0.0/8\n0.0.0.0/0", "Trusted proxies, line 2: “0.0.0.0/0” is too wide."},
		{"proxies", "::/7", "Trusted proxies, line 1: “::/7” is too wide."},
		{"local", "!10.0.0.1", "Local networks, line 1: “!10.0.0.1” is neither"},
		{"local", "10.0.0.0/8\n<b>" + strings.Repeat("x", 1000), "Local networks, line 2: “<b>" + strings.Repeat("x", 61) + "” is neither"},
		{"local", "192.168.0.0/16" + strings.Repeat("\n10.0.0.1", 256), "Local networks: 256 at most."},
		{"days", "-1", "Days that the activity log is kept: a number from 0 to 36500."},
		{"days", "36501", "Days that the activity log is kept"},
		{"days", "", "Days that the activity log is kept"},
		{"days", "1e3", "Days that the activity log is kept"},
		{"css", strings.Repeat("a", 16<<10+1), "Custom CSS: 16 KiB at most on this page, and this is 17 KiB."},
		{"css", strings.Repeat("\n", 100<<10), "Custom CSS: 16 KiB at most on this page, and this is 101 KiB."},
		{"notice", strings.Repeat("é", 2<<10+1), "Sign-in notice: 4 KiB at most on this page, and this is 5 KiB."},
	} {
		p := b.open("admin/settings").submit("Save", "server", "Cellar", "quick-connect", "-", c.field, c.value)
		if p.status != 400 || p.h1() != "Settings" || !strings.HasPrefix(p.alert(), c.alert) {
			t.Errorf("%s: %d %q %q, want %q", c.field, p.status, p.h1(), p.alert(), c.alert)
		}
		w.wantSettings(c.alert, want)
		if fields := p.formOf("Save").fields; fields.Get("server") != "Cellar" || fields["quick-connect"] != nil || strings.ReplaceAll(fields.Get(c.field), "\r\n", "\n") != c.value {
			t.Errorf("%s: what was typed is lost: %.200q", c.field, fields)
		}
	}
	p := b.open("admin/settings").submit("Save", "css", strings.Repeat("a", 600<<10))
	if p.status != 400 || p.alert() != "That is too large." {
		t.Errorf("far too large: %d %q", p.status, p.alert())
	}
	w.wantSettings("far too large", want)
}

// What an app has set may be longer than the page takes. It stays, whatever is saved.
func TestLongSettingsStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(func(s *finlatch.Settings) {
		s.Branding = finlatch.Branding{CustomCSS: strings.Repeat("c", 200<<10), LoginDisclaimer: strings.Repeat("d", 60<<10)}
	})
	want := w.settings()
	want.ServerName = "Cellar"
	p := w.signedIn("admin").open("admin/settings")
	if len(p.body) > 50<<10 || strings.Count(p.text(), "too long for this page, and stays") != 2 {
		t.Errorf("%d bytes: %.2000q", len(p.body), p.text())
	}
	f := p.formOf("Save")
	f.fields.Set("server", "Cellar")
	f.fields.Set("css", "short")
	f.fields.Set("notice", "short")
	if p := p.browser.submit(f); p.status != 303 {
		t.Errorf("%d %q", p.status, p.alert())
	}
	w.wantSettings("saved", want)
}

// Of two administrators who have the page open, the second is told of the first.
func TestSettingsOfTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.signedIn("admin"), w.signedIn("admin")
	p, q := one.open("admin/settings"), two.open("admin/settings")
	p.press("Save", "server", "Cellar")
	q = q.submit("Save", "quick-connect", "-", "server", "Attic")
	if q.status != 409 || !strings.HasPrefix(q.alert(), "The settings have been changed since you opened this page.") || w.settings().ServerName != "Cellar" || !w.settings().QuickConnect {
		t.Errorf("%d %q %+v", q.status, q.alert(), w.settings())
	}
	if q = q.press("Save"); q.notice() != "The settings are saved." || w.settings().ServerName != "Attic" || w.settings().QuickConnect {
		t.Errorf("%d %q %+v", q.status, q.alert(), w.settings())
	}
	if p := one.post("admin/settings", "server", "Barn"); p.status != 409 || w.settings().ServerName != "Attic" {
		t.Errorf("a form of little: %d %q", p.status, p.alert())
	}
}

func TestNobodyLocksThemselvesOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		from, local string
		remote      string
		locked      bool
	}{
		{away, "", "-", true},
		{away, "198.51.100.0/24", "-", true},
		{away, "203.0.113.0/24", "-", false},
		{away, "198.51.100.0/24", "on", false},
		{home, "198.51.100.0/24", "-", true},
		{home, "", "-", false},
		{"127.0.0.1", "198.51.100.0/24", "-", false},
	} {
		w.set(func(s *finlatch.Settings) { s.RemoteAccess, s.LocalNetworks = true, nil })
		w.clock.Move(time.Hour)
		b := w.browser().from(c.from)
		b.signIn("admin")
		p := b.open("admin/settings").press("Save", "remote", c.remote, "local", c.local)
		if locked := strings.HasPrefix(p.alert(), "With these settings you could not come back"); locked != c.locked || !locked && p.notice() == "" {
			t.Errorf("%+v: %d %q %q", c, p.status, p.alert(), p.notice())
		}
		if remote := w.settings().RemoteAccess; remote != (c.locked || c.remote == "on") {
			t.Errorf("%+v: remote access is %v", c, remote)
		}
	}
}
