package jellyfin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/finlatch/finlatch/jellyfin"
)

// recordings are what a real Jellyfin 12.0.0 was asked and answered.
const recordings = "../conformance/testdata/jellyfin-12.0.0"

type step struct {
	Name     string
	Request  struct{ Body json.RawMessage }
	Response struct {
		Status      int
		ContentType string `json:"content_type"`
		Body        json.RawMessage
		Kind        string `json:"body_kind"`
	}
}

// record is the steps of some recordings, by scenario and name.
func record(t testing.TB, scenarios ...string) map[string]step {
	t.Helper()
	steps := map[string]step{}
	for _, scenario := range scenarios {
		data, err := os.ReadFile(filepath.Join(recordings, scenario+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("the recordings are not in the module, only in its repository")
		}
		if err != nil {
			t.Fatal(err)
		}
		var recorded struct{ Steps []step }
		if err := json.Unmarshal(data, &recorded); err != nil {
			t.Fatal(err)
		}
		for _, one := range recorded.Steps {
			steps[scenario[:2]+"/"+one.Name] = one
		}
	}
	return steps
}

// standin answers with what the real server has answered in the same case. It refuses what that would refuse.
type standin struct {
	testing.TB
	steps map[string]step

	mu       sync.Mutex
	before   func(http.ResponseWriter, *http.Request) bool // answers something else, and says so
	asked    []string                                      // operations, in order
	prefers  []string                                      // of Connect
	tokens   map[string]string                             // the step that says whose a token is
	approved bool
	expired  bool
	off      bool
	gone     bool // the device that can be revoked
}

func newStandin(t testing.TB) *standin {
	t.Helper()
	return &standin{TB: t, tokens: map[string]string{},
		steps: record(t, "00_first_run", "10_password", "20_quick_connect", "21_quick_connect_disabled", "40_sessions_devices", "50_system")}
}

// member is a string of a recorded body.
func (s *standin) member(name string, members ...string) string {
	s.Helper()
	var body any
	if err := json.Unmarshal(s.steps[name].Response.Body, &body); err != nil {
		s.Fatalf("%s: %v", name, err)
	}
	for _, member := range members {
		body = body.(map[string]any)[member]
	}
	return body.(string)
}

// answerAs writes what was answered in a step.
func (s *standin) answerAs(w http.ResponseWriter, name string) {
	one, found := s.steps[name]
	if !found {
		s.Errorf("no step %s was recorded", name)
	}
	if one.Response.ContentType != "" {
		w.Header().Set("Content-Type", one.Response.ContentType)
	}
	w.WriteHeader(one.Response.Status)
	switch one.Response.Kind {
	case "json":
		w.Write(one.Response.Body)
	case "text":
		var text string
		_ = json.Unmarshal(one.Response.Body, &text)
		io.WriteString(w, text)
	}
}

func (s *standin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	op := r.Method + " " + r.URL.Path
	s.asked = append(s.asked, op)
	if s.before != nil && s.before(w, r) {
		return
	}
	who, _ := jellyfin.ParseAuthorization(r.Header.Get("Authorization"))
	if who.Client == "" || who.Device == "" || who.DeviceID == "" || who.Version == "" {
		if op != "GET /System/Info/Public" && op != "GET /link" { // asked before there is a client
			s.Errorf("%s: the header is %q", op, r.Header.Get("Authorization"))
		}
	}
	if r.Method == http.MethodPost && r.ContentLength > 0 && r.Header.Get("Content-Type") != "application/json" {
		s.answerAs(w, "10/body.text-plain")
		return
	}
	switch op {
	case "GET /System/Info/Public":
		s.answerAs(w, "50/public.anonymous")
	case "GET /Users/Public":
		s.answerAs(w, "00/after.users-public")
	case "GET /Branding/Configuration":
		s.answerAs(w, "50/branding.configuration")
	case "POST /Users/AuthenticateByName":
		s.signIn(w, r)
	case "GET /QuickConnect/Enabled":
		s.answerAs(w, map[bool]string{false: "20/enabled.get", true: "21/off.enabled"}[s.off])
	case "POST /QuickConnect/Initiate":
		s.answerAs(w, map[bool]string{false: "20/initiate.good", true: "21/off.initiate"}[s.off])
	case "GET /QuickConnect/Connect":
		s.prefers = append(s.prefers, r.Header.Get("Prefer"))
		s.state(w, r.URL.Query().Get("secret"))
	case "POST /Users/AuthenticateWithQuickConnect":
		s.redeem(w, r)
	default:
		s.signedIn(w, r, op, s.tokens[who.Token])
	}
}

func (s *standin) signIn(w http.ResponseWriter, r *http.Request) {
	var in jellyfin.AuthenticateUserByName
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		s.answerAs(w, "10/body.broken")
		return
	}
	for _, known := range []struct{ step, me string }{{"10/ok.first", "10/ok.me"}, {"10/no.disabled-right", ""}, {"40/setup.admin", ""}} {
		var right jellyfin.AuthenticateUserByName
		if err := json.Unmarshal(s.steps[known.step].Request.Body, &right); err != nil {
			s.Fatal(err)
		}
		if in != right {
			continue
		}
		if s.steps[known.step].Response.Status == http.StatusOK {
			s.tokens[s.member(known.step, "AccessToken")] = known.step + " " + known.me
		}
		s.answerAs(w, known.step)
		return
	}
	s.answerAs(w, "10/no.wrong")
}

