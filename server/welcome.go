package server

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"net/http"
	"strings"

	"github.com/finlatch/finlatch/internal/httpx"
)

var (
	//go:embed welcome.html
	welcomePage string
	//go:embed welcome.css
	welcomeStyle string
)

// welcomed is what the page says.
type welcomed struct {
	Style   template.CSS
	Name    string
	Address string // for an app to be given
	SetUp   bool
}

// welcome tells who comes with a browser what this is.
func (s *Server) welcome(r *request) (any, error) {
	address := s.options.PublishedURL
	if address == "" {
		seen := httpx.AddressFrom(r.Context())
		address = seen.Scheme + "://" + seen.Host + s.options.BaseURL
	}
	page, err := template.New("welcome").Parse(welcomePage)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	err = page.Execute(&text, welcomed{template.CSS(welcomeStyle), s.publicInfo(r.settings).ServerName, address, r.settings.SetupComplete})
	return ownPage(text.String()), err
}

// ownPage is a page without script that no other page may frame.
type ownPage string

func (p ownPage) write(w http.ResponseWriter, _ *http.Request) {
	style := sha256.Sum256([]byte(welcomeStyle))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(style[:])+
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	_, _ = io.WriteString(w, string(p))
}
