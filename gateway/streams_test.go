package gateway_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
)

// film is a stream without end.
func film(out http.ResponseWriter, r *http.Request) { count(nil)(out, r) }

// count is film, with what has gone out.
func count(sent *atomic.Int64) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		block := make([]byte, 32<<10)
		for r.Context().Err() == nil {
			n, err := out.Write(block)
			if err != nil {
				return
			}
			if sent != nil {
				sent.Add(int64(n))
			}
		}
	}
}

// stalled waits until nothing moves any more.
func stalled(sent *atomic.Int64) {
	for last := int64(-1); sent.Load() != last || last == 0; time.Sleep(200 * time.Millisecond) {
		last = sent.Load()
	}
}

// ended counts the requests that are over and whose log line has a text.
func (w *world) ended(text string) int {
	n := 0
	for line := range strings.Lines(w.log.String()) {
		if strings.Contains(line, `"msg":"request"`) && strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// A client that reads nothing holds nothing of us once its token has ended.
func TestRevokedWithoutReading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var sent atomic.Int64
	w.upstream.on("/Videos/1/stream", count(&sent))
	res, err := client.Do(w.request("GET", "/Videos/1/stream", nil, w.asAnn()))
	w.must(err)
	defer res.Body.Close()
	stalled(&sent)
	w.revoke("phone")
	eventually(t, "the download's end", func() bool { return w.ended("/Videos/1/stream") == 1 })

	var flooded atomic.Int64
	w.upstream.on("/socket", func(out http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(out, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		for conn.Write(r.Context(), websocket.MessageBinary, make([]byte, 16<<10)) == nil {
			flooded.Add(16 << 10)
		}
	})
	conn, _, err := w.dial(header{"X-Emby-Token": w.tablet.Reveal()})
	w.must(err)
	defer conn.CloseNow()
	stalled(&flooded)
	w.revoke("tablet")
	eventually(t, "the socket's end", func() bool { return w.ended("/socket") == 1 })
}

// What changes while the rules are asked is not missed, though the stream's user is not yet known.
func TestChangedWhileAsked(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		// As upstream tells of it: the device stays.
		"user": func(w *world) {
			w.must(w.store.Update(w.ctx, func(tx finlatch.Tx) error {
				ben, err := tx.User(w.ctx, w.ben)
				if err != nil {
					return err
				}
				ben.Policy.IsDisabled = true
				return tx.PutUser(w.ctx, ben)
			}))
		},
		"device": func(w *world) { w.revoke("phone") },
	} {
		w := newWorld(t)
		w.upstream.on("/Videos/1/stream", film)
		w.rules.known = func() { change(w) }
		res, err := client.Do(w.request("GET", "/Videos/1/stream", nil, header{"X-Emby-Token": w.bens.Reveal()}))
		if errors.Is(err, io.EOF) {
			continue // cut between an answer's first line and its sending
		}
		w.must(err)
		if _, err := io.Copy(io.Discard, res.Body); err == nil && res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: got %d, and it ended well", name, res.StatusCode)
		}
		res.Body.Close()
	}
}

