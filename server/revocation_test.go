package server_test

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/sqlite"
)

// While many ask with a token, it is taken back: no request that begins after that is accepted, though callers are
// remembered in between.
func TestRevocationHoldsForTheNextRequest(t *testing.T) {
	t.Parallel()
	operator := finlatch.Operator()
	for _, test := range []struct {
		name   string
		revoke func(w *world, user finlatch.ID, name, token string) error
		again  func(w *world, user finlatch.ID) error // makes the user fit for the next round
	}{
		{"logout", func(w *world, _ finlatch.ID, _, token string) error {
			return w.revokeByHTTP("POST /Sessions/Logout", token)
		}, nil},
		{"device deleted", func(w *world, _ finlatch.ID, name, _ string) error {
			return w.revokeByHTTP("DELETE /Devices?id="+name, w.names["admin.token"])
		}, nil},
		{"user deleted", func(w *world, user finlatch.ID, _, _ string) error {
			return w.revokeByHTTP("DELETE /Users/"+user.String(), w.names["admin.token"])
		}, func(w *world, _ finlatch.ID) error { w.user("target", "pw"); return nil }},
		{"disabled", func(w *world, user finlatch.ID, _, _ string) error { return w.SetDisabled(w.ctx, operator, user, true) },
			func(w *world, user finlatch.ID) error { return w.SetDisabled(w.ctx, operator, user, false) }},
		{"password changed", func(w *world, user finlatch.ID, _, _ string) error { return w.SetPassword(w.ctx, operator, user, "pw") }, nil},
		{"signed in anew", func(w *world, _ finlatch.ID, name, _ string) error {
			_, err := w.SignIn(w.ctx, finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "1.0", "Telly", name),
				Address: netip.MustParseAddr(home)}, "target", "pw")
			return err
		}, nil},
		{"devices limited", func(w *world, user finlatch.ID, _, _ string) error {
			u, err := w.UserByID(w.ctx, operator, user)
			if err != nil {
				return err
			}
			u.Policy.EnableAllDevices = false
			return w.SetPolicy(w.ctx, operator, user, u.Policy, 0)
		}, func(w *world, user finlatch.ID) error {
			w.policy("target", func(p *finlatch.Policy) { p.EnableAllDevices = true })
			return nil
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.run()
			w.user("target", "pw")
			for round := range 15 {
				w.clock.Move(1) // so that entries differ
				user, name := w.id("target"), "device"
				token := w.signIn("target", "pw", name)
				stop := w.hammer(token)
				err := test.revoke(w, user, name, token)
				n := stop()
				if err != nil || n > 0 {
					t.Fatalf("round %d: %v; %d requests were accepted that began after the token was taken back", round, err, n)
				}
				if test.again != nil {
					if err := test.again(w, user); err != nil {
						t.Fatal(err)
					}
				}
			}
			if w.CacheHits() == 0 {
				t.Error("no request was answered from memory, so this shows nothing")
			}
		})
	}
}

// pausingStore holds the answer of the next View back, once it is told to.
type pausingStore struct {
	finlatch.Store
	pause atomic.Bool
	held  chan struct{} // receives when an answer is held back
	let   chan struct{}
}

func (s *pausingStore) View(ctx context.Context, f func(finlatch.Tx) error) error {
	pause := s.pause.Swap(false)
	err := s.Store.View(ctx, f)
	if pause {
		s.held <- struct{}{}
		<-s.let
	}
	return err
}

