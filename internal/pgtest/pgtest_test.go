package pgtest_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch/internal/pgtest"
)

const killedVariable = "PGTEST_KILLED" // set in the process that is killed

// TestKilled kills a process with a server of its own: neither the server nor its files outlive it.
func TestKilled(t *testing.T) {
	t.Parallel()
	if os.Getenv(killedVariable) != "" {
		fmt.Println("at", pgtest.New(t).Database(t))
		select {}
	}
	pgtest.New(t) // skips where there is none
	command := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	command.Env = append(os.Environ(), killedVariable+"=1")
	output, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var at string
	for lines := bufio.NewScanner(output); at == "" && lines.Scan(); {
		if said, is := strings.CutPrefix(lines.Text(), "at "); is {
			at = said
		}
	}
	command.Process.Kill()
	command.Wait()
	named, err := url.Parse(at)
	if err != nil || at == "" {
		t.Fatalf("it says %q (%v)", at, err)
	}
	dir := named.Query().Get("host")
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, err := os.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there (%v)", dir, err)
		}
	}
}
