package conformance_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestGateway signs in to a gateway in all ways, and out, and uses what lies behind: in front of a finlatch with media, and in
// front of the real Jellyfin that JELLYFIN_URL names.
func TestGateway(t *testing.T) {
	t.Parallel()
	for name, newUpstream := range upstreams() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUpstream(t)
			g := &gatewayTest{upstream: u, front: newFront(t, u.base, u.key)}
			flows := map[string]func(*testing.T){"public information": g.publicInformation, "password": g.byPassword, "Quick Connect": g.byQuickConnect,
				"tokens from before": g.fromBefore, "old tokens": g.oldTokens, "web sockets": g.webSockets, "ended at the Jellyfin": g.endedPast}
			if u.hasMedia {
				flows["media"], flows["nobody's media"], flows["cut"] = g.media, g.nobodysMedia, g.cut
			}
			t.Run("flows", func(t *testing.T) { // which end before the servers do
				for name, flow := range flows {
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						flow(t)
					})
				}
			})
		})
	}
}

type gatewayTest struct {
	upstream
	front *front
}

// app is one at the gateway, on a device of its own.
func (g *gatewayTest) app(device string) app { return app{base: g.front.base(), device: device} }

// behind is the same app at the Jellyfin itself.
func (g *gatewayTest) behind(a app) app { return a.at(g.upstream.base) }

// alive checks that a token is good, or no more, at the gateway and behind it.
func (g *gatewayTest) alive(t *testing.T, a app, want bool) {
	t.Helper()
	if got := a.alive(t); got != want {
		t.Errorf("at the gateway the token of %s is good: %t, want %t", a.device, got, want)
	}
	if want {
		if !g.behind(a).alive(t) {
			t.Errorf("the Jellyfin does not know the token of %s", a.device)
		}
		return
	}
	eventually(t, "the Jellyfin ends the token of "+a.device, func() bool { return !g.behind(a).alive(t) })
}

func (g *gatewayTest) publicInformation(t *testing.T) {
	got, want := g.app("").ask(t, 200, "GET", "/System/Info/Public", nil).read(), app{base: g.upstream.base}.ask(t, 200, "GET", "/System/Info/Public", nil).read()
	if got.ID != want.ID || got.Version != want.Version || got.LocalAddress != "" && got.LocalAddress == want.LocalAddress {
		t.Errorf("got %+v of %+v: it must be the same server, which does not say where it is", got, want)
	}
}

func (g *gatewayTest) byPassword(t *testing.T) {
	a := g.app("phone")
	in := a.ask(t, 200, "POST", "/Users/AuthenticateByName", map[string]string{"Username": g.user, "Pw": g.password}).read()
	a.token = in.AccessToken
	g.says(t, a, in.SessionInfo)
	g.alive(t, a, true)
	if me := g.behind(a).ask(t, 200, "GET", "/Users/Me", nil).read(); me.ID != in.User.ID || me.Name != in.User.Name {
		t.Errorf("signed in as %+v, and the token is %s's", in.User, me.Name)
	}
	a.ask(t, 401, "POST", "/Users/AuthenticateByName", map[string]string{"Username": g.user, "Pw": g.password + "x"})
	g.alive(t, a, true)
	a.ask(t, 204, "POST", "/Sessions/Logout", nil)
	g.alive(t, a, false)
}

// says checks that a session is the app's own, and not the gateway's.
func (g *gatewayTest) says(t *testing.T, a app, got deviceInfo) {
	t.Helper()
	if want := (deviceInfo{`Wohnzimmer & "Küche"`, "Tele, " + a.device, a.device, "1.2.3"}); got != want {
		t.Errorf("the session is %+v, want %+v", got, want)
	}
}

