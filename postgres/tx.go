package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/finlatch/finlatch"
)

// maxAttempts bounds how often an Update runs when others get in its way or connections break. With the pauses in between,
// which grow up to maxPause, that is after two seconds and more. A value that is taken is looked at again maxConflicts times:
// what took it may be what the function has just looked for and not yet seen.
const (
	maxAttempts  = 60
	maxPause     = 80 * time.Millisecond
	maxConflicts = 2
)

var (
	errOver     = errors.New("the transaction is over")
	errReadOnly = errors.New("a View changes nothing")
)

// View implements finlatch.Store.
func (s *Store) View(ctx context.Context, f func(finlatch.Tx) error) error {
	_, err := s.run(ctx, &tx{}, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f)
	return err
}

// Update implements finlatch.Store. Updates run side by side, as if one after the other: where that does not work out, the
// database refuses one of them, which then runs again.
func (s *Store) Update(ctx context.Context, f func(finlatch.Tx) error) error {
	for attempt, conflicts := 1, 0; ; attempt++ {
		again, err := s.run(ctx, &tx{writable: true}, pgx.TxOptions{IsoLevel: pgx.Serializable}, f)
		if errors.Is(err, finlatch.ErrConflict) && again {
			conflicts++
		}
		if err == nil || !again || attempt >= maxAttempts || conflicts > maxConflicts {
			return err
		}
		if attempt == 1 {
			select {
			case s.turn <- struct{}{}:
				defer func() { <-s.turn }()
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		select {
		case <-time.After(rand.N(min(maxPause, time.Millisecond<<min(attempt, 10)))):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tx is a transaction on a connection.
type tx struct {
	conn     *pgx.Conn
	begun    pgx.Tx
	writable bool
	till     time.Time
	dead     error // why nothing more can be done: what failed, or errOver
	again    bool  // another try may go well, and this one has changed nothing

	changes []finlatch.Change // for Watch
	noted   map[finlatch.Change]struct{}
}

var _ finlatch.Tx = (*tx)(nil)

// run begins, runs f and commits. Whatever happens in f, a panic too, the transaction is over afterwards.
func (s *Store) run(ctx context.Context, t *tx, options pgx.TxOptions, f func(finlatch.Tx) error) (again bool, err error) {
	pooled, begun, err := s.begin(ctx, options)
	if err != nil {
		return false, err
	}
	defer pooled.Release()
	t.conn, t.begun, t.till = pooled.Conn(), begun, time.Now().Add(transactionTimeout)
	committed := false
	defer func() {
		t.dead = errOver
		if !committed {
			t.rollback(ctx)
		}
	}()
	err = f(t)
	if err == nil {
		err = t.dead // f has swallowed it
	}
	if err == nil {
		err = t.notify(ctx, s.node)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return t.again, err
	}
	committed, err = t.commit(ctx)
	if committed && err != nil {
		s.unsure.Store(true) // the database may yet commit, and nobody but it tells when
	}
	if committed {
		s.watchers.tell(t.changes)
	}
	return t.again, err
}

// commit tells whether the transaction was committed, or may have been. A context that ends meanwhile does not make that
// unknown.
func (t *tx) commit(ctx context.Context) (done bool, err error) {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), commitTimeout, errSlow)
	defer cancel()
	if err := t.begun.Commit(ctx); err != nil {
		lost := t.conn.IsClosed()
		t.again = collided(err)
		return lost && !t.again, translate(ctx, "commit", err, lost)
	}
	return true, nil
}

func (t *tx) rollback(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	t.begun.Rollback(ctx) // what cannot be rolled back is closed, which comes to the same
}

// fail makes a failed statement the end of the transaction, as it is in the database.
func (t *tx) fail(ctx context.Context, doing string, err error) error {
	lost := t.conn.IsClosed()
	t.again = collided(err) || state(err) == uniqueViolation || lost && ctx.Err() == nil
	t.dead = translate(ctx, doing, err, lost)
	return t.dead
}

// may is where every statement begins. The context that it makes ends when the transaction has to.
func (t *tx) may(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if t.dead != nil {
		return nil, nil, t.dead
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithDeadlineCause(ctx, t.till, errSlow)
	return ctx, cancel, nil
}

// mayChange is may for statements that change rows.
func (t *tx) mayChange(ctx context.Context, doing string) (context.Context, context.CancelFunc, error) {
	if t.dead == nil && !t.writable {
		return nil, nil, t.fail(ctx, doing, errReadOnly)
	}
	return t.may(ctx)
}

// change runs a statement that changes rows, and tells how many.
func (t *tx) change(ctx context.Context, doing, query string, args ...any) (int, error) {
	ctx, cancel, err := t.mayChange(ctx, doing)
	if err != nil {
		return 0, err
	}
	defer cancel()
	tag, err := t.begun.Exec(ctx, query, args...)
	if err != nil {
		return 0, t.fail(ctx, doing, err)
	}
	return int(tag.RowsAffected()), nil
}

// changeMany is change for the same statement with many arguments, without waiting for each.
func (t *tx) changeMany(ctx context.Context, doing, query string, rows [][]any) error {
	ctx, cancel, err := t.mayChange(ctx, doing)
	if err != nil {
		return err
	}
	defer cancel()
	var batch pgx.Batch
	for _, args := range rows {
		batch.Queue(query, args...)
	}
	if err := t.begun.SendBatch(ctx, &batch).Close(); err != nil {
		return t.fail(ctx, doing, err)
	}
	return nil
}

// changeOne is change for a row that must be there.
func (t *tx) changeOne(ctx context.Context, doing, query string, args ...any) error {
	n, err := t.change(ctx, doing, query, args...)
	if err == nil && n == 0 {
		err = finlatch.ErrNotFound
	}
	return err
}

// changeReturning is change for a statement that returns something of each row.
func changeReturning[T any](ctx context.Context, t *tx, doing string, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	if t.dead == nil && !t.writable {
		return nil, t.fail(ctx, doing, errReadOnly)
	}
	return all(ctx, t, doing, scan, query, args...)
}

// one reads one row.
func one[T any](ctx context.Context, t *tx, doing string, scan func(row) (T, error), query string, args ...any) (T, error) {
	values, err := all(ctx, t, doing, scan, query, args...)
	if err == nil && len(values) > 0 {
		return values[0], nil
	}
	var none T
	if err == nil {
		err = finlatch.ErrNotFound
	}
	return none, err
}

// all reads all rows.
func all[T any](ctx context.Context, t *tx, doing string, scan func(row) (T, error), query string, args ...any) (values []T, err error) {
	err = each(ctx, t, doing, scan, func(value T) error { values = append(values, value); return nil }, query, args...)
	if err != nil {
		return nil, err
	}
	return values, nil
}

// each reads all rows for f, whose error ends it.
func each[T any](ctx context.Context, t *tx, doing string, scan func(row) (T, error), f func(T) error, query string, args ...any) error {
	ctx, cancel, err := t.may(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	rows, err := t.begun.Query(ctx, query, args...)
	if err != nil {
		return t.fail(ctx, doing, err)
	}
	defer rows.Close()
	for rows.Next() {
		value, err := scan(rows)
		if err != nil {
			return t.fail(ctx, doing, err)
		}
		if err := f(value); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return t.fail(ctx, doing, err)
	}
	return nil
}

func scanInt(r row) (n int, err error) {
	err = r.Scan(&n)
	return n, err
}

func scanHash(r row) (hash finlatch.Hash, err error) {
	err = r.Scan((*hashColumn)(&hash))
	return hash, err
}

// tell notes a change for Watch, once.
func (t *tx) tell(change finlatch.Change) {
	if _, ok := t.noted[change]; ok {
		return
	}
	if t.noted == nil {
		t.noted = make(map[finlatch.Change]struct{})
	}
	t.noted[change] = struct{}{}
	t.changes = append(t.changes, change)
}
