package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/finlatch/finlatch"
)

// copied is a store of which everything can be read and deleted.
type copied interface {
	Rows(ctx context.Context, f func(row any) error) error
	Clear(ctx context.Context) error
}

var copyTests = []test{
	{"everything, and then nothing", func(t *testing.T, s fixture) {
		store, ok := s.once.(copied)
		if !ok {
			t.Fatal("the store cannot be copied")
		}
		s.wantRows(store, nil)
		user, settings := filled[finlatch.User](0), filled[finlatch.Settings](100)
		device := filled[finlatch.Device](200)
		device.UserID = user.ID
		options := finlatch.DeviceOptions{DeviceID: device.DeviceID, UserID: user.ID, CustomName: device.CustomName}
		ended := finlatch.EndedToken{ID: 1, Hash: hash(7), Sealed: []byte{7}}
		key, request := filled[finlatch.APIKey](300), filled[finlatch.QuickConnect](400)
		request.UserID = user.ID
		pending := quickConnect(9, 1)
		pending.SecretHash = finlatch.Hash{0: 0xff} // the last
		activity := filled[finlatch.Activity](500)
		activity.ID = 1
		preferences := filled[finlatch.DisplayPreferences](600)
		preferences.UserID = user.ID
		picture, splash := filled[finlatch.Picture](700), finlatch.Picture{Tag: "splash"}
		picture.OwnerID = user.ID
		reset, counted := filled[finlatch.PasswordReset](800), filled[finlatch.Failures](900)
		reset.UserID = user.ID
		write := func(ctx context.Context, tx finlatch.Tx) error {
			for _, err := range []error{
				tx.CreateUser(ctx, user), tx.CreateDevice(ctx, device), tx.PutDeviceOptions(ctx, options), tx.AddEndedToken(ctx, ended),
				tx.CreateAPIKey(ctx, key), tx.CreateQuickConnect(ctx, request), tx.CreateQuickConnect(ctx, pending),
				tx.AddActivity(ctx, activity), tx.PutDisplayPreferences(ctx, preferences), tx.PutPicture(ctx, picture),
				tx.PutPicture(ctx, splash), tx.PutPasswordReset(ctx, reset), tx.PutFailures(ctx, []finlatch.Failures{counted}),
				tx.PutSettings(ctx, settings),
			} {
				if err != nil {
					return err
				}
			}
			return nil
		}
		want := []any{user, device, options, ended, key, request, pending, activity, preferences, splash, picture, reset, counted, settings}
		for range 2 { // what was cleared can be filled again
			if err := s.once.Update(t.Context(), func(tx finlatch.Tx) error { return write(t.Context(), tx) }); err != nil {
				t.Fatal(err)
			}
			s.wantPending(1)
			s.wantRows(store, want)
			if err := store.Clear(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.wantPending(0)
			s.wantCrowding(0)
			s.wantRows(store, nil)
		}
	}},
}

// wantRows wants these rows, in the order of their kinds. The store's own ids are 1 or more.
func (s fixture) wantRows(store copied, want []any) {
	s.t.Helper()
	var got []any
	err := store.Rows(s.t.Context(), func(row any) error {
		switch known := row.(type) {
		case finlatch.Activity:
			known.ID = min(known.ID, 1)
			row = known
		case finlatch.EndedToken:
			known.ID = min(known.ID, 1)
			row = known
		}
		got = append(got, row)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	counts := func(rows []any) map[string]int {
		kinds := map[string]int{}
		for _, row := range rows {
			kinds[fmt.Sprintf("%T", row)]++
		}
		return kinds
	}
	equal(s.t, "kinds of rows", counts(got), counts(want))
	for i := range min(len(got), len(want)) {
		if fmt.Sprintf("%T", got[i]) != fmt.Sprintf("%T", want[i]) {
			s.t.Fatalf("row %d is a %T, want a %T", i, got[i], want[i])
		}
	}
	for i := range min(len(got), len(want)) {
		equal(s.t, fmt.Sprintf("row %d, a %T", i, want[i]), got[i], want[i])
	}
}
