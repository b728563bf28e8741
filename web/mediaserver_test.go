package web_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/web"
)

// mediaServer is one behind, in memory, with admin and ann, whose passwords are their names and -pw.
type mediaServer struct {
	finlatch.Upstream // what nobody here asks
	off, away         atomic.Bool
	tokens            []web.OldToken
	issued            atomic.Int64
}

var mediaServersUsers = map[string]finlatch.ID{"admin": {1}, "ann": {2}}

func (m *mediaServer) user(name string) finlatch.User {
	policy := finlatch.NewPolicy()
	policy.IsAdministrator = name == "admin"
	return finlatch.User{ID: mediaServersUsers[name], Name: name, Policy: policy, Configuration: finlatch.NewConfiguration()}
}

func (m *mediaServer) SignIn(_ context.Context, c finlatch.Caller, name, password string) (finlatch.Granted, error) {
	if _, known := mediaServersUsers[name]; !known || password != name+"-pw" {
		return finlatch.Granted{}, finlatch.ErrUnauthenticated
	}
	return finlatch.Granted{User: m.user(name), Device: c.ClientInfo, Token: finlatch.TokenFrom(fmt.Sprintf("%032x", m.issued.Add(1)))}, nil
}

func (m *mediaServer) QuickConnect(context.Context) (bool, error) { return !m.off.Load(), nil }

func (m *mediaServer) Version(context.Context) (string, error) {
	if m.away.Load() {
		return "", errors.New("away")
	}
	return "12.0.0", nil
}

func (m *mediaServer) OldTokens() []web.OldToken { return m.tokens }

// newFront is a world in front of a media server, where admin and ann have signed in.
func newFront(t testing.TB) (*world, *mediaServer) {
	t.Helper()
	m := new(mediaServer)
	w := freshWorld(t, func(o *options) { o.service.Upstream, o.web.MediaServer = m, m })
	for name, id := range mediaServersUsers {
		w.ids[name] = id
	}
	w.appSignIn("ann", "ann-pw", "tv")
	return w, m
}

// What the media server keeps is neither offered nor taken; the rest is.
func TestUsersBehind(t *testing.T) {
	t.Parallel()
	w, _ := newFront(t)
	admin := w.signedIn("admin")
	ann := "admin/users/" + w.id("ann").String()
	for path, p := range map[string]struct {
		says              string
		offers, offersNot []string
	}{
		"admin/users": {"Users are the media server's; manage them there", nil, []string{"Create the user"}},
		ann: {"Users are the media server's; manage them there", []string{"Unlock", "Sign out everywhere", "Sign out Telly"},
			[]string{"Disable", "Enable", "Rename", "Set the password", "Remove the password", "Save the policy", "Delete the user"}},
		"account":    {"are the media server's", nil, []string{"Use this picture", "Remove the picture", "Change the password", "Rename"}},
		"admin/keys": {"Keys for programs that use the media server are the media server's", []string{"Create the key"}, nil},
	} {
		page := admin.open(path)
		if page.status != 200 || !strings.Contains(page.text(), p.says) {
			t.Errorf("%s does not say %q: %d %s", path, p.says, page.status, page.text())
		}
		for _, button := range p.offers {
			if !page.has(button) {
				t.Errorf("%s does not offer %q", path, button)
			}
		}
		for _, button := range p.offersNot {
			if page.has(button) {
				t.Errorf("%s offers %q", path, button)
			}
		}
	}
	for path, fields := range map[string][]string{
		"admin/users": {"username", "new", "password", "x"}, ann + "/rename": {"username", "new"}, ann + "/disable": nil, ann + "/enable": nil,
		ann + "/password": {"password", "x"}, ann + "/password/remove": nil, ann + "/policy": {"version", "x"}, ann + "/delete": {"confirm", "ann"},
		"account/password": {"current", "admin-pw", "new", "x", "again", "x"}, "account/picture": nil, "account/picture/remove": nil, "account/name": {"name", "new"},
	} {
		if p := admin.post(path, fields...); p.status != 403 || !strings.Contains(p.text(), "Users are the media server's") {
			t.Errorf("%s: %d %q", path, p.status, p.alert())
		}
	}
	if user, err := w.UserByID(w.ctx, finlatch.Operator(), w.id("ann")); err != nil || user.Name != "ann" {
		t.Errorf("ann is %q now, %v", user.Name, err)
	}
	if p := admin.open(ann).press("Unlock"); p.notice() == "" {
		t.Errorf("unlock: %d %q", p.status, p.alert())
	}
	if p := admin.open(ann).press("Sign out Telly"); p.notice() == "" || len(w.devices("ann")) != 0 {
		t.Errorf("sign out: %d %q, %d devices", p.status, p.alert(), len(w.devices("ann")))
	}
}

