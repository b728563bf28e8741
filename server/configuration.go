package server

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

const configurations = "MediaBrowser.Model.Configuration."

// configuration is Jellyfin's ServerConfiguration: the kept members with the settings put over them.
func (s *Server) configuration(r *request) (any, error) {
	settings, c := r.settings, jellyfin.DefaultServerConfiguration()
	if len(settings.Rest) > 0 {
		if err := json.Unmarshal(settings.Rest, &c); err != nil {
			return nil, err
		}
	}
	c.ServerName, c.QuickConnectAvailable, c.EnableLegacyAuthorization = settings.ServerName, settings.QuickConnect, settings.LegacyAuthorization
	c.UICulture, c.MetadataCountryCode, c.PreferredMetadataLanguage = settings.UICulture, settings.MetadataCountryCode, settings.PreferredMetadataLanguage
	c.IsStartupWizardCompleted, c.AllowClientLogUpload = settings.SetupComplete, settings.ClientLogs
	if c.CorsHosts = settings.CorsHosts; len(c.CorsHosts) == 0 {
		c.CorsHosts = jellyfin.List[string]{"*"}
	}
	c.ActivityLogRetentionDays = nil
	if settings.ActivityDays > 0 {
		c.ActivityLogRetentionDays = &settings.ActivityDays
	}
	return &c, nil
}

// setConfiguration replaces all of it, as Jellyfin does: members that are left out fall back to their defaults. What is in
// other configurations, network and branding, stays.
func (s *Server) setConfiguration(r *request, in *jellyfin.ServerConfiguration) (any, error) {
	rest, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return nil, s.changeSettings(r, "The configuration of the server has been changed", func(settings *finlatch.Settings) {
		settings.ServerName, settings.QuickConnect, settings.LegacyAuthorization = in.ServerName, in.QuickConnectAvailable, in.EnableLegacyAuthorization
		settings.UICulture, settings.MetadataCountryCode, settings.PreferredMetadataLanguage = in.UICulture, in.MetadataCountryCode, in.PreferredMetadataLanguage
		settings.CorsHosts, settings.ClientLogs, settings.ActivityDays = in.CorsHosts, in.AllowClientLogUpload, 0
		if days := in.ActivityLogRetentionDays; days != nil {
			settings.ActivityDays = max(0, *days)
		}
		settings.Rest = rest
	})
}

// changeSettings tells an administrator what of the settings is not accepted.
func (s *Server) changeSettings(r *request, note string, f func(*finlatch.Settings)) error {
	err := s.service.ChangeSettings(r.Context(), r.caller, note, func(settings *finlatch.Settings) error {
		f(settings)
		return nil
	})
	if finlatch.KindOf(err) == finlatch.Invalid {
		return as(plain, err)
	}
	return err
}

func (s *Server) defaultMetadataOptions(*request) (any, error) {
	return jellyfin.MetadataOptions{}, nil
}

// named is a configuration that is asked for by name.
type named struct{ get, set handler }

var errNoConfiguration = &finlatch.Error{Kind: finlatch.NotFound, Msg: "there is no configuration of this name"}

// namedConfigurations are those that apps and the dashboard ask for, by their names in lower case.
func (s *Server) namedConfigurations() map[string]named {
	return map[string]named{
		"network":      {s.network, body(dto("configuration", "MediaBrowser.Common.Net.NetworkConfiguration"), s.setNetwork)},
		"branding":     {s.branding, body(dto("configuration", "MediaBrowser.Model.Branding.BrandingOptionsDto"), s.setBranding)},
		"metadata":     shelved[jellyfin.MetadataConfiguration](s, "metadata", configurations+"MetadataConfiguration"),
		"xbmcmetadata": shelved[jellyfin.XbmcMetadataOptions](s, "xbmcmetadata", configurations+"XbmcMetadataOptions"),
		"encoding":     shelved[jellyfin.EncodingOptions](s, "encoding", configurations+"EncodingOptions"),
		"livetv":       shelved[jellyfin.LiveTvOptions](s, "livetv", "MediaBrowser.Model.LiveTv.LiveTvOptions"),
	}
}