func (g *gatewayTest) byQuickConnect(t *testing.T) {
	telly, phone := g.app("telly"), g.app("approver").password(t, g.user, g.password)
	if got := string(telly.ask(t, 200, "GET", "/QuickConnect/Enabled", nil).body); got != "true" {
		t.Fatalf("Quick Connect is on: %s", got)
	}
	asked := telly.ask(t, 200, "POST", "/QuickConnect/Initiate", nil).read()
	secret := map[string]string{"Secret": asked.Secret}
	g.behind(telly).ask(t, 404, "GET", "/QuickConnect/Connect?secret="+asked.Secret, nil) // it is the gateway's
	telly.ask(t, 404, "POST", "/Users/AuthenticateWithQuickConnect", secret)
	telly.ask(t, 401, "POST", "/QuickConnect/Authorize?code="+asked.Code, nil)
	if got := string(phone.ask(t, 200, "POST", "/QuickConnect/Authorize?code="+asked.Code, nil).body); got != "true" {
		t.Fatalf("approved: %s", got)
	}
	if !telly.ask(t, 200, "GET", "/QuickConnect/Connect?secret="+asked.Secret, nil).read().Authenticated {
		t.Error("the telly is not told that it was approved")
	}
	in := telly.ask(t, 200, "POST", "/Users/AuthenticateWithQuickConnect", secret).read()
	telly.token = in.AccessToken
	g.says(t, telly, in.SessionInfo)
	g.alive(t, telly, true)
	if again := telly.ask(t, 200, "POST", "/Users/AuthenticateWithQuickConnect", secret).read().AccessToken; again != telly.token {
		t.Error("redeemed again at once it is another token")
	}
	telly.ask(t, 204, "POST", "/Sessions/Logout", nil)
	g.alive(t, telly, false)
	telly.ask(t, 404, "POST", "/Users/AuthenticateWithQuickConnect", secret)
	g.alive(t, phone, true)
	phone.ask(t, 204, "POST", "/Sessions/Logout", nil)
}

func (g *gatewayTest) fromBefore(t *testing.T) {
	a := g.behind(app{device: "from-before"}).password(t, g.user, g.password).at(g.front.base())
	g.alive(t, a, true)
	made := app{base: a.base, device: "stranger", token: strings.Repeat("0", 32)}
	if made.alive(t) {
		t.Error("a token that nobody was given is good")
	}
	a.ask(t, 204, "POST", "/Sessions/Logout", nil)
	g.alive(t, a, false)
}

// oldPlaces are the ways in which apps have sent tokens: a query and pairs of header fields.
func oldPlaces(a app) map[string][]string {
	const none = ""
	return map[string][]string{
		"the scheme Emby":         {"", "Authorization", "Emby" + strings.TrimPrefix(a.authorization(), "MediaBrowser")},
		"X-Emby-Authorization":    {"", "Authorization", none, "X-Emby-Authorization", a.authorization()},
		"X-Emby-Token":            {"", "Authorization", none, "X-Emby-Token", a.token},
		"X-MediaBrowser-Token":    {"", "Authorization", none, "X-MediaBrowser-Token", a.token},
		"api_key":                 {"api_key=" + a.token, "Authorization", none},
		"API_KEY":                 {"x=1&API_KEY=" + a.token, "Authorization", none},
		"ApiKey":                  {"ApiKey=" + a.token, "Authorization", none},
		"two places":              {"api_key=" + a.token, "Authorization", none, "X-Emby-Token", a.token},
		"the modern header alone": {""},
	}
}

func (g *gatewayTest) oldTokens(t *testing.T) {
	a := g.app("old-app").password(t, g.user, g.password)
	for name, place := range oldPlaces(a) {
		if got, err := a.try("GET", "/Users/Me?"+place[0], nil, place[1:]...); err != nil || got.status != 200 || got.read().Name != g.user {
			t.Errorf("%s: got %d %.200s %v", name, got.status, got.body, err)
		}
		if !g.hasMedia {
			continue
		}
		seen := string(a.ask(t, 200, "GET", "/Videos/1/seen?"+place[0], nil, place[1:]...).body)
		modern := strings.Contains(seen, "Authorization: MediaBrowser ") && strings.Contains(seen, `Token="`+a.token+`"`) || strings.Contains(seen, "ApiKey="+a.token)
		if !modern || strings.Contains(strings.ToLower(seen), "api_key") || !strings.Contains(seen, "X-Emby-Authorization: \nX-Emby-Token: \nX-MediaBrowser-Token: \n") {
			t.Errorf("%s: the Jellyfin sees\n%s", name, seen)
		}
	}
	a.ask(t, 204, "POST", "/Sessions/Logout", nil)
	for name, place := range oldPlaces(a) {
		if got, err := a.try("GET", "/Users/Me?"+place[0], nil, place[1:]...); err != nil || got.status != 401 {
			t.Errorf("%s after signing out: got %d %.200s %v", name, got.status, got.body, err)
		}
	}
}

