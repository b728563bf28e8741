package metrics

import "github.com/prometheus/client_golang/prometheus"

// oldTokens has how many requests had a token of an old kind, in front of a Jellyfin.
type oldTokens func(count func(kind, outcome string, n uint64))

var oldKinds = prometheus.NewDesc("finlatch_old_tokens_total", "Requests with a token of an old kind, by kind and outcome (accepted or refused).", []string{"kind", "outcome"}, nil)

// OldTokens adds that series. all tells every number.
func (m *Metrics) OldTokens(all func(count func(kind, outcome string, n uint64))) {
	m.registry.MustRegister(oldTokens(all))
}

func (oldTokens) Describe(to chan<- *prometheus.Desc) { to <- oldKinds }

func (all oldTokens) Collect(to chan<- prometheus.Metric) {
	sums := map[[2]string]uint64{}
	all(func(kind, outcome string, n uint64) { sums[[2]string{kind, outcome}] += n })
	for labels, n := range sums {
		to <- prometheus.MustNewConstMetric(oldKinds, prometheus.CounterValue, float64(n), labels[0], labels[1])
	}
}
