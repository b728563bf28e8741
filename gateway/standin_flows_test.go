package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/sqlite"
)

// before is a whole gateway in front of a stand-in: its address.
func (j *standin) before(change ...func(*finlatch.Options)) (base string) {
	j.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(j.Context()))
	store, err := sqlite.Open(ctx, filepath.Join(j.TempDir(), "finlatch.db"), sqlite.Options{})
	if err != nil {
		j.Fatal(err)
	}
	id, _ := finlatch.ParseID(j.info["Id"].(string))
	options := finlatch.Options{Store: store, Upstream: j.client(), ServerID: id, SignInThrottleOff: true}
	for _, f := range change {
		f(&options)
	}
	service, err := finlatch.New(ctx, options)
	if err != nil {
		j.Fatal(err)
	}
	to, _ := url.Parse(j.web.URL)
	front := gateway.New(service, gateway.Options{Upstream: to})
	web := httptest.NewServer(server.New(service, server.Options{SignInOnly: true, Fallback: front,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}))
	var running sync.WaitGroup
	running.Go(func() { service.Run(ctx) })
	running.Go(func() { front.Run(ctx) })
	j.Cleanup(func() {
		web.CloseClientConnections()
		j.web.CloseClientConnections()
		web.Close()
		stop()
		running.Wait()
		store.Close()
	})
	return web.URL
}

// What people do, in front of both versions as they come and with legacy authorization turned the other way: what the versions
// answer differently is the same here.
func TestFlowsInFrontOfBothVersions(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"12.0.0", "10.11.11"} {
		for _, legacy := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, legacy %t", version, legacy), func(t *testing.T) {
				t.Parallel()
				j := newJellyfin(t, version)
				j.legacy = legacy
				f := &flows{standin: j, base: j.before()}
				f.password(t)
				f.quickConnect(t)
				f.adopted(t)
				f.sockets(t)
			})
		}
	}
}

// A network that has guessed too often is told to wait, not that its tokens are none: apps would forget good ones. Who needs no
// token, as to sign in, and pictures, are served meanwhile.
func TestTooManyUnknownTokens(t *testing.T) {
	t.Parallel()
	j := newJellyfin(t, "12.0.0")
	f := &flows{standin: j, base: j.before(func(o *finlatch.Options) { o.SignInThrottleOff = false })}
	signIn := `{"Username":"ann","Pw":"ann-pw"}`
	in := f.ask(t, 200, "POST", "/Users/AuthenticateByName", signIn, "Authorization", appHeader("first", ""))
	good := f.ask(t, 200, "POST", j.web.URL+"/Users/AuthenticateByName", signIn, "Authorization", appHeader("past", "")).AccessToken
	stale := func(n int) []string {
		return []string{"Authorization", appHeader("stale", fmt.Sprintf("ffff%028x", n))}
	}
	for n := range 30 {
		f.ask(t, 401, "GET", "/Users/Me", "", stale(n)...)
	}
	for _, path := range []string{"/Users/Me", "/Items", "/Videos/1/stream"} {
		f.ask(t, 429, "GET", path, "", stale(30)...)
		f.ask(t, 429, "GET", path, "", "Authorization", appHeader("past", good))
	}
	f.ask(t, 200, "GET", "/Users/Me", "", "Authorization", appHeader("first", in.AccessToken))
	f.ask(t, 200, "GET", "/System/Info/Public", "", stale(31)...)
	f.ask(t, 200, "GET", "/Items/1/Images/Primary", "", stale(31)...)
	f.ask(t, 200, "POST", "/Users/AuthenticateByName", signIn, stale(32)...)
}

type flows struct {
	*standin
	base string
}

type granted struct {
	AccessToken, Secret, Code string
	Authenticated             bool
	User                      struct{ Name string }
	SessionInfo               struct{ DeviceID, RemoteEndPoint string }
}

