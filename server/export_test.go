package server

import (
	"cmp"
	"time"

	"github.com/finlatch/finlatch"
)

// Routes lists the route table, for the test that wants a line for each.
func Routes() []string {
	var all []string
	for _, route := range new(Server).routes() {
		all = append(all, route.method+" "+route.pattern)
	}
	return all
}

// Levels says of each of Routes who may, for the test that the manual says so.
func Levels() map[string]finlatch.Level {
	levels := make(map[string]finlatch.Level)
	for _, route := range new(Server).routes() {
		levels[route.method+" "+route.pattern] = route.level
	}
	return levels
}

// SocketPace is how web sockets are timed and bounded in a test. What is zero stays as it is.
type SocketPace struct {
	Watch, Ask, Lose, Recheck, Gap, Away, Quiet time.Duration
	PerToken, PerUser, All                      int
}

// SetSocketPace changes how web sockets are timed and bounded.
func (o *Options) SetSocketPace(p SocketPace) {
	pace := defaultPace
	pace.watch, pace.ask, pace.lose, pace.recheck = cmp.Or(p.Watch, pace.watch), cmp.Or(p.Ask, pace.ask), cmp.Or(p.Lose, pace.lose), cmp.Or(p.Recheck, pace.recheck)
	pace.gap, pace.away, pace.quiet = cmp.Or(p.Gap, pace.gap), cmp.Or(p.Away, pace.away), cmp.Or(p.Quiet, pace.quiet)
	pace.perToken, pace.perUser, pace.all = cmp.Or(p.PerToken, pace.perToken), cmp.Or(p.PerUser, pace.perUser), cmp.Or(p.All, pace.all)
	o.sockets = pace
}

// Waits is how many requests wait for a change.
func (s *Server) Waits() int {
	s.waits.mu.Lock()
	defer s.waits.mu.Unlock()
	return s.waits.all
}
