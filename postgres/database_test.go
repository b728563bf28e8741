package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/postgres"
)

// TestOpenTogether has ten processes begin on an empty database: one makes the schema, and all have it.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	at := server.Database(t, "")
	var opening sync.WaitGroup
	for range 10 {
		opening.Go(func() {
			store, err := postgres.Open(t.Context(), at)
			if err != nil {
				t.Error(err)
				return
			}
			defer store.Close()
			if err := store.View(t.Context(), func(tx finlatch.Tx) error { _, err := tx.CountUsers(t.Context(), finlatch.UserFilter{}); return err }); err != nil {
				t.Error(err)
			}
		})
	}
	opening.Wait()
	var versions, most int
	query(t, at, "SELECT count(*), max(n) FROM (SELECT version_id, count(*) AS n FROM finlatch_schema GROUP BY version_id) AS v", &versions, &most)
	if versions != 2 || most != 1 {
		t.Errorf("migrations: got %d, up to %d times, want the first two once", versions, most)
	}
}

// TestRefused has databases that are to stay as they are.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		make string // statement
		want error
		says string
	}{
		{"newer", "INSERT INTO finlatch_schema (version_id, is_applied) VALUES (9999, true)", postgres.ErrNewer, "9999"},
		{"another program's", "DROP TABLE finlatch_schema", postgres.ErrNotOurs, "users"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			at := server.Database(t, "")
			if err := open(t, at).Close(); err != nil {
				t.Fatal(err)
			}
			query(t, at, test.make)
			_, err := postgres.Open(t.Context(), at)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got error %v, want %v in one line that says %q", err, test.want, test.says)
			}
		})
	}
}

func TestSealKey(t *testing.T) {
	t.Parallel()
	at := server.Database(t, "")
	one, two := open(t, at), open(t, at)
	for i, test := range []struct {
		store *postgres.Store
		key   finlatch.Hash
		want  error
	}{{one, finlatch.Hash{1}, nil}, {two, finlatch.Hash{1}, nil}, {two, finlatch.Hash{2}, postgres.ErrSealKey}, {one, finlatch.Hash{1}, nil}} {
		if err := test.store.CheckSealKey(t.Context(), test.key); !errors.Is(err, test.want) {
			t.Errorf("%d: got error %v, want %v", i, err, test.want)
		}
	}
}

// TestWatchOthers tells one process of all that another changes, of many changes at once too.
func TestWatchOthers(t *testing.T) {
	t.Parallel()
	at := server.Database(t, "")
	one, two := open(t, at), open(t, at)
	told := make(chan finlatch.Change, 10_000)
	watch(t, two, told)
	if first := <-told; first.Kind != finlatch.ChangeMissed {
		t.Fatalf("the first change is %+v", first)
	}
	for _, n := range []int{1, 99, 100, 101, 1000} {
		want := map[finlatch.Change]bool{}
		update(t, one, func(tx finlatch.Tx) error {
			for i := range n {
				user := finlatch.User{ID: finlatch.ID{byte(n), byte(n >> 8), byte(i), byte(i >> 8)}, NormalizedName: fmt.Sprint(n, " ", i)}
				if err := tx.CreateUser(t.Context(), user); err != nil {
					return err
				}
				want[finlatch.Change{Kind: finlatch.ChangeUser, UserID: user.ID}] = true
			}
			return nil
		})
		for len(want) > 0 {
			change := receive(t, told)
			if !want[change] {
				t.Fatalf("of %d changes: told %+v, which did not happen or was told before", n, change)
			}
			delete(want, change)
		}
	}
	update(t, one, func(tx finlatch.Tx) error { return tx.PutSettings(t.Context(), finlatch.Settings{}) })
	if got, want := receive(t, told), (finlatch.Change{Kind: finlatch.ChangeSettings}); got != want {
		t.Errorf("told %+v, want %+v", got, want)
	}
	update(t, one, func(tx finlatch.Tx) error { return tx.DeleteAllDevices(t.Context()) })
	if got := receive(t, told); got.Kind != finlatch.ChangeMissed {
		t.Errorf("told %+v, want that anything may have changed", got)
	}
	query(t, at, "SELECT pg_notify('finlatch', 'anything')")
	if got := receive(t, told); got.Kind != finlatch.ChangeMissed {
		t.Errorf("told %+v of what another version says, want that anything may have changed", got)
	}
}

