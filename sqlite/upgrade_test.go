package sqlite

import (
	"database/sql"
	"fmt"
	"io/fs"
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
INSERT INTO quick_connects (secret_hash, code, state, device_id, device_name, app_name, app_version, address, forwarded, network, created_at, expires_at)
  VALUES (x'0000000000000000000000000000000000000000000000000000000000000004', '000004', 0, 'tv', 'TV', 'app', '1', '192.0.2.1', 0, '192.0.2.1/32', 4000000000, 5000000000);
INSERT INTO display_preferences (user_id, item_id, client, data) VALUES (x'00000000000000000000000000000001', zeroblob(16), 'web', x'7b7d');
`

// version2 is what the program with the first two migrations wrote into the columns of the second.
const version2 = `
UPDATE users SET image_tag = 'tag';
UPDATE devices SET capabilities = '{"SupportsMediaControl":true,"SupportsPersistentIdentifier":true}';
UPDATE activities SET refusal = 1 WHERE type = 'AuthenticationFailed';
UPDATE settings SET members = '{"ActivityDays":7,"ClientLogs":true}';
`

// version3 is what the program with the first three migrations wrote into the columns of the third.
const version3 = `
UPDATE users SET devices_seen_at = 6000000000;
UPDATE devices SET pages = 1;
`

// TestUpgrade opens files of all older versions: nothing in them is lost, and what is new has the values that new rows get.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	t.Run("from version 1", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "finlatch.db")
		writeVersion(t, path, 1, version1)
		wantUpgraded(t, path, func(*finlatch.User, *finlatch.Device, *finlatch.Settings) {})
	})
	t.Run("from version 2", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "finlatch.db")
		writeVersion(t, path, 2, version1+version2)
		wantUpgraded(t, path, func(user *finlatch.User, device *finlatch.Device, settings *finlatch.Settings) {
			user.ImageTag = "tag"
			device.Capabilities.SupportsMediaControl = true
			settings.ActivityDays = 7
		})
	})
	t.Run("from version 3", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "finlatch.db")
		writeVersion(t, path, 3, version1+version2+version3)
		wantUpgraded(t, path, func(user *finlatch.User, device *finlatch.Device, settings *finlatch.Settings) {
			user.ImageTag, user.DevicesSeenAt = "tag", time.Unix(6, 0).UTC()
			device.Capabilities.SupportsMediaControl, device.Pages = true, true
			settings.ActivityDays = 7
		})
	})
}

// writeVersion makes a file with the first n migrations, and rows.
func writeVersion(t *testing.T, path string, n int, rows string) {
	t.Helper()
	ctx := t.Context()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	files := make(fstest.MapFS)
	for _, name := range names[:n] {
		data, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = &fstest.MapFile{Data: data}
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.Up(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA journal_mode = WAL;", applicationID)+rows); err != nil {
		t.Fatal(err)
	}
}

// wantUpgraded wants a file to hold what version1 says, but for what alter changes.
func wantUpgraded(t *testing.T, path string, alter func(*finlatch.User, *finlatch.Device, *finlatch.Settings)) {
	t.Helper()
	ctx := t.Context()
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
	request := finlatch.QuickConnect{SecretHash: finlatch.Hash{31: 4}, Code: "000004", ClientInfo: device.ClientInfo, Address: device.Address,
		Network: netip.MustParsePrefix("192.0.2.1/32"), CreatedAt: second(4), ExpiresAt: second(5)}
	preferences := finlatch.DisplayPreferences{UserID: ada, Client: "web", Data: []byte("{}")}
	alter(&user, &device, &settings)

	for range 2 { // upgraded, then opened again
		store := openInternal(t, path)
		err := store.View(ctx, func(tx finlatch.Tx) error {
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
				{"Quick Connect", func() (any, error) { return tx.QuickConnect(ctx, request.SecretHash) }, request},
				{"pending", func() (any, error) { return tx.PendingQuickConnects(ctx, second(3), time.Second, 2) }, []int{0, 1}},
				{"display preferences", func() (any, error) { return tx.DisplayPreferences(ctx, ada, finlatch.ID{}, "web") }, preferences},
			} {
				got, err := row.get()
				if err != nil {
					return fmt.Errorf("%s: %w", row.name, err)
				}
				if diff := cmp.Diff(row.want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
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
