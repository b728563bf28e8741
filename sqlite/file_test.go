package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/sqlite"
)

func TestFileMode(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	dir := t.TempDir()
	store := openAt(t, filepath.Join(dir, "finlatch.db"))
	put(t, store, "one")
	want := []string{"finlatch.db", "finlatch.db-shm", "finlatch.db-wal", "finlatch.db.lock"}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("while open: got files %v, want %v", got, want)
	}
	for _, name := range names(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode(); got != 0o600 {
			t.Errorf("%s: got mode %v, want 0600", name, got)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, dir), []string{"finlatch.db"}; !slices.Equal(got, want) {
		t.Errorf("when closed: got files %v, want %v", got, want)
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"finlatch.db", "a?b=c&d#e%41 ü'\".db", "-", "file:x"} {
		path := filepath.Join(t.TempDir(), name)
		if runtime.GOOS == "windows" && name != "-" {
			continue
		}
		for range 3 {
			store := openAt(t, path)
			put(t, store, "kept")
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
		}
		store := openAt(t, path)
		wantName(t, store, "kept")
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenEmptyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "finlatch.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, openAt(t, path), "one")
}

func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		want error
		text string // after the path
		make func(t *testing.T, path string)
	}{
		{"text", sqlite.ErrNotOurs, " is not a finlatch database: it is not an SQLite file", func(t *testing.T, path string) {
			write(t, path, bytes.Repeat([]byte("not a database\n"), 1000))
		}},
		{"short text", sqlite.ErrNotOurs, " is not a finlatch database: it is not an SQLite file", func(t *testing.T, path string) {
			write(t, path, []byte("x"))
		}},
		{"zeros", sqlite.ErrNotOurs, " is not a finlatch database: it is not an SQLite file", func(t *testing.T, path string) {
			write(t, path, make([]byte, 8192))
		}},
		{"another program's database", sqlite.ErrNotOurs, " is not a finlatch database: its application id is 0x0", func(t *testing.T, path string) {
			execAt(t, path, "PRAGMA journal_mode = WAL", "CREATE TABLE users (id)", "INSERT INTO users VALUES (1)")
		}},
		{"another program's marked database", sqlite.ErrNotOurs, " is not a finlatch database: its application id is 0x7", func(t *testing.T, path string) {
			execAt(t, path, "PRAGMA application_id = 7")
		}},
		{"a newer finlatch's", sqlite.ErrNewer, " is from a newer finlatch: its schema is version 1000, and this program knows ", func(t *testing.T, path string) {
			store := openAt(t, path)
			put(t, store, "one")
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			execAt(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (1000, 1)")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "finlatch.db")
			c.make(t, path)
			before, files := read(t, path), names(t, filepath.Dir(path))
			_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), path+c.text) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Open: got error %v, want %s%s", err, path, c.text)
			}
			if !bytes.Equal(read(t, path), before) {
				t.Error("Open changed the file")
			}
			if got := names(t, filepath.Dir(path)); !slices.Equal(got, files) {
				t.Errorf("Open left the files %v, want %v", got, files)
			}
		})
	}
}

func TestNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "none", "finlatch.db")} {
		if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); err == nil {
			t.Errorf("Open(%s): no error", path)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(dir, "finlatch.db")
	if _, err := sqlite.Open(ctx, path, sqlite.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with a context that has ended: got error %v, want %v", err, context.Canceled)
	}
	put(t, openAt(t, path), "one") // whatever is there now is no obstacle
}

func TestInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "finlatch.db")
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	write(t, path+".lock", []byte("999999\n")) // left behind by a process that was killed
	store := openAt(t, path)
	for _, name := range []string{path, link} {
		_, err := sqlite.Open(t.Context(), name, sqlite.Options{})
		want := name + " is in use by another finlatch"
		if runtime.GOOS != "windows" {
			want += fmt.Sprintf(" (process %d)", os.Getpid())
		}
		if !errors.Is(err, sqlite.ErrInUse) || err.Error() != want {
			t.Errorf("Open: got error %v, want %s", err, want)
		}
	}
	put(t, store, "still works")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	openAt(t, link)
}

