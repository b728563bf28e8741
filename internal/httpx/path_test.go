package httpx_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/internal/httpx"
)

func TestBasePath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		base, path string
		status     int
		location   string
		inside     string // encoded path that the handler sees
	}{
		{"", "/", 302, "web/", ""},
		{"/", "/", 302, "web/", ""},
		{"", "/health", 200, "", "/health"},
		{"", "/System/Ping", 200, "", "/System/Ping"},
		{"", "//x", 200, "", "//x"},
		{"/jf", "/", 302, "jf/web/", ""},
		{"/jf", "/jf", 302, "jf/web/", ""},
		{"jf/", "/jf/", 302, "web/", ""},
		{"/jf", "/foo", 302, "jf/web/", ""},
		{"/jf", "/foo/bar", 302, "../jf/web/", ""},
		{"/jf", "//evil.example/x", 302, "../../jf/web/", ""},
		{"/jf", "/health", 302, "/jf/health", ""},
		{"/jf", "/Health/", 302, "/jf/health", ""},
		{"/jf", "/jffoo", 404, "", ""},
		{"/jf", "/jf/System/Ping", 200, "", "/System/Ping"},
		{"/jf", "/JF/a%2Fb", 200, "", "/a%2Fb"},
		{"/jf", "/%6Af/a%2Fb", 200, "", "/a%2Fb"},
		{"/jf", "/jf//x", 200, "", "//x"},
		{"/a/b", "/a/c", 302, "b/web/", ""},
		{"/a/b", "/a/b/x", 200, "", "/x"},
	}
	for _, tt := range tests {
		inside := ""
		h := httpx.BasePath(tt.base, "")(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { inside = r.URL.EscapedPath() }))
		r := httptest.NewRequest("POST", "http://here"+tt.path+"?q", nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || w.Header().Get("Location") != tt.location || inside != tt.inside || w.Body.Len() > 0 {
			t.Errorf("%q, %s: got %d %q %q %q, want %d %q %q", tt.base, tt.path, w.Code, w.Header().Get("Location"), inside, w.Body, tt.status, tt.location, tt.inside)
		}
		if tt.location != "" {
			to, err := r.URL.Parse(w.Header().Get("Location"))
			want := "/" + strings.Trim(tt.base, "/") + "/web/"
			if want = strings.ReplaceAll(want, "//", "/"); strings.HasSuffix(tt.location, "health") {
				want = tt.base + "/health"
			}
			if err != nil || to.Path != want || to.Host != "here" {
				t.Errorf("%q, %s: leads to %v", tt.base, tt.path, to)
			}
		}
	}

	w := httptest.NewRecorder()
	httpx.BasePath("/jf", "finlatch/")(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/x/y", nil))
	if got := w.Header().Get("Location"); got != "../jf/finlatch/" {
		t.Errorf("got %q", got)
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, want string }{
		{"/", "/"},
		{"//", "/"},
		{"/system/ping", "/system/ping"},
		{"/System/Ping", "/system/ping"},
		{"/SYSTEM/%50ing", "/system/ping"},
		{"/System/Ping/", "/system/ping"},
		{"//System///Ping//", "/system/ping"},
		{"/System%2FPing", "/system%2Fping"},
		{"/System%2fPing/", "/system%2Fping"},
		{"/Users/../System/./Ping", "/system/ping"},
		{"/Users/%2e%2E/System/%2e/Ping/.", "/system/ping"},
		{"/../../etc", "/etc"},
		{"/a/..", "/"},
		{"/emby/System/Ping", "/system/ping"},
		{"/EMBY/System/Ping", "/system/ping"},
		{"/%65mby/System/Ping", "/system/ping"},
		{"/mediabrowser/Users/Me", "/users/me"},
		{"/MediaBrowser", "/"},
		{"/emby/", "/"},
		{"/emby/mediabrowser/emby/x", "/x"},
		{"/embyx/y", "/embyx/y"},
		{"/x/emby/y", "/x/emby/y"},
		{"/web", "/web"},
		{"/web/", "/web/"},
		{"/Web//A/", "/web/a/"},
		{"/web/a/..", "/web/"},
		{"/website/", "/website"},
		{"/Users/%C3%84%20b", "/users/%C3%84%20b"},
		{"/.well-known/x", "/.well-known/x"},
		{"/a/...", "/a/..."},
		{"/%2F%2F", "/%2F%2F"},
	}
	for _, tt := range tests {
		u, err := url.ParseRequestURI(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		h := httpx.Fold(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = r.URL.EscapedPath()
			if before := httpx.Unfold(r).URL.EscapedPath(); before != u.EscapedPath() {
				t.Errorf("%s: unfolds to %s", tt.path, before)
			}
		}))
		h.ServeHTTP(nil, &http.Request{URL: u})
		if direct := httpx.FoldPath(u.EscapedPath()); got != tt.want || direct != tt.want {
			t.Errorf("%s: got %s and %s, want %s", tt.path, got, direct, tt.want)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, seed := range []string{"/", "", "//emby/%2e/Web//", "/%", "/a%2F../b", "/%2f%2F/", "x", "/%25%32%65/", "/emby/emby", "/web/..//", "/;a?b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got := httpx.FoldPath(path)
		if got == "" || got[0] != '/' || strings.Contains(got, "//") || strings.Contains(got+"/", "/../") || strings.Contains(got+"/", "/./") {
			t.Fatalf("%q: %q", path, got)
		}
		if again := httpx.FoldPath(got); again != got {
			t.Fatalf("%q: %q, then %q", path, got, again)
		}
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" || u.Scheme != "" {
			return
		}
		m := httpx.NewMux()
		m.Handle("GET", "/Users/{userId}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if id := httpx.PathValue(r, "userId"); !strings.EqualFold(lower(id), lower(r.PathValue("userId"))) {
				t.Fatalf("%q: %q, folded %q", path, id, r.PathValue("userId"))
			}
		}))
		w := httptest.NewRecorder()
		httpx.Fold(m).ServeHTTP(w, &http.Request{Method: "GET", URL: u, Host: "here"})
		if w.Code != 200 && w.Code != 404 {
			t.Fatalf("%q: %d %v", path, w.Code, w.Header())
		}
	})
}

