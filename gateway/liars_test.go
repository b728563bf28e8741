package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
)

const (
	secretKey      = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
	secretToken    = "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"
	secretPassword = "hunter2-hunter2"
	secretCode     = "951753"
)

var secretSecret = strings.Repeat("C3D4", 16)

// operations are all that a Client is asked, with arguments that are secret.
var operations = map[string]func(ctx context.Context, c *gateway.Client) error{
	"SignIn": func(ctx context.Context, c *gateway.Client) error {
		_, err := c.SignIn(ctx, from(atHome, phone), "ann", secretPassword)
		return err
	},
	"Whose": func(ctx context.Context, c *gateway.Client) error {
		_, err := c.Whose(ctx, from(atHome, phone), finlatch.TokenFrom(secretToken))
		return err
	},
	"User": func(ctx context.Context, c *gateway.Client) error {
		_, err := c.User(ctx, finlatch.ID{1})
		return err
	},
	"Users": func(ctx context.Context, c *gateway.Client) error {
		_, err := c.Users(ctx)
		return err
	},
	"Ask": func(ctx context.Context, c *gateway.Client) error {
		_, err := c.Ask(ctx, from(atHome, phone), phone)
		return err
	},
	"Mint": func(ctx context.Context, c *gateway.Client) error {
		_, err := c.Mint(ctx, finlatch.Minting{Secret: finlatch.SecretFrom(secretSecret), Code: secretCode}, finlatch.ID{1})
		return err
	},
	"End": func(ctx context.Context, c *gateway.Client) error { return c.End(ctx, finlatch.TokenFrom(secretToken)) },
	"Info": func(ctx context.Context, c *gateway.Client) error {
		_, err := c.Info(ctx)
		return err
	},
}

func TestLiars(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	var written atomic.Int64
	says := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	leads := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.RequestURI(), status)
		}
	}
	const asJSON = "application/json; charset=utf-8"
	for name, liar := range map[string]http.HandlerFunc{
		"a page":                   says(200, "text/html; charset=utf-8", "<html>"),
		"a page that says 401":     says(401, "text/html", "<html>Sign in to your router"),
		"a page that says 403":     says(403, "text/html", "<html>"),
		"a page that says 404":     says(404, "text/html", "<html>"),
		"500":                      says(500, "text/plain", "Error processing request."),
		"502":                      says(502, "text/html", "<html>Bad Gateway"),
		"503":                      says(503, "text/plain", "Jellyfin Server is loading. Please try again shortly."),
		"404 of another program":   says(404, "text/plain", "404 page not found"),
		"418":                      says(418, asJSON, "{}"),
		"elsewhere":                leads(http.StatusFound),
		"elsewhere with the body":  leads(http.StatusTemporaryRedirect),
		"elsewhere for good":       leads(http.StatusPermanentRedirect),
		"nothing":                  says(200, asJSON, ""),
		"null":                     says(200, asJSON, "null"),
		"an object with nothing":   says(200, asJSON, "{}"),
		"a number":                 says(200, asJSON, "7"),
		"a list of numbers":        says(200, asJSON, "[1,2]"),
		"a list of nothing":        says(200, asJSON, "[null]"),
		"an error that is said OK": says(200, asJSON, `"Error"`),
		"half":                     says(200, asJSON, `{"User":{"Name":"ann`),
		"camelCase":                says(200, asJSON, `{"localAddress":null,"serverName":"x","version":"12.0.0","productName":"Jellyfin Server","operatingSystem":null,"id":"223fbd1d429e478c9f993f4163351946","startupWizardCompleted":false}`),
		"a password is wanted": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
		},
		"an endless body": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", asJSON)
			block := bytes.Repeat([]byte("[\"x\","), 13_000)
			for range (1 << 30) / len(block) {
				n, err := w.Write(block)
				if written.Add(int64(n)); err != nil {
					return
				}
			}
		},
		"a body that trickles": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", asJSON)
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(5 * time.Millisecond)
			}
		},
		"silence":        func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"hanging up":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a large header": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) },
		"what it was told": func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("Content-Type", asJSON)
			_ = json.NewEncoder(w).Encode(map[string]any{"Name": r.Header["Authorization"], "AccessToken": []any{r.URL.String(), string(body)}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 1<<20))
				liar(w, r)
			}))
			if name == "what it was told" {
				web.Config.Handler = liar
			}
			t.Cleanup(web.Close)
			timeout := 10 * time.Second
			if name == "a body that trickles" || name == "silence" {
				timeout = 100 * time.Millisecond
			}
			c, err := gateway.NewClient(gateway.ClientOptions{URL: web.URL, Key: finlatch.TokenFrom(secretKey), Timeout: timeout})
			if err != nil {
				t.Fatal(err)
			}
			for operation, do := range operations {
				err := do(t.Context(), c)
				if !errors.Is(err, finlatch.ErrUnavailable) {
					t.Errorf("%s: got %v", operation, err)
				}
				keepsSecrets(t, operation, err)
			}
		})
	}
	t.Cleanup(func() {
		if n := elsewhere.Load(); n != 0 {
			t.Errorf("%d redirects were followed", n)
		}
		if n := written.Load(); n > 512<<20 {
			t.Errorf("%d MiB of endless bodies were taken", n>>20)
		}
	})
}

