package server_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/finlatch/finlatch/internal/httpx"
)

// webFolder is a copy of a web client, with a secret beside it to which links lead.
func webFolder(t *testing.T) string {
	t.Helper()
	outside := t.TempDir()
	folder := filepath.Join(outside, "web")
	for name, content := range map[string]string{
		"secret.txt":                  "secret",
		"web/index.html":              "<!doctype html><title>web</title>",
		"web/main.AbC.bundle.js":      "main()",
		"web/config.json":             `{"multiserver":false}`,
		"web/manifest.webmanifest":    "{}",
		"web/libraries/decoder.wasm":  "\x00asm",
		"web/robots.txt":              "User-agent: *",
		"web/themes/dark/theme.css":   "body{}",
		"web/themes/dark/index.html":  "inner",
		"web/no-extension":            "plain",
		"web/a file with spaces +.js": "spaced",
	} {
		name = filepath.Join(outside, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"out.txt": "../secret.txt", "absolute.txt": filepath.Join(outside, "secret.txt"), "up": ".."} {
		if err := os.Symlink(to, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestWebClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.server.WebDir = webFolder(t) })
	file := func(kind, body string) answer {
		return answer{status: 200, kind: kind, body: body}.with("X-Content-Type-Options", "nosniff")
	}
	index := file("text/html", "<!doctype html><title>web</title>").with("Cache-Control", "no-cache")
	w.play(t,
		scenario{name: "the root", do: "GET /", want: empty(302).with("Location", "web/")},
		scenario{name: "without a slash", do: "GET /web", want: empty(301).with("Location", "web/")},
		scenario{name: "the page", do: "GET /web/", want: index},
		scenario{name: "the page by name", do: "GET /web/index.html", want: index},
		scenario{name: "in another case", do: "GET /WEB/index.html", want: index},
		scenario{name: "names keep their case", do: "GET /web/main.AbC.bundle.js", want: file("text/javascript", "main()").with("Cache-Control", "")},
		scenario{name: "names in another case are others", do: "GET /web/MAIN.abc.bundle.js", want: empty(404)},
		scenario{name: "with a query", do: "GET /web/config.json?v=1", want: file("application/json", `{"multiserver":false}`)},
		scenario{name: "a manifest", do: "GET /web/manifest.webmanifest", want: file("application/manifest+json", "{}")},
		scenario{name: "WebAssembly", do: "GET /web/libraries/decoder.wasm", want: file("application/wasm", "\x00asm")},
		scenario{name: "a style sheet", do: "GET /web/themes/dark/theme.css", want: file("text/css", "body{}")},
		scenario{name: "no extension", do: "GET /web/no-extension", want: file("application/octet-stream", "plain")},
		scenario{name: "spaces", do: "GET /web/a%20file%20with%20spaces%20+.js", want: file("text/javascript", "spaced")},
		scenario{name: "robots", do: "GET /robots.txt", want: empty(302).with("Location", "web/robots.txt")},
		scenario{name: "missing", do: "GET /web/nothing.js", want: empty(404)},
		scenario{name: "a folder", do: "GET /web/themes/", want: empty(404)},
		scenario{name: "a folder that has a page", do: "GET /web/themes/dark", want: empty(404)},
		scenario{name: "the operations below it", do: "GET /web/ConfigurationPages", as: "admin", want: jsonOf(200, `[]`)},
		scenario{name: "posting", do: "POST /web/index.html", want: answer{status: 405}.with("Allow", "GET, HEAD")},
	)
	for _, outside := range []string{"/web/../secret.txt", "/web/%2e%2e/secret.txt", "/web/..%2fsecret.txt", "/web/..%5csecret.txt", "/web/out.txt",
		"/web/absolute.txt", "/web/up/secret.txt", "/web//../secret.txt", "/web/themes/../../secret.txt", "/web/%00", "/web/./index.html%00.txt"} {
		response, err := w.client.Do(w.request(scenario{do: "GET " + outside}))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != 404 || len(body) > 0 {
			t.Errorf("%s: got %d %q", outside, response.StatusCode, body)
		}
	}
}

// Browsers ask again with what they have, and Desktop and Xbox ask with HEAD.
func TestWebClientIsCached(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.server.WebDir = webFolder(t) })
	first, _ := w.perform(scenario{do: "GET /web/main.AbC.bundle.js", want: anything(200)})
	w.perform(scenario{do: "GET /web/main.AbC.bundle.js", header: map[string]string{"If-None-Match": first.Header.Get("ETag")}, want: anything(304)})
	head, body := w.perform(scenario{do: "HEAD /web/", want: answer{status: 200, kind: "text/html"}})
	if body != "" || head.ContentLength != int64(len("<!doctype html><title>web</title>")) {
		t.Errorf("HEAD has a body %q and says %d bytes", body, head.ContentLength)
	}
	w.perform(scenario{do: "HEAD /", want: empty(302).with("Location", "web/")})
}

func TestWithoutWebClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play(t,
		scenario{name: "without a slash", do: "GET /web", want: empty(302).with("Location", "finlatch/")},
		scenario{name: "the page", do: "GET /web/", want: empty(302).with("Location", "../finlatch/")},
		scenario{name: "the page by name", do: "HEAD /web/index.html", want: empty(302).with("Location", "../finlatch/")},
		scenario{name: "a file", do: "GET /web/main.js", want: empty(404)},
		scenario{name: "robots", do: "GET /robots.txt", want: answer{status: 200, kind: "text/plain; charset=utf-8", body: "User-agent: *\nDisallow: /\n"}},
	)
}

// What stands around the API answers first, below the base path, and no script of another site is let in there.
func TestAround(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.server.BaseURL = "/tv"
		o.server.Around = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/door" {
					next.ServeHTTP(rw, r)
					return
				}
				io.WriteString(rw, httpx.AddressFrom(r.Context()).Addr.String())
			})
		}
	})
	origin := map[string]string{"Origin": "https://evil.example"}
	response, _ := w.perform(scenario{do: "GET /tv/door", header: origin, from: away, want: answer{status: 200, kind: "text/plain; charset=utf-8", body: away}})
	if allowed := response.Header.Get("Access-Control-Allow-Origin"); allowed != "" {
		t.Errorf("scripts of %q may read it", allowed)
	}
	w.perform(scenario{do: "GET /tv/Users/Me", as: "ann", header: origin, want: anything(200).with("Access-Control-Allow-Origin", "*")})
}

// Under a path everything moves there, and what is asked outside is led there.
func TestBaseURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.server.BaseURL, o.server.WebDir = "/media/tv", webFolder(t) })
	w.play(t,
		scenario{name: "an operation", do: "GET /media/tv/Users/Me", as: "ann", want: anything(200)},
		scenario{name: "in another case", do: "GET /Media/TV/users/me", as: "ann", want: anything(200)},
		scenario{name: "a sign-in", do: "POST /media/tv/Users/AuthenticateByName", send: `{"Username":"ann","Pw":"ann-pw"}`, want: anything(200), log: []string{"AuthenticationSucceeded"}},
		scenario{name: "with an old prefix", do: "GET /media/tv/emby/Users/Me", as: "ann", want: anything(200)},
		scenario{name: "the web client", do: "GET /media/tv/web/", want: answer{status: 200, kind: "text/html", body: "*"}},
		scenario{name: "without it", do: "GET /Users/Me", as: "ann", want: empty(302).with("Location", "../media/tv/web/")},
		scenario{name: "the root", do: "GET /", want: empty(302).with("Location", "media/tv/web/")},
		scenario{name: "the base", do: "GET /media/tv", want: empty(302).with("Location", "tv/web/")},
		scenario{name: "the base's root", do: "GET /media/tv/", want: empty(302).with("Location", "web/")},
		scenario{name: "health", do: "GET /health", want: empty(302).with("Location", "/media/tv/health")},
		scenario{name: "a longer word", do: "GET /media/tvs", want: empty(404)},
	)
}
