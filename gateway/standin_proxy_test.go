package gateway_test

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/finlatch/finlatch/jellyfin"
)

// claims are what a request says of itself, and where it comes from.
type claims struct {
	jellyfin.Authorization
	from netip.Addr
}

// said reads tokens where the version takes them: in the header and ApiKey always, elsewhere while legacy authorization is on.
func (j *standin) said(r *http.Request) claims {
	var c claims
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	c.from, _ = netip.ParseAddr(host)
	for hops := strings.Split(r.Header.Get("X-Forwarded-For"), ","); j.trusts && len(hops) > 0; hops = hops[:len(hops)-1] {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1]))
		if err != nil {
			break
		}
		if c.from = hop; !hop.IsLoopback() { // the one proxy that is known
			break
		}
	}
	header := r.Header.Get("Authorization")
	if header == "" && j.legacy {
		header = r.Header.Get("X-Emby-Authorization")
	}
	a, _ := jellyfin.ParseAuthorization(header)
	if a.Scheme == jellyfin.SchemeEmby && !j.legacy {
		a = jellyfin.Authorization{}
	}
	c.Authorization = a
	places := []string{c.Token}
	if j.legacy {
		places = append(places, r.Header.Get("X-Emby-Token"), r.Header.Get("X-MediaBrowser-Token"))
	}
	for name, values := range r.URL.Query() {
		if strings.EqualFold(name, "ApiKey") || j.legacy && strings.EqualFold(name, "api_key") {
			places = append(places, values[0])
		}
	}
	for _, token := range places {
		if c.Token == "" {
			c.Token = token
		}
	}
	return c
}

// inNetwork tells whether an address is one of the local network.
func inNetwork(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() }