func (s *standin) state(w http.ResponseWriter, secret string) {
	switch {
	case s.off:
		s.answerAs(w, "21/off.connect-pending")
	case s.expired, secret != s.member("20/initiate.good", "Secret"):
		s.answerAs(w, "20/state.unknown")
	case s.approved:
		s.answerAs(w, "20/authorize.shown")
	default:
		s.answerAs(w, "20/state.pending")
	}
}

func (s *standin) redeem(w http.ResponseWriter, r *http.Request) {
	var in jellyfin.QuickConnectDto
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !s.approved || string(in.Secret) != s.member("20/initiate.good", "Secret") {
		s.answerAs(w, "20/exchange.too-early")
		return
	}
	s.tokens[s.member("20/exchange.good", "AccessToken")] = "20/exchange.good 20/exchange.whose"
	s.answerAs(w, "20/exchange.good")
}

func (s *standin) signedIn(w http.ResponseWriter, r *http.Request, op, whose string) {
	by, me, in := strings.Cut(whose, " ")
	admin := by == "40/setup.admin"
	switch {
	case !in && op == "GET /link", strings.HasPrefix(r.URL.Path, "/QuickConnect/Finlatch/"):
		w.WriteHeader(http.StatusNotFound)
	case !in:
		s.answerAs(w, "10/ok.first-replaced")
	case op == "GET /Users/Me":
		s.answerAs(w, me)
	case op == "GET /Sessions":
		s.answerAs(w, "40/options.session")
	case op == "POST /Sessions/Logout":
		delete(s.tokens, s.member(by, "AccessToken"))
		s.answerAs(w, "40/logout.post")
	case op == "GET /Devices" && admin:
		s.answerAs(w, "40/devices.list")
	case op == "GET /Devices":
		s.answerAs(w, "40/devices.list-by-user")
	case op == "DELETE /Devices" && admin && r.URL.Query().Get("id") == "wire-d1" && !s.gone:
		s.gone = true
		s.answerAs(w, "40/delete.first")
	case op == "DELETE /Devices" && admin:
		s.answerAs(w, "40/delete.again")
	case op == "DELETE /Devices":
		s.answerAs(w, "40/delete.by-user")
	case op == "POST /QuickConnect/Authorize" && s.off:
		s.answerAs(w, "21/off.authorize")
	case op == "POST /QuickConnect/Authorize" && r.URL.Query().Get("code") == s.member("20/initiate.good", "Code"):
		s.approved = true
		s.answerAs(w, "20/authorize.self")
	case op == "POST /QuickConnect/Authorize":
		s.answerAs(w, "20/authorize.unknown")
	default:
		s.Errorf("nobody has recorded %s", op)
		w.WriteHeader(http.StatusNotFound)
	}
}

// inProcess is a network in which all hosts are one handler, so that time can be the test's.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	served := r.Clone(r.Context())
	if r.Body == nil {
		served.Body = http.NoBody
	} else {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		served.Body = io.NopCloser(bytes.NewReader(body))
	}
	served.RequestURI = r.URL.RequestURI()
	answer := httptest.NewRecorder()
	p.ServeHTTP(answer, served)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	response := answer.Result()
	if response.StatusCode == dropped {
		return nil, io.ErrUnexpectedEOF
	}
	response.Request = r
	return response, nil
}

// dropped is the status of an answer that does not arrive.
const dropped = 599
