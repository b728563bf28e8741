package jellyfin

// BrandingOptionsDto is how the web client looks (Jellyfin 12 BrandingOptionsDto).
type BrandingOptionsDto struct {
	LoginDisclaimer     *string `json:"LoginDisclaimer,omitempty"` // Markdown under the sign-in form
	CustomCSS           *string `json:"CustomCss,omitempty"`
	SplashscreenEnabled bool    `json:"SplashscreenEnabled"`
}
