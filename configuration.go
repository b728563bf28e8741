package finlatch

import (
	"context"
	"fmt"
	"maps"
)

// Bounds of settings, in bytes unless they say otherwise.
const (
	maxServerName   = 128
	maxCulture      = 32
	maxRest         = 256 << 10
	maxNamed        = 64 << 10 // each
	maxNames        = 16       // named configurations
	maxCSS          = 256 << 10
	maxDisclaimer   = 64 << 10
	maxCorsHosts    = 256 // entries
	maxCorsHost     = 256
	maxNetworks     = 256 // entries
	maxActivityDays = 36_500
)

// ChangeSettings reads the settings, lets f change them and writes them, in one transaction, so that of two administrators
// who change something at once neither loses anything; for administrators. note is the sentence for the activity log. f
// may run twice, and what it returns rolls everything back. The server's id stays, and so does a completed set-up: in
// Jellyfin 12 a partial configuration opens the first run again. Invalid for what is too large.
func (s *Service) ChangeSettings(ctx context.Context, c Caller, note string, f func(*Settings) error) error {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		before := settings
		if settings.Named = maps.Clone(settings.Named); settings.Named == nil {
			settings.Named = make(map[string][]byte)
		}
		if err := f(&settings); err != nil {
			return err
		}
		settings.ServerID, settings.SetupComplete = before.ServerID, before.SetupComplete
		if err := settings.bound(); err != nil {
			return err
		}
		if err := tx.PutSettings(ctx, settings); err != nil {
			return err
		}
		return tx.AddActivity(ctx, s.entry(c, ActivityConfigurationUpdated, ID{}, "%s", note+whoSignsInNow(&before, &settings)))
	})
}

// whoSignsInNow tells what a change of the settings means for signing in: a configuration that an app posts in part turns
// things off by leaving them out.
func whoSignsInNow(before, after *Settings) (note string) {
	turned := func(what string, before, after bool) {
		switch {
		case before && !after:
			note += "; " + what + " off"
		case !before && after:
			note += "; " + what + " on"
		}
	}
	turned("Quick Connect is", before.QuickConnect, after.QuickConnect)
	turned("tokens of old kinds are", before.LegacyAuthorization, after.LegacyAuthorization)
	return note
}

// bound cuts names and refuses everything else that is too large.
func (s *Settings) bound() error {
	s.ServerName = harmless(s.ServerName, maxServerName)
	s.UICulture = harmless(s.UICulture, maxCulture)
	s.MetadataCountryCode = harmless(s.MetadataCountryCode, maxCulture)
	s.PreferredMetadataLanguage = harmless(s.PreferredMetadataLanguage, maxCulture)
	tooLarge := func(what string, size, limit int) error {
		if size <= limit {
			return nil
		}
		return refuse(Invalid, fmt.Sprintf("%s: %d at most", what, limit))
	}
	for _, host := range s.CorsHosts {
		if err := tooLarge("bytes of a host in CorsHosts", len(host), maxCorsHost); err != nil {
			return err
		}
	}
	for name, kept := range s.Named {
		if err := tooLarge("bytes of the configuration "+name, len(kept), maxNamed); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		what        string
		size, limit int
	}{
		{"bytes of the configuration", len(s.Rest), maxRest},
		{"named configurations", len(s.Named), maxNames},
		{"bytes of CustomCss", len(s.Branding.CustomCSS), maxCSS},
		{"bytes of LoginDisclaimer", len(s.Branding.LoginDisclaimer), maxDisclaimer},
		{"hosts in CorsHosts", len(s.CorsHosts), maxCorsHosts},
		{"known proxies", len(s.KnownProxies), maxNetworks},
		{"local networks", len(s.LocalNetworks), maxNetworks},
		{"days that the activity log is kept", s.ActivityDays, maxActivityDays},
	} {
		if err := tooLarge(part.what, part.size, part.limit); err != nil {
			return err
		}
	}
	return nil
}
