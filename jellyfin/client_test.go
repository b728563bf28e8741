package jellyfin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/finlatch/finlatch/finlatchtest"
	"github.com/finlatch/finlatch/jellyfin"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for base, app := range map[string]jellyfin.App{
		"":                       testApp,
		"media.example.org":      testApp,
		"ftp://h":                testApp,
		"http://":                testApp,
		"http://user:secret@h":   testApp,
		"http://h":               {Version: "1"},
		"http://media.example":   {Client: "App"},
		"http://h:port-is-none/": testApp,
	} {
		if client, err := jellyfin.New(base, app, jellyfin.Options{}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q, %+v: got %v, %v", base, app, client, err)
		}
	}
	client, err := jellyfin.New("HTTPS://Media.Example.org:443/jelly/?x=y#z", jellyfin.App{Client: "App", Version: "1"}, jellyfin.Options{})
	if err != nil || client.Address() != "https://media.example.org/jelly" {
		t.Errorf("got %v, %v", client, err)
	}
}

// What the client says of itself, to whom it signs in and afterwards.
func TestDeviceIDs(t *testing.T) {
	t.Parallel()
	one, again, other, elsewhere := jellyfin.DeviceID("here", "Ann"), jellyfin.DeviceID("here", " ann "), jellyfin.DeviceID("here", "ben"), jellyfin.DeviceID("there", "ann")
	if one != again || one == other || one == elsewhere || len(one) != 32 || one == jellyfin.DeviceID("here", "") {
		t.Errorf("got %s, %s, %s, %s", one, again, other, elsewhere)
	}
	server := finlatchtest.NewServer(t)
	server.NewUser("ann", "pw")
	server.NewUser("ben", "pw")
	app := jellyfin.App{Client: "App", Version: "1.0.0"}
	var tokens []*jellyfin.Client
	for _, user := range []string{"ann", "ben", "ann"} {
		client, err := jellyfin.New(server.URL, app, jellyfin.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.SignIn(t.Context(), user, "pw"); err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, client)
	}
	// The second time ann signed in on the same device, ben on another one.
	if _, err := tokens[0].Me(t.Context()); !errors.Is(err, jellyfin.ErrUnauthorized) {
		t.Errorf("ann's first token: %v", err)
	}
	for _, client := range tokens[1:] {
		if _, err := client.Me(t.Context()); err != nil {
			t.Errorf("Me: %v", err)
		}
	}
}

func TestDevices(t *testing.T) {
	t.Parallel()
	ours := finlatchtest.NewServer(t)
	ann, ben := ours.Client(ours.NewUser("ann", "pw")), ours.Client(ours.NewUser("ben", "pw"))
	devices, err := ann.Devices(t.Context())
	if err != nil || len(devices) != 1 || devices[0].LastUserName != "ann" {
		t.Fatalf("ann's devices: %+v, %v", devices, err)
	}
	if err := ben.RevokeDevice(t.Context(), devices[0].ID); err == nil {
		t.Error("ben has revoked ann's device")
	}
	if err := ann.RevokeDevice(t.Context(), devices[0].ID); err != nil {
		t.Errorf("RevokeDevice: %v", err)
	}
	if _, err := ann.Me(t.Context()); !errors.Is(err, jellyfin.ErrUnauthorized) {
		t.Errorf("after that: %v", err)
	}
	if err := ben.RevokeDevice(t.Context(), "none"); !errors.Is(err, jellyfin.ErrNotFound) {
		t.Errorf("one that is not there: %v", err)
	}

	theirs := newStandin(t)
	admin, bob := asks(t, theirs), asks(t, theirs)
	if _, err := admin.SignIn(t.Context(), "admin", "Adm1n-pass"); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.SignIn(t.Context(), "w-bob", "b0b-pass"); err != nil {
		t.Fatal(err)
	}
	if devices, err := admin.Devices(t.Context()); err != nil || len(devices) == 0 {
		t.Errorf("the devices of a Jellyfin: %d, %v", len(devices), err)
	}
	if _, err := bob.Devices(t.Context()); !errors.Is(err, jellyfin.ErrForbidden) {
		t.Errorf("for a user of a Jellyfin: %v", err)
	}
	if err := admin.RevokeDevice(t.Context(), "wire-d1"); err != nil {
		t.Errorf("RevokeDevice: %v", err)
	}
	if err := admin.RevokeDevice(t.Context(), "wire-d1"); !errors.Is(err, jellyfin.ErrNotFound) {
		t.Errorf("RevokeDevice again: %v", err)
	}
	if _, err := bob.SignIn(t.Context(), "w-disabled", "0ff-pass"); !errors.Is(err, jellyfin.ErrForbidden) {
		t.Errorf("a disabled user: %v", err)
	}
}

