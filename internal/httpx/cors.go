package httpx

import (
	"net/http"
	"slices"
	"strings"
)

// CORS lets pages of other origins ask, as Jellyfin's setting CorsHosts says: for no hosts or "*" alone anybody may,
// without credentials; otherwise the listed origins ("https://app.example") may, with them. hosts is asked at every
// request that has an Origin; nil means "*". Preflights are answered here, before anybody asks for a token.
//
// Requests for which skip (may be nil) is true get no such header, and their preflights 403: what must not be called from
// somebody's browser on a page's behalf, like setting the server up. skip sees the path before Fold;
// FoldPath helps it.
func CORS(hosts func(*http.Request) []string, skip func(*http.Request) bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			origin := r.Header.Get("Origin")
			if origin == "" {
				next.ServeHTTP(w, r)
				return
			}
			asked := r.Header.Get("Access-Control-Request-Method")
			preflight := r.Method == http.MethodOptions && asked != ""
			h := w.Header()
			switch {
			case skip != nil && skip(r):
				if preflight {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				next.ServeHTTP(w, r)
				return
			case allow(r, h, hosts, origin) && preflight:
				h.Set("Access-Control-Allow-Methods", asked)
				if names := r.Header.Values("Access-Control-Request-Headers"); len(names) > 0 {
					h.Set("Access-Control-Allow-Headers", strings.Join(names, ","))
				}
			}
			if preflight {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// allow sets the headers that every answer to an allowed origin has.
func allow(r *http.Request, h http.Header, hosts func(*http.Request) []string, origin string) bool {
	var list []string
	if hosts != nil {
		list = hosts(r)
	}
	if len(list) == 0 || len(list) == 1 && list[0] == "*" {
		h.Set("Access-Control-Allow-Origin", "*")
		return true
	}
	h.Add("Vary", "Origin")
	same := func(host string) bool { return strings.EqualFold(strings.TrimSuffix(host, "/"), origin) }
	if !slices.ContainsFunc(list, same) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	return true
}
