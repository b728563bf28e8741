package httpx

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

type foldKey struct{}

// folded is what Fold remembers of a request whose path it changed.
type folded struct {
	before   *url.URL
	segments []string // of the folded path, decoded, in the client's spelling
}

// Fold gives each path one spelling, for the mux behind it: ASCII lower case; no doubled slashes, no "." and ".."; no
// slash at the end, but for "/" and below /web/, where it means a folder; no /emby or /mediabrowser in front, which old
// apps put there. An encoded slash stays encoded: it is part of a name. PathValue and Unfold give back what was sent.
func Fold(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := r.URL.EscapedPath()
		if !needsFold(sent) {
			next.ServeHTTP(w, r)
			return
		}
		segments, slash := fold(sent)
		path, raw := joinPath(segments, slash)
		f := &folded{before: r.URL, segments: segments}
		r = r.WithContext(context.WithValue(r.Context(), foldKey{}, f))
		r.URL = new(url.URL) // of our own copy
		*r.URL = *f.before
		r.URL.Path, r.URL.RawPath = path, raw
		next.ServeHTTP(w, r)
	})
}

// FoldPath is the encoded form of what Fold makes of an encoded path.
func FoldPath(escaped string) string {
	if !needsFold(escaped) {
		return escaped
	}
	path, raw := joinPath(fold(escaped))
	return (&url.URL{Path: path, RawPath: raw}).EscapedPath()
}

// Unfold is the request with the path it had before Fold: what to hand on to somebody else's server.
func Unfold(r *http.Request) *http.Request {
	if f, ok := r.Context().Value(foldKey{}).(*folded); ok {
		return withURL(r, f.before)
	}
	return r
}

// PathValue is the part of the path that stands for {name} in r.Pattern, decoded, as the client spelt it; "" if there is
// no such part. r.PathValue would give it folded.
func PathValue(r *http.Request, name string) string {
	f, ok := r.Context().Value(foldKey{}).(*folded)
	if !ok {
		return r.PathValue(name)
	}
	_, pattern, _ := strings.Cut(r.Pattern, "/")
	for i := 0; pattern != "" && i < len(f.segments); i++ {
		var part string
		part, pattern, _ = strings.Cut(pattern, "/")
		if inner, ok := strings.CutPrefix(part, "{"); ok {
			switch inner {
			case name + "}":
				return f.segments[i]
			case name + "...}":
				return strings.Join(f.segments[i:], "/")
			}
		}
	}
	return ""
}

// needsFold may say yes for a path that folding does not change, never no for one that it does.
func needsFold(escaped string) bool {
	if escaped == "" || escaped[0] != '/' {
		return true
	}
	for i := range len(escaped) {
		switch c := escaped[i]; {
		case 'A' <= c && c <= 'Z', c == '%':
			return true
		case c == '/':
			rest := escaped[i+1:]
			if rest == "" && i > 0 || rest != "" && (rest[0] == '/' || rest[0] == '.') {
				return true
			}
		}
	}
	return strings.HasPrefix(escaped, "/emby") || strings.HasPrefix(escaped, "/mediabrowser")
}

// fold splits an encoded path into decoded segments, in the client's spelling but without those that mean nothing. slash
// says that the path ends in one that means something.
func fold(escaped string) (segments []string, slash bool) {
	segments = make([]string, 0, strings.Count(escaped, "/")+1)
	for part := range strings.SplitSeq(escaped, "/") {
		if plain, err := url.PathUnescape(part); err == nil {
			part = plain
		}
		slash = part == "" || part == "." || part == ".."
		switch {
		case !slash:
			segments = append(segments, part)
		case part == ".." && len(segments) > 0:
			segments = segments[:len(segments)-1]
		}
	}
	for len(segments) > 0 && (strings.EqualFold(segments[0], "emby") || strings.EqualFold(segments[0], "mediabrowser")) {
		segments = segments[1:]
	}
	return segments, slash && len(segments) > 0 && strings.EqualFold(segments[0], "web")
}

// joinPath makes the folded path of segments. raw is set where the path alone would not tell a slash in a name from one
// between names.
func joinPath(segments []string, slash bool) (path, raw string) {
	if len(segments) == 0 {
		return "/", ""
	}
	size, inside := 1, false
	for _, s := range segments {
		size += len(s) + 1
		inside = inside || strings.IndexByte(s, '/') >= 0
	}
	b := make([]byte, 0, size)
	for _, s := range segments {
		b = append(b, '/')
		b = appendLower(b, s)
	}
	if slash {
		b = append(b, '/')
	}
	if !inside {
		return string(b), ""
	}
	for _, s := range segments {
		raw += "/" + url.PathEscape(string(appendLower(nil, s)))
	}
	if slash {
		raw += "/"
	}
	return string(b), raw
}

// appendLower leaves everything beyond ASCII as it is, as .NET's ordinal comparison of route words in effect does.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