func TestUse(t *testing.T) {
	t.Parallel()
	good := jellyfin.Credential{Server: "https://jellyfin.example/base/", ServerID: "223fbd1d429e478c9f993f4163351946", Token: "token"}
	client := asks(t, newStandin(t))
	if err := client.Use(good); err != nil || client.Token() != "token" {
		t.Errorf("Use: %v", err)
	}
	elsewhere := good
	elsewhere.Server = "http://192.168.1.2:8096"
	if info, err := client.PublicInfo(t.Context()); err != nil || info.ID != elsewhere.ServerID { // which anybody can claim
		t.Fatalf("PublicInfo: %+v, %v", info, err)
	}
	for _, bad := range []jellyfin.Credential{elsewhere, {Server: "no address", Token: "token"}, {Server: good.Server, ServerID: good.ServerID}} {
		if err := client.Use(bad); err == nil {
			t.Errorf("%+v is used", bad)
		}
	}
	if _, err := jellyfin.Resume(jellyfin.Credential{}, testApp, jellyfin.Options{}); err == nil {
		t.Error("an empty credential is resumed")
	}
}

func TestRetryAfter(t *testing.T) {
	for name, c := range map[string]struct {
		after    string
		refuse   int // how often the server does
		patience time.Duration
		asked    int
		wait     time.Duration // at least; nearly
		want     error
	}{
		"once":                  {after: "3", refuse: 1, asked: 2, wait: 3 * time.Second},
		"as Jellyfin writes it": {after: "005", refuse: 1, asked: 2, wait: 5 * time.Second},
		"twice":                 {after: "3", refuse: 2, asked: 3, wait: 6 * time.Second},
		"too often":             {after: "3", refuse: 9, patience: 8 * time.Second, asked: 3, wait: 6 * time.Second, want: jellyfin.ErrRateLimited},
		"too long":              {after: "60", refuse: 9, asked: 1, want: jellyfin.ErrRateLimited},
		"long, with patience":   {after: "60", refuse: 1, patience: 2 * time.Minute, asked: 2, wait: time.Minute},
		"without patience":      {after: "1", refuse: 1, patience: -1, asked: 1, want: jellyfin.ErrRateLimited},
		"no word of when":       {refuse: 1, asked: 1, want: jellyfin.ErrRateLimited},
		"at the end of time":    {after: "Fri, 31 Dec 9999 23:59:59 GMT", refuse: 9, asked: 1, want: jellyfin.ErrRateLimited},
		"at a date":             {after: "Sat, 01 Jan 2000 00:00:04 GMT", refuse: 1, asked: 2, wait: 4 * time.Second}, // a bubble begins with that year
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, begin := 0, time.Now()
				network := inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					if r.URL.Path == "/System/Info/Public" {
						says(publicInfo)(w, r)
						return
					}
					if asked++; !strings.Contains(string(body), `"Pw":"pw"`) {
						t.Errorf("attempt %d sends %q", asked, body)
					}
					if asked <= c.refuse {
						w.Header().Set("Retry-After", c.after)
						w.WriteHeader(http.StatusTooManyRequests)
						return
					}
					io.WriteString(w, `{"User":{"Name":"ann"},"AccessToken":"t"}`)
				})}
				client, err := jellyfin.New("http://h", testApp, jellyfin.Options{HTTP: &http.Client{Transport: network}, Patience: c.patience})
				if err != nil {
					t.Fatal(err)
				}
				_, err = client.SignIn(t.Context(), "ann", "pw")
				if !errors.Is(err, c.want) || asked != c.asked {
					t.Errorf("got %v after %d attempts, want %v after %d", err, asked, c.want, c.asked)
				}
				var failed *jellyfin.Error
				if errors.As(err, &failed) && (failed.RetryAfter > 0) != (c.after != "") {
					t.Errorf("the error tells to come again after %v", failed.RetryAfter)
				}
				if took := time.Since(begin); took < c.wait || took > c.wait*5/4+time.Second {
					t.Errorf("it took %v, want %v and a little more", took, c.wait)
				}
			})
		})
	}
}

