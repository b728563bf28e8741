package postgres

import (
	"context"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	apiKeyFields = "id, name, key_hash, created_at, sealed, readable_till"

	selectAPIKey     = "SELECT " + apiKeyFields + " FROM api_keys WHERE key_hash = $1"
	selectAPIKeyByID = "SELECT " + apiKeyFields + " FROM api_keys WHERE id = $1"
	selectAPIKeys    = "SELECT " + apiKeyFields + " FROM api_keys ORDER BY created_at NULLS FIRST, id"
	insertAPIKey     = "INSERT INTO api_keys (" + apiKeyFields + ") VALUES ($1, $2, $3, $4, $5, $6)"
	deleteAPIKey     = "DELETE FROM api_keys WHERE id = $1 RETURNING key_hash"
	forgetAPIKeys    = "UPDATE api_keys SET sealed = NULL WHERE sealed IS NOT NULL AND readable_till < $1"
)

func scanAPIKey(r row) (k finlatch.APIKey, err error) {
	err = r.Scan((*idColumn)(&k.ID), &k.Name, (*hashColumn)(&k.Hash), (*timeColumn)(&k.CreatedAt), &k.Sealed, (*timeColumn)(&k.ReadableTill))
	return k, err
}

func (t *tx) APIKey(ctx context.Context, key finlatch.Hash) (finlatch.APIKey, error) {
	return one(ctx, t, "get API key", scanAPIKey, selectAPIKey, key[:])
}

func (t *tx) APIKeyByID(ctx context.Context, id finlatch.ID) (finlatch.APIKey, error) {
	return one(ctx, t, "get API key by id", scanAPIKey, selectAPIKeyByID, id[:])
}

func (t *tx) APIKeys(ctx context.Context) ([]finlatch.APIKey, error) {
	return all(ctx, t, "list API keys", scanAPIKey, selectAPIKeys)
}

func (t *tx) CreateAPIKey(ctx context.Context, k finlatch.APIKey) error {
	_, err := t.change(ctx, "create API key", insertAPIKey, k.ID[:], k.Name, k.Hash[:], timestamp(k.CreatedAt),
		optionalBytes(k.Sealed), timestamp(k.ReadableTill))
	if err != nil {
		return err
	}
	t.tell(finlatch.Change{Kind: finlatch.ChangeAPIKey, Hash: k.Hash})
	return nil
}

func (t *tx) DeleteAPIKey(ctx context.Context, id finlatch.ID) error {
	deleted, err := changeReturning(ctx, t, "delete API key", scanHash, deleteAPIKey, id[:])
	if err != nil {
		return err
	}
	if len(deleted) == 0 {
		return finlatch.ErrNotFound
	}
	t.tell(finlatch.Change{Kind: finlatch.ChangeAPIKey, Hash: deleted[0]})
	return nil
}

func (t *tx) ForgetAPIKeys(ctx context.Context, before time.Time) error {
	_, err := t.change(ctx, "forget API keys", forgetAPIKeys, timestamp(before))
	return err
}
