package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/sqlite"
)

const (
	home     = "192.168.1.20" // from where ann is signed in
	stranger = "203.0.113.7"  // from where nobody is
)

// rules are real ones, whose devices were made by signing in here; and what the gateway asks them to ask upstream.
type rules struct {
	*finlatch.Service
	mu       sync.Mutex
	asked    []string
	recheck  func(finlatch.Token) error
	switched func() error          // is asked about Quick Connect
	broken   error                 // what Authenticate fails with
	known    func()                // called once, when Authenticate is about to say that a token is good
	unknown  func(context.Context) // called once, when it is about to say that it is not
}

func (r *rules) Authenticate(ctx context.Context, c finlatch.Caller, token finlatch.Token) (finlatch.Caller, error) {
	r.mu.Lock()
	broken := r.broken
	r.mu.Unlock()
	if broken != nil {
		return finlatch.Caller{}, broken
	}
	caller, err := r.Service.Authenticate(ctx, c, token)
	r.mu.Lock()
	known, unknown := r.known, r.unknown
	if err == nil {
		r.known, unknown = nil, nil
	} else {
		r.unknown, known = nil, nil
	}
	r.mu.Unlock()
	if known != nil {
		known()
	}
	if unknown != nil {
		unknown(ctx)
	}
	return caller, err
}

func (r *rules) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = err
}

func (r *rules) Recheck(_ context.Context, token finlatch.Token) error {
	r.note("token " + token.Reveal())
	if r.recheck != nil {
		return r.recheck(token)
	}
	return nil
}

func (r *rules) RecheckUser(_ context.Context, id finlatch.ID) error {
	r.note("user " + id.String())
	return nil
}

func (r *rules) RecheckQuickConnect(context.Context) (err error) {
	if r.switched != nil {
		err = r.switched()
	}
	r.note("Quick Connect")
	return err
}

func (r *rules) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, what)
}

func (r *rules) wasAsked(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.asked, what)
}

func (r *rules) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked)
}

// seen is a request as upstream got it.
type seen struct {
	method, uri, host string
	header            http.Header
	size              int64
}

// upstream is a fake media server that remembers exactly what it gets.
type upstream struct {
	*httptest.Server
	mu      sync.Mutex
	seen    []seen
	handles map[string]http.HandlerFunc // by path in lower case
	status  int                         // of everything else
}

func newUpstream(t testing.TB) *upstream {
	u := &upstream{handles: map[string]http.HandlerFunc{}, status: http.StatusOK}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.mu.Lock()
		u.seen = append(u.seen, seen{method: r.Method, uri: r.RequestURI, host: r.Host, header: r.Header.Clone(), size: r.ContentLength})
		handle, status := u.handles[strings.ToLower(strings.TrimSuffix(r.URL.Path, "/"))], u.status
		u.mu.Unlock()
		if handle != nil {
			handle(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
	}))
	t.Cleanup(u.Close)
	return u
}

// on says how a path is answered.
func (u *upstream) on(path string, handle http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.handles[strings.ToLower(path)] = handle
}

// always says what everything else is answered with.
func (u *upstream) always(status int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.status = status
}

// one is the only request that came since the last call.
func (u *upstream) one(t testing.TB) seen {
	t.Helper()
	got := u.take()
	if len(got) != 1 {
		t.Fatalf("upstream got %d requests, want 1: %v", len(got), got)
	}
	return got[0]
}

// take gives what came since the last call.
func (u *upstream) take() []seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	got := u.seen
	u.seen = nil
	return got
}

type world struct {
	testing.TB
	ctx      context.Context
	rules    *rules
	store    finlatch.Store
	clock    *clock
	upstream *upstream
	gateway  *gateway.Gateway
	url      string
	log      *logBook
	ann, ben finlatch.ID
	token    finlatch.Token // ann's on the device "phone"
	tablet   finlatch.Token // ann's on the device "tablet"
	bens     finlatch.Token // ben's on the device "phone"
	key      finlatch.Token // an API key of ours
}

type options struct {
	gateway gateway.Options
	base    string // base path
}

