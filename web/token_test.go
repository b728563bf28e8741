package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/finlatch/finlatch"
)

// The pages' token is nobody at the API, in whatever it is carried.
func TestPagesTokenAtTheAPI(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"ann", "admin"} {
		w := newWorld(t)
		b := w.signedIn(user)
		token := b.token()
		w.set(func(s *finlatch.Settings) { s.LegacyAuthorization = true })
		real := w.appSignIn(user, user+"-pw", "tv").Reveal()
		carriers := map[string]func(r *http.Request, token string){
			"Authorization": func(r *http.Request, token string) { r.Header.Set("Authorization", `MediaBrowser Token="`+token+`"`) },
			"a whole one": func(r *http.Request, token string) {
				r.Header.Set("Authorization", `MediaBrowser Client="finlatch pages", Device="d", DeviceId="`+b.devices(user)[0].DeviceID+`", Version="1.0", Token="`+token+`"`)
			},
			"scheme Emby": func(r *http.Request, token string) { r.Header.Set("Authorization", `Emby Token="`+token+`"`) },
			"X-Emby-Authorization": func(r *http.Request, token string) {
				r.Header.Set("X-Emby-Authorization", `MediaBrowser Token="`+token+`"`)
			},
			"X-Emby-Token":         func(r *http.Request, token string) { r.Header.Set("X-Emby-Token", token) },
			"X-MediaBrowser-Token": func(r *http.Request, token string) { r.Header.Set("X-MediaBrowser-Token", token) },
			"ApiKey":               func(r *http.Request, token string) { r.URL.RawQuery = "ApiKey=" + token },
			"api_key":              func(r *http.Request, token string) { r.URL.RawQuery = "api_key=" + token },
		}
		for name, carry := range carriers {
			for _, path := range []string{"/Users/Me", "/Sessions", "/System/Info", "/Sessions/Logout", "/QuickConnect/Authorize?code=" + w.code("x"+name)} {
				method := http.MethodGet
				if strings.HasPrefix(path, "/Sessions/") || strings.HasPrefix(path, "/Quick") {
					method = http.MethodPost
				}
				ask := func(token string) int {
					path, query, _ := strings.Cut(path, "?")
					r := b.request(method, path, nil)
					carry(r, token)
					if query != "" && !strings.Contains(r.URL.RawQuery, query) {
						r.URL.RawQuery = strings.Trim(r.URL.RawQuery+"&"+query, "&")
					}
					return b.send(r).status
				}
				if status := ask(token); status != http.StatusUnauthorized {
					t.Errorf("%s's token of the pages in %s at %s: %d", user, name, path, status)
				}
				if method == http.MethodGet && ask(real) == http.StatusUnauthorized {
					t.Errorf("an app's token in %s at %s is 401 too, so that says nothing", name, path)
				}
			}
			socket := func(token string) (status int) {
				r := b.request(http.MethodGet, "/socket", nil)
				r.Header = r.Header.Clone()
				carry(r, token)
				conn, response, err := websocket.Dial(w.ctx, "ws://"+w.peer+"/socket?"+r.URL.RawQuery, &websocket.DialOptions{HTTPHeader: r.Header})
				if err == nil {
					conn.CloseNow()
				}
				return response.StatusCode
			}
			if got, nobodys, apps := socket(token), socket(strings.Repeat("0", 32)), socket(real); got != nobodys || got < 400 || got == apps {
				t.Errorf("a web socket with it in %s: %d; with nobody's token %d, with an app's %d", name, got, nobodys, apps)
			}
		}
		// nor does the API look at the cookie
		r := b.request(http.MethodGet, "/Users/Me", nil)
		r.Header.Set("Cookie", "finlatch="+token+"; __Host-finlatch="+token)
		if p := b.send(r); p.status != http.StatusUnauthorized {
			t.Errorf("the cookie at the API: %d", p.status)
		}
		if p := b.open("devices"); p.h1() != "My devices" {
			t.Errorf("after all that the session shows %q", p.h1())
		}
	}
}

// What counts at the API is nobody on the pages.
func TestAPITokenOnThePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code("tv")
	page := w.signedIn("ann").open("link?code=" + code)
	secretCode, secret := w.asks(app("box"))
	if err := w.Approve(w.ctx, finlatch.Operator(), secretCode, w.id("ann")); err != nil {
		t.Fatal(err)
	}
	tokens := map[string]string{"an app's": w.appSignIn("admin", "admin-pw", "phone").Reveal(), "a key": w.key(), "Quick Connect's": w.redeem(secret).Token.Reveal(),
		"a secret": secret.Reveal()}
	for name, token := range tokens {
		for _, scheme := range []string{"http", "https"} {
			b := w.browser()
			b.site = scheme + "://door.example"
			for _, cookie := range []string{"finlatch", "__Host-finlatch", "finlatch-browser", "__Host-finlatch-browser"} {
				b.header.Add("Cookie", cookie+"="+token)
			}
			for _, header := range []string{"X-Emby-Token", "X-MediaBrowser-Token"} {
				b.header.Set(header, token)
			}
			b.header.Set("Authorization", `MediaBrowser Token="`+token+`"`)
			before := w.dump()
			for _, route := range pagesOf() {
				if route.For == "anybody" || route.Path == "link/done" {
					continue
				}
				path := strings.ReplaceAll(route.Path, "{id}", w.id("ann").String()) + "?ApiKey=" + token + "&api_key=" + token
				if p := b.get(path); p.status != http.StatusSeeOther || p.follow().h1() != "Sign in" {
					t.Errorf("%s token opens %s on %s: %d %q", name, path, scheme, p.status, p.h1())
				}
			}
			f := page.formOf("Approve")
			f.action = b.address("approve")
			if p := b.submit(f); p.follow().h1() != "Sign in" {
				t.Errorf("%s token approves: %d %q", name, p.status, p.h1())
			}
			if w.dump() != before {
				t.Errorf("%s token has changed something", name)
			}
		}
	}
}

// No page and no address has a token in it, and no log.
func TestTokensAreNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	var tokens []string
	note := func() { tokens = append(tokens, b.token()) }
	note()
	app := w.appSignIn("ann", "ann-pw", "tv").Reveal()
	tokens = append(tokens, app, w.key(), "admin-pw", "ann-pw")
	b.open("confirm").press("Continue", "password", "admin-pw")
	note()
	code, secret := w.asks(finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "1", "Box", "box"), Address: w.devices("ann")[0].Address})
	done := b.open("link?code=" + code).press("Approve")
	tokens = append(tokens, w.redeem(secret).Token.Reveal(), secret.Reveal())
	pages := []*page{b.open(done.at.String())}
	for _, route := range pagesOf() {
		pages = append(pages, b.get(w.path(route)), b.open(w.path(route)))
	}
	for _, p := range pages {
		for _, token := range tokens {
			if len(token) < 4 {
				t.Fatalf("a token is %q", token)
			}
			if strings.Contains(p.at.String(), token) || strings.Contains(p.location(), token) || strings.Contains(p.body, token) {
				t.Errorf("%s has %.8s…", p.at, token)
			}
		}
	}
	for _, token := range tokens {
		if log := w.log.String(); strings.Contains(log, token) {
			t.Errorf("the log has %.8s…", token)
		}
	}
}
