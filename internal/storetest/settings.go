package storetest

import (
	"context"
	"testing"

	"github.com/finlatch/finlatch"
)

var settingsTests = []test{
	{"not put yet", func(t *testing.T, s fixture) {
		s.missing("Settings", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.Settings(ctx); return err })
	}},
	{"round trip", func(t *testing.T, s fixture) {
		for seed, want := range []finlatch.Settings{filled[finlatch.Settings](0), {}, filled[finlatch.Settings](1)} {
			if seed == 2 {
				want.Rest = []byte(`{"unknown": [1, "ü", null] }` + "\n") // kept to the byte
			}
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutSettings(ctx, want) })
			s.view(func(ctx context.Context, tx finlatch.Tx) error {
				got, err := tx.Settings(ctx)
				equal(t, "Settings", got, want)
				return err
			})
		}
	}},
}