// TestOneWins lets many open and close the same file at once: never may two have it.
func TestOneWins(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "finlatch.db")
	var owner sync.Mutex
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
				if err != nil {
					if !errors.Is(err, sqlite.ErrInUse) {
						t.Error(err)
					}
					continue
				}
				if !owner.TryLock() {
					t.Error("two have the store")
					continue
				}
				put(t, store, "mine")
				owner.Unlock()
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func TestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := openAt(t, filepath.Join(dir, "finlatch.db"))
	put(t, store, "first")

	// Both names always change together, so a copy that is not of one moment shows.
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				put(t, store, fmt.Sprint("name ", i))
			}
		}
	})
	target := filepath.Join(dir, "backups", "copy'.db")
	if err := store.Backup(t.Context(), target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Backup to a directory that is not there: got error %v, want %v", err, fs.ErrNotExist)
	}
	if err := os.Mkdir(filepath.Dir(target), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := store.Backup(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	before := read(t, target)
	if err := store.Backup(t.Context(), target); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Backup over a file: got error %v, want %v", err, fs.ErrExist)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.Backup(ctx, target+"2"); !errors.Is(err, context.Canceled) {
		t.Errorf("Backup with a context that has ended: got error %v, want %v", err, context.Canceled)
	}
	close(stop)
	writer.Wait()

	if got, want := names(t, filepath.Dir(target)), []string{"copy'.db"}; !slices.Equal(got, want) {
		t.Errorf("got files %v, want %v", got, want)
	}
	if !bytes.Equal(before, read(t, target)) {
		t.Error("the backup changed")
	}
	if info, err := os.Stat(target); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("got mode %v, error %v, want 0600", info.Mode(), err)
	}
	if got := binary.BigEndian.Uint32(before[68:]); got != 0x66696e6c {
		t.Errorf("got application id %#x, want 0x66696e6c", got)
	}

	copied := openAt(t, target)
	u := user(t, copied)
	if u.Name != u.PasswordHash {
		t.Errorf("the copy mixes two states, %q and %q", u.Name, u.PasswordHash)
	}
	put(t, copied, "goes on")
	if err := copied.Backup(t.Context(), filepath.Join(dir, "again.db")); err != nil {
		t.Fatal(err)
	}
	wantName(t, openAt(t, filepath.Join(dir, "again.db")), "goes on")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Backup(t.Context(), filepath.Join(dir, "late.db")); !errors.Is(err, finlatch.ErrUnavailable) {
		t.Errorf("Backup of a closed store: got error %v, want %v", err, finlatch.ErrUnavailable)
	}
}

// put gives the one user a name and, in another column, the same text.
func put(t *testing.T, store *sqlite.Store, name string) {
	t.Helper()
	err := store.Update(t.Context(), func(tx finlatch.Tx) error {
		u := finlatch.User{ID: finlatch.ID{1}, Name: name, PasswordHash: name}
		if err := tx.PutUser(t.Context(), u); !errors.Is(err, finlatch.ErrNotFound) {
			return err
		}
		return tx.CreateUser(t.Context(), u)
	})
	if err != nil {
		t.Errorf("Update: %v", err)
	}
}

func user(t *testing.T, store *sqlite.Store) (u finlatch.User) {
	t.Helper()
	err := store.View(t.Context(), func(tx finlatch.Tx) (err error) {
		u, err = tx.User(t.Context(), finlatch.ID{1})
		return err
	})
	if err != nil {
		t.Errorf("View: %v", err)
	}
	return u
}

func wantName(t *testing.T, store *sqlite.Store, want string) {
	t.Helper()
	if got := user(t, store).Name; got != want {
		t.Errorf("got name %q, want %q", got, want)
	}
}

func execAt(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
