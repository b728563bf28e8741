package gateway_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
	"github.com/finlatch/finlatch/jellyfin"
)

// standin answers as a real Jellyfin does: its bodies are recorded ones, and it has that server's ways with Quick Connect. It
// knows admin, ann, ben, off, who is disabled, and near, who may come from the local network only; their passwords are their names and -pw, and bare has none.
type standin struct {
	testing.TB
	web     *httptest.Server
	version string
	key     string

	mu        sync.Mutex
	result    map[string]any // a recorded answer to a sign-in
	info      map[string]any // and the recorded public information
	names     []string
	devices   map[string]map[string]any // by token, as GET /Devices lists them
	newest    string                    // token
	pending   map[string]*asking        // by code
	results   map[string]map[string]any // by secret
	serial    int
	approvals int
	asked     int // to approve

	nextCode                                                             string
	loseApproval, dieAfterApproval, dead, noMoreDevices, quickConnectOff bool
	trusts, legacy, discovers, setupOpen, bare                           bool
	hangsUp                                                              string // a path
	person                                                               string // whose token the key is; "": a key
}

type asking struct {
	code, secret string
	app          claims
	approved     bool
}

func newJellyfin(t testing.TB, version string) *standin {
	t.Helper()
	j := &standin{TB: t, version: version, key: "5e5e0badc0de0badc0de0badc0de0bad", devices: map[string]map[string]any{},
		names: []string{"admin", "ann", "ben", "off", "bare", "near"}, trusts: true,
		result: recorded(t, "20_quick_connect", "exchange.good"), info: recorded(t, "50_system", "public.anonymous")}
	j.info["Version"] = version
	j.forget()
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(w http.ResponseWriter, r *http.Request, app claims){
		"POST /Users/AuthenticateByName": j.signIn, "GET /Users/Me": j.me, "GET /Users/{id}": j.user, "GET /Users": j.users,
		"POST /Sessions/Logout": j.logout, "GET /Devices": j.listDevices, "GET /System/Info/Public": j.publicInfo,
		"POST /QuickConnect/Initiate": j.initiate, "GET /QuickConnect/Connect": j.state, "POST /QuickConnect/Authorize": j.authorize,
		"POST /Users/AuthenticateWithQuickConnect": j.exchange, "GET /QuickConnect/Enabled": j.enabled, "GET /Auth/Providers": j.providers,
		"GET /System/Endpoint": j.endpoint, "GET /System/Configuration": j.configuration, "GET /System/Configuration/network": j.network,
		"GET /Sessions": j.sessions, "DELETE /Devices": j.deleteDevices, "GET /Items/{id}/Images/Primary": j.anybodys, "GET /Videos/{id}/stream": j.anybodys,
		"GET /Audio/{id}/universal": j.members, "GET /System/Info": j.members, "GET /Users/Public": j.anybodys, "GET /Branding/Configuration": j.anybodys,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			j.mu.Lock()
			defer j.mu.Unlock()
			if j.dead || r.URL.Path == j.hangsUp {
				panic(http.ErrAbortHandler)
			}
			handle(w, r, j.said(r))
		})
	}
	if j.old() {
		mux.Handle("GET /QuickConnect/Initiate", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Method = http.MethodPost
			mux.ServeHTTP(w, r)
		}))
	}
	j.web = httptest.NewServer(j.around(mux))
	t.Cleanup(j.web.Close)
	return j
}

func (j *standin) client() *gateway.Client {
	j.Helper()
	return newClient(j, j.web.URL, finlatch.TokenFrom(j.key))
}

func (j *standin) set(f func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f()
}

// forget is a restart.
func (j *standin) forget() { j.pending, j.results = map[string]*asking{}, map[string]map[string]any{} }

func (j *standin) old() bool { return !strings.HasPrefix(j.version, "12.") }

// id is a user's; for who is none too.
func (j *standin) id(name string) finlatch.ID { return finlatch.ID(jellyfin.MD5GUID(name)) }

func (j *standin) named(id string) string {
	for _, name := range j.names {
		if g, err := jellyfin.ParseGUID(id); err == nil && finlatch.ID(g) == j.id(name) {
			return name
		}
	}
	return ""
}

func (j *standin) dto(name string) map[string]any {
	dto := maps.Clone(j.result["User"].(map[string]any))
	policy := maps.Clone(dto["Policy"].(map[string]any))
	policy["IsDisabled"], policy["IsAdministrator"], policy["EnableRemoteAccess"] = name == "off", name == "admin", name != "near"
	dto["Name"], dto["Id"], dto["Policy"] = name, j.id(name).String(), policy
	if j.old() {
		dto["HasPassword"], dto["HasConfiguredPassword"] = name != "bare" && !j.bare, name != "bare" && !j.bare
		delete(dto, "LastLoginDate")
	}
	return dto
}

