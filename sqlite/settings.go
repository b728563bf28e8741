package sqlite

import (
	"context"

	"github.com/finlatch/finlatch"
)

const (
	settingsFields = "server_id, server_name, setup_complete, quick_connect, legacy_authorization, remote_access, ui_culture, " +
		"metadata_country_code, preferred_metadata_language, rest"

	selectSettings  = "SELECT " + settingsFields + " FROM settings WHERE id = 0"
	replaceSettings = "REPLACE INTO settings (id, " + settingsFields + ") VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

func scanSettings(r row) (s finlatch.Settings, err error) {
	err = r.Scan((*idColumn)(&s.ServerID), &s.ServerName, &s.SetupComplete, &s.QuickConnect, &s.LegacyAuthorization, &s.RemoteAccess,
		&s.UICulture, &s.MetadataCountryCode, &s.PreferredMetadataLanguage, &s.Rest)
	return s, err
}

func (t *tx) Settings(ctx context.Context) (finlatch.Settings, error) {
	return one(ctx, t, "get settings", scanSettings, selectSettings)
}

func (t *tx) PutSettings(ctx context.Context, s finlatch.Settings) error {
	_, err := t.change(ctx, "put settings", replaceSettings, s.ServerID[:], s.ServerName, s.SetupComplete, s.QuickConnect,
		s.LegacyAuthorization, s.RemoteAccess, s.UICulture, s.MetadataCountryCode, s.PreferredMetadataLanguage, optionalBytes(s.Rest))
	if err != nil {
		return err
	}
	t.tell(finlatch.Change{Kind: finlatch.ChangeSettings})
	return nil
}
