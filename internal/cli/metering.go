package cli

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// meter shows the metrics at an address of their own, if they have one, until ctx ends.
func (s *serving) meter(ctx context.Context, handler http.Handler) {
	if s.metering == nil {
		return
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	shown := http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: 30 * time.Second,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	defer context.AfterFunc(ctx, func() { shown.Close() })()
	if err := shown.Serve(s.metering); ctx.Err() == nil {
		s.log.Warn("metrics are not shown any more", "error", err)
	}
}
