package server

import (
	"io"
	"net/http"
	"strconv"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

// branding is how the sign-in page looks. Where the splash screen lies, which Jellyfin tells under the configuration's name, is
// nobody's business: it is in the database.
func (s *Server) branding(r *request) (any, error) {
	b := r.settings.Branding
	dto := jellyfin.BrandingOptionsDto{SplashscreenEnabled: b.SplashScreen}
	if b.LoginDisclaimer != "" {
		dto.LoginDisclaimer = &b.LoginDisclaimer
	}
	if b.CustomCSS != "" {
		dto.CustomCSS = &b.CustomCSS
	}
	return dto, nil
}

// setBranding replaces all of it but the splash screen itself.
func (s *Server) setBranding(r *request, in *jellyfin.BrandingOptionsDto) (any, error) {
	branding := finlatch.Branding{SplashScreen: in.SplashscreenEnabled}
	if in.LoginDisclaimer != nil {
		branding.LoginDisclaimer = *in.LoginDisclaimer
	}
	if in.CustomCSS != nil {
		branding.CustomCSS = *in.CustomCSS
	}
	return nil, s.changeSettings(r, "The branding has been changed", func(settings *finlatch.Settings) { settings.Branding = branding })
}

func (s *Server) brandingCSS(r *request) (any, error) {
	return stylesheet(r.settings.Branding.CustomCSS), nil
}

// stylesheet is an answer that is CSS.
type stylesheet string

func (css stylesheet) write(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/css; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(css)))
	_, _ = io.WriteString(w, string(css)) // the client may be gone
}
