package cli_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/finlatch/finlatch/internal/cli"
)

// An app stores the address that it is told, so one that it cannot reach is worse than silence.
func TestDiscoveryTellsAnAddressThatTheAskerReaches(t *testing.T) {
	t.Parallel()
	listen := func(addr string) (net.Listener, string) {
		listener, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { listener.Close() })
		_, port, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return listener, port
	}
	check := func(listener net.Listener, asker netip.Addr, want string) {
		t.Helper()
		if got := cli.AddressFor(listener, "/tv", asker); got != want {
			t.Errorf("who asks %s from %s is told %q, want %q", listener.Addr(), asker, got, want)
		}
	}
	here := netip.MustParseAddr("127.0.0.1")
	only, port := listen("127.0.0.1:0")
	check(only, here, "http://127.0.0.1:"+port+"/tv")
	check(only, netip.MustParseAddr("192.168.1.20"), "")
	every, port := listen("0.0.0.0:0")
	check(every, here, "http://127.0.0.1:"+port+"/tv")
	networks, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range networks {
		prefix, err := netip.ParsePrefix(network.String())
		if err == nil && prefix.Addr().Is4() && !prefix.Addr().IsLoopback() {
			check(every, prefix.Addr(), "http://"+prefix.Addr().String()+":"+port+"/tv")
		}
	}
}
