package gateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/sqlite"
)

const (
	atHome  = "192.168.1.20" // an address of a private network
	farAway = "203.0.113.7"  // one of the Internet
)

var phone = finlatch.ClientInfo{AppName: "Findroid", AppVersion: "0.15.3", DeviceName: "Ann's “phone”, 100%", DeviceID: "b2/7+é"}

// mediaServer is a finlatch that plays the media server: it trusts this machine as a proxy and has admin, ann and ben, whose
// passwords are their names and -pw.
type mediaServer struct {
	testing.TB
	*finlatch.Service
	ctx   context.Context
	store finlatch.Store
	web   *httptest.Server
	key   finlatch.Token
	users map[string]finlatch.ID

	mu       sync.Mutex
	requests []*http.Request // that came, without their bodies
}

func newMediaServer(t testing.TB) *mediaServer {
	t.Helper()
	u := &mediaServer{TB: t, ctx: context.WithoutCancel(t.Context()), users: map[string]finlatch.ID{}}
	var err error
	if u.store, err = sqlite.Open(u.ctx, filepath.Join(t.TempDir(), "upstream.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	if u.Service, err = finlatch.New(u.ctx, finlatch.Options{Store: u.store, Location: time.UTC}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"admin", "ann", "ben"} {
		user, err := u.CreateUser(u.ctx, finlatch.Operator(), name, name+"-pw", name == "admin")
		if err != nil {
			t.Fatal(err)
		}
		u.users[name] = user.ID
	}
	if _, u.key, err = u.CreateAPIKey(u.ctx, finlatch.Operator(), "gateway"); err != nil {
		t.Fatal(err)
	}
	handler := server.New(u.Service, server.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	u.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.mu.Lock()
		u.requests = append(u.requests, r.Clone(u.ctx))
		u.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		u.web.Close()
		u.store.Close()
	})
	return u
}

// client is a gateway's, with the key.
func (u *mediaServer) client() *gateway.Client {
	u.Helper()
	return newClient(u, u.web.URL, u.key)
}

func newClient(t testing.TB, to string, key finlatch.Token) *gateway.Client {
	t.Helper()
	c, err := gateway.NewClient(gateway.ClientOptions{URL: to, Key: key, Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// change changes a user's policy.
func (u *mediaServer) change(name string, change func(*finlatch.Policy)) {
	u.Helper()
	user, err := u.UserByID(u.ctx, finlatch.Operator(), u.users[name])
	if err == nil {
		change(&user.Policy)
		err = u.SetPolicy(u.ctx, finlatch.Operator(), user.ID, user.Policy, 0)
	}
	if err != nil {
		u.Fatal(err)
	}
}

// tokens are how many devices of a user are signed in.
func (u *mediaServer) tokens(name string) int {
	u.Helper()
	devices, err := u.LatestDevices(u.ctx, finlatch.Operator(), u.users[name], 1000)
	if err != nil {
		u.Fatal(err)
	}
	n := 0
	for i := range devices {
		if devices[i].Device.UserID == u.users[name] {
			n++
		}
	}
	return n
}

// asked are the requests with a path that have come.
func (u *mediaServer) asked(path string) (found []*http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, r := range u.requests {
		if r.URL.Path == path {
			found = append(found, r)
		}
	}
	return found
}

func from(address string, info finlatch.ClientInfo) finlatch.Caller {
	return finlatch.Caller{ClientInfo: info, Address: netip.MustParseAddr(address)}
}
