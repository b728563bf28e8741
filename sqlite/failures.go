package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	failuresFields = "key_hash, count, first_at, last_at"

	selectFailures   = "SELECT " + failuresFields + " FROM failures ORDER BY last_at DESC, key_hash DESC LIMIT ?"
	selectFailuresOf = "SELECT " + failuresFields + " FROM failures WHERE key_hash = ?"
	replaceFailures  = "REPLACE INTO failures (" + failuresFields + ") VALUES (?, ?, ?, ?)"
	deleteFailures   = "DELETE FROM failures WHERE key_hash = ?"
	expireFailures   = "DELETE FROM failures WHERE key_hash IN (SELECT key_hash FROM failures WHERE last_at < ? ORDER BY last_at LIMIT ?)"
)

func scanFailures(r row) (f finlatch.Failures, err error) {
	err = r.Scan((*hashColumn)(&f.Key), &f.Count, (*timeColumn)(&f.FirstAt), (*timeColumn)(&f.LastAt))
	return f, err
}

func (t *tx) Failures(ctx context.Context, limit int) ([]finlatch.Failures, error) {
	return all(ctx, t, "list failures", scanFailures, selectFailures, max(limit, 0))
}

func (t *tx) FailuresOf(ctx context.Context, keys ...finlatch.Hash) (found []finlatch.Failures, err error) {
	for _, key := range keys {
		f, err := one(ctx, t, "get failures", scanFailures, selectFailuresOf, key[:])
		switch {
		case err == nil:
			found = append(found, f)
		case !errors.Is(err, finlatch.ErrNotFound):
			return nil, err
		}
	}
	return found, nil
}

func (t *tx) PutFailures(ctx context.Context, failures []finlatch.Failures) error {
	for _, f := range failures {
		_, err := t.change(ctx, "put failures", replaceFailures, f.Key[:], f.Count, nanoseconds(f.FirstAt), nanoseconds(f.LastAt))
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) DeleteFailures(ctx context.Context, keys ...finlatch.Hash) error {
	for _, key := range keys {
		if _, err := t.change(ctx, "delete failures", deleteFailures, key[:]); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) ExpireFailures(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.change(ctx, "expire failures", expireFailures, nanoseconds(before), max(limit, 0))
}
