package storetest

import (
	"bytes"
	"context"
	"testing"

	"github.com/finlatch/finlatch"
)

var displayPreferencesTests = []test{
	{"round trip", func(t *testing.T, s fixture) {
		s.people(2)
		all := []finlatch.DisplayPreferences{
			{UserID: id(1), ItemID: id(5), Client: "emby", Data: []byte(`{"a":1}`)},
			{UserID: id(1), ItemID: id(5), Client: "Emby", Data: []byte{0, 0xff}},
			{UserID: id(1), ItemID: id(6), Client: "emby", Data: bytes.Repeat([]byte("long "), 20_000)},
			{UserID: id(1), Client: ""},
			{UserID: id(2), ItemID: id(5), Client: "emby", Data: []byte("another's")},
		}
		for _, p := range all {
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutDisplayPreferences(ctx, p) })
		}
		all[0].Data = []byte("replaced")
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutDisplayPreferences(ctx, all[0]) })
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			for _, want := range all {
				got, err := tx.DisplayPreferences(ctx, want.UserID, want.ItemID, want.Client)
				if err != nil {
					return err
				}
				equal(t, "DisplayPreferences", got, want)
			}
			for user, want := range map[byte]int{1: 4, 2: 1, 9: 0} {
				n, err := tx.CountDisplayPreferences(ctx, id(user))
				if err != nil {
					return err
				}
				equal(t, "CountDisplayPreferences", n, want)
			}
			return nil
		})
	}},
	{"not there", func(t *testing.T, s fixture) {
		s.people(1)
		s.missing("DisplayPreferences", func(ctx context.Context, tx finlatch.Tx) error {
			_, err := tx.DisplayPreferences(ctx, id(1), id(5), "emby")
			return err
		})
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error {
			return tx.PutDisplayPreferences(ctx, finlatch.DisplayPreferences{UserID: id(9), Client: "emby"})
		})
	}},
}