// Nothing of the request is told to another origin, nor lost on the way.
func TestRedirects(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("the other server got %s %s", r.Method, r.URL) }))
	t.Cleanup(other.Close)
	var to string
	var status int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/System/Info/Public":
			says(publicInfo)(w, r)
		case strings.HasPrefix(r.URL.Path, "/moved/") && r.Method == http.MethodPost:
			var in jellyfin.AuthenticateUserByName
			if json.NewDecoder(r.Body).Decode(&in) != nil || in.Pw != "pw" {
				t.Errorf("the body was lost: %+v", in)
			}
			io.WriteString(w, `{"User":{"Name":"ann"},"AccessToken":"t"}`)
		default:
			http.Redirect(w, r, to, status)
		}
	}))
	t.Cleanup(server.Close)
	client, err := jellyfin.New(server.URL, testApp, jellyfin.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, status = range []int{301, 302, 303, 307, 308} {
		to = other.URL + "/login?secret=pw"
		_, err := client.SignIn(t.Context(), "ann", "pw")
		if !errors.Is(err, jellyfin.ErrMoved) || !strings.Contains(err.Error(), other.URL+"/login") || strings.Contains(err.Error(), "pw") {
			t.Errorf("%d to another server: %v", status, err)
		}
		to = "/moved/x"
		if _, err := client.SignIn(t.Context(), "ann", "pw"); errors.Is(err, jellyfin.ErrMoved) != (status < 307) || err != nil && status >= 307 {
			t.Errorf("%d to the same server: %v", status, err)
		}
	}
	to, status = "/again", 308
	if _, err := client.Me(t.Context()); !errors.Is(err, jellyfin.ErrMoved) {
		t.Errorf("in circles: %v", err)
	}
}

// A server that repeats what it is told puts no secret into errors, logs and what prints a client.
func TestNoSecretIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const password, token, secret = "pass-word-1", "tok-en-2", "sec-ret-3"
		answers := map[string]string{
			"/System/Info/Public": publicInfo, "/QuickConnect/Enabled": "true",
			"/QuickConnect/Initiate": `{"Secret":"` + secret + `","Code":"123456"}`,
		}
		status := 0
		network := inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if answer, found := answers[r.URL.Path]; found && status == 0 {
				io.WriteString(w, answer)
				return
			}
			body, _ := io.ReadAll(r.Body)
			everything := strings.Repeat(fmt.Sprint(r.URL, r.Header.Get("Authorization"), string(body), " "), 10) // wherever it is cut
			w.Header().Set("X-Application-Error-Code", everything)
			if status >= 300 && status < 400 {
				w.Header().Set("Location", "https://elsewhere.example/?"+everything)
			}
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(max(status, 200))
			io.WriteString(w, everything)
		})}
		var log bytes.Buffer
		options := jellyfin.Options{HTTP: &http.Client{Transport: network}, Patience: -1,
			Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
		app := testApp
		client, err := jellyfin.New("http://h", app, options)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		tell := func(err error) {
			if err == nil {
				if status != 0 { // what has no body works then
					t.Error("no error")
				}
				return
			}
			told = append(told, err.Error(), fmt.Sprintf("%#v %+v", err, err))
		}
		for _, status = range []int{200, 302, 400, 401, 403, 404, 429, 500, 503, dropped} {
			if status == 200 {
				status = 0
			}
			if err := client.Use(jellyfin.Credential{Server: "http://h", UserName: "ann", Token: token}); err != nil {
				t.Fatal(err)
			}
			told = append(told, fmt.Sprintf("%v %+v %#v", client, client, client))
			credential, _ := client.Credential()
			told = append(told, fmt.Sprintf("%v %+v %#v", credential, credential, credential))
			options.Log.Info("a client", "client", client, "credential", credential)
			_, err := client.Me(t.Context())
			tell(err)
			tell(client.RevokeDevice(t.Context(), "x"))
			tell(client.ApproveQuickConnect(t.Context(), "123456"))
			_, err = client.SignIn(t.Context(), "ann", password)
			tell(err)
			_, err = client.QuickConnect(t.Context(), func(jellyfin.QuickConnectCode) {}, jellyfin.QuickConnectOptions{Failures: 1,
				Progress: func(p jellyfin.QuickConnectProgress) {
					if p.Err != nil {
						tell(p.Err)
					}
				}})
			tell(err)
		}
		for _, text := range append(told, log.String()) {
			for _, hidden := range []string{password, token, secret} {
				if strings.Contains(text, hidden[:6]) {
					t.Fatalf("%s is told in %s", hidden, text)
				}
			}
		}
		if !strings.Contains(log.String(), `op="POST /Users/AuthenticateByName" status=401`) {
			t.Errorf("the log is\n%s", log.String())
		}
	})
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for body, c := range map[string]struct{ kind, want string }{
		`"Quick connect is disabled"`:                               {"application/json", "POST /QuickConnect/Authorize: 418 I'm a teapot: Quick connect is disabled"},
		`{"title":"Wrong.","errors":{"b":["No b."],"a":["No a."]}}`: {"application/problem+json", "POST /QuickConnect/Authorize: 418 I'm a teapot: Wrong. No a. No b."},
		"two\r\nlines and \x1b[31mred \u202e \xff":                  {"text/plain", "POST /QuickConnect/Authorize: 418 I'm a teapot: two lines and [31mred ?"},
		"<html>a page</html>":                                       {"text/html; charset=utf-8", "POST /QuickConnect/Authorize: 418 I'm a teapot"},
		"[1]":                                                       {"application/json", "POST /QuickConnect/Authorize: 418 I'm a teapot"},
		strings.Repeat("ü", 100000):                                 {"", "POST /QuickConnect/Authorize: 418 I'm a teapot: " + strings.Repeat("ü", 150)},
	} {
		client := asks(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.kind)
			w.WriteHeader(http.StatusTeapot)
			io.WriteString(w, body)
		}))
		if err := client.Use(jellyfin.Credential{Server: client.Address(), Token: "token"}); err != nil {
			t.Fatal(err)
		}
		if err := client.ApproveQuickConnect(t.Context(), "1"); err == nil || err.Error() != c.want {
			t.Errorf("%.40q: got %v, want %s", body, err, c.want)
		}
	}
}

