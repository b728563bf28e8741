package takeover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/finlatch/finlatch"
)

// ErrNotEmpty is a store that has users or API keys already, or is set up.
var ErrNotEmpty = &finlatch.Error{Kind: finlatch.Conflict, Msg: "this finlatch has users already: only an empty one takes over a Jellyfin"}

// Write puts all of the installation into an empty store, or nothing: ErrNotEmpty where it is not. After that the server is set
// up. at is now.
func (i *Installation) Write(ctx context.Context, store finlatch.Store, at time.Time) error {
	return store.Update(ctx, func(tx finlatch.Tx) error {
		if err := checkEmpty(ctx, tx); err != nil {
			return err
		}
		return i.put(ctx, tx, at.UTC())
	})
}

func checkEmpty(ctx context.Context, tx finlatch.Tx) error {
	settings, err := tx.Settings(ctx)
	if err != nil && !errors.Is(err, finlatch.ErrNotFound) {
		return err
	}
	users, err := tx.CountUsers(ctx, finlatch.UserFilter{})
	if err != nil {
		return err
	}
	keys, err := tx.APIKeys(ctx)
	if err == nil && (settings.SetupComplete || users > 0 || len(keys) > 0) {
		err = ErrNotEmpty
	}
	return err
}

func (i *Installation) put(ctx context.Context, tx finlatch.Tx, at time.Time) error {
	if err := tx.PutSettings(ctx, i.Settings); err != nil {
		return err
	}
	for n, user := range i.Users {
		user.CreatedAt = at.Add(time.Duration(n) * time.Microsecond) // in their order
		if err := tx.CreateUser(ctx, user); err != nil {
			return err
		}
	}
	err := each(ctx, i.Devices, tx.CreateDevice)
	if err == nil {
		err = each(ctx, i.DeviceOptions, tx.PutDeviceOptions)
	}
	if err == nil {
		err = each(ctx, i.APIKeys, tx.CreateAPIKey)
	}
	if err == nil {
		err = each(ctx, i.DisplayPreferences, tx.PutDisplayPreferences)
	}
	if err == nil {
		err = each(ctx, i.Pictures, tx.PutPicture)
	}
	if err != nil {
		return err
	}
	return tx.AddActivity(ctx, finlatch.Activity{
		Type: finlatch.ActivitySetupCompleted, Name: fmt.Sprintf("The server has been set up with %d users and %d devices of a Jellyfin", len(i.Users), len(i.Devices)),
		Severity: finlatch.SeverityInformation, Count: 1, At: at,
	})
}

func each[T any](ctx context.Context, all []T, put func(context.Context, T) error) error {
	for _, one := range all {
		if err := put(ctx, one); err != nil {
			return err
		}
	}
	return nil
}
