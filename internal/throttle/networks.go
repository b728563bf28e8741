package throttle

import "net/netip"

// Depth is the number of networks that Networks gives.
const Depth = 3

// Networks are the client networks that an address belongs to, widest first: the /48, the /56 and the /64 of an IPv6
// address, because a provider gives a home anything between the two ends. An IPv4 address is a network of its own,
// at all three levels; so is the zero Addr. Zones are dropped, and an IPv4-mapped address counts as IPv4.
func Networks(addr netip.Addr) [Depth]netip.Prefix {
	addr = addr.Unmap()
	bits := [Depth]int{48, 56, 64}
	if addr.Is4() {
		bits = [Depth]int{32, 32, 32}
	}
	var nets [Depth]netip.Prefix
	for i, n := range bits {
		nets[i], _ = addr.Prefix(n) // the zero Addr's is the zero Prefix
	}
	return nets
}
