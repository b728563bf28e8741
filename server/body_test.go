package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	right := `{"Username":"ann","Pw":"ann-pw"}`
	padded := func(size int) string { return right + strings.Repeat(" ", size-len(right)) }
	none := problem(400, `{"":["A non-empty request body is required."],"request":["The request field is required."]}`)
	post := func(name, kind, send string, want answer, log ...string) scenario {
		return scenario{name: name, do: "POST /Users/AuthenticateByName", header: map[string]string{"Content-Type": kind}, send: send, want: want, log: log}
	}
	const plain = "application/json"
	ok := golden(t, "authentication_result")
	deep := strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000)
	w.play(t,
		post("charset", plain+"; charset=UTF-8", right, ok, succeeded),
		post("text/json", "text/json", right, ok, succeeded),
		post("a suffix", "application/vnd.x+json", right, ok, succeeded),
		post("a broken parameter", plain+"; charset", right, ok, succeeded),
		post("a byte order mark", plain, "\ufeff"+right, ok, succeeded),
		post("no type", "-", right, problem(415, "")),
		post("text", "text/plain", right, problem(415, "")),
		post("a form", "application/x-www-form-urlencoded", "Username=ann&Pw=ann-pw", problem(415, "")),
		post("another charset", plain+"; charset=latin1", right, problem(415, "")),
		post("an empty type", "", right, problem(415, "")),
		post("two types", plain+", text/plain", right, problem(415, "")),
		post("no body, no type", "-", "", problem(415, "")),
		post("no body", plain, "", none),
		post("null", plain, "null", none),
		post("deep in an unknown member", plain, `{"Username":"ann","X":`+deep+`,"Pw":"ann-pw"}`, anything(400)),
		post("deep", plain, deep, anything(400)),
		post("NUL", plain, "\x00", anything(400)),
		post("NUL in a string", plain, "{\"Username\":\"ann\x00\",\"Pw\":\"ann-pw\"}", anything(400)),
		post("broken UTF-8", plain, "{\"Username\":\"ann\xff\",\"Pw\":\"ann-pw\"}", anything(400)),
		post("two values", plain, right+right, anything(400)),
		post("a number beyond all", plain, `{"Username":1e99999,"Pw":"x"}`, failed(401), refused),

		post("as large as may be", plain, padded(64<<10), ok, succeeded),
		post("a byte more", plain, padded(64<<10+1), text(413, "The request is too large.")),
		post("far too large", plain, padded(8<<20), text(413, "The request is too large.")),
		post("far too large and of no type", "-", padded(8<<20), problem(415, "")),
		scenario{name: "as large as may be of who is signed in", do: "POST /Users/Configuration", as: "ann", send: padded(1 << 20), want: empty(204)},
		scenario{name: "a byte more of who is signed in", do: "POST /Users/Configuration", as: "ann", send: padded(1<<20 + 1), want: text(413, "The request is too large.")},
		scenario{name: "too large where none is wanted", do: "POST /System/Ping", send: padded(2 << 20), want: jsonOf(200, `"Jellyfin Server"`)},
		scenario{name: "too large where a token is", do: "POST /Users/New", send: padded(2 << 20), want: empty(401)},
	)
	t.Run("too large in chunks", func(t *testing.T) {
		request := w.request(post("", plain, "x", answer{}))
		request.Body, request.ContentLength = io.NopCloser(strings.NewReader(padded(2<<20))), -1
		response, err := w.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != 413 {
			t.Errorf("got %d, want 413", response.StatusCode)
		}
	})
}

// converse speaks to a server by hand, over a connection without a network, and gives what it answers.
func (w *world) converse(t *testing.T, say func(net.Conn)) (answer string, took time.Duration) {
	t.Helper()
	client, far := net.Pipe()
	listener := &oneConn{conn: far, closed: make(chan struct{})}
	web := &http.Server{Handler: w.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		web.Serve(listener)
	}()
	start := time.Now()
	said := make(chan struct{})
	go func() {
		defer close(said)
		say(client)
	}()
	data, _ := io.ReadAll(client) // until the server hangs up
	took = time.Since(start)
	client.Close()
	web.Close()
	<-ended
	<-said
	return string(data), took
}

