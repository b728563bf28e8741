package server

import (
	"io"
	"net/http"

	"github.com/finlatch/finlatch"
)

// healthy tells a load balancer whether the server can serve, in the words of ASP.NET.
func (s *Server) healthy(r *request) (any, error) {
	if err := s.service.Health(r.Context()); err != nil {
		s.options.Log.Warn("the store does not serve", "error", err)
		return condition{http.StatusServiceUnavailable, "Unhealthy"}, nil
	}
	return condition{http.StatusOK, "Healthy"}, nil
}

// metrics are an administrator's: they tell how much is going on.
func (s *Server) metrics(*request) (any, error) {
	if s.options.Metrics == nil {
		return nil, as(empty, finlatch.ErrNotFound)
	}
	return handed{s.options.Metrics}, nil
}

// handed is an answer that a handler writes.
type handed struct{ http.Handler }

func (h handed) write(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }

type condition struct {
	status int
	word   string
}

func (c condition) write(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/plain")
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")
	if c.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(c.status)
	_, _ = io.WriteString(w, c.word)
}
