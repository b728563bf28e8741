package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/sqlite"
	"github.com/finlatch/finlatch/web"
)

const (
	home = "192.168.1.20" // an address of a private network
	away = "203.0.113.7"  // one of the Internet
)

// options are those of a world.
type options struct {
	service finlatch.Options
	server  server.Options
	web     web.Options
}

// world is a server with its pages on a fresh store. It trusts this machine as a proxy, so that tests can say where a request
// comes from.
type world struct {
	testing.TB
	*finlatch.Service
	ctx   context.Context
	store finlatch.Store
	clock *clock
	log   *logBook
	peer  string // where the server really listens
	site  string // where browsers go: scheme, host and base path
	file  string // the database
	ids   map[string]finlatch.ID
}

// newWorld is a world that is set up: it has admin with the password admin-pw, ann and ben with ann-pw and ben-pw.
func newWorld(t testing.TB, change ...func(*options)) *world {
	t.Helper()
	w := freshWorld(t, change...)
	admin, err := w.CreateUser(w.ctx, finlatch.Operator(), "admin", "admin-pw", true)
	if err != nil {
		t.Fatal(err)
	}
	w.ids["admin"] = admin.ID
	w.user("ann", "ann-pw")
	w.user("ben", "ben-pw")
	return w
}

// freshWorld is a world that nobody has set up.
func freshWorld(t testing.TB, change ...func(*options)) *world {
	t.Helper()
	w := &world{TB: t, ctx: context.WithoutCancel(t.Context()), clock: newClock(), log: new(logBook), ids: map[string]finlatch.ID{}}
	log := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o := options{
		service: finlatch.Options{Clock: w.clock.Now, Hasher: plainHasher{}, Location: time.UTC, SealKey: make([]byte, 32), Log: log},
		server:  server.Options{Log: log, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, MachineName: "machine"},
		web:     web.Options{Log: log, Version: "1.0", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
	}
	for _, f := range change {
		f(&o)
	}
	w.file = filepath.Join(t.TempDir(), "finlatch.db")
	store, err := sqlite.Open(w.ctx, w.file, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.store, o.service.Store = store, store
	w.Cleanup(func() { store.Close() })
	if w.Service, err = finlatch.New(w.ctx, o.service); err != nil {
		t.Fatal(err)
	}
	pages, err := web.New(w.Service, o.web)
	if err != nil {
		t.Fatal(err)
	}
	o.server.Around = pages.Around
	listener := httptest.NewServer(server.New(w.Service, o.server))
	w.Cleanup(listener.Close)
	w.peer = listener.Listener.Addr().String()
	w.site = listener.URL + o.server.BaseURL
	return w
}

// user makes a user, whose id is id(name) from then on.
func (w *world) user(name, password string, change ...func(*finlatch.Policy)) finlatch.ID {
	w.Helper()
	user, err := w.CreateUser(w.ctx, finlatch.Operator(), name, password, false)
	if err != nil {
		w.Fatal(err)
	}
	w.ids[name] = user.ID
	for _, f := range change {
		w.policy(name, f)
	}
	return user.ID
}

func (w *world) id(name string) finlatch.ID {
	w.Helper()
	id, known := w.ids[name]
	if !known {
		w.Fatalf("nobody is called %s", name)
	}
	return id
}

func (w *world) policy(name string, change func(*finlatch.Policy)) {
	w.Helper()
	user, err := w.UserByID(w.ctx, finlatch.Operator(), w.id(name))
	if err == nil {
		change(&user.Policy)
		err = w.SetPolicy(w.ctx, finlatch.Operator(), user.ID, user.Policy, 0)
	}
	if err != nil {
		w.Fatal(err)
	}
}

// set changes the settings as the operator does.
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

// app is an app on a device at home, or elsewhere.
func app(deviceID string, from ...string) finlatch.Caller {
	address := home
	for _, address = range from {
	}
	return finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "1.0", "Telly", deviceID), Address: netip.MustParseAddr(address)}
}

// asks starts a request for Quick Connect.
func (w *world) asks(c finlatch.Caller) (code string, secret finlatch.Secret) {
	w.Helper()
	request, secret, err := w.Initiate(w.ctx, c)
	if err != nil {
		w.Fatal(err)
	}
	return request.Code, secret
}

// redeem fetches the token of a device whose request was approved; the zero Token where there is none for it.
func (w *world) redeem(secret finlatch.Secret) finlatch.SignedIn {
	w.Helper()
	in, err := w.Redeem(w.ctx, app("redeeming"), secret)
	if err != nil && finlatch.KindOf(err) != finlatch.NotFound {
		w.Fatal(err)
	}
	return in
}

