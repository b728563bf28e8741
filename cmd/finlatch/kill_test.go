package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/sqlite"
)

// testKilled kills the server in a storm of sign-ins, again and again, 0 to 49 ms after an answer. Whatever an answer said
// before must hold after the next start.
func testKilled(t *testing.T, binary string) {
	rounds := 50
	if testing.Short() {
		rounds = 5
	}
	p := newProcess(t, binary, filepath.Join(t.TempDir(), "data"), "--sign-in-throttle", "off") // it signs in and asks more often than people do
	p.start()
	s := &storm{process: p, phone: p.mustSignIn("anna", "phone")}
	s.tokens = append(s.tokens, s.phone)
	for i := range rounds {
		s.blow(i)
		killed := time.Now()
		p.start()
		s.repeat(killed)
		s.checkAll()
		if t.Failed() {
			t.Fatalf("in round %d", i)
		}
	}
	p.stop()
	s.checkStore()
	t.Logf("%d tokens and %d waiting requests in %d rounds; %d redemptions and %d sign-ins were cut off, %d of these were stored",
		len(s.tokens), len(s.waiting), rounds, s.redemptionsCut, s.signInsCut.Load(), s.stored)
	if !testing.Short() && len(s.tokens) < 1000 {
		t.Errorf("only %d tokens", len(s.tokens))
	}
}

// storm is what clients know from answers that they have read to the end.
type storm struct {
	*process
	phone string // the token that approves codes

	mu       sync.Mutex
	tokens   []string
	waiting  []waiting    // requests for Quick Connect that nobody redeems
	redeemed []redemption // of this round
	all      []redemption
	cut      []redemption // whose answer did not come; the token is not known

	signInsCut     atomic.Int64
	redemptionsCut int
	stored         int
}

type waiting struct {
	secret, code string
	approved     bool
	unsure       bool // the answer to the approval did not come
}

type redemption struct{ secret, device, token string }

// blow lets many sign in at once, and kills the server meanwhile.
func (s *storm) blow(round int) {
	const enough = 20 // tokens
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	answered := make(chan struct{}, 1)
	var byPassword, byCode atomic.Int64
	count := func(n *atomic.Int64) {
		n.Add(1)
		select {
		case answered <- struct{}{}:
		default:
		}
	}
	var clients sync.WaitGroup
	for i := range 4 {
		clients.Go(func() {
			for n := 0; ctx.Err() == nil && s.byPassword(fmt.Sprintf("password-%d-%d-%d", round, i, n)); n++ {
				count(&byPassword)
			}
		})
	}
	for i := range 3 {
		clients.Go(func() {
			for n := 0; ctx.Err() == nil && s.byCode(fmt.Sprintf("code-%d-%d-%d", round, i, n), n%5); n++ {
				count(&byCode)
				time.Sleep(20 * time.Millisecond) // the store's writer is for the others, too
			}
		})
	}
	gone := make(chan struct{})
	go func() {
		clients.Wait()
		close(gone)
	}()
	timeout := time.After(time.Minute)
	for done := false; !done; {
		select {
		case <-answered:
			done = byPassword.Load() >= enough/2 && byPassword.Load()+byCode.Load() >= 2*enough
		case <-gone:
			done = true
		case <-timeout:
			s.Error("the sign-ins do not get on")
			done = true
		}
	}
	time.Sleep(time.Duration(round%50) * time.Millisecond)
	s.kill()
	stop()
	<-gone
	s.http.CloseIdleConnections()
}

// wrong reports an answer that should not be. That there is none is what the killing is for.
func (s *storm) wrong(what string, a answer, err error) bool {
	if err == nil && a.status != 200 {
		s.Errorf("%s: %d %s", what, a.status, brief(a.body))
	}
	return err != nil || a.status != 200
}

// byPassword signs a device in. It is false when the server is gone.
func (s *storm) byPassword(device string) bool {
	a, err := s.signIn(context.Background(), "", "anna", rightPassword, device)
	if err != nil {
		s.signInsCut.Add(1)
	}
	if s.wrong("sign-in", a, err) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = append(s.tokens, a.field("AccessToken"))
	return true
}

// byCode goes part of the way through Quick Connect: one in five requests is left as it is, another is approved, and the
// others are redeemed.
func (s *storm) byCode(device string, way int) bool {
	a, err := s.ask(context.Background(), "", "POST", "/QuickConnect/Initiate", device, "", "")
	if s.wrong("initiate", a, err) {
		return false
	}
	w := waiting{secret: a.field("Secret"), code: a.field("Code")}
	keep := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.waiting = append(s.waiting, w)
	}
	if way == 0 {
		keep()
		return true
	}
	a, err = s.approve(w.code)
	w.approved, w.unsure = err == nil, err != nil
	if s.wrong("approve", a, err) || way == 1 {
		keep()
		return err == nil
	}
	r := redemption{secret: w.secret, device: device}
	a, err = s.redeem(w.secret)
	r.token = a.field("AccessToken")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.cut = append(s.cut, r)
		return false
	case s.wrong("redeem", a, err):
		return false
	}
	s.redeemed = append(s.redeemed, r)
	s.tokens = append(s.tokens, r.token)
	return true
}

