package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

// With a host name of their own the pages are on it and nowhere else, and nothing else is.
func TestPagesOfTheirOwnHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.web.URL = "https://door.example" })
	door, other := w.browser(), w.browser()
	door.site, other.site = "https://door.example", "https://tv.example"
	if p := door.open("/"); p.h1() != "Sign in" || p.at.String() != "https://door.example/finlatch/sign-in" {
		t.Errorf("the host itself shows %q at %s", p.h1(), p.at)
	}
	door.signIn("admin")
	token, key := w.appSignIn("admin", "admin-pw", "tv").Reveal(), w.key()
	for _, path := range []string{"/System/Info/Public", "/system/ping", "/Users", "/Users/AuthenticateByName", "/web/", "/web/index.html", "/socket", "/health", "/metrics", "/robots.txt",
		"/Branding/Css", "/QuickConnect/Initiate", "/favicon.ico", "/emby/System/Info", "/Startup/User"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			r := door.request(method, path, nil)
			r.Header.Set("Authorization", `MediaBrowser Token="`+token+`"`)
			r.Header.Set("X-Emby-Token", key)
			p := door.send(r)
			if p.status != http.StatusNotFound || p.alert() != "There is no such page." {
				t.Errorf("%s %s on the pages' host: %d %.80s", method, path, p.status, p.body)
			}
			p.wantHardened(t, path)
		}
	}
	for path, to := range map[string]string{"/finlatch/": "/finlatch/", "/finlatch": "/finlatch", "/finlatch/devices": "/finlatch/devices", "/link?code=123456": "/link?code=123456",
		"/FINLATCH/sign-in?next=devices": "/finlatch/sign-in?next=devices", "/finlatch/nothing": "/finlatch/nothing", "/link?code=1&user=2": "/link?code=1&user=2",
		"/finlatch/@evil.example/": "/finlatch/@evil.example/", "/finlatch//evil.example": "/finlatch//evil.example"} {
		for _, b := range []*browser{other, w.browser()} {
			p := b.get(path)
			if p.status != http.StatusFound || p.location() != "https://door.example"+to || p.body != "" || len(p.answer.Values("Set-Cookie")) > 0 {
				t.Errorf("%s on another host: %d to %q, %q", path, p.status, p.location(), p.body)
			}
		}
	}
	// a form that goes to another host does nothing, with the right cookie, too
	other.jar.plant(other.site+"/finlatch/", "__Host-finlatch", door.token())
	before := w.dump()
	for path, fields := range map[string][]string{"sign-in": {"username", "ann", "password", "ann-pw"}, "admin/keys": {"name", "robot"}, "sign-out": nil} {
		if p := other.post(path, fields...); p.status != http.StatusFound || len(p.answer.Values("Set-Cookie")) > 0 {
			t.Errorf("POST %s on another host: %d", path, p.status)
		}
	}
	if w.dump() != before {
		t.Error("something has changed")
	}
	// scripts of the other origin are other sites
	f := door.open("devices").formOf("Save the name of A browser")
	if p := (ready{door, f}).with("Origin", "https://tv.example"); p.status != http.StatusForbidden {
		t.Errorf("a form of the other host: %d", p.status)
	}
	if p := (ready{door, f}).with("Sec-Fetch-Site", "same-site"); p.status != http.StatusForbidden {
		t.Errorf("a form of the other host: %d", p.status)
	}
	if p := door.get("link").follow(); p.h1() != "Approve a device" {
		t.Errorf("the pages show %q", p.h1())
	}
	// the API stays where it is
	if p := other.get("/System/Info/Public"); p.status != 200 || !strings.Contains(p.body, "ServerName") {
		t.Errorf("the API on its host: %d", p.status)
	}
}

// key makes an API key.
func (w *world) key() string {
	w.Helper()
	_, key, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "robot")
	if err != nil {
		w.Fatal(err)
	}
	return key.Reveal()
}

