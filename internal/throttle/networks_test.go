package throttle_test

import (
	"net/netip"
	"testing"

	"github.com/finlatch/finlatch/internal/throttle"
)

func TestNetworks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		addr string
		want [3]string
	}{
		{"2001:db8:1:2345:6:7:8:9", [3]string{"2001:db8:1::/48", "2001:db8:1:2300::/56", "2001:db8:1:2345::/64"}},
		{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", [3]string{"2001:db8:ffff::/48", "2001:db8:ffff:ff00::/56", "2001:db8:ffff:ffff::/64"}},
		{"fe80::1%eth0", [3]string{"fe80::/48", "fe80::/56", "fe80::/64"}},
		{"::1", [3]string{"::/48", "::/56", "::/64"}},
		{"192.0.2.7", [3]string{"192.0.2.7/32", "192.0.2.7/32", "192.0.2.7/32"}},
		{"::ffff:192.0.2.7", [3]string{"192.0.2.7/32", "192.0.2.7/32", "192.0.2.7/32"}},
		{"::ffff:192.0.2.7%eth0", [3]string{"192.0.2.7/32", "192.0.2.7/32", "192.0.2.7/32"}},
	}
	for _, tt := range tests {
		var got [3]string
		for i, n := range throttle.Networks(netip.MustParseAddr(tt.addr)) {
			got[i] = n.String()
		}
		if got != tt.want {
			t.Errorf("Networks(%s) = %v, want %v", tt.addr, got, tt.want)
		}
	}
	if got := throttle.Networks(netip.Addr{}); got != [3]netip.Prefix{} {
		t.Errorf("Networks of the zero address = %v, want zeros", got)
	}
}
