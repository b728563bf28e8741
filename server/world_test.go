package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/sqlite"
)

const (
	home = "192.168.1.20" // an address of a private network
	away = "203.0.113.7"  // one of the Internet
)

// options are those of a world.
type options struct {
	service finlatch.Options
	server  server.Options
}

// world is a server on a fresh store. It trusts this machine as a proxy, so that tests can say where a request comes from.
type world struct {
	testing.TB
	*finlatch.Service
	ctx      context.Context
	store    finlatch.Store
	clock    *clock
	log      *logBook
	handler  http.Handler
	url      string
	client   *http.Client
	names    map[string]string // what ${name} stands for in scenarios
	serial   int
	reported int64 // the last activity entry that a scenario has looked at
}

// newWorld is a world that is set up: admin with the password admin-pw, ann and ben with ann-pw and ben-pw, and an API
// key, all of them signed in.
func newWorld(t testing.TB, change ...func(*options)) *world {
	t.Helper()
	w := freshWorld(t, change...)
	w.populate()
	return w
}

// freshWorld is a world that nobody has set up.
func freshWorld(t testing.TB, change ...func(*options)) *world {
	t.Helper()
	w := quietWorld(t, change...)
	web := httptest.NewServer(w.handler)
	w.url, w.client = web.URL, web.Client()
	w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w.Cleanup(web.Close)
	return w
}

// quietWorld is a freshWorld that no network reaches: it has a handler and nothing else.
func quietWorld(t testing.TB, change ...func(*options)) *world {
	t.Helper()
	w := &world{TB: t, ctx: context.WithoutCancel(t.Context()), clock: newClock(), log: new(logBook), names: map[string]string{}}
	log := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o := options{
		service: finlatch.Options{Clock: w.clock.Now, Hasher: plainHasher{}, Location: time.UTC, SealKey: make([]byte, 32), Log: log},
		server: server.Options{Log: log, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
			MachineName: "machine", DataDir: "/srv/finlatch", ClientLogDir: filepath.Join(t.TempDir(), "client-logs")},
	}
	for _, f := range change {
		f(&o)
	}
	if o.service.Store == nil {
		store, err := sqlite.Open(w.ctx, filepath.Join(t.TempDir(), "finlatch.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o.service.Store = store
	}
	service, err := finlatch.New(w.ctx, o.service)
	if err != nil {
		t.Fatal(err)
	}
	w.Service, w.store, w.handler = service, o.service.Store, server.New(service, o.server)
	w.Cleanup(func() { w.store.Close() })
	return w
}

func (w *world) populate() {
	w.Helper()
	admin, err := w.CreateUser(w.ctx, finlatch.Operator(), "admin", "admin-pw", true)
	if err != nil {
		w.Fatal(err)
	}
	w.names["admin"] = admin.ID.String()
	w.user("ann", "ann-pw")
	w.user("ben", "ben-pw")
	w.names["ann.session"] = jellyfin.MD5GUID("App" + "another phone" + w.names["ann"]).String()
	for _, name := range []string{"admin", "ann", "ben"} {
		w.names[name+".token"] = w.signIn(name, name+"-pw", name+"'s phone")
	}
	_, key, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "robot")
	if err != nil {
		w.Fatal(err)
	}
	w.names["key.token"] = key.Reveal()
	w.names["server"] = w.settings().ServerID.String()
	w.news()
}

// run starts what remembers callers and writes last activity.
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

func (w *world) settings() *finlatch.Settings {
	w.Helper()
	settings, err := w.Settings(w.ctx)
	if err != nil {
		w.Fatal(err)
	}
	return settings
}

// user makes a user, whose id is ${name} from then on.
func (w *world) user(name, password string, change ...func(*finlatch.Policy)) finlatch.ID {
	w.Helper()
	user, err := w.CreateUser(w.ctx, finlatch.Operator(), name, password, false)
	if err != nil {
		w.Fatal(err)
	}
	w.names[name] = user.ID.String()
	for _, f := range change {
		w.policy(name, f)
	}
	w.news()
	return user.ID
}

func (w *world) id(name string) finlatch.ID {
	w.Helper()
	id, ok := finlatch.ParseID(w.names[name])
	if !ok {
		w.Fatalf("nobody is called %s", name)
	}
	return id
}

func (w *world) policy(name string, change func(*finlatch.Policy)) {
	w.Helper()
	user, err := w.UserByID(w.ctx, finlatch.Operator(), w.id(name))
	if err != nil {
		w.Fatal(err)
	}
	change(&user.Policy)
	if err := w.SetPolicy(w.ctx, finlatch.Operator(), user.ID, user.Policy, 0); err != nil {
		w.Fatal(err)
	}
	w.news()
}

// signIn signs in from home on a device, past HTTP, and gives the token.
func (w *world) signIn(name, password, deviceID string) string {
	w.Helper()
	in, err := w.SignIn(w.ctx, finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "1.0", "Telly", deviceID),
		Address: netip.MustParseAddr(home)}, name, password)
	if err != nil {
		w.Fatalf("sign in as %s: %v", name, err)
	}
	w.news()
	return in.Token.Reveal()
}

// news are the types of the activity entries since the last call, oldest first.
func (w *world) news() []string {
	w.Helper()
	var types []string
	var entries []finlatch.Activity
	err := w.store.View(w.ctx, func(tx finlatch.Tx) (err error) {
		entries, _, err = tx.Activities(w.ctx, finlatch.ActivityFilter{Limit: 100})
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	for _, entry := range entries {
		if entry.ID > w.reported && entry.Type != finlatch.ActivitySessionStarted { // beside each sign-in; TestSessionStarted
			types = append([]string{entry.Type}, types...)
		}
	}
	if len(entries) > 0 {
		w.reported = max(w.reported, entries[0].ID)
	}
	return types
}

var reference = regexp.MustCompile(`\$\{[^}]*\}`)

// expand puts in what names stand for. What ${fresh …} names is made on the way.
func (w *world) expand(text string) string {
	w.Helper()
	return reference.ReplaceAllStringFunc(text, func(ref string) string {
		name := strings.Trim(ref, "${}")
		if what, fresh := strings.CutPrefix(name, "fresh "); fresh {
			return w.fresh(what)
		}
		value, ok := w.names[name]
		if !ok {
			w.Fatalf("%s in a scenario means nothing", ref)
		}
		return value
	})
}

// fresh makes something of its own for one request.
func (w *world) fresh(what string) string {
	w.Helper()
	w.serial++
	name := fmt.Sprintf("%s %d", what, w.serial)
	stranger := finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "1.0", "Telly", name), Address: netip.MustParseAddr(home)}
	switch what {
	case "name":
		return name
	case "user":
		return w.user(name, "pw").String()
	case "device":
		w.signIn("ben", "ben-pw", name)
		return strings.ReplaceAll(name, " ", "%20")
	case "key":
		_, key, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), name)
		if err != nil {
			w.Fatal(err)
		}
		w.news()
		return key.Reveal()
	}
	request, secret, err := w.Initiate(w.ctx, stranger)
	if err != nil {
		w.Fatal(err)
	}
	if what == "code" {
		return request.Code
	}
	if what == "approved secret" {
		err = w.Approve(w.ctx, finlatch.Operator(), request.Code, w.id("ann"))
	}
	if err != nil {
		w.Fatal(err)
	}
	w.news()
	return secret.Reveal()
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

func (l *logBook) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
}
