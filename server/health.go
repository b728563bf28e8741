package server

import (
	"io"
	"net/http"
)

// healthy tells a load balancer whether the server can serve, in the words of ASP.NET.
func (s *Server) healthy(r *request) (any, error) {
	if err := s.service.Health(r.Context()); err != nil {
		s.options.Log.Warn("the store does not serve", "error", err)
		return condition{http.StatusServiceUnavailable, "Unhealthy"}, nil
	}
	return condition{http.StatusOK, "Healthy"}, nil
}

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
