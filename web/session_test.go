package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	p := b.open("")
	if p.status != 200 || p.h1() != "Sign in" {
		t.Fatalf("%d %q", p.status, p.h1())
	}
	wrong := p.press("Sign in", "username", "ann", "password", "wrong")
	unknown := p.press("Sign in", "username", "nobody", "password", "wrong")
	if wrong.status != 401 || wrong.h1() != "Sign in" || wrong.alert() == "" || b.token() != "" {
		t.Errorf("wrong: %d %q %q", wrong.status, wrong.h1(), wrong.alert())
	}
	if unknown.status != wrong.status || unknown.alert() != wrong.alert() {
		t.Errorf("an unknown name is told %d %q, a wrong password %d %q", unknown.status, unknown.alert(), wrong.status, wrong.alert())
	}
	if blank := p.press("Sign in", "username", " ", "password", "x"); blank.status != 400 || blank.alert() == "" {
		t.Errorf("no name: %d %q", blank.status, blank.alert())
	}
	if kept := wrong.formOf("Sign in").fields.Get("username"); kept != "ann" || strings.Contains(wrong.body, "wrong") {
		t.Errorf("the page after a wrong password has the name %q", kept)
	}
	in := wrong.press("Sign in", "password", "ann-pw")
	if in.h1() != "Approve a device" || b.token() == "" {
		t.Fatalf("%d %q %q", in.status, in.h1(), in.alert())
	}
	devices := w.devices("ann")
	if len(devices) != 1 || devices[0].AppName != "finlatch pages" || devices[0].DeviceName != "Firefox on Linux" || devices[0].AppVersion != "1.0" ||
		!devices[0].Pages || devices[0].Address != netip.MustParseAddr(home) {
		t.Errorf("ann's devices are %+v", devices)
	}
	if again := b.open("sign-in"); again.h1() != "Approve a device" {
		t.Errorf("signing in while signed in shows %q", again.h1())
	}
	out := in.press("Sign out")
	if out.h1() != "Sign in" || out.notice() != "You are signed out." || b.token() != "" || len(w.devices("ann")) != 0 {
		t.Errorf("signed out: %d %q %q", out.status, out.h1(), out.notice())
	}
}

// Signing out twice, as two tabs do, or with a session that has ended, is no error and leads to a page.
func TestSignOutTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	tab := b.open("link")
	tab.press("Sign out")
	p := tab.press("Sign out")
	if p.status != 200 || p.h1() != "Sign in" {
		t.Fatalf("the second time: %d %q", p.status, p.h1())
	}
	if p = p.press("Sign in", "username", "ann", "password", "ann-pw"); p.status != 200 || p.h1() != "Approve a device" {
		t.Errorf("signing in after that leads to %d %q %q at %s", p.status, p.h1(), p.alert(), p.at)
	}
}

func TestTiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	show := func(p *finlatch.Policy) { p.IsHidden = false }
	w.user("bare", "", show)
	w.user("kim", "kim-pw", show)
	w.policy("ann", func(p *finlatch.Policy) { p.IsHidden = true })
	p := w.browser().open("")
	if !p.has("B bare") && !p.has("bare") {
		t.Errorf("no tile for bare: %s", p.text())
	}
	if strings.Contains(p.text(), "ann") {
		t.Error("ann is hidden, and shown")
	}
	tile := p.document.first(func(n *node) bool { return n.attrs["class"] == "tile" && strings.HasSuffix(n.text(), "kim") })
	if tile == nil || tile.name != "a" {
		t.Fatalf("kim's tile is %+v", tile)
	}
	p = p.click(tile.text())
	if name := p.formOf("Sign in").fields.Get("username"); name != "kim" {
		t.Errorf("kim's tile fills in %q", name)
	}
	one := w.browser()
	p = one.open("devices")
	button := p.document.first(func(n *node) bool { return n.name == "button" && n.attrs["class"] == "tile" })
	if p = p.press(button.text()); p.h1() != "My devices" || one.token() == "" {
		t.Errorf("one tap leads to %d %q %q", p.status, p.h1(), p.alert())
	}
	if p = w.browser().from(away).open(""); p.document.first(func(n *node) bool { return n.name == "button" && n.attrs["class"] == "tile" }) != nil {
		t.Error("somebody elsewhere is offered a sign-in without a password")
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for scheme, want := range map[string]string{"http": "finlatch=", "https": "__Host-finlatch="} {
		b := w.browser()
		b.site = scheme + "://door.example"
		answer := b.get("sign-in").submit("Sign in", "username", "ann", "password", "ann-pw")
		var found bool
		for _, line := range answer.answer.Values("Set-Cookie") {
			c, err := http.ParseSetCookie(line)
			if err != nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" || c.MaxAge <= 0 {
				t.Errorf("%s: %v %s", scheme, err, line)
			}
			if secure := scheme == "https"; c.Secure != secure || secure && c.Path != "/" || !secure && c.Path != "" {
				t.Errorf("%s: %s", scheme, line)
			}
			found = found || strings.HasPrefix(line, want) && c.Value == b.token()
		}
		if !found || b.token() == "" {
			t.Errorf("%s: no cookie %s in %q", scheme, want, answer.answer.Values("Set-Cookie"))
		}
		if to := b.jar.value(scheme+"://door.example/System/Info", "finlatch"); scheme == "http" && to != "" {
			t.Error("the cookie goes to the API")
		}
		if p := b.open("devices"); p.h1() != "My devices" {
			t.Errorf("%s: signed in, and sees %q", scheme, p.h1())
		}
		b.open("link").press("Sign out")
		if b.token() != "" {
			t.Errorf("%s: the cookie is still there", scheme)
		}
	}
	// a cookie of http is nobody on https, where anybody on the way could have written it
	b := w.signedIn("ann")
	token := b.token()
	b.site = "https://door.example"
	b.jar.plant(b.site+"/finlatch/", "finlatch", token)
	if p := b.open("devices"); p.h1() != "Sign in" {
		t.Errorf("on https a cookie without prefix shows %q", p.h1())
	}
}

// Signing in gives another token whatever was there before, and what was there is worth nothing after.
func TestSessionFixation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("cy", "cy-pw")
	mallory := w.signedIn("ben")
	planted := map[string]string{
		"invented":   strings.Repeat("ab", 16),
		"mallory's":  mallory.token(),
		"an app's":   w.appSignIn("ben", "ben-pw", "tv").Reveal(),
		"not a word": "<script>",
	}
	for name, token := range planted {
		b := w.browser()
		b.jar.plant(b.address("sign-in"), "finlatch", token)
		b.jar.plant(b.address("sign-in"), "finlatch-browser", mallory.jar.value(mallory.address(""), "finlatch-browser"))
		p := b.send(b.request("GET", "sign-in", nil))
		if name == "mallory's" {
			p = p.follow().press("Sign out").follow()
			b.jar.plant(b.address("sign-in"), "finlatch", token)
		}
		p.press("Sign in", "username", "ann", "password", "ann-pw")
		if b.token() == token || b.token() == "" {
			t.Errorf("%s: the token after signing in is %q", name, b.token())
		}
		stranger := w.browser()
		stranger.jar.plant(stranger.address("sign-in"), "finlatch", token)
		if p := stranger.open("devices"); p.h1() == "My devices" && strings.Contains(p.text(), "ann") {
			t.Errorf("%s: whoever has planted it is signed in as ann", name)
		}
		// whoever planted the browser's own cookie gets nothing by it
		stranger = w.browser()
		stranger.jar.plant(stranger.address("sign-in"), "finlatch-browser", b.jar.value(b.address(""), "finlatch-browser"))
		if p := stranger.open("devices"); p.h1() != "Sign in" {
			t.Errorf("%s: the browser's cookie alone shows %q", name, p.h1())
		}
		stranger.signIn("cy")
		if p := b.open("devices"); p.h1() != "My devices" {
			t.Errorf("%s: another user with the same browser cookie signs ann out", name)
		}
	}
}

