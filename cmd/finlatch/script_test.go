package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"

	"github.com/finlatch/finlatch/discovery"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"finlatch": main, "code": exitCode})
}

func TestScript(t *testing.T) {
	t.Parallel()
	installations, err := filepath.Abs("../../internal/takeover/testdata")
	if err != nil {
		t.Fatal(err)
	}
	commands := terminalCommands()
	maps.Copy(commands, map[string]func(*testscript.TestScript, bool, []string){
		"waitserver": waitServer,
		"http":       request,
		"sql":        execSQL,
		"taken":      takePort,
		"takenudp":   takeUDPPort,
		"freeudp":    freeUDPPort,
		"ask":        askWhoIsThere,
		"server":     newServer(t),
		"clock":      moveClock,
	})
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir+"/home")
			env.Setenv("INSTALLATIONS", installations)
			env.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent") // no keyring
			env.Values[(*scene)(nil)] = &scene{all: map[string]*terminal{}}
			return os.MkdirAll(env.WorkDir+"/home", 0o700)
		},
		Cmds: commands,
	})
}

// waitServer DATA waits until the server on a data directory answers, and sets $URL to its address.
func waitServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: waitserver DATA")
	}
	socket := ts.MkAbs(args[0]) + "/finlatch.sock"
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			if target, err := os.Readlink(socket); err == nil {
				return d.DialContext(ctx, "unix", target)
			}
			return d.DialContext(ctx, "unix", socket)
		},
	}}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		response, err := client.Post("http://finlatch/status", "application/json", strings.NewReader("{}"))
		if err != nil {
			continue
		}
		defer response.Body.Close()
		var status struct{ URL string }
		ts.Check(json.NewDecoder(response.Body).Decode(&status))
		ts.Setenv("URL", status.URL)
		return
	}
	ts.Fatalf("no server on %s", args[0])
}

// http METHOD URL [NAME:VALUE…] [BODY] prints the status and the body of the answer.
func request(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: http METHOD URL [NAME:VALUE...] [BODY]")
	}
	var body io.Reader
	headers := args[2:]
	if n := len(headers); n > 0 && strings.HasPrefix(headers[n-1], "{") {
		body = strings.NewReader(headers[n-1])
		headers = headers[:n-1]
	}
	r, err := http.NewRequest(args[0], args[1], body)
	ts.Check(err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ":")
		r.Header.Set(name, value)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	ts.Check(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	ts.Check(err)
	io.WriteString(ts.Stdout(), response.Status+"\n"+string(text)+"\n")
}

// sql FILE STATEMENT runs a statement on an SQLite file.
func execSQL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(args[1])
	ts.Check(err)
	ts.Check(db.Close())
}

// taken listens until the script ends, and sets $TAKEN to the address.
func takePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: taken")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	ts.Setenv("TAKEN", listener.Addr().String())
}

// takeUDPPort is takenudp: it listens until the script ends, and sets $TAKEN to the address.
func takeUDPPort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: takenudp")
	}
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { conn.Close() })
	ts.Setenv("TAKEN", conn.LocalAddr().String())
}

// freeUDPPort is freeudp: it sets $UDP to a port that was free just now.
func freeUDPPort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: freeudp")
	}
	conn, err := net.ListenPacket("udp4", "0.0.0.0:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(conn.LocalAddr().String())
	ts.Check(err)
	ts.Check(conn.Close())
	ts.Setenv("UDP", port)
}

// askWhoIsThere is ask ADDR: it prints what discovery answers there. It asks again, as apps do, for the socket may not be open yet; with !, that
// there never was an answer.
func askWhoIsThere(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] ask ADDR")
	}
	tries := 100
	if neg {
		tries = 5
	}
	answer := make([]byte, 4096)
	for range tries {
		conn, err := net.Dial("udp4", args[0])
		ts.Check(err)
		_, _ = conn.Write([]byte(discovery.Question)) // nobody may listen yet
		ts.Check(conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)))
		n, err := conn.Read(answer)
		conn.Close()
		switch {
		case err == nil && neg:
			ts.Fatalf("%s answers %s", args[0], answer[:n])
		case err == nil:
			io.WriteString(ts.Stdout(), string(answer[:n])+"\n")
			return
		case !neg:
			time.Sleep(10 * time.Millisecond)
		}
	}
	if !neg {
		ts.Fatalf("%s does not answer", args[0])
	}
}