func keepsSecrets(t *testing.T, operation string, err error) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %#v", err, err, err)
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		text += fmt.Sprintf(" %v %#v", inner, inner)
	}
	for _, secret := range []string{secretKey, secretToken, secretPassword, secretSecret, secretCode} {
		if strings.Contains(text, secret) {
			t.Errorf("%s: a secret is in the error %s", operation, text)
		}
	}
}

// An upstream that asks to wait is obeyed.
func TestWait(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		after  string
		kind   *finlatch.Error
		want   time.Duration
	}{
		{429, "17", finlatch.ErrRateLimited, 17 * time.Second},
		{503, "005", finlatch.ErrUnavailable, 5 * time.Second},
		{503, "120", finlatch.ErrUnavailable, 2 * time.Minute},
		{503, "", finlatch.ErrUnavailable, 5 * time.Second},
		{503, "-1", finlatch.ErrUnavailable, 5 * time.Second},
		{503, "99999999", finlatch.ErrUnavailable, 5 * time.Second},
		{503, "Wed, 21 Oct 2015 07:28:00 GMT", finlatch.ErrUnavailable, 5 * time.Second},
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", tt.after)
			w.WriteHeader(tt.status)
		}))
		_, err := newClient(t, web.URL, finlatch.Token{}).SignIn(t.Context(), from(atHome, phone), "ann", "x")
		web.Close()
		var e *finlatch.Error
		if !errors.Is(err, tt.kind) || !errors.As(err, &e) || e.RetryAfter != tt.want {
			t.Errorf("%d %q: got %v", tt.status, tt.after, err)
		}
	}
}

