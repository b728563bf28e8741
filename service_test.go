package finlatch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/sqlite"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// countingHasher is quick, and writes down what it was asked.
type countingHasher struct {
	mu    sync.Mutex
	calls []string
}

func (h *countingHasher) call(kind string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, kind)
}

func (h *countingHasher) take() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() { h.calls = nil }()
	return strings.Join(h.calls, " ")
}

func (h *countingHasher) Hash(_ io.Reader, password string) (string, error) {
	h.call("hash")
	return "plain:" + password, nil
}

func (h *countingHasher) Verify(encoded, password string) (bool, error) {
	h.call("verify")
	if !strings.HasPrefix(encoded, "plain:") {
		return false, errors.New("unreadable")
	}
	return encoded == "plain:"+password, nil
}

func (h *countingHasher) Waste(string)            { h.call("waste") }
func (h *countingHasher) NeedsRehash(string) bool { return false }

// world is a service on a fresh store, set up, with an administrator named admin.
type world struct {
	*testing.T
	*finlatch.Service
	ctx    context.Context
	store  finlatch.Store
	path   string
	clock  *clock
	hasher *countingHasher
	admin  finlatch.User

	guesses atomic.Int64 // that tests have made
}

var (
	home = netip.MustParseAddr("192.168.1.20")
	away = netip.MustParseAddr("203.0.113.7")
)

func newWorld(t *testing.T, change ...func(*finlatch.Options)) *world {
	t.Helper()
	w := emptyWorld(t, change...)
	admin, err := w.CreateUser(w.ctx, finlatch.Operator(), "admin", "admin-pw", true)
	if err != nil {
		t.Fatal(err)
	}
	w.admin = admin
	w.hasher.take()
	return w
}

func emptyWorld(t *testing.T, change ...func(*finlatch.Options)) *world {
	t.Helper()
	w := &world{T: t, ctx: t.Context(), clock: newClock(), hasher: &countingHasher{}, path: filepath.Join(t.TempDir(), "finlatch.db")}
	w.open(change...)
	return w
}

// open opens the store and starts a service on it, as a process does.
func (w *world) open(change ...func(*finlatch.Options)) {
	w.Helper()
	store, err := sqlite.Open(w.ctx, w.path, sqlite.Options{})
	if err != nil {
		w.Fatal(err)
	}
	options := finlatch.Options{Store: store, Clock: w.clock.Now, Hasher: w.hasher, Location: time.UTC, SealKey: make([]byte, 32)}
	for _, f := range change {
		f(&options)
	}
	service, err := finlatch.New(w.ctx, options)
	if err != nil {
		w.Fatal(err)
	}
	w.Service, w.store = service, store
	w.Cleanup(func() { store.Close() })
}

func (w *world) run() {
	ctx, stop := context.WithCancel(w.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Service.Run(ctx)
	}()
	w.Cleanup(func() {
		stop()
		<-ended
	})
}

func (w *world) user(name, password string, change ...func(*finlatch.Policy)) finlatch.User {
	w.Helper()
	user, err := w.CreateUser(w.ctx, finlatch.Operator(), name, password, false)
	if err != nil {
		w.Fatal(err)
	}
	for _, f := range change {
		w.policy(user.ID, f)
	}
	w.hasher.take()
	return user
}

func (w *world) policy(id finlatch.ID, change func(*finlatch.Policy)) {
	w.Helper()
	user, err := w.UserByID(w.ctx, finlatch.Operator(), id)
	if err != nil {
		w.Fatal(err)
	}
	change(&user.Policy)
	if err := w.SetPolicy(w.ctx, finlatch.Operator(), id, user.Policy, 0); err != nil {
		w.Fatal(err)
	}
}

