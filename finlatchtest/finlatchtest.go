// Package finlatchtest gives the tests of other programs a real finlatch, and so a server that speaks the sign-in part of Jellyfin's
// API: with its rules, its database and its HTTP on a port of this machine, and a clock that the test moves.
//
//	server := finlatchtest.NewServer(t)
//	ann := server.NewUser("ann", "secret")
//	client := server.Client(ann) // a jellyfin.Client that is signed in
//
// Two things are not as in a server that people use: passwords are hashed quickly, not safely, and wrong ones are not throttled.
package finlatchtest

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/sqlite"
)

// Options are those that [NewServer] starts with, to be changed by its caller.
type Options struct {
	Service finlatch.Options
	Server  server.Options
}

// Server is a finlatch that is set up. It ends with the test.
type Server struct {
	URL     string
	Service *finlatch.Service // to do what has no operation, as [finlatch.Operator]
	Clock   *Clock            // what the server takes for the time
	Admin   *User             // an administrator

	t       testing.TB
	clients atomic.Int64 // that were made
}

// User is a user with the password that it was made with.
type User struct {
	ID       finlatch.ID
	Name     string
	Password string
}

// NewServer starts a server on an empty database of its own.
func NewServer(t testing.TB, change ...func(*Options)) *Server {
	t.Helper()
	s := &Server{Clock: newClock(), t: t}
	options := Options{Service: finlatch.Options{Clock: s.Clock.Now, Hasher: hasher{}, Location: time.UTC, SignInThrottleOff: true}}
	for _, f := range change {
		f(&options)
	}
	ctx := context.WithoutCancel(t.Context())
	if options.Service.Store == nil {
		store, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "finlatch.db"), sqlite.Options{})
		if err != nil {
			t.Fatalf("finlatchtest: %v", err)
		}
		t.Cleanup(func() { store.Close() })
		options.Service.Store = store
	}
	service, err := finlatch.New(ctx, options.Service)
	if err != nil {
		t.Fatalf("finlatchtest: %v", err)
	}
	s.Service = service
	api := server.New(service, options.Server)
	running, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { service.Run(running) })
	wg.Go(func() { api.Run(running) })
	web := httptest.NewServer(api)
	t.Cleanup(func() {
		api.EndWaits()
		web.Close()
		stop()
		wg.Wait()
	})
	s.URL = web.URL
	if options.Service.Upstream == nil { // which has the users
		s.Admin = s.newUser("admin", "admin-password", true)
	}
	return s
}

// NewUser makes a user, whose policy may be changed.
func (s *Server) NewUser(name, password string, change ...func(*finlatch.Policy)) *User {
	s.t.Helper()
	user := s.newUser(name, password, false)
	if len(change) == 0 {
		return user
	}
	ctx := s.t.Context()
	made, err := s.Service.UserByID(ctx, finlatch.Operator(), user.ID)
	if err != nil {
		s.t.Fatalf("finlatchtest: user %s: %v", name, err)
	}
	for _, f := range change {
		f(&made.Policy)
	}
	if err := s.Service.SetPolicy(ctx, finlatch.Operator(), user.ID, made.Policy, 0); err != nil {
		s.t.Fatalf("finlatchtest: policy of %s: %v", name, err)
	}
	return user
}

func (s *Server) newUser(name, password string, administrator bool) *User {
	s.t.Helper()
	user, err := s.Service.CreateUser(s.t.Context(), finlatch.Operator(), name, password, administrator)
	if err != nil {
		s.t.Fatalf("finlatchtest: user %s: %v", name, err)
	}
	return &User{ID: user.ID, Name: name, Password: password}
}

// Client makes a client of the server as which a user is signed in; nil: nobody. Each is a device of its own.
func (s *Server) Client(user *User) *jellyfin.Client {
	s.t.Helper()
	client, err := jellyfin.New(s.URL, jellyfin.App{Client: "finlatchtest", Version: "1.0.0", Device: "test",
		DeviceID: fmt.Sprintf("finlatchtest-%d", s.clients.Add(1))}, jellyfin.Options{})
	if err == nil && user != nil {
		_, err = client.SignIn(s.t.Context(), user.Name, user.Password)
	}
	if err != nil {
		s.t.Fatalf("finlatchtest: %v", err)
	}
	return client
}
