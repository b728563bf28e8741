package finlatch

import "context"

// Bounds of settings, in bytes.
const (
	maxServerName = 128
	maxCulture    = 32
	maxRest       = 256 << 10
)

// SetSettings replaces what an administrator sets, for administrators. The server's id stays, and so does a completed
// set-up: in Jellyfin 12 a partial configuration opens the first run again.
func (s *Service) SetSettings(ctx context.Context, c Caller, settings Settings) error {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return err
	}
	if len(settings.Rest) > maxRest {
		return refuse(Invalid, "the configuration is too large")
	}
	settings.ServerName = harmless(settings.ServerName, maxServerName)
	settings.UICulture = harmless(settings.UICulture, maxCulture)
	settings.MetadataCountryCode = harmless(settings.MetadataCountryCode, maxCulture)
	settings.PreferredMetadataLanguage = harmless(settings.PreferredMetadataLanguage, maxCulture)
	return s.store.Update(ctx, func(tx Tx) error {
		old, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		settings.ServerID, settings.SetupComplete = old.ServerID, old.SetupComplete
		settings.RemoteAccess = old.RemoteAccess // it is in another configuration, network
		if err := tx.PutSettings(ctx, settings); err != nil {
			return err
		}
		return tx.AddActivity(ctx, s.entry(c, ActivityConfigurationUpdated, ID{}, "The configuration of the server has been changed"))
	})
}
