package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// walk is a way of somebody through the pages.
type walk struct {
	name    string
	data    func(*testing.T) fs.FS // what the server has
	through func(t *testing.T, s *server, b *tab)
}

var walks = []walk{
	{"first run", nobody, firstRun},
	{"sign in", somebody, signInFlow},
	{"approve by typing", somebody, approveByTyping},
	{"approve by link", somebody, approveByLink},
	{"approve for somebody else", somebody, approveForSomebodyElse},
	{"deny", somebody, denyFlow},
	{"undo", somebody, undoFlow},
	{"revoke in use", somebody, revokeInUse},
	{"create a user", somebody, createUser},
	{"administer", somebody, administer},
	{"own things", somebody, ownThings},
}

// TestBrowserFlows walks through the pages on a phone and on a desktop, with a mouse or a finger and by keyboard alone,
// with and without script.
func TestBrowserFlows(t *testing.T) {
	t.Parallel()
	chromium := newBrowser(t)
	for _, f := range walks {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			for _, v := range []view{phone, phoneNoScript, desktop, desktopNoScript, keyboard, keyboardNoScript} {
				t.Run(v.name, func(t *testing.T) {
					t.Parallel()
					s := newServerOn(t, f.data(t))
					f.through(t, s, chromium.open(t, s.base(), v))
				})
			}
		})
	}
}

func nobody(*testing.T) fs.FS { return nil }

// somebody is the data directory of a server that people have.
func somebody(t *testing.T) fs.FS {
	t.Helper()
	data, err := peopled()
	if err != nil {
		t.Fatal(err)
	}
	return os.DirFS(data)
}

// peopled makes it once.
var peopled = sync.OnceValues(func() (string, error) {
	binary, err := built()
	if err != nil {
		return "", err
	}
	data := filepath.Join(buildFolder, "peopled")
	for _, person := range people {
		command := exec.Command(binary, append([]string{"user", "add", person.name, "--data", data}, person.flags...)...)
		command.Stdin = strings.NewReader(person.password + "\n")
		if output, err := command.CombinedOutput(); err != nil {
			return "", fmt.Errorf("finlatch user add: %w\n%s", err, output)
		}
	}
	return data, nil
})

// enter signs a person in on the page that asks for it.
func (b *tab) enter(t *testing.T, name, password string) {
	t.Helper()
	b.heading(t, "Sign in")
	b.fill(t, "User name", name)
	b.fill(t, "Password", password)
	b.click(t, "Sign in")
}

// signIn signs a person of people in.
func (b *tab) signIn(t *testing.T, name string) {
	t.Helper()
	b.open(t, "/finlatch/sign-in")
	b.enter(t, name, passwordOf(name))
	b.heading(t, "Approve a device")
}

// typeCode asks who has a code. With script the last digit does what the button does.
func (b *tab) typeCode(t *testing.T, code string) {
	t.Helper()
	b.heading(t, "Approve a device")
	if b.script {
		b.follow(t, "the last digit", func() { b.fill(t, "Code", code) })
		return
	}
	b.fill(t, "Code", code)
	b.click(t, "Continue")
}

// telly is a device that speaks to the API.
type telly struct {
	*world
	id, name, secret, code, token string
}

const tellyApp, tellyVersion = "Jellyfin Android TV", "0.19.4"

func (d *telly) header() string {
	header := fmt.Sprintf(`MediaBrowser Client=%q, Device=%q, DeviceId=%q, Version=%q`, tellyApp, d.name, d.id, tellyVersion)
	if d.token != "" {
		header += fmt.Sprintf(`, Token=%q`, d.token)
	}
	return header
}

// asking is a telly that shows a code.
func asking(t *testing.T, s *server, name string) *telly {
	t.Helper()
	d := &telly{world: &world{base: s.base()}, id: "id of " + name, name: name}
	begun, err := object(d.ask(t.Context(), sent{method: http.MethodPost, path: "/QuickConnect/Initiate", header: authorized(d.header())}))
	if err != nil {
		t.Fatal(err)
	}
	d.secret, d.code = member(begun, "Secret"), member(begun, "Code")
	return d
}

