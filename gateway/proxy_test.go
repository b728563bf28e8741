package gateway_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch/gateway"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.on("/Items", func(out http.ResponseWriter, _ *http.Request) {
		h := out.Header()
		h.Set("Connection", "X-Hop")
		h.Set("X-Hop", "1")
		h.Set("Keep-Alive", "timeout=5")
		h.Set("Alt-Svc", `h3=":8097"`)
		h.Set("X-Plugin", "kept")
		h.Set("Access-Control-Allow-Origin", "https://jellyfin.says")
		h.Add("Vary", "Accept")
		out.WriteHeader(http.StatusAccepted)
	})
	h := w.asAnn()
	for name, value := range map[string]string{
		"Connection": "X-Drop, keep-alive", "X-Drop": "1", "Keep-Alive": "5", "Proxy-Authorization": "Basic x", "Te": "gzip", "Upgrade": "h2c",
		"Forwarded": "for=10.0.0.1", "X-Real-Ip": "10.0.0.1", "Via": "1.1 me", "Cf-Connecting-Ip": "10.0.0.1", "True-Client-Ip": "10.0.0.1",
		"X-Forwarded-For": "10.0.0.9, " + stranger, "X-Forwarded-Port": "1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "tv.example",
		"X-Forwarded-Prefix": "/x", "X-Original-For": "10.0.0.1",
		"Cookie": "a=1; finlatch=secret; __Host-finlatch=secret; finlatch-browser=secret; b=2",
		"Origin": "https://app.example", "Accept-Encoding": "br", "User-Agent": "app/1", "X-Custom": "kept",
	} {
		h[name] = value
	}
	r := w.request("GET", "/Items?a=1;b&c=%zz&d=+", nil, h)
	got := w.send(r)
	if got.status != http.StatusAccepted || got.header.Get("X-Plugin") != "kept" {
		t.Errorf("answer: got %d %v", got.status, got.header)
	}
	for _, name := range []string{"X-Hop", "Keep-Alive", "Alt-Svc"} {
		if value, there := got.header[name]; there {
			t.Errorf("answer: %s: %q came through", name, value)
		}
	}
	if got := got.header.Values("Access-Control-Allow-Origin"); fmt.Sprint(got) != "[https://jellyfin.says]" {
		t.Errorf("Access-Control-Allow-Origin: got %q, want upstream's only", got)
	}
	up := w.upstream.one(t)
	if want := "/Items?a=1;b&c=%zz&d=+"; up.uri != want || up.host != "tv.example" {
		t.Errorf("upstream got %s for %s, want %s for tv.example", up.uri, up.host, want)
	}
	for name, want := range map[string]string{
		"Connection": "", "X-Drop": "", "Keep-Alive": "", "Proxy-Authorization": "", "Te": "", "Upgrade": "", "Forwarded": "", "X-Real-Ip": "",
		"Via": "", "Cf-Connecting-Ip": "", "True-Client-Ip": "", "X-Forwarded-Port": "", "X-Forwarded-Prefix": "", "X-Original-For": "",
		"X-Forwarded-For": stranger, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "tv.example", "Cookie": "a=1; b=2",
		"Origin": "https://app.example", "Accept-Encoding": "br", "User-Agent": "app/1", "X-Custom": "kept",
	} {
		if got := strings.Join(up.header[name], "|"); got != want {
			t.Errorf("upstream's %s: got %q, want %q", name, got, want)
		}
	}
}

func TestRange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	film := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	w.upstream.on("/Videos/1/stream.mkv", func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("ETag", `"film"`)
		http.ServeContent(out, r, "film.mkv", time.Unix(1e9, 0), bytes.NewReader(film))
	})
	for _, tt := range []struct {
		header header
		status int
		body   string
		length string
	}{
		{header{}, 200, string(film), "262144"},
		{header{"Range": "bytes=10-25"}, 206, string(film[10:26]), "16"},
		{header{"Range": "bytes=262140-"}, 206, "cdef", "4"},
		{header{"Range": "bytes=-3"}, 206, "def", "3"},
		{header{"Range": "bytes=262144-"}, 416, "invalid range: failed to overlap\n", "33"},
		{header{"If-None-Match": `"film"`}, 304, "", ""},
		{header{"Range": "bytes=0-0", "If-Range": `"other"`}, 200, string(film), "262144"},
	} {
		for name, value := range w.asAnn() {
			tt.header[name] = value
		}
		got := w.do("GET", "/Videos/1/stream.mkv", tt.header)
		if got.status != tt.status || got.body != tt.body || got.header.Get("Content-Length") != tt.length {
			t.Errorf("Range %q: got %d with %d bytes, length %s; want %d with %d, length %s", tt.header["Range"],
				got.status, len(got.body), got.header.Get("Content-Length"), tt.status, len(tt.body), tt.length)
		}
		if tt.status == 206 && !strings.HasPrefix(got.header.Get("Content-Range"), "bytes ") {
			t.Errorf("Range %q: Content-Range is %q", tt.header["Range"], got.header.Get("Content-Range"))
		}
	}
	if got := w.do("HEAD", "/Videos/1/stream.mkv", w.asAnn()); got.status != 200 || got.header.Get("Content-Length") != "262144" || got.body != "" {
		t.Errorf("HEAD: got %d, length %s", got.status, got.header.Get("Content-Length"))
	}
}

