package conformance_test

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sight is a page in a state in which somebody may see it.
type sight struct {
	name    string
	path    string                                   // to open
	come    func(t *testing.T, p *populated, b *tab) // the way there, or further from path; may be nil
	heading string
	alert   bool // says what went wrong
}

// signedOut, ofUser and ofAdministrator are all the pages, each as full as it gets.
var (
	signedOut = []sight{
		{name: "set up", heading: "Set up this server", come: func(t *testing.T, p *populated, b *tab) { b.open(t, p.empty.base()+"/finlatch/") }},
		{name: "set up refused", heading: "Set up this server", alert: true, come: func(t *testing.T, p *populated, b *tab) {
			b.open(t, p.empty.base()+"/finlatch/setup")
			b.fill(t, "Server name", "Our house")
			b.fill(t, "User name", "anna")
			b.fill(t, "Password", "one")
			b.fill(t, "Password again", "two")
			b.click(t, "Create the administrator")
		}},
		{name: "sign in", path: "/finlatch/sign-in", heading: "Sign in"},
		{name: "sign in refused", path: "/finlatch/sign-in", heading: "Sign in", alert: true, come: func(t *testing.T, p *populated, b *tab) {
			b.enter(t, "anna", "wrong")
		}},
		{name: "not found", path: "/finlatch/nothing", heading: "Not here", alert: true},
	}
	ofUser = []sight{
		{name: "approve a device", path: "/finlatch/link", heading: "Approve a device"},
		{name: "unknown code", path: "/finlatch/link?code=000000", heading: "Approve a device", alert: true},
		{name: "let this device in", heading: "Let this device in?", come: func(t *testing.T, p *populated, b *tab) { decide(t, p, b) }},
		{name: "approved", heading: "Approved", come: func(t *testing.T, p *populated, b *tab) {
			decide(t, p, b)
			b.click(t, "Approve")
			b.heading(t, "Approved")
			evaluate[*int](t, b, "window.stop()") // it would ask again while we look
		}},
		{name: "signed in", heading: "Signed in as anna on " + longName, come: func(t *testing.T, p *populated, b *tab) {
			d := decide(t, p, b)
			b.click(t, "Approve")
			b.heading(t, "Approved")
			if status := d.redeem(t); status != http.StatusOK {
				t.Fatalf("the telly gets %d for its secret", status)
			}
		}},
		{name: "denied", heading: "Denied", come: func(t *testing.T, p *populated, b *tab) {
			decide(t, p, b)
			b.click(t, "Deny")
		}},
		{name: "undone", heading: "Undone", come: func(t *testing.T, p *populated, b *tab) {
			d := decide(t, p, b)
			b.click(t, "Approve")
			b.heading(t, "Approved")
			d.redeem(t)
			b.heading(t, "Signed in as anna on "+longName)
			b.click(t, "Undo")
		}},
		{name: "my devices", path: "/finlatch/devices", heading: "My devices"},
		{name: "my account", path: "/finlatch/account", heading: "My account", come: func(t *testing.T, p *populated, b *tab) {
			b.attach(t, "A new one", p.picture)
			b.click(t, "Use this picture")
			b.open(t, "/finlatch/account")
		}},
		{name: "my account refused", path: "/finlatch/account", heading: "My account", alert: true, come: func(t *testing.T, p *populated, b *tab) {
			b.fill(t, "Current password", "wrong")
			b.fill(t, "New password", "new")
			b.fill(t, "New password again", "new")
			b.click(t, "Change the password")
		}},
		{name: "confirm", path: "/finlatch/confirm?next=admin", heading: "Confirm that it is you"},
	}
	ofAdministrator = []sight{
		{name: "overview", path: "/finlatch/admin", heading: "Overview"},
		{name: "users", path: "/finlatch/admin/users", heading: "Users"},
		{name: "users found", path: "/finlatch/admin/users?q=Tester", heading: "Users"},
		{name: "users found not", path: "/finlatch/admin/users?q=nobody", heading: "Users"},
		{name: "user refused", path: "/finlatch/admin/users", heading: "Users", alert: true, come: func(t *testing.T, p *populated, b *tab) {
			b.fill(t, "User name", "anna")
			b.click(t, "Create the user")
		}},
		{name: "a user", path: "/finlatch/admin/users", heading: "kids", come: func(t *testing.T, p *populated, b *tab) { b.click(t, "kids") }},
		{name: "own user", path: "/finlatch/admin/users", heading: "anna", come: func(t *testing.T, p *populated, b *tab) { b.click(t, "anna") }},
		{name: "devices", path: "/finlatch/admin/devices", heading: "Devices"},
		{name: "keys", path: "/finlatch/admin/keys", heading: "API keys"},
		{name: "key shown", path: "/finlatch/admin/keys", heading: "API keys", come: func(t *testing.T, p *populated, b *tab) {
			b.fill(t, "Name", "Seerr")
			b.click(t, "Create the key")
		}},
		{name: "activity", path: "/finlatch/admin/activity", heading: "Activity log"},
		{name: "older activity", path: "/finlatch/admin/activity", heading: "Activity log", come: func(t *testing.T, p *populated, b *tab) { b.click(t, "Older") }},
		{name: "activity found not", path: "/finlatch/admin/activity?name=nothing", heading: "Activity log"},
		{name: "settings", path: "/finlatch/admin/settings", heading: "Settings"},
		{name: "settings refused", path: "/finlatch/admin/settings", heading: "Settings", alert: true, come: func(t *testing.T, p *populated, b *tab) {
			b.fill(t, "Trusted proxies", "nonsense")
			b.click(t, "Save")
		}},
	}
	ofOthers = []sight{
		{name: "forbidden", path: "/finlatch/admin", heading: "Not allowed", alert: true},
	}
)