// inUse is a telly on which somebody has signed in by password.
func inUse(t *testing.T, s *server, name, user string) *telly {
	t.Helper()
	d := &telly{world: &world{base: s.base()}, id: "id of " + name, name: name}
	body, err := json.Marshal(map[string]string{"Username": user, "Pw": passwordOf(user)})
	if err != nil {
		t.Fatal(err)
	}
	in, err := object(d.ask(t.Context(), sent{http.MethodPost, "/Users/AuthenticateByName", authorized(d.header()), string(body)}))
	if err != nil {
		t.Fatal(err)
	}
	d.token = member(in, "AccessToken")
	return d
}

// approved tells what the telly learns when it asks again: true, false, or the status of a refusal.
func (d *telly) approved(t *testing.T) string {
	t.Helper()
	state, err := d.get(t.Context(), "/QuickConnect/Connect?Secret="+d.secret, d.header())
	if err != nil {
		t.Fatal(err)
	}
	var found struct{ Authenticated bool }
	if state.status != http.StatusOK || json.Unmarshal(state.body, &found) != nil {
		return fmt.Sprint(state.status)
	}
	return fmt.Sprint(found.Authenticated)
}

func (d *telly) waits(t *testing.T) {
	t.Helper()
	if got := d.approved(t); got != "false" {
		t.Errorf("before anybody has approved it, the telly is told %s", got)
	}
}

// redeem makes a token of the approved secret, and gives the status.
func (d *telly) redeem(t *testing.T) int {
	t.Helper()
	answer, err := d.ask(t.Context(), sent{http.MethodPost, "/Users/AuthenticateWithQuickConnect", authorized(d.header()), `{"Secret":"` + d.secret + `"}`})
	if err != nil {
		t.Fatal(err)
	}
	if answer.status == http.StatusOK {
		in, err := object(answer, nil)
		if err != nil {
			t.Fatal(err)
		}
		d.token = member(in, "AccessToken")
	}
	return answer.status
}

