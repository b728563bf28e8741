package storetest

import (
	"context"
	"testing"

	"github.com/finlatch/finlatch"
)

var apiKeyTests = []test{
	{"round trip", func(t *testing.T, s fixture) {
		filled := filled[finlatch.APIKey](0)
		bare := finlatch.APIKey{ID: id(1), Hash: hash(1)}
		for _, want := range []finlatch.APIKey{filled, bare} {
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateAPIKey(ctx, want) })
			s.view(func(ctx context.Context, tx finlatch.Tx) error {
				got, err := tx.APIKey(ctx, want.Hash)
				if err != nil {
					return err
				}
				equal(t, "APIKey", got, want)
				got, err = tx.APIKeyByID(ctx, want.ID)
				equal(t, "APIKeyByID", got, want)
				return err
			})
		}
		s.wantAPIKeys(bare, filled) // one that was created at no time is the oldest
	}},
	{"not there", func(t *testing.T, s fixture) {
		s.missing("APIKey", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.APIKey(ctx, hash(1)); return err })
		s.missing("APIKeyByID", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.APIKeyByID(ctx, id(1)); return err })
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteAPIKey(ctx, id(1)) })
		s.wantAPIKeys()
	}},
	{"conflicts", func(t *testing.T, s fixture) {
		s.apiKeys(apiKey(1))
		for _, taken := range []finlatch.APIKey{{ID: id(1), Hash: hash(2)}, {ID: id(2), Hash: hash(1)}} {
			s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateAPIKey(ctx, taken) })
		}
		same := apiKey(2)
		same.Name = apiKey(1).Name
		s.apiKeys(same) // names are anybody's
		s.wantAPIKeys(apiKey(1), same)
	}},
	{"order", func(t *testing.T, s fixture) {
		s.apiKeys(apiKey(3), apiKey(1), apiKey(2))
		s.wantAPIKeys(apiKey(1), apiKey(2), apiKey(3))
	}},
	{"deleting", func(t *testing.T, s fixture) {
		s.apiKeys(apiKey(1), apiKey(2))
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteAPIKey(ctx, id(1)) })
		s.missing("APIKey", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.APIKey(ctx, hash(1)); return err })
		s.wantAPIKeys(apiKey(2))
	}},
	{"forgetting", func(t *testing.T, s fixture) {
		never := apiKey(4)
		never.Sealed, never.ReadableTill = nil, finlatch.APIKey{}.ReadableTill
		s.apiKeys(apiKey(1), apiKey(2), apiKey(3), never) // readable till minute n
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.ForgetAPIKeys(ctx, after(2)) })
		forgotten := apiKey(1)
		forgotten.Sealed = nil
		s.wantAPIKeys(forgotten, apiKey(2), apiKey(3), never)
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.ForgetAPIKeys(ctx, after(2)) })
		s.wantAPIKeys(forgotten, apiKey(2), apiKey(3), never)
	}},
}

func apiKey(n byte) finlatch.APIKey {
	return finlatch.APIKey{
		ID: id(n), Name: "key " + string('a'+rune(n)), Hash: hash(n), CreatedAt: after(int(n)), Sealed: []byte{0, n, 0xff}, ReadableTill: after(int(n)),
	}
}

func (s fixture) apiKeys(keys ...finlatch.APIKey) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx finlatch.Tx) error {
		for _, key := range keys {
			if err := tx.CreateAPIKey(ctx, key); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s fixture) wantAPIKeys(want ...finlatch.APIKey) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		got, err := tx.APIKeys(ctx)
		equal(s.t, "APIKeys", got, want)
		return err
	})
}
