package server

import (
	"net/http"
	"net/url"
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
	if !httpx.OwnHost(host, s.options.HostNames) {
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
