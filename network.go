package finlatch

import "net/netip"

// ParseNetwork reads a network like 192.168.0.0/16, or an address, which is a network of one.
func ParseNetwork(text string) (network netip.Prefix, valid bool) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	network, err := netip.ParsePrefix(text)
	if err != nil || network.Addr().Is4In6() {
		return netip.Prefix{}, false
	}
	return network.Masked(), true
}

// NetworkText is a network as people write it: one of a single address is that address.
func NetworkText(network netip.Prefix) string {
	if network.IsSingleIP() {
		return network.Addr().String()
	}
	return network.String()
}
