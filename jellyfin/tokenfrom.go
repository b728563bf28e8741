package jellyfin

import (
	"net/http"
	"slices"
	"strings"
)

// TokenFrom returns what r says of the app that sends it, with the first token that is not empty of these
// sources (Jellyfin 12 AuthorizationContext; those marked * only with legacy, Jellyfin's setting
// EnableLegacyAuthorization):
//
//  1. the Authorization header of scheme MediaBrowser, or Emby*; where no Authorization header is sent,
//     X-Emby-Authorization*. A header of another scheme hides X-Emby-Authorization and nothing else.
//  2. the header X-Emby-Token*
//  3. the header X-MediaBrowser-Token*
//  4. the query parameter ApiKey
//  5. the query parameter api_key*
//
// Only the first line of a repeated Authorization header is read. Repeated values of another source are joined with
// commas, which makes them a token that nobody has. Names of query parameters are compared without regard to case.
func TokenFrom(r *http.Request, legacy bool) Authorization {
	a := headerFrom(r.Header, legacy)
	if a.Token == "" && legacy {
		a.Token = join(r.Header["X-Emby-Token"])
		if a.Token == "" {
			a.Token = join(r.Header["X-Mediabrowser-Token"])
		}
	}
	if a.Token == "" && r.URL.RawQuery != "" {
		key, old := queryTokens(r.URL.RawQuery)
		if a.Token = key; key == "" && legacy {
			a.Token = old
		}
	}
	return a
}

func headerFrom(h http.Header, legacy bool) Authorization {
	lines := h["Authorization"]
	if legacy && join(lines) == "" {
		lines = h["X-Emby-Authorization"]
	}
	if len(lines) == 0 {
		return Authorization{}
	}
	a, _ := ParseAuthorization(lines[0])
	if a.Scheme == SchemeEmby && !legacy {
		return Authorization{}
	}
	return a
}

// queryTokens returns the values of ApiKey and of api_key. It does not use net/url, which drops a pair for a broken
// percent sequence or a semicolon. A query that is percent-encoded as a whole, which Jellyfin unpacks for its
// operations, comes after authentication there and gives no token here.
func queryTokens(query string) (key, old string) {
	var room [4]string // so that the usual query allocates nothing
	keys, olds := room[:0:2], room[2:2]
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if strings.IndexByte(name, '%') >= 0 {
			name = unescape(name)
		}
		switch {
		case equalFold(name, "ApiKey"):
			keys = append(keys, unescape(value))
		case equalFold(name, "api_key"):
			olds = append(olds, unescape(value))
		}
	}
	return join(keys), join(olds)
}

// join is .NET's StringValues as a string: empty values do not count.
func join(values []string) string {
	switch len(values) {
	case 0:
		return ""
	case 1:
		return values[0]
	}
	return strings.Join(slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" }), ",")
}
