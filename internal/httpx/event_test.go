package httpx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/internal/httpx"
)

// logged runs one request through Record and gives the answer, the log's lines and the events.
func logged(t *testing.T, r *http.Request, h http.HandlerFunc) (*httptest.ResponseRecorder, []map[string]any, []*httpx.Event) {
	t.Helper()
	var out bytes.Buffer
	var events []*httpx.Event
	log := slog.New(slog.NewJSONHandler(&out, nil))
	w := httptest.NewRecorder()
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(http.ErrAbortHandler) {
				panic(p)
			}
		}()
		httpx.Record(log, func(ev *httpx.Event) { events = append(events, ev) })(h).ServeHTTP(w, r)
	}()
	var lines []map[string]any
	for line := range strings.Lines(out.String()) {
		var attrs map[string]any
		if err := json.Unmarshal([]byte(line), &attrs); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, attrs)
	}
	if len(lines) != 1 || len(events) != 1 {
		t.Fatalf("got %d lines and %d events, want one of each: %s", len(lines), len(events), out.String())
	}
	return w, lines, events
}

func TestRecord(t *testing.T) {
	t.Parallel()
	boom := errors.New("the disk\nis full")
	tests := []struct {
		name         string
		handle       http.HandlerFunc
		status       int
		body         string
		level        string
		want, absent []string // parts of the line
	}{
		{"nothing written", func(http.ResponseWriter, *http.Request) {}, 200, "", "INFO", []string{`"status":200`, `"in":0`, `"out":0`}, nil},
		{"body", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(w, r.Body)
		}, 200, "hello", "INFO", []string{`"in":5`, `"out":5`}, []string{"error", "stack"}},
		{"status", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(404)
			w.WriteHeader(500)
		}, 404, "", "INFO", []string{`"status":404`}, nil},
		{"refusal", func(w http.ResponseWriter, r *http.Request) {
			httpx.EventFrom(r.Context()).Err = boom
			w.WriteHeader(400)
		}, 400, "", "INFO", []string{`"status":400`}, []string{"disk"}},
		{"failure", func(w http.ResponseWriter, r *http.Request) {
			httpx.EventFrom(r.Context()).Err = boom
			w.WriteHeader(503)
		}, 503, "", "WARN", []string{`"error":"the disk\\nis full"`}, nil},
		{"panic", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "7")
			w.Header().Set("Access-Control-Allow-Origin", "*")
			panic("oh no")
		}, 500, "Error processing request.", "ERROR", []string{`"error":"panic: oh no"`, "event_test.go"}, nil},
		{"panic later", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "par")
			panic("oh no")
		}, 200, "par", "ERROR", []string{`"error":"panic: oh no"`, `"status":200`}, nil},
		{"aborted", func(w http.ResponseWriter, r *http.Request) {
			panic(http.ErrAbortHandler)
		}, 0, "", "INFO", []string{`"outcome":"aborted"`, `"status":0`}, []string{"stack"}},
		{"details", func(w http.ResponseWriter, r *http.Request) {
			httpx.SetRoute(r.Context(), "GET /Users/{userId}")
			ev := httpx.EventFrom(r.Context())
			ev.User, ev.DeviceID, ev.Client = "ann", "d\x1b[31m", strings.Repeat("ä", 100)
			ev.Outcome, ev.Attrs = "odd", []slog.Attr{slog.Int("queue", 3)}
		}, 200, "", "INFO", []string{
			`"route":"GET /Users/{userId}"`, `"user":"ann"`, `"device":"d\\x1b[31m"`, `ää…"`, `"outcome":"odd"`, `"queue":3`,
			`"remote":"192.0.2.1"`, `"path":"/a b"`, `"query":"x=1&pw=redacted"`, `"method":"POST"`,
		}, []string{"hunter2"}},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("POST", "/a%20b?x=1&pw=hunter2", strings.NewReader("hello"))
		w, lines, events := logged(t, r, tt.handle)
		ev := events[0]
		line, err := json.Marshal(lines[0])
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(line), `\u0026`, "&")
		if ev.Status != tt.status || (tt.status != 0 && w.Code != tt.status) || w.Body.String() != tt.body || lines[0]["level"] != tt.level {
			t.Errorf("%s: got %d, %d %q, %v, want %d %q, %s", tt.name, ev.Status, w.Code, w.Body, lines[0]["level"], tt.status, tt.body, tt.level)
		}
		for _, part := range tt.want {
			if !strings.Contains(text, part) {
				t.Errorf("%s: no %s in %s", tt.name, part, text)
			}
		}
		for _, part := range tt.absent {
			if strings.Contains(text, part) {
				t.Errorf("%s: %s in %s", tt.name, part, text)
			}
		}
		times := took(w.Header())
		if written := ev.Status != 0; written != (len(times) == 1) || written && !regexp.MustCompile(`^\d+(\.\d{1,4})?$`).MatchString(times[0]) {
			t.Errorf("%s: X-Response-Time-ms %q", tt.name, times)
		}
		if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(ev.ID) || ev.Duration <= 0 || ev.Remote != netip.MustParseAddr("192.0.2.1") {
			t.Errorf("%s: id %q, took %v, from %v", tt.name, ev.ID, ev.Duration, ev.Remote)
		}
		if tt.name == "panic" && (w.Header().Get("Content-Type") != "text/plain" || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Content-Length") != "25") {
			t.Errorf("panic: got %v", w.Header())
		}
	}
}

