package httpx

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// BasePath puts everything under a path, say "/jellyfin"; "" means the root. As in Jellyfin, paths outside it are
// answered 302 with a relative Location, so that a proxy may have yet another path in front: to home below base
// ("web/" if empty), /health to base/health. A longer word that begins like base is 404. Without a base only "/" is
// redirected. Paths of kept ("/link" and all below) lead to themselves below base, with their query.
func BasePath(base, home string, kept ...string) func(http.Handler) http.Handler {
	if base = strings.Trim(base, "/"); base != "" {
		base = "/" + base
	}
	if home = strings.TrimPrefix(home, "/"); home == "" {
		home = "web/"
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path := r.URL.Path
			begins := len(path) >= len(base) && strings.EqualFold(path[:len(base)], base)
			rest := ""
			if begins {
				rest = path[len(base):]
			}
			switch {
			case base != "" && strings.EqualFold(strings.TrimSuffix(path, "/"), "/health"):
				redirect(w, base+"/health")
			case base != "" && !begins && below(kept, path):
				to := relative(r.URL.EscapedPath(), (&url.URL{Path: base + "/"}).EscapedPath()) + strings.TrimPrefix(r.URL.EscapedPath(), "/")
				if r.URL.RawQuery != "" {
					to += "?" + r.URL.RawQuery
				}
				redirect(w, to)
			case !begins, rest == "", rest == "/":
				redirect(w, relative(r.URL.EscapedPath(), (&url.URL{Path: base + "/"}).EscapedPath())+home)
			case rest[0] != '/':
				w.WriteHeader(http.StatusNotFound)
			case base == "":
				next.ServeHTTP(w, r)
			default:
				next.ServeHTTP(w, withPath(r, rest, cutEscaped(r.URL.RawPath, len(base))))
			}
		})
	}
}

// below tells whether a path is one of some, in any case, or leads on from there.
func below(some []string, path string) bool {
	return slices.ContainsFunc(some, func(one string) bool {
		return len(path) >= len(one) && strings.EqualFold(path[:len(one)], one) && (len(path) == len(one) || path[len(one)] == '/')
	})
}

// redirect is http.Redirect without its body and without its making relative targets absolute.
func redirect(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusFound)
}

// relative leads from a path to a folder (which begins and ends in a slash), as a browser resolves it.
func relative(from, folder string) string {
	from = from[:strings.LastIndexByte(from, '/')+1]
	common := 0 // up to and with the last slash that both have
	for i := 0; i < len(from) && i < len(folder) && from[i] == folder[i]; i++ {
		if from[i] == '/' {
			common = i + 1
		}
	}
	return strings.Repeat("../", strings.Count(from[common:], "/")) + folder[common:]
}

// withPath is the request with another path; raw is its encoded form, or "".
func withPath(r *http.Request, path, raw string) *http.Request {
	to := new(url.URL)
	*to = *r.URL
	to.Path, to.RawPath = path, raw
	return withURL(r, to)
}

func withURL(r *http.Request, to *url.URL) *http.Request {
	other := new(http.Request)
	*other = *r
	other.URL = to
	return other
}

// cutEscaped cuts what encodes the first n bytes of the path.
func cutEscaped(raw string, n int) string {
	for ; n > 0 && raw != ""; n-- {
		if raw[0] == '%' && len(raw) >= 3 {
			raw = raw[3:]
		} else {
			raw = raw[1:]
		}
	}
	return raw
}