// Whoever signs in where somebody is signed in takes the place; the session before has ended.
func TestSignInTakesThePlace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, then string
		forget     bool // the cookie that tells browsers apart
	}{{"the same user", "ann", false}, {"another", "ben", false}, {"the same user, browser forgotten", "ann", true}, {"another, browser forgotten", "ben", true}} {
		w := newWorld(t)
		b := w.browser()
		form := b.open("sign-in").formOf("Sign in")
		b.signIn("ann")
		before := b.token()
		if test.forget {
			b.jar.plant(b.address("sign-in"), "finlatch-browser", "")
		}
		w.clock.Move(time.Second)
		form.fields.Set("username", test.then)
		form.fields.Set("password", test.then+"-pw")
		if p := b.submit(form).follow(); p.status != 200 || b.token() == before {
			t.Errorf("%s: %d, the token is the one before: %v", test.name, p.status, b.token() == before)
		}
		old := w.browser()
		old.jar.plant(old.address("sign-in"), "finlatch", before)
		if p := old.open("devices"); p.h1() != "Sign in" {
			t.Errorf("%s: the session before shows %q", test.name, p.h1())
		}
		if all := len(w.devices("ann")) + len(w.devices("ben")); all != 1 {
			t.Errorf("%s: %d sessions are left", test.name, all)
		}
	}
}

// What ends a session, or forbids it, holds for the very next page.
func TestTheNextPage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*world) error
		h1     string
		status int
	}{
		{"disabled", func(w *world) error { return w.SetDisabled(w.ctx, finlatch.Operator(), w.id("ann"), true) }, "Sign in", 200},
		{"deleted", func(w *world) error { return w.DeleteUser(w.ctx, finlatch.Operator(), w.id("ann")) }, "Sign in", 200},
		{"another password", func(w *world) error { return w.SetPassword(w.ctx, finlatch.Operator(), w.id("ann"), "new") }, "Sign in", 200},
		{"signed out elsewhere", func(w *world) error {
			return w.DeleteDevices(w.ctx, finlatch.Operator(), []string{w.devices("ann")[0].DeviceID}, w.id("ann"))
		}, "Sign in", 200},
		{"signed out everywhere", func(w *world) error { return w.SignOutOthers(w.ctx, finlatch.Operator(), w.id("ann")) }, "Sign in", 200},
		{"schedule", func(w *world) error {
			w.policy("ann", func(p *finlatch.Policy) {
				p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Sunday", StartHour: 1, EndHour: 2}}
			})
			return nil
		}, "Not allowed", 403},
		{"not from here", func(w *world) error {
			w.policy("ann", func(p *finlatch.Policy) { p.EnableRemoteAccess = false })
			return nil
		}, "Not allowed", 403},
		{"not on this device", func(w *world) error {
			w.policy("ann", func(p *finlatch.Policy) { p.EnableAllDevices, p.EnabledDevices = false, []string{"tv"} })
			return nil
		}, "Not allowed", 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.signedIn("ann").from(away)
			pages := []string{"link", "devices", "account", "link?code=000000"}
			for _, path := range pages {
				if p := b.open(path); p.h1() == test.h1 || p.status == test.status && test.status == 403 {
					t.Fatalf("before: %s: %d %q", path, p.status, p.h1())
				}
			}
			code, secret := w.asks(app("tv", away))
			asked := b.open("link?code=" + code)
			if err := test.change(w); err != nil {
				t.Fatal(err)
			}
			for _, path := range pages {
				if p := b.open(path); p.h1() != test.h1 || p.status != test.status {
					t.Errorf("%s: %d %q, want %d %q", path, p.status, p.h1(), test.status, test.h1)
				}
			}
			if p := asked.press("Approve"); p.h1() == "Approved" || w.state(secret).State != finlatch.QuickConnectPending {
				t.Errorf("the approval came through: %q", p.h1())
			}
		})
	}
}

