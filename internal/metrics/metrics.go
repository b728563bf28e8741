// Package metrics makes Prometheus series of what happens. No name, address or token is in a label, and every label has a
// bounded number of values.
package metrics

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// Metrics are the series of one server.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	times    *prometheus.HistogramVec
	signIns  *prometheus.CounterVec
	store    *prometheus.HistogramVec
}

// Buckets of times, in seconds.
var (
	requestBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	storeBuckets   = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}
)

// New makes the series.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "finlatch_requests_total",
			Help: "Requests answered, by route and class of status."}, []string{"route", "status"}),
		times: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "finlatch_request_seconds",
			Help: "How long requests took, by route; not those taken over by a web socket.", Buckets: requestBuckets}, []string{"route"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "finlatch_sign_ins_total",
			Help: "Sign-ins, by method and outcome."}, []string{"method", "outcome"}),
		store: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "finlatch_store_seconds",
			Help: "How long transactions took, by kind (view or update) and outcome (ok or error).", Buckets: storeBuckets}, []string{"kind", "outcome"}),
	}
	m.registry.MustRegister(m.requests, m.times, m.signIns, m.store, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, outcome := range []finlatch.SignInOutcome{finlatch.SignInSucceeded, finlatch.SignInWrong, finlatch.SignInRefused, finlatch.SignInThrottled,
		finlatch.SignInBusy, finlatch.SignInInvalid, finlatch.SignInAbandoned, finlatch.SignInFailed} {
		for _, method := range []finlatch.SignInMethod{finlatch.SignInByPassword, finlatch.SignInByQuickConnect} {
			m.signIns.WithLabelValues(string(method), string(outcome)) // from 0, or the first one would be no increase
		}
	}
	return m
}

// classes are the classes of statuses. 0 is an answer that broke off before it began.
var classes = [...]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

// Request counts a request.
func (m *Metrics) Request(ev *httpx.Event) {
	route := ev.Route
	if route == "" {
		route = "other"
	}
	m.requests.WithLabelValues(route, classes[min(ev.Status/100, len(classes)-1)]).Inc()
	if ev.Status != http.StatusSwitchingProtocols {
		m.times.WithLabelValues(route).Observe(ev.Duration.Seconds())
	}
}

// SignIn counts a sign-in; it is Options.OnSignIn.
func (m *Metrics) SignIn(method finlatch.SignInMethod, outcome finlatch.SignInOutcome) {
	m.signIns.WithLabelValues(string(method), string(outcome)).Inc()
}

// Store is a store whose transactions are timed.
func (m *Metrics) Store(store finlatch.Store) finlatch.Store { return &timedStore{store, m.store} }

type timedStore struct {
	finlatch.Store
	times *prometheus.HistogramVec
}

func (s *timedStore) View(ctx context.Context, f func(finlatch.Tx) error) error {
	start := time.Now()
	err := s.Store.View(ctx, f)
	s.observe("view", start, err)
	return err
}

func (s *timedStore) Update(ctx context.Context, f func(finlatch.Tx) error) error {
	start := time.Now()
	err := s.Store.Update(ctx, f)
	s.observe("update", start, err)
	return err
}

// observe takes a refusal for no error: rules return it out of a transaction that worked.
func (s *timedStore) observe(kind string, start time.Time, err error) {
	outcome := "ok"
	if k := finlatch.KindOf(err); err != nil && (k == finlatch.Internal || k == finlatch.Unavailable) {
		outcome = "error"
	}
	s.times.WithLabelValues(kind, outcome).Observe(time.Since(start).Seconds())
}

// maxScrapes is how many may ask at a time; others get 503.
const maxScrapes = 4

// Handler answers with all series, those of the service and of the web sockets included.
func (m *Metrics) Handler(service *finlatch.Service, sockets func() int) http.Handler {
	m.registry.MustRegister(&state{service: service, sockets: sockets})
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: maxScrapes})
}
