package server

import (
	"encoding/json"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

func (s *Server) ping(*request) (any, error) { return jellyfin.ProductName, nil }

func (s *Server) branding(*request) (any, error) { return jellyfin.BrandingOptionsDto{}, nil }

func (s *Server) publicInfo(settings *finlatch.Settings) jellyfin.PublicSystemInfo {
	name := settings.ServerName
	if name == "" {
		name = s.options.MachineName
	}
	return jellyfin.PublicSystemInfo{LocalAddress: s.options.PublishedURL, ServerName: name, Version: jellyfin.ServerVersion,
		ProductName: jellyfin.ProductName, ID: settings.ServerID.String(), StartupWizardCompleted: settings.SetupComplete}
}

func (s *Server) publicSystemInfo(r *request) (any, error) {
	return s.publicInfo(r.settings), nil
}

// systemInfo is jellyfin-web's test of a saved token, so every user may ask. Where things lie on the disk it tells
// administrators only.
func (s *Server) systemInfo(r *request) (any, error) {
	folder := "/"
	if r.caller.Administrator() && s.options.DataDir != "" {
		folder = s.options.DataDir
	}
	return &jellyfin.SystemInfo{
		PublicSystemInfo: s.publicInfo(r.settings), SupportsLibraryMonitor: true, WebSocketPortNumber: s.options.Port, CanSelfRestart: true,
		ProgramDataPath: folder, WebPath: folder, ItemsByNamePath: folder, CachePath: folder, LogPath: folder,
		InternalMetadataPath: folder, TranscodingTempPath: folder,
		CastReceiverApplications: jellyfin.DefaultCastReceivers(), EncoderLocation: "System", SystemArchitecture: "X64",
	}, nil
}

// configurationDto is Jellyfin's ServerConfiguration: the kept members with the settings put over them.
func (s *Server) configurationDto(settings *finlatch.Settings) (*jellyfin.ServerConfiguration, error) {
	c := jellyfin.DefaultServerConfiguration()
	if len(settings.Rest) > 0 {
		if err := json.Unmarshal(settings.Rest, &c); err != nil {
			return nil, err
		}
	}
	c.ServerName, c.QuickConnectAvailable, c.EnableLegacyAuthorization = settings.ServerName, settings.QuickConnect, settings.LegacyAuthorization
	c.UICulture, c.MetadataCountryCode, c.PreferredMetadataLanguage = settings.UICulture, settings.MetadataCountryCode, settings.PreferredMetadataLanguage
	c.IsStartupWizardCompleted = settings.SetupComplete
	return &c, nil
}

func (s *Server) configuration(r *request) (any, error) {
	return s.configurationDto(r.settings)
}

// setConfiguration replaces all of it, as Jellyfin does: members that are left out fall back to their defaults.
func (s *Server) setConfiguration(r *request, in *jellyfin.ServerConfiguration) (any, error) {
	rest, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return nil, s.service.SetSettings(r.Context(), r.caller, finlatch.Settings{
		ServerName: in.ServerName, QuickConnect: in.QuickConnectAvailable, LegacyAuthorization: in.EnableLegacyAuthorization,
		UICulture: in.UICulture, MetadataCountryCode: in.MetadataCountryCode, PreferredMetadataLanguage: in.PreferredMetadataLanguage,
		Rest: rest,
	})
}
