// Package conformance holds finlatch to the recorded answers of a real Jellyfin 12.
//
// testdata/jellyfin-12.0.0 has the recordings, package replay plays them to a server and says where it answers
// differently, and the tests here build the finlatch command, start it as a process of its own and judge what it
// answers by docs/divergences.md: every difference stands there with its exact value, and nothing stands there that does
// not occur. Package openapi holds the answers to Jellyfin's OpenAPI document, sdk has clients from npm, and what other
// clients were seen to send is sent here header by header: docs/compat.md. The pages are driven with Chromium, and browser
// has the checkers from npm that look at them; screenshots go to .out, or to .ci/out in CI. It is a module of its own, so
// that importers of finlatch never see what these tests need.
//
// The gateway stands in front of a finlatch that plays the Jellyfin, with media of these tests. Where JELLYFIN_URL names a real
// server (a test one: people sign in to it and out), with an administrator's API key in JELLYFIN_KEY and somebody's name and
// password in JELLYFIN_USER and JELLYFIN_PASSWORD, TestGateway stands in front of that one, too.
//
// Run them with go test -count=1: a cached result would not notice that finlatch has changed.
package conformance
