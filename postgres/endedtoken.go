package postgres

import (
	"context"

	"github.com/finlatch/finlatch"
)

// A trigger adds those of deleted devices; see migrations.
const (
	endedTokenFields = "id, token_hash, sealed"

	selectEndedToken  = "SELECT " + endedTokenFields + " FROM ended_tokens WHERE token_hash = $1 ORDER BY id LIMIT 1"
	selectEndedTokens = "SELECT " + endedTokenFields + " FROM ended_tokens WHERE id > $1 ORDER BY id LIMIT $2"
	insertEndedToken  = "INSERT INTO ended_tokens (token_hash, sealed) VALUES ($1, $2)"
	deleteEndedToken  = "DELETE FROM ended_tokens WHERE id = $1"
)

func scanEndedToken(r row) (e finlatch.EndedToken, err error) {
	err = r.Scan(&e.ID, (*hashColumn)(&e.Hash), &e.Sealed)
	return e, err
}

func (t *tx) EndedToken(ctx context.Context, token finlatch.Hash) (finlatch.EndedToken, error) {
	return one(ctx, t, "get ended token", scanEndedToken, selectEndedToken, token[:])
}

func (t *tx) EndedTokens(ctx context.Context, after int64, limit int) ([]finlatch.EndedToken, error) {
	return all(ctx, t, "list ended tokens", scanEndedToken, selectEndedTokens, after, max(limit, 0))
}

func (t *tx) AddEndedToken(ctx context.Context, e finlatch.EndedToken) error {
	_, err := t.change(ctx, "add ended token", insertEndedToken, e.Hash[:], e.Sealed)
	return err
}

func (t *tx) ForgetEndedToken(ctx context.Context, id int64) error {
	_, err := t.change(ctx, "forget ended token", deleteEndedToken, id)
	return err
}
