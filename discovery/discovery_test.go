package discovery_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch/discovery"
)

var server = discovery.Server{Address: "http://192.0.2.1:8096", ID: "0123456789abcdef0123456789abcdef", Name: "Küche <1> 😀"}

// start serves on a port of its own until the test ends.
func start(t *testing.T, r *discovery.Responder) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(ctx, conn) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve returned %v", err)
		}
	})
	client, err := net.DialUDP("udp4", nil, conn.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// ask gives the answer to a question, "" for silence.
func ask(t *testing.T, client *net.UDPConn, question string, patience time.Duration) string {
	t.Helper()
	if _, err := client.Write([]byte(question)); err != nil {
		t.Fatal(err)
	}
	if err := client.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4096)
	n, err := client.Read(answer)
	var timeout net.Error
	if err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) {
		t.Fatal(err)
	}
	return string(answer[:max(n, 0)])
}

const (
	soon  = 5 * time.Second        // for what comes
	quiet = 200 * time.Millisecond // for what does not
)

func describe(context.Context, netip.Addr) (discovery.Server, bool) { return server, true }

func TestQuestions(t *testing.T) {
	t.Parallel()
	clock := time.Unix(0, 0)
	client := start(t, &discovery.Responder{Describe: describe, Clock: func() time.Time { clock = clock.Add(time.Second); return clock }})
	const want = `{"Address":"http://192.0.2.1:8096","Id":"0123456789abcdef0123456789abcdef","Name":"K\u00FCche \u003c1\u003e \uD83D\uDE00","EndpointAddress":null}`
	for _, question := range []string{"who is JellyfinServer?", "Who is JellyfinServer?", "WHO IS JELLYFINSERVER?", "\n..who is jellyfinserver?..", strings.Repeat("x", 400) + discovery.Question} {
		if got := ask(t, client, question, soon); got != want {
			t.Errorf("%q is answered %s, want %s", question, got, want)
		}
	}
	for _, question := range []string{"", "who is JellyfinServer", "who is EmbyServer?", "hello", strings.Repeat("x", 600) + discovery.Question} {
		if got := ask(t, client, question, quiet); got != "" {
			t.Errorf("%q is answered %s", question, got)
		}
	}
	if got := ask(t, client, discovery.Question, soon); got != want {
		t.Errorf("after all that the answer is %q", got)
	}
}

// The Kotlin SDK reads 1,024 bytes, whatever a server is called.
func TestAnswersAreShort(t *testing.T) {
	t.Parallel()
	long := server
	long.Name = strings.Repeat("ü<", 200)
	client := start(t, &discovery.Responder{Describe: func(context.Context, netip.Addr) (discovery.Server, bool) { return long, true }})
	answer := ask(t, client, discovery.Question, soon)
	var got discovery.Server
	if err := json.Unmarshal([]byte(answer), &got); err != nil || len(answer) >= discovery.MaxAnswer {
		t.Fatalf("the answer has %d bytes (%v): %s", len(answer), err, answer)
	}
	if got.Name == "" || !strings.HasPrefix(long.Name, got.Name) || got.ID != server.ID || got.Address != server.Address {
		t.Errorf("the answer is %+v", got)
	}
}

func TestWhoIsAnswered(t *testing.T) {
	t.Parallel()
	refusing := start(t, &discovery.Responder{Describe: describe, Allow: func(asker netip.Addr) bool { return !asker.IsLoopback() }})
	if got := ask(t, refusing, discovery.Question, quiet); got != "" {
		t.Errorf("who is not let in is answered %s", got)
	}
	unknowing := start(t, &discovery.Responder{Describe: func(context.Context, netip.Addr) (discovery.Server, bool) { return discovery.Server{}, false }})
	if got := ask(t, unknowing, discovery.Question, quiet); got != "" {
		t.Errorf("a server that does not know its address answers %s", got)
	}
}

// Whoever sends questions in somebody else's name gets few answers sent there.
func TestAnswersAreFew(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	client := start(t, &discovery.Responder{Describe: describe, Clock: func() time.Time { return now }})
	for i := range 5 {
		if ask(t, client, discovery.Question, soon) == "" {
			t.Fatalf("question %d is not answered", i)
		}
	}
	if got := ask(t, client, discovery.Question, quiet); got != "" {
		t.Error("there is no limit")
	}
}