// oneConn is a listener to whom one client comes.
type oneConn struct {
	conn   net.Conn
	closed chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if conn := l.conn; conn != nil {
		l.conn = nil
		return conn, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{Name: "@", Net: "unix"} }

func signInRequest(length int, more string) string {
	return fmt.Sprintf("POST /Users/AuthenticateByName HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"+
		"Authorization: MediaBrowser Client=\"App\", Device=\"Telly\", DeviceId=\"tv\", Version=\"1.0\"\r\n%s\r\n", length, more)
}

// A client that stops in the middle of its body holds nothing for long; one that is slow but honest gets its answer.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	body := `{"Username":"ann","Pw":"ann-pw"}`
	long := body + strings.Repeat(" ", 60_000)
	for _, test := range []struct {
		name   string
		say    func(net.Conn)
		want   string // how the answer begins; "": a refusal, or none
		atMost time.Duration
	}{
		{name: "stops in the body", say: func(c net.Conn) { io.WriteString(c, signInRequest(len(body), "")+body[:10]) },
			want: "HTTP/1.1 408 ", atMost: 25 * time.Second},
		{name: "a byte now and then", say: func(c net.Conn) {
			io.WriteString(c, signInRequest(len(body), ""))
			for i := range len(body) {
				time.Sleep(9 * time.Second)
				if _, err := io.WriteString(c, body[i:i+1]); err != nil {
					return
				}
			}
		}, want: "HTTP/1.1 408 ", atMost: time.Minute},
		{name: "stops in the header", say: func(c net.Conn) { io.WriteString(c, "GET /System/Ping HTTP/1.1\r\nHost: l") },
			atMost: 15 * time.Second},
		{name: "60 kB at 1 kB a second", say: func(c net.Conn) {
			io.WriteString(c, signInRequest(len(long), "Connection: close\r\n"))
			for rest := long; rest != ""; rest = rest[min(1000, len(rest)):] {
				time.Sleep(time.Second)
				io.WriteString(c, rest[:min(1000, len(rest))])
			}
		}, want: "HTTP/1.1 200 ", atMost: 5 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := quietWorld(t)
				w.populate()
				got, took := w.converse(t, test.say)
				if status, _, _ := strings.Cut(got, "\r\n"); !strings.HasPrefix(status, test.want) || test.want == "" && got != "" && !strings.HasPrefix(got, "HTTP/1.1 4") {
					t.Errorf("got %q, want %q", status, test.want)
				}
				if took > test.atMost {
					t.Errorf("it took %v, want %v at most", took, test.atMost)
				}
			})
		})
	}
}

// Whoever asks before sending a body sends none that would be refused.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"Username":"ann","Pw":"ann-pw"}`
	for _, test := range []struct{ name, request, want string }{
		{"taken", signInRequest(len(body), "Expect: 100-continue\r\n"), "HTTP/1.1 100 Continue"},
		{"too large", signInRequest(8<<20, "Expect: 100-continue\r\n"), "HTTP/1.1 413 Request Entity Too Large"},
		{"no token", strings.Replace(signInRequest(len(body), "Expect: 100-continue\r\n"), "AuthenticateByName", "New", 1), "HTTP/1.1 401 Unauthorized"},
		{"no such thing", signInRequest(len(body), "Expect: the-unexpected\r\n"), "HTTP/1.1 417 Expectation Failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(time.Minute))
			io.WriteString(conn, test.request)
			in := bufio.NewReader(conn)
			got, err := in.ReadString('\n')
			if err != nil || strings.TrimSpace(got) != test.want {
				t.Fatalf("got %q, %v, want %q", got, err, test.want)
			}
			if !strings.Contains(got, "100 ") {
				return
			}
			io.WriteString(conn, body)
			in.ReadString('\n')
			response, err := http.ReadResponse(in, nil)
			if err != nil || response.StatusCode != 200 {
				t.Errorf("got %+v, %v, want 200", response, err)
			}
		})
	}
}