func TestOddAnswers(t *testing.T) {
	t.Parallel()
	odd := func(answers map[string]string) *jellyfin.Client {
		client := asks(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer, found := answers[r.URL.Path]
			if !found {
				w.WriteHeader(http.StatusNotFound)
			}
			io.WriteString(w, answer)
		}))
		return client
	}
	for body, want := range map[string]error{"<html>": jellyfin.ErrNotJellyfin, "{}": jellyfin.ErrNotJellyfin, `{"productName":"Jellyfin Server"}`: jellyfin.ErrStarting} {
		if _, err := odd(map[string]string{"/System/Info/Public": body}).SignIn(t.Context(), "a", "b"); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", body, err, want)
		}
	}
	if _, err := odd(nil).PublicInfo(t.Context()); !errors.Is(err, jellyfin.ErrNotJellyfin) {
		t.Errorf("nothing: %v", err)
	}
	for _, body := range []string{"{}", `{"AccessToken":"t"}`, `{"User":{"Name":"ann"}}`, "[]", ""} {
		client := odd(map[string]string{"/System/Info/Public": publicInfo, "/Users/AuthenticateByName": body})
		if in, err := client.SignIn(t.Context(), "a", "b"); err == nil || client.Token() != "" {
			t.Errorf("%s signs in %+v", body, in)
		}
	}
	client := odd(map[string]string{"/System/Info/Public": publicInfo, "/QuickConnect/Authorize": "false"})
	if err := client.Use(jellyfin.Credential{Server: client.Address(), Token: "token"}); err != nil {
		t.Fatal(err)
	}
	if err := client.ApproveQuickConnect(t.Context(), "1"); !errors.Is(err, jellyfin.ErrNotFound) {
		t.Errorf("an approval that is answered false: %v", err)
	}
	if err := client.SignOut(t.Context()); err == nil || client.Token() == "" {
		t.Errorf("a SignOut that failed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Me(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, jellyfin.ErrUnreachable) {
		t.Errorf("canceled: %v", err)
	}
}

// A page of the server for the code, where there is one.
func TestApprovalLink(t *testing.T) {
	t.Parallel()
	client := asks(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/link":
			w.Header().Set("Location", "finlatch/link")
			w.WriteHeader(http.StatusFound)
		case "/System/Info/Public":
			says(publicInfo)(w, r)
		case "/QuickConnect/Enabled":
			io.WriteString(w, "true")
		case "/QuickConnect/Initiate":
			io.WriteString(w, `{"Secret":"s","Code":"12 3456"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	var link string
	_, err := client.QuickConnect(t.Context(), func(c jellyfin.QuickConnectCode) { link = c.Link }, jellyfin.QuickConnectOptions{})
	if !errors.Is(err, jellyfin.ErrQuickConnectExpired) || link != "https://jellyfin.example/base/link?code=12+3456" {
		t.Errorf("got %s, %v", link, err)
	}
}
