package conformance_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// The clients from npm, their lock file and what they do.
const sdkFolder = "sdk"

// The people whom sdk/people.mjs knows.
var people = []struct {
	name, password string
	flags          []string
}{
	{name: "anna", password: "correct horse", flags: []string{"--admin"}},
	{name: "ben", password: `Grüße + 100 % "Küsse"`},
	{name: "kids", flags: []string{"--no-password"}},
}

// TestSDK lets apps sign in that are made with Jellyfin's own JavaScript libraries, each to a server of its own.
func TestSDK(t *testing.T) {
	t.Parallel()
	install(t, sdkFolder)
	for _, client := range []string{"sdk-1.0", "sdk-0.13", "sdk-0.11", "apiclient-1.11"} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			for _, person := range people {
				add(t, s, person.name, person.password, person.flags...)
			}
			allPass(t, node(t, s, "--test", "--test-force-exit", "--test-reporter=spec", client+".test.mjs"))
		})
	}
}

// allPass runs Node's tests. Node is content with a file that has none, and with tests that are skipped.
func allPass(t *testing.T, tests *exec.Cmd) {
	t.Helper()
	output, err := tests.CombinedOutput()
	ran, passed := count(output, "tests"), count(output, "pass")
	if err != nil || ran == "" || ran == "0" || passed != ran {
		t.Fatalf("%s of %s tests passed: %v\n%s", passed, ran, err, output)
	}
	t.Logf("%s tests passed", passed)
}

// TestReadmeSessionWithSDK runs what the README says to an author of an app.
func TestReadmeSessionWithSDK(t *testing.T) {
	t.Parallel()
	install(t, sdkFolder)
	s := newServer(t)
	addAnna(t, s)
	session := node(t, s, "--input-type=module")
	session.Stdin = strings.NewReader(readmeBlock(t, "js", s))
	output, err := session.CombinedOutput()
	want := regexp.MustCompile(`^the phone is anna\nthe telly shows \d{6}\nthe telly is anna\n$`)
	if err != nil || !want.Match(output) {
		t.Errorf("the session printed %q (%v), want %s", output, err, want)
	}
}

// count is a number of the summary with which Node's test runner ends.
func count(output []byte, what string) string {
	found := regexp.MustCompile(`(?m)^\S+ ` + what + ` (\d+)$`).FindSubmatch(output)
	if found == nil {
		return ""
	}
	return string(found[1])
}

const nodeTimeout = 3 * time.Minute // for one client's tests, which take seconds

// node is Node with a server, where the clients are installed.
func node(t *testing.T, s *server, arguments ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), nodeTimeout)
	t.Cleanup(cancel)
	// Node 20 has a WebSocket of its own behind a flag, which later ones still take.
	command := exec.CommandContext(ctx, "node", append([]string{"--experimental-websocket", "--no-warnings"}, arguments...)...)
	command.WaitDelay = time.Second
	command.Dir = sdkFolder
	command.Env = append(os.Environ(), "SERVER="+s.base())
	return command
}

// add makes a user with the command line.
func add(t *testing.T, s *server, name, password string, flags ...string) {
	t.Helper()
	command := exec.Command(s.binary, append([]string{"user", "add", name, "--data", s.data}, flags...)...)
	command.Stdin = strings.NewReader(password + "\n")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("finlatch user add: %v\n%s", err, output)
	}
}

// install installs what the lock file of a folder names, unless it is there. Without Node and npm the test is skipped, but not
// in CI.
func install(t *testing.T, folder string) {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is needed (Debian's packages nodejs and npm): %v", tool, err)
			}
			t.Skipf("install Node 20.19 or newer and npm for what comes from npm: %v", err)
		}
	}
	installing.Lock()
	defer installing.Unlock()
	if err := installed(folder); err != nil {
		t.Fatal(err)
	}
}

var installing sync.Mutex

// installed runs npm ci, if the installed packages are not those of the lock file.
func installed(folder string) error {
	lock, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		return err
	}
	stamp := filepath.Join(folder, "node_modules", ".finlatch-lock") // npm ci deletes it first
	if done, err := os.ReadFile(stamp); err == nil && bytes.Equal(done, lock) {
		return nil
	}
	npm := exec.Command("npm", "ci", "--no-progress")
	npm.Dir = folder
	if output, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, output)
	}
	return os.WriteFile(stamp, lock, 0o600)
}