// The first byte arrives before the last is written, and a list of segments whose length nobody knows ends as it should.
func TestStreaming(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"", "12"} {
		w := newWorld(t)
		arrived := make(chan struct{})
		w.upstream.on("/Videos/1/live.m3u8", func(out http.ResponseWriter, r *http.Request) {
			if length != "" {
				out.Header().Set("Content-Length", length)
			}
			_, _ = io.WriteString(out, "first\n")
			_ = http.NewResponseController(out).Flush()
			<-arrived
			_, _ = io.WriteString(out, "second")
		})
		res, err := client.Do(w.request("GET", "/Videos/1/live.m3u8", nil, w.asAnn()))
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 6)
		if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "first\n" {
			t.Fatalf("length %q: got %q, %v", length, first, err)
		}
		close(arrived)
		rest, err := io.ReadAll(res.Body)
		if res.Body.Close(); string(rest) != "second" || err != nil {
			t.Errorf("length %q: then got %q, %v", length, rest, err)
		}
	}
}

// However much comes at a time, all of it arrives before more is sent, and in its order.
func TestStreamingInBursts(t *testing.T) {
	t.Parallel()
	bursts, total := []int{1, 4096, 1, 4097, 32 << 10, 36 << 10, 1 << 20, 5, 300_000}, 0
	for _, n := range bursts {
		total += n
	}
	for _, length := range []string{"", strconv.Itoa(total)} {
		w := newWorld(t)
		next := make(chan []byte)
		w.upstream.on("/Videos/1/stream", func(out http.ResponseWriter, r *http.Request) {
			if length != "" {
				out.Header().Set("Content-Length", length)
			}
			for block := range next {
				_, _ = out.Write(block)
				_ = http.NewResponseController(out).Flush()
			}
		})
		var body io.ReadCloser
		for i, n := range bursts {
			block := make([]byte, n)
			_, _ = rand.Read(block)
			if i == 0 {
				go func() { next <- block }()
				res, err := client.Do(w.request("GET", "/Videos/1/stream", nil, w.asAnn()))
				w.must(err)
				body = res.Body
			} else {
				next <- block
			}
			got := make([]byte, n)
			if _, err := io.ReadFull(body, got); err != nil || !bytes.Equal(got, block) {
				t.Fatalf("length %q: burst %d of %d bytes: %v, or other bytes", length, i, n, err)
			}
		}
		close(next)
		if rest, err := io.ReadAll(body); len(rest) > 0 || err != nil {
			t.Errorf("length %q: then %d bytes more, %v", length, len(rest), err)
		}
		body.Close()
	}
}

// An upload arrives whole, and as it is sent: upstream has its beginning before its end is sent.
func TestUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const size = 100 << 20
	begun, counted := make(chan struct{}), make(chan int64, 1)
	w.upstream.on("/Items/1/RemoteImages", func(out http.ResponseWriter, r *http.Request) {
		first := make([]byte, 1)
		_, _ = io.ReadFull(r.Body, first)
		close(begun)
		n, _ := io.Copy(io.Discard, r.Body)
		counted <- n + 1
		out.WriteHeader(http.StatusNoContent)
	})
	in, out := io.Pipe()
	go func() {
		block := make([]byte, 1<<20)
		_, _ = out.Write(block)
		<-begun
		for range size>>20 - 1 {
			if _, err := out.Write(block); err != nil {
				return
			}
		}
		out.Close()
	}()
	got := w.send(w.request("POST", "/Items/1/RemoteImages", in, w.asAnn()))
	if n := <-counted; got.status != http.StatusNoContent || n != size {
		t.Errorf("got %d after %d bytes, want 204 after %d", got.status, n, size)
	}
	// A stranger's is bounded.
	w.upstream.take()
	if got := w.send(w.request("POST", "/Users/ForgotPassword", bytes.NewReader(make([]byte, 2<<20)), nil)); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a stranger's 2 MiB: got %d, want 413", got.status)
	}
}

