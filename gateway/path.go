package gateway

import (
	"net/url"
	"slices"
	"strings"
)

// path is a request's path in the one spelling that goes upstream, so that what the rules here look at is what upstream
// reads.
type path struct {
	plain, escaped string
	// The rules look at the path in two ways: its parts as upstream reads them, decoded once, and its words, decoded until
	// nothing changes and split at every slash, encoded or not. So they may catch too much and never too little.
	parts, words []string
}

// maxPath is how long a path may be, in bytes. Jellyfin takes 8 KiB with the query.
const maxPath = 4 << 10

// spell takes out of a path what means nothing: doubled slashes, "." and "..", the /emby and /mediabrowser that old apps put in
// front. Case and an encoded slash stay, for they are part of names.
func spell(u *url.URL) path {
	sent := u.EscapedPath()
	p := path{words: words(sent)}
	parts := make([]string, 0, 8)
	folder := false
	for part := range strings.SplitSeq(sent, "/") {
		if plain, err := url.PathUnescape(part); err == nil {
			part = plain
		}
		folder = part == "" || part == "." || part == ".."
		switch {
		case !folder:
			parts = append(parts, part)
		case part == ".." && len(parts) > 0:
			parts = parts[:len(parts)-1]
		}
	}
	p.parts = withoutPrefix(parts)
	escaped := make([]string, 0, len(p.parts)+1)
	for _, part := range p.parts {
		escaped = append(escaped, url.PathEscape(part))
	}
	slash := ""
	if folder && len(p.parts) > 0 {
		slash = "/"
	}
	p.plain = "/" + strings.Join(p.parts, "/") + slash
	p.escaped = "/" + strings.Join(escaped, "/") + slash
	return p
}

// words is a path for the rules; see path.
func words(escaped string) []string {
	for range 4 {
		plain, err := url.PathUnescape(escaped)
		if err != nil || plain == escaped {
			break
		}
		escaped = plain
	}
	found := make([]string, 0, 8)
	for word := range strings.FieldsFuncSeq(escaped, func(c rune) bool { return c == '/' || c == '\\' }) {
		switch {
		case word == ".":
		case word != "..":
			found = append(found, word)
		case len(found) > 0:
			found = found[:len(found)-1]
		}
	}
	return withoutPrefix(found)
}

// withoutPrefix cuts what Jellyfin cut until 10.11, as often as it is there.
func withoutPrefix(parts []string) []string {
	for len(parts) > 0 && (strings.EqualFold(parts[0], "emby") || strings.EqualFold(parts[0], "mediabrowser")) {
		parts = parts[1:]
	}
	return parts
}

// is tells whether upstream reads exactly this path, in any case.
func (p *path) is(parts ...string) bool {
	return slices.EqualFunc(p.parts, parts, strings.EqualFold)
}
