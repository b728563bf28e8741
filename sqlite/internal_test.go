package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
)

var update = flag.Bool("update", false, "rewrite schema.sql")

func openInternal(t *testing.T, path string) *Store {
	t.Helper()
	store, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// TestSchema wants schema.sql to be what the migrations make, so that there is one place to read the schema.
func TestSchema(t *testing.T) {
	t.Parallel()
	store := openInternal(t, filepath.Join(t.TempDir(), "finlatch.db"))
	rows, err := store.writer.db.QueryContext(t.Context(), `SELECT sql FROM sqlite_schema
		WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE 'goose\_%' ESCAPE '\' ORDER BY rowid`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got strings.Builder
	got.WriteString("-- The schema that migrations/ make. Written by: go test ./sqlite -run TestSchema -update\n\n")
	fmt.Fprintf(&got, "PRAGMA application_id = %d;\n", applicationID)
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "\n%s;\n", text)
	}
	if *update {
		if err := os.WriteFile("schema.sql", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("schema.sql is not what the migrations make (-file +made):\n%s", diff)
	}
}

// TestStoredUser wants rows that were written before to be read: a field that is renamed in the program loses what is
// stored under its old name.
func TestStoredUser(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]any{"policy": new(finlatch.Policy), "configuration": new(finlatch.Configuration)} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(want); err != nil {
			t.Errorf("%s.json: %v", name, err)
		}
		got, err := json.MarshalIndent(want, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimSpace(string(text)), string(got)); diff != "" {
			t.Errorf("%s.json: what is stored changes when it is read and written; a new field needs a line there (-stored +written):\n%s", name, diff)
		}
	}
}

