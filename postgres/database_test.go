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
	"github.com/finlatch/finlatch/internal/pgtest"
	"github.com/finlatch/finlatch/postgres"
)

// TestOpenTogether has ten processes begin on an empty database: one makes the schema, and all have it.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	at := server.Database(t)
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
			at := server.Database(t)
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
	at := server.Database(t)
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
	at := server.Database(t)
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
	at := server.Database(t)
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

// TestWatchInOrder says that nothing is missed only after all that was told before: what was heard with the answer to whether the
// connection is still there comes first.
func TestWatchInOrder(t *testing.T) {
	t.Parallel()
	at := server.Database(t)
	one, two := open(t, at), open(t, at)
	const changes = 10
	told := make(chan finlatch.Change, 1000)
	committed := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	go two.Watch(ctx, func(change finlatch.Change) {
		if change.Kind == finlatch.ChangeSettings { // stand still until all is committed, and the connection is to be asked
			<-committed
			time.Sleep(time.Second / 2)
		}
		told <- change
	})
	for receive(t, told).Kind != finlatch.ChangeNone {
	}
	update(t, one, func(tx finlatch.Tx) error { return tx.PutSettings(t.Context(), finlatch.Settings{}) })
	for i := range changes {
		user := finlatch.User{ID: finlatch.ID{1, byte(i)}, NormalizedName: fmt.Sprint(i)}
		update(t, one, func(tx finlatch.Tx) error { return tx.CreateUser(t.Context(), user) })
	}
	close(committed)
	for receive(t, told).Kind != finlatch.ChangeSettings {
	}
	for users := range changes {
		if change := receive(t, told); change.Kind != finlatch.ChangeUser {
			t.Fatalf("told %+v after %d of %d changes", change, users, changes)
		}
	}
}

// TestLateCommit cuts a process off while the database commits, which it then does all the same: the process hears of its own
// change, because meanwhile it may have looked at what was there before.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	at := server.Database(t)
	wire := newWire(t, at)
	store := open(t, wire.url)
	query(t, at, "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3); RETURN NULL; END'")
	query(t, at, "CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()")
	user := finlatch.User{ID: finlatch.ID{1}, NormalizedName: "ann"}
	failed := make(chan error, 1)
	go func() {
		failed <- store.Update(t.Context(), func(tx finlatch.Tx) error { return tx.CreateUser(t.Context(), user) })
	}()
	for asleep := 0; asleep == 0; {
		query(t, at, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", &asleep)
	}
	wire.hangUp(true)
	if err := <-failed; !errors.Is(err, finlatch.ErrUnavailable) {
		t.Errorf("Update: got error %v", err)
	}
	<-wire.refused // that the database shall not commit after all
	wire.hangUp(false)
	told := make(chan finlatch.Change, 100)
	watch(t, store, told)
	receive(t, told)
	if err := store.View(t.Context(), func(tx finlatch.Tx) error { _, err := tx.User(t.Context(), user.ID); return err }); !errors.Is(err, finlatch.ErrNotFound) {
		t.Fatalf("before the database commits: got error %v", err)
	}
	if got, want := receive(t, told), (finlatch.Change{Kind: finlatch.ChangeUser, UserID: user.ID}); got != want {
		t.Errorf("told %+v, want %+v", got, want)
	}
}

// TestFollower has nothing read from a server that follows another: it may not know yet of a token that has ended.
func TestFollower(t *testing.T) {
	t.Parallel()
	own := pgtest.New(t)
	at := own.Database(t)
	store := open(t, at)
	update(t, store, func(tx finlatch.Tx) error { return tx.PutSettings(t.Context(), finlatch.Settings{}) })
	if err := own.Stop(); err != nil {
		t.Fatal(err)
	}
	own.Follow(t)
	defer own.Stop()
	if err := store.View(t.Context(), func(finlatch.Tx) error { return nil }); !errors.Is(err, finlatch.ErrUnavailable) {
		t.Errorf("View: got error %v", err)
	}
	if other, err := postgres.Open(t.Context(), at); !errors.Is(err, finlatch.ErrUnavailable) {
		t.Errorf("Open: got error %v", err)
		if err == nil {
			other.Close()
		}
	}
}

// wire leads to the database, and loses what it is to carry while it is cut.
type wire struct {
	url string

	mu    sync.Mutex
	lost  bool
	hung  bool
	conns []net.Conn

	refused chan struct{}
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
	w := &wire{url: fmt.Sprintf("postgres://finlatch@%s%s?sslmode=disable", listener.Addr(), target.Path), refused: make(chan struct{}, 100)}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if !w.take(conn) {
				continue
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

// take refuses a connection while the wire is hung up.
func (w *wire) take(conn net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hung {
		conn.Close()
		w.refused <- struct{}{}
		return false
	}
	w.conns = append(w.conns, conn)
	return true
}

// hangUp ends all connections at this end, and takes none while it is hung up. The database does not see that while it is at work.
func (w *wire) hangUp(hung bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hung = hung
	for _, conn := range w.conns {
		conn.Close()
	}
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
