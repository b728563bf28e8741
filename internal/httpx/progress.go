package httpx

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Pace is how fast a client has to be. The zero Pace works.
type Pace struct {
	Idle  time.Duration // how long nothing at all may move; 0 means 10 s
	Grace time.Duration // how long a body or an answer may take whatever its length; 0 means 30 s
	Rate  int64         // bytes per second that are enough from then on; 0 means 512, a tenth of the slowest mobile link
}

// Progress sets deadlines that move with the bytes, where http.Server has only fixed ones: too long for a client that
// holds a connection, too short for an honest one on a slow link. Only the time spent waiting for the client counts.
// A read or write that comes too late fails with os.ErrDeadlineExceeded. Where the connection knows no deadlines, nothing
// happens. Set ReadHeaderTimeout and IdleTimeout of the server, not its ReadTimeout and WriteTimeout.
func Progress(p Pace) func(http.Handler) http.Handler {
	if p.Idle <= 0 {
		p.Idle = 10 * time.Second
	}
	if p.Grace <= 0 {
		p.Grace = 30 * time.Second
	}
	if p.Rate <= 0 {
		p.Rate = 512
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			out := &pacedWriter{ResponseWriter: w, rc: rc, pace: pace{Pace: p}}
			// The deadline that the answer before left behind for the end of its bytes.
			if rc.SetWriteDeadline(time.Time{}) != nil {
				next.ServeHTTP(w, r)
				return
			}
			if r.Body != nil && r.Body != http.NoBody {
				r = withBody(r, &pacedBody{ReadCloser: r.Body, rc: rc, pace: pace{Pace: p}})
			}
			defer out.finish()
			next.ServeHTTP(out, r)
		})
	}
}

// pace is how one direction went so far.
type pace struct {
	Pace
	bytes int64
	spent time.Duration // waiting for the client
}

// patience is how long the next n bytes may take; not positive if the client was too slow already.
func (p *pace) patience(n int) time.Duration {
	each := p.Idle + p.worth(int64(n))
	return min(each, p.Grace+p.worth(p.bytes+int64(n))-p.spent)
}

// worth is how long n bytes take at the lowest rate.
func (p *pace) worth(n int64) time.Duration {
	return time.Duration(float64(n) / float64(p.Rate) * float64(time.Second))
}

type pacedBody struct {
	io.ReadCloser
	rc   *http.ResponseController
	pace pace
}

func (b *pacedBody) Read(buf []byte) (int, error) {
	patience := b.pace.patience(0)
	if patience <= 0 {
		return 0, os.ErrDeadlineExceeded
	}
	start := time.Now()
	_ = b.rc.SetReadDeadline(start.Add(patience))
	n, err := b.ReadCloser.Read(buf)
	b.pace.bytes += int64(n)
	b.pace.spent += time.Since(start)
	// At once: behind the last byte net/http listens for the client's leaving, and a deadline that passes looks like that.
	_ = b.rc.SetReadDeadline(time.Time{})
	return n, err
}

// pacedPiece is how much goes out under one deadline, since a deadline does not move while bytes do.
const pacedPiece = 16 << 10

type pacedWriter struct {
	http.ResponseWriter
	rc *http.ResponseController

	mu       sync.Mutex // against a proxy that flushes from a timer
	pace     pace
	free     bool
	hijacked bool
}

// Unpaced lifts Progress from the answer, for media: a player that pauses stops reading for as long as people like.
func Unpaced(w http.ResponseWriter) {
	for {
		switch t := w.(type) {
		case *pacedWriter:
			t.mu.Lock()
			t.free = true
			t.mu.Unlock()
			return
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return
		}
	}
}

func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *pacedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	total := 0
	for {
		piece, n := b[total:], 0
		if !w.free {
			piece = piece[:min(pacedPiece, len(piece))]
		}
		err := w.during(len(piece), func() (err error) {
			n, err = w.ResponseWriter.Write(piece)
			return err
		})
		total += n
		w.pace.bytes += int64(n)
		if err != nil || total >= len(b) {
			return total, err
		}
	}
}

func (w *pacedWriter) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.during(0, w.rc.Flush)
}

// Flush is for callers that ask for http.Flusher instead of a ResponseController.
func (w *pacedWriter) Flush() { _ = w.FlushError() }

// during does what may have to wait for the client to take n bytes.
func (w *pacedWriter) during(n int, write func() error) error {
	if w.free {
		return write()
	}
	patience := w.pace.patience(n)
	if patience <= 0 {
		return os.ErrDeadlineExceeded
	}
	start := time.Now()
	_ = w.rc.SetWriteDeadline(start.Add(patience))
	err := write()
	w.pace.spent += time.Since(start)
	_ = w.rc.SetWriteDeadline(time.Time{}) // HTTP/2 resets the stream when one passes, even if nothing is being written
	return err
}

// Hijack hands the connection over without deadlines, as net/http does.
func (w *pacedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.rc.Hijack()
	if err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.hijacked = true
		_ = conn.SetDeadline(time.Time{})
	}
	return conn, rw, err
}

// finish bounds what net/http still does for this request: it sends the bytes it holds back and reads the rest of the
// body. The next request on the connection starts without these deadlines.
func (w *pacedWriter) finish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hijacked {
		return
	}
	now := time.Now()
	_ = w.rc.SetWriteDeadline(now.Add(w.pace.Idle + w.pace.worth(8<<10)))
	_ = w.rc.SetReadDeadline(now.Add(w.pace.Idle))
}
