package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch/internal/httpx"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	type h = map[string]string
	listed := []string{"https://app.example", "http://tv.example:8080/"}
	tests := []struct {
		name   string
		hosts  []string
		method string
		path   string
		send   h
		status int
		want   h
	}{
		{"no origin", nil, "GET", "/", nil, 418, h{}},
		{"anybody", nil, "GET", "/", h{"Origin": "http://app.example"}, 418, h{"Access-Control-Allow-Origin": "*"}},
		{"anybody, said so", []string{"*"}, "GET", "/", h{"Origin": "null"}, 418, h{"Access-Control-Allow-Origin": "*"}},
		{"preflight", nil, "OPTIONS", "/", h{"Origin": "http://app.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}, 204,
			h{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "authorization,content-type"}},
		{"preflight without headers", nil, "OPTIONS", "/", h{"Origin": "http://app.example", "Access-Control-Request-Method": "DELETE"}, 204,
			h{"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "DELETE"}},
		{"plain OPTIONS", nil, "OPTIONS", "/", h{"Origin": "http://app.example"}, 418, h{"Access-Control-Allow-Origin": "*"}},
		{"OPTIONS without origin", nil, "OPTIONS", "/", h{"Access-Control-Request-Method": "POST"}, 418, h{}},
		{"listed", listed, "GET", "/", h{"Origin": "https://APP.example"}, 418,
			h{"Access-Control-Allow-Origin": "https://APP.example", "Access-Control-Allow-Credentials": "true", "Vary": "Origin"}},
		{"listed with a slash", listed, "OPTIONS", "/", h{"Origin": "http://tv.example:8080", "Access-Control-Request-Method": "GET"}, 204,
			h{"Access-Control-Allow-Origin": "http://tv.example:8080", "Access-Control-Allow-Credentials": "true", "Vary": "Origin", "Access-Control-Allow-Methods": "GET"}},
		{"not listed", listed, "GET", "/", h{"Origin": "https://evil.example"}, 418, h{"Vary": "Origin"}},
		{"not listed, preflight", listed, "OPTIONS", "/", h{"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}, 204, h{"Vary": "Origin"}},
		{"skipped", nil, "POST", "/Startup/User", h{"Origin": "https://evil.example"}, 418, h{}},
		{"skipped in disguise", nil, "POST", "//emby/STARTUP/user/", h{"Origin": "https://evil.example"}, 418, h{}},
		{"skipped preflight", nil, "OPTIONS", "/startup/User", h{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}, 403, h{}},
	}
	for _, tt := range tests {
		skip := func(r *http.Request) bool {
			return strings.HasPrefix(httpx.FoldPath(r.URL.EscapedPath()), "/startup/")
		}
		handle := httpx.CORS(func(*http.Request) []string { return tt.hosts }, skip)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }))
		r := httptest.NewRequest(tt.method, "http://here"+tt.path, nil)
		for name, value := range tt.send {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		handle.ServeHTTP(w, r)
		got := h{}
		for name, values := range w.Header() {
			got[name] = strings.Join(values, "|")
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || w.Code != tt.status {
			t.Errorf("%s: got %d, want %d (-want +got):\n%s", tt.name, w.Code, tt.status, diff)
		}
	}

	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Origin", "http://app.example")
	httpx.CORS(nil, nil)(http.NotFoundHandler()).ServeHTTP(w, r)
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("without settings: got %q", got)
	}
}