func (g *gatewayTest) webSockets(t *testing.T) {
	a := g.app("listener").password(t, g.user, g.password)
	for name, place := range oldPlaces(a) {
		header := http.Header{}
		for i := 1; i+1 < len(place); i += 2 {
			header.Set(place[i], place[i+1])
		}
		if name == "the modern header alone" {
			header.Set("Authorization", a.authorization())
		}
		c := a.socket(t, "?"+place[0]+"&deviceId="+a.device, header)
		if err := c.Write(t.Context(), 1, []byte(`{"MessageType":"KeepAlive"}`)); err != nil {
			t.Fatal(err)
		}
		for kind := ""; kind != "KeepAlive"; {
			var err error
			if kind, _, err = next(t.Context(), c, stopTimeout); err != nil {
				t.Fatalf("%s: no answer: %v", name, err)
			}
		}
		_ = c.CloseNow()
	}
	c := a.socket(t, "?ApiKey="+a.token+"&deviceId="+a.device, nil)
	a.ask(t, 204, "POST", "/Sessions/Logout", nil)
	for {
		if _, _, err := next(t.Context(), c, stopTimeout); err != nil {
			if t.Context().Err() != nil || strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
				t.Errorf("the socket outlives its token: %v", err)
			}
			break
		}
	}
	g.alive(t, a, false)
}

// What is ended past the gateway is found out at the next request.
func (g *gatewayTest) endedPast(t *testing.T) {
	a := g.app("ended").password(t, g.user, g.password)
	g.alive(t, a, true)
	g.behind(a).ask(t, 204, "POST", "/Sessions/Logout", nil)
	if a.alive(t) {
		t.Error("the gateway answers a token that has ended")
	}
}

func (g *gatewayTest) media(t *testing.T) {
	a := g.app("player").password(t, g.user, g.password)
	part := a.ask(t, 206, "GET", "/Videos/1/stream?api_key="+a.token, nil, "Authorization", "", "Range", "bytes=8000-8015")
	if string(part.body) != string(film[8000:8016]) || part.header.Get("Content-Range") != fmt.Sprintf("bytes 8000-8015/%d", len(film)) {
		t.Errorf("a range: got %q, %s", part.body, part.header.Get("Content-Range"))
	}
	if all := a.ask(t, 200, "GET", "/videos/1/Stream", nil, "Range", ""); string(all.body) != string(film) {
		t.Errorf("the film: got %d bytes, want %d", len(all.body), len(film))
	}
	list := a.ask(t, 200, "GET", "/emby/Videos/1/main.m3u8?api_key="+a.token, nil, "Authorization", "")
	segments := 0
	for line := bufio.NewScanner(strings.NewReader(string(list.body))); line.Scan(); {
		if name := line.Text(); !strings.HasPrefix(name, "#") {
			segments++
			if got := a.ask(t, 200, "GET", "/emby/Videos/1/"+name, nil, "Authorization", ""); len(got.body) != 1880 {
				t.Errorf("a segment: got %d bytes", len(got.body))
			}
		}
	}
	if segments != 2 {
		t.Errorf("the list is %q", list.body)
	}
}

// Tokenless streams are for addresses from which somebody is signed in.
func (g *gatewayTest) nobodysMedia(t *testing.T) {
	near, far := g.app("near"), g.app("far")
	near.from, far.from = "198.51.100.7", "203.0.113.9"
	near = near.password(t, g.user, g.password)
	near.ask(t, 206, "GET", "/Videos/1/stream", nil, "Authorization", "", "Range", "bytes=0-7")
	for _, path := range []string{"/Videos/1/stream", "//VIDEOS/1/%73tream", "/emby/videos/1/main.m3u8"} {
		far.ask(t, 401, "GET", path, nil, "Authorization", "", "Range", "bytes=0-7")
	}
}

// A sign-out in the middle of a film ends it.
func (g *gatewayTest) cut(t *testing.T) {
	a := g.app("cut").password(t, g.user, g.password)
	response, err := apps.Get(a.base + "/Videos/1/live?api_key=" + a.token)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.ReadFull(response.Body, make([]byte, 1<<16)); err != nil {
		t.Fatal(err)
	}
	a.ask(t, 204, "POST", "/Sessions/Logout", nil)
	if n, err := io.Copy(io.Discard, response.Body); err == nil || strings.Contains(err.Error(), "Timeout") {
		t.Errorf("after %d bytes more the film ends with %v, want a broken connection", n, err)
	}
	g.alive(t, a, false)
}

// TestSDKThroughGateway lets apps that are made with Jellyfin's own JavaScript library sign in to a gateway, play and be signed out.
func TestSDKThroughGateway(t *testing.T) {
	t.Parallel()
	install(t, sdkFolder)
	for _, script := range []string{"gateway.test.mjs", "sdk-1.0.test.mjs"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			u := newUpstream(t)
			f := newFront(t, u.base, u.key)
			tests := node(t, f.server, "--test", "--test-force-exit", "--test-reporter=spec", script)
			tests.Env = append(tests.Env, "UPSTREAM="+u.base)
			allPass(t, tests)
		})
	}
}