// Each of these is one thing wrong in the answers of a Jellyfin that works.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	in := func(path string, change func(map[string]any)) func(string, map[string]any) {
		return func(asked string, body map[string]any) {
			if asked == path {
				change(body)
			}
		}
	}
	set := func(member string, v any) func(map[string]any) { return func(body map[string]any) { body[member] = v } }
	ofUser := func(member string, v any) func(map[string]any) {
		return func(body map[string]any) { body["User"].(map[string]any)[member] = v }
	}
	const signIn, exchange, me, initiate, state = "/Users/AuthenticateByName", "/Users/AuthenticateWithQuickConnect", "/Users/Me", "/QuickConnect/Initiate", "/QuickConnect/Connect"
	type twist = func(string, map[string]any)
	signsIn := func(c *gateway.Client, j *standin) error {
		_, err := c.SignIn(t.Context(), from(atHome, phone), "ann", "ann-pw")
		return err
	}
	mints := func(c *gateway.Client, j *standin) error {
		m, err := c.Ask(t.Context(), from(atHome, phone), phone)
		if err == nil {
			_, err = c.Mint(t.Context(), m, j.id("ann"))
		}
		return err
	}
	reads := func(c *gateway.Client, j *standin) error {
		_, err := c.User(t.Context(), j.id("ann"))
		return err
	}
	j := newJellyfin(t, "12.0.0")
	ben, ann := j.id("ben").String(), "/Users/"+j.id("ann").String()
	for _, tt := range []struct {
		name  string
		do    func(*gateway.Client, *standin) error
		twist twist
		ok    bool
	}{
		{"nothing", signsIn, func(string, map[string]any) {}, true},
		{"no token", signsIn, in(signIn, set("AccessToken", nil)), false},
		{"an empty token", signsIn, in(signIn, set("AccessToken", "")), false},
		{"a short token", signsIn, in(signIn, set("AccessToken", "0badc0de")), false},
		{"a token in capitals", signsIn, in(signIn, set("AccessToken", "0BADC0DE0BADC0DE0BADC0DE0BADC0DE")), false},
		{"a token that breaks a header", signsIn, in(signIn, set("AccessToken", "0badc0de0badc0de0badc0de0badc\r\nX")), false},
		{"a token that is a number", signsIn, in(signIn, set("AccessToken", 12345678901234567)), false},
		{"no user", signsIn, in(signIn, set("User", nil)), false},
		{"no id", signsIn, in(signIn, ofUser("Id", nil)), false},
		{"zeros for an id", signsIn, in(signIn, ofUser("Id", strings.Repeat("0", 32))), false},
		{"a short id", signsIn, in(signIn, ofUser("Id", "0badc0de")), false},
		{"a path for an id", signsIn, in(signIn, ofUser("Id", "../../System/Shutdown")), false},
		{"no name", signsIn, in(signIn, ofUser("Name", "")), false},
		{"no policy", signsIn, in(signIn, ofUser("Policy", nil)), false},
		{"a policy that is text", signsIn, in(signIn, ofUser("Policy", "all")), false},
		{"a name that the directory gives", signsIn, in(signIn, ofUser("Name", "ann.smith")), true},
		{"members that nobody knows", signsIn, in(signIn, func(body map[string]any) { body["Next"], body["SessionInfo"] = []any{1}, nil }), true},

		{"nothing", reads, func(string, map[string]any) {}, true},
		{"another user", reads, in(ann, set("Id", ben)), false},
		{"no policy", reads, in(ann, set("Policy", nil)), false},

		{"nothing", mints, func(string, map[string]any) {}, true},
		{"a short secret", mints, in(initiate, set("Secret", "ABC")), false},
		{"a secret with more", mints, in(initiate, set("Secret", strings.Repeat("0", 63)+"&")), false},
		{"a long code", mints, in(initiate, set("Code", "1234567")), false},
		{"a code with more", mints, in(initiate, set("Code", "12&x=1")), false},
		{"another code", mints, in(state, set("Code", "999999")), false},
		{"another secret", mints, in(state, set("Secret", strings.Repeat("0", 64))), false},
		{"another user's token", mints, in(exchange, ofUser("Id", ben)), false},
		{"a token of another user", mints, in(me, set("Id", ben)), false},
		{"no token", mints, in(exchange, set("AccessToken", "")), false},
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			j.web.Config.Handler.ServeHTTP(answer, r)
			var body any
			_ = json.Unmarshal(answer.Body.Bytes(), &body)
			if object, ok := body.(map[string]any); ok {
				tt.twist(r.URL.Path, object)
			}
			writeJSON(w, answer.Code, body)
		}))
		err := tt.do(newClient(t, web.URL, finlatch.TokenFrom(j.key)), j)
		web.Close()
		if tt.ok && err != nil || !tt.ok && !errors.Is(err, finlatch.ErrUnavailable) {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

// The key goes with nothing that calls.go does not list, and to clients' calls never.
func TestKeyIsForFewCalls(t *testing.T) {
	t.Parallel()
	j := newJellyfin(t, "12.0.0")
	var carried, all []string
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what := r.Method + " " + strings.ReplaceAll(r.URL.Path, j.id("ann").String(), "{userId}")
		all = append(all, what)
		if strings.Contains(fmt.Sprint(r.URL, r.Header), j.key) {
			carried = append(carried, what)
		}
		j.web.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	c := newClient(t, web.URL, finlatch.TokenFrom(j.key))
	in, err := c.SignIn(t.Context(), from(atHome, phone), "ann", "ann-pw")
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Ask(t.Context(), from(atHome, phone), phone)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Mint(t.Context(), m, j.id("ann"))
	_, err2 := c.Whose(t.Context(), from(atHome, finlatch.ClientInfo{}), finlatch.TokenFrom(j.last()))
	_, err3 := c.User(t.Context(), j.id("ann"))
	_, err4 := c.Users(t.Context())
	if err := errors.Join(err, err2, err3, err4, c.End(t.Context(), in.Token)); err != nil {
		t.Fatal(err)
	}
	want := "POST /QuickConnect/Authorize GET /Devices GET /Users/{userId} GET /Users"
	if got := strings.Join(carried, " "); got != want {
		t.Errorf("the key went with %s, want %s", got, want)
	}
	n := len(all)
	for _, call := range []string{"POST /Users/New", "DELETE /Devices", "POST /System/Shutdown", "GET /Auth/Keys", "GET /Users/{userId}/../../Auth/Keys",
		"POST /Users/AuthenticateByName", "POST /Sessions/Logout", "get /Users", ""} {
		if err := c.WithKey(t.Context(), call); err == nil || finlatch.KindOf(err) != finlatch.Internal {
			t.Errorf("%q with the key: got %v", call, err)
		}
	}
	if len(all) != n {
		t.Errorf("sent all the same: %v", all[n:])
	}
}

func TestNewClient(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		url, key string
		ok       bool
	}{
		{"http://127.0.0.1:8096", "", true},
		{"https://media.example/jellyfin/", secretKey, true},
		{"", "", false},
		{"127.0.0.1:8096", "", false},
		{"ftp://media.example", "", false},
		{"http:///jellyfin", "", false},
		{"http://admin:pw@media.example", "", false},
		{"http://media.example/?ApiKey=" + secretKey, "", false},
		{"http://media.example/#x", "", false},
		{"http://media.example", "secret", false},
		{"http://media.example", secretKey + "\n", false},
		{"http://media.example", "key=" + secretKey, false},
	} {
		_, err := gateway.NewClient(gateway.ClientOptions{URL: tt.url, Key: finlatch.TokenFrom(tt.key)})
		if tt.ok != (err == nil) || err != nil && !errors.Is(err, finlatch.ErrInvalid) {
			t.Errorf("%q: got %v", tt.url, err)
		}
		keepsSecrets(t, tt.url, err)
	}
}

func TestBasePath(t *testing.T) {
	t.Parallel()
	j := newJellyfin(t, "12.0.0")
	web := httptest.NewServer(http.StripPrefix("/jelly fin", j.web.Config.Handler))
	t.Cleanup(web.Close)
	for _, path := range []string{"/jelly%20fin", "/jelly%20fin/"} {
		if info, err := newClient(t, web.URL+path, finlatch.Token{}).Info(t.Context()); err != nil || info.Version != "12.0.0" || info.ServerName != "Wire test" {
			t.Errorf("%s: got %v %+v", path, err, info)
		}
	}
}
