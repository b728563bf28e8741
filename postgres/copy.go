package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/finlatch/finlatch"
)

// copyTimeout bounds Rows.
const copyTimeout = 24 * time.Hour

// Rows reads everything for f, as one consistent state: each row of the store as a value of its type in finlatch, those that
// others need before these, and the settings last. f's error ends it. It has a connection of its own, on which it takes
// as long as it takes.
func (s *Store) Rows(ctx context.Context, f func(row any) error) error {
	config := s.listen.Copy()
	config.RuntimeParams["statement_timeout"], config.RuntimeParams["idle_in_transaction_session_timeout"] = "0", "0"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return translate(ctx, "connect to copy", err, true)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	begun, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return translate(ctx, "begin", err, conn.IsClosed())
	}
	t := &tx{conn: conn, begun: begun, till: time.Now().Add(copyTimeout)}
	return t.rows(ctx, f)
}

// All rows of the tables, in the order of their keys, which is the same in every store.
const (
	copyUsers              = selectUsers + " ORDER BY id"
	copyDevices            = selectDevices + " ORDER BY token_hash"
	copyDeviceOptions      = "SELECT device_id, user_id, custom_name FROM device_options ORDER BY device_id, user_id"
	copyEndedTokens        = "SELECT " + endedTokenFields + " FROM ended_tokens ORDER BY id"
	copyAPIKeys            = "SELECT " + apiKeyFields + " FROM api_keys ORDER BY id"
	copyQuickConnects      = "SELECT secret_hash, code, " + quickConnectFields + " FROM quick_connects ORDER BY secret_hash"
	copyActivities         = selectActivities + " ORDER BY id"
	copyDisplayPreferences = "SELECT " + displayPreferencesFields + " FROM display_preferences ORDER BY user_id, item_id, client"
	copyPictures           = "SELECT " + pictureFields + " FROM pictures ORDER BY owner_id"
	copyPasswordResets     = "SELECT " + passwordResetFields + " FROM password_resets ORDER BY user_id"
	copyFailures           = "SELECT " + failuresFields + " FROM failures ORDER BY key_hash"
)

// rows reads everything for f.
func (t *tx) rows(ctx context.Context, f func(row any) error) error {
	for _, read := range []func() error{
		func() error { return each(ctx, t, "copy users", scanUser, asRow[finlatch.User](f), copyUsers) },
		func() error { return each(ctx, t, "copy devices", scanDevice, asRow[finlatch.Device](f), copyDevices) },
		func() error {
			return each(ctx, t, "copy device options", scanDeviceOptions, asRow[finlatch.DeviceOptions](f), copyDeviceOptions)
		},
		func() error {
			return each(ctx, t, "copy ended tokens", scanEndedToken, asRow[finlatch.EndedToken](f), copyEndedTokens)
		},
		func() error { return each(ctx, t, "copy API keys", scanAPIKey, asRow[finlatch.APIKey](f), copyAPIKeys) },
		func() error {
			return each(ctx, t, "copy Quick Connects", scanQuickConnect, asRow[finlatch.QuickConnect](f), copyQuickConnects)
		},
		func() error {
			return each(ctx, t, "copy activities", scanActivity, asRow[finlatch.Activity](f), copyActivities)
		},
		func() error {
			return each(ctx, t, "copy display preferences", scanDisplayPreferences, asRow[finlatch.DisplayPreferences](f), copyDisplayPreferences)
		},
		func() error {
			return each(ctx, t, "copy pictures", scanPicture, asRow[finlatch.Picture](f), copyPictures)
		},
		func() error {
			return each(ctx, t, "copy password resets", scanPasswordReset, asRow[finlatch.PasswordReset](f), copyPasswordResets)
		},
		func() error {
			return each(ctx, t, "copy failures", scanFailures, asRow[finlatch.Failures](f), copyFailures)
		},
		func() error {
			return each(ctx, t, "copy settings", scanSettings, asRow[finlatch.Settings](f), selectSettings)
		},
	} {
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

func asRow[T any](f func(any) error) func(T) error { return func(value T) error { return f(value) } }

// Clear deletes everything. The changes are not told, so nobody else uses the store meanwhile.
func (s *Store) Clear(ctx context.Context) error {
	return s.Update(ctx, func(outer finlatch.Tx) error {
		for _, statement := range clearing {
			if _, err := outer.(*tx).change(ctx, "clear", statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// clearing does not delete row by row, and so the counts of pending requests are cleared too.
var clearing = []string{
	"TRUNCATE users, devices, device_options, ended_tokens, api_keys, quick_connects, quick_connect_networks, activities, settings, " +
		"seal_key, display_preferences, pictures, password_resets, failures RESTART IDENTITY",
	"UPDATE quick_connect_total SET pending = 0 WHERE id = 0",
}
