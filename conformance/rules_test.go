package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// rule is something that clients depend on: one of the 25 of the client survey, by its number there.
type rule struct {
	name    string
	clients string // whom it protects
	check   func(ctx context.Context, w *world) error
	breaks  []breakage // each of them must make the check fail
}

// breakage is a proxy that breaks a rule.
type breakage struct {
	name    string
	request func(*http.Request)                           // changes what the server gets
	answer  func(*http.Response) error                    // changes what the client gets
	instead func(http.ResponseWriter, *http.Request) bool // answers itself; false: it has not
	socket  func(frame) *frame                            // changes what a web socket carries; nil: the frame is lost
	udp     func(request bool, datagram []byte) []byte    // changes a datagram of discovery; nil: it is lost
}

// rules is the list. A rule that is not here is not kept.
var rules = []rule{
	{"01 product name", "TypeScript SDK, Kotlin SDK, Expo, Roku, Xbox", productName, productNameBreaks},
	{"02 version", "TypeScript SDK, Kotlin SDK, Swift SDK, Android TV, Xbox", version, versionBreaks},
	{"03 server id", "Android TV, web, webOS, Kodi", serverID, serverIDBreaks},
	{"04 dashed ids", "Android TV, Findroid", dashedIDs, dashedIDsBreaks},
	{"05 spellings", "web, Roku, Kodi, Seerr, Feishin", spellings, spellingsBreaks},
	{"06 header shapes", "Swiftfin, Kodi, Streamyfin, Kotlin SDK, Python client, FinTunes", headerShapes, headerShapesBreaks},
	{"07 legacy carriers", "old Swiftfin, Jellyseerr, JellyCon, jellyfin-apiclient, web 10.11", legacyCarriers, legacyCarriersBreaks},
	{"08 PascalCase", "TypeScript SDK, Go clients", pascalCase, pascalCaseBreaks},
	{"09 Quick Connect is JSON", "web", quickConnectJSON, quickConnectJSONBreaks},
	{"10 errors are text", "third-party clients, Roku", textErrors, textErrorsBreaks},
	{"11 full objects", "Kotlin SDK, Finamp, Swift SDK, web, Roku", fullObjects, fullObjectsBreaks},
	{"12 times", "Swift SDK, Kotlin SDK", times, timesBreaks},
	{"13 empty password", "Finamp, SwiftJelly, TypeScript SDK", emptyPassword, emptyPasswordBreaks},
	{"14 changing device ids", "Android TV, Roku", changingDeviceIDs, changingDeviceIDsBreaks},
	{"15 polling without header", "Streamyfin", plainPolling, plainPollingBreaks},
	{"16 approval", "web, Swiftfin", approval, approvalBreaks},
	{"17 fast polling", "Streamyfin, Finamp beta, Roku, mpv-shim", fastPolling, fastPollingBreaks},
	{"18 GET Initiate", "Finamp beta", getInitiate, getInitiateBreaks},
	{"19 display preferences", "web", displayPreferences, displayPreferencesBreaks},
	{"20 web socket", "Kotlin SDK, Swift SDK, web, Streamyfin, Python client", webSocket, webSocketBreaks},
	{"21 redirects of POST", "Swiftfin", postRedirects, postRedirectsBreaks},
	{"22 the web client", "Android, Expo, Desktop, Media Player, webOS, Xbox, FinTunes", webClient, webClientBreaks},
	{"23 system information", "web, Kodi, Python client, Infuse, Seerr", systemInformation, systemInformationBreaks},
	{"24 local address", "web", localAddress, localAddressBreaks},
	{"25 discovery", "Kotlin SDK, Roku, Kodi, Streamyfin, webOS, Swift SDK", discovery, discoveryBreaks},
}

// TestRules checks each rule at the server, behind a proxy that breaks nothing, and behind proxies that break it.
func TestRules(t *testing.T) {
	t.Parallel()
	s := newRulesServer(t)
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			direct := &world{base: s.base(), udp: s.discovery}
			if err := r.check(t.Context(), direct); err != nil {
				t.Fatalf("%s: %v", r.clients, err)
			}
			if err := r.check(t.Context(), behind(t, s, breakage{})); err != nil {
				t.Fatalf("a proxy that breaks nothing breaks it: %v", err)
			}
			if len(r.breaks) == 0 {
				t.Error("nothing shows that this check can fail")
			}
			for _, b := range r.breaks {
				t.Run(b.name, func(t *testing.T) {
					t.Parallel()
					if err := r.check(t.Context(), behind(t, s, b)); err == nil {
						t.Error("the check does not notice")
					} else if errors.Is(err, context.Canceled) {
						t.Errorf("the check fails for another reason: %v", err)
					}
				})
			}
		})
	}
}

// newRulesServer starts a server with people, discovery and something like the official web client.
func newRulesServer(t *testing.T) *server {
	t.Helper()
	s := newServer(t, "--web-dir", webFolder(t))
	for _, person := range people {
		add(t, s, person.name, person.password, person.flags...)
	}
	return s
}

// webFolder is a folder with what the shells look for in a web client.
func webFolder(t *testing.T) string {
	t.Helper()
	web := t.TempDir()
	for name, content := range map[string]string{
		"index.html":    `<!doctype html><title>web</title><script src="main.0123456789.bundle.js"></script>`,
		"manifest.json": `{"start_url":"./index.html"}`,
	} {
		if err := os.WriteFile(filepath.Join(web, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return web
}

// world is where a check finds the server.
type world struct {
	base string
	udp  string // address for discovery
}

// behind is the world behind a proxy.
func behind(t *testing.T, s *server, b breakage) *world {
	t.Helper()
	target, err := url.Parse(s.base())
	if err != nil {
		t.Fatal(err)
	}
	through := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host
			if b.request != nil {
				b.request(p.Out)
			}
		},
		ModifyResponse: b.answer,
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case b.instead != nil && b.instead(w, r):
		case r.Header.Get("Upgrade") == "websocket" && b.socket != nil:
			relaySocket(w, r, s.address, b.socket)
		default:
			through.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(proxy.Close)
	return &world{base: proxy.URL, udp: relayDatagrams(t, s.discovery, b.udp)}
}

// wanted is an error unless something is as a client needs it.
func wanted(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}