// A token that was never good has nothing that a change could cut: the request goes on as a stranger's.
func TestChangeWhileUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rules.unknown = func(ctx context.Context) {
		asked := make(chan struct{})
		w.rules.mu.Lock()
		w.rules.unknown = func(context.Context) { close(asked) }
		w.rules.mu.Unlock()
		w.must(w.rules.SetDisabled(w.ctx, finlatch.Operator(), w.ben, true))
		<-asked // the change's own check says that it is unknown
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	if got := w.do("GET", "/Items", header{"X-Emby-Token": strings.Repeat("0", 32)}); got.status != http.StatusOK {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// A revoked device's download ends, whether the client reads or not, and nobody else's does.
func TestRevokedDownload(t *testing.T) {
	t.Parallel()
	end := map[string]func(*world){
		"revoked":      func(w *world) { w.revoke("phone") },
		"user deleted": func(w *world) { w.must(w.rules.DeleteUser(w.ctx, finlatch.Operator(), w.ben)) },
		"user disabled": func(w *world) {
			w.must(w.rules.SetDisabled(w.ctx, finlatch.Operator(), w.ben, true))
		},
		"signed out": func(w *world) {
			caller, err := w.rules.Authenticate(w.ctx, callerAt("phone", home), w.bens)
			w.must(err)
			w.must(w.rules.SignOut(w.ctx, caller))
		},
	}
	for name, end := range end {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ended := make(chan struct{}, 2)
			w.upstream.on("/Videos/1/stream", func(out http.ResponseWriter, r *http.Request) {
				film(out, r)
				ended <- struct{}{}
			})
			bens := w.asAnn()
			bens["Authorization"] = `MediaBrowser Token="` + w.bens.Reveal() + `"`
			get := func(h header) *http.Response {
				res, err := client.Do(w.request("GET", "/Videos/1/stream", nil, h))
				w.must(err)
				t.Cleanup(func() { res.Body.Close() })
				_, err = io.CopyN(io.Discard, res.Body, 1<<20)
				w.must(err)
				return res
			}
			reading, paused := get(bens), get(bens)
			anns := w.asAnn()
			anns["Authorization"] = `MediaBrowser Token="` + w.tablet.Reveal() + `"`
			others := get(anns)
			end(w)
			<-ended // the paused one's, too: nothing is read of it
			<-ended
			for what, res := range map[string]*http.Response{"reading": reading, "paused": paused} {
				if _, err := io.Copy(io.Discard, res.Body); err == nil {
					t.Errorf("%s: the download ended as if it were whole", what)
				}
			}
			if _, err := io.CopyN(io.Discard, others.Body, 8<<20); err != nil {
				t.Errorf("somebody else's download: %v", err)
			}
			if got := w.do("GET", "/Items", bens); len(w.upstream.take()) != 4 || got.status != 200 {
				t.Errorf("the next request: got %d", got.status) // as a stranger's
			}
		})
	}
}

// A request that upstream has not answered is told why it ends; an upload that stalls ends, too.
func TestRevokedWhileWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	waiting := make(chan struct{}, 1)
	w.upstream.on("/Slow", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = r.Body.Read(make([]byte, 1))
		waiting <- struct{}{}
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			<-r.Context().Done()
		}
	})
	for _, device := range []string{"one", "two"} {
		h := header{"X-Emby-Token": w.signIn("ann", device).Reveal()}
		in, out := io.Pipe()
		r := w.request("GET", "/Slow", nil, h)
		if device == "two" {
			r = w.request("POST", "/Slow", in, h)
			go out.Write([]byte("x")) // and then nothing
		}
		got := make(chan int, 1)
		go func() {
			res, err := client.Do(r)
			if err != nil {
				got <- 0
				return
			}
			res.Body.Close()
			got <- res.StatusCode
		}()
		<-waiting
		w.revoke(device)
		if status := <-got; status != 401 && !(status == 0 && device == "two") {
			t.Errorf("%s: got %d, want 401", device, status)
		}
		out.Close()
	}
}

// No revocation falls between the question whose token it is and the answer.
func TestRevokedWhileAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.gateway.Anonymous = gateway.AnonymousStrict })
	w.upstream.on("/Videos/1/stream", film)
	for range 20 {
		token := w.signIn("ann", "quick")
		done := make(chan error, 1)
		go func() {
			res, err := client.Do(w.request("GET", "/Videos/1/stream", nil, header{"X-Emby-Token": token.Reveal(), "X-Forwarded-For": stranger}))
			if err == nil {
				_, err = io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
			done <- err
		}()
		w.revoke("quick")
		<-done // or this test hangs
	}
}