// longName is a name that no line has room for.
const longName = "Wohnzimmerfernsehgerätefernbedienungsempfänger-von-Ännchen-und-Benedikt-im-Erdgeschoss-links-neben-der-Tür"

// decide opens the page of a code that a telly shows.
func decide(t *testing.T, p *populated, b *tab) *telly {
	t.Helper()
	d := asking(t, p.server, longName)
	b.open(t, "/finlatch/link?code="+d.code)
	b.heading(t, "Let this device in?")
	return d
}

// TestBrowserPages looks at every page, on a phone and on a desktop, in light and dark: the HTML is valid, nothing keeps
// assistive technology out, every control is reached by keyboard, nothing is wider than the screen, and all of it is light.
func TestBrowserPages(t *testing.T) {
	t.Parallel()
	chromium := newBrowser(t)
	install(t, browserFolder)
	p := newPopulated(t)
	html := t.TempDir()
	t.Run("views", func(t *testing.T) {
		for _, v := range []view{phone, desktop} {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				b := chromium.open(t, p.base(), v)
				all := func(sights []sight) {
					for _, s := range sights {
						t.Run(s.name, func(t *testing.T) { b.inspect(t, p, s, html) })
					}
				}
				all(signedOut)
				b.signIn(t, "anna")
				all(ofUser)
				all(ofAdministrator)
				b.click(t, "Sign out")
				b.signIn(t, "ben")
				all(ofOthers)
			})
		}
	})
	report(t, invalid(t, html))
}

