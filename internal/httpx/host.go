package httpx

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// OwnHost tells whether a Host header is one that no stranger's DNS can make: an IP address, localhost, or one of names.
func OwnHost(host string, names []string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, host) })
}
