package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const readmeAddress = "127.0.0.1:8096"

// readmeBlock is a fenced block of the README, with the address of a server put in.
func readmeBlock(t *testing.T, language string, s *server) string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(readme)
	if found == nil {
		t.Fatalf("the README has no block of %s", language)
	}
	return strings.ReplaceAll(string(found[1]), readmeAddress, s.address)
}

// addAnna makes the administrator of the README.
func addAnna(t *testing.T, s *server) {
	t.Helper()
	add := exec.Command(s.binary, "user", "add", "anna", "--admin", "--data", s.data)
	add.Stdin = strings.NewReader("correct horse\n")
	if output, err := add.CombinedOutput(); err != nil {
		t.Fatalf("finlatch user add: %v\n%s", err, output)
	}
}

func TestReadmeSessionWithCurl(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	addAnna(t, s)
	output, err := exec.Command("bash", "-euo", "pipefail", "-c", readmeBlock(t, "sh", s)).CombinedOutput()
	if want := "anna\ntrue\n\"Authenticated\":true\nanna\n"; err != nil || string(output) != want {
		t.Errorf("the session printed %q (%v), want %q", output, err, want)
	}
}
