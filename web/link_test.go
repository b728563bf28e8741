package web_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

func (p *page) want(t *testing.T, what string, status int, h1 string) {
	t.Helper()
	if p.status != status || p.h1() != h1 {
		t.Errorf("%s: %d %q (%q) at %s, want %d %q", what, p.status, p.h1(), p.alert(), p.at, status, h1)
	}
}

func TestApprove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	c := finlatch.Caller{ClientInfo: finlatch.NewClientInfo("Wholphin", "3.2.1", "Loft telly", "tv"), Address: app("", away).Address}
	code, secret := w.asks(c)
	w.clock.Move(2 * time.Minute)
	p := b.open("link").press("Continue", "code", code[:3]+" "+code[3:])
	p.want(t, "typed", 200, "Let this device in?")
	for _, shown := range []string{"Wholphin", "3.2.1", "Loft telly", away, "2 minutes ago", "signed in as ann", "another network", code} {
		if !strings.Contains(p.text(), shown) {
			t.Errorf("the page does not show %q: %s", shown, p.text())
		}
	}
	if w.state(secret).State != finlatch.QuickConnectPending {
		t.Fatal("approved by looking")
	}
	p = p.press("Approve")
	p.want(t, "approved", 200, "Approved")
	if p.answer.Get("Refresh") == "" || !p.has("Undo") {
		t.Error("the page does not follow, or has no Undo")
	}
	w.clock.Move(time.Minute)
	if b.open(p.at.String()).answer.Get("Refresh") != "" {
		t.Error("the page follows for ever")
	}
	in := w.redeem(secret)
	if in.User.Name != "ann" || in.Device.DeviceID != "tv" {
		t.Fatalf("the device is signed in as %q on %q", in.User.Name, in.Device.DeviceID)
	}
	p = b.open(p.at.String())
	p.want(t, "redeemed", 200, "Signed in as ann on Loft telly")
	if p.answer.Get("Refresh") != "" {
		t.Error("the page goes on asking")
	}
	p = p.press("Undo")
	p.want(t, "undone", 200, "Undone")
	if _, err := w.Authenticate(w.ctx, app("tv"), in.Token); err == nil {
		t.Error("the token lives after Undo")
	}
	if p.has("Undo") || b.token() == "" {
		t.Error("Undo is offered again, or the approver is signed out")
	}
	near, _ := w.asks(app("box"))
	if p = b.open("link?code=" + near); strings.Contains(p.text(), "another network") || !strings.Contains(p.text(), "your network") {
		t.Errorf("a device at home: %s", p.text())
	}
}

func TestDeny(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	code, secret := w.asks(app("tv"))
	asked := b.open("link?code=" + code)
	p := asked.press("Deny")
	p.want(t, "denied", 200, "Denied")
	if p.has("Undo") || p.has("Approve") {
		t.Error("a denied request can be approved or undone")
	}
	if _, err := w.QuickConnectRequest(w.ctx, secret); finlatch.KindOf(err) != finlatch.NotFound {
		t.Errorf("the device is told %v", err)
	}
	if p = asked.press("Approve"); p.status != 404 || p.alert() != "Quick Connect was denied." || w.state(secret).State != finlatch.QuickConnectDenied || w.redeem(secret).User.Name != "" {
		t.Errorf("approved after all: %d %q %q", p.status, p.h1(), p.alert())
	}
	b.open("link?code="+code).want(t, "the code again", 200, "Denied")
}

