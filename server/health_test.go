package server_test

import (
	"io"
	"net/http"
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	healthy := text(200, "Healthy").with("Cache-Control", "no-store, no-cache").with("Pragma", "no-cache").with("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")
	w.play(t,
		scenario{name: "healthy", do: "GET /health", want: healthy},
		scenario{name: "in any method", do: "POST /health", want: healthy},
		scenario{name: "with a dead token", do: "GET /health", header: map[string]string{"Authorization": "MediaBrowser Token=dead"}, want: healthy},
	)
	w.store.Close()
	w.clock.Move(time.Second) // it looks once a second
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, as := range []string{"", "admin"} {
			response, err := w.client.Do(w.request(scenario{do: method + " /health", as: as}))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			want := map[string]string{http.MethodGet: "Unhealthy", http.MethodHead: ""}[method]
			if response.StatusCode != http.StatusServiceUnavailable || string(body) != want || err != nil || response.Header.Get("Retry-After") == "" {
				t.Errorf("%s as %q: got %d %q (%v), want 503 %q", method, as, response.StatusCode, body, err, want)
			}
		}
	}
}
