package gateway_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

// step is an answer that a real Jellyfin 12 gave.
type step struct {
	Name    string
	Request struct{ Method, Path string }

	Response struct {
		Status      int
		ContentType string `json:"content_type"`
		BodyKind    string `json:"body_kind"`
		Body        json.RawMessage
	}
}

func steps(t testing.TB, scenario string) []step {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "conformance", "testdata", "jellyfin-12.0.0", scenario+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Steps []step }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Steps
}

// recorded is the body of an answer.
func recorded(t testing.TB, scenario, name string) (body map[string]any) {
	t.Helper()
	for _, s := range steps(t, scenario) {
		if s.Name == name {
			if err := json.Unmarshal(s.Response.Body, &body); err != nil {
				t.Fatal(err)
			}
			return body
		}
	}
	t.Fatalf("%s has no step %s", scenario, name)
	return nil
}

// answer gives a recorded answer again.
func (s step) answer(w http.ResponseWriter) {
	if s.Response.ContentType != "" {
		w.Header().Set("Content-Type", s.Response.ContentType)
	}
	body := string(s.Response.Body)
	if s.Response.BodyKind != "json" {
		_ = json.Unmarshal(s.Response.Body, &body)
	}
	w.WriteHeader(s.Response.Status)
	if s.Response.Status != http.StatusNoContent {
		_, _ = io.WriteString(w, body)
	}
}

// All that a real Jellyfin answered to a call means what its status says, and has all that is wanted.
func TestRecorded(t *testing.T) {
	t.Parallel()
	unavailable, none := finlatch.ErrUnavailable, (*finlatch.Error)(nil)
	kinds := map[string]map[int]*finlatch.Error{
		"SignIn": {200: none, 400: finlatch.ErrInvalid, 401: finlatch.ErrUnauthenticated, 403: finlatch.ErrForbidden, 405: unavailable, 415: unavailable},
		"Me":     {200: none, 400: finlatch.ErrUnauthenticated, 401: finlatch.ErrUnauthenticated, 403: finlatch.ErrForbidden},
		"User":   {200: none, 400: unavailable, 401: unavailable, 404: finlatch.ErrNotFound},
		"Users":  {200: none, 400: unavailable, 401: unavailable},
		"Ask":    {200: none, 400: finlatch.ErrInvalid, 401: unavailable, 405: unavailable},
		"End":    {204: none, 401: none, 405: unavailable},
		"Info":   {200: none},
	}
	calls := map[string]*regexp.Regexp{
		"SignIn": regexp.MustCompile(`^POST /Users/AuthenticateByName$`), "Me": regexp.MustCompile(`^GET /Users/Me$`),
		"User": regexp.MustCompile(`^GET /Users/[0-9a-f]{32}$`), "Users": regexp.MustCompile(`^GET /Users(\?.*)?$`),
		"Ask": regexp.MustCompile(`^POST /QuickConnect/Initiate$`), "End": regexp.MustCompile(`^POST /Sessions/Logout$`),
		"Info": regexp.MustCompile(`^GET /System/Info/Public$`),
	}
	var now step
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { now.answer(w) }))
	t.Cleanup(web.Close)
	c := newClient(t, web.URL, finlatch.TokenFrom(secretKey))
	seen := map[string]int{}
	for _, scenario := range []string{"10_password", "20_quick_connect", "21_quick_connect_disabled", "30_users", "31_lockout", "40_sessions_devices", "41_api_keys", "50_system"} {
		for _, now = range steps(t, scenario) {
			if strings.HasPrefix(now.Name, "accept.") { // camelCase, as it was asked for
				continue
			}
			for name, pattern := range calls {
				if !pattern.MatchString(now.Request.Method + " " + now.Request.Path) {
					continue
				}
				want, known := kinds[name][now.Response.Status]
				if !known {
					t.Errorf("%s %s: no Jellyfin answers %s with %d", scenario, now.Name, name, now.Response.Status)
					continue
				}
				var body struct {
					ID          string `json:"Id"`
					User        struct{ Name string }
					AccessToken string
					Secret      string
				}
				_ = json.Unmarshal(now.Response.Body, &body)
				var err error
				right := true
				switch name {
				case "SignIn":
					var got finlatch.Granted
					got, err = c.SignIn(t.Context(), from(atHome, phone), "x", "x")
					right = got.Token.Reveal() == body.AccessToken && got.User.Name == body.User.Name
				case "Me":
					var got finlatch.Granted
					got, err = c.Whose(t.Context(), from(atHome, phone), finlatch.TokenFrom(secretToken))
					right = got.User.ID.String() == body.ID && got.Token.Reveal() == secretToken
				case "User":
					id, _ := finlatch.ParseID(strings.TrimPrefix(now.Request.Path, "/Users/"))
					if id.IsZero() {
						continue
					}
					var got finlatch.User
					got, err = c.User(t.Context(), id)
					right = got.ID == id
				case "Users":
					var got []finlatch.User
					if got, err = c.Users(t.Context()); string(now.Response.Body) == "[]" {
						want = unavailable
					}
					right = len(got) > 0
				case "Ask":
					var got finlatch.Minting
					got, err = c.Ask(t.Context(), from(atHome, phone), phone)
					right = got.Secret.Reveal() == body.Secret
				case "End":
					err = c.End(t.Context(), finlatch.TokenFrom(secretToken))
				case "Info":
					_, err = c.Info(t.Context())
				}
				if want == nil && (err != nil || !right) || want != nil && !errors.Is(err, want) {
					t.Errorf("%s %s (%d): got %v, want %v", scenario, now.Name, now.Response.Status, err, want)
				}
				seen[name]++
			}
		}
	}
	for name := range kinds {
		if seen[name] == 0 {
			t.Errorf("nothing was recorded for %s", name)
		}
	}
}

