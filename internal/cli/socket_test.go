package cli_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/finlatch/finlatch/sqlite"
)

// TestLongDataDir keeps the socket elsewhere when the data directory's path is too long for one.
func TestLongDataDir(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), strings.Repeat("long/", 20), "data")
	s := serve(t, data)
	socket := filepath.Join(data, "finlatch.sock")
	target, err := os.Readlink(socket)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{target: os.ModeSocket | 0o600, filepath.Dir(target): os.ModeDir | 0o700} {
		if info, err := os.Lstat(name); err != nil || info.Mode() != want {
			t.Errorf("%s has the mode %v, want %v (%v)", name, info.Mode(), want, err)
		}
	}
	done(t, "pw", "user", "add", "anna", "--admin", "--data", data) // the server has the database, so it does this
	done(t, "", "user", "list", "--data", data)
	s.signals <- syscall.SIGTERM
	if code := <-s.exit; code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, name := range []string{socket, target} {
		if _, err := os.Lstat(name); !os.IsNotExist(err) {
			t.Errorf("%s is still there (%v)", name, err)
		}
	}
	if out := done(t, "", "user", "list", "--data", data); !strings.Contains(out, "anna") {
		t.Errorf("afterwards the users are %s", out)
	}
}

// TestModes lets nobody else read anything in the data directory.
func TestModes(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	serve(t, data)
	for name, want := range map[string]os.FileMode{
		"": os.ModeDir | 0o700, "finlatch.db": 0o600, "finlatch.db-wal": 0o600, "seal.key": 0o600, "finlatch.sock": os.ModeSocket | 0o600,
	} {
		info, err := os.Lstat(filepath.Join(data, name))
		if err != nil || info.Mode() != want {
			t.Errorf("%q has the mode %v, want %v (%v)", name, info.Mode(), want, err)
		}
	}
}

// TestStaleSocket takes over from a server that died.
func TestStaleSocket(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(data, "finlatch.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	done(t, "pw", "user", "add", "anna", "--admin", "--data", data)
	serve(t, data)
	if out := done(t, "", "user", "list", "--data", data); !strings.Contains(out, "anna") {
		t.Errorf("the users are %s", out)
	}
}

// TestLockedWithoutSocket says what is wrong when somebody has the database and does not answer.
func TestLockedWithoutSocket(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	store, err := sqlite.Open(t.Context(), filepath.Join(data, "finlatch.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	code, _, stderr := run(t, "", "user", "list", "--data", data)
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "in use by another finlatch") ||
		!strings.Contains(stderr, "does not answer on its socket") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// TestOtherVersion says what is wrong when the server does not know a command.
func TestOtherVersion(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(data, "finlatch.sock"))
	if err != nil {
		t.Fatal(err)
	}
	old := &http.Server{Handler: http.NotFoundHandler()}
	go old.Serve(listener)
	defer old.Close()
	code, _, stderr := run(t, "", "user", "list", "--data", data)
	if code != 1 || !strings.Contains(stderr, "of another version") || !strings.Contains(stderr, "restart it") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// TestSealKey makes the key once and keeps it.
func TestSealKey(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var before []byte
	for range 2 {
		s := serve(t, data)
		s.signals <- syscall.SIGTERM
		<-s.exit
		key, err := os.ReadFile(filepath.Join(data, "seal.key"))
		if err != nil || len(key) != 32 {
			t.Fatalf("the key has %d bytes (%v)", len(key), err)
		}
		if before != nil && string(before) != string(key) {
			t.Error("the second start made another key")
		}
		before = key
	}
}