// A request that has read the token before it was taken back, and goes on after that, leaves nothing behind in memory.
func TestLateReadersBringNothingBack(t *testing.T) {
	t.Parallel()
	inner, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "finlatch.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store := &pausingStore{Store: inner, held: make(chan struct{}), let: make(chan struct{})}
	w := newWorld(t, func(o *options) { o.service.Store = store })
	w.run()
	for _, revoke := range []string{"POST /Sessions/Logout", "DELETE /Devices?id=device", "DELETE /Users/${target}"} {
		w.user("target", "pw")
		token := w.signIn("target", "pw", "device")
		for hits := w.CacheHits(); w.CacheHits() == hits; { // until the settings are remembered, so that the token is what is read next
			w.ask(w.names["admin.token"])
		}
		store.pause.Store(true)
		late := make(chan int)
		go func() { late <- w.ask(token) }()
		<-store.held
		by := w.names["admin.token"]
		if strings.Contains(revoke, "Logout") {
			by = token
		}
		if err := w.revokeByHTTP(revoke, by); err != nil {
			t.Fatal(err)
		}
		store.let <- struct{}{}
		if got := <-late; got != http.StatusOK {
			t.Errorf("%s: a request that began before got %d, want 200", revoke, got)
		}
		if got := w.ask(token); got != http.StatusUnauthorized {
			t.Errorf("%s: the next request got %d, want 401", revoke, got)
		}
		if id := w.id("target"); !strings.Contains(revoke, "Users") {
			if err := w.DeleteUser(w.ctx, finlatch.Operator(), id); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (w *world) revokeByHTTP(do, token string) error {
	w.names["revoker.token"] = token
	response, err := w.client.Do(w.request(scenario{do: do, as: "revoker"}))
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		w.Errorf("%s: got %d", do, response.StatusCode)
	}
	return nil
}

// hammer asks with a token from many sides, and returns when each has been answered twice. stop says that the token is
// taken back now, lets each side ask three times more, and counts what was accepted of that.
func (w *world) hammer(token string) (stop func() (accepted int64)) {
	var revoked atomic.Bool
	var accepted atomic.Int64
	var warm, all sync.WaitGroup
	for range 6 {
		warm.Add(1)
		all.Go(func() {
			for n, after := 0, 0; after < 3; n++ {
				before := revoked.Load()
				status := w.ask(token)
				switch {
				case !before && n < 2 && status != http.StatusOK:
					w.Errorf("got %d before the token was taken back", status)
				case before && status == http.StatusOK:
					accepted.Add(1)
				}
				if before {
					after++
				}
				if n == 1 {
					warm.Done()
				}
			}
		})
	}
	warm.Wait()
	return func() int64 {
		revoked.Store(true)
		all.Wait()
		return accepted.Load()
	}
}

func (w *world) ask(token string) int {
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.url+"/Users/Me", nil)
	if err != nil {
		w.Error(err)
		return 0
	}
	request.Header.Set("Authorization", `MediaBrowser Token="`+token+`"`)
	response, err := w.client.Do(request)
	if err != nil {
		w.Error(err)
		return 0
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return response.StatusCode
}

// While sign-ins, approvals and changes of policy go on, what one request answers is consistent.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for n := range 12 {
				s := []scenario{
					{do: "POST /Users/AuthenticateByName", send: `{"Username":"ben","Pw":"ben-pw"}`, header: by("App", "Telly", string(rune('a'+i)), "1.0")},
					{do: "GET /Users", as: "ann"}, {do: "GET /Sessions", as: "admin"}, {do: "GET /Devices", as: "admin"},
					{do: "POST /Users/${ben}/Policy", as: "admin", send: wholePolicy}, {do: "POST /QuickConnect/Initiate"},
				}[(i+n)%6]
				response, err := w.client.Do(w.request(s))
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusNoContent {
					t.Errorf("%s: got %d", s.do, response.StatusCode)
				}
			}
		})
	}
	wg.Wait()
}

// A body may come slowly. When it is there, the token must still be good.
func TestRevocationHoldsForASlowBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body, rest := io.Pipe()
	request, err := http.NewRequestWithContext(w.ctx, "POST", w.url+"/Users/New", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", w.expand(`MediaBrowser Token="${admin.token}"`))
	request.Header.Set("Content-Type", "application/json")
	status := make(chan int, 1)
	go func() {
		defer close(status)
		response, err := w.client.Do(request)
		if err != nil {
			t.Errorf("the request: %v", err)
			return
		}
		response.Body.Close()
		status <- response.StatusCode
	}()
	if _, err := io.WriteString(rest, `{"Name":"mallory",`); err != nil { // taken, so the headers are there
		t.Fatal(err)
	}
	if err := w.DeleteDevices(w.ctx, finlatch.Operator(), []string{"admin's phone"}, finlatch.ID{}); err != nil {
		t.Fatal(err)
	}
	io.WriteString(rest, `"Password":"x"}`)
	rest.Close()
	if got := <-status; got != http.StatusUnauthorized {
		t.Errorf("got status %d, want 401", got)
	}
}
