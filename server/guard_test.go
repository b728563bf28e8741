package server_test

import (
	"maps"
	"testing"
)

const (
	otherName = "until the server is set up it answers only to localhost, to its IP address, and to names given with --host-names"
	otherSite = "until the server is set up it answers no page of another site"
)

// A page on the Internet can make a browser at home ask anything of an address there, and its DNS can give any name to
// that address. Neither must set the server up.
func TestBeforeTheSetUpPagesOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	w := freshWorld(t, func(o *options) { o.server.HostNames = []string{"telly.example"} })
	h := func(pairs ...string) map[string]string {
		header := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			header[pairs[i]] = pairs[i+1]
		}
		return header
	}
	own := anything(200).with("Access-Control-Allow-Origin", "").with("Access-Control-Allow-Credentials", "")
	name, site := text(403, otherName).with("Access-Control-Allow-Origin", ""), text(403, otherSite).with("Access-Control-Allow-Origin", "")
	for _, test := range []struct {
		name   string
		header map[string]string
		want   answer
	}{
		{"localhost", h("Host", "localhost"), own},
		{"localhost with a port", h("Host", "LocalHost:8096"), own},
		{"localhost with a dot", h("Host", "localhost.:8096"), own},
		{"IPv4", h("Host", "192.168.1.2:8096"), own},
		{"IPv6", h("Host", "[fd00::2]:8096"), own},
		{"IPv6 without a port", h("Host", "[::1]"), own},
		{"a configured name", h("Host", "Telly.Example:8096"), own},
		{"another name", h("Host", "evil.example"), name},
		{"a name below localhost", h("Host", "evil.localhost"), name},
		{"a name that begins like an address", h("Host", "127.0.0.1.evil.example"), name},
		{"an address for resolvers only", h("Host", "0x7f000001"), name},
		{"a name below the configured one", h("Host", "evil.telly.example"), name},
		{"a proxy's word", h("Host", "backend", "X-Forwarded-For", home, "X-Forwarded-Host", "telly.example"), own},
		{"a proxy's word for another name", h("Host", "localhost", "X-Forwarded-For", home, "X-Forwarded-Host", "evil.example"), name},

		{"the same origin", h("Host", "localhost:8096", "Origin", "http://localhost:8096"), own},
		{"the same origin by https", h("Host", "telly.example", "Origin", "https://telly.example"), own},
		{"another origin", h("Host", "localhost:8096", "Origin", "https://evil.example"), site},
		{"another port", h("Host", "localhost:8096", "Origin", "http://localhost:3000"), site},
		{"no origin that may be named", h("Host", "localhost:8096", "Origin", "null"), site},
		{"an origin that is none", h("Host", "localhost:8096", "Origin", "http://local host:8096"), site},

		{"not from a page", h("Sec-Fetch-Site", "none"), own},
		{"from our own page", h("Sec-Fetch-Site", "same-origin"), own},
		{"from a sibling", h("Sec-Fetch-Site", "same-site"), site},
		{"from another site", h("Sec-Fetch-Site", "cross-site"), site},
		{"from what browsers will think of", h("Sec-Fetch-Site", "Same-Planet"), site},
	} {
		for _, do := range []string{"GET /Startup/Configuration", "GET /System/Info", "POST /QuickConnect/Initiate", "GET /QuickConnect/Initiate", "GET /Localization/Options"} {
			s := scenario{name: test.name + ", " + do, do: do, header: test.header, want: test.want}
			w.play(t, s)
		}
		if test.want.status == 403 {
			for _, s := range []scenario{
				{do: "GET /Startup/User"}, {do: "GET /Startup/FirstUser"}, {do: "POST /Startup/User", send: `{"Name":"mallory","Password":"x"}`},
				{do: "POST /Startup/Configuration", send: `{}`}, {do: "POST /Startup/RemoteAccess", send: `{}`}, {do: "POST /Startup/Complete"},
				{do: "POST /Users/AuthenticateByName", send: `{"Username":"root"}`}, {do: "POST /QuickConnect/Authorize?code=1"},
				{do: "POST /Users/AuthenticateWithQuickConnect", send: `{"Secret":"x"}`}, {do: "POST /Users/0123456789abcdef0123456789abcdef/Authenticate?pw=x"},
			} {
				s.name, s.header, s.want = test.name+", "+s.do, test.header, test.want
				w.play(t, s)
			}
		}
	}
	w.perform(scenario{do: "POST /Startup/User", send: `{"Name":"root","Password":"x"}`, want: problem(404, "")}) // none of them made one
}

// A forwarding header of somebody who is no trusted proxy changes no name, and makes the request one from elsewhere.
func TestForwardedHostOfAStranger(t *testing.T) {
	t.Parallel()
	w := freshWorld(t, func(o *options) { o.server.TrustedProxies = nil })
	w.perform(scenario{do: "GET /Startup/Configuration", header: map[string]string{"Host": "evil.example", "X-Forwarded-Host": "localhost"}, want: text(403, otherName)})
	w.perform(scenario{do: "GET /Startup/Configuration", header: map[string]string{"Host": "localhost", "X-Forwarded-Host": "evil.example"}, want: anything(403)})
}

func TestNoCORSBeforeTheSetUp(t *testing.T) {
	t.Parallel()
	w := freshWorld(t)
	w.run()
	origin := map[string]string{"Origin": "https://app.example"}
	preflight := maps.Clone(origin)
	preflight["Access-Control-Request-Method"], preflight["Authorization"] = "POST", "-"
	w.play(t,
		scenario{name: "what is for everybody", do: "GET /System/Info/Public", header: origin, want: anything(200).with("Access-Control-Allow-Origin", "")},
		scenario{name: "preflight of the set-up", do: "OPTIONS /Startup/User", header: preflight, want: empty(403).with("Access-Control-Allow-Origin", "").with("Access-Control-Allow-Methods", "")},
		scenario{name: "preflight of anything", do: "OPTIONS /System/Ping", header: preflight, want: empty(403).with("Access-Control-Allow-Origin", "")},
	)
	w.populate() // completes the set-up
	w.play(t,
		scenario{name: "what is for everybody, afterwards", do: "GET /System/Info/Public", header: origin, want: anything(200).with("Access-Control-Allow-Origin", "*")},
		scenario{name: "preflight, afterwards", do: "OPTIONS /Startup/User", header: preflight, want: empty(204).with("Access-Control-Allow-Origin", "*")},
		scenario{name: "under any name, afterwards", do: "GET /Users/Me", as: "ann", header: map[string]string{"Host": "evil.example", "Sec-Fetch-Site": "cross-site"}, want: anything(200)},
	)
}
