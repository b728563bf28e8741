package cli_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"
)

const signIn = `{"Username":"anna","Pw":"correct horse"}`

// begin sends a sign-in up to the middle of its body, and returns when the server waits for the rest.
func begin(t *testing.T, s *served) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST /Users/AuthenticateByName HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"+
		"Expect: 100-continue\r\nAuthorization: MediaBrowser Client=\"c\", Device=\"d\", DeviceId=\"i\", Version=\"1\"\r\n\r\n", len(signIn))
	r := bufio.NewReader(conn)
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
		if line, err := r.ReadString('\n'); err != nil || line != want {
			t.Fatalf("got %q (%v), want %q", line, err, want)
		}
	}
	io.WriteString(conn, signIn[:10])
	return conn, r
}

// refused waits until the server takes no more connections.
func refused(t *testing.T, s *served) {
	t.Helper()
	for {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			return
		}
		conn.Close()
	}
}

// TestStop answers the request that is in progress when the signal comes, and only then ends.
func TestStop(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			done(t, "correct horse", "user", "add", "anna", "--admin", "--data", data)
			s := serve(t, data)
			idle, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://")) // as browsers do in advance
			if err != nil {
				t.Fatal(err)
			}
			defer idle.Close()
			conn, r := begin(t, s)
			s.signals <- signal
			refused(t, s)
			io.WriteString(conn, signIn[10:])
			response, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), "AccessToken") {
				t.Errorf("got %s %s (%v)", response.Status, body, err)
			}
			if code := <-s.exit; code != 0 {
				t.Errorf("exit code %d: %s", code, s.logged())
			}
			if strings.Contains(s.logged(), "cut off") {
				t.Errorf("the log says %s", s.logged())
			}
			if out := done(t, "", "user", "list", "--data", data); !strings.Contains(out, "anna") || strings.Contains(out, "never") {
				t.Errorf("afterwards the users are %s", out)
			}
		})
	}
}

// TestStopCutsOff ends although a client never finishes its request.
func TestStopCutsOff(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	begin(t, s)
	s.signals <- syscall.SIGTERM
	if code := <-s.exit; code != 0 || !strings.Contains(s.logged(), "cut off") {
		t.Errorf("exit code %d: %s", code, s.logged())
	}
}

// TestStopTwice does not wait for a client after a second signal.
func TestStopTwice(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	conn, _ := begin(t, s)
	s.signals <- syscall.SIGTERM
	refused(t, s)
	s.signals <- syscall.SIGTERM
	<-s.exit
	io.Copy(io.Discard, conn) // ends, because the server let go of it
}

// TestStopEndsWebSockets tells the clients, and does not wait for one that is silent.
func TestStopEndsWebSockets(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	done(t, "correct horse", "user", "add", "anna", "--admin", "--data", data)
	s := serve(t, data)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/Users/AuthenticateByName", strings.NewReader(signIn))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", `MediaBrowser Client="c", Device="d", DeviceId="i", Version="1"`)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var in struct{ AccessToken string }
	if err := json.NewDecoder(response.Body).Decode(&in); err != nil {
		t.Fatal(err)
	}
	var sockets []*websocket.Conn
	for range 2 {
		conn, _, err := websocket.Dial(t.Context(), s.url+"/socket?ApiKey="+in.AccessToken, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.CloseNow()
		sockets = append(sockets, conn)
	}
	s.signals <- syscall.SIGTERM
	told := false
	for {
		_, text, err := sockets[0].Read(t.Context())
		if err != nil {
			if websocket.CloseStatus(err) != websocket.StatusGoingAway || !told {
				t.Errorf("told: %v; %v", told, err)
			}
			break
		}
		told = told || strings.Contains(string(text), "ServerShuttingDown")
	}
	if code := <-s.exit; code != 0 || strings.Contains(s.logged(), "cut off") || strings.Contains(s.logged(), "put away") {
		t.Errorf("exit code %d: %s", code, s.logged())
	}
	if strings.Contains(s.logged(), in.AccessToken) {
		t.Error("the log has the token")
	}
}
