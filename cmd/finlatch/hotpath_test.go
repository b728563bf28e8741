package main_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// maxAllocations is of a request with a token that the server remembers, without net/http's own: a little more than they are.
const maxAllocations = 64

// raced tells whether the race detector runs: it makes pools forget what they hold, so allocations are not those of the program.
var raced bool

// TestRememberedToken asks with a token that the server has seen.
func TestRememberedToken(t *testing.T) {
	h := newHouse(t)
	request := httptest.NewRequest("GET", "/Users/Me", nil)
	request.Header.Set("Authorization", `MediaBrowser Token="`+h.token+`"`)
	request.Header.Set("Accept", "application/json")
	request.RemoteAddr = "127.0.0.1:40000"
	ask := func() {
		w := &discard{header: make(http.Header, 8)}
		h.handler.ServeHTTP(w, request)
		if w.status != http.StatusOK {
			t.Fatalf("answered %d", w.status)
		}
	}
	// Until Run has begun, nothing is remembered; then it looks once for what has expired.
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		before := h.store.transactions.Load()
		time.Sleep(50 * time.Millisecond)
		ask()
		if h.store.transactions.Load() == before {
			break
		}
		if time.Now().After(until) {
			t.Fatal("the token is not remembered")
		}
	}

	before := h.store.transactions.Load()
	for range 1000 {
		ask()
	}
	if n := h.store.transactions.Load() - before; n != 0 {
		t.Errorf("1000 requests made %d transactions, want none", n)
	}
	allocations := testing.AllocsPerRun(1000, ask)
	t.Logf("%.0f allocations a request", allocations)
	if allocations > maxAllocations && !raced {
		t.Errorf("%.0f allocations a request, want at most %d", allocations, maxAllocations)
	}
}

// discard is a response that nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
