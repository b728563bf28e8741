package conformance_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// liars are ways in which what is behind a gateway may be no Jellyfin for a while. The last one is stopped.
var liars = []struct {
	name string
	says http.HandlerFunc
}{
	{"away", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	{"500", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(500)
		_, _ = io.WriteString(w, "Error processing request.")
	}},
	{"a redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://192.0.2.1/elsewhere?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
	}},
	{"a page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>Sign in to your router")
	}},
	{"other JSON", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, `{"AccessToken":[],"User":{"Id":7}}`)
	}},
	{"half an answer", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"AccessToken":"`)
	}},
	{"a huge body", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		block := bytes.Repeat([]byte("[0,"), 1<<14)
		for r.Context().Err() == nil {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}},
	{"a trickle", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	}},
	{"silence", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	{"SIGSTOP", nil},
}

// TestGatewayAmongLiars lets what is behind a gateway fail in all ways while people ask: everybody gets an answer that is no
// success, nobody a token; and when it is a Jellyfin again everything goes on as before, secrets that were approved are redeemed,
// and nothing is left of the requests.
func TestGatewayAmongLiars(t *testing.T) {
	t.Parallel()
	inhabited := func(t *testing.T) (s *server, key string) {
		s = newServer(t, "--trusted-proxies", "127.0.0.1")
		for _, person := range people {
			add(t, s, person.name, person.password, person.flags...)
		}
		return s, newKey(t, s.base(), people[0].name, people[0].password)
	}
	shared, sharedKey := inhabited(t)
	for _, liar := range liars {
		t.Run(liar.name, func(t *testing.T) {
			t.Parallel()
			behind, key := shared, sharedKey
			if liar.says == nil {
				behind, key = inhabited(t)
			}
			to, err := url.Parse(behind.base())
			if err != nil {
				t.Fatal(err)
			}
			honest := forwarder(to, nil)
			var lies atomic.Bool
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if lies.Load() && liar.says != nil {
					_, _ = io.Copy(io.Discard, r.Body) // or it would not notice who has hung up
					liar.says(w, r)
					return
				}
				honest.ServeHTTP(w, r)
			}))
			t.Cleanup(func() {
				web.CloseClientConnections()
				web.Close()
			})
			lie := func(on bool) {
				lies.Store(on)
				if liar.says == nil { // the Jellyfin itself stops without ending
					send := map[bool]syscall.Signal{true: syscall.SIGSTOP, false: syscall.SIGCONT}[on]
					if err := behind.process.Process.Signal(send); err != nil {
						t.Error(err)
					}
				}
			}
			meters := freeAddress(t, "tcp")
			f := newFront(t, web.URL, key, "--metrics-listen", meters)
			ben := app{base: f.base(), device: "phone, " + liar.name}.password(t, people[1].name, people[1].password)
			secret := approved(t, ben, "telly, "+liar.name)
			before := goroutines(t, meters)
			t.Cleanup(func() { lie(false) })
			lie(true)
			unanswered(t, ben, secret)
			lie(false)
			worksAgain(t, ben, "telly, "+liar.name, secret)
			eventually(t, fmt.Sprintf("no more goroutines than %d and a few", before), func() bool { return goroutines(t, meters) <= before+10 })
			if log := f.written(t); strings.Contains(log, "panic") || strings.Contains(log, ben.token) || strings.Contains(log, secret) {
				t.Error("the log tells of a panic, or a secret")
			}
		})
	}
}

// approved is the secret of a device that waits for its token.
func approved(t *testing.T, by app, device string) (secret string) {
	t.Helper()
	asked := app{base: by.base, device: device}.ask(t, 200, "POST", "/QuickConnect/Initiate", nil).read()
	by.ask(t, 200, "POST", "/QuickConnect/Authorize?code="+asked.Code, nil)
	return asked.Secret
}

// unanswered asks at once for all kinds of things: what the gateway asks the Jellyfin itself is no success, and does not hang.
// What is only forwarded takes as long as the Jellyfin lets it, and the app gives up.
func unanswered(t *testing.T, ben app, secret string) {
	t.Helper()
	stranger := app{base: ben.base, device: "stranger", from: "203.0.113.77"}
	unknown := stranger
	unknown.token = strings.Repeat("ab", 16)
	var all sync.WaitGroup
	for i := range 4 {
		stranger.device = fmt.Sprint("stranger ", i%2)
		for _, ask := range []struct {
			as           app
			method, path string
			body         any
		}{
			{stranger, "POST", "/Users/AuthenticateByName", map[string]string{"Username": "ben", "Pw": people[1].password}},
			{stranger, "POST", "/Users/AuthenticateWithQuickConnect", map[string]string{"Secret": secret}},
			{unknown, "GET", "/Videos/1/stream", nil},
		} {
			all.Go(func() {
				got, err := ask.as.try(ask.method, ask.path, ask.body)
				if err != nil || got.status < 400 || got.read().AccessToken != "" {
					t.Errorf("%s %s: got %d %.200s, %v", ask.method, ask.path, got.status, got.body, err)
				}
			})
		}
		for _, as := range []app{ben, unknown} {
			all.Go(func() {
				ctx, giveUp := context.WithTimeout(t.Context(), 2*time.Second)
				defer giveUp()
				request, err := http.NewRequestWithContext(ctx, "GET", ben.base+"/Items", nil)
				if err != nil {
					t.Error(err)
					return
				}
				request.Header.Set("Authorization", as.authorization())
				if response, err := apps.Do(request); err == nil {
					_, _ = io.CopyN(io.Discard, response.Body, 1<<20)
					_ = response.Body.Close()
				}
			})
		}
	}
	all.Wait()
}

// worksAgain does all that did not work.
func worksAgain(t *testing.T, ben app, device, secret string) {
	t.Helper()
	telly := app{base: ben.base, device: device}
	eventually(t, "the secret is redeemed", func() bool {
		got, err := telly.try("POST", "/Users/AuthenticateWithQuickConnect", map[string]string{"Secret": secret})
		if err != nil || got.status != 200 && got.status != 503 {
			t.Fatalf("redeem: %d %.200s %v", got.status, got.body, err)
		}
		telly.token = got.read().AccessToken
		return got.status == 200
	})
	for _, a := range []app{ben, telly, telly.password(t, people[2].name, people[2].password)} {
		want := people[1].name
		if a.token != ben.token && a.token != telly.token {
			want = people[2].name
		}
		if got := a.ask(t, 200, "GET", "/Users/Me", nil).read().Name; got != want {
			t.Errorf("the token of %s on %s is %s's", want, a.device, got)
		}
	}
}

// goroutines is how many a server has.
func goroutines(t *testing.T, meters string) int {
	t.Helper()
	response, err := apps.Get("http://" + meters + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if number, is := strings.CutPrefix(lines.Text(), "go_goroutines "); is {
			n, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("the metrics do not tell how many goroutines there are")
	return 0
}
