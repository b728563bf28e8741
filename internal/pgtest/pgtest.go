// Package pgtest gives tests a PostgreSQL: a server of their own where this machine has the programs for one, or the one that
// FINLATCH_TEST_POSTGRES names.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Variable names a server by its URL. Its user may create databases, and the tests drop those that they make.
const Variable = "FINLATCH_TEST_POSTGRES"

// startTime is how long a server may take to start, on a machine with other things to do.
const startTime = time.Minute

// Server is a PostgreSQL for the tests of one binary.
type Server struct {
	url  string // of the database postgres
	dir  string // empty: it is not ours
	bin  string
	stop io.WriteCloser // the wrapper's standard input; nil while it is stopped
	done chan error
}

// Run makes a server for all tests, puts it where server points, runs them and removes it again. Where there is none
// server stays nil. It is for TestMain, and returns the exit code.
func Run(m *testing.M, server **Server) int {
	if named := os.Getenv(Variable); named != "" {
		*server = &Server{url: named}
		return m.Run()
	}
	bin := programs()
	if bin == "" {
		return m.Run()
	}
	s, err := create(bin)
	if err == nil {
		defer os.RemoveAll(s.dir)
		err = s.start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return 1
	}
	defer s.Stop()
	*server = s
	return m.Run()
}

// programs is the folder with the programs of a PostgreSQL that is here; empty where there is none.
func programs() string {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(initdb)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // where Debian keeps them
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(found))
}

// create makes the files of a server in a folder for its sockets too, whose path is short enough for them.
func create(bin string) (*Server, error) {
	dir, err := os.MkdirTemp("", "finlatch-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin, url: "postgres://finlatch@/postgres?host=" + url.QueryEscape(dir)}
	if err := giveAway(dir); err != nil {
		return s, err
	}
	// Nobody but the tests gets to the socket. What a power cut would lose is of no use to anybody.
	output, err := s.command("initdb", "--pgdata", s.data(), "--username", "finlatch", "--auth", "trust", "--encoding", "UTF8",
		"--locale", "C", "--no-sync").CombinedOutput()
	if err != nil {
		return s, fmt.Errorf("initdb: %w: %s", err, output)
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// command is one of PostgreSQL's programs, run by whoever may: not by root.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	asOther(cmd)
	return cmd
}

// keep is what the shell around a server hears when it is to stop and its files are to stay.
const keep = "keep\n"

// start starts the server, listening on a socket only. It ends with this process, however that ends, and so do its files: the
// shell around it reads from it.
func (s *Server) start() error {
	const script = `dir=$1; shift; exec 3<&0; "$@" </dev/null & server=$!
(read -r keep <&3; kill -QUIT $server 2>/dev/null; [ "$keep" ] || { while kill -0 $server 2>/dev/null; do sleep 0.1; done; rm -rf "$dir"; }) &
wait $server`
	cmd := s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off",
		"-c", "autovacuum=off", "-c", "jit=off", "-c", "max_wal_size=4GB", "-c", "checkpoint_timeout=1h", "-c", "shared_buffers=128MB",
		"-c", "max_connections=200", "-c", "log_min_messages=fatal")
	cmd.Args = append([]string{"sh", "-c", script, "sh", s.dir, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.stop, s.done = stdin, make(chan error, 1)
	go func() { s.done <- cmd.Wait() }()
	for deadline := time.Now().Add(startTime); ; {
		conn, err := s.connect(context.Background())
		if err == nil {
			return conn.Close(context.Background())
		}
		if time.Now().After(deadline) {
			return errors.Join(err, s.Stop())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Start starts a server that was stopped.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Follow starts a server that was stopped as one that follows another: it can be read, and changes nothing.
func (s *Server) Follow(t testing.TB) {
	t.Helper()
	signal := filepath.Join(s.data(), "standby.signal")
	if err := os.WriteFile(signal, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s.Start(t)
}

// Stop stops the server as if the machine had failed.
func (s *Server) Stop() error {
	if s.stop == nil {
		return nil
	}
	_, err := io.WriteString(s.stop, keep)
	s.stop.Close()
	<-s.done
	s.stop = nil
	return err
}

// Get is a server for one test, which does not stop it.
func Get(t testing.TB) *Server {
	t.Helper()
	if named := os.Getenv(Variable); named != "" {
		return &Server{url: named}
	}
	return New(t)
}

// New is a server for one test, which may stop it.
func New(t testing.TB) *Server {
	t.Helper()
	bin := programs()
	if bin == "" {
		missing(t)
	}
	own, err := create(bin)
	if own != nil {
		t.Cleanup(func() { os.RemoveAll(own.dir) })
	}
	if err == nil {
		err = own.start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { own.Stop() })
	return own
}

// missing skips the test, for which there is no server; in CI it fails.
func missing(t testing.TB) {
	t.Helper()
	const what = "there is no PostgreSQL: install one, or name one with " + Variable
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Database is the URL of a new database, which goes at the end of the test.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	if s == nil {
		missing(t)
	}
	name := "finlatch_test_" + strings.ToLower(rand.Text()[:12])
	s.exec(t, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'")
	t.Cleanup(func() {
		if s.dir == "" || s.stop != nil {
			s.exec(t, "DROP DATABASE "+name+" WITH (FORCE)")
		}
	})
	named, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	named.Path = "/" + name
	return named.String()
}

func (s *Server) exec(t testing.TB, statement string) {
	t.Helper()
	conn, err := s.connect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) connect(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, s.url) }
