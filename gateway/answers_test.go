package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	publicInfo = `{"LocalAddress":"http://10.1.1.1:8097","ServerName":"attic","Version":"12.0.0","Id":"0f","Odd":[{"LocalAddress":"x"}, 1.50 ]}`
	camelInfo  = `{"localAddress":"http://10.1.1.1:8097","serverName":"attic"}`
)

func serveJSON(body string) http.HandlerFunc {
	return func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(out, body)
	}
}

// Clients are led to us and not to upstream; every other byte is upstream's.
func TestLocalAddress(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, published, base string
		header                header
		body, want            string
	}{
		{"as the client says", "", "", header{"X-Forwarded-Proto": "https", "X-Forwarded-Host": "tv.example"}, publicInfo, "https://tv.example"},
		{"below a base path", "", "/jf", header{"X-Forwarded-Proto": "https", "X-Forwarded-Host": "tv.example"}, publicInfo, "https://tv.example/jf"},
		{"published", "https://tv.example/", "", nil, publicInfo, "https://tv.example"},
		{"camel case", "https://tv.example", "", header{"Accept": `application/json; profile="CamelCase"`}, camelInfo, "https://tv.example"},
		{"none", "https://tv.example", "", nil, `{"ServerName":"attic"}`, ""},
		{"no object", "https://tv.example", "", nil, `"LocalAddress"`, ""},
		{"no JSON", "https://tv.example", "", nil, `{"LocalAddress":"http://10.1.1.1:8097"`, ""},
		{"large", "https://tv.example", "", nil, `{"LocalAddress":"http://10.1.1.1:8097","x":"` + strings.Repeat("x", 1<<17) + `"}`, ""},
	} {
		w := newWorld(t, func(o *options) { o.gateway.PublishedURL, o.gateway.BaseURL, o.base = tt.published, tt.base, tt.base })
		for _, path := range []string{"/System/Info", "/System/Info/Public"} {
			w.upstream.on(path, serveJSON(tt.body))
			h := w.asAnn()
			for name, value := range tt.header {
				h[name] = value
			}
			h["Accept-Encoding"] = "gzip"
			want := tt.body
			if tt.want != "" {
				want = strings.Replace(tt.body, "http://10.1.1.1:8097", tt.want, 1)
			}
			got := w.do("GET", path, h)
			if got.status != 200 || got.body != want || got.err != nil {
				t.Errorf("%s, %s: got %d %.300q, %v; want %.300q", tt.name, path, got.status, got.body, got.err, want)
			}
		}
		for _, up := range w.upstream.take() {
			if up.header.Get("Accept-Encoding") != "" {
				t.Errorf("%s: upstream may compress what is looked into", tt.name)
			}
		}
		w.upstream.on("/Other", serveJSON(publicInfo))
		if got := w.do("GET", "/Other", w.asAnn()); got.body != publicInfo {
			t.Errorf("another answer was changed: %s", got.body)
		}
	}
}

// While upstream is away, whatever way it is, who is known sees the last good answer, of its own, for five minutes.
func TestLastGoodAnswer(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]http.HandlerFunc{
		"503": func(out http.ResponseWriter, _ *http.Request) {
			http.Error(out, "starting", http.StatusServiceUnavailable)
		},
		"cut":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"hanging": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"half": func(out http.ResponseWriter, _ *http.Request) {
			out.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(out, `{"LocalAddress":`)
			_ = http.NewResponseController(out).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *options) {
				o.gateway.PublishedURL, o.gateway.Glance = "https://tv.example", 500*time.Millisecond
			})
			ours := strings.Replace(publicInfo, "http://10.1.1.1:8097", "https://tv.example", 1)
			w.upstream.on("/System/Info", serveJSON(publicInfo))
			w.upstream.on("/System/Info/Public", serveJSON(publicInfo))
			w.upstream.on("/Users/Me", func(out http.ResponseWriter, r *http.Request) {
				who := "ben"
				if strings.Contains(r.Header.Get("Authorization"), w.token.Reveal()) {
					who = "ann"
				}
				serveJSON(`{"Name":"`+who+`"}`)(out, r)
			})
			ben, tablet := w.asAnn(), w.asAnn()
			ben["Authorization"] = "MediaBrowser Token=" + w.bens.Reveal()
			tablet["Authorization"] = "MediaBrowser Token=" + w.tablet.Reveal()
			check := func(what, path string, h header, status int, body string) {
				t.Helper()
				got := w.do("GET", path, h)
				if got.status != status || body != "" && got.body != body {
					t.Errorf("%s, %s: got %d %q, want %d %q", what, path, got.status, got.body, status, body)
				}
			}
			for _, h := range []header{w.asAnn(), ben} {
				for _, path := range []string{"/System/Info", "/System/Info/Public", "/Users/Me"} {
					check("there", path, h, 200, "")
				}
			}
			for _, path := range []string{"/System/Info", "/System/Info/Public", "/Users/Me", "/Items"} {
				w.upstream.on(path, away)
			}
			check("away", "/System/Info", w.asAnn(), 200, ours)
			check("away", "/system/info/PUBLIC/", nil, 200, ours)
			check("away", "/Users/Me", w.asAnn(), 200, `{"Name":"ann"}`)
			check("away", "/emby/Users/Me", ben, 200, `{"Name":"ben"}`)
			refused := w.do("GET", "/Users/Me", tablet)
			if refused.status != 502 && refused.status != 503 {
				t.Errorf("ann's other device, which never asked: got %d %q", refused.status, refused.body)
			}
			refused = w.do("GET", "/Users/Me", header{"X-Emby-Token": "nobody's"})
			if refused.status != 502 && refused.status != 503 {
				t.Errorf("a stranger: got %d %q", refused.status, refused.body)
			}
			w.clock.forward(4 * time.Minute)
			check("four minutes later", "/Users/Me", w.asAnn(), 200, `{"Name":"ann"}`)
			w.revoke("phone")
			if got := w.do("GET", "/Users/Me", ben); got.status != 502 && got.status != 503 {
				t.Errorf("revoked: got %d %q", got.status, got.body)
			}
			w.clock.forward(2 * time.Minute)
			if got := w.do("GET", "/System/Info/Public", nil); got.status != 502 && got.status != 503 {
				t.Errorf("six minutes later: got %d", got.status)
			}
		})
	}
}

// What Jellyfin says of itself while it starts would send apps to the first run.
func TestStartingUpstream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.on("/System/Info/Public", serveJSON(`{"localAddress":null,"serverName":"attic","startupWizardCompleted":false}`))
	if got := w.do("GET", "/System/Info/Public", nil); got.status != 503 || got.header.Get("Retry-After") != "5" {
		t.Errorf("got %d %q", got.status, got.body)
	}
}
