package jellyfin

import "encoding/json"

const (
	// ProductName is PublicSystemInfo.ProductName, and the answer of GET /System/Ping. Clients refuse every other one.
	ProductName = "Jellyfin Server"

	// ServerVersion is the version of Jellyfin that these types follow. Clients want three plain numbers in
	// PublicSystemInfo.Version.
	ServerVersion = "12.0.0"
)

// PublicSystemInfo is what a server tells everybody (Jellyfin 12 PublicSystemInfo).
type PublicSystemInfo struct {
	LocalAddress           string `json:"LocalAddress,omitempty"` // base URL; clients with several servers try it first
	ServerName             string `json:"ServerName"`
	Version                string `json:"Version"`
	ProductName            string `json:"ProductName"`
	OperatingSystem        string `json:"OperatingSystem"` // always ""
	ID                     string `json:"Id"`              // 32 lower-case hex that never change
	StartupWizardCompleted bool   `json:"StartupWizardCompleted"`
}

// SystemInfo is what a server tells its users (Jellyfin 12 SystemInfo).
type SystemInfo struct {
	OperatingSystemDisplayName string                        `json:"OperatingSystemDisplayName"` // always ""
	PackageName                string                        `json:"PackageName,omitempty"`
	HasPendingRestart          bool                          `json:"HasPendingRestart"`
	IsShuttingDown             bool                          `json:"IsShuttingDown"`
	SupportsLibraryMonitor     bool                          `json:"SupportsLibraryMonitor"`
	WebSocketPortNumber        int                           `json:"WebSocketPortNumber"`
	CompletedInstallations     List[json.RawMessage]         `json:"CompletedInstallations"` // of plug-ins, passed through unread
	CanSelfRestart             bool                          `json:"CanSelfRestart"`
	CanLaunchWebBrowser        bool                          `json:"CanLaunchWebBrowser"`
	ProgramDataPath            string                        `json:"ProgramDataPath"`
	WebPath                    string                        `json:"WebPath"`
	ItemsByNamePath            string                        `json:"ItemsByNamePath"`
	CachePath                  string                        `json:"CachePath"`
	LogPath                    string                        `json:"LogPath"`
	InternalMetadataPath       string                        `json:"InternalMetadataPath"`
	TranscodingTempPath        string                        `json:"TranscodingTempPath"`
	CastReceiverApplications   List[CastReceiverApplication] `json:"CastReceiverApplications"`
	HasUpdateAvailable         bool                          `json:"HasUpdateAvailable"`
	EncoderLocation            string                        `json:"EncoderLocation"`    // System
	SystemArchitecture         string                        `json:"SystemArchitecture"` // X64

	PublicSystemInfo // last, as Jellyfin writes the members of a base class last
}

// CastReceiverApplication is an application that a Chromecast loads.
type CastReceiverApplication struct {
	ID   string `json:"Id"` // of Google's registry
	Name string `json:"Name"`
}

// DefaultCastReceivers are Jellyfin's own; the first one is that of new users.
func DefaultCastReceivers() List[CastReceiverApplication] {
	return List[CastReceiverApplication]{{ID: "F007D354", Name: "Stable"}, {ID: "6F511C87", Name: "Unstable"}}
}

// EndPointInfo is how the server sees the caller's address, in the answer of GET /System/Endpoint.
type EndPointInfo struct {
	IsLocal     bool `json:"IsLocal"`     // the same machine
	IsInNetwork bool `json:"IsInNetwork"` // the local network
}

// ClientLogDocumentResponseDto is the answer of POST /ClientLog/Document.
type ClientLogDocumentResponseDto struct {
	FileName string `json:"FileName"`
}
