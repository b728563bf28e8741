package takeover

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

// readServerID reads what apps know the server by.
func (r *reader) readServerID() error {
	const file = "data/device.txt"
	text, err := readFile(r.data, file, 1<<10)
	if err != nil {
		return fmt.Errorf("read the server's id: %w", err)
	}
	id, ok := finlatch.ParseID(strings.TrimSpace(strings.TrimPrefix(string(text), "\ufeff")))
	if !ok || id.IsZero() {
		return fmt.Errorf("%s does not hold the server's id", file)
	}
	r.into.Settings.ServerID, r.into.Settings.SetupComplete = id, true
	return nil
}

// readConfiguration reads system.xml, network.xml and branding.xml; the latter two are there only once something was set.
func (r *reader) readConfiguration() error {
	system := jellyfin.DefaultServerConfiguration()
	system.EnableLegacyAuthorization = true // a file that does not say is from before 10.11, which knew nothing else
	network := jellyfin.DefaultNetworkConfiguration()
	var branding jellyfin.BrandingOptionsDto
	var splash struct {
		SplashscreenLocation string `json:"SplashscreenLocation"`
	}
	for _, part := range []struct {
		file string
		into any
	}{{systemFile, &system}, {"network.xml", &network}, {"branding.xml", &branding}, {"branding.xml", &splash}} {
		content, err := readFile(r.config, part.file, maxConfigFile)
		if errors.Is(err, fs.ErrNotExist) && part.file != systemFile {
			continue
		}
		if err == nil {
			err = decodeXML(content, part.into)
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", part.file, err)
		}
	}
	r.splash = splash.SplashscreenLocation
	for _, receiver := range system.CastReceiverApplications {
		r.receivers = append(r.receivers, receiver.ID)
	}
	s := &r.into.Settings
	s.Branding.SplashScreen = branding.SplashscreenEnabled
	s.Branding.LoginDisclaimer = r.atMost(maxDisclaimer, "the text of the sign-in page", deref(branding.LoginDisclaimer))
	s.Branding.CustomCSS = r.atMost(maxCSS, "the CSS of the web client", deref(branding.CustomCSS))
	r.systemSettings(&system)
	r.networkSettings(&network)
	return r.keepRest(&system, &network)
}

// keepRest keeps what finlatch only shows again.
func (r *reader) keepRest(system *jellyfin.ServerConfiguration, network *jellyfin.NetworkConfiguration) (err error) {
	s := &r.into.Settings
	if s.Rest, err = json.Marshal(system); err != nil {
		return err
	}
	if len(s.Rest) > maxRest {
		s.Rest = nil
		r.note("the configuration of the media server, which is too large to keep")
	}
	kept := *network
	kept.CertificatePassword = "" // at rest there are only hashes of secrets
	named, err := json.Marshal(kept)
	if len(named) > maxNamed {
		r.note("the configuration of the network, which is too large to keep")
		return err
	}
	s.Named = map[string][]byte{"network": named}
	return err
}

// atMost leaves out a text that is too large to keep.
func (r *reader) atMost(limit int, what, text string) string {
	if len(text) > limit {
		r.note("%s, which is too large to keep", what)
		return ""
	}
	return text
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func (r *reader) systemSettings(c *jellyfin.ServerConfiguration) {
	s := &r.into.Settings
	s.ServerName, s.UICulture = plain(c.ServerName, maxLabel), plain(c.UICulture, maxCulture)
	s.MetadataCountryCode, s.PreferredMetadataLanguage = plain(c.MetadataCountryCode, maxCulture), plain(c.PreferredMetadataLanguage, maxCulture)
	s.QuickConnect, s.LegacyAuthorization, s.ClientLogs = c.QuickConnectAvailable, c.EnableLegacyAuthorization, c.AllowClientLogUpload
	for _, host := range c.CorsHosts {
		if len(host) > maxCorsHost || len(s.CorsHosts) == maxCorsHosts {
			r.note("the origin %s of CorsHosts", plain(host, maxName))
			continue
		}
		s.CorsHosts = append(s.CorsHosts, host)
	}
	if c.ActivityLogRetentionDays != nil {
		s.ActivityDays = min(max(0, *c.ActivityLogRetentionDays), maxActivityDays)
	}
}

// Bounds of settings, in bytes, as the rules have them.
const (
	maxCulture      = 32
	maxRest         = 256 << 10
	maxNamed        = 64 << 10
	maxCSS          = 256 << 10
	maxDisclaimer   = 64 << 10
	maxNetworks     = 256 // entries
	maxCorsHosts    = 256 // entries
	maxCorsHost     = 256
	maxActivityDays = 36_500
)

// networkSettings takes what an administrator can set in a finlatch that runs, and notes what is a setting of the program.
func (r *reader) networkSettings(c *jellyfin.NetworkConfiguration) {
	s := &r.into.Settings
	s.RemoteAccess = c.EnableRemoteAccess
	for _, proxies := range r.prefixes("the known proxy", c.KnownProxies) {
		if proxies.Bits() < finlatch.WidestProxies {
			r.note("the known proxies %s, since everybody could say to come from anywhere", proxies)
			continue
		}
		s.KnownProxies = append(s.KnownProxies, proxies)
	}
	s.LocalNetworks = r.prefixes("the local network", c.LocalNetworkSubnets)
	if c.InternalHTTPPort != 8096 {
		r.note("port %d, on which Jellyfin listened: --listen :%[1]d", c.InternalHTTPPort)
	}
	if base := strings.Trim(plain(c.BaseURL, maxName), "/"); base != "" {
		r.note("the base URL: --base-url /%s", base)
	}
	for _, url := range c.PublishedServerURIBySubnet {
		r.note("the published address %s: --published-url", plain(url, maxName))
	}
	if c.EnableHTTPS {
		r.note("the certificate for https: --tls-cert and --tls-key")
	}
	if len(c.RemoteIPFilter) > 0 {
		r.note("the filter of remote addresses, which a firewall or a reverse proxy can have")
	}
}

func (r *reader) prefixes(what string, texts []string) (networks []netip.Prefix) {
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if address, errAddress := netip.ParseAddr(text); errAddress == nil {
			address = address.Unmap().WithZone("")
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if len(networks) == maxNetworks {
			r.note("%s %s, since there are too many", what, plain(text, maxName))
			continue
		}
		if err != nil {
			r.note("%s %s, which is no address or network", what, plain(text, maxName))
			continue
		}
		networks = append(networks, prefix.Masked())
	}
	return networks
}