// inspect looks at a page.
func (b *tab) inspect(t *testing.T, p *populated, s sight, html string) {
	if s.path != "" {
		b.open(t, s.path)
	}
	if s.come != nil {
		s.come(t, p, b)
	}
	b.heading(t, s.heading)
	if s.alert {
		b.alert(t)
	}
	report(t, b.heavy())
	if !b.phone { // the server does not know, so one is enough
		if err := os.WriteFile(filepath.Join(html, strings.ReplaceAll(s.name, " ", "-")+".html"), b.served(t), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	report(t, b.overflowing(t))
	for _, scheme := range []string{"light", "dark"} {
		b.paint(t, scheme)
		b.screenshot(t, "page "+s.name+" "+scheme)
		report(t, b.barred(t))
	}
	report(t, b.unreached(t))
}

func report(t *testing.T, faults []string) {
	t.Helper()
	for _, fault := range faults {
		t.Error(fault)
	}
}

// overflowing is what is wider than the screen.
func (b *tab) overflowing(t *testing.T) []string {
	t.Helper()
	return evaluate[[]string](t, b, `document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
  ['wider than the screen: ' + [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((e) => e.outerHTML.slice(0, 120)).slice(0, 5).join('\n')]`)
}

// populated is a server that has been in use.
type populated struct {
	*server
	empty   *server // another one, which nobody has set up
	picture string  // a file
}

func newPopulated(t *testing.T) *populated {
	t.Helper()
	p := &populated{server: newServerOn(t, somebody(t)), empty: newServer(t), picture: filepath.Join(t.TempDir(), "picture.png")}
	draw(t, p.picture)
	showToStrangers(t, p.server, "kids")
	admin := inUse(t, p.server, "Anna's phone", "anna")
	for _, name := range []string{"Ännchen O'Neill", "דנה", "عمر", "Иван", "小明", "Benedikt Alexander Maximilian von und zu Hohenlohe-Langenburg", "x"} {
		admin.post(t, "/Users/New", quoted("Name", name))
	}
	for n := range 30 {
		admin.post(t, "/Users/New", quoted("Name", fmt.Sprintf("Tester %d", n)))
	}
	for n, name := range []string{"Living room telly", "Küchenradio", "Ben & Anna's <telly>", longName, "שלט", "Pixel 12", "TV", "Firefox"} {
		admin.letIn(t, fmt.Sprintf("device-%d", n), name)
	}
	for _, name := range []string{"Seerr", "Küchen-Skript+%26+Co", strings.Repeat("key-", 25)} {
		admin.post(t, "/Auth/Keys?app="+name, "")
	}
	for n := range 3 {
		asking(t, p.server, fmt.Sprintf("Waiting telly %d", n))
		body, err := json.Marshal(map[string]string{"Username": fmt.Sprintf("guess %d", n), "Pw": "guess"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := admin.ask(t.Context(), sent{http.MethodPost, "/Users/AuthenticateByName", authorized(mediaBrowser("stranger", "")), string(body)}); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// post does something as whoever is signed in on the telly.
func (d *telly) post(t *testing.T, path, body string) {
	t.Helper()
	answer, err := d.ask(t.Context(), sent{http.MethodPost, path, authorized(d.header()), body})
	if err != nil || answer.status >= 300 {
		t.Fatalf("POST %s: %d %s (%v)", path, answer.status, answer.body, err)
	}
}

// letIn signs another telly in as the same user.
func (d *telly) letIn(t *testing.T, id, name string) {
	t.Helper()
	other := &telly{world: d.world, id: id, name: name}
	begun, err := object(other.ask(t.Context(), sent{method: http.MethodPost, path: "/QuickConnect/Initiate", header: authorized(other.header())}))
	if err != nil {
		t.Fatal(err)
	}
	other.secret = member(begun, "Secret")
	d.post(t, "/QuickConnect/Authorize?code="+member(begun, "Code"), "")
	if status := other.redeem(t); status != http.StatusOK {
		t.Fatalf("%s gets %d for its secret", name, status)
	}
}

// draw makes a picture as large as those that people take.
func draw(t *testing.T, name string) {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 1200, 900))
	for y := range 900 {
		for x := range 1200 {
			picture.Set(x, y, color.RGBA{uint8(x * y / 97), uint8(x / 5), uint8(y / 4), 255})
		}
	}
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, picture); err != nil {
		t.Fatal(err)
	}
}
