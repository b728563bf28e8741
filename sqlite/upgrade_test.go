package sqlite

import (
	"database/sql"
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pressly/goose/v3"

	"github.com/finlatch/finlatch"
)

// version1 is what the program with the first migration alone wrote.
const version1 = `
INSERT INTO users (id, name, normalized_name, password_hash, password_version, is_administrator, is_disabled, is_hidden,
    invalid_login_attempts, created_at, policy, configuration)
  VALUES (x'00000000000000000000000000000001', 'Ada', 'ADA', '$x', 3, 1, 0, 0, 2, 1000000000, '{"IsAdministrator":true}', '{}');
INSERT INTO devices (token_hash, user_id, device_id, device_name, app_name, app_version, address, created_at, last_activity_at)
  VALUES (x'0000000000000000000000000000000000000000000000000000000000000002', x'00000000000000000000000000000001', 'tv', 'TV', 'app', '1', '192.0.2.1', 2000000000, 3000000000);
INSERT INTO activities (type, name, user_id, address, severity, count, at) VALUES
  ('AuthenticationFailed', 'failed', NULL, '', 'Error', 1, 1000000000), ('SessionEnded', 'ended', NULL, '', 'Information', 1, 2000000000);
INSERT INTO settings (id, server_id, server_name, setup_complete, quick_connect, legacy_authorization, remote_access, ui_culture,
    metadata_country_code, preferred_metadata_language, rest)
  VALUES (0, x'00000000000000000000000000000003', 'home', 1, 0, 1, 0, 'de', 'DE', 'de', x'7b7d');
INSERT INTO display_preferences (user_id, item_id, client, data) VALUES (x'00000000000000000000000000000001', zeroblob(16), 'web', x'7b7d');
`

// TestUpgrade opens a file of the first version: nothing in it is lost, and what is new has the values that new rows get.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "finlatch.db")
	first, err := migrations.ReadFile("migrations/00001_initial.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, fstest.MapFS{"00001_initial.sql": {Data: first}}, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA journal_mode = WAL;", applicationID)+version1); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	ada, token := finlatch.ID{15: 1}, finlatch.Hash{31: 2}
	second := func(n int64) time.Time { return time.Unix(n, 0).UTC() }
	user := finlatch.User{ID: ada, Name: "Ada", NormalizedName: "ADA", PasswordHash: "$x", PasswordVersion: 3, InvalidLoginAttempts: 2,
		CreatedAt: second(1), Policy: finlatch.NewPolicy(), Configuration: finlatch.NewConfiguration()}
	user.Policy.IsAdministrator = true
	device := finlatch.Device{TokenHash: token, UserID: ada, Address: netip.MustParseAddr("192.0.2.1"), CreatedAt: second(2), LastActivityAt: second(3),
		ClientInfo:   finlatch.ClientInfo{AppName: "app", AppVersion: "1", DeviceName: "TV", DeviceID: "tv"},
		Capabilities: finlatch.NewCapabilities()}
	settings := finlatch.Settings{ServerID: finlatch.ID{15: 3}, ServerName: "home", SetupComplete: true, LegacyAuthorization: true,
		UICulture: "de", MetadataCountryCode: "DE", PreferredMetadataLanguage: "de", Rest: []byte("{}"), ActivityDays: 30, ClientLogs: true}
	entries := []finlatch.Activity{
		{ID: 2, Type: "SessionEnded", Name: "ended", Severity: "Information", Count: 1, At: second(2)},
		{ID: 1, Type: "AuthenticationFailed", Name: "failed", Severity: "Error", Refusal: true, Count: 1, At: second(1)},
	}
	preferences := finlatch.DisplayPreferences{UserID: ada, Client: "web", Data: []byte("{}")}

	for range 2 { // upgraded, then opened again
		store := openInternal(t, path)
		err = store.View(ctx, func(tx finlatch.Tx) error {
			for _, row := range []struct {
				name string
				get  func() (any, error)
				want any
			}{
				{"user", func() (any, error) { return tx.User(ctx, ada) }, user},
				{"device", func() (any, error) { return tx.Device(ctx, token) }, device},
				{"settings", func() (any, error) { return tx.Settings(ctx) }, settings},
				{"activities", func() (any, error) {
					got, _, err := tx.Activities(ctx, finlatch.ActivityFilter{})
					return got, err
				}, entries},
				{"display preferences", func() (any, error) { return tx.DisplayPreferences(ctx, ada, finlatch.ID{}, "web") }, preferences},
			} {
				got, err := row.get()
				if err != nil {
					return fmt.Errorf("%s: %w", row.name, err)
				}
				if diff := cmp.Diff(row.want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
					t.Errorf("%s (-want +got):\n%s", row.name, diff)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Update(ctx, func(tx finlatch.Tx) error { return tx.PutPicture(ctx, finlatch.Picture{OwnerID: ada, Tag: "x"}) }); err != nil {
			t.Errorf("PutPicture: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
