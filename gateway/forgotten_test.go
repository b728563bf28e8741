package gateway_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

const pinPath = "/Users/ForgotPassword/Pin"

// wantTurnedAway wants a request refused for coming too often, and upstream to know nothing of it.
func (w *world) wantTurnedAway(what string, got response) {
	w.Helper()
	after, err := strconv.Atoi(got.header.Get("Retry-After"))
	if got.status != 429 || err != nil || after < 1 || got.header.Get("Content-Type") != "text/plain" || got.body == "" {
		w.Errorf("%s: got %d %q %q, Retry-After %q", what, got.status, got.header.Get("Content-Type"), got.body, got.header.Get("Retry-After"))
	}
	if n := len(w.upstream.take()); n != 0 {
		w.Errorf("%s: upstream got %d requests", what, n)
	}
}

// Ten wrong PINs of a network, a hundred of all, in half an hour, however their path is spelt and whoever signs in with them.
func TestPINsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.always(http.StatusNotFound)
	from := func(n int) header { return header{"X-Forwarded-For": fmt.Sprintf("198.51.100.%d", n)} }
	odd := []string{pinPath, "/users/forgotpassword/PIN/", "/emby//Users/ForgotPassword/Pin", "/Users%2fForgotPassword%2fPin", "/x/../Users/ForgotPassword/%50in", pinPath + "?x=1"}
	for n := range 10 {
		if got := w.raw("POST", odd[n%len(odd)], from(1)); got.status != 404 || len(w.upstream.take()) != 1 {
			t.Fatalf("PIN %d: got %d", n, got.status)
		}
	}
	for _, path := range odd {
		w.wantTurnedAway(path, w.raw("POST", path, from(1)))
	}
	h := w.asAnn()
	h["X-Forwarded-For"] = from(1)["X-Forwarded-For"]
	w.wantTurnedAway("somebody signed in", w.raw("POST", pinPath, h))
	if got := w.raw("GET", pinPath, from(1)); got.status != 404 {
		t.Errorf("what is no PIN: got %d", got.status)
	}
	w.upstream.take()
	for n := range 90 {
		if got := w.raw("POST", pinPath, from(2+n/9)); got.status != 404 {
			t.Fatalf("elsewhere, PIN %d: got %d", n, got.status)
		}
	}
	w.upstream.take()
	w.wantTurnedAway("all", w.raw("POST", pinPath, from(200)))
	entries, _, err := w.rules.ActivityLog(w.ctx, finlatch.Operator(), finlatch.ActivityFilter{Type: finlatch.ActivityAuthenticationFailed, Limit: 1})
	if err != nil || len(entries) == 0 || entries[0].Name != "A wrong PIN for a forgotten password" {
		t.Errorf("the log has %+v, %v", entries, err)
	}
	w.clock.forward(31 * time.Minute)
	if got := w.raw("POST", pinPath, from(1)); got.status != 404 {
		t.Errorf("half an hour later: got %d", got.status)
	}
}

// The right one does not count, so that a family may have as many as it forgets.
func TestRightPINsAreNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 30 {
		if got := w.do("POST", pinPath, nil); got.status != 200 {
			t.Fatalf("PIN %d: got %d", n, got.status)
		}
	}
}

// Who asks for PINs from far away takes nothing from those at home.
func TestQuestionsForPINsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 30 {
		if got := w.do("POST", "/Users/ForgotPassword", header{"X-Forwarded-For": "198.51.100.1"}); got.status != 200 {
			t.Fatalf("question %d: got %d", n, got.status)
		}
	}
	w.upstream.take()
	w.wantTurnedAway("one more", w.do("POST", "/Users/ForgotPassword", header{"X-Forwarded-For": "198.51.100.1"}))
	for n := range 270 {
		w.do("POST", "/Users/ForgotPassword", header{"X-Forwarded-For": fmt.Sprintf("198.51.100.%d", 2+n/30)})
	}
	w.upstream.take()
	w.wantTurnedAway("anybody far away", w.do("POST", "/Users/ForgotPassword", header{"X-Forwarded-For": "198.51.100.99"}))
	if got := w.do("POST", "/Users/ForgotPassword", header{"X-Forwarded-For": home}); got.status != 200 {
		t.Errorf("at home: got %d", got.status)
	}
}
