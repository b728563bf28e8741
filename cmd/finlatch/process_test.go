package main_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestProcess does to the program what happens to programs. It wants the machine for itself, so it is not parallel.
func TestProcess(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs signals")
	}
	binary := filepath.Join(t.TempDir(), "finlatch")
	if output, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("finlatch does not build: %v\n%s", err, output)
	}
	t.Run("killed", func(t *testing.T) { testKilled(t, binary) })
	t.Run("flooded", func(t *testing.T) { testFlooded(t, binary) })
	t.Run("full disk", func(t *testing.T) { testFullDisk(t, binary) })
}

// process is finlatch serve on a data directory, which outlives it.
type process struct {
	*testing.T
	binary, data, home string
	args               []string // of serve, besides where

	*client
	command *exec.Cmd
	ended   chan struct{} // closed when the command has
	log     string        // the file with what it says
}

// newProcess makes a data directory with the administrator anna in it, and starts nothing yet.
func newProcess(t *testing.T, binary, data string, args ...string) *process {
	t.Helper()
	home := t.TempDir()
	p := &process{T: t, binary: binary, data: data, home: home, args: args, log: filepath.Join(home, "log")}
	if output, err := p.run("user", "add", "anna", "--admin"); err != nil {
		t.Fatalf("user add: %v\n%s", err, output)
	}
	t.Cleanup(func() {
		p.kill()
		if log, err := os.ReadFile(p.log); err == nil && t.Failed() {
			t.Logf("the log ends with\n%s", log[max(0, len(log)-4000):])
		}
	})
	return p
}

// run runs one command on the data directory, with the password on standard input.
func (p *process) run(args ...string) ([]byte, error) {
	command := exec.Command(p.binary, append(args, "--data", p.data)...)
	command.Env = []string{"HOME=" + p.home} // no configuration of whoever runs the test
	command.Stdin = strings.NewReader(rightPassword + "\n")
	return command.CombinedOutput()
}

var readyAt = regexp.MustCompile(`finlatch is ready at (http://\S+)\n`)

// start starts the server and waits until it listens; it says so in its log.
func (p *process) start() {
	p.Helper()
	if err := p.tryStart(); err != nil {
		p.Fatal(err)
	}
}

func (p *process) tryStart() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.command = exec.Command(p.binary, append([]string{"serve", "--data", p.data, "--listen", "127.0.0.1:0"}, p.args...)...)
	p.command.Env = []string{"HOME=" + p.home}
	p.command.Stderr = log
	if err := p.command.Start(); err != nil {
		return err
	}
	ended, command := make(chan struct{}), p.command
	p.ended = ended
	go func() {
		command.Wait()
		close(ended)
	}()
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
		text, err := os.ReadFile(p.log)
		if err != nil {
			return err
		}
		if m := readyAt.FindSubmatch(text); m != nil {
			p.client = newClient(string(m[1]))
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("the server ended instead of starting: %s", text)
		case <-time.After(2 * time.Millisecond):
		}
	}
	p.kill()
	return fmt.Errorf("the server does not start")
}

// kill ends the server as the system does: nothing of it runs any more when this returns.
func (p *process) kill() {
	if p.command != nil {
		p.command.Process.Kill()
		<-p.ended
		p.command = nil
	}
}

// stop ends the server as a person does.
func (p *process) stop() {
	p.Helper()
	p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		p.Error("the server does not stop")
		p.kill()
	}
	p.command = nil
}

// checkLog looks for what no request may bring about.
func (p *process) checkLog() {
	p.Helper()
	log, err := os.ReadFile(p.log)
	if err != nil {
		p.Fatal(err)
	}
	for line := range bytes.Lines(log) {
		if bytes.Contains(line, []byte("status=500")) || bytes.Contains(line, []byte("panic")) {
			p.Errorf("in the log: %s", line)
		}
	}
}

// mostMemory is how much of the machine's memory the server has held at once so far, in bytes; 0 where nobody says.
func (p *process) mostMemory() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(text), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(line), " kB")
	kilobytes, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		p.Errorf("/proc says %.20q of the memory", line)
	}
	return kilobytes << 10
}

// client is some apps.
type client struct {
	url  string
	http http.Client
}

func newClient(url string) *client {
	return &client{url, http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second}}
}

// answer is a whole answer: where the connection broke in the middle of one there is an error instead.
type answer struct {
	status     int
	retryAfter string
	body       []byte
	took       time.Duration
}

// field is a string in the answer's JSON object.
func (a answer) field(name string) string {
	var all map[string]any
	json.Unmarshal(a.body, &all)
	text, _ := all[name].(string)
	return text
}

// ask asks as an app on a device: with its token, or before it has one with its id alone. from is the address that a
// trusted proxy gives, or empty.
func (c *client) ask(ctx context.Context, from, method, path, device, token, body string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if from != "" {
		request.Header.Set("X-Forwarded-For", from)
	}
	authorization := fmt.Sprintf(`MediaBrowser Client="Proof", Device="Telly", DeviceId="%s", Version="1.0"`, device)
	if token != "" {
		authorization = fmt.Sprintf(`MediaBrowser Token="%s"`, token)
	}
	request.Header.Set("Authorization", authorization)
	start := time.Now()
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header.Get("Retry-After"), text, time.Since(start)}, err
}

// signIn signs in by password.
func (c *client) signIn(ctx context.Context, from, name, password, device string) (answer, error) {
	return c.ask(ctx, from, "POST", "/Users/AuthenticateByName", device, "", fmt.Sprintf(`{"Username":%q,"Pw":%q}`, name, password))
}

// mustSignIn gives the token.
func (p *process) mustSignIn(name, device string) string {
	p.Helper()
	a, err := p.signIn(p.Context(), "", name, rightPassword, device)
	if err != nil || a.status != 200 {
		p.Fatalf("sign in as %s: %d %s %v", name, a.status, a.body, err)
	}
	return a.field("AccessToken")
}

// each calls f for all of list, some at a time.
func each[T any](list []T, f func(T)) {
	var wg sync.WaitGroup
	next := make(chan T)
	for range 16 {
		wg.Go(func() {
			for v := range next {
				f(v)
			}
		})
	}
	for _, v := range list {
		next <- v
	}
	close(next)
	wg.Wait()
}

func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// brief is the beginning of an answer.
func brief(body []byte) string { return string(bytes.TrimSpace(body[:min(len(body), 200)])) }
