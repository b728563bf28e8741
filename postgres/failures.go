package postgres

import (
	"context"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	failuresFields = "key_hash, count, first_at, last_at"

	selectFailures   = "SELECT " + failuresFields + " FROM failures ORDER BY last_at DESC NULLS LAST, key_hash DESC LIMIT $1"
	selectFailuresOf = "SELECT " + failuresFields + " FROM failures WHERE key_hash = ANY ($1)"
	replaceFailures  = "INSERT INTO failures (" + failuresFields + ") VALUES ($1, $2, $3, $4) ON CONFLICT (key_hash) " +
		"DO UPDATE SET count = excluded.count, first_at = excluded.first_at, last_at = excluded.last_at"
	deleteFailures = "DELETE FROM failures WHERE key_hash = $1"
	expireFailures = "DELETE FROM failures WHERE key_hash IN (SELECT key_hash FROM failures WHERE last_at < $1 ORDER BY last_at NULLS FIRST, key_hash LIMIT $2)"
)

func scanFailures(r row) (f finlatch.Failures, err error) {
	err = r.Scan((*hashColumn)(&f.Key), &f.Count, (*timeColumn)(&f.FirstAt), (*timeColumn)(&f.LastAt))
	return f, err
}

func (t *tx) Failures(ctx context.Context, limit int) ([]finlatch.Failures, error) {
	return all(ctx, t, "list failures", scanFailures, selectFailures, max(limit, 0))
}

func (t *tx) FailuresOf(ctx context.Context, keys ...finlatch.Hash) ([]finlatch.Failures, error) {
	var wanted [][]byte
	for _, key := range keys {
		wanted = append(wanted, key[:])
	}
	return all(ctx, t, "get failures", scanFailures, selectFailuresOf, wanted)
}

func (t *tx) PutFailures(ctx context.Context, failures []finlatch.Failures) error {
	var rows [][]any
	for _, f := range failures {
		rows = append(rows, []any{f.Key[:], f.Count, timestamp(f.FirstAt), timestamp(f.LastAt)})
	}
	return t.changeMany(ctx, "put failures", replaceFailures, rows)
}

func (t *tx) DeleteFailures(ctx context.Context, keys ...finlatch.Hash) error {
	var rows [][]any
	for _, key := range keys {
		rows = append(rows, []any{key[:]})
	}
	return t.changeMany(ctx, "delete failures", deleteFailures, rows)
}

func (t *tx) ExpireFailures(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.change(ctx, "expire failures", expireFailures, timestamp(before), max(limit, 0))
}
