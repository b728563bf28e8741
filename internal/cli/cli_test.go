package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/finlatch/finlatch/internal/cli"
)

// run runs the command line to its end.
func run(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := cli.Program{Args: args, Environ: []string{"HOME=" + t.TempDir()}, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs}
	code = p.Run(t.Context())
	return code, out.String(), errs.String()
}

// done is run for what has to work.
func done(t *testing.T, stdin string, args ...string) (stdout string) {
	t.Helper()
	code, stdout, stderr := run(t, stdin, args...)
	if code != 0 {
		t.Fatalf("finlatch %s: exit code %d: %s", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// served is a server that runs in this process.
type served struct {
	url     string
	signals chan<- os.Signal
	exit    <-chan int

	mu  sync.Mutex
	log bytes.Buffer // what it wrote to standard error
}

// serve starts a server on a free port and waits until it is ready. The end of the test ends it.
func serve(t *testing.T, data string, args ...string) *served {
	t.Helper()
	s := &served{}
	r, w := io.Pipe()
	exit := make(chan int, 1)
	notified := make(chan chan<- os.Signal, 1)
	p := cli.Program{
		Args: append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, args...), Environ: []string{"HOME=" + t.TempDir()},
		Stdin: strings.NewReader(""), Stdout: w, Stderr: w,
		Notify: func(c chan<- os.Signal, _ ...os.Signal) { notified <- c },
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		exit <- p.Run(ctx)
		w.Close()
	}()
	ready := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(ready)
		for lines := bufio.NewScanner(r); lines.Scan(); {
			if url, is := strings.CutPrefix(lines.Text(), "finlatch is ready at "); is {
				ready <- url
			}
			s.mu.Lock()
			s.log.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-read
	})
	s.exit = exit
	url, ok := <-ready
	if !ok {
		t.Fatalf("the server did not start: %s", s.logged())
	}
	s.url, s.signals = url, <-notified
	return s
}

func (s *served) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
