package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/sqlite"
)

// away503 complains of an answer that is not what clients get while the store cannot serve.
func away503(t *testing.T, route string, status int, header http.Header) {
	t.Helper()
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || header.Get("Content-Type") != "text/plain" {
		t.Errorf("%s: got %d, Retry-After %q and type %q, want 503, some and text", route, status, header.Get("Retry-After"), header.Get("Content-Type"))
	}
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var requests []*http.Request
	for _, a := range everything {
		for _, as := range []string{"", "admin", "key"} {
			requests = append(requests, w.request(scenario{do: a.do(), as: as, send: a.send}))
		}
	}
	w.store.Close()
	for _, request := range requests {
		response, err := w.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		away503(t, request.Method+" "+request.URL.Path, response.StatusCode, response.Header)
	}
}

// tiredStore serves a number of transactions and then no more.
type tiredStore struct {
	finlatch.Store
	left atomic.Int64
}

var errTired = &finlatch.Error{Kind: finlatch.Unavailable, Err: errors.New("the disk is full"), RetryAfter: time.Second}

func (s *tiredStore) View(ctx context.Context, f func(finlatch.Tx) error) error {
	if s.left.Add(-1) < 0 {
		return errTired
	}
	return s.Store.View(ctx, f)
}

func (s *tiredStore) Update(ctx context.Context, f func(finlatch.Tx) error) error {
	if s.left.Add(-1) < 0 {
		return errTired
	}
	return s.Store.Update(ctx, f)
}

// Wherever in a request the store gives up, the answer is 503 or, if what failed was not needed for it, the usual one.
func TestStoreThatFailsInTheMiddle(t *testing.T) {
	t.Parallel()
	inner, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "finlatch.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := &tiredStore{Store: inner}
	store.left.Store(1 << 40)
	w := newWorld(t, func(o *options) { o.service.Store, o.service.SignInThrottleOff = store, true })
	for _, a := range everything {
		for _, as := range []string{"", "ann", "admin", "key"} {
			for n := range int64(12) {
				store.left.Store(1 << 40)
				if as == "ann" || as == "admin" {
					w.names[as+".token"] = w.signIn(as, as+"-pw", "another phone")
				}
				s := scenario{do: a.do(), as: as, send: a.send}
				if as != "" {
					s.header = map[string]string{"Authorization": `MediaBrowser Client="App", Device="Telly", DeviceId="tv", Version="1.0", Token="${` + as + `.token}"`}
				}
				request := w.request(s)
				store.left.Store(n)
				recorder := httptest.NewRecorder()
				w.handler.ServeHTTP(recorder, request)
				if store.left.Load() >= 0 {
					break // it needed no more than that
				}
				if recorder.Code >= 500 {
					away503(t, fmt.Sprintf("%s as %q, transaction %d", a.route, as, n+1), recorder.Code, recorder.Result().Header)
				}
				if n == 0 && recorder.Code < 500 {
					t.Errorf("%s as %q: got %d without a store", a.route, as, recorder.Code)
				}
			}
		}
	}
	store.left.Store(1 << 40)
}

// slowHasher works until it is let go.
type slowHasher struct {
	plainHasher
	let chan struct{}
}

func (h slowHasher) Verify(encoded, password string) (bool, error) {
	<-h.let
	return h.plainHasher.Verify(encoded, password)
}

func TestTooManySignInsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hasher := slowHasher{let: make(chan struct{})}
		w := quietWorld(t, func(o *options) { o.service.Hasher, o.service.HashSlots = hasher, 1 })
		if _, err := w.CreateUser(w.ctx, finlatch.Operator(), "admin", "admin-pw", true); err != nil {
			t.Fatal(err)
		}
		send := func() chan *httptest.ResponseRecorder {
			answered := make(chan *httptest.ResponseRecorder, 1)
			request := w.request(scenario{do: "POST /Users/AuthenticateByName", send: `{"Username":"admin","Pw":"admin-pw"}`})
			go func() {
				recorder := httptest.NewRecorder()
				w.handler.ServeHTTP(recorder, request)
				answered <- recorder
			}()
			return answered
		}
		first := send()
		synctest.Wait()
		start := time.Now()
		late := (<-send()).Result()
		if took := time.Since(start); took != 8*time.Second { // Kodi gives up at 10
			t.Errorf("it took %v, want 8 s", took)
		}
		if late.StatusCode != 503 || late.Header.Get("Retry-After") != "5" {
			t.Errorf("got %d, Retry-After %q, want 503 and 5", late.StatusCode, late.Header.Get("Retry-After"))
		}
		close(hasher.let)
		if got := (<-first).Code; got != 200 {
			t.Errorf("who was first got %d, want 200", got)
		}
	})
}

func TestClientsThatLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"Username":"ann","Pw":"ann-pw"}`
	for _, said := range []string{
		"", "G", "GET /System/Ping HTTP/1.1\r\nHost: localhost\r\n", signInRequest(len(body), "") + body[:10], signInRequest(1<<20, "") + body,
		signInRequest(len(body), "Expect: 100-continue\r\n"), signInRequest(len(body), "") + body,
		strings.Repeat("GET /System/Ping HTTP/1.1\r\nHost: localhost\r\n\r\n", 50),
		"POST /Users/AuthenticateByName HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"Use",
	} {
		for range 5 {
			conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(conn, said)
			conn.Close()
		}
	}
	w.news()
	for range 20 { // whoever stays is served as ever
		w.ask(w.names["ann.token"])
	}
	if log := w.log.String(); strings.Contains(log, `"status":500`) || strings.Contains(log, "panic") {
		t.Errorf("a client that left did harm:\n%s", log)
	}
}

func TestAbsurdRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	many := strings.Repeat("a=1&", 20_000)
	w.play(t,
		scenario{name: "a query of 80 kB", do: "GET /System/Ping?" + many, want: anything(200)},
		scenario{name: "the first of many", do: "GET /DisplayPreferences/x?" + many + "client=a&client=b", as: "ann", want: anything(200)},
		scenario{name: "a query of separators", do: "GET /Users?&&&=&=&;&?&%&%zz&isHidden", as: "ann", want: anything(200)},
		scenario{name: "a flag without a value", do: "GET /Users?isHidden=&isDisabled=", as: "ann", want: anything(200)},
		scenario{name: "a flag twice", do: "GET /Users?isHidden=true&isHidden=nonsense", as: "ann", want: anything(200)},
		scenario{name: "a flag with spaces", do: "GET /Users?isHidden=+TRUE%20", as: "ann", want: anything(200)},
		scenario{name: "a number beyond all", do: "GET /Sessions?activeWithinSeconds=99999999999999999999", as: "ann", want: problem(400,
			`{"activeWithinSeconds":["The value '99999999999999999999' is not valid."]}`)},
		scenario{name: "a number below zero", do: "GET /Sessions?activeWithinSeconds=-5", as: "ann", want: anything(200)},
		scenario{name: "the largest number", do: "GET /Sessions?activeWithinSeconds=2147483647", as: "ann", want: anything(200)},
		scenario{name: "a name of NULs", do: "GET /DisplayPreferences/%00%00?client=%00", as: "ann", want: anything(200)},
		scenario{name: "a name that is no UTF-8", do: "GET /DisplayPreferences/%ff%fe?client=%ff", as: "ann", want: anything(200)},
		scenario{name: "an id that is markup", do: "GET /Users/%3Cscript%3E", as: "ann", want: problem(400, `{"userId":["The value '<script>' is not valid."]}`)},
		scenario{name: "an id of 100 kB", do: "GET /Users/" + strings.Repeat("x", 100_000), as: "ann",
			want: problem(400, `{"userId":["The value '`+strings.Repeat("x", 256)+`' is not valid."]}`)},
		scenario{name: "a path of 10,000 folders", do: "GET " + strings.Repeat("/x", 10_000), want: empty(404)},
		scenario{name: "a path of 10,000 steps back", do: "GET /System/Ping" + strings.Repeat("/..", 10_000), want: empty(302)},
		scenario{name: "a token of 100 kB", do: "GET /Users/Me?ApiKey=" + strings.Repeat("x", 100_000), header: map[string]string{"Authorization": "-"}, want: empty(401)},
		scenario{name: "two tokens", do: "GET /Users/Me?ApiKey=${ann.token}&apikey=${ann.token}", header: map[string]string{"Authorization": "-"}, want: empty(401)},
		scenario{name: "a device nobody has", do: "GET /Devices/Info?id=" + url.QueryEscape("'; DROP TABLE devices; --"), as: "admin", want: problem(404, "")},
	)
	t.Run("many headers", func(t *testing.T) {
		request := w.request(scenario{do: "GET /Users/Me", as: "ann"})
		for i := range 5000 {
			request.Header.Set(fmt.Sprint("X-Many-", i), "x")
		}
		for range 1000 {
			request.Header.Add("Authorization", `MediaBrowser Token="other"`) // only the first counts
		}
		response, err := w.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != 200 {
			t.Errorf("got %d, want 200", response.StatusCode)
		}
	})
}
