package httpx

import (
	"maps"
	"net/http"
	pathpkg "path"
	"slices"
	"strings"
)

// Mux is http.ServeMux behind Fold, with Jellyfin's manners: it never redirects, knows HEAD and OPTIONS only where they
// were declared, answers 404 and 405 without a body, and tells the event which route was taken. Like ServeMux it lets a
// literal segment win over {userId}, but only for the methods declared for it. Add routes before serving.
type Mux struct {
	// Missing answers what no route knows, with the request as it was before Fold; nil means 404.
	Missing http.Handler

	mux     *http.ServeMux
	methods map[string]bool
	heads   map[string]http.Handler // by path; ServeMux takes GET to mean HEAD as well
}

// NewMux makes a Mux without routes.
func NewMux() *Mux {
	m := &Mux{mux: http.NewServeMux(), methods: make(map[string]bool), heads: make(map[string]http.Handler)}
	m.mux.HandleFunc("/", m.miss)
	return m
}

// Handle adds a route. The pattern is a path as in ServeMux, in any case: "/Users/{userId}/Policy"; one that ends in a
// slash or in {name...} stands for all that begins so, and for itself without the slash. An empty method stands for all.
// HEAD needs a route for GET with the same pattern. It panics, as ServeMux does, if the route is broken or there already.
func (m *Mux) Handle(method, pattern string, h http.Handler) {
	name := strings.TrimSpace(method + " " + pattern)
	path := lowerPattern(pattern)
	route := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead && method == http.MethodGet {
			m.head(path, w, r)
			return
		}
		SetRoute(r.Context(), name)
		h.ServeHTTP(w, r)
	})
	if path == "/" && method == "" {
		panic("httpx: set Mux.Missing instead of a route for everything")
	}
	m.methods[method] = true
	if method == http.MethodHead {
		m.heads[path] = route
		return
	}
	m.mux.Handle(strings.TrimSpace(method+" "+path), route)
	folder, last := path[:strings.LastIndexByte(path, '/')], path[strings.LastIndexByte(path, '/')+1:]
	if folder != "" && (last == "" || strings.HasSuffix(last, "...}")) {
		m.mux.Handle(strings.TrimSpace(method+" "+folder), route)
	}
}

// head answers a HEAD that ServeMux has led to a route for GET.
func (m *Mux) head(path string, w http.ResponseWriter, r *http.Request) {
	if route, declared := m.heads[path]; declared {
		route.ServeHTTP(w, r)
		return
	}
	m.miss(w, r)
}

// ServeHTTP takes the route that fits. r.Pattern is set, in lower case but for the names in braces.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !tidy(r.URL.EscapedPath()) {
		m.missing(w, r) // ServeMux would redirect; Fold leaves no such path
		return
	}
	m.mux.ServeHTTP(w, r)
}

// miss answers where no route was declared for method and path.
func (m *Mux) miss(w http.ResponseWriter, r *http.Request) {
	r.Pattern = ""
	if allowed := m.allowed(r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	m.missing(w, r)
}

func (m *Mux) missing(w http.ResponseWriter, r *http.Request) {
	if m.Missing != nil {
		m.Missing.ServeHTTP(w, Unfold(r))
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

// allowed has the methods that were declared for the path, sorted. Only misses pay for it.
func (m *Mux) allowed(r *http.Request) []string {
	var allowed []string
	for _, method := range slices.Sorted(maps.Keys(m.methods)) {
		other := new(http.Request)
		*other = *r
		other.Method = method
		_, pattern := m.mux.Handler(other)
		of, path, _ := strings.Cut(pattern, " ")
		if _, headed := m.heads[path]; method != "" && of == method || method == http.MethodHead && of == http.MethodGet && headed {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

func tidy(path string) bool {
	if path == "" || path[0] != '/' || strings.Contains(path, "//") {
		return false
	}
	return !strings.Contains(path, "/.") || pathpkg.Clean(path) == strings.TrimSuffix(path, "/")
}

// lowerPattern folds a pattern, but not the names in its braces.
func lowerPattern(pattern string) string {
	var b []byte
	for pattern != "" {
		open := strings.IndexByte(pattern, '{')
		if open < 0 {
			open = len(pattern)
		}
		b = appendLower(b, pattern[:open])
		end := strings.IndexByte(pattern[open:], '}') + 1
		b = append(b, pattern[open:open+end]...)
		if end == 0 {
			b = append(b, pattern[open:]...)
			break
		}
		pattern = pattern[open+end:]
	}
	return string(b)
}
