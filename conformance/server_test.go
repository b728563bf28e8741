package conformance_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// buildFolder holds the built command; empty until a test needs it.
var buildFolder string

// built builds the finlatch command once for all tests, from the module that this one lies in.
var built = sync.OnceValues(func() (string, error) {
	var err error
	if buildFolder, err = os.MkdirTemp("", "finlatch-conformance-"); err != nil {
		return "", err
	}
	binary := filepath.Join(buildFolder, "finlatch")
	build := exec.Command("go", "build", "-o", binary, "github.com/finlatch/finlatch/cmd/finlatch")
	build.Dir = ".."
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("finlatch does not build: %w\n%s", err, output)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if buildFolder != "" {
		_ = os.RemoveAll(buildFolder)
	}
	os.Exit(code)
}

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 30 * time.Second
)

// server is finlatch serve as a process of its own, on a data directory of its own.
type server struct {
	binary, data, address string
	discovery             string   // its address for discovery
	flags                 []string // more of them
	log                   *os.File // what all its processes wrote
	process               *exec.Cmd
	ended                 chan error // of the process
}

// newServer starts a server that nobody has set up and that ends with the test.
func newServer(t *testing.T, flags ...string) *server {
	t.Helper()
	return newServerOn(t, nil, flags...)
}

// newServerOn starts a server on a copy of a data directory; nil: on an empty one.
func newServerOn(t *testing.T, data fs.FS, flags ...string) *server {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	log, err := os.Create(filepath.Join(folder, "finlatch.log"))
	if err != nil {
		t.Fatal(err)
	}
	s := &server{binary: binary, data: filepath.Join(folder, "data"), address: freeAddress(t, "tcp"), discovery: freeAddress(t, "udp"),
		flags: flags, log: log}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the server's log ends with\n%s", s.logTail(t))
		}
		_ = log.Close()
	})
	if err := os.Mkdir(s.data, 0o700); err != nil {
		t.Fatal(err)
	}
	if data != nil {
		if err := os.CopyFS(s.data, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *server) base() string { return "http://" + s.address }

// start starts the process and waits until it answers.
func (s *server) start() error {
	process := exec.Command(s.binary, append([]string{"serve", "--data", s.data, "--listen", s.address,
		"--discovery", "on", "--discovery-listen", s.discovery, "--sign-in-throttle", "off", "--quick-connect-limit", "off",
		"--log-format", "json", "--log-level", "debug"}, s.flags...)...)
	process.Stdout, process.Stderr = s.log, s.log
	if err := process.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	s.process, s.ended = process, ended
	go func() { ended <- process.Wait() }()

	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	for until := time.Now().Add(startTimeout); ; {
		response, err := client.Get(s.base() + "/System/Info/Public")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("public info answered %d", response.StatusCode)
		}
		select {
		case err := <-ended:
			s.process = nil
			return fmt.Errorf("the server ended instead of answering: %w", orEnded(err))
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(until) {
			return fmt.Errorf("the server does not answer: %w", err)
		}
	}
}

func orEnded(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// stop asks the process to end, as an init system would, and waits until it has.
func (s *server) stop() error {
	if s.process == nil {
		return nil
	}
	process := s.process
	s.process = nil
	if err := process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-s.ended:
		if err != nil {
			return fmt.Errorf("the server did not end well: %w", err)
		}
		return nil
	case <-time.After(stopTimeout):
		_ = process.Process.Kill()
		return fmt.Errorf("the server was still there %v after SIGTERM", stopTimeout)
	}
}

// restart ends the process and starts another one on the same data and address.
func (s *server) restart() error {
	if err := s.stop(); err != nil {
		return err
	}
	return s.start()
}

// written is the whole log.
func (s *server) written(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(s.log.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// logTail is the end of the log.
func (s *server) logTail(t *testing.T) string {
	const longest = 4 << 10
	log := s.written(t)
	return log[max(0, len(log)-longest):]
}

// freeAddress is a loopback address on which nobody listens at the moment.
func freeAddress(t *testing.T, network string) string {
	t.Helper()
	if network == "udp" {
		c, err := net.ListenPacket(network, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.LocalAddr().String()
	}
	listener, err := net.Listen(network, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
