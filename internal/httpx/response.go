package httpx

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// responseTime keeps Jellyfin's spelling, which is not the canonical one.
const responseTime = "X-Response-Time-ms"

// response notes what goes out. Everything it does not know is reached by http.ResponseController through Unwrap.
type response struct {
	http.ResponseWriter
	start    time.Time
	status   int
	bytes    int64
	hijacked bool
}

func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) WriteHeader(status int) {
	if w.status != 0 || w.hijacked {
		return // what net/http would complain about in its own log
	}
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.commit(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.commit(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Flush is for callers that ask for http.Flusher instead of a ResponseController.
func (w *response) Flush() { _ = w.FlushError() }

func (w *response) FlushError() error {
	if w.status == 0 {
		w.commit(http.StatusOK)
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack is here so that a connection taken over without WriteHeader, as httputil.ReverseProxy does, still has a status.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.hijacked = true
		if w.status == 0 {
			w.commit(http.StatusSwitchingProtocols)
		}
	}
	return conn, rw, err
}

// commit is called once, when the header can no longer change.
func (w *response) commit(status int) {
	w.status = status
	if w.start.IsZero() {
		return
	}
	h := w.Header()
	h.Del(responseTime)
	if status == http.StatusUnauthorized {
		return // how long a refused sign-in took, to the microsecond, is nobody's business
	}
	tenths := time.Since(w.start).Nanoseconds() / 100 // of a microsecond: four decimals of a millisecond
	h[responseTime] = []string{strconv.FormatFloat(float64(tenths)/1e4, 'f', -1, 64)}
}

// finish writes the header of an answer that has none yet, so that it too says how long it took.
func (w *response) finish() {
	if w.status == 0 && !w.hijacked {
		w.WriteHeader(http.StatusOK)
	}
}

// responseOf finds the response that an outer middleware has put around w.
func responseOf(w http.ResponseWriter) *response {
	for {
		switch t := w.(type) {
		case *response:
			return t
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return nil
		}
	}
}

// countedBody counts from whatever goroutine reads: a proxy's transport may still do so when the handler has returned.
type countedBody struct {
	io.ReadCloser
	bytes atomic.Int64
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.bytes.Add(int64(n))
	return n, err
}