// state is how far a request for Quick Connect has come, whoever may know it.
func (w *world) state(secret finlatch.Secret) finlatch.QuickConnect {
	w.Helper()
	var request finlatch.QuickConnect
	err := w.store.View(w.ctx, func(tx finlatch.Tx) (err error) {
		request, err = tx.QuickConnect(w.ctx, secret.Hash())
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return request
}

// appSignIn signs in through the rules of apps, and gives the token.
func (w *world) appSignIn(name, password, deviceID string) finlatch.Token {
	w.Helper()
	in, err := w.SignIn(w.ctx, app(deviceID), name, password)
	if err != nil {
		w.Fatalf("sign in as %s: %v", name, err)
	}
	return in.Token
}

// devices are those that a user is signed in on.
func (w *world) devices(name string) []finlatch.Device {
	w.Helper()
	var devices []finlatch.Device
	err := w.store.View(w.ctx, func(tx finlatch.Tx) (err error) {
		devices, err = tx.Devices(w.ctx, finlatch.DeviceFilter{UserID: w.id(name)})
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return devices
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)} } // a Tuesday

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

// plainHasher is quick.
type plainHasher struct{}

func (plainHasher) Hash(_ io.Reader, password string) (string, error) {
	return "plain:" + password, nil
}

func (plainHasher) Verify(encoded, password string) (bool, error) {
	if !strings.HasPrefix(encoded, "plain:") {
		return false, errors.New("unreadable")
	}
	return encoded == "plain:"+password, nil
}

func (plainHasher) Waste(string)            {}
func (plainHasher) NeedsRehash(string) bool { return false }

// logBook is a log that tests read.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// browser is somebody's, with a cookie jar.
type browser struct {
	*world
	client *http.Client
	jar    *jar
	site   string      // scheme, host and base path: what the address bar begins with
	header http.Header // sent with everything
}

// browser is a new one, at home.
func (w *world) browser() *browser {
	b := &browser{world: w, site: w.site, jar: newJar(), header: http.Header{"X-Forwarded-For": {home}}}
	b.client = &http.Client{Jar: b.jar, Transport: wire{w.peer, new(http.Transport)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	w.Cleanup(b.client.CloseIdleConnections)
	return b
}

// signedIn is a browser in which somebody has signed in with NAME-pw.
func (w *world) signedIn(name string) *browser {
	w.Helper()
	b := w.browser()
	b.signIn(name)
	return b
}

func (b *browser) signIn(name string) {
	b.Helper()
	p := b.get("sign-in").press("Sign in", "username", name, "password", name+"-pw")
	if p.alert() != "" || p.h1() != "Approve a device" {
		b.Fatalf("%s signs in: %d %q %q", name, p.status, p.h1(), p.alert())
	}
}

// from makes the browser come from somewhere else.
func (b *browser) from(address string) *browser {
	b.header.Set("X-Forwarded-For", address)
	return b
}

// wire carries requests for every host to one server, as a proxy in front of it does.
type wire struct {
	peer string
	base http.RoundTripper
}

func (t wire) RoundTrip(r *http.Request) (*http.Response, error) {
	other := r.Clone(r.Context())
	if other.Host == "" {
		other.Host = r.URL.Host
	}
	other.Header.Set("X-Forwarded-Proto", r.URL.Scheme)
	other.URL.Scheme, other.URL.Host = "http", t.peer
	response, err := t.base.RoundTrip(other)
	if response != nil {
		response.Request = r
	}
	return response, err
}

// address is where a path leads: from the root of the site where it begins with a slash, else below /finlatch/.
func (b *browser) address(path string) string {
	switch {
	case strings.Contains(path, "://"):
		return path
	case strings.HasPrefix(path, "/"):
		return b.site + path
	}
	return b.site + "/finlatch/" + path
}

// get opens a page, and follows no redirect.
func (b *browser) get(path string) *page {
	b.Helper()
	return b.send(b.request(http.MethodGet, path, nil))
}

// open opens a page as a person does, wherever redirects lead.
func (b *browser) open(path string) *page {
	b.Helper()
	return b.get(path).follow()
}

func (b *browser) request(method, path string, body io.Reader) *http.Request {
	b.Helper()
	r, err := http.NewRequestWithContext(b.ctx, method, b.address(path), body)
	if err != nil {
		b.Fatal(err)
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	return r
}

// post sends a form as a script of the command line does: without a word about where it comes from.
func (b *browser) post(path string, fields ...string) *page {
	b.Helper()
	r := b.request(http.MethodPost, path, strings.NewReader(values(fields).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

func (b *browser) send(r *http.Request) *page {
	b.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return newPage(b, r.URL, response, string(body))
}

// token is what the session's cookie holds; empty without one.
func (b *browser) token() string { return b.jar.value(b.address(""), "finlatch") }
