package conformance_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// upstream is a Jellyfin that a gateway is put in front of.
type upstream struct {
	base, key, user, password string
	hasMedia                  bool // those of newMediaServer
}

// upstreams are what there is to stand in front of: always a finlatch with media, and a real Jellyfin where one is named.
func upstreams() map[string]func(t *testing.T) upstream {
	all := map[string]func(t *testing.T) upstream{"finlatch": newUpstream}
	if base := os.Getenv("JELLYFIN_URL"); base != "" {
		all["JELLYFIN_URL"] = func(t *testing.T) upstream {
			u := upstream{base: strings.TrimSuffix(base, "/"), key: os.Getenv("JELLYFIN_KEY"), user: os.Getenv("JELLYFIN_USER"), password: os.Getenv("JELLYFIN_PASSWORD")}
			if u.key == "" || u.user == "" {
				t.Fatal("JELLYFIN_KEY, JELLYFIN_USER and JELLYFIN_PASSWORD are needed with JELLYFIN_URL")
			}
			return u
		}
	}
	return all
}

// newUpstream is a finlatch that plays a Jellyfin with media and people.
func newUpstream(t *testing.T) upstream {
	t.Helper()
	s := newServer(t, "--trusted-proxies", "127.0.0.1", "--published-url", "http://192.0.2.1:8096")
	for _, person := range people {
		add(t, s, person.name, person.password, person.flags...)
	}
	u := upstream{base: newMediaServer(t, s), user: "ben", password: people[1].password, hasMedia: true}
	u.key = newKey(t, s.base(), "anna", people[0].password)
	return u
}

// film is what is played: every eight bytes say where they are.
var film = func() []byte {
	var b bytes.Buffer
	for at := range 1 << 17 {
		fmt.Fprintf(&b, "%07x ", at*8)
	}
	return b.Bytes()
}()

// newMediaServer adds media to a server as Jellyfin 12 has them: it knows tokens in modern places only.
func newMediaServer(t *testing.T, s *server) (base string) {
	t.Helper()
	to, err := url.Parse(s.base())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /videos/{item}/stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "video/x-matroska")
		http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(film))
	})
	mux.HandleFunc("GET /videos/{item}/live", func(w http.ResponseWriter, r *http.Request) { // it has no end
		for at := 0; r.Context().Err() == nil; at = (at + 1<<15) % len(film) {
			_, _ = w.Write(film[at : at+1<<15])
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Millisecond)
		}
	})
	mux.HandleFunc("GET /videos/{item}/main.m3u8", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		_, _ = io.WriteString(w, "#EXTM3U\n#EXTINF:3,\nhls1/main/0.ts?"+r.URL.RawQuery+"\n#EXTINF:3,\nhls1/main/1.ts?"+r.URL.RawQuery+"\n#EXT-X-ENDLIST\n")
	})
	mux.HandleFunc("GET /videos/{item}/hls1/main/{segment}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(film[:188*10])
	})
	// What of a request could be a token, as this server sees it.
	mux.HandleFunc("GET /videos/{item}/seen", func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Authorization", "X-Emby-Authorization", "X-Emby-Token", "X-MediaBrowser-Token"} {
			fmt.Fprintf(w, "%s: %s\n", name, strings.Join(r.Header.Values(name), ", "))
		}
		fmt.Fprintf(w, "query: %s\n", r.URL.RawQuery)
	})
	mux.Handle("/", forwarder(to, nil))
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.URL.Path[:min(len("/videos/"), len(r.URL.Path))], "/videos/") {
			r.URL.Path = strings.ToLower(r.URL.Path) // it knows paths in any case
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
	})
	return web.URL
}

// forwarder hands requests to a server as they are, and its answers to look at.
func forwarder(to *url.URL, look func(*http.Response) error) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), ModifyResponse: look, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
	}}
}

// socket opens a web socket as an app does, and waits for the first message.
func (a app) socket(t *testing.T, query string, header http.Header) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), a.base+"/socket"+query, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		t.Fatalf("/socket%s: %v", query, err)
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	if kind, _, err := next(t.Context(), c, stopTimeout); err != nil || kind != "ForceKeepAlive" {
		t.Fatalf("/socket%s: the first message is %q, %v", query, kind, err)
	}
	return c
}