// The cookie stays the one for all pages whichever form has made it.
func TestStayingSignedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("cy", "cy-pw")
	b := w.signedIn("admin")
	all := []string{"link", "link/done", "devices", "account", "confirm"}
	check := func(when string) {
		t.Helper()
		for _, path := range all {
			if p := b.open(path); p.h1() == "Sign in" {
				t.Errorf("after %s, %s shows %q", when, path, p.h1())
			}
		}
		if n := len(w.devices("admin")); n != 1 {
			t.Errorf("after %s the administrator has %d sessions", when, n)
		}
	}
	w.clock.Move(11 * time.Minute)
	before := b.token()
	if p := b.open("confirm?next=devices").press("Continue", "password", "admin-pw"); p.h1() != "My devices" || b.token() == before {
		t.Errorf("confirmed: %q, another token: %v", p.h1(), b.token() != before)
	}
	check("confirming")

	w.clock.Move(11 * time.Minute)
	before = b.token()
	code, secret := w.asks(app("tv"))
	if p := b.open("link?code="+code).press("Approve", "password", "admin-pw"); p.h1() != "Approved" || b.token() == before || w.state(secret).State != finlatch.QuickConnectApproved {
		t.Errorf("approved with the password: %d %q %q, another token: %v", p.status, p.h1(), p.alert(), b.token() != before)
	}
	check("approving with the password")

	if p := b.open("account").press("Change the password", "current", "admin-pw", "new", "new-pw", "again", "new-pw"); p.alert() != "" {
		t.Errorf("changing the password: %q", p.alert())
	}
	check("changing the password")
	b.open("link").press("Sign out")
	for _, path := range all {
		if p := b.open(path); p.h1() != "Sign in" {
			t.Errorf("signed out, and %s shows %q", path, p.h1())
		}
	}
}

// What a form gives is kept whatever comes of the form: a new session is not lost because the approval was refused.
func TestRefusedApprovalKeepsTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("cy", "cy-pw")
	b := w.signedIn("admin")
	w.clock.Move(11 * time.Minute)
	code, _ := w.asks(app("tv"))
	p := b.open("link?code="+code).press("Choose", "user", w.id("cy").String())
	w.policy("cy", func(p *finlatch.Policy) { p.IsDisabled = true })
	p = p.press("Approve", "password", "admin-pw")
	if p.status < 400 || p.alert() == "" {
		t.Errorf("the approval of a disabled account: %d %q", p.status, p.alert())
	}
	for _, path := range []string{"link", "devices"} {
		if p := b.open(path); p.h1() == "Sign in" {
			t.Errorf("after a refused approval %s shows %q", path, p.h1())
		}
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	token := b.token()
	p := b.open("confirm?next=account").press("Continue", "password", "wrong")
	if p.status != 403 || p.alert() != "That is not your password." || p.h1() != "Confirm that it is you" || b.token() != token {
		t.Errorf("wrong: %d %q %q", p.status, p.h1(), p.alert())
	}
	// the page has a field with the name for password managers, which decides nothing
	f := p.formOf("Continue")
	f.fields.Set("username", "ben")
	f.fields.Set("password", "ben-pw")
	if p := b.submit(f); p.status != 403 || b.token() != token {
		t.Errorf("with another user's password: %d", p.status)
	}
	if p = p.press("Continue", "password", "ann-pw"); p.h1() != "My account" || b.token() == token {
		t.Errorf("right: %d %q, same token: %v", p.status, p.h1(), b.token() == token)
	}
}

// The pages count wrong passwords as the API does.
func TestLockout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy("ann", func(p *finlatch.Policy) { p.LoginAttemptsBeforeLockout = 3 })
	p := w.browser().open("sign-in")
	for i := range 3 {
		if p = p.press("Sign in", "username", "ann", "password", fmt.Sprint("guess ", i)); p.status != 401 {
			t.Errorf("guess %d: %d", i, p.status)
		}
	}
	if p = p.press("Sign in", "username", "ann", "password", "ann-pw"); p.status != 403 || p.alert() != "The account is disabled." || p.token() != "" {
		t.Errorf("after three guesses the right password is told %d %q", p.status, p.alert())
	}
}

