package jellyfin

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Candidates are the base URLs that somebody may mean with an address, the likeliest first, as the Kotlin SDK has them: https before
// http, and where no port is given the usual one, 8096 and, for https, 8920. What was typed with https is never tried without. The
// path of the web client and all that follows it is cut, so that what stands in a browser will do. Nil for what is no address.
func Candidates(address string) []string {
	address = strings.TrimSpace(address)
	scheme, rest, given := strings.Cut(address, "://")
	if !given {
		scheme, rest = "", address
		if ip, err := netip.ParseAddr(rest); err == nil && ip.Is6() {
			rest = "[" + strings.Replace(rest, "%", "%25", 1) + "]"
		}
	}
	scheme = strings.ToLower(scheme)
	schemes := []string{"https", "http"}
	switch {
	case scheme == "https":
		schemes = schemes[:1]
	case scheme != "http" && given:
		return nil
	}
	var found []string
	for _, scheme := range schemes {
		u, err := url.Parse(scheme + "://" + rest)
		if err != nil {
			return nil
		}
		u.Path = withoutWeb(u.Path)
		base, err := parseBase(u.String())
		if err != nil || strings.ContainsAny(base.Hostname(), " \t<>\"") {
			return nil
		}
		ports := []string{u.Port()}
		if u.Port() == "" || u.Port() == defaultPort(scheme) {
			ports = []string{"", "8096"}
			if scheme == "https" {
				ports = append(ports, "8920")
			}
		}
		host := strings.TrimSuffix(base.Host, ":"+base.Port())
		for _, port := range ports {
			base.Host = host
			if port != "" {
				base.Host += ":" + port
			}
			if one := base.String(); !slices.Contains(found, one) {
				found = append(found, one)
			}
		}
	}
	return found
}

// withoutWeb cuts a path where the web client begins.
func withoutWeb(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.EqualFold(part, "web") {
			return strings.Join(parts[:i], "/")
		}
	}
	return path
}