func TestUpstreamAway(t *testing.T) {
	t.Parallel()
	nobody, _ := net.Listen("tcp", "127.0.0.1:0")
	address := "http://" + nobody.Addr().String()
	nobody.Close()
	broken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer broken.Close()
	go func() {
		for {
			conn, err := broken.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1<<16))
			_, _ = io.WriteString(conn, "220 mail.example ESMTP\r\n")
			conn.Close()
		}
	}()
	for _, tt := range []struct {
		name, upstream string
		want           int
	}{{"nobody listens", address, 503}, {"no HTTP", "http://" + broken.Addr().String(), 502}} {
		w := newWorld(t, func(o *options) { o.gateway.Upstream, _ = url.Parse(tt.upstream) })
		got := w.do("GET", "/Items", w.asAnn())
		if got.status != tt.want || got.header.Get("Retry-After") != "5" || got.header.Get("Content-Type") != "text/plain" || got.body == "" {
			t.Errorf("%s: got %d %v %q, want %d", tt.name, got.status, got.header, got.body, tt.want)
		}
		if strings.Contains(got.body, "127.0.0.1") {
			t.Errorf("%s: the answer tells where upstream is: %q", tt.name, got.body)
		}
	}
}

func TestSlowUpstream(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.gateway.Patience = 300 * time.Millisecond })
	stop := make(chan struct{})
	defer close(stop)
	w.upstream.on("/Slow", func(http.ResponseWriter, *http.Request) { <-stop })
	if got := w.do("GET", "/Slow", w.asAnn()); got.status != 503 || got.header.Get("Retry-After") != "5" {
		t.Errorf("got %d, want 503", got.status)
	}
}

// An answer that breaks off does not look whole.
func TestHalfAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, length := range map[string]string{"/Chunked": "", "/Sized": "1000"} {
		w.upstream.on(path, func(out http.ResponseWriter, _ *http.Request) {
			if length != "" {
				out.Header().Set("Content-Length", length)
			}
			_, _ = io.WriteString(out, "half")
			_ = http.NewResponseController(out).Flush()
			panic(http.ErrAbortHandler)
		})
		if got := w.do("GET", path, w.asAnn()); got.status != 200 || got.body != "half" || got.err == nil {
			t.Errorf("%s: got %d %q, %v; want an error of reading", path, got.status, got.body, got.err)
		}
	}
}

func TestOneSlowRequestBlocksNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop, waiting := make(chan struct{}), make(chan struct{}, 100)
	w.upstream.on("/Slow", func(out http.ResponseWriter, _ *http.Request) {
		waiting <- struct{}{}
		<-stop
	})
	done := make(chan response, 100)
	for range 100 {
		go func() { done <- w.do("GET", "/Slow", w.asAnn()) }()
	}
	for range 100 {
		<-waiting
	}
	for range 20 {
		if got := w.do("GET", "/Items", w.asAnn()); got.status != 200 {
			t.Errorf("got %d while others wait", got.status)
		}
	}
	close(stop)
	for range 100 {
		if got := <-done; got.status != 200 {
			t.Errorf("a slow request: got %d", got.status)
		}
	}
}

// What is answered here never reaches upstream, however it is spelt.
func TestOwnRoutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct {
		path string
		want []int
	}{
		{"/QuickConnect/Initiate", []int{404, 405, 418}}, {"/QuickConnect/Authorize", []int{404, 405, 418}},
		{"/QuickConnect/Connect", []int{404, 405, 418}}, {"/QuickConnect/Enabled", []int{404, 405, 418}},
		{"/QuickConnect/Anything", []int{404}},
		{"/Users/AuthenticateByName", []int{404, 405, 418}}, {"/Users/AuthenticateWithQuickConnect", []int{404, 405, 418}},
		{"/Users/" + w.ann.String() + "/Authenticate", []int{404, 405, 418}},
		{"/Startup/User", []int{403}}, {"/Startup/Complete", []int{403}}, {"/startup/logger", []int{403}},
	} {
		for _, spelling := range spellings(tt.path) {
			for _, method := range []string{"POST", "GET"} {
				h := w.asAnn()
				h["Content-Length"] = "0"
				got := w.raw(method, spelling, h)
				if !contains(tt.want, got.status) {
					t.Errorf("%s %s: got %d, want one of %d", method, spelling, got.status, tt.want)
				}
			}
		}
	}
	if got := w.upstream.take(); len(got) > 0 {
		t.Errorf("upstream got %s %s and %d more", got[0].method, got[0].uri, len(got)-1)
	}
}