func (s *Server) namedConfiguration(r *request) (any, error) {
	if n, ok := s.named[strings.ToLower(httpx.PathValue(r.Request, "key"))]; ok {
		return n.get(r)
	}
	return nil, errNoConfiguration
}

func (s *Server) setNamedConfiguration(r *request) (any, error) {
	if n, ok := s.named[strings.ToLower(httpx.PathValue(r.Request, "key"))]; ok {
		return n.set(r)
	}
	return nil, as(plain, errNoConfiguration)
}

// shelved is a configuration that finlatch keeps for those who show it, and that has no effect.
func shelved[T any, P interface {
	*T
	jellyfin.Defaulter
}](s *Server, name, kind string) named {
	return named{
		get: func(r *request) (any, error) { return keptConfiguration[T, P](r.settings, name) },
		set: body(dto("configuration", kind), func(r *request, in *T) (any, error) { return nil, s.keep(r, name, in) }),
	}
}

// keptConfiguration is what was kept under a name, or Jellyfin's default.
func keptConfiguration[T any, P interface {
	*T
	jellyfin.Defaulter
}](settings *finlatch.Settings, name string) (*T, error) {
	c := new(T)
	P(c).SetDefaults()
	if data := settings.Named[name]; len(data) > 0 {
		if err := json.Unmarshal(data, c); err != nil {
			return nil, fmt.Errorf("read the configuration %s: %w", name, err)
		}
	}
	return c, nil
}

// keep replaces what is kept under a name.
func (s *Server) keep(r *request, name string, in any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return s.changeSettings(r, "The configuration "+name+" has been changed", func(settings *finlatch.Settings) {
		settings.Named[name] = data
	})
}

// network is what was kept, with the settings put over it. Ports, base URL and certificates are settings of the program, so
// here they are only shown.
func (s *Server) network(r *request) (any, error) {
	c, err := keptConfiguration[jellyfin.NetworkConfiguration](r.settings, "network")
	if err != nil {
		return nil, err
	}
	c.EnableRemoteAccess, c.CertificatePassword = r.settings.RemoteAccess, ""
	c.KnownProxies, c.LocalNetworkSubnets = networkTexts(r.settings.KnownProxies), networkTexts(r.settings.LocalNetworks)
	return c, nil
}

var errEverybody = &finlatch.Error{Kind: finlatch.Invalid, Msg: "KnownProxies: whoever is trusted says where others come from, so it cannot be everybody"}

// setNetwork keeps all but the certificate's password, which nothing here needs.
func (s *Server) setNetwork(r *request, in *jellyfin.NetworkConfiguration) (any, error) {
	proxies, err := networks("KnownProxies", in.KnownProxies)
	if err != nil {
		return nil, err
	}
	local, err := networks("LocalNetworkSubnets", in.LocalNetworkSubnets)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Bits() < finlatch.WidestProxies }) {
		return nil, as(plain, errEverybody)
	}
	in.CertificatePassword = ""
	data, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return nil, s.changeSettings(r, "The configuration network has been changed", func(settings *finlatch.Settings) {
		settings.RemoteAccess, settings.KnownProxies, settings.LocalNetworks = in.EnableRemoteAccess, proxies, local
		settings.Named["network"] = data
	})
}

// networks reads addresses and networks. Jellyfin passes over what is neither, and knows exclusions.
func networks(member string, texts []string) (all []netip.Prefix, err error) {
	for _, text := range texts {
		word := strings.TrimSpace(text)
		network, valid := finlatch.ParseNetwork(word)
		var err error
		switch {
		case word == "":
			continue
		case strings.HasPrefix(word, "!"):
			err = fmt.Errorf("%s: %.64q: networks cannot be excluded", member, word)
		case !valid:
			err = fmt.Errorf("%s: %.64q is neither an address nor a network like 192.168.0.0/16", member, word)
		}
		if err != nil {
			return nil, as(plain, &finlatch.Error{Kind: finlatch.Invalid, Msg: err.Error()})
		}
		all = append(all, network)
	}
	return all, nil
}

func networkTexts(networks []netip.Prefix) (texts jellyfin.List[string]) {
	for _, network := range networks {
		texts = append(texts, finlatch.NetworkText(network))
	}
	return texts
}