func (w *world) dial(h header) (*websocket.Conn, *http.Response, error) {
	headers := http.Header{"X-Forwarded-For": {home}}
	target := "/socket?deviceId=phone"
	for name, value := range h {
		if name == "query" {
			target += value
			continue
		}
		headers.Set(name, value)
	}
	return websocket.Dial(w.ctx, strings.Replace(w.url, "http", "ws", 1)+target, &websocket.DialOptions{HTTPHeader: headers})
}

func TestSockets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := make(chan struct{}, 10)
	w.upstream.on("/socket", func(out http.ResponseWriter, r *http.Request) {
		defer func() { gone <- struct{}{} }()
		if !strings.Contains(r.RequestURI+r.Header.Get("Authorization"), w.token.Reveal()) {
			http.Error(out, "no", http.StatusForbidden)
			return
		}
		conn, err := websocket.Accept(out, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		if conn.Write(r.Context(), websocket.MessageText, []byte("hello")) != nil {
			return
		}
		for {
			kind, text, err := conn.Read(r.Context())
			if err != nil || conn.Write(r.Context(), kind, append([]byte("echo "), text...)) != nil {
				return
			}
		}
	})
	ctx := w.ctx
	for _, h := range []header{{"query": "&api_key=" + w.token.Reveal()}, {"query": "&ApiKey=" + w.token.Reveal()}, {"X-Emby-Token": w.token.Reveal()}, w.asAnn()} {
		conn, _, err := w.dial(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, text, err := conn.Read(ctx); string(text) != "hello" || err != nil {
			t.Fatalf("got %q, %v", text, err)
		}
		for _, size := range []int{1, 1000, 20_000} {
			text := strings.Repeat("x", size)
			if err := conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
				t.Fatal(err)
			}
			if _, got, err := conn.Read(ctx); string(got) != "echo "+text || err != nil {
				t.Fatalf("got %d bytes, %v", len(got), err)
			}
		}
		conn.Close(websocket.StatusNormalClosure, "")
		<-gone // upstream's ends with the client's
	}
	conn, _, err := w.dial(w.asAnn())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.Read(ctx)
	w.revoke("phone")
	if _, _, err := conn.Read(ctx); err == nil {
		t.Error("the socket of a revoked device is open")
	}
	<-gone
	if _, res, err := w.dial(w.asAnn()); err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("a revoked token opens a socket: %v", res)
	}
}

// A tunnel is for web sockets: in another one anything could be asked, past all rules.
func TestNoOtherUpgrade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.asAnn()
	h["Connection"], h["Upgrade"] = "Upgrade, HTTP2-Settings", "h2c"
	got := w.raw("GET", "/Items", h)
	if up := w.upstream.one(t); got.status != 200 || up.header.Get("Upgrade") != "" || up.header.Get("Connection") != "" {
		t.Errorf("got %d; upstream got %v", got.status, up.header)
	}
	for _, path := range []string{"/QuickConnect/Initiate", "/Startup/User"} {
		h["Upgrade"], h["Connection"] = "websocket", "Upgrade"
		if got := w.raw("GET", path, h); got.status/100 != 4 || len(w.upstream.take()) != 0 {
			t.Errorf("%s as a socket: got %d", path, got.status)
		}
	}
}

// A store that cannot say whose a token is ends no stream.
func TestUnsureStreamsAreAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.on("/Videos/1/stream", film)
	res, err := client.Do(w.request("GET", "/Videos/1/stream", nil, w.asAnn()))
	w.must(err)
	defer res.Body.Close()
	w.rules.fail(errors.New("the disk is full"))
	w.must(w.rules.Rename(w.ctx, finlatch.Operator(), w.ann, "anna")) // the stream is asked about
	if _, err := io.CopyN(io.Discard, res.Body, 8<<20); err != nil {
		t.Errorf("the download ended: %v", err)
	}
	w.revoke("phone")
	w.rules.fail(nil)
	if _, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Error("the download did not end")
	}
}
