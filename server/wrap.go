package server

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/finlatch/finlatch/internal/httpx"
)

// wrap puts around the table what every request passes, the innermost first.
func (s *Server) wrap(mux http.Handler) http.Handler {
	h := s.language(httpx.Fold(mux))
	h = httpx.LimitBody(httpx.MaxBody)(h)
	h = httpx.CORS(s.corsHosts, s.withoutCORS)(h)
	if s.options.Around != nil {
		h = s.options.Around(h)
	}
	if s.options.BaseURL != "" {
		h = httpx.BasePath(s.options.BaseURL, "web/", "/link", "/finlatch")(h)
	}
	h = httpx.ClientAddress(s.trustedProxies, s.warnOfProxy)(h)
	h = httpx.Progress(httpx.Pace{})(h)
	var sinks []func(*httpx.Event)
	if s.options.Observe != nil {
		sinks = append(sinks, s.options.Observe)
	}
	return httpx.Record(s.options.Log, sinks...)(h)
}

// corsHosts are the origins that an administrator has let in; none: all, without credentials.
func (s *Server) corsHosts(r *http.Request) []string {
	settings, err := s.service.Settings(r.Context())
	if err != nil {
		return []string{"unknown"} // no origin is called so
	}
	return settings.CorsHosts
}

// trustedProxies are those that the program was started with, and those that an administrator has added.
func (s *Server) trustedProxies(r *http.Request) []netip.Prefix {
	settings, err := s.service.Settings(r.Context())
	if err != nil || len(settings.KnownProxies) == 0 {
		return s.options.TrustedProxies
	}
	return slices.Concat(s.options.TrustedProxies, settings.KnownProxies)
}

// withoutCORS tells whether scripts of other sites are kept out: until the server is set up.
func (s *Server) withoutCORS(r *http.Request) bool {
	settings, err := s.service.Settings(r.Context())
	return err != nil || !settings.SetupComplete
}

func (s *Server) warnOfProxy(peer netip.Addr) {
	s.options.Log.Warn("a request says that it was forwarded, by a machine that is not among the trusted proxies; "+
		"such requests count as coming from outside. If that machine is your proxy, name it with --trusted-proxies", "peer", peer)
}