// me is who the telly is, or the status of the refusal.
func (d *telly) me(t *testing.T) string {
	t.Helper()
	answer, err := d.get(t.Context(), "/Users/Me", d.header())
	if err != nil {
		t.Fatal(err)
	}
	if answer.status != http.StatusOK {
		return fmt.Sprint(answer.status)
	}
	who, err := object(answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	return member(who, "Name")
}

// is checks who the telly is.
func (d *telly) is(t *testing.T, want string) {
	t.Helper()
	if got := d.me(t); got != want {
		t.Errorf("%s is %s, want %s", d.name, got, want)
	}
}

func firstRun(t *testing.T, s *server, b *tab) {
	b.open(t, "/finlatch/")
	b.heading(t, "Set up this server")
	b.fill(t, "Server name", "Our house")
	b.fill(t, "User name", "Ännchen")
	b.fill(t, "Password", "first word")
	b.fill(t, "Password again", "another word")
	b.click(t, "Create the administrator")
	b.heading(t, "Set up this server")
	b.alert(t)

	b.fill(t, "Password", "first word")
	b.fill(t, "Password again", "first word") // the names are still there
	b.screenshot(t, "first run")
	b.click(t, "Create the administrator")
	b.heading(t, "Approve a device")
	b.sees(t, "Ännchen", "Our house")

	w := &world{base: s.base()}
	info, err := w.publicInfo(t.Context())
	b.must(t, err)
	if info["ServerName"] != "Our house" || info["StartupWizardCompleted"] != true {
		t.Errorf("the server is %v", info)
	}
	in, err := object(w.ask(t.Context(), sent{http.MethodPost, "/Users/AuthenticateByName", authorized(mediaBrowser("first-run", "")), quoted("Username", "Ännchen", "Pw", "first word")}))
	b.must(t, err)
	if user, _ := in["User"].(map[string]any); user != nil {
		if policy, _ := user["Policy"].(map[string]any); policy["IsAdministrator"] != true {
			t.Errorf("who made the server is no administrator: %v", policy)
		}
	}
	b.open(t, "/finlatch/setup")
	b.heading(t, "Approve a device")
}

func signInFlow(t *testing.T, s *server, b *tab) {
	showToStrangers(t, s, "kids")
	b.open(t, "/finlatch/devices")
	b.enter(t, "ben", "wrong")
	b.heading(t, "Sign in")
	b.alert(t)
	b.screenshot(t, "sign in refused")
	b.fill(t, "Password", passwordOf("ben")) // the name is still there
	b.click(t, "Sign in")
	b.heading(t, "My devices") // where ben wanted to be
	b.click(t, "Sign out")
	b.heading(t, "Sign in")
	b.open(t, "/finlatch/devices")
	b.heading(t, "Sign in")

	b.screenshot(t, "sign in")
	b.click(t, "kids") // a tile
	b.heading(t, "My devices")
	b.open(t, "/finlatch/")
	b.heading(t, "Approve a device")
	b.sees(t, "kids")
}

// showToStrangers lets the administrator show a user on the sign-in page.
func showToStrangers(t *testing.T, s *server, name string) {
	t.Helper()
	admin := inUse(t, s, "Anna's script", "anna")
	listed, err := must(http.StatusOK)(admin.get(t.Context(), "/Users", admin.header()))
	if err != nil {
		t.Fatal(err)
	}
	var users []struct {
		ID     string `json:"Id"`
		Name   string
		Policy map[string]any
	}
	if err := json.Unmarshal(listed.body, &users); err != nil {
		t.Fatal(err)
	}
	for _, user := range users {
		if user.Name != name {
			continue
		}
		user.Policy["IsHidden"] = false
		body, err := json.Marshal(user.Policy)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := must(http.StatusNoContent)(admin.ask(t.Context(), sent{http.MethodPost, "/Users/" + user.ID + "/Policy", authorized(admin.header()), string(body)})); err != nil {
			t.Fatal(err)
		}
	}
}

func approveByTyping(t *testing.T, s *server, b *tab) {
	d := asking(t, s, "Living room telly")
	b.signIn(t, "ben")
	b.open(t, "/link")
	b.screenshot(t, "approve a device")
	b.typeCode(t, d.code[:3]+" "+d.code[3:])
	b.heading(t, "Let this device in?")
	b.sees(t, tellyApp, tellyVersion, "Living room telly", "127.0.0.1", "your network", "ben", "Asked")
	b.screenshot(t, "let this device in")
	d.waits(t)
	b.click(t, "Approve")
	b.heading(t, "Approved")
	if got := d.approved(t); got != "true" {
		t.Errorf("the telly is told %s", got)
	}
	if status := d.redeem(t); status != http.StatusOK {
		t.Fatalf("the telly gets %d for its secret", status)
	}
	d.is(t, "ben")
	b.heading(t, "Signed in as ben on Living room telly") // by itself
	b.screenshot(t, "signed in")
}

func approveByLink(t *testing.T, s *server, b *tab) {
	d := asking(t, s, "Bedroom telly")
	b.open(t, "/link?code="+d.code)
	b.enter(t, "ben", passwordOf("ben"))
	b.heading(t, "Let this device in?")
	b.sees(t, "Bedroom telly", "ben")
	d.waits(t) // nobody has clicked
	b.click(t, "Approve")
	b.heading(t, "Approved")
	if status := d.redeem(t); status != http.StatusOK {
		t.Fatalf("the telly gets %d for its secret", status)
	}
	d.is(t, "ben")
	b.open(t, "/link?code="+d.code) // again
	b.heading(t, "Signed in as ben on Bedroom telly")
}

func approveForSomebodyElse(t *testing.T, s *server, b *tab) {
	d := asking(t, s, "Ben's telly")
	b.signIn(t, "anna")
	b.open(t, "/finlatch/link?code="+d.code)
	b.heading(t, "Let this device in?")
	b.press(t, "Sign it in as somebody else")
	b.choose(t, "Account", "ben")
	b.screenshot(t, "choose an account")
	b.click(t, "Choose")
	b.heading(t, "Let this device in?")
	b.sees(t, "not your account")
	b.screenshot(t, "let this device in for somebody else")
	d.waits(t)
	b.click(t, "Approve")
	b.heading(t, "Approved")
	if status := d.redeem(t); status != http.StatusOK {
		t.Fatalf("the telly gets %d for its secret", status)
	}
	d.is(t, "ben")
	b.heading(t, "Signed in as ben on Ben's telly")
}

func denyFlow(t *testing.T, s *server, b *tab) {
	d := asking(t, s, "Stranger's telly")
	b.signIn(t, "ben")
	b.open(t, "/finlatch/link?code="+d.code)
	b.heading(t, "Let this device in?")
	b.click(t, "Deny")
	b.heading(t, "Denied")
	b.screenshot(t, "denied")
	if got := d.approved(t); got != "404" {
		t.Errorf("the telly is told %s, want 404", got)
	}
	if status := d.redeem(t); status == http.StatusOK {
		t.Error("the telly has a token")
	}
	b.open(t, "/finlatch/link?code="+d.code)
	b.heading(t, "Denied")
	if b.has("button", "Approve") {
		t.Error("what was denied can be approved")
	}
}

func undoFlow(t *testing.T, s *server, b *tab) {
	d := asking(t, s, "Hall telly")
	b.signIn(t, "ben")
	b.open(t, "/finlatch/link?code="+d.code)
	b.heading(t, "Let this device in?")
	b.click(t, "Approve")
	b.heading(t, "Approved")
	if status := d.redeem(t); status != http.StatusOK {
		t.Fatalf("the telly gets %d for its secret", status)
	}
	d.is(t, "ben")
	closed := d.connect(t)
	b.heading(t, "Signed in as ben on Hall telly")
	b.click(t, "Undo")
	b.heading(t, "Undone")
	b.screenshot(t, "undone")
	d.is(t, "401")
	closed(t)
	if status := d.redeem(t); status == http.StatusOK {
		t.Error("the secret gives another token")
	}
}

// connect opens the telly's web socket. What it returns waits until the server has closed it.
func (d *telly) connect(t *testing.T) (closed func(*testing.T)) {
	t.Helper()
	c, err := d.socket(t.Context(), "?ApiKey="+d.token+"&deviceId=telly", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	return func(t *testing.T) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for {
			_, _, err := c.Read(ctx)
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				t.Errorf("the web socket of %s stays open", d.name)
			}
			if err != nil {
				if status := websocket.CloseStatus(err); status == -1 && ctx.Err() == nil {
					t.Logf("the web socket ended without a word: %v", err)
				}
				return
			}
		}
	}
}