func appHeader(device, token string) string {
	return fmt.Sprintf(`MediaBrowser Client="App", Device="Telly", DeviceId=%q, Version="1", Token=%q`, device, token)
}

// ask wants a status; pairs are header fields, of which an empty one is left out.
func (f *flows) ask(t *testing.T, want int, method, target, body string, pairs ...string) (answer granted) {
	t.Helper()
	if !strings.HasPrefix(target, "http") {
		target = f.base + target
	}
	r, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Set(pairs[i], pairs[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if res.StatusCode != want {
		t.Errorf("%s %s %s: got %d %.200s, want %d", method, target, strings.Join(pairs, " "), res.StatusCode, text, want)
	}
	_ = json.Unmarshal(text, &answer)
	return answer
}

// me asks at the gateway and behind it whose a token is: 200, or what the status of a bad one is.
func (f *flows) me(t *testing.T, want int, token string, pairs ...string) {
	t.Helper()
	pairs = append(pairs, "Authorization", appHeader("any", token))
	f.ask(t, want, "GET", "/Users/Me", "", pairs...)
	if want == 200 {
		f.ask(t, want, "GET", f.web.URL+"/Users/Me", "", pairs...)
		return
	}
	eventually(t, "the token ends behind the gateway, too", func() bool {
		j := f.standin
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.devices[token] == nil || want == 403
	})
}

func (f *flows) password(t *testing.T) {
	t.Helper()
	signIn := func(want int, name, password, from string) granted {
		t.Helper()
		return f.ask(t, want, "POST", "/Users/AuthenticateByName", fmt.Sprintf(`{"Username":%q,"Pw":%q}`, name, password),
			"Authorization", appHeader("phone", ""), "X-Forwarded-For", from)
	}
	in := signIn(200, "ann", "ann-pw", farAway)
	if in.User.Name != "ann" || in.SessionInfo.DeviceID != "phone" || in.SessionInfo.RemoteEndPoint != farAway {
		t.Errorf("signed in as %+v", in)
	}
	f.me(t, 200, in.AccessToken)
	signIn(401, "ann", "wrong", farAway)
	signIn(403, "near", "near-pw", farAway)
	near := signIn(200, "near", "near-pw", atHome)
	f.me(t, 200, near.AccessToken, "X-Forwarded-For", atHome)
	f.me(t, 403, near.AccessToken, "X-Forwarded-For", farAway)
	signIn(200, "bare", "", atHome)
	signIn(401, "bare", "", farAway)
	f.ask(t, 204, "POST", "/Sessions/Logout", "", "Authorization", appHeader("phone", in.AccessToken))
	f.me(t, 401, in.AccessToken)
}

func (f *flows) quickConnect(t *testing.T) {
	t.Helper()
	ann := f.ask(t, 200, "POST", "/Users/AuthenticateByName", `{"Username":"ann","Pw":"ann-pw"}`, "Authorization", appHeader("approver", ""))
	for _, method := range []string{"POST", "GET"} {
		asked := f.ask(t, 200, method, "/QuickConnect/Initiate", "", "Authorization", appHeader("telly", ""))
		redeem := fmt.Sprintf(`{"Secret":%q}`, asked.Secret)
		f.ask(t, 404, "POST", "/Users/AuthenticateWithQuickConnect", redeem)
		f.ask(t, 401, "POST", "/QuickConnect/Authorize?code="+asked.Code, "")
		f.ask(t, 200, "POST", "/QuickConnect/Authorize?code="+asked.Code, "", "Authorization", appHeader("approver", ann.AccessToken))
		if !f.ask(t, 200, "GET", "/QuickConnect/Connect?secret="+asked.Secret, "").Authenticated {
			t.Error("the device is not told that it was approved")
		}
		in := f.ask(t, 200, "POST", "/Users/AuthenticateWithQuickConnect", redeem)
		if in.User.Name != "ann" || in.SessionInfo.DeviceID != "telly" {
			t.Errorf("redeemed as %+v", in)
		}
		f.me(t, 200, in.AccessToken)
		if again := f.ask(t, 200, "POST", "/Users/AuthenticateWithQuickConnect", redeem); again.AccessToken != in.AccessToken {
			t.Error("redeemed again at once it is another token")
		}
	}
	// The user is disabled between the approval and the redemption, and then has as many devices as may be: there is no token.
	asked := f.ask(t, 200, "POST", "/QuickConnect/Initiate", "", "Authorization", appHeader("late", ""))
	f.ask(t, 200, "POST", "/QuickConnect/Authorize?code="+asked.Code, "", "Authorization", appHeader("approver", ann.AccessToken))
	before := f.tokens("ann")
	f.set(func() { f.noMoreDevices = true })
	f.ask(t, 403, "POST", "/Users/AuthenticateWithQuickConnect", fmt.Sprintf(`{"Secret":%q}`, asked.Secret))
	f.set(func() { f.noMoreDevices = false })
	if got := f.tokens("ann"); got != before {
		t.Errorf("ann has %d tokens, want %d", got, before)
	}
}

// adopted are tokens from before, in all the places where apps have put them.
func (f *flows) adopted(t *testing.T) {
	t.Helper()
	in := f.ask(t, 200, "POST", f.web.URL+"/Users/AuthenticateByName", `{"Username":"ben","Pw":"ben-pw"}`, "Authorization", appHeader("old", ""))
	token := in.AccessToken
	places := map[string][]string{
		"/Users/Me":                             {"Authorization", appHeader("old", token)},
		"/Users/Me?x=1":                         {"Authorization", "Emby" + strings.TrimPrefix(appHeader("old", token), "MediaBrowser")},
		"/emby/Users/Me":                        {"X-Emby-Token", token},
		"/mediabrowser/Users/Me":                {"X-MediaBrowser-Token", token},
		"/Users/Me?":                            {"X-Emby-Authorization", appHeader("old", token)},
		"/Users/Me?api_key=" + token:            nil,
		"/Users/Me?ApiKey=" + token:             nil,
		"/EMBY/Users/Me?x=%20&Api_Key=" + token: nil,
	}
	for target, pairs := range places {
		f.ask(t, 200, "GET", target, "", pairs...)
	}
	f.ask(t, 401, "GET", "/Users/Me", "", "Authorization", appHeader("old", strings.Repeat("e", 32)))
	f.ask(t, 204, "DELETE", "/Devices?id=old", "", "Authorization", appHeader("admin", f.key))
	for target, pairs := range places {
		f.ask(t, 401, "GET", target, "", pairs...)
	}
}

// sockets take old tokens too, and end with them, which at the Jellyfin itself they would not.
func (f *flows) sockets(t *testing.T) {
	t.Helper()
	in := f.ask(t, 200, "POST", "/Users/AuthenticateByName", `{"Username":"ben","Pw":"ben-pw"}`, "Authorization", appHeader("listener", ""))
	var open []*websocket.Conn
	for _, query := range []string{"ApiKey=", "api_key="} {
		s, _, err := websocket.Dial(t.Context(), f.base+"/socket?deviceId=listener&"+query+in.AccessToken, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer s.CloseNow()
		if _, text, err := s.Read(t.Context()); err != nil || !strings.Contains(string(text), "ForceKeepAlive") {
			t.Fatalf("%s: the first message is %s, %v", query, text, err)
		}
		open = append(open, s)
	}
	_, res, err := websocket.Dial(t.Context(), f.base+"/socket?ApiKey="+strings.Repeat("e", 32), nil)
	if err == nil || res == nil || res.StatusCode != 403 && res.StatusCode != 401 {
		t.Errorf("with a bad token: %v", err)
	}
	f.ask(t, 204, "POST", "/Sessions/Logout", "", "Authorization", appHeader("listener", in.AccessToken))
	for _, s := range open {
		if _, _, err := s.Read(t.Context()); err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("a socket outlives its token: %v", err)
		}
	}
}