// grant makes a token, and ends the others of the same user and device.
func (j *standin) grant(name string, app claims) map[string]any {
	for token, d := range j.devices {
		if d["Id"] == app.DeviceID && d["LastUserId"] == j.id(name).String() {
			delete(j.devices, token)
		}
	}
	j.serial++
	j.newest = fmt.Sprintf("%032x", j.serial)
	j.devices[j.newest] = map[string]any{"Id": app.DeviceID, "Name": app.Device, "AppName": app.Client, "AppVersion": app.Version,
		"LastUserId": j.id(name).String(), "LastUserName": name}
	session := maps.Clone(j.result["SessionInfo"].(map[string]any))
	session["DeviceId"], session["DeviceName"], session["Client"], session["ApplicationVersion"] = app.DeviceID, app.Device, app.Client, app.Version
	session["UserId"], session["UserName"] = j.id(name).String(), name
	if j.old() {
		session["NowPlayingQueueFullItems"] = []any{}
	}
	result := maps.Clone(j.result)
	result["User"], result["SessionInfo"], result["AccessToken"] = j.dto(name), session, j.newest
	return result
}

func (j *standin) tokens(name string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, d := range j.devices {
		if d["LastUserName"] == name {
			n++
		}
	}
	return n
}

func (j *standin) last() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.newest
}

func (j *standin) approved(m finlatch.Minting) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.results[m.Secret.Reveal()] != nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func sayError(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "Error processing request.")
}

// who is the user of a token; "" for an API key.
func (j *standin) who(w http.ResponseWriter, app claims) (name string, ok bool) {
	if app.Token == j.key {
		return j.person, true
	}
	d := j.devices[app.Token]
	switch {
	case d == nil || d["LastUserName"] == "off":
		w.WriteHeader(http.StatusUnauthorized)
	case d["LastUserName"] == "near" && !inNetwork(app.from):
		w.WriteHeader(http.StatusForbidden)
	default:
		return d["LastUserName"].(string), true
	}
	return "", false
}

func (j *standin) elevated(w http.ResponseWriter, app claims) bool {
	name, ok := j.who(w, app)
	if ok && name != "" && name != "admin" {
		w.WriteHeader(http.StatusForbidden)
		return false
	}
	return ok
}

func complete(a claims) bool {
	return a.Client != "" && a.DeviceID != "" && a.Device != "" && a.Version != ""
}

func (j *standin) signIn(w http.ResponseWriter, r *http.Request, app claims) {
	var in jellyfin.AuthenticateUserByName
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !complete(app) || in.Username == "" {
		sayError(w, http.StatusBadRequest)
		return
	}
	name := strings.ToLower(in.Username)
	switch {
	case j.named(j.id(name).String()) == "" || name == "bare" && in.Pw != "" || name != "bare" && string(in.Pw) != name+"-pw" && name != "off":
		sayError(w, http.StatusUnauthorized)
	case name == "off", name == "near" && !inNetwork(app.from):
		sayError(w, http.StatusForbidden)
	default:
		result := j.grant(name, app)
		result["SessionInfo"].(map[string]any)["RemoteEndPoint"] = app.from.String()
		writeJSON(w, http.StatusOK, result)
	}
}

func (j *standin) me(w http.ResponseWriter, _ *http.Request, app claims) {
	switch name, ok := j.who(w, app); {
	case ok && name == "":
		writeJSON(w, http.StatusBadRequest, map[string]any{"title": "Bad Request", "status": 400})
	case ok:
		writeJSON(w, http.StatusOK, j.dto(name))
	}
}

func (j *standin) user(w http.ResponseWriter, r *http.Request, app claims) {
	if _, ok := j.who(w, app); !ok {
		return
	}
	name := j.named(r.PathValue("id"))
	if name == "" {
		writeJSON(w, http.StatusNotFound, "User not found")
		return
	}
	writeJSON(w, http.StatusOK, j.dto(name))
}

func (j *standin) users(w http.ResponseWriter, _ *http.Request, app claims) {
	if _, ok := j.who(w, app); !ok {
		return
	}
	var all []any
	for _, name := range j.names {
		all = append(all, j.dto(name))
	}
	writeJSON(w, http.StatusOK, all)
}

