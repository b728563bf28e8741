package gateway_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/discovery"
	"github.com/finlatch/finlatch/gateway"
)

// allAt is a transport that connects to one server, whatever is asked for.
func allAt(web *httptest.Server) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, web.Listener.Addr().String())
	}}}
}

// summary is what findings come to, but for those that are good.
func summary(findings []gateway.Finding) map[gateway.Check]gateway.Severity {
	found := map[gateway.Check]gateway.Severity{}
	for _, f := range findings {
		if f.Severity != gateway.Good {
			found[f.Check] = f.Severity
		}
	}
	return found
}

func TestExamine(t *testing.T) {
	t.Parallel()
	type severities = map[gateway.Check]gateway.Severity
	for _, tt := range []struct {
		name    string
		version string
		change  func(*standin)
		key     string // that of the stand-in
		url     string // that of the stand-in
		want    severities
		says    string // in what, and what to do
		own     string
		clock   time.Duration // ahead
	}{
		{name: "12", want: severities{gateway.CheckPasswords: gateway.Note}, says: "cannot be told"},
		{name: "10.11", version: "10.11.11", change: func(j *standin) { j.names = j.names[:4] }, want: severities{}},
		{name: "10.11 as it comes", version: "10.11.11", change: func(j *standin) { j.legacy, j.discovers, j.trusts = true, true, false },
			want: severities{gateway.CheckPasswords: gateway.Warning, gateway.CheckLegacy: gateway.Warning, gateway.CheckDiscovery: gateway.Warning,
				gateway.CheckProxy: gateway.Warning}, says: `Add 127.0.0.1 to its known proxies`},
		{name: "without a password", version: "10.11.11", want: severities{gateway.CheckPasswords: gateway.Warning}, says: `These users have no password: "bare".`},
		{name: "many without one", version: "10.10.7", change: func(j *standin) { j.names = strings.Fields("a b c d e f g"); j.bare = true },
			want: severities{gateway.CheckPasswords: gateway.Warning}, says: `"e" and others.`},
		{name: "too old", version: "10.8.13", change: func(j *standin) { j.names = j.names[:4] }, want: severities{gateway.CheckVersion: gateway.Problem}, says: "Update Jellyfin"},
		{name: "10.9", version: "10.9.0", change: func(j *standin) { j.names = j.names[:4] }, want: severities{}},
		{name: "too new", version: "13.0.0", want: severities{gateway.CheckVersion: gateway.Warning, gateway.CheckPasswords: gateway.Note}},
		{name: "of no version", version: "next", change: func(j *standin) { j.names = j.names[:4] }, want: severities{gateway.CheckVersion: gateway.Problem}},
		{name: "not set up", change: func(j *standin) { j.setupOpen = true }, want: severities{gateway.CheckSetup: gateway.Problem, gateway.CheckPasswords: gateway.Note}},
		{name: "no Quick Connect", change: func(j *standin) { j.quickConnectOff = true },
			want: severities{gateway.CheckQuickConnect: gateway.Warning, gateway.CheckPasswords: gateway.Note}},
		{name: "no key", key: "-", want: severities{gateway.CheckKey: gateway.Warning}},
		{name: "a wrong key", key: "0badc0de0badc0de0badc0de0badc0de", want: severities{gateway.CheckKey: gateway.Problem}, says: "does not take the API key"},
		{name: "a user's token", change: func(j *standin) { j.person = "ann" }, want: severities{gateway.CheckKey: gateway.Problem}, says: "no administrator"},
		{name: "an administrator's token", change: func(j *standin) { j.person = "admin" },
			want: severities{gateway.CheckKey: gateway.Warning, gateway.CheckPasswords: gateway.Note}, says: "signs out"},
		{name: "another clock", clock: time.Hour, want: severities{gateway.CheckClock: gateway.Warning, gateway.CheckPasswords: gateway.Note}, says: "1h0m"},
		{name: "a slow clock", clock: -time.Minute, want: severities{gateway.CheckClock: gateway.Warning, gateway.CheckPasswords: gateway.Note}},
		{name: "about the same clock", clock: 10 * time.Second, want: severities{gateway.CheckPasswords: gateway.Note}},
		{name: "a way around", change: func(j *standin) { j.info["LocalAddress"] = "http://192.0.2.7:8096" },
			want: severities{gateway.CheckPast: gateway.Warning, gateway.CheckPasswords: gateway.Note}, says: "192.0.2.7:8096"},
		{name: "its address is ours", own: "http://192.0.2.7/", change: func(j *standin) { j.info["LocalAddress"] = "http://192.0.2.7:80" },
			want: severities{gateway.CheckPasswords: gateway.Note}},
		{name: "its address is nonsense", change: func(j *standin) { j.info["LocalAddress"] = "\x1b[2Jhttp://%zz" }, want: severities{gateway.CheckPasswords: gateway.Note}},
		{name: "its address has no address", change: func(j *standin) { j.info["LocalAddress"] = "file:///etc/passwd" }, want: severities{gateway.CheckPasswords: gateway.Note}},
		{name: "no address", change: func(j *standin) { delete(j.info, "LocalAddress") }, want: severities{gateway.CheckPasswords: gateway.Note}},
		{name: "another container", url: "http://192.0.2.8:8096", change: func(j *standin) { j.info["LocalAddress"] = "http://192.0.2.8:8096/" },
			want: severities{gateway.CheckPast: gateway.Note, gateway.CheckPasswords: gateway.Note}},
		{name: "another container, at another port", url: "http://192.0.2.8:80", change: func(j *standin) { j.info["LocalAddress"] = "http://192.0.2.8:8096/" },
			want: severities{gateway.CheckPast: gateway.Note, gateway.CheckPasswords: gateway.Note}},
		{name: "another Jellyfin", change: func(j *standin) { j.info["LocalAddress"] = "http://" + neighbour }, want: severities{gateway.CheckPasswords: gateway.Note}},
		{name: "another machine that leads past us", url: "http://192.0.2.8:8096", change: func(j *standin) { j.info["LocalAddress"] = "http://192.0.2.9:8096" },
			want: severities{gateway.CheckPast: gateway.Warning, gateway.CheckPasswords: gateway.Note}},
		{name: "a hostile name", change: func(j *standin) { j.info["ServerName"] = "x\x1b[2J\n" + strings.Repeat("y", 10_000) }, want: severities{gateway.CheckPasswords: gateway.Note}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.version == "" {
				tt.version = "12.0.0"
			}
			j := newJellyfin(t, tt.version)
			if tt.change != nil {
				tt.change(j)
			}
			key, to := j.key, j.web.URL
			if tt.key != "" {
				key = strings.Trim(tt.key, "-")
			}
			if tt.url != "" {
				to = tt.url
			}
			c, err := gateway.NewClient(gateway.ClientOptions{URL: to, Key: finlatch.TokenFrom(key), HTTPClient: allAt(j.web)})
			if err != nil {
				t.Fatal(err)
			}
			findings := gateway.Examine(t.Context(), c, gateway.DoctorOptions{Own: []string{tt.own}, Clock: func() time.Time { return time.Now().Add(tt.clock) }})
			if diff := cmp.Diff(tt.want, summary(findings)); diff != "" {
				t.Error(diff)
			}
			all := ""
			for _, f := range findings {
				all += fmt.Sprintf("%s (%s): %s %s\n", f.Check, f.Severity, f.What, f.Do)
				if f.Severity >= gateway.Warning && f.Do == "" || f.What == "" {
					t.Errorf("%s says nothing of what to do: %q", f.Check, f.What)
				}
				if len(f.What) > 600 || strings.ContainsAny(f.What, "\x1b\n") {
					t.Errorf("%s: %q", f.Check, f.What)
				}
			}
			if !strings.Contains(all, tt.says) {
				t.Errorf("%q is not in:\n%s", tt.says, all)
			}
			for _, secret := range []string{key, "s3cret"} {
				if secret != "" && strings.Contains(all, secret) {
					t.Errorf("a secret is in:\n%s", all)
				}
			}
		})
	}
}

