package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/finlatch/finlatch"
)

// state has the series of what there is at the moment of asking.
type state struct {
	service *finlatch.Service
	sockets func() int
}

var (
	hashes = prometheus.NewDesc("finlatch_hashes", "Passwords at the hash gate, by state (running or waiting).", []string{"state"}, nil)
	turned = prometheus.NewDesc("finlatch_hashes_refused_total", "Passwords that the hash gate did not serve in time.", nil, nil)
	asking = prometheus.NewDesc("finlatch_quick_connect_pending", "Requests for Quick Connect that wait for somebody to approve them.", nil, nil)
	memory = prometheus.NewDesc("finlatch_callers_remembered_total", "Requests whose token was answered from memory.", nil, nil)
	open   = prometheus.NewDesc("finlatch_sockets", "Web sockets that are open.", nil, nil)
)

// storePatience bounds how long a store that is away keeps the other series waiting.
const storePatience = 2 * time.Second

// Describe names the series.
func (*state) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{hashes, turned, asking, memory, open} {
		to <- d
	}
}

// Collect counts. What a store that is away does not tell is left out.
func (s *state) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), storePatience)
	defer cancel()
	stats, err := s.service.Stats(ctx)
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	counter := func(d *prometheus.Desc, value uint64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value))
	}
	gauge(hashes, float64(stats.HashesRunning), "running")
	gauge(hashes, float64(stats.HashesWaiting), "waiting")
	counter(turned, stats.HashesRefused)
	counter(memory, stats.CallersRemembered)
	gauge(open, float64(s.sockets()))
	if err == nil {
		gauge(asking, float64(stats.QuickConnectsPending))
	}
}
