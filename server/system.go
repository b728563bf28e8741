package server

import (
	"net/http"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

func (s *Server) ping(*request) (any, error) { return jellyfin.ProductName, nil }

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

// leftToOwner refuses to end or restart the program. That is for whoever started it: a stolen token of an administrator shall
// not keep everybody out. Jellyfin lets anybody of the local network restart it.
func (s *Server) leftToOwner(*request) (any, error) {
	return unsupported("finlatch is stopped and restarted by whoever started it, not through its API"), nil
}

// unsupported says what finlatch does not do in any method, and why.
type unsupported string

func (u unsupported) write(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", "") // no method
	httpx.WriteText(w, http.StatusMethodNotAllowed, string(u))
}

func (s *Server) endpoint(r *request) (any, error) {
	machine, network, err := s.service.Place(r.Context(), r.caller)
	return jellyfin.EndPointInfo{IsLocal: machine, IsInNetwork: network}, err
}
