package gateway

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
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
	for range 8 {
		plain := unescape(escaped)
		if plain == escaped {
			break
		}
		escaped = plain
	}
	found := make([]string, 0, 8)
	for part := range strings.FieldsFuncSeq(escaped, func(c rune) bool { return c == '/' || c == '\\' }) {
		switch word := bare(part); {
		case word == "" || word == ".":
		case word != "..":
			found = append(found, word)
		case len(found) > 0:
			found = found[:len(found)-1]
		}
	}
	return withoutPrefix(found)
}

// unescape decodes what can be decoded; what is badly encoded stays as it is, and keeps nothing else from it.
func unescape(text string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if c, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(c))
				i += 2
				continue
			}
		}
		b = append(b, text[i])
	}
	return string(b)
}

// bare is a word without what some servers take off: parameters after a semicolon, what follows a zero byte, and blanks. The letters
// are those that cases of i become in Turkish.
func bare(word string) string {
	if end := strings.IndexAny(word, ";\x00"); end >= 0 {
		word = word[:end]
	}
	word = strings.TrimFunc(word, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) })
	return strings.Map(func(c rune) rune {
		if c == 'ı' || c == 'İ' {
			return 'i'
		}
		return c
	}, word)
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
