package cli

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"

	"github.com/finlatch/finlatch/discovery"
)

// discover answers apps that look for servers, until ctx ends. That it cannot is no reason not to serve.
func (s *serving) discover(ctx context.Context) {
	if s.settings.Discovery == "off" || s.settings.Discovery == "auto" && s.onlyThisMachine() {
		return
	}
	where := string(s.settings.DiscoveryListen)
	conn, err := net.ListenPacket("udp4", where)
	if err != nil {
		s.log.Warn("apps do not find this server by themselves, because the UDP port of discovery is taken or not allowed; --no-discovery says that this is meant",
			"address", where, "error", err)
		return
	}
	responder := discovery.Responder{Describe: s.describe, Allow: s.mayDiscover}
	if err := responder.Serve(ctx, conn); err != nil {
		s.log.Warn("apps do not find this server by themselves any more", "error", err)
	}
}

// describe is the server as an app at an address reaches it.
func (s *serving) describe(ctx context.Context, asker netip.Addr) (discovery.Server, bool) {
	settings, err := s.house.service.Settings(ctx)
	address := s.addressFor(asker)
	if err != nil || address == "" {
		return discovery.Server{}, false
	}
	return discovery.Server{Address: address, ID: settings.ServerID.String(), Name: cmp.Or(settings.ServerName, s.upstreamName, machineName())}, true
}

// addressFor is the URL for who asks from an address: the published one, or that of the network the answer goes out by.
// It is empty for who would not reach the server there.
func (s *serving) addressFor(asker netip.Addr) string {
	if s.settings.PublishedURL != "" {
		return string(s.settings.PublishedURL)
	}
	listening, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok {
		return ""
	}
	host := listening.IP
	if host.IsUnspecified() {
		// Nothing is sent: the system only says which address it would send from.
		route, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(asker, discovery.Port)))
		if err != nil {
			return ""
		}
		defer route.Close()
		host = route.LocalAddr().(*net.UDPAddr).IP
	}
	if host.IsLoopback() && !asker.IsLoopback() {
		return ""
	}
	return s.urls().at(host.String(), listening.Port)
}

func (s *serving) mayDiscover(asker netip.Addr) bool {
	return slices.ContainsFunc(s.settings.DiscoveryFrom.prefixes, func(network netip.Prefix) bool { return network.Contains(asker) })
}