func contains(all []int, one int) bool {
	for _, x := range all {
		if x == one {
			return true
		}
	}
	return false
}

// Names keep their spelling; what means nothing goes.
func TestPaths(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "/media"} {
		w := newWorld(t, func(o *options) {
			o.base = "/jellyfin"
			o.gateway.Upstream.Path = base
		})
		for sent, want := range map[string]string{
			"/Items": "/Items", "/emby/Items": "/Items", "/EMBY/mediaBrowser/Items": "/Items", "/%65mby/Items": "/Items",
			"//Items///x": "/Items/x", "/a/./b/../Items": "/a/Items", "/a/%2e%2E/Items": "/Items", "/../../Items": "/Items",
			"/Artists/AC%2FDC/Images/Primary": "/Artists/AC%2FDC/Images/Primary", "/Genres/R%26B%20%c3%a9": "/Genres/R&B%20%C3%A9",
			"/web/": "/web/", "/web/index.html": "/web/index.html", "/Artists/100%25": "/Artists/100%25",
		} {
			w.raw("GET", sent, w.asAnn())
			if got := w.upstream.one(t).uri; got != base+want {
				t.Errorf("%s: upstream got %s, want %s", sent, got, base+want)
			}
		}
	}
}

// No secret is in a log line, and none of ours goes upstream.
func TestSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := "0123456789abcdef0123456789abcdef" // that nobody has
	for _, secret := range []string{w.key.Reveal(), other} {
		for _, target := range []string{"/Items?api_key=" + secret, "/Items?apiKEY=" + secret + "&x=1", "/Items?%41pi%4bey=" + secret, "/Items?ApiKey%3D" + secret} {
			w.raw("GET", target, nil)
		}
		for _, h := range []header{{"X-Emby-Token": secret}, {"X-MediaBrowser-Token": secret}, {"Authorization": "Emby Token=" + secret},
			{"Authorization": "MediaBrowser Token=" + secret}, {"X-Emby-Authorization": `MediaBrowser Token="` + secret + `"`}} {
			w.do("GET", "/Items", h)
		}
	}
	for _, up := range w.upstream.take() {
		text := up.uri + fmt.Sprint(up.header)
		if strings.Contains(text, w.key.Reveal()) || strings.Contains(text, other) {
			t.Errorf("upstream got a token that is none there: %s", text)
		}
	}
	w.do("GET", "/Items?api_key="+w.token.Reveal(), nil)
	w.do("GET", "/Auth/Keys/"+w.token.Reveal(), w.asAnn())
	for _, secret := range []string{w.key.Reveal(), other, w.token.Reveal()} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("a secret is in the log")
		}
	}
}

func TestMethodsThatAreNotForwarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.raw("TRACE", "/Items", w.asAnn()); got.status != 405 {
		t.Errorf("TRACE: got %d", got.status)
	}
	if got := w.do("POST", "/System/Restart", nil); got.status != 401 {
		t.Errorf("a stranger's restart: got %d", got.status)
	}
	if got := w.do("GET", "/"+strings.Repeat("x", 5000), w.asAnn()); got.status != 414 {
		t.Errorf("a path of 5000: got %d", got.status)
	}
	if n := len(w.upstream.take()); n > 0 {
		t.Errorf("upstream got %d requests", n)
	}
	if got := w.do("POST", "/System/Restart", w.asAnn()); got.status != 200 || len(w.upstream.take()) != 1 {
		t.Errorf("ann's restart: got %d", got.status)
	}
}

// Refusals of ours have the headers that pages of other origins need to see them.
func TestCORSOfOwnAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.gateway.Anonymous = gateway.AnonymousStrict })
	got := w.do("GET", "/Videos/1/stream", header{"Origin": "https://app.example"})
	if got.status != 401 || got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("got %d %v", got.status, got.header)
	}
}