func (s *storm) approve(code string) (answer, error) {
	return s.ask(context.Background(), "", "POST", "/QuickConnect/Authorize?code="+code, "", s.phone, "")
}

func (s *storm) redeem(secret string) (answer, error) {
	return s.ask(context.Background(), "", "POST", "/Users/AuthenticateWithQuickConnect", "", "", fmt.Sprintf(`{"Secret":%q}`, secret))
}

// repeat does again what clients do again: redeem and approve what was cut off, and redeem what was redeemed in this round.
// An answer that was lost comes now; one that was read is the same for five seconds, and then there is none.
func (s *storm) repeat(killed time.Time) {
	s.Helper()
	for _, r := range s.cut {
		a, err := s.redeem(r.secret)
		if time.Since(killed) > 4*time.Second {
			s.Log("the machine is too slow to repeat a redemption in time")
			continue
		}
		if err != nil || a.status != 200 {
			s.Errorf("a redemption that was cut off, again: %d %s %v", a.status, brief(a.body), err)
			continue
		}
		r.token = a.field("AccessToken")
		s.redeemed = append(s.redeemed, r)
		s.tokens = append(s.tokens, r.token)
		s.redemptionsCut++
	}
	for _, r := range s.redeemed {
		a, err := s.redeem(r.secret)
		same := err == nil && a.status == 200 && a.field("AccessToken") == r.token
		over := err == nil && a.status == 404 && time.Since(killed) > time.Second // some were redeemed before the kill
		if !same && !over {
			s.Errorf("a redemption again: %d %s %v, want the same token", a.status, brief(a.body), err)
		}
	}
	for i, w := range s.waiting {
		if !w.unsure {
			continue
		}
		// Whether it was approved or not, it is now.
		if a, err := s.approve(w.code); err != nil || a.status != 200 {
			s.Errorf("an approval that was cut off, again: %d %s %v", a.status, brief(a.body), err)
		}
		s.waiting[i].approved, s.waiting[i].unsure = true, false
	}
	s.all = append(s.all, s.redeemed...)
	s.redeemed, s.cut = nil, nil
}

// checkAll asks about everything that clients were ever told.
func (s *storm) checkAll() {
	s.Helper()
	ctx := context.Background()
	each(s.tokens, func(token string) {
		if a, err := s.ask(ctx, "", "GET", "/Users/Me", "", token, ""); err != nil || a.status != 200 {
			s.Errorf("a token that a client was given: %d %s %v", a.status, brief(a.body), err)
		}
	})
	each(s.waiting, func(w waiting) {
		a, err := s.ask(ctx, "", "GET", "/QuickConnect/Connect?secret="+url.QueryEscape(w.secret), "", "", "")
		want := fmt.Sprintf(`"Authenticated":%v`, w.approved)
		if err != nil || a.status != 200 || a.field("Code") != w.code || !bytes.Contains(a.body, []byte(want)) {
			s.Errorf("a request that waits: %d %s %v, want code %s and %s", a.status, brief(a.body), err, w.code, want)
		}
	})
}

// checkStore looks for devices that no answer explains.
func (s *storm) checkStore() {
	s.Helper()
	file := filepath.Join(s.data, "finlatch.db")
	s.checkFile(file)
	store, err := sqlite.Open(s.Context(), file, sqlite.Options{})
	if err != nil {
		s.Fatal(err)
	}
	defer store.Close()
	var devices []finlatch.Device
	err = store.View(s.Context(), func(tx finlatch.Tx) (err error) {
		devices, err = tx.Devices(s.Context(), finlatch.DeviceFilter{})
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	rows := make(map[string]finlatch.Hash)
	known := make(map[finlatch.Hash]bool)
	for _, token := range s.tokens {
		known[finlatch.TokenFrom(token).Hash()] = true
	}
	for _, d := range devices {
		if _, twice := rows[d.DeviceID]; twice {
			s.Errorf("%s is there twice", d.DeviceID)
		}
		rows[d.DeviceID] = d.TokenHash
		if !known[d.TokenHash] {
			s.stored++
		}
	}
	for _, r := range s.all {
		if rows[r.device] != finlatch.TokenFrom(r.token).Hash() {
			s.Errorf("%s has another token than its client", r.device)
		}
	}
	if s.stored > int(s.signInsCut.Load()) {
		s.Errorf("%d devices have tokens that nobody was given, and only %d sign-ins were cut off", s.stored, s.signInsCut.Load())
	}
}

func (s *storm) checkFile(file string) {
	s.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		s.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		s.Errorf("the database after all: %s %v", verdict, err)
	}
}