// Until somebody owns the server, a name that any stranger's DNS could point here is not answered.
func TestRebinding(t *testing.T) {
	t.Parallel()
	w := freshWorld(t, func(o *options) { o.web.HostNames = []string{"tv.example"} })
	fields := []string{"server", "Mine", "username", "mallory", "password", "pw", "again", "pw"}
	for _, site := range []string{"http://evil.example", "http://evil.example:8096", "https://evil.example", "http://tv.example.evil.example", "http://localhost.evil.example", "http://127.0.0.1.evil.example"} {
		b := w.browser()
		b.site = site
		for _, path := range []string{"", "setup", "sign-in", "devices", "admin"} {
			p := b.get(path)
			if p.status != http.StatusForbidden || p.alert() == "" || len(p.document.all("form")) > 0 || len(p.answer.Values("Set-Cookie")) > 0 {
				t.Errorf("%s, GET %s: %d %q", site, path, p.status, p.h1())
			}
			p.wantHardened(t, site)
		}
		for _, f := range []form{{http.MethodPost, b.address("setup"), false, values(fields)}, {http.MethodPost, b.address("sign-in"), false, values(fields)}} {
			if p := b.submit(f); p.status != http.StatusForbidden {
				t.Errorf("%s, POST: %d", site, p.status)
			}
		}
	}
	if settings := w.settings(); settings.SetupComplete || strings.Contains(w.dump(), "mallory") {
		t.Fatal("mallory owns the server")
	}
	for _, site := range []string{"http://127.0.0.1:8096", "http://localhost", "http://[::1]:8096", "http://192.168.1.5:8096", "https://TV.example", "http://tv.example:8096"} {
		b := w.browser()
		b.site = site
		if p := b.open(""); p.h1() != "Set up this server" {
			t.Errorf("%s shows %d %q", site, p.status, p.h1())
		}
	}
	b := w.browser().from(away)
	for _, p := range []*page{b.open("setup"), b.post("setup", fields...)} {
		if p.status != http.StatusForbidden || len(p.document.all("form")) > 0 || p.alert() == "" {
			t.Errorf("somebody elsewhere: %d %q", p.status, p.h1())
		}
	}
	b = w.browser()
	b.site = "http://tv.example"
	if p := b.open("").press("Create the administrator", fields...); p.h1() != "Approve a device" || !w.settings().SetupComplete {
		t.Errorf("set up: %d %q %q", p.status, p.h1(), p.alert())
	}
	b = w.browser()
	b.site = "http://evil.example" // any name is fine now
	if p := b.open("setup"); p.status != 200 || p.h1() != "Sign in" {
		t.Errorf("after that, setup shows %d %q", p.status, p.h1())
	}
	if p := b.post("setup", "server", "Other", "username", "eve", "password", "pw", "again", "pw"); p.status != http.StatusSeeOther || strings.Contains(w.dump(), "eve") || w.settings().ServerName != "Mine" {
		t.Errorf("set up again: %d", p.status)
	}
}

// The pages' own host name is one that the operator has named: the server may be set up there.
func TestSetUpOnThePagesHost(t *testing.T) {
	t.Parallel()
	w := freshWorld(t, func(o *options) { o.web.URL = "https://door.example:8443" })
	b := w.browser()
	b.site = w.site
	p := b.open("")
	if p.h1() != "Set up this server" || p.at.Host != "door.example:8443" {
		t.Fatalf("%d %q %q at %s", p.status, p.h1(), p.alert(), p.at)
	}
	if p = p.press("Create the administrator", "server", "Attic", "username", "root", "password", "root-pw", "again", "root-pw"); p.h1() != "Approve a device" {
		t.Errorf("%d %q %q", p.status, p.h1(), p.alert())
	}
}

