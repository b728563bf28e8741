package sqlite_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLibc wants the version of modernc.org/libc for which SQLite was translated: another one builds and then fails at
// random (https://gitlab.com/cznic/sqlite/-/issues/177).
func TestLibc(t *testing.T) {
	t.Parallel()
	list := func(format, module string) string {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", format, module).Output()
		if err != nil {
			t.Skip("go list: ", err)
		}
		return strings.TrimSpace(string(out))
	}
	text, err := os.ReadFile(filepath.Join(list("{{.Dir}}", "modernc.org/sqlite"), "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`modernc\.org/libc (v\S+)`).FindStringSubmatch(string(text))
	if want == nil {
		t.Fatal("modernc.org/sqlite does not name its libc")
	}
	if got := list("{{.Version}}", "modernc.org/libc"); got != want[1] {
		t.Errorf("got modernc.org/libc %s, want %s; see modernc.org/sqlite's go.mod", got, want[1])
	}
}