// TestSilence has a network that loses everything: no end of a connection is seen. A Watch ends, transactions fail in time,
// and all goes on when the network does.
func TestSilence(t *testing.T) {
	t.Parallel()
	at := server.Database(t, "")
	wire := newWire(t, at)
	store := open(t, wire.url)
	told := make(chan finlatch.Change, 100)
	ended := watch(t, store, told)
	receive(t, told)
	update(t, store, func(tx finlatch.Tx) error { return tx.PutSettings(t.Context(), finlatch.Settings{}) })
	receive(t, told)
	wire.cut(true)
	if err := <-ended; !errors.Is(err, finlatch.ErrUnavailable) {
		t.Errorf("Watch ended with %v", err)
	}
	if err := store.View(t.Context(), func(finlatch.Tx) error { return nil }); !errors.Is(err, finlatch.ErrUnavailable) {
		t.Errorf("View: got error %v", err)
	}
	wire.cut(false)
	ended = watch(t, store, told)
	receive(t, told)
	update(t, store, func(tx finlatch.Tx) error { return tx.PutSettings(t.Context(), finlatch.Settings{}) })
	select {
	case err := <-ended:
		t.Errorf("Watch ended with %v", err)
	default:
	}
}

// wire leads to the database, and loses what it is to carry while it is cut.
type wire struct {
	url string

	mu   sync.Mutex
	lost bool
}

func newWire(t *testing.T, at string) *wire {
	t.Helper()
	target, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	host := target.Query().Get("host")
	if !strings.HasPrefix(host, "/") {
		t.Skip("the server is not reached through a socket of this machine")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	w := &wire{url: fmt.Sprintf("postgres://finlatch@%s%s?sslmode=disable", listener.Addr(), target.Path)}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", filepath.Join(host, ".s.PGSQL.5432"))
			if err != nil {
				conn.Close()
				continue
			}
			go w.carry(conn, far)
			go w.carry(far, conn)
		}
	}()
	return w
}

func (w *wire) carry(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		w.mu.Lock()
		lost := w.lost
		w.mu.Unlock()
		if err == nil && !lost {
			_, err = to.Write(buffer[:n])
		}
		if err != nil {
			return
		}
	}
}

func (w *wire) cut(lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost = lost
}

// watch has what is told sent to a channel, and gives why it ends.
func watch(t *testing.T, store *postgres.Store, told chan<- finlatch.Change) <-chan error {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	ended := make(chan error, 1)
	go func() {
		ended <- store.Watch(ctx, func(change finlatch.Change) {
			if change.Kind != finlatch.ChangeNone {
				told <- change
			}
		})
	}()
	return ended
}

func receive(t *testing.T, told <-chan finlatch.Change) finlatch.Change {
	t.Helper()
	select {
	case change := <-told:
		return change
	case <-time.After(10 * time.Second):
		t.Fatal("nothing is told")
		return finlatch.Change{}
	}
}

func update(t *testing.T, store *postgres.Store, f func(finlatch.Tx) error) {
	t.Helper()
	if err := store.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// query runs a statement past the store, and reads its one row if there is somewhere to put it.
func query(t *testing.T, at, statement string, into ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if len(into) == 0 {
		_, err = conn.Exec(t.Context(), statement)
	} else {
		err = conn.QueryRow(t.Context(), statement).Scan(into...)
	}
	if err != nil {
		t.Fatal(err)
	}
}
