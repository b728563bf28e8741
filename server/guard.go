package server

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

var (
	errHost  = &finlatch.Error{Kind: finlatch.Forbidden, Msg: "until the server is set up it answers only to localhost, to its IP address, and to names given with --host-names"}
	errCross = &finlatch.Error{Kind: finlatch.Forbidden, Msg: "until the server is set up it answers no page of another site"}
)

// guard is asked until the server is set up. It refuses what a stranger's page could make a browser of this network send: a
// request to a name that the stranger's DNS points here, or one from another site.
func (s *Server) guard(r *http.Request) error {
	host := httpx.AddressFrom(r.Context()).Host
	if host == "" {
		host = r.Host
	}
	if !s.ownHost(host) {
		return as(plain, errHost)
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return as(plain, errCross)
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || !strings.EqualFold(u.Host, host) {
			return as(plain, errCross)
		}
	}
	return nil
}

// ownHost tells whether a Host header is one that no stranger's DNS can make.
func (s *Server) ownHost(host string) bool {
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
	return slices.ContainsFunc(s.options.HostNames, func(name string) bool { return strings.EqualFold(name, host) })
}
