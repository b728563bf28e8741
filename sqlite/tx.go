package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/finlatch/finlatch"
)

// maxAttempts bounds how often an Update meets a foreign program's lock before it gives up. With the writer's busy
// timeout that is after five seconds.
const maxAttempts = 20

const (
	beginView   = "BEGIN"
	beginUpdate = "BEGIN IMMEDIATE"
	commit      = "COMMIT"
	rollback    = "ROLLBACK"
)

var (
	errOver     = errors.New("the transaction is over")
	errReadOnly = errors.New("a View changes nothing")
)

// View implements finlatch.Store.
func (s *Store) View(ctx context.Context, f func(finlatch.Tx) error) error {
	return s.readers.with(ctx, func(c *conn) error {
		t := &tx{conn: c}
		return t.run(ctx, beginView, f)
	})
}

// Update implements finlatch.Store. Updates run one after the other.
func (s *Store) Update(ctx context.Context, f func(finlatch.Tx) error) error {
	return s.writer.with(ctx, func(c *conn) error {
		for attempt := 1; ; attempt++ {
			t := &tx{conn: c, writable: true}
			err := t.run(ctx, beginUpdate, f)
			if err == nil {
				s.watchers.tell(t.changes) // before the next Update, so that changes are told in their order
				return nil
			}
			if !t.busy || attempt >= s.attempts {
				return err
			}
			if ended := ctx.Err(); ended != nil {
				return ended
			}
		}
	})
}

// tx is a transaction on a connection.
type tx struct {
	conn     *conn
	writable bool
	dead     error // why nothing more can be done: what failed, or errOver
	busy     bool  // a foreign program's lock is why

	changes []finlatch.Change // for Watch
	noted   map[finlatch.Change]struct{}
}

var _ finlatch.Tx = (*tx)(nil)

// run begins, runs f and commits. Whatever happens in f, a panic too, the transaction is over afterwards.
func (t *tx) run(ctx context.Context, begin string, f func(finlatch.Tx) error) error {
	if err := t.conn.exec(begin); err != nil {
		t.conn.broken = !isBusy(err)
		return t.fail(ctx, "begin", err)
	}
	committed := false
	defer func() {
		t.dead = errOver
		if !committed {
			t.rollback()
		}
	}()
	err := f(t)
	if err == nil {
		err = t.dead // f has swallowed it
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	if err := t.conn.exec(commit); err != nil {
		return t.fail(ctx, "commit", err)
	}
	committed = true
	return nil
}

func (t *tx) rollback() {
	// SQLite rolls back by itself when the disk is full, say; ROLLBACK then finds no transaction, which is its only reason
	// for the plain code 1. After anything else nobody knows what state the connection is in.
	if err := t.conn.exec(rollback); err != nil && code(err) != 1 {
		t.conn.broken = true
	}
}

// fail makes a failed statement the end of the transaction, as it is in other databases.
func (t *tx) fail(ctx context.Context, doing string, err error) error {
	t.busy = isBusy(err)
	t.dead = translate(ctx, doing, err)
	return t.dead
}

// prepare is where every statement begins.
func (t *tx) prepare(ctx context.Context, doing, query string) (*sql.Stmt, error) {
	if t.dead != nil {
		return nil, t.dead
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	stmt, err := t.conn.prepare(query)
	if err != nil {
		return nil, t.fail(ctx, doing, err)
	}
	return stmt, nil
}

// prepareChange is prepare for statements that change rows.
func (t *tx) prepareChange(ctx context.Context, doing, query string) (*sql.Stmt, error) {
	if t.dead == nil && !t.writable {
		return nil, t.fail(ctx, doing, errReadOnly)
	}
	return t.prepare(ctx, doing, query)
}

// change runs a statement that changes rows, and tells how many.
func (t *tx) change(ctx context.Context, doing, query string, args ...any) (int, error) {
	stmt, err := t.prepareChange(ctx, doing, query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, t.fail(ctx, doing, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, t.fail(ctx, doing, err)
	}
	return int(n), nil
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
	if _, err := t.prepareChange(ctx, doing, query); err != nil {
		return nil, err
	}
	return all(ctx, t, doing, scan, query, args...)
}

// one reads one row.
func one[T any](ctx context.Context, t *tx, doing string, scan func(row) (T, error), query string, args ...any) (T, error) {
	var none T
	stmt, err := t.prepare(ctx, doing, query)
	if err != nil {
		return none, err
	}
	value, err := scan(stmt.QueryRowContext(context.Background(), args...))
	if errors.Is(err, sql.ErrNoRows) {
		return none, finlatch.ErrNotFound
	}
	if err != nil {
		return none, t.fail(ctx, doing, err)
	}
	return value, nil
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
	stmt, err := t.prepare(ctx, doing, query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(context.Background(), args...)
	if err != nil {
		return t.fail(ctx, doing, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
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
