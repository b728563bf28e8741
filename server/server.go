package server

import (
	"log/slog"
	"net/http"
	"net/netip"
	"os"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// Options of a server. The zero value works.
type Options struct {
	Log            *slog.Logger   // discards
	TrustedProxies []netip.Prefix // whose X-Forwarded-For, -Proto and -Host are believed; none
	HostNames      []string       // names, besides localhost and IP addresses, under which the set-up may be reached
	PublishedURL   string         // what clients are told as the server's address; empty: nothing, for a wrong one leads them astray
	Port           int            // what System/Info tells as its port; 8096
	MachineName    string         // shown while the server has no name of its own; os.Hostname
	DataDir        string         // what System/Info tells administrators as its folder
	Fallback       http.Handler   // what is not in the table; 404
}

type server struct {
	service *finlatch.Service
	options Options
}

// New makes the handler. Its requests end with their own contexts; it starts no goroutines.
func New(service *finlatch.Service, options Options) http.Handler {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Port == 0 {
		options.Port = 8096
	}
	if options.MachineName == "" {
		options.MachineName, _ = os.Hostname()
	}
	s := &server{service: service, options: options}
	mux := httpx.NewMux()
	mux.Missing = options.Fallback
	for _, route := range s.routes() {
		mux.Handle(route.method, route.pattern, s.adapt(route))
	}
	return s.wrap(mux)
}
