package httpx_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/finlatch/finlatch/internal/httpx"
)

// pipes is a listener whose connections are net.Pipes: they know deadlines, and within synctest no real time passes.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "@", Net: "unix"} }

// paced serves h behind Progress and gives the client's end of one connection to it.
func paced(t *testing.T, h http.HandlerFunc) net.Conn {
	t.Helper()
	l := &pipes{make(chan net.Conn), make(chan struct{})}
	record := httpx.Record(nil)
	server := &http.Server{
		Handler:  record(httpx.Progress(httpx.Pace{})(h)),
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l)
	}()
	client, conn := net.Pipe()
	l.conns <- conn
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
		<-ended
	})
	return client
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Errorf("after %d bytes: %v", len(text), err)
	}
}

func TestProgressUpload(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		size  int           // announced
		piece int           // bytes at once
		every time.Duration // how often
		sent  int           // pieces that are sent
		err   error
		after time.Duration // when the handler knows
	}{
		{"slow and honest", 120 << 10, 1024, time.Second, 120, nil, 120 * time.Second},
		{"in time by a little", 10, 1, 2900 * time.Millisecond, 10, nil, 29 * time.Second},
		{"silent", 10, 1, time.Hour, 0, os.ErrDeadlineExceeded, 10 * time.Second},
		{"stops", 10, 1, time.Second, 3, os.ErrDeadlineExceeded, 13 * time.Second},
		{"a byte now and then", 1000, 1, 5 * time.Second, 1000, os.ErrDeadlineExceeded, 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				type result struct {
					n     int64
					err   error
					after time.Duration
				}
				results := make(chan result, 1)
				conn := paced(t, func(w http.ResponseWriter, r *http.Request) {
					n, err := io.Copy(io.Discard, r.Body)
					results <- result{n, err, time.Since(start)}
				})
				send(t, conn, fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", tt.size))
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					for range tt.sent {
						time.Sleep(tt.every)
						if _, err := conn.Write([]byte(strings.Repeat("x", tt.piece))); err != nil {
							return
						}
					}
				}()
				got := <-results
				if !errors.Is(got.err, tt.err) || tt.err == nil && got.n != int64(tt.size) || (got.after-tt.after).Abs() > time.Second {
					t.Errorf("got %d bytes, %v after %v, want %v after %v", got.n, got.err, got.after, tt.err, tt.after)
				}
				_ = conn.Close()
				<-ended
			})
		})
	}
}

func TestProgressDownload(t *testing.T) {
	t.Parallel()
	const size = 200 << 10
	tests := []struct {
		name  string
		write int  // bytes that the handler writes at once, and then flushes
		free  bool // Unpaced
		piece int  // bytes that the client reads at once
		every time.Duration
		most  int // bytes that the client reads
		err   error
		after time.Duration // at most
	}{
		{"slow and honest", size, false, 1024, time.Second, size, nil, 230 * time.Second},
		{"stops", size, false, 1024, time.Second, 10 << 10, os.ErrDeadlineExceeded, 60 * time.Second},
		{"a byte now and then", size, false, 1, time.Second, size, os.ErrDeadlineExceeded, 70 * time.Second},
		{"a byte now and then of little", 4, false, 1, time.Second, size, os.ErrDeadlineExceeded, 45 * time.Second},
		{"paused", size, true, size, time.Hour, 100 << 10, nil, 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				errs := make(chan error, 1)
				conn := paced(t, func(w http.ResponseWriter, r *http.Request) {
					if tt.free {
						httpx.Unpaced(w)
					}
					var err error
					for n := 0; n < size && err == nil; n += tt.write {
						if _, err = io.WriteString(w, strings.Repeat("x", tt.write)); err == nil {
							err = http.NewResponseController(w).Flush()
						}
					}
					errs <- err
				})
				send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					buf := make([]byte, 1)
					for head := ""; !strings.HasSuffix(head, "\r\n\r\n"); head += string(buf) {
						if _, err := conn.Read(buf); err != nil {
							return
						}
					}
					buf = make([]byte, tt.piece)
					for read := 0; read < tt.most; {
						n, err := conn.Read(buf)
						if err != nil {
							return
						}
						read += n
						time.Sleep(tt.every)
					}
					if tt.err == nil {
						_, _ = io.Copy(io.Discard, conn)
					}
				}()
				err := <-errs
				if after := time.Since(start); !errors.Is(err, tt.err) || after > tt.after {
					t.Errorf("got %v after %v, want %v after %v at most", err, after, tt.err, tt.after)
				}
				_ = conn.Close()
				<-ended
			})
		})
	}
}

// TestProgressLeavesNothing is about what must not suffer: a handler that thinks, a connection that idles, streams with
// long pauses.
func TestProgressLeavesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn := paced(t, func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				t.Error(err)
			}
			if _, err := r.Body.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("behind the end: %v", err)
			}
			for range 3 {
				time.Sleep(time.Minute)
				if err := r.Context().Err(); err != nil {
					t.Errorf("the client is said to be gone: %v", err)
				}
				_, _ = io.WriteString(w, "tick ")
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Minute)
				w.(http.Flusher).Flush()
			}
		})
		answers := bufio.NewReader(conn)
		for range 3 {
			send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
			res, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil || string(body) != "tick tick tick " {
				t.Errorf("got %q, %v", body, err)
			}
			time.Sleep(10 * time.Minute)
		}
	})
}

// TestProgressUnread is a body that nobody reads and that does not come: net/http would wait for it.
func TestProgressUnread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		conn := paced(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("the connection was held for %v", took)
		}
	})
}

func TestProgressHijack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		conn := paced(t, func(w http.ResponseWriter, r *http.Request) {
			raw, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			go func() {
				defer close(ended)
				defer raw.Close()
				time.Sleep(time.Hour)
				line, err := rw.ReadString('\n')
				if err != nil {
					t.Error(err)
				}
				_, _ = rw.WriteString(line)
				if err := rw.Flush(); err != nil {
					t.Error(err)
				}
			}()
		})
		send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(10 * time.Minute)
		go send(t, conn, "hello\n")
		if line, err := bufio.NewReader(conn).ReadString('\n'); line != "hello\n" || err != nil {
			t.Errorf("got %q, %v", line, err)
		}
		<-ended
	})
}

// TestProgressHTTP2 is the other protocol, where a deadline that passes ends the stream even while nobody waits for it.
func TestProgressHTTP2(t *testing.T) {
	t.Parallel()
	pace := httpx.Pace{Idle: 200 * time.Millisecond, Grace: time.Minute}
	server := httptest.NewUnstartedServer(httpx.Progress(pace)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		for range 2 {
			time.Sleep(300 * time.Millisecond)
			_, _ = w.Write(got)
			_ = http.NewResponseController(w).Flush()
		}
	})))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	for range 2 {
		res, err := server.Client().Post(server.URL, "text/plain", strings.NewReader("abc"))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || string(body) != "abcabc" || res.ProtoMajor != 2 {
			t.Errorf("got %q, %v over %s", body, err, res.Proto)
		}
	}
}
