package jellyfin

// NetworkConfiguration is the named configuration "network", in GET and POST /System/Configuration/network
// (Jellyfin 12 NetworkConfiguration).
type NetworkConfiguration struct {
	BaseURL                           string       `json:"BaseUrl"` // path prefix, "" or with a leading slash
	EnableHTTPS                       bool         `json:"EnableHttps"`
	RequireHTTPS                      bool         `json:"RequireHttps"`
	CertificatePath                   string       `json:"CertificatePath"`
	CertificatePassword               Secret       `json:"CertificatePassword"`
	InternalHTTPPort                  int          `json:"InternalHttpPort"`
	InternalHTTPSPort                 int          `json:"InternalHttpsPort"`
	PublicHTTPPort                    int          `json:"PublicHttpPort"`
	PublicHTTPSPort                   int          `json:"PublicHttpsPort"`
	AutoDiscovery                     bool         `json:"AutoDiscovery"`
	EnableUPnP                        bool         `json:"EnableUPnP"`
	EnableIPv4                        bool         `json:"EnableIPv4"`
	EnableIPv6                        bool         `json:"EnableIPv6"`
	EnableRemoteAccess                bool         `json:"EnableRemoteAccess"` // POST /Startup/RemoteAccess sets it
	LocalNetworkSubnets               List[string] `json:"LocalNetworkSubnets"`
	LocalNetworkAddresses             List[string] `json:"LocalNetworkAddresses"`
	KnownProxies                      List[string] `json:"KnownProxies"`
	IgnoreVirtualInterfaces           bool         `json:"IgnoreVirtualInterfaces"`
	VirtualInterfaceNames             List[string] `json:"VirtualInterfaceNames"`
	EnablePublishedServerURIByRequest bool         `json:"EnablePublishedServerUriByRequest"`
	PublishedServerURIBySubnet        List[string] `json:"PublishedServerUriBySubnet"`
	RemoteIPFilter                    List[string] `json:"RemoteIPFilter"`
	IsRemoteIPFilterBlacklist         bool         `json:"IsRemoteIPFilterBlacklist"`
}

// DefaultNetworkConfiguration is that of a fresh Jellyfin 12.
func DefaultNetworkConfiguration() NetworkConfiguration {
	return NetworkConfiguration{
		InternalHTTPPort:        8096,
		InternalHTTPSPort:       8920,
		PublicHTTPPort:          8096,
		PublicHTTPSPort:         8920,
		AutoDiscovery:           true,
		EnableIPv4:              true,
		EnableRemoteAccess:      true,
		IgnoreVirtualInterfaces: true,
		VirtualInterfaceNames:   List[string]{"veth"},
	}
}

// SetDefaults implements Defaulter with DefaultNetworkConfiguration.
func (c *NetworkConfiguration) SetDefaults() { *c = DefaultNetworkConfiguration() }
