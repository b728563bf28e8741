package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/finlatch/finlatch/finlatchtest"
)

// newServer is server [jellyfin]: it starts a server with the users admin, anna and ben, and sets $URL. There is one place for Quick
// Connect, so that who asks for a code takes away the one before. As "jellyfin" it does not have what is finlatch's own.
func newServer(t *testing.T) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		server := finlatchtest.NewServer(t, func(o *finlatchtest.Options) { o.Service.QuickConnectLimit = 1 })
		server.NewUser("anna", "anna's password")
		server.NewUser("ben", "ben's password")
		ts.Setenv("URL", server.URL)
		ts.Value((*scene)(nil)).(*scene).clock = server.Clock
		if len(args) > 0 {
			ts.Setenv("URL", likeJellyfin(t, server.URL))
		}
	}
}

// moveClock is clock DURATION: it moves the time of the last server.
func moveClock(ts *testscript.TestScript, neg bool, args []string) {
	by, err := time.ParseDuration(args[0])
	ts.Check(err)
	ts.Value((*scene)(nil)).(*scene).clock.Move(by)
}

// likeJellyfin stands before a finlatch and answers for it where a Jellyfin does otherwise: it does not tell who asks, and shows devices to
// administrators only, of whom there is none here.
func likeJellyfin(t *testing.T, base string) string {
	to, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Prefer")
		switch {
		case strings.HasPrefix(r.URL.Path, "/QuickConnect/Finlatch/"):
			w.WriteHeader(http.StatusNotFound)
		case r.URL.Path == "/Devices":
			w.WriteHeader(http.StatusForbidden)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(front.Close)
	return front.URL
}
