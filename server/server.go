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
	BaseURL        string         // path under which everything is reached, as "/jellyfin"; empty: the root
	WebDir         string         // folder of a copy of the official web client, served at /web/; empty: none
	ClientLogDir   string         // folder for the logs that apps upload; empty: they may upload none
	Fallback       http.Handler   // what is not in the table; 404
	// SignInOnly leaves everything to Fallback, web sockets too, but signing in and out, Quick Connect, health and metrics: what is
	// ours in front of a Jellyfin.
	SignInOnly bool
	// Around gets every request before the API does, its base path cut and its client's address found, and may answer it: the
	// pages do. Nothing of the API is around it, neither CORS nor limits.
	Around  func(http.Handler) http.Handler
	Metrics http.Handler // what administrators get at /metrics; 404

	// Observe is told of every request when it is over. Its event is for the program itself, not for those who import it.
	Observe func(*httpx.Event)

	sockets socketPace // defaultPace
}

// Server is the handler of the API.
type Server struct {
	service *finlatch.Service
	options Options
	handler http.Handler
	named   map[string]named // configurations, by their names in lower case
	uploads chan struct{}    // has room for pictures that come in
	hub     *hub
	waits   waits

	clientLogs clientLogs
	bitrate    bitrateTests
}

// ServeHTTP answers a request of the API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// New makes a server. Its requests end with their own contexts, but web sockets and those that wait with Run; it starts no goroutines.
func New(service *finlatch.Service, options Options) *Server {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Port == 0 {
		options.Port = 8096
	}
	if options.MachineName == "" {
		options.MachineName, _ = os.Hostname()
	}
	s := &Server{service: service, options: options, uploads: make(chan struct{}, uploads)}
	s.named = s.namedConfigurations()
	if options.sockets == (socketPace{}) {
		options.sockets = defaultPace
	}
	s.hub = newHub(s, options.sockets)
	s.clientLogs.init(options.ClientLogDir)
	mux := httpx.NewMux()
	mux.Missing = s.elsewhere(unnamed(options.Fallback))
	for _, route := range s.routes() {
		if s.options.SignInOnly && !route.signIn {
			continue
		}
		mux.Handle(route.method, route.pattern, s.adapt(route))
	}
	s.handler = s.wrap(mux)
	return s
}