// newWorld is a gateway in front of an upstream, in the chain that package server puts around it.
func newWorld(t testing.TB, change ...func(*options)) *world {
	t.Helper()
	w := &world{TB: t, ctx: context.WithoutCancel(t.Context()), clock: &clock{now: time.Now()}, log: new(logBook), upstream: newUpstream(t)}
	store, err := sqlite.Open(w.ctx, filepath.Join(t.TempDir(), "finlatch.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	service, err := finlatch.New(w.ctx, finlatch.Options{Store: store, Clock: w.clock.Now, Hasher: plainHasher{}, SealKey: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	w.store, w.rules = store, &rules{Service: service}
	ann, err := service.CreateUser(w.ctx, finlatch.Operator(), "ann", "ann-pw", true)
	if err != nil {
		t.Fatal(err)
	}
	w.ann = ann.ID
	ben, err := service.CreateUser(w.ctx, finlatch.Operator(), "ben", "ben-pw", false)
	if err != nil {
		t.Fatal(err)
	}
	w.ben = ben.ID
	w.token, w.tablet, w.bens = w.signIn("ann", "phone"), w.signIn("ann", "tablet"), w.signIn("ben", "phone")
	if _, w.key, err = service.CreateAPIKey(w.ctx, finlatch.Operator(), "robot"); err != nil {
		t.Fatal(err)
	}
	to, _ := url.Parse(w.upstream.URL)
	o := options{gateway: gateway.Options{Upstream: to}}
	o.gateway.Log = slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, f := range change {
		f(&o)
	}
	w.gateway = gateway.New(w.rules, o.gateway)

	running, stop := context.WithCancel(w.ctx)
	var wg sync.WaitGroup
	wg.Go(func() { service.Run(running) })
	wg.Go(func() { w.gateway.Run(running) })
	front := httptest.NewServer(chain(w.gateway, o))
	w.url = front.URL + o.base
	t.Cleanup(func() {
		front.CloseClientConnections()
		w.upstream.CloseClientConnections()
		front.Close()
		stop()
		wg.Wait()
		store.Close()
	})
	return w
}

// chain is what package server wraps, with stand-ins for the routes that are answered here.
func chain(g http.Handler, o options) http.Handler {
	mux := httpx.NewMux()
	mux.Missing = g
	ours := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, pattern := range []string{"/Users/AuthenticateByName", "/Users/AuthenticateWithQuickConnect", "/Users/{userId}/Authenticate",
		"/QuickConnect/Initiate", "/QuickConnect/Authorize"} {
		mux.Handle(http.MethodPost, pattern, ours)
	}
	mux.Handle(http.MethodGet, "/QuickConnect/Enabled", ours)
	mux.Handle(http.MethodGet, "/QuickConnect/Connect", ours)
	h := httpx.Fold(mux)
	h = httpx.LimitBody(httpx.MaxBody)(h)
	h = httpx.CORS(nil, nil)(h)
	if o.base != "" {
		h = httpx.BasePath(o.base, "web/")(h)
	}
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	h = httpx.ClientAddress(func(*http.Request) []netip.Prefix { return proxies }, nil)(h)
	h = httpx.Progress(httpx.Pace{})(h)
	return httpx.Record(o.gateway.Log)(h)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func callerAt(deviceID, from string) finlatch.Caller {
	return finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "1.0", "Telly", deviceID), Address: netip.MustParseAddr(from)}
}

func (w *world) signIn(name, deviceID string) finlatch.Token {
	w.Helper()
	in, err := w.rules.SignIn(w.ctx, callerAt(deviceID, home), name, name+"-pw")
	if err != nil {
		w.Fatal(err)
	}
	return in.Token
}

// revoke signs a device out, whoever uses it.
func (w *world) revoke(deviceID string) {
	w.Helper()
	if err := w.rules.DeleteDevices(w.ctx, finlatch.Operator(), []string{deviceID}, finlatch.ID{}); err != nil {
		w.Fatal(err)
	}
}

// header is added to a request; an empty value takes one out.
type header map[string]string

func (w *world) request(method, target string, body io.Reader, h header) *http.Request {
	w.Helper()
	r, err := http.NewRequestWithContext(w.ctx, method, w.url+target, body)
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", stranger)
	for name, value := range h {
		if value == "" {
			r.Header.Del(name)
		} else {
			r.Header.Set(name, value)
		}
	}
	return r
}

// asAnn is the header of an app that is signed in.
func (w *world) asAnn() header {
	return header{"Authorization": fmt.Sprintf(`MediaBrowser Client="App", Device="Telly", DeviceId="phone", Version="1.0", Token=%q`, w.token.Reveal())}
}

var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}}

type response struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

func (w *world) do(method, target string, h header) response {
	w.Helper()
	return w.send(w.request(method, target, nil, h))
}

func (w *world) send(r *http.Request) response {
	w.Helper()
	res, err := client.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return response{res.StatusCode, res.Header, string(body), err}
}

// raw sends a request line as it is written, which clients would tidy.
func (w *world) raw(method, target string, h header) response {
	w.Helper()
	at, _ := url.Parse(w.url)
	conn, err := net.Dial("tcp", at.Host)
	if err != nil {
		w.Fatal(err)
	}
	defer conn.Close()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, at.Path+target, at.Host)
	if h["X-Forwarded-For"] == "" {
		fmt.Fprintf(&b, "X-Forwarded-For: %s\r\n", stranger)
	}
	for name, value := range h {
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	b.WriteString("\r\n")
	if _, err := conn.Write(b.Bytes()); err != nil {
		w.Fatal(err)
	}
	r, _ := http.NewRequest(method, "/", nil)
	res, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return response{res.StatusCode, res.Header, string(body), err}
}

func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// clock is the service's.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logBook keeps what was logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// plainHasher costs nothing.
type plainHasher struct{}

func (plainHasher) Hash(_ io.Reader, password string) (string, error) {
	return "plain:" + password, nil
}
func (plainHasher) Verify(encoded, password string) (bool, error) {
	return encoded == "plain:"+password, nil
}
func (plainHasher) Waste(string)            {}
func (plainHasher) NeedsRehash(string) bool { return false }
