package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// What apps are told to enter is an address that other devices have, and the server's, not the pages' own.
func TestTheAddressForApps(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ pages, published, site, want string }{
		{"", "", "http://192.168.1.5:8096", "http://192.168.1.5:8096"},
		{"", "", "https://tv.example", "https://tv.example"},
		{"", "", "http://127.0.0.1:8096", ""},
		{"", "", "http://localhost:8096", ""},
		{"", "", "http://[::1]:8096", ""},
		{"", "https://tv.example", "http://localhost:8096", "https://tv.example"},
		{"https://door.example", "", "https://door.example", ""},
		{"https://door.example", "https://tv.example", "https://door.example", "https://tv.example"},
	} {
		w := freshWorld(t, func(o *options) {
			o.web.URL, o.web.Address, o.web.HostNames = test.pages, test.published, []string{"tv.example"}
		})
		b := w.browser()
		b.site = test.site
		p := b.open("setup").press("Create the administrator", "server", "Attic", "username", "root", "password", "root-pw", "again", "root-pw")
		want := "The server is yours. Users are under Administration."
		if test.want != "" {
			want = "The server is yours. In an app, enter " + test.want + "; users are under Administration."
		}
		if p.notice() != want {
			t.Errorf("%+v: after the first run %q", test, p.notice())
		}
		p = p.press("Sign out")
		shown := strings.Contains(p.text(), "enter this server's address there: "+test.want)
		if told := strings.Contains(p.text(), "server's address"); p.h1() != "Sign in" || told != (test.want != "") || told && !shown {
			t.Errorf("%+v: the sign-in page says %s", test, p.text())
		}
	}
}

func TestOnlyAdministratorsAreWelcomed(t *testing.T) {
	t.Parallel()
	if p := newWorld(t).signedIn("ann").open("link?done=set-up"); p.notice() != "" {
		t.Errorf("ann is told %q", p.notice())
	}
}

// What people type without the base path leads to the same page below it, with its code.
func TestTheShortAddressOutsideOfTheBasePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.server.BaseURL, o.web.BaseURL = "/tv", "/tv" })
	code := w.code("telly")
	outside, b := w.browser(), w.signedIn("ann")
	outside.site = strings.TrimSuffix(w.site, "/tv")
	for path, want := range map[string]string{
		"/link?code=123456": "/tv/link?code=123456", "/link": "/tv/link", "/LINK/?code=1": "/tv/LINK/?code=1", "/finlatch/devices?since=1": "/tv/finlatch/devices?since=1",
		"/finlatch": "/tv/finlatch", "/finlatch//evil.example/x": "/tv/finlatch//evil.example/x", "/finlatch/..%2f..%2fx": "/tv/finlatch/..%2f..%2fx",
		"/linked": "/tv/web/", "//evil.example/link": "/tv/web/", "/": "/tv/web/",
	} {
		p := outside.get(path)
		to, err := p.at.Parse(p.location())
		if err != nil || p.status != http.StatusFound || to.Host != p.at.Host || to.RequestURI() != want {
			t.Errorf("%s leads with %d to %s, want %s", path, p.status, to, want)
		}
	}
	b.site = outside.site
	if p := b.open("/link?code=" + code); p.h1() != "Let this device in?" {
		t.Errorf("%d %q at %s", p.status, p.h1(), p.at)
	}
}