func revokeInUse(t *testing.T, s *server, b *tab) {
	b.signIn(t, "ben")
	b.open(t, "/finlatch/devices")
	b.heading(t, "My devices")
	d, other := inUse(t, s, "Kitchen telly", "ben"), inUse(t, s, "Old phone", "ben")
	closed, otherClosed := d.connect(t), other.connect(t)
	b.open(t, "/finlatch/devices")
	b.sees(t, "Kitchen telly", "Old phone", tellyApp, "127.0.0.1", "New", "This browser")
	b.screenshot(t, "my devices")

	b.click(t, "Sign out Kitchen telly")
	b.heading(t, "My devices")
	d.is(t, "401")
	closed(t)
	b.seesNot(t, "Kitchen telly")
	other.is(t, "ben")

	b.click(t, "Sign out all others")
	b.heading(t, "My devices") // this browser stays
	other.is(t, "401")
	otherClosed(t)
	b.seesNot(t, "Old phone")
}

// sdkSignIn signs in as an app does that is made with Jellyfin's TypeScript SDK.
const sdkSignIn = `
import { Jellyfin } from '@jellyfin/sdk';
import { getAuthenticationApi } from '@jellyfin/sdk/lib/utils/api/authentication-api.js';
import { getUserApi } from '@jellyfin/sdk/lib/utils/api/user-api.js';
const api = new Jellyfin({ clientInfo: { name: 'Example', version: '1.0.0' }, deviceInfo: { name: 'Tablet', id: 'tablet' } }).createApi(process.env.SERVER);
await getAuthenticationApi(api).authenticateUserByName({ authenticateUserByName: { Username: process.env.WHO, Pw: process.env.PASSWORD } });
console.log((await getUserApi(api).getCurrentUser()).data.Name);
`

func createUser(t *testing.T, s *server, b *tab) {
	install(t, sdkFolder)
	b.signIn(t, "anna")
	b.open(t, "/finlatch/admin/users")
	b.heading(t, "Users")
	b.fill(t, "User name", "Zoë")
	b.fill(t, "Password", "Küsse + Grüße")
	b.click(t, "Create the user")
	b.sees(t, "Zoë")
	b.screenshot(t, "user created")

	app := node(t, s, "--input-type=module")
	app.Env = append(app.Env, "WHO=Zoë", "PASSWORD=Küsse + Grüße")
	app.Stdin = strings.NewReader(sdkSignIn)
	output, err := app.Output()
	if exit, is := errors.AsType[*exec.ExitError](err); is {
		t.Fatalf("the app failed: %v\n%s", err, exit.Stderr)
	}
	if string(output) != "Zoë\n" {
		t.Errorf("the app is %q (%v)", output, err)
	}
}
