package httpx_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/finlatch/finlatch/internal/httpx"
)

func TestAdapt(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	tests := []struct {
		name   string
		f      httpx.HandlerFunc
		status int
		body   string
		err    error
	}{
		{"fine", func(w http.ResponseWriter, _ *http.Request) error {
			w.WriteHeader(204)
			return nil
		}, 204, "", nil},
		{"nothing", func(http.ResponseWriter, *http.Request) error { return nil }, 200, "", nil},
		{"fails before", func(http.ResponseWriter, *http.Request) error { return boom }, 418, "boom", boom},
		{"fails after", func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = io.WriteString(w, "par")
			return boom
		}, 200, "par", boom},
	}
	fail := func(w http.ResponseWriter, _ *http.Request, err error) { httpx.WriteText(w, 418, err.Error()) }
	for _, tt := range tests {
		var ev *httpx.Event
		record := httpx.Record(nil, func(e *httpx.Event) { ev = e })
		adapted := httpx.Adapt(tt.f, fail)
		for name, h := range map[string]http.Handler{
			"alone": adapted, "in Record": record(adapted), "in Record and Progress": record(httpx.Progress(httpx.Pace{})(adapted)),
		} {
			ev = nil
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("%s, %s: got %d %q, want %d %q", tt.name, name, w.Code, w.Body, tt.status, tt.body)
			}
			if ev != nil && (!errors.Is(ev.Err, tt.err) || ev.Status != tt.status) {
				t.Errorf("%s, %s: event with %v, %d", tt.name, name, ev.Err, ev.Status)
			}
		}
	}
}

func TestWriteText(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	w.Header().Set("Content-Encoding", "gzip")
	httpx.WriteText(w, 500, "Error processing request.")
	h := w.Header()
	if w.Code != 500 || h.Get("Content-Type") != "text/plain" || h.Get("Content-Length") != "25" || h.Get("Content-Encoding") != "" || w.Body.Len() != 25 {
		t.Errorf("got %d %v %q", w.Code, h, w.Body)
	}
}
