package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/finlatch/finlatch/finlatchtest"
)

// scene is what one script has around it: terminals by name, of which it sits at the one that it opened last, until it goes to another one.
type scene struct {
	*terminal
	all   map[string]*terminal
	clock *finlatchtest.Clock
}

// terminal is a program with a terminal of its own for everything.
type terminal struct {
	command *exec.Cmd
	tty     *os.File
	ended   chan struct{} // closed when all that it says is read

	mu   sync.Mutex
	said []byte
	seen int // how much of it expect has passed
}

// patience is how long a script waits for what must come.
const patience = 20 * time.Second

// terminalCommands are the commands with which a script sits at a terminal.
func terminalCommands() map[string]func(*testscript.TestScript, bool, []string) {
	of := func(ts *testscript.TestScript) *scene { return ts.Value((*scene)(nil)).(*scene) }
	return map[string]func(*testscript.TestScript, bool, []string){
		"terminal": func(ts *testscript.TestScript, neg bool, args []string) { of(ts).open(ts, args) },
		"at":       func(ts *testscript.TestScript, neg bool, args []string) { of(ts).terminal = of(ts).all[args[0]] },
		"expect":   func(ts *testscript.TestScript, neg bool, args []string) { of(ts).expect(ts, args[0]) },
		"type":     func(ts *testscript.TestScript, neg bool, args []string) { of(ts).enter(ts, args[0]) },
		"ended":    func(ts *testscript.TestScript, neg bool, args []string) { of(ts).end(ts, args[0]) },
		"screen":   func(ts *testscript.TestScript, neg bool, args []string) { of(ts).screen(ts, neg, args[0]) },
		"appears":  waitForText,
	}
}

// open is terminal NAME COLUMNSxROWS PROGRAM ARGS…: it starts a program.
func (t *scene) open(ts *testscript.TestScript, args []string) {
	var size pty.Winsize
	_, err := fmt.Sscanf(args[1], "%dx%d", &size.Cols, &size.Rows)
	ts.Check(err)
	program := args[2]
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if found := filepath.Join(dir, program); exists(found) {
			program = found
			break
		}
	}
	one := &terminal{command: exec.Command(program, args[3:]...), ended: make(chan struct{})}
	one.command.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "NO_COLOR", "DBUS_SESSION_BUS_ADDRESS"} {
		if value := ts.Getenv(name); value != "" {
			one.command.Env = append(one.command.Env, name+"="+value)
		}
	}
	one.command.Env = append(one.command.Env, "TERM=xterm")
	one.tty, err = pty.StartWithSize(one.command, &size)
	ts.Check(err)
	ts.Defer(func() {
		one.command.Process.Kill()
		one.tty.Close()
	})
	go one.read()
	t.terminal, t.all[args[0]] = one, one
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func (t *terminal) read() {
	defer close(t.ended)
	chunk := make([]byte, 4096)
	for {
		n, err := t.tty.Read(chunk)
		t.mu.Lock()
		t.said = append(t.said, chunk[:n]...)
		t.mu.Unlock()
		if err != nil { // on Linux that is EIO once the program has gone
			return
		}
	}
}

func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ReplaceAll(string(t.said), "\r\n", "\n")
}

// expect PATTERN waits until the program says something new that matches, and sets $MATCH to the first group.
func (t *terminal) expect(ts *testscript.TestScript, pattern string) {
	re := regexp.MustCompile("(?m)" + pattern)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if found := re.FindStringSubmatchIndex(t.text()[t.seen:]); found != nil {
			if len(found) > 2 {
				ts.Setenv("MATCH", t.text()[t.seen+found[2]:t.seen+found[3]])
			}
			t.seen += found[1]
			return
		}
	}
	ts.Fatalf("%q does not come. It said:\n%s", pattern, t.text())
}

// enter is type TEXT, which may have escapes as in Go: "\n", "\x03".
func (t *terminal) enter(ts *testscript.TestScript, text string) {
	text, err := strconv.Unquote(`"` + text + `"`)
	ts.Check(err)
	_, err = t.tty.WriteString(text)
	ts.Check(err)
}

// end is ended CODE: it waits for the program to end.
func (t *terminal) end(ts *testscript.TestScript, code string) {
	select {
	case <-t.ended:
	case <-time.After(patience):
		ts.Fatalf("it does not end. It said:\n%s", t.text())
	}
	_ = t.command.Wait() // the code tells
	if got := strconv.Itoa(t.command.ProcessState.ExitCode()); got != code {
		ts.Fatalf("it ended with %s, not %s. It said:\n%s", got, code, t.text())
	}
}

// screen is [!] screen PATTERN: it looks through all that the program has said.
func (t *terminal) screen(ts *testscript.TestScript, neg bool, pattern string) {
	if regexp.MustCompile("(?m)"+pattern).MatchString(t.text()) == neg {
		ts.Fatalf("screen %q: %v. It said:\n%q", pattern, !neg, t.text())
	}
}

// waitForText is appears FILE PATTERN: it waits until a file has what matches, and sets $MATCH to the first group.
func waitForText(ts *testscript.TestScript, neg bool, args []string) {
	re := regexp.MustCompile("(?m)" + args[1])
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		text, _ := os.ReadFile(ts.MkAbs(args[0])) // it may not be there yet
		if found := re.FindSubmatch(text); found != nil {
			ts.Setenv("MATCH", string(found[len(found)-1]))
			return
		}
	}
	ts.Fatalf("%q does not appear in %s", args[1], args[0])
}

// exitCode is the program "code CODE PROGRAM ARGS…", which succeeds if the other one ends with that code.
func exitCode() {
	command := exec.Command(os.Args[2], os.Args[3:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := command.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if got := strconv.Itoa(command.ProcessState.ExitCode()); got != os.Args[1] {
		fmt.Fprintf(os.Stderr, "exit code %s, not %s\n", got, os.Args[1])
		os.Exit(1)
	}
}