// lower is lower case for ASCII only.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func routes() *httpx.Mux {
	m := httpx.NewMux()
	add := func(method, pattern string) {
		m.Handle(method, pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, method+" "+pattern+" "+httpx.PathValue(r, "userId")+httpx.PathValue(r, "rest"))
		}))
	}
	add("GET", "/System/Ping")
	add("POST", "/System/Ping")
	add("POST", "/Users/AuthenticateByName")
	add("GET", "/Users/{userId}")
	add("DELETE", "/Users/{userId}")
	add("POST", "/Users/{userId}")
	add("POST", "/Users/{userId}/Policy")
	add("GET", "/UserImage")
	add("HEAD", "/UserImage")
	add("", "/finlatch/")
	add("GET", "/Files/{rest...}")
	return m
}

func TestMux(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method, path string
		status       int
		body, allow  string
		route        string
	}{
		{"GET", "/System/Ping", 200, "GET /System/Ping ", "", "GET /System/Ping"},
		{"GET", "/system/PING/", 200, "GET /System/Ping ", "", "GET /System/Ping"},
		{"GET", "/Users/AbC%2fd", 200, "GET /Users/{userId} AbC/d", "", "GET /Users/{userId}"},
		{"GET", "/users/abc", 200, "GET /Users/{userId} abc", "", "GET /Users/{userId}"},
		{"POST", "/emby/Users/AbC/policy", 200, "POST /Users/{userId}/Policy AbC", "", "POST /Users/{userId}/Policy"},
		{"GET", "/Files/A//B/c", 200, "GET /Files/{rest...} A/B/c", "", "GET /Files/{rest...}"},
		{"POST", "/Users/AuthenticateByName", 200, "POST /Users/AuthenticateByName ", "", "POST /Users/AuthenticateByName"},
		{"GET", "/Users/AuthenticateByName", 200, "GET /Users/{userId} AuthenticateByName", "", "GET /Users/{userId}"},
		{"PUT", "/Users/AuthenticateByName", 405, "", "DELETE, GET, POST", ""},
		{"OPTIONS", "/System/Ping", 405, "", "GET, POST", ""},
		{"HEAD", "/System/Ping", 405, "", "GET, POST", ""},
		{"HEAD", "/UserImage", 200, "HEAD /UserImage ", "", "HEAD /UserImage"},
		{"DELETE", "/UserImage", 405, "", "GET, HEAD", ""},
		{"GET", "/Users/a/Policy", 405, "", "POST", ""},
		{"GET", "/finlatch", 200, " /finlatch/ ", "", "/finlatch/"},
		{"HEAD", "/Finlatch/x/y", 200, " /finlatch/ ", "", "/finlatch/"},
		{"GET", "/System%2FPing", 404, "", "", ""},
		{"GET", "/", 404, "", "", ""},
		{"GET", "/Users", 404, "", "", ""},
		{"GET", "/Wire/Nowhere", 404, "", "", ""},
		{"BREW", "/Wire/Nowhere", 404, "", "", ""},
		{"GET", "/Files", 200, "GET /Files/{rest...} ", "", "GET /Files/{rest...}"},
	}
	var ev *httpx.Event
	h := httpx.Record(nil, func(e *httpx.Event) { ev = e })(httpx.Fold(routes()))
	for _, tt := range tests {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(tt.method, "http://here"+tt.path, nil))
		if w.Code != tt.status || w.Body.String() != tt.body || w.Header().Get("Allow") != tt.allow || ev.Route != tt.route {
			t.Errorf("%s %s: got %d %q Allow %q route %q, want %d %q %q %q", tt.method, tt.path, w.Code, w.Body, w.Header().Get("Allow"), ev.Route,
				tt.status, tt.body, tt.allow, tt.route)
		}
	}
}

// TestMuxNeverRedirects is about paths that Fold would have changed.
func TestMuxNeverRedirects(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "x", "//system/ping", "/system//ping", "/users/../system/ping", "/system/ping/", "/system/ping/.", "/./system/ping"} {
		w := httptest.NewRecorder()
		routes().ServeHTTP(w, &http.Request{Method: "GET", Host: "here", URL: &url.URL{Path: path}})
		if w.Code != 404 {
			t.Errorf("%s: got %d %v", path, w.Code, w.Header())
		}
	}
}

func TestMuxMissing(t *testing.T) {
	t.Parallel()
	m := routes()
	m.Missing = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.EscapedPath()+r.Pattern) })
	for path, want := range map[string]string{"/Videos//A%2fb/Stream.MKV": "/Videos//A%2fb/Stream.MKV", "/nothing": "/nothing", "/Web/Main.js": "/Web/Main.js"} {
		w := httptest.NewRecorder()
		httpx.Fold(m).ServeHTTP(w, httptest.NewRequest("GET", "http://here"+path, nil))
		if w.Body.String() != want {
			t.Errorf("%s: got %q, want %q", path, w.Body, want)
		}
	}
}

func BenchmarkRoute(b *testing.B) {
	h := httpx.Fold(routes())
	for _, path := range []string{"/system/ping", "/Users/AuthenticateByName"} {
		b.Run(path, func(b *testing.B) {
			r := httptest.NewRequest("POST", path, nil)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(nowhere{}, r)
			}
		})
	}
}
