package httpx

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Loopback tells whether a Host header means the machine that it is typed on.
func Loopback(host string) bool {
	name := bare(host)
	address, err := netip.ParseAddr(name)
	return strings.EqualFold(name, "localhost") || err == nil && address.IsLoopback()
}

// bare is a Host header without its port.
func bare(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.Trim(host, "[]"), ".")
}

// OwnHost tells whether a Host header is one that no stranger's DNS can make: an IP address, localhost, or one of names.
func OwnHost(host string, names []string) bool {
	host = bare(host)
	if strings.EqualFold(host, "localhost") {
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, host) })
}