// set changes the settings as an administrator does.
func (w *world) set(change func(*finlatch.Settings)) {
	w.Helper()
	err := w.ChangeSettings(w.ctx, finlatch.Operator(), "The settings have been changed", func(s *finlatch.Settings) error {
		change(s)
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

func device(id string, from netip.Addr) finlatch.Caller {
	return finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "1.0", "Telly", id), Address: from}
}

func (w *world) signIn(name, password string, c finlatch.Caller) finlatch.SignedIn {
	w.Helper()
	in, err := w.SignIn(w.ctx, c, name, password)
	if err != nil {
		w.Fatalf("SignIn(%s): %v", name, err)
	}
	return in
}

// caller is who a token makes of a request from somewhere.
func (w *world) caller(token finlatch.Token, from netip.Addr) finlatch.Caller {
	w.Helper()
	c, err := w.Authenticate(w.ctx, finlatch.Caller{Address: from}, token)
	if err != nil {
		w.Fatalf("Authenticate: %v", err)
	}
	return c
}

func (w *world) wantKind(err error, want finlatch.Kind) {
	w.Helper()
	if err == nil || finlatch.KindOf(err) != want {
		w.Errorf("got error %v of kind %v, want kind %v", err, finlatch.KindOf(err), want)
	}
}

// eventually waits for what Run does by itself.
func (w *world) eventually(what string, is func() bool) {
	w.Helper()
	for range 1000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.Errorf("%s: not so after ten seconds", what)
}

func (w *world) activities(filter finlatch.ActivityFilter) []finlatch.Activity {
	w.Helper()
	filter.Limit = 1000
	var entries []finlatch.Activity
	err := w.store.View(w.ctx, func(tx finlatch.Tx) (err error) {
		entries, _, err = tx.Activities(w.ctx, filter)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return entries
}

func TestNewWantsAStore(t *testing.T) {
	t.Parallel()
	if _, err := finlatch.New(t.Context(), finlatch.Options{}); err == nil {
		t.Error("New without a store succeeded")
	}
}

func TestServerIDStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, err := w.Settings(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	w.store.Close()
	w.open()
	after, err := w.Settings(w.ctx)
	if err != nil || after.ServerID != before.ServerID || after.ServerID.IsZero() {
		t.Errorf("server id %v after a restart (%v), want %v", after.ServerID, err, before.ServerID)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	token, secret := finlatch.TokenFrom("0123456789abcdef0123456789abcdef"), finlatch.SecretFrom("ABCDEF")
	for _, text := range []string{fmt.Sprint(token), fmt.Sprintf("%#v", token), fmt.Sprintf("%+v", struct{ T finlatch.Token }{token}),
		fmt.Sprint(secret), fmt.Sprintf("%#v", secret), fmt.Sprintf("%v", []finlatch.Secret{secret})} {
		if strings.Contains(text, "0123456789") || strings.Contains(text, "ABCDEF") {
			t.Errorf("a secret prints as %s", text)
		}
	}
	if _, err := token.MarshalText(); err == nil {
		t.Error("a token was encoded")
	}
	if _, err := secret.MarshalText(); err == nil {
		t.Error("a secret was encoded")
	}
}

func TestParseID(t *testing.T) {
	t.Parallel()
	const plain = "0123456789abcdef0123456789abcdef"
	for _, test := range []struct {
		text string
		ok   bool
	}{
		{plain, true}, {strings.ToUpper(plain), true}, {"01234567-89ab-cdef-0123-456789abcdef", true},
		{"", false}, {plain + "0", false}, {"g" + plain[1:], false}, {"0123456789ab-cdef-0123-456789abcdef--", false},
		{"01234567089ab-cdef-0123-456789abcdef", false},
	} {
		id, ok := finlatch.ParseID(test.text)
		if ok != test.ok || ok && id.String() != plain {
			t.Errorf("ParseID(%q) = %v, %v, want %v", test.text, id, ok, test.ok)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("0123456789abcdef0123456789abcdef")
	f.Add("01234567-89AB-cdef-0123-456789abcdef")
	f.Add("--------------------------------")
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := finlatch.ParseID(text)
		if again, fine := finlatch.ParseID(id.String()); ok && (!fine || again != id) {
			t.Errorf("ParseID(%q) = %v, which reads as %v", text, id, again)
		}
		if !ok && !id.IsZero() {
			t.Errorf("ParseID(%q) refused and gave %v", text, id)
		}
	})
}
