package cli

import (
	"encoding"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/finlatch/finlatch"
)

var (
	_ encoding.TextUnmarshaler = (*path)(nil)
	_ encoding.TextUnmarshaler = (*address)(nil)
	_ encoding.TextUnmarshaler = (*publicURL)(nil)
	_ encoding.TextUnmarshaler = (*basePath)(nil)
	_ encoding.TextUnmarshaler = (*limit)(nil)
	_ encoding.TextUnmarshaler = (*slots)(nil)
	_ kong.MapperValue         = (*networks)(nil)
	_ kong.MapperValue         = (*hostNames)(nil)
)

// path is a file or directory, absolute once it is read; empty: none.
type path string

// UnmarshalText makes a path absolute.
func (p *path) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = ""
		return nil
	}
	absolute, err := filepath.Abs(string(text))
	*p = path(absolute)
	return err
}

// address is an address and a port to listen on; empty: none.
type address string

// UnmarshalText checks an address: an IP address, localhost or nothing, a colon and a port number.
func (a *address) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = ""
		return nil
	}
	host, port, err := net.SplitHostPort(string(text))
	if err != nil {
		return fmt.Errorf("%q is not of the form ADDR:PORT, such as 0.0.0.0:8096", text)
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && host != "localhost" {
		return fmt.Errorf("%q is not an IP address", host)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return fmt.Errorf("%q is not a port number", port)
	}
	*a = address(text)
	return nil
}

// publicURL is an address of http or https; empty: none.
type publicURL string

// UnmarshalText checks that clients can append paths to the URL.
func (p *publicURL) UnmarshalText(text []byte) error {
	u, err := url.Parse(string(text))
	web := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
	if len(text) > 0 && (!web || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "") {
		return fmt.Errorf("%q is not an address like https://tv.example.org", text)
	}
	*p = publicURL(strings.TrimRight(string(text), "/"))
	return nil
}

// databaseURL names a PostgreSQL database; empty: a file in the data directory does.
type databaseURL string

// UnmarshalText takes a URL that begins as PostgreSQL's do. It says nothing of one that does not, because there may be a password
// in it.
func (d *databaseURL) UnmarshalText(text []byte) error {
	url := strings.TrimSpace(string(text))
	if url != "" && !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return fmt.Errorf("a database is named as in postgres://user@host:5432/database")
	}
	*d = databaseURL(url)
	return nil
}

// siteURL is scheme and host, and maybe a port; empty: none.
type siteURL string

// UnmarshalText takes nothing that has a path.
func (s *siteURL) UnmarshalText(text []byte) error {
	var whole publicURL
	if err := whole.UnmarshalText(text); err != nil {
		return err
	}
	if u, err := url.Parse(string(whole)); err != nil || u.Path != "" {
		return fmt.Errorf("%q has more than a scheme and a host, as in https://door.example.org", text)
	}
	*s = siteURL(strings.ToLower(string(whole)))
	return nil
}

// basePath is a path that begins with a slash and does not end with one; empty: none.
type basePath string

// UnmarshalText takes what Jellyfin takes: slashes in front and behind may be there or not.
func (b *basePath) UnmarshalText(text []byte) error {
	path := strings.Trim(strings.TrimSpace(string(text)), "/")
	if path == "" {
		*b = ""
		return nil
	}
	if strings.ContainsFunc(path, func(r rune) bool { return !pathRune(r) }) || slices.ContainsFunc(strings.Split(path, "/"), dots) {
		return fmt.Errorf("%q is no path of letters, digits, - . _ ~ and slashes, such as /jellyfin", text)
	}
	*b = basePath("/" + path)
	return nil
}

func pathRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~/", r)
}

// dots tells whether a part of a path is none, or leads elsewhere.
func dots(part string) bool { return part == "" || part == "." || part == ".." }

// limit is a positive number, or -1 for "off".
type limit int

// UnmarshalText reads a positive number or "off".
func (l *limit) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*l = -1
		return nil
	}
	n, err := strconv.ParseUint(string(text), 10, 31)
	if err != nil || n == 0 {
		return fmt.Errorf(`%q is neither a positive number nor "off"`, text)
	}
	*l = limit(n)
	return nil
}

func (l limit) String() string {
	if l < 0 {
		return "off"
	}
	return strconv.Itoa(int(l))
}

// slots is a positive number, or 0 for "cores".
type slots int

// UnmarshalText reads a positive number or "cores".
func (s *slots) UnmarshalText(text []byte) error {
	if string(text) == "cores" {
		*s = 0
		return nil
	}
	n, err := strconv.ParseUint(string(text), 10, 31)
	if err != nil || n == 0 {
		return fmt.Errorf(`%q is neither a positive number nor "cores"`, text)
	}
	*s = slots(n)
	return nil
}

func (s slots) String() string {
	if s == 0 {
		return "cores"
	}
	return strconv.Itoa(int(s))
}

// networks is a list of addresses and networks, or the word "private" in it, or the word "none".
type networks struct {
	words    []string
	prefixes []netip.Prefix
}

// Decode adds what one flag, variable or key says.
func (n *networks) Decode(ctx *kong.DecodeContext) error {
	return eachWord(ctx, func(word string) error {
		word, prefixes, err := parseNetwork(word)
		if err != nil {
			return err
		}
		n.words = append(n.words, word)
		if slices.Contains(n.words, "none") && len(n.words) > 1 {
			return errors.New(`"none" stands alone`)
		}
		// Never nil, which would be the default.
		n.prefixes = append(append([]netip.Prefix{}, n.prefixes...), prefixes...)
		return nil
	})
}

// parseNetwork reads one word of a list and says how it is written best.
func parseNetwork(word string) (string, []netip.Prefix, error) {
	switch word {
	case "none":
		return word, nil, nil
	case "private":
		return word, finlatch.PrivateNetworks(), nil
	}
	network, valid := finlatch.ParseNetwork(word)
	if !valid {
		return "", nil, fmt.Errorf(`%q is neither an address nor a network like 192.168.0.0/16, "private" or "none"`, word)
	}
	return finlatch.NetworkText(network), []netip.Prefix{network}, nil
}

func (n networks) String() string { return strings.Join(n.words, ", ") }

// hostNames is a list of DNS names.
type hostNames []string

// Decode adds what one flag, variable or key says.
func (h *hostNames) Decode(ctx *kong.DecodeContext) error {
	return eachWord(ctx, func(word string) error {
		name := strings.TrimSuffix(strings.ToLower(word), ".")
		if name == "" || len(name) > 253 || strings.ContainsAny(name, ":/@ *[]\t") {
			return fmt.Errorf("%q is not a host name like tv.example.org", word)
		}
		*h = append(*h, name)
		return nil
	})
}

func (h hostNames) String() string { return strings.Join(h, ", ") }

// eachWord calls f for the parts of a list with commas.
func eachWord(ctx *kong.DecodeContext, f func(word string) error) error {
	var list string
	if err := ctx.Scan.PopValueInto("value", &list); err != nil {
		return err
	}
	if strings.TrimSpace(list) == "" && !ctx.Value.HasDefault {
		return nil
	}
	for word := range strings.SplitSeq(list, ",") {
		if err := f(strings.TrimSpace(word)); err != nil {
			return err
		}
	}
	return nil
}