// What the media server shows to apps is not among the settings, and stays when the others are saved.
func TestSettingsBehind(t *testing.T) {
	t.Parallel()
	w, m := newFront(t)
	w.set(func(s *finlatch.Settings) {
		s.ClientLogs, s.Branding = true, finlatch.Branding{CustomCSS: "a{}", SplashScreen: true, LoginDisclaimer: "hello"}
	})
	want := w.settings()
	want.ActivityDays = 5
	p := w.signedIn("admin").open("admin/settings")
	for _, text := range []string{"Custom CSS", "Splash screen", "Logs of apps", "It is switched off in the media server"} {
		if strings.Contains(p.text(), text) {
			t.Errorf("the page has %q", text)
		}
	}
	if p := p.press("Save", "days", "5"); p.notice() == "" {
		t.Errorf("save: %d %q", p.status, p.alert())
	}
	w.wantSettings("saved", want)

	m.off.Store(true)
	if err := w.RecheckQuickConnect(w.ctx); err != nil {
		t.Fatal(err)
	}
	if p := w.signedIn("admin").open("admin/settings"); !strings.Contains(p.text(), "It is switched off in the media server") {
		t.Error("the page does not say that Quick Connect is off there")
	}
}

func TestQuickConnectOffBehind(t *testing.T) {
	t.Parallel()
	w, m := newFront(t)
	ann := w.signedIn("ann")
	code, secret := w.asks(app("tv2"))
	asked := ann.open("link?code=" + code)
	m.off.Store(true)
	if err := w.RecheckQuickConnect(w.ctx); err != nil {
		t.Fatal(err)
	}
	for what, p := range map[string]*page{"code": ann.open("link?code=" + code), "approve": asked.press("Approve"), "no code": ann.open("link")} {
		if !strings.Contains(p.text(), "switched off in the media server") || !strings.Contains(p.text(), "Dashboard") {
			t.Errorf("%s: %d %q", what, p.status, p.text())
		}
	}
	if w.state(secret).State != finlatch.QuickConnectPending {
		t.Error("approved while it is off")
	}
	m.off.Store(false)
	w.set(func(s *finlatch.Settings) { s.QuickConnect = false })
	if p := ann.open("link"); !strings.Contains(p.text(), "under Administration, Settings") {
		t.Errorf("our own switch: %q", p.text())
	}
}

func TestOverviewBehind(t *testing.T) {
	t.Parallel()
	w, m := newFront(t)
	m.tokens = []web.OldToken{{Kind: "x-emby-token", App: "<b>Old & grey", Accepted: 7, Refused: 3, Last: w.clock.Now().Add(-2 * time.Minute)}, {Kind: "api_key", Refused: 2}}
	admin := w.signedIn("admin")
	p := admin.open("admin")
	if !strings.Contains(p.text(), "The media server answers: it is Jellyfin 12.0.0.") || strings.Contains(p.text(), "Quick Connect is switched off") {
		t.Errorf("the overview says %q", p.text())
	}
	old := p.section("Old tokens")
	for _, want := range []string{"Jellyfin 12 refuses", "x-emby-token", "<b>Old & grey", "7", "3", "2 minutes ago", "api_key", "unknown"} {
		if old == nil || !strings.Contains(old.text(), want) {
			t.Errorf("old tokens: no %q", want)
		}
	}
	m.tokens = nil
	m.away.Store(true)
	m.off.Store(true)
	if err := w.RecheckQuickConnect(w.ctx); err != nil {
		t.Fatal(err)
	}
	p = admin.open("admin")
	for _, want := range []string{"The media server does not answer.", "Nobody has sent one", "Quick Connect is switched off in the media server"} {
		if p.status != 200 || !strings.Contains(p.text(), want) {
			t.Errorf("%d: no %q", p.status, want)
		}
	}
}

// Where the users are here nothing is said of a media server.
func TestNothingBehind(t *testing.T) {
	t.Parallel()
	admin := newWorld(t).signedIn("admin")
	for _, path := range []string{"admin", "admin/users", "admin/keys", "admin/settings", "account", "link"} {
		if p := admin.open(path); strings.Contains(p.text(), "media server") || strings.Contains(p.text(), "Old tokens") {
			t.Errorf("%s: %s", path, cmp.Or(p.alert(), p.text()))
		}
	}
}