// What installations of both versions answered of their users and devices is read as it is.
func TestInstallations(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"10.11.11", "12.0.0"} {
		data, err := os.ReadFile(filepath.Join("..", "internal", "takeover", "testdata", version, "expected.json"))
		if err != nil {
			t.Fatal(err)
		}
		var install struct {
			Users []struct {
				DTO      json.RawMessage
				SignsIn  bool `json:"signs_in"`
				Password string
			}
			Devices json.RawMessage
		}
		if err := json.Unmarshal(data, &install); err != nil {
			t.Fatal(err)
		}
		all := make([]json.RawMessage, len(install.Users))
		want := make([]finlatch.User, len(install.Users))
		for i, u := range install.Users {
			var dto struct {
				Name                            string
				ID                              jellyfin.GUID `json:"Id"`
				Policy                          finlatch.Policy
				Attempts                        struct{ InvalidLoginAttemptCount int } `json:"-"`
				Configuration                   finlatch.Configuration
				PrimaryImageTag                 string
				LastLoginDate, LastActivityDate jellyfin.Time
			}
			if err := json.Unmarshal(u.DTO, &dto); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(u.DTO, &struct{ Policy any }{&dto.Attempts}); err != nil {
				t.Fatal(err)
			}
			all[i], want[i] = u.DTO, finlatch.User{ID: finlatch.ID(dto.ID), Name: dto.Name, NormalizedName: finlatch.NormalizeName(dto.Name), ImageTag: dto.PrimaryImageTag,
				Policy: dto.Policy, Configuration: dto.Configuration, InvalidLoginAttempts: dto.Attempts.InvalidLoginAttemptCount,
				LastLoginAt: dto.LastLoginDate.Time, LastActivityAt: dto.LastActivityDate.Time}
		}
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, all) }))
		t.Cleanup(web.Close)
		got, err := newClient(t, web.URL, finlatch.TokenFrom(secretKey)).Users(t.Context())
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s: %v %s", version, err, diff)
		}
	}
}