// An approval form counts once, for the request that it showed.
func TestReplayedApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	code, secret := w.asks(app("tv"))
	asked := b.open("link?code=" + code)
	asked.press("Approve").want(t, "approved", 200, "Approved")
	asked.press("Approve").want(t, "approved twice", 200, "Approved")
	in := w.redeem(secret)
	w.clock.Move(time.Minute)
	asked.press("Approve").want(t, "after redemption", 200, "Signed in as ann on Telly")
	if again := w.redeem(secret); again.User.Name != "" || len(w.devices("ann")) != 2 {
		t.Error("a replayed form lets the device in again")
	}
	b.open("link?code="+code).press("Undo").want(t, "undone", 200, "Undone")
	p := asked.press("Approve")
	if p.h1() == "Approved" || w.state(secret).State != finlatch.QuickConnectDenied || w.redeem(secret).User.Name != "" {
		t.Errorf("a replayed form brings back what was undone: %d %q", p.status, p.h1())
	}
	if _, err := w.Authenticate(w.ctx, app("tv"), in.Token); err == nil {
		t.Error("the token is back")
	}
	deny := b.open("link?code=" + code)
	if p := deny.follow(); p.status >= 500 {
		t.Errorf("%d", p.status)
	}

	// another device has got the same code
	code, secret = w.asks(app("box"))
	asked = b.open("link?code=" + code)
	w.clock.Move(11 * time.Minute)
	var foreign finlatch.Secret
	err := w.store.Update(w.ctx, func(tx finlatch.Tx) error {
		first, err := tx.QuickConnect(w.ctx, secret.Hash())
		if err == nil {
			err = tx.DeleteQuickConnect(w.ctx, first.SecretHash)
		}
		foreign = finlatch.SecretFrom("another")
		first.SecretHash, first.DeviceName, first.CreatedAt, first.ExpiresAt = foreign.Hash(), "Mallory's", w.clock.Now(), w.clock.Now().Add(10*time.Minute)
		if err == nil {
			err = tx.CreateQuickConnect(w.ctx, first)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, button := range []string{"Approve", "Deny"} {
		p = asked.press(button)
		if p.status != 409 || p.alert() == "" || w.state(foreign).State != finlatch.QuickConnectPending {
			t.Errorf("%s of a code that another device shows by now: %d %q %q", button, p.status, p.h1(), p.alert())
		}
	}
	// its page shows the other one now
	if !strings.Contains(p.text(), "Mallory's") {
		t.Errorf("the page does not show who asks now: %s", p.text())
	}
}

// A page whose form has lost what it was made for does nothing.
func TestApprovalNeedsTheRequestItShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	code, secret := w.asks(app("tv"))
	for _, made := range []string{"", "0", "-1", "x", "99999999999999999999", "1"} {
		for _, button := range []string{"Approve", "Deny"} {
			f := b.open("link?code=" + code).formOf(button)
			f.fields.Set("request", made)
			if p := b.submit(f); p.status != 409 || w.state(secret).State != finlatch.QuickConnectPending {
				t.Errorf("%s of the request made at %q: %d %s", button, made, p.status, p.alert())
			}
		}
	}
}

func TestApprovalWhenSignedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	code, secret := w.asks(app("tv"))
	asked := b.open("link?code=" + code)
	approve, deny := asked.formOf("Approve"), asked.formOf("Deny")
	b.open("devices").press("Sign out")
	for _, c := range []*browser{b, w.browser()} {
		for _, f := range []form{approve, deny} {
			p := c.submit(f).follow()
			p.want(t, "a signed-out browser", 200, "Sign in")
			if w.state(secret).State != finlatch.QuickConnectPending {
				t.Error("a signed-out browser has decided")
			}
			// signing in leads back to the page, and decides nothing either
			p = p.press("Sign in", "username", "ann", "password", "ann-pw")
			if w.state(secret).State != finlatch.QuickConnectPending || p.status != 200 {
				t.Errorf("signing in has decided: %d %q", p.status, p.h1())
			}
			p.press("Sign out")
		}
	}
	if p := w.browser().open("link?code=" + code); strings.Contains(p.text(), "Telly") {
		t.Error("strangers see what asks")
	}
}