// took has the header in Jellyfin's spelling, which http.Header.Get does not find.
func took(h http.Header) []string {
	for name, values := range h {
		if name == "X-Response-Time-ms" {
			return values
		}
	}
	return nil
}

func TestRecordWithoutLog(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	httpx.Record(nil)(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 404 {
		t.Errorf("got %d", w.Code)
	}
	httpx.SetRoute(context.Background(), "nobody reads it")
	if ev := httpx.EventFrom(context.Background()); ev == nil || ev.Route != "" {
		t.Errorf("got %+v", ev)
	}
}

// TestRecordServer is what a real connection does with the wrapped writer.
func TestRecordServer(t *testing.T) {
	t.Parallel()
	events := make(chan *httpx.Event, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("/flush", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, "late")
	})
	mux.HandleFunc("/hijack", func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nX-Took: " + took(w.Header())[0] + "\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
		_ = rw.Flush()
	})
	mux.HandleFunc("/hints", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 10000))
		panic("half way")
	})
	server := httptest.NewUnstartedServer(httpx.Record(nil, func(ev *httpx.Event) { events <- ev })(mux))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.Start()
	t.Cleanup(server.Close)

	tests := []struct {
		path   string
		status int
		cut    bool
	}{{"/flush", 200, false}, {"/hijack", 101, false}, {"/hints", 204, false}, {"/cut", 200, true}, {"/none", 404, false}}
	for _, tt := range tests {
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.path == "/hijack" {
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "x")
		}
		res, err := server.Client().Do(r)
		if err != nil {
			t.Fatalf("%s: %v", tt.path, err)
		}
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if (err != nil) != tt.cut || res.StatusCode != tt.status {
			t.Errorf("%s: got %d, %v", tt.path, res.StatusCode, err)
		}
		if res.Header.Get("X-Response-Time-Ms")+res.Header.Get("X-Took") == "" {
			t.Errorf("%s: took no time", tt.path)
		}
		if ev := <-events; ev.Status != tt.status {
			t.Errorf("%s: event with status %d", tt.path, ev.Status)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	h := httpx.Record(slog.New(slog.NewTextHandler(io.Discard, nil)))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		httpx.WriteText(w, 200, "pong")
	}))
	r := httptest.NewRequest("GET", "/System/Ping?x=1", nil)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(nowhere{}, r)
	}
}

// nowhere is a writer that costs nothing.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}