// TestNewField wants a member that a stored policy does not have yet to be as in a new user's.
func TestNewField(t *testing.T) {
	t.Parallel()
	store := openInternal(t, filepath.Join(t.TempDir(), "finlatch.db"))
	if err := store.Update(t.Context(), func(tx finlatch.Tx) error { return tx.CreateUser(t.Context(), finlatch.User{}) }); err != nil {
		t.Fatal(err)
	}
	err := store.Update(t.Context(), func(f finlatch.Tx) error {
		_, err := f.(*tx).change(t.Context(), "test", `UPDATE users SET policy = '{"IsAdministrator": true}', configuration = '{}'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := finlatch.NewPolicy()
	want.IsAdministrator = true
	err = store.View(t.Context(), func(tx finlatch.Tx) error {
		got, err := tx.User(t.Context(), finlatch.ID{})
		if diff := cmp.Diff(want, got.Policy); diff != "" {
			t.Errorf("policy (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(finlatch.NewConfiguration(), got.Configuration); diff != "" {
			t.Errorf("configuration (-want +got):\n%s", diff)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk lets SQLite run into a limit on the size of the file, which it takes for a full disk.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := openInternal(t, filepath.Join(t.TempDir(), "finlatch.db"))
	create := func(name string) error {
		return store.Update(ctx, func(tx finlatch.Tx) error {
			u := finlatch.User{Name: name, NormalizedName: name, PasswordHash: strings.Repeat("x", 100_000)}
			copy(u.ID[:], name)
			return tx.CreateUser(ctx, u)
		})
	}
	limit := func(pages string) {
		err := store.writer.with(ctx, func(c *conn) error {
			_, err := c.raw.ExecContext(ctx, "PRAGMA max_page_count = "+pages)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	count := func() (n int) {
		err := store.View(ctx, func(tx finlatch.Tx) (err error) {
			n, err = tx.CountUsers(ctx, finlatch.UserFilter{})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}

	if err := create("before"); err != nil {
		t.Fatal(err)
	}
	limit("1") // no smaller than the file is
	for range 3 {
		err := create("full")
		var refusal *finlatch.Error
		if !errors.As(err, &refusal) || refusal.Kind != finlatch.Unavailable || refusal.RetryAfter <= 0 {
			t.Errorf("CreateUser on a full disk: got error %#v, want one of kind unavailable that says when to come back", err)
		}
		if got := count(); got != 1 {
			t.Errorf("on a full disk: got %d users, want 1", got)
		}
	}
	limit("1000000")
	if err := create("after"); err != nil {
		t.Errorf("CreateUser with room again: %v", err)
	}
	if got := count(); got != 2 {
		t.Errorf("with room again: got %d users, want 2", got)
	}
}

// TestForeignWriter lets another program hold the file's write lock.
func TestForeignWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "finlatch.db")
	store := openInternal(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	foreign, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	exec := func(statement string) {
		t.Helper()
		if _, err := foreign.ExecContext(context.Background(), statement); err != nil {
			t.Fatal(err)
		}
	}
	put := func(ctx context.Context) error {
		return store.Update(ctx, func(tx finlatch.Tx) error { return tx.PutSettings(ctx, finlatch.Settings{}) })
	}

	exec("BEGIN IMMEDIATE")
	view := func(tx finlatch.Tx) error { _, err := tx.Users(t.Context(), finlatch.UserFilter{}); return err }
	if err := store.View(t.Context(), view); err != nil {
		t.Errorf("View meanwhile: %v", err)
	}
	time.AfterFunc(600*time.Millisecond, func() { exec("COMMIT") })
	if err := put(t.Context()); err != nil {
		t.Errorf("Update that has to wait: %v", err)
	}

	exec("BEGIN IMMEDIATE")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := put(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Update with a deadline: got error %v, want %v", err, context.DeadlineExceeded)
	}
	store.attempts = 2
	if err := put(t.Context()); !errors.Is(err, finlatch.ErrUnavailable) {
		t.Errorf("Update that waits in vain: got error %v, want %v", err, finlatch.ErrUnavailable)
	}
}

// TestWaiting wants an Update that waits for another to give up with its context, and at Close.
func TestWaiting(t *testing.T) {
	t.Parallel()
	store := openInternal(t, filepath.Join(t.TempDir(), "finlatch.db"))
	started, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- store.Update(t.Context(), func(finlatch.Tx) error {
			close(started)
			<-goOn
			return nil
		})
	}()
	<-started
	nothing := func(finlatch.Tx) error { return nil }
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := store.Update(ctx, nothing); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Update with a deadline: got error %v, want %v", err, context.DeadlineExceeded)
	}
	waiting := make(chan error)
	go func() { waiting <- store.Update(t.Context(), nothing) }()
	closed := make(chan error)
	go func() { closed <- store.Close() }()
	if err := <-waiting; !errors.Is(err, finlatch.ErrUnavailable) {
		t.Errorf("Update that waits at Close: got error %v, want %v", err, finlatch.ErrUnavailable)
	}
	close(goOn)
	if err := <-done; err != nil {
		t.Errorf("Update that runs at Close: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestNanoseconds wants this store to keep times more exactly than it has to.
func TestNanoseconds(t *testing.T) {
	t.Parallel()
	store := openInternal(t, filepath.Join(t.TempDir(), "finlatch.db"))
	want := finlatch.Device{CreatedAt: time.Unix(1, 123_456_789), LastActivityAt: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}
	err := store.Update(t.Context(), func(tx finlatch.Tx) error {
		if err := tx.CreateUser(t.Context(), finlatch.User{}); err != nil {
			return err
		}
		if err := tx.CreateDevice(t.Context(), want); err != nil {
			return err
		}
		got, err := tx.Device(t.Context(), finlatch.Hash{})
		if !got.CreatedAt.Equal(want.CreatedAt) {
			t.Errorf("CreatedAt: got %v, want %v", got.CreatedAt, want.CreatedAt)
		}
		if got.LastActivityAt.Year() != 2262 {
			t.Errorf("LastActivityAt: got %v, want the last time that a column holds", got.LastActivityAt)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestStatements wants a connection not to keep a statement for each way in which a list can be sorted.
func TestStatements(t *testing.T) {
	t.Parallel()
	store := openInternal(t, filepath.Join(t.TempDir(), "finlatch.db"))
	err := store.View(t.Context(), func(f finlatch.Tx) error {
		for n := range 12 * 12 * 12 {
			var filter finlatch.ActivityFilter
			for rest := n; rest > 0; rest /= 12 {
				filter.Sort = append(filter.Sort, finlatch.ActivitySort{By: finlatch.ActivityColumn(rest % 6), Ascending: rest%12 > 5})
			}
			if _, _, err := f.Activities(t.Context(), filter); err != nil {
				return err
			}
			if kept := len(f.(*tx).conn.stmts); kept > maxStatements {
				return fmt.Errorf("%d statements are kept", kept)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