// The account is the approver's, or the one that an administrator has chosen on the page; never one from the address.
func TestAccountComesFromNoLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ben := w.id("ben").String()
	for _, name := range []string{"ann", "admin"} {
		b := w.signedIn(name)
		code, secret := w.asks(app("tv of " + name))
		for _, query := range []string{"user=" + ben, "userId=" + ben, "UserId=" + ben, "account=" + ben} {
			p := b.open("link?code=" + code + "&" + query)
			if !strings.Contains(p.text(), "signed in as "+name) || p.formOf("Approve").fields.Get("user") != w.id(name).String() {
				t.Errorf("%s opens ?%s: %s", name, query, p.text())
			}
			p = b.get("/link?code=" + code + "&" + query).follow()
			if p.formOf("Approve").fields.Get("user") != w.id(name).String() {
				t.Errorf("%s opens /link?%s", name, query)
			}
		}
		f := b.open("link?code=" + code).formOf("Approve")
		f.action += "?user=" + ben
		b.submit(f).follow().want(t, name, 200, "Approved")
		if got := w.state(secret).UserID; got != w.id(name) {
			t.Errorf("%s approves for %v", name, got)
		}
		// nobody, or somebody else than the page has shown, is nobody
		code, secret = w.asks(app("box of " + name))
		for _, id := range []string{"", "x", strings.Repeat("0", 32)} {
			f := b.open("link?code=" + code).formOf("Approve")
			f.fields.Set("user", id)
			if p := b.submit(f); p.status < 400 || w.state(secret).State != finlatch.QuickConnectPending {
				t.Errorf("%s approves for %q: %d", name, id, p.status)
			}
		}
	}
	// whoever is no administrator may fill in what they like
	b := w.signedIn("ann")
	for _, id := range []string{ben, w.id("admin").String(), strings.Repeat("0", 32), "x"} {
		code, secret := w.asks(app("box"))
		f := b.open("link?code=" + code).formOf("Approve")
		f.fields.Set("user", id)
		p := b.submit(f).follow()
		if state := w.state(secret); state.State != finlatch.QuickConnectApproved && p.alert() == "" || state.State == finlatch.QuickConnectApproved && state.UserID != w.id("ann") {
			t.Errorf("ann fills in %s: %d %q, approved for %v", id, p.status, p.h1(), state.UserID)
		}
	}
	code, _ := w.asks(app("hall"))
	if p := b.post("link", "code", code, "user", ben).follow(); strings.Contains(p.text(), "as ben") {
		t.Error("ann chooses ben's account")
	}
}

func TestAdministratorChooses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("idle", "", func(p *finlatch.Policy) { p.IsDisabled = true })
	b := w.signedIn("admin")
	code, secret := w.asks(app("tv"))
	p := b.open("link?code=" + code)
	if strings.Contains(p.text(), "idle") {
		t.Error("a disabled account is offered")
	}
	p = p.press("Choose", "user", w.id("ben").String())
	if p.h1() != "Let this device in?" || !strings.Contains(p.text(), "signed in as ben") || !strings.Contains(p.text(), "not your account") {
		t.Fatalf("chosen: %d %q %s", p.status, p.h1(), p.text())
	}
	p = p.press("Approve")
	p.want(t, "approved", 200, "Approved")
	if in := w.redeem(secret); in.User.Name != "ben" {
		t.Errorf("signed in as %q", in.User.Name)
	}
	b.open(p.at.String()).want(t, "redeemed", 200, "Signed in as ben on Telly")
	// ben has it in his account, and may undo it; ann has no say
	ann, ben := w.signedIn("ann"), w.signedIn("ben")
	f := b.open(p.at.String()).formOf("Undo")
	if p := ann.submit(f).follow(); p.status != 403 || w.state(secret).State != finlatch.QuickConnectRedeemed {
		t.Errorf("ann undoes what is ben's: %d %q", p.status, p.alert())
	}
	if p := ann.open("link?code=" + code); p.status != 403 || strings.Contains(p.text(), "Telly") || strings.Contains(p.text(), "ben") {
		t.Errorf("ann sees what is ben's: %d %s", p.status, p.text())
	}
	ben.submit(f).follow().want(t, "ben undoes it", 200, "Undone")
	if w.state(secret).State != finlatch.QuickConnectDenied {
		t.Error("it is not undone")
	}
}