// What is refused is asked again, with all but the passwords, and has done nothing.
func TestSetUpForm(t *testing.T) {
	t.Parallel()
	w := freshWorld(t)
	b := w.browser()
	before := w.dump()
	for name, test := range map[string]struct{ userName, password, again string }{
		"unequal": {"root", "one", "two"}, "none": {"root", "", ""}, "blank": {"root", " ", " "}, "a bad name": {"<b>", "pw", "pw"}, "no name": {" ", "pw", "pw"},
	} {
		p := b.open("setup").press("Create the administrator", "server", "Attic", "username", test.userName, "password", test.password, "again", test.again)
		if p.status != http.StatusBadRequest || p.alert() == "" || p.h1() != "Set up this server" || b.token() != "" {
			t.Errorf("%s: %d %q %q", name, p.status, p.h1(), p.alert())
		}
		focused := p.document.first(func(n *node) bool { _, focus := n.attrs["autofocus"]; return focus }).attrs["name"]
		if want := map[bool]string{true: "password", false: "server"}[name == "unequal"]; focused != want {
			t.Errorf("%s: one begins at %q, want %q", name, focused, want)
		}
		f := p.formOf("Create the administrator").fields
		if f.Get("server") != "Attic" || f.Get("username") != test.userName || f.Get("password") != "" || f.Get("again") != "" {
			t.Errorf("%s: the form has %v", name, f)
		}
	}
	w.wantUnchanged(t, before, w.dump())
	p := b.open("").press("Create the administrator", "server", "Attic", "username", " root ", "password", "root-pw", "again", "root-pw")
	p.want(t, "set up", 200, "Approve a device")
	if w.settings().ServerName != "Attic" || !strings.Contains(p.text(), "Attic") || !strings.Contains(p.text(), "Administration") {
		t.Errorf("the server is called %q: %s", w.settings().ServerName, p.text())
	}
}

// Below a base path, and below another that a proxy cuts away, redirects, links, forms and cookies stay there.
func TestBasePath(t *testing.T) {
	t.Parallel()
	for _, outer := range []string{"", "/tv"} {
		w := newWorld(t, func(o *options) { o.server.BaseURL, o.web.BaseURL = "/jellyfin", "/jellyfin" })
		b := w.browser()
		b.client.Transport = cutting{outer, b.client.Transport}
		b.site = "http://" + w.peer + outer + "/jellyfin"
		root := outer + "/jellyfin/finlatch/"
		in := func(p *page) *page {
			t.Helper()
			if !strings.HasPrefix(p.at.Path, root) || p.status != 200 {
				t.Errorf("%d at %s", p.status, p.at)
			}
			for _, n := range p.document.all("") {
				for _, name := range []string{"href", "src", "action"} {
					link, has := n.attrs[name]
					if !has || strings.HasPrefix(link, "data:") {
						continue
					}
					if to, err := p.at.Parse(link); err != nil || !strings.HasPrefix(to.Path, root) || to.Host != p.at.Host {
						t.Errorf("%s has <%s %s=%q>", p.at, n.name, name, link)
					}
				}
			}
			return p
		}
		for _, path := range []string{"/link", "/link/", "/LINK", "/finlatch", "/finlatch/", "/Finlatch/link", "/finlatch//link", "/FINLATCH//admin///users"} {
			in(b.open(path))
		}
		in(in(b.open("")).press("Sign in", "username", "admin", "password", "admin-pw"))
		if b.token() == "" || b.jar.value("http://"+w.peer+outer+"/jellyfin/System/Info", "finlatch") != "" || b.jar.value("http://"+w.peer+"/", "finlatch") != "" {
			t.Error("the cookie goes elsewhere than to the pages")
		}
		for _, route := range pagesOf() {
			in(b.open(w.path(route)))
		}
		in(in(b.open("admin/users/"+w.id("ben").String())).press("Rename", "username", "benny"))
		in(in(b.open("account")).press("Use this picture", "picture", drawing(4)))
		in(in(b.open("account")).press("Remove the picture"))
		code := w.code("tv")
		in(in(in(b.open("link")).press("Continue", "code", code)).press("Approve"))
		in(in(b.open("link")).press("Sign out"))
	}
}

// cutting is a proxy that cuts a path away, which the server does not know of.
type cutting struct {
	outer string
	base  http.RoundTripper
}

func (c cutting) RoundTrip(r *http.Request) (*http.Response, error) {
	other := r.Clone(r.Context())
	other.URL.Path = strings.TrimPrefix(other.URL.Path, c.outer)
	return c.base.RoundTrip(other)
}
