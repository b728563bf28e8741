package gateway

import (
	"context"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/finlatch/finlatch"
)

// Service is what the gateway asks of the rules; see finlatch.Service.
type Service interface {
	Now() time.Time
	Authenticate(ctx context.Context, c finlatch.Caller, token finlatch.Token) (finlatch.Caller, error)
	Sessions(ctx context.Context, c finlatch.Caller, filter finlatch.SessionFilter) ([]finlatch.Session, error)
	Devices(ctx context.Context, c finlatch.Caller, id finlatch.ID) ([]finlatch.Session, error)
	Changes(ctx context.Context, f func(finlatch.Change)) error
	// CountForgotten counts who asks for a PIN for a forgotten password.
	CountForgotten(ctx context.Context, c finlatch.Caller) error
	// CountPIN counts a PIN, and wants to be told whether it was right.
	CountPIN(ctx context.Context, c finlatch.Caller) (judged func(right bool), err error)
	// Recheck asks upstream about a token that it has refused. If it means nothing there any more, its device goes.
	Recheck(ctx context.Context, token finlatch.Token) error
	// RecheckUser asks upstream about a user and its tokens after something has changed there.
	RecheckUser(ctx context.Context, id finlatch.ID) error
	// RecheckQuickConnect asks upstream whether its Quick Connect is on.
	RecheckQuickConnect(ctx context.Context) error
}

// Options of a Gateway. Upstream is needed; the zero value of everything else works.
type Options struct {
	Upstream     *url.URL     // where Jellyfin is: scheme, host, and its base path
	Log          *slog.Logger // discards
	Anonymous    Anonymous    // what is given without a token
	Refused      []Carrier    // old places in which no token is looked for; none
	PublishedURL string       // what clients are told as the server's address; empty: the one that they use
	BaseURL      string       // path under which we are reached, as "/jellyfin"
	// Patience is how long upstream may take to begin an answer; 2 minutes. Transcoding may begin slowly.
	Patience time.Duration
	// Glance is the same for the whole of the small answers by which apps see whether a server is there; 10 seconds.
	Glance time.Duration
}

// Gateway stands in front of a Jellyfin and forwards what is not answered here. It is server.Options.Fallback.
type Gateway struct {
	service   Service
	options   Options
	log       *slog.Logger
	quiet     *log.Logger // of httputil
	transport *http.Transport
	small     buffers
	large     buffers

	carriers  carriers
	addresses *addresses
	answers   answers
	streams   *streams
	rechecks  *rechecks
}

// New makes a Gateway. Nothing is revoked in the middle of a request until Run runs.
func New(service Service, options Options) *Gateway {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Patience <= 0 {
		options.Patience = 2 * time.Minute
	}
	if options.Glance <= 0 {
		options.Glance = 10 * time.Second
	}
	options.PublishedURL = strings.TrimSuffix(options.PublishedURL, "/")
	options.BaseURL = strings.TrimSuffix(options.BaseURL, "/")
	plain := new(http.Protocols)
	plain.SetHTTP1(true) // web sockets need it, and a stream each is what media want
	return &Gateway{
		service: service, options: options, log: options.Log,
		quiet: slog.NewLogLogger(options.Log.Handler(), slog.LevelDebug),
		transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: options.Patience,
			ExpectContinueTimeout: time.Second,
			DisableCompression:    true, // bytes pass as they are
			MaxIdleConns:          256,
			MaxIdleConnsPerHost:   256,
			IdleConnTimeout:       30 * time.Second,
			Protocols:             plain,
		},
		small:     buffers{size: waitBuffer},
		large:     buffers{size: flowBuffer},
		carriers:  carriers{refused: options.Refused, uses: map[carrierApp]*CarrierUse{}},
		addresses: newAddresses(),
		answers:   answers{all: map[answerKey]answer{}},
		streams:   newStreams(),
		rechecks:  newRechecks(),
	}
}

// Run ends requests whose token ends, and asks upstream about tokens that may have ended there, until ctx ends.
func (g *Gateway) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { g.streams.checks(ctx, g.good) })
	wg.Go(func() { g.recheck(ctx) })
	_ = g.service.Changes(ctx, func(c finlatch.Change) { // its error is ctx's
		g.streams.changed(c)
		g.addresses.changed(c)
	})
}

// good asks whether the token of a stream still is.
func (g *Gateway) good(ctx context.Context, k *stream) error {
	_, err := g.service.Authenticate(ctx, k.asked, k.token)
	return err
}