// What next names is a page of ours, or nothing.
func TestNextLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hostile := []string{"//evil.example", `\\evil.example`, `/\evil.example`, "javascript:alert(1)", "JavaScript:alert(1)", "http://evil.example/", "https:evil.example",
		"../../web/", "../System/Info", "./../../web", "..", "%2f%2fevil.example", "%2e%2e/%2e%2e/web/", "..%2f..%2fweb", "link\r\nSet-Cookie: a=b", "link\n//evil", "\t//evil.example",
		" //evil.example", "link\x00", "data:text/html,x", "devices/../../../web/", "//", "/", "\\", "?next=//evil", "@evil.example", "mailto:a@b", "::", "sign-out", "///evil.example",
		"%5c%5cevil.example", "devices#//evil", "http:///evil.example", "http:/evil.example", ".//evil.example", "a//evil.example/", "\u2028//evil.example", "/%09/evil.example"}
	for _, next := range hostile {
		for _, how := range []string{"sign-in", "confirm"} {
			b := w.browser()
			if how == "confirm" {
				b.signIn("ann")
			}
			f := b.open(how).formOf(map[string]string{"sign-in": "Sign in", "confirm": "Continue"}[how])
			f.fields.Set("username", "ann")
			f.fields.Set("password", "ann-pw")
			f.fields.Set("next", next)
			p := b.submit(f)
			if p.status != 303 {
				t.Errorf("%s with next %q: %d", how, next, p.status)
				continue
			}
			to, err := p.at.Parse(p.location())
			if err != nil || to.Host != p.at.Host || to.Scheme != p.at.Scheme || !strings.HasPrefix(to.Path, "/finlatch/") || strings.Contains(to.Path, "/../") ||
				strings.ContainsAny(p.location(), "\\\r\n\t\x00") || len(p.answer.Values("Set-Cookie")) > 2 {
				t.Errorf("%s with next %q leads to %q", how, next, p.location())
			}
			if end := p.follow(); end.at.Host != p.at.Host || !strings.HasPrefix(end.at.Path, "/finlatch/") {
				t.Errorf("%s with next %q ends at %s", how, next, end.at)
			}
		}
		q := values([]string{"next", next}).Encode()
		for _, b := range []*browser{w.browser(), w.signedIn("ann")} {
			if p := b.get("sign-in?" + q).follow(); !strings.HasPrefix(p.at.Path, "/finlatch/") || p.at.Host != w.peer {
				t.Errorf("opening sign-in with next %q leads to %s", next, p.at)
			}
		}
	}
	for next, want := range map[string]string{"devices": "devices", "link?code=123456": "link?code=123456", "admin/users": "admin/users", "": "link"} {
		b := w.browser()
		p := b.open("sign-in?"+values([]string{"next", next}).Encode()).submit("Sign in", "username", "ann", "password", "ann-pw")
		if p.location() != "./"+want {
			t.Errorf("next %q leads to %q, want %s", next, p.location(), want)
		}
	}
}

// Whoever asks for a page without being signed in comes back to it, with its query; of a form, to the page that has it.
func TestComingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code, _ := w.asks(app("tv"))
	p := w.browser().open("link?code="+code).press("Sign in", "username", "ann", "password", "ann-pw")
	if p.h1() != "Let this device in?" {
		t.Errorf("a link with a code leads to %q", p.h1())
	}
	for _, path := range []string{"account/picture/remove", "account/password", "devices/rename", "link/deny", "link", "confirm"} {
		b := w.browser()
		p := b.post(path).follow()
		if p.h1() != "Sign in" {
			t.Fatalf("%s: %q", path, p.h1())
		}
		if p = p.press("Sign in", "username", "ann", "password", "ann-pw"); p.status != 200 {
			t.Errorf("after %s, signing in leads to %d %q at %s", path, p.status, p.h1(), p.at)
		}
	}
}

// Signing out works at an hour, and from a place, where nothing else does.
func TestSignOutWhereNothingElseWorks(t *testing.T) {
	t.Parallel()
	for name, shut := range map[string]func(*finlatch.Policy){
		"at this hour": func(p *finlatch.Policy) {
			p.AccessSchedules = []finlatch.AccessSchedule{{ID: 1, DayOfWeek: "Sunday", StartHour: 1, EndHour: 2}}
		},
		"from here":       func(p *finlatch.Policy) { p.EnableRemoteAccess = false },
		"on this browser": func(p *finlatch.Policy) { p.EnableAllDevices = false },
	} {
		w := newWorld(t)
		b := w.signedIn("ann").from(away)
		w.policy("ann", shut)
		p := b.open("devices")
		if name != "on this browser" && p.status != http.StatusForbidden {
			t.Fatalf("%s: %d %q", name, p.status, p.h1())
		}
		if p = p.press("Sign out"); p.h1() != "Sign in" || p.notice() == "" || b.token() != "" || len(w.devices("ann")) != 0 {
			t.Errorf("%s: %d %q %q, %d devices", name, p.status, p.h1(), p.alert(), len(w.devices("ann")))
		}
	}
}