func (j *standin) logout(w http.ResponseWriter, _ *http.Request, app claims) {
	if _, ok := j.who(w, app); ok {
		delete(j.devices, app.Token)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (j *standin) listDevices(w http.ResponseWriter, _ *http.Request, app claims) {
	if !j.elevated(w, app) {
		return
	}
	items := []any{}
	for _, d := range j.devices {
		items = append(items, d)
	}
	writeJSON(w, http.StatusOK, map[string]any{"Items": items, "TotalRecordCount": len(items), "StartIndex": 0})
}

// neighbour is where another Jellyfin is.
const neighbour = "192.0.2.10:8096"

func (j *standin) publicInfo(w http.ResponseWriter, r *http.Request, _ claims) {
	info := maps.Clone(j.info)
	info["StartupWizardCompleted"] = !j.setupOpen
	if r.Host == neighbour {
		info["Id"] = "0badc0de0badc0de0badc0de0badc0de"
	}
	writeJSON(w, http.StatusOK, info)
}

func (j *standin) quickConnect(w http.ResponseWriter) bool {
	if j.quickConnectOff {
		writeJSON(w, http.StatusUnauthorized, "Quick connect is disabled")
	}
	return !j.quickConnectOff
}

func (j *standin) initiate(w http.ResponseWriter, _ *http.Request, app claims) {
	if !complete(app) {
		sayError(w, http.StatusBadRequest)
		return
	}
	if !j.quickConnect(w) {
		return
	}
	j.serial++
	q := &asking{code: strconv.Itoa(100_000 + j.serial), secret: fmt.Sprintf("%064X", j.serial), app: app}
	if j.nextCode != "" {
		q.code, j.nextCode = j.nextCode, ""
	}
	j.pending[q.code] = q
	writeJSON(w, http.StatusOK, q.state())
}

func (q *asking) state() map[string]any {
	return map[string]any{"Authenticated": q.approved, "Secret": q.secret, "Code": q.code, "DeviceId": q.app.DeviceID, "DeviceName": q.app.Device,
		"AppName": q.app.Client, "AppVersion": q.app.Version, "DateAdded": "2026-11-23T13:59:26.8097645Z"}
}

func (j *standin) state(w http.ResponseWriter, r *http.Request, _ claims) {
	if !j.quickConnect(w) {
		return
	}
	for _, q := range j.pending {
		if q.secret == r.URL.Query().Get("secret") {
			writeJSON(w, http.StatusOK, q.state())
			return
		}
	}
	writeJSON(w, http.StatusNotFound, "Unknown secret")
}

func (j *standin) authorize(w http.ResponseWriter, r *http.Request, app claims) {
	self, ok := j.who(w, app)
	if !ok || !j.quickConnect(w) {
		return
	}
	j.asked++
	q, name := j.pending[r.URL.Query().Get("code")], j.named(r.URL.Query().Get("userId"))
	if !r.URL.Query().Has("userId") {
		name = self
	}
	if self != "" && self != "admin" && name != self {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	switch {
	case name == "":
		sayError(w, http.StatusBadRequest)
	case q == nil:
		sayError(w, http.StatusNotFound)
	case q.approved:
		sayError(w, http.StatusInternalServerError)
	case j.noMoreDevices:
		sayError(w, http.StatusForbidden)
	default:
		j.approvals++
		q.approved = true
		j.results[q.secret] = j.grant(name, q.app)
		if j.loseApproval || j.dieAfterApproval {
			j.loseApproval, j.dead = false, j.dieAfterApproval
			panic(http.ErrAbortHandler)
		}
		writeJSON(w, http.StatusOK, true)
	}
}

func (j *standin) exchange(w http.ResponseWriter, r *http.Request, _ claims) {
	if !j.quickConnect(w) {
		return
	}
	var in jellyfin.QuickConnectDto
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || j.results[string(in.Secret)] == nil {
		sayError(w, http.StatusNotFound)
		return
	}
	writeJSON(w, http.StatusOK, j.results[string(in.Secret)])
}

func (j *standin) enabled(w http.ResponseWriter, _ *http.Request, _ claims) {
	writeJSON(w, http.StatusOK, !j.quickConnectOff)
}

func (j *standin) providers(w http.ResponseWriter, _ *http.Request, app claims) {
	if j.elevated(w, app) {
		writeJSON(w, http.StatusOK, []any{map[string]any{"Name": "Default", "Id": finlatch.DefaultAuthenticationProviderID}})
	}
}

func (j *standin) endpoint(w http.ResponseWriter, _ *http.Request, app claims) {
	if _, ok := j.who(w, app); ok {
		writeJSON(w, http.StatusOK, jellyfin.EndPointInfo{IsLocal: app.from.IsLoopback(), IsInNetwork: inNetwork(app.from)})
	}
}

func (j *standin) configuration(w http.ResponseWriter, _ *http.Request, app claims) {
	if _, ok := j.who(w, app); ok {
		writeJSON(w, http.StatusOK, map[string]any{"EnableLegacyAuthorization": j.legacy, "ServerName": "Wire test"})
	}
}

func (j *standin) network(w http.ResponseWriter, _ *http.Request, app claims) {
	if _, ok := j.who(w, app); ok {
		writeJSON(w, http.StatusOK, map[string]any{"AutoDiscovery": j.discovers, "CertificatePassword": "s3cret"})
	}
}
