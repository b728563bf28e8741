package postgres

import (
	"context"
	"encoding/json"
	"net/netip"

	"github.com/finlatch/finlatch"
)

const (
	settingsFields = "server_id, server_name, setup_complete, quick_connect, legacy_authorization, remote_access, ui_culture, " +
		"metadata_country_code, preferred_metadata_language, rest, members"

	selectSettings  = "SELECT " + settingsFields + " FROM settings WHERE id = 0"
	replaceSettings = "INSERT INTO settings (id, " + settingsFields + ") VALUES (0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) " +
		"ON CONFLICT (id) DO UPDATE SET (" + settingsFields + ") = ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
)

// settingsMembers are the Settings that no statement asks for; one column holds them all, as JSON.
type settingsMembers struct {
	CorsHosts     []string
	ActivityDays  int
	ClientLogs    bool
	KnownProxies  []netip.Prefix
	LocalNetworks []netip.Prefix
	Branding      finlatch.Branding
	Named         map[string][]byte
}

func scanSettings(r row) (s finlatch.Settings, err error) {
	var m settingsMembers
	err = r.Scan((*idColumn)(&s.ServerID), &s.ServerName, &s.SetupComplete, &s.QuickConnect, &s.LegacyAuthorization, &s.RemoteAccess,
		&s.UICulture, &s.MetadataCountryCode, &s.PreferredMetadataLanguage, &s.Rest, jsonColumn{&m})
	s.CorsHosts, s.ActivityDays, s.ClientLogs, s.KnownProxies = m.CorsHosts, m.ActivityDays, m.ClientLogs, m.KnownProxies
	s.LocalNetworks, s.Branding, s.Named = m.LocalNetworks, m.Branding, m.Named
	return s, err
}

func (t *tx) Settings(ctx context.Context) (finlatch.Settings, error) {
	return one(ctx, t, "get settings", scanSettings, selectSettings)
}

func (t *tx) PutSettings(ctx context.Context, s finlatch.Settings) error {
	members, err := json.Marshal(settingsMembers{
		CorsHosts: s.CorsHosts, ActivityDays: s.ActivityDays, ClientLogs: s.ClientLogs, KnownProxies: s.KnownProxies,
		LocalNetworks: s.LocalNetworks, Branding: s.Branding, Named: s.Named,
	})
	if err != nil {
		return t.fail(ctx, "put settings", err)
	}
	_, err = t.change(ctx, "put settings", replaceSettings, s.ServerID[:], s.ServerName, s.SetupComplete, s.QuickConnect,
		s.LegacyAuthorization, s.RemoteAccess, s.UICulture, s.MetadataCountryCode, s.PreferredMetadataLanguage, optionalBytes(s.Rest),
		string(members))
	if err != nil {
		return err
	}
	t.tell(finlatch.Change{Kind: finlatch.ChangeSettings})
	return nil
}