// An upstream that listens at an address of this machine for others is found at that address.
func TestExamineOwnAddress(t *testing.T) {
	t.Parallel()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		network, ok := a.(*net.IPNet)
		if !ok || network.IP.IsLoopback() || network.IP.To4() == nil {
			continue
		}
		j := newJellyfin(t, "12.0.0")
		c, err := gateway.NewClient(gateway.ClientOptions{URL: "http://" + network.IP.String() + ":8096", HTTPClient: allAt(j.web)})
		if err != nil {
			t.Fatal(err)
		}
		if got := summary(gateway.Examine(t.Context(), c, gateway.DoctorOptions{}))[gateway.CheckPast]; got != gateway.Warning {
			t.Errorf("at %s: %s", network.IP, got)
		}
		return
	}
	t.Skip("this machine has no address but loopback")
}

func TestExamineNobody(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.NotFoundHandler())
	to := web.URL
	web.Close()
	serve := func(liar http.Handler) string {
		web := httptest.NewServer(liar)
		t.Cleanup(web.Close)
		return web.URL
	}
	for name, tt := range map[string]struct{ to, what, do string }{
		"nobody":  {to, "does not answer at " + strings.TrimPrefix(to, "http://") + ": nothing listens there.", "Start it"},
		"no name": {"http://nowhere.invalid:8096", `no machine is called "nowhere.invalid"`, "--upstream"},
		"a router": {serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Welcome") })),
			"is not a Jellyfin that is ready: it answers 200 with a page.", "base path"},
		"base path": {serve(http.RedirectHandler("/jellyfin/web/", http.StatusFound)), "it answers 302.", "base path"},
		"starting": {serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"version":"12.0.0"}`)
		})), "it is starting.", "wait a minute"},
		"no https": {"https" + strings.TrimPrefix(serve(http.NotFoundHandler()), "http"), "it does not speak https.", "http or https"},
	} {
		findings := gateway.Examine(t.Context(), newClient(t, tt.to, finlatch.TokenFrom(secretKey)), gateway.DoctorOptions{})
		if len(findings) != 1 || findings[0].Check != gateway.CheckUpstream || findings[0].Severity != gateway.Problem ||
			!strings.Contains(findings[0].What, tt.what) || !strings.Contains(findings[0].Do, tt.do) || strings.Contains(findings[0].What, "/System/") {
			t.Errorf("%s: got %+v", name, findings)
		}
	}
}

// A finlatch that plays the media server: all that is asked is there.
func TestExamineFinlatch(t *testing.T) {
	t.Parallel()
	u := newMediaServer(t)
	for _, f := range gateway.Examine(t.Context(), u.client(), gateway.DoctorOptions{}) {
		switch f.Check {
		case gateway.CheckSetup, gateway.CheckDiscovery, gateway.CheckLegacy: // nobody has set it up by its pages, and it takes old tokens
			continue
		}
		if f.Severity >= gateway.Warning || strings.Contains(f.What, "cannot be told: ") {
			t.Errorf("%s (%s): %s", f.Check, f.Severity, f.What)
		}
	}
	for _, r := range u.asked("/System/Endpoint") {
		if got := r.Header.Get("X-Forwarded-For"); got != "203.0.113.9" {
			t.Errorf("asked for %q", got)
		}
	}
}

func TestAnnounced(t *testing.T) {
	t.Parallel()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	responder := discovery.Responder{Describe: func(context.Context, netip.Addr) (discovery.Server, bool) {
		return discovery.Server{Address: "http://192.0.2.7:8096", ID: "x", Name: "x"}, true
	}}
	go responder.Serve(t.Context(), conn)
	if got, err := gateway.Announced(t.Context(), conn.LocalAddr().String()); err != nil || got != "http://192.0.2.7:8096" {
		t.Errorf("got %q, %v", got, err)
	}
	conn.Close()
	if got, err := gateway.Announced(t.Context(), conn.LocalAddr().String()); err == nil {
		t.Errorf("got %q from nobody", got)
	}
}
