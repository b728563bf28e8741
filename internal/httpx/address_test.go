package httpx_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/finlatch/finlatch/internal/httpx"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := func(*http.Request) []netip.Prefix {
		return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::/64")}
	}
	type h = http.Header
	tests := []struct {
		name, peer  string
		header      h
		addr        string
		stranger    bool
		scheme, at  string
		peerIfOther string
	}{
		{name: "plain", peer: "192.0.2.7:1234", addr: "192.0.2.7"},
		{name: "mapped", peer: "[::ffff:192.0.2.7]:1234", addr: "192.0.2.7"},
		{name: "zone", peer: "[fe80::1%eth0]:1234", addr: "fe80::1"},
		{name: "socket", peer: "@", addr: "127.0.0.1"},
		{name: "socket without a name", peer: "", addr: "127.0.0.1"},
		{name: "nonsense", peer: "who:knows", addr: "invalid IP"},

		{name: "stranger", peer: "192.0.2.7:1", header: h{"X-Forwarded-For": {"10.0.0.1"}}, addr: "192.0.2.7", stranger: true},
		{name: "stranger's Forwarded", peer: "192.0.2.7:1", header: h{"Forwarded": {"for=10.0.0.1"}}, addr: "192.0.2.7", stranger: true},
		{name: "stranger's X-Real-IP", peer: "192.0.2.7:1", header: h{"X-Real-Ip": {"10.0.0.1"}}, addr: "192.0.2.7", stranger: true},
		{name: "stranger's blank", peer: "192.0.2.7:1", header: h{"X-Forwarded-For": {" "}}, addr: "192.0.2.7"},
		{name: "stranger's scheme", peer: "192.0.2.7:1", header: h{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"evil.example"}}, addr: "192.0.2.7", stranger: true},
		{name: "stranger behind a proxy", peer: "192.0.2.7:1", header: h{"Via": {"1.1 proxy"}}, addr: "192.0.2.7", stranger: true},

		{name: "proxy", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"203.0.113.9"}}, addr: "203.0.113.9"},
		{name: "proxy on a socket", peer: "@", header: h{"X-Forwarded-For": {"203.0.113.9"}}, addr: "203.0.113.9", peerIfOther: "127.0.0.1"},
		{name: "proxy for itself", peer: "10.0.0.1:1", addr: "10.0.0.1"},
		{name: "proxy of a liar", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"127.0.0.1, 203.0.113.9"}}, addr: "203.0.113.9"},
		{name: "two lines", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"127.0.0.1", "203.0.113.9"}}, addr: "203.0.113.9"},
		{name: "two proxies", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"1.2.3.4,203.0.113.9 , fd00::5"}}, addr: "203.0.113.9"},
		{name: "only proxies", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"10.0.0.3, 10.0.0.2"}}, addr: "10.0.0.3"},
		{name: "forms", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"[2001:db8::1]:443, 10.0.0.2:99"}}, addr: "2001:db8::1"},
		{name: "brackets", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"[2001:db8::1%x]"}}, addr: "2001:db8::1"},
		{name: "mapped entry", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"::ffff:203.0.113.9"}}, addr: "203.0.113.9"},
		{name: "unknown", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"203.0.113.9, unknown, 10.0.0.2"}}, addr: "10.0.0.2", stranger: true},
		{name: "unknown at once", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"unknown"}}, addr: "10.0.0.1", stranger: true},
		{name: "another dialect", peer: "10.0.0.1:1", header: h{"X-Real-Ip": {"203.0.113.9"}}, addr: "10.0.0.1", stranger: true},
		{name: "both dialects", peer: "10.0.0.1:1", header: h{"X-Real-Ip": {"127.0.0.1"}, "X-Forwarded-For": {"203.0.113.9"}}, addr: "203.0.113.9"},

		{name: "scheme and host", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"203.0.113.9"}, "X-Forwarded-Proto": {"HTTPS"}, "X-Forwarded-Host": {"tv.example:8443"}},
			addr: "203.0.113.9", scheme: "https", at: "tv.example:8443"},
		{name: "liar's scheme and host", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"1.1.1.1, 203.0.113.9"}, "X-Forwarded-Proto": {"https, http"}, "X-Forwarded-Host": {"evil.example, tv.example"}},
			addr: "203.0.113.9", at: "tv.example"},
		{name: "scheme of the outer of two", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"203.0.113.9, 10.0.0.2"}, "X-Forwarded-Proto": {"https, http"}}, addr: "203.0.113.9", scheme: "https"},
		{name: "one scheme of two proxies", peer: "10.0.0.1:1", header: h{"X-Forwarded-For": {"203.0.113.9, 10.0.0.2"}, "X-Forwarded-Proto": {"https"}}, addr: "203.0.113.9", scheme: "https"},
		{name: "odd scheme and host", peer: "10.0.0.1:1", header: h{"X-Forwarded-Proto": {"javascript"}, "X-Forwarded-Host": {`a"><b>`}}, addr: "10.0.0.1", stranger: true},
	}
	for _, tt := range tests {
		warned := 0
		var got httpx.Address
		var ev *httpx.Event
		handle := httpx.ClientAddress(trusted, func(netip.Addr) { warned++ })(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = httpx.AddressFrom(r.Context())
		}))
		handle = httpx.Record(nil, func(e *httpx.Event) { ev = e })(handle)
		for range 2 {
			r := httptest.NewRequest("GET", "http://here.example/", nil)
			r.RemoteAddr = tt.peer
			for name, values := range tt.header {
				r.Header[name] = values
			}
			handle.ServeHTTP(httptest.NewRecorder(), r)
		}
		want := httpx.Address{ForwardedByStranger: tt.stranger, Scheme: "http", Host: "here.example"}
		if tt.scheme != "" {
			want.Scheme = tt.scheme
		}
		if tt.at != "" {
			want.Host = tt.at
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(httpx.Address{}, "Addr", "Peer")); diff != "" || got.Addr.String() != tt.addr {
			t.Errorf("%s: got %v, want %s (-want +got):\n%s", tt.name, got.Addr, tt.addr, diff)
		}
		if tt.peerIfOther != "" && got.Peer.String() != tt.peerIfOther {
			t.Errorf("%s: peer %v, want %s", tt.name, got.Peer, tt.peerIfOther)
		}
		byStranger := tt.stranger && tt.peer == "192.0.2.7:1"
		if byStranger != (warned == 1) || warned > 1 {
			t.Errorf("%s: warned %d times", tt.name, warned)
		}
		if ev.Remote != got.Addr || ev.Forwarded != tt.stranger {
			t.Errorf("%s: event from %v, %v", tt.name, ev.Remote, ev.Forwarded)
		}
	}
}

func TestClientAddressDefaults(t *testing.T) {
	t.Parallel()
	var got httpx.Address
	h := httpx.ClientAddress(nil, nil)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = httpx.AddressFrom(r.Context()) }))
	r := httptest.NewRequest("GET", "https://here.example/", nil)
	r.RemoteAddr, r.TLS = "127.0.0.1:5", new(tls.ConnectionState)
	r.Header.Set("X-Forwarded-For", "1.2.3.4")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if !got.ForwardedByStranger || got.Addr.String() != "127.0.0.1" || got.Scheme != "https" {
		t.Errorf("got %+v", got)
	}
	if none := httpx.AddressFrom(context.Background()); none != (httpx.Address{}) {
		t.Errorf("got %+v", none)
	}
}