// around is what a version does before it looks at the path.
func (j *standin) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !j.old() {
			w.Header().Set("Content-Language", "en-US")
		} else if rest, is := cutPrefix(r.URL.Path); is {
			r.URL.Path = rest
		}
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			j.socket(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func cutPrefix(path string) (rest string, is bool) {
	for _, prefix := range []string{"/emby/", "/mediabrowser/"} {
		if len(path) > len(prefix) && strings.EqualFold(path[:len(prefix)], prefix) {
			return path[len(prefix)-1:], true
		}
	}
	return path, false
}

// socket takes any path. It goes on when its token ends.
func (j *standin) socket(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	c := j.said(r)
	good := c.Token == j.key || j.devices[c.Token] != nil
	j.mu.Unlock()
	if !good {
		sayError(w, http.StatusForbidden)
		return
	}
	s, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer s.CloseNow()
	_ = s.Write(r.Context(), websocket.MessageText, []byte(`{"MessageType":"ForceKeepAlive","Data":60,"MessageId":"8c9b2f5a2f5e4b0c9d3a6f1e7b8c9d0a"}`))
	for {
		if _, _, err := s.Read(r.Context()); err != nil {
			return
		}
		_ = s.Write(r.Context(), websocket.MessageText, []byte(`{"MessageType":"KeepAlive","MessageId":"8c9b2f5a2f5e4b0c9d3a6f1e7b8c9d0b"}`))
	}
}

// sessions are the user's own, or an administrator's key's: everybody's.
func (j *standin) sessions(w http.ResponseWriter, r *http.Request, app claims) {
	name, ok := j.who(w, app)
	if !ok {
		return
	}
	all := []any{}
	for _, d := range j.devices {
		if id := r.URL.Query().Get("deviceId"); (id == "" || id == d["Id"]) && (name == "" || name == d["LastUserName"]) {
			session := maps.Clone(j.result["SessionInfo"].(map[string]any))
			session["DeviceId"], session["DeviceName"], session["Client"], session["UserName"] = d["Id"], d["Name"], d["AppName"], d["LastUserName"]
			all = append(all, session)
		}
	}
	writeJSON(w, http.StatusOK, all)
}

// deleteDevices signs out every user of a device. 12 wants all of the ids to be known, 10.11 looks at the first only.
func (j *standin) deleteDevices(w http.ResponseWriter, r *http.Request, app claims) {
	if !j.elevated(w, app) {
		return
	}
	ids := r.URL.Query()["id"]
	unknown := http.StatusBadRequest
	if j.old() {
		if unknown = http.StatusNotFound; len(ids) == 0 {
			writeJSON(w, http.StatusBadRequest, map[string]any{"status": 400})
			return
		}
		ids = ids[:1]
	}
	var tokens []string
	for _, id := range ids {
		n := len(tokens)
		for token, d := range j.devices {
			if d["Id"] == id {
				tokens = append(tokens, token)
			}
		}
		if len(tokens) == n {
			writeJSON(w, unknown, map[string]any{"status": unknown})
			return
		}
	}
	for _, token := range tokens {
		delete(j.devices, token)
	}
	w.WriteHeader(http.StatusNoContent)
}

// anybodys is for whoever comes, and members for whoever has a token.
func (j *standin) anybodys(w http.ResponseWriter, r *http.Request, _ claims) {
	_, _ = io.WriteString(w, r.URL.Path)
}

func (j *standin) members(w http.ResponseWriter, r *http.Request, app claims) {
	if _, ok := j.who(w, app); ok {
		_, _ = io.WriteString(w, r.URL.Path)
	}
}

// TestStandin holds the stand-in to what real servers of both versions answered to a proxy with an administrator's key.
func TestStandin(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"12.0.0", "10.11.11"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			j := newJellyfin(t, version)
			old := j.old()
			j.legacy = old // as they come
			header := func(token string) string {
				return `MediaBrowser Client="App", Device="Telly", DeviceId="tv", Version="1", Token="` + token + `"`
			}
			ask := func(method, target, token, body string, pairs ...string) (status int, answer string, head http.Header) {
				t.Helper()
				r, err := http.NewRequestWithContext(t.Context(), method, j.web.URL+target, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if token != "none" {
					r.Header.Set("Authorization", header(token))
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
				return res.StatusCode, strings.TrimSpace(string(text)), res.Header
			}
			type answer struct {
				AccessToken, Secret, Code string
				SessionInfo               struct{ RemoteEndPoint string }
			}
			read := func(text string) (a answer) {
				_ = json.Unmarshal([]byte(text), &a)
				return a
			}
			either := func(of12, of10 int) int {
				if old {
					return of10
				}
				return of12
			}
			check := func(what string, got, want any) {
				t.Helper()
				if got != want {
					t.Errorf("%s: got %v, want %v", what, got, want)
				}
			}
			status := func(want int, method, target, token string, pairs ...string) {
				t.Helper()
				got, _, _ := ask(method, target, token, "", pairs...)
				check(method+" "+target+" "+strings.Join(pairs, " "), got, want)
			}
			mint := func(name string) (authorized int, result answer) {
				t.Helper()
				_, text, _ := ask("POST", "/QuickConnect/Initiate", "", "")
				q := read(text)
				authorized, _, _ = ask("POST", "/QuickConnect/Authorize?code="+q.Code+"&userId="+j.id(name).String(), j.key, "")
				_, text, _ = ask("POST", "/Users/AuthenticateWithQuickConnect", "", `{"Secret":"`+q.Secret+`"}`)
				return authorized, read(text)
			}

			// A token for anybody, and its end.
			authorized, ann := mint("ann")
			check("approved", authorized, 200)
			check("where it came from", ann.SessionInfo.RemoteEndPoint, "")
			status(200, "GET", "/Users/Me", ann.AccessToken)
			status(400, "GET", "/Users/Me", j.key)
			_, text, _ := ask("POST", "/QuickConnect/Initiate", "", "")
			q := read(text)
			status(400, "POST", "/QuickConnect/Authorize?code="+q.Code, j.key)
			status(403, "POST", "/QuickConnect/Authorize?code="+q.Code+"&userId="+j.id("ben").String(), ann.AccessToken)
			status(200, "POST", "/QuickConnect/Authorize?code="+q.Code, ann.AccessToken)
			status(500, "POST", "/QuickConnect/Authorize?code="+q.Code+"&userId="+j.id("ann").String(), j.key)
			status(401, "GET", "/Users/Me", ann.AccessToken) // the same device has another now
			_, off := mint("off")
			status(401, "GET", "/Users/Me", off.AccessToken)
			j.set(func() { j.noMoreDevices = true })
			authorized, none := mint("ann")
			check("with as many devices as may be", authorized, 403)
			check("the token then", none.AccessToken, "")
			j.set(func() { j.noMoreDevices = false })
			status(either(405, 200), "GET", "/QuickConnect/Initiate", "")

			// Where somebody comes from.
			_, near := mint("near")
			status(200, "GET", "/Users/Me", near.AccessToken, "X-Forwarded-For", "192.168.7.7")
			status(403, "GET", "/Users/Me", near.AccessToken, "X-Forwarded-For", "203.0.113.9")
			got, _, _ := ask("POST", "/Users/AuthenticateByName", "", `{"Username":"near","Pw":"near-pw"}`, "X-Forwarded-For", "203.0.113.9")
			check("near from far away", got, 403)
			_, text, _ = ask("POST", "/Users/AuthenticateByName", "", `{"Username":"ann","Pw":"ann-pw"}`, "X-Forwarded-For", "203.0.113.9")
			a := read(text)
			check("where ann is", a.SessionInfo.RemoteEndPoint, "203.0.113.9")
			for _, trusts := range []bool{true, false} {
				j.set(func() { j.trusts = trusts })
				for from, want := range map[string]string{"": "true true", "203.0.113.9": "false false", "2001:db8::9": "false false",
					"203.0.113.9, 127.0.0.1": "false false", "192.168.7.7": "false true"} {
					var pairs []string
					if from != "" {
						pairs = []string{"X-Forwarded-For", from}
					}
					if !trusts {
						want = "true true"
					}
					_, text, _ := ask("GET", "/System/Endpoint", j.key, "", pairs...)
					var e jellyfin.EndPointInfo
					_ = json.Unmarshal([]byte(text), &e)
					check("the place of "+from, map[bool]string{true: "true", false: "false"}[e.IsLocal]+" "+map[bool]string{true: "true", false: "false"}[e.IsInNetwork], want)
				}
			}
			status(401, "GET", "/System/Endpoint", "none")

			// Places of tokens, paths, and what is whose.
			status(200, "GET", "/Users/Me?apikey="+a.AccessToken, "none")
			legacy := either(401, 200)
			status(legacy, "GET", "/Users/Me?api_key="+a.AccessToken, "none")
			status(legacy, "GET", "/Users/Me", "none", "X-Emby-Token", a.AccessToken)
			status(legacy, "GET", "/Users/Me", "none", "X-MediaBrowser-Token", a.AccessToken)
			status(legacy, "GET", "/Users/Me", "none", "X-Emby-Authorization", header(a.AccessToken))
			status(legacy, "GET", "/Users/Me", "none", "Authorization", "Emby"+strings.TrimPrefix(header(a.AccessToken), "MediaBrowser"))
			status(either(404, 200), "GET", "/EMBY/Users/Me", a.AccessToken)
			status(404, "GET", "/emby/emby/Users/Me", a.AccessToken)
			for path, want := range map[string]int{"/Items/1/Images/Primary": 200, "/Videos/1/stream": 200, "/Audio/1/universal": 401, "/System/Info": 401,
				"/Users/Public": 200, "/Branding/Configuration": 200} {
				status(want, "GET", path, "none")
			}
			_, _, head := ask("GET", "/Users/Public", "none", "")
			check("Content-Language", head.Get("Content-Language") != "", !old)
			_, text, _ = ask("GET", "/Sessions", a.AccessToken, "")
			check("others' sessions", strings.Contains(text, `"UserName":"near"`), false)
			_, text, _ = ask("GET", "/Sessions", j.key, "")
			check("the key's sessions", strings.Contains(text, `"UserName":"near"`), true)

			// The end of devices.
			status(either(400, 404), "DELETE", "/Devices?id=unknown", j.key)
			status(either(204, 400), "DELETE", "/Devices", j.key)
			status(204, "DELETE", "/Devices?id=tv", j.key)
			status(401, "GET", "/Users/Me", a.AccessToken)
			status(401, "POST", "/Sessions/Logout", a.AccessToken)
		})
	}
}