// An administrator whose sign-in is old gives the password to approve, not to deny.
func TestAdministratorsPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	w.clock.Move(9*time.Minute + 59*time.Second)
	code, secret := w.asks(app("tv"))
	if b.open("link?code=" + code).formOf("Approve").fields.Has("password") {
		t.Error("asks for the password after less than ten minutes")
	}
	w.clock.Move(time.Second)
	asked := b.open("link?code=" + code)
	for what, fields := range map[string][]string{"none": {}, "an empty one": {"password", ""}, "a wrong one": {"password", "wrong"}} {
		f := asked.formOf("Approve")
		f.fields.Del("password")
		for name, value := range values(fields) {
			f.fields[name] = value
		}
		p := b.submit(f)
		if p.status/100 != 4 || p.alert() == "" || w.state(secret).State != finlatch.QuickConnectPending {
			t.Errorf("%s: %d %q %q", what, p.status, p.h1(), p.alert())
		}
		if !p.formOf("Approve").fields.Has("password") {
			t.Errorf("%s: the page does not ask for it", what)
		}
		asked = p
	}
	asked.press("Approve", "password", "admin-pw").want(t, "with the password", 200, "Approved")
	if !b.open("devices").has("Sign out") {
		t.Error("the administrator is not signed in any more")
	}
	// just signed in: not asked again
	code, _ = w.asks(app("box"))
	b.open("link?code="+code).press("Approve").want(t, "just after", 200, "Approved")
	w.clock.Move(time.Hour)
	code, _ = w.asks(app("hall"))
	b.open("link?code="+code).press("Deny").want(t, "deny", 200, "Denied")
	// a user is not asked
	ann := w.signedIn("ann")
	w.clock.Move(24 * time.Hour)
	code, _ = w.asks(app("den"))
	ann.open("link?code="+code).press("Approve").want(t, "ann, after a day", 200, "Approved")
}

func TestWrongCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	for _, code := range []string{"abc", "<b>", "12345", "1234567", strings.Repeat("1", 500)} {
		p := b.open("link?" + values([]string{"code", code}).Encode()) // no guesses
		if p.status != 400 || p.h1() != "Approve a device" || p.alert() == "" || !p.has("Continue") {
			t.Errorf("%.20q: %d %q %q", code, p.status, p.h1(), p.alert())
		}
	}
	var p *page
	taken, _ := w.asks(app("another tv"))
	for i := range 12 {
		if code := fmt.Sprintf("0000%02d", i); code != taken {
			p = b.open("link?code=" + code)
		}
	}
	if p.status != 429 || p.alert() == "" {
		t.Errorf("the eleventh wrong code: %d %q", p.status, p.alert())
	}
	right, secret := w.asks(app("tv"))
	if p = b.open("link?code=" + right); p.status != 429 || strings.Contains(p.text(), "Telly") {
		t.Errorf("a right one after that: %d", p.status)
	}
	w.signedIn("ben").open("link?code="+right).want(t, "ben", 200, "Let this device in?")
	if w.state(secret).State != finlatch.QuickConnectPending {
		t.Error("decided")
	}
}

// A form with a code that nobody shows any more counts once.
func TestStaleFormCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	code, _ := w.asks(app("tv"))
	asked := b.open("link?code=" + code)
	w.clock.Move(11 * time.Minute)
	for i := range 10 {
		if p := asked.press("Approve"); p.status != 404 || p.alert() == "" {
			t.Fatalf("the form, %d times: %d %q %q", i+1, p.status, p.h1(), p.alert())
		}
	}
}

func TestQuickConnectOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	code, secret := w.asks(app("tv"))
	asked := b.open("link?code=" + code)
	w.set(func(s *finlatch.Settings) { s.QuickConnect = false })
	for _, p := range []*page{b.open("link?code=" + code), asked.press("Approve")} {
		if p.status < 400 || p.status >= 500 || !strings.Contains(strings.ToLower(p.alert()), "switched off") || b.token() == "" {
			t.Errorf("%d %q %q", p.status, p.h1(), p.alert())
		}
	}
	if w.state(secret).State != finlatch.QuickConnectPending {
		t.Error("approved while it is off")
	}
	asked.press("Deny").want(t, "deny", 200, "Denied")
	b.open("devices").want(t, "the devices", 200, "My devices")
}

func TestShortAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	code, _ := w.asks(app("tv"))
	for path, h1 := range map[string]string{"/link": "Approve a device", "/LINK": "Approve a device", "/link/": "Approve a device", "/Link?code=" + code: "Let this device in?",
		"/link/?code=" + code: "Let this device in?", "/finlatch": "Approve a device", "/Finlatch/Link": "Not here", "/FINLATCH/link?code=" + code: "Let this device in?"} {
		if p := b.open(path); p.h1() != h1 {
			t.Errorf("%s shows %d %q at %s, want %q", path, p.status, p.h1(), p.at, h1)
		}
	}
}

// Whose session ends before the form comes is back on the page of that code after signing in, and has approved nothing.
func TestCodeIsKeptWhenTheSessionHasEnded(t *testing.T) {
	t.Parallel()
	for _, button := range []string{"Approve", "Deny", "Choose"} {
		w := newWorld(t)
		code, secret := w.asks(app("tv"))
		b := w.signedIn("admin")
		p := b.open("link?code=" + code)
		if err := w.SignOutOthers(w.ctx, finlatch.Operator(), w.id("admin")); err != nil {
			t.Fatal(err)
		}
		in := p.press(button)
		in.want(t, button, 200, "Sign in")
		in = in.press("Sign in", "username", "ann", "password", "ann-pw")
		in.want(t, button+", then", 200, "Let this device in?")
		if w.state(secret).State != finlatch.QuickConnectPending || !strings.Contains(in.text(), "signed in as ann") || !strings.Contains(in.text(), code) {
			t.Errorf("%s: the request is in state %d: %s", button, w.state(secret).State, in.text())
		}
	}
}

// A device that had no token yet is not said to have lost one.
func TestUndoneBeforeTheDeviceCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code, _ := w.asks(app("tv"))
	b := w.signedIn("ann")
	if p := b.open("link?code=" + code).press("Approve").press("Undo"); p.h1() != "Undone" || !strings.Contains(p.text(), "does not get in by this approval") {
		t.Errorf("before: %q %s", p.h1(), p.text())
	}
	code, secret := w.asks(app("another"))
	p := b.open("link?code=" + code).press("Approve")
	w.redeem(secret)
	if p = p.press("Undo"); p.h1() != "Undone" || !strings.Contains(p.text(), "is not signed in any more by this approval") {
		t.Errorf("after: %q %s", p.h1(), p.text())
	}
}

// However many users there are to choose from, and whatever they are called, the page stays a page.
func TestAnApprovalWithManyUsersToChooseFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	err := w.store.Update(w.ctx, func(tx finlatch.Tx) error {
		for i := range 320 {
			name := strings.Repeat("'Ä", 83) + strconv.Itoa(1000+i)
			u := finlatch.User{ID: finlatch.ID{1, byte(i >> 8), byte(i)}, Name: name, NormalizedName: finlatch.NormalizeName(name), Policy: finlatch.NewPolicy(), CreatedAt: w.clock.Now()}
			if err := tx.CreateUser(w.ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p := w.signedIn("admin").open("link?code=" + w.code("tv"))
	p.want(t, "many users", 200, "Let this device in?")
	if len(p.body) > 50<<10 {
		t.Errorf("%d bytes", len(p.body))
	}
	p = p.press("Choose", "user", finlatch.ID{1, 0, 7}.String())
	if !strings.Contains(p.text(), strings.Repeat("'Ä", 83)+"1007") {
		t.Error("who is chosen is not shown with the whole name")
	}
}

// A notice that the API has made longer than a page is shown as far as it goes.
func TestAVeryLongNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(func(s *finlatch.Settings) { s.Branding.LoginDisclaimer = "Hello. " + strings.Repeat(`"`, 60_000) })
	if p := w.browser().open("sign-in"); len(p.body) > 50<<10 || !strings.Contains(p.text(), `Hello. """`) || !strings.Contains(p.text(), "…") {
		t.Errorf("%d bytes", len(p.body))
	}
}
