package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// Options of the pages. The zero value works.
type Options struct {
	Log     *slog.Logger // discards
	Version string       // "devel"; of the program, as the list of devices shows it
	// TrustedProxies are those that the program was started with; see httpx.ClientAddress.
	TrustedProxies []netip.Prefix
	HostNames      []string // names, besides localhost, IP addresses and that of URL, under which the server may be set up
	// URL is scheme and host of the pages' own, as "https://finlatch.example". Nothing else is served there, and the pages are
	// nowhere else. Empty: they are served beside the API, and administration asks for the password again.
	URL string
	// Address is what apps are told to enter as the server's address; empty: where the request came to.
	Address string
	// BaseURL is the path under which the server is reached, as "/jellyfin".
	BaseURL string
	// MediaServer is the one behind, which keeps the users. Nil: they are here.
	MediaServer MediaServer
}

//go:embed static/style.css
var style string

//go:embed static/script.js
var script string

// Pages serves the pages.
type Pages struct {
	service *finlatch.Service
	options Options
	host    string // of Options.URL
	views   map[string]*template.Template
	policy  string // Content-Security-Policy
	script  string // the script's address, which changes with it
	handler http.Handler
}

// maxForm bounds what a form may hold, in bytes, but for a picture and the settings.
const maxForm = 64 << 10

// New makes the pages of a service.
func New(service *finlatch.Service, options Options) (*Pages, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Version == "" {
		options.Version = "devel" // a device without a version is none
	}
	own, err := url.Parse(options.URL)
	if err != nil {
		return nil, err
	}
	if own.Host != "" {
		options.HostNames = append(slices.Clone(options.HostNames), own.Hostname())
	}
	views, err := parseViews()
	if err != nil {
		return nil, err
	}
	sum, version := sha256.Sum256([]byte(style)), sha256.Sum256([]byte(script))
	p := &Pages{service: service, options: options, host: bareHost(own.Host), views: views,
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; script-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		script: "script.js?v=" + hex.EncodeToString(version[:6])}
	mux := http.NewServeMux()
	for _, route := range routes() {
		mux.Handle(route.pattern(), p.adapt(route))
	}
	mux.HandleFunc("GET /finlatch/script.js", p.serveScript)
	mux.HandleFunc("/", p.missing)
	p.handler = p.harden(mux)
	return p, nil
}

// Around answers requests for the pages, and passes on all others, which are all but those for the pages' own host. It stands
// behind what finds the client's address and cuts the base path, and before whatever lets scripts of other sites in.
func (p *Pages) Around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ours := pagesPath(r.URL.Path)
		atHome := p.host == "" || bareHost(httpx.AddressFrom(r.Context()).Host) == p.host
		switch {
		case ours && atHome:
			p.serve(w, r, path)
		case ours:
			to := url.URL{Path: path, RawQuery: r.URL.RawQuery}
			p.lead(w, strings.TrimSuffix(p.options.URL, "/")+p.options.BaseURL+to.String())
		case p.host != "" && atHome && (r.URL.Path == "/" || r.URL.Path == ""):
			p.lead(w, "finlatch/")
		case p.host != "" && atHome && p.options.BaseURL != "" && r.URL.Path == "/web/": // where the base path leads from outside of it
			p.lead(w, "../finlatch/")
		case p.host != "" && atHome:
			p.harden(http.HandlerFunc(p.missing)).ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// bareHost is a host without what proxies add to it: a port that goes without saying, and a dot at the end.
func bareHost(host string) string {
	name, port := strings.ToLower(host), ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, ']') {
		name, port = name[:i], name[i:]
	}
	if port == ":80" || port == ":443" {
		port = ""
	}
	return strings.TrimSuffix(name, ".") + port
}

// pagesPath is a path of the pages as they spell it. What people type from hearing counts in any case.
func pagesPath(path string) (own string, ours bool) {
	switch trimmed := strings.TrimSuffix(path, "/"); {
	case strings.EqualFold(trimmed, "/link"):
		return "/link", true
	case strings.EqualFold(trimmed, "/finlatch"):
		return "/finlatch" + path[len(trimmed):], true
	case len(path) > len("/finlatch/") && strings.EqualFold(path[:len("/finlatch/")], "/finlatch/"):
		return "/finlatch/" + path[len("/finlatch/"):], true
	}
	return "", false
}

func (p *Pages) serve(w http.ResponseWriter, r *http.Request, own string) {
	clean := path.Clean(own)
	if strings.HasSuffix(own, "/") {
		clean += "/"
	}
	switch {
	case own == "/link":
		to := "finlatch/link"
		if strings.HasSuffix(r.URL.Path, "/") {
			to = "../" + to
		}
		if code := r.URL.Query().Get("code"); code != "" {
			to += "?" + url.Values{"code": {code}}.Encode()
		}
		p.lead(w, to)
	case own == "/finlatch":
		p.lead(w, "finlatch/")
	case r.URL.Path != clean && strings.HasPrefix(clean, "/finlatch/"): // cookies and relative links go by the spelling
		to := url.URL{Path: strings.Repeat("../", strings.Count(own, "/")-1) + clean[1:], RawQuery: r.URL.RawQuery}
		p.lead(w, to.String())
	case r.URL.Path != clean:
		p.harden(http.HandlerFunc(p.missing)).ServeHTTP(w, r)
	default:
		other := r.Clone(r.Context())
		other.URL.Path, other.URL.RawPath = own, ""
		if host := httpx.AddressFrom(r.Context()).Host; host != "" {
			other.Host = host // what the browser sees, and so what it compares with
		}
		p.handler.ServeHTTP(w, other)
	}
}

// harden refuses what other sites send, and says what browsers may do with answers.
func (p *Pages) harden(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.refuse(w, r, http.StatusForbidden, "This form was sent from another site, so it did nothing. If it was not, a proxy does not pass the host name on.")
	}))
	protected := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.rules(w.Header())
		protected.ServeHTTP(w, r)
	})
}

// rules say what browsers may do with an answer.
func (p *Pages) rules(h http.Header) {
	h.Set("Content-Security-Policy", p.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "same-origin") // with no-referrer browsers would call the origin of forms "null"
	h.Set("Cache-Control", "no-store")
}

func (p *Pages) serveScript(w http.ResponseWriter, r *http.Request) {
	httpx.SetRoute(r.Context(), "GET /finlatch/script.js")
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=31536000, immutable")
	_, _ = w.Write([]byte(script))
}

// lead sends a browser elsewhere; a relative address is right behind every proxy.
func (p *Pages) lead(w http.ResponseWriter, to string) {
	p.rules(w.Header())
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
}
