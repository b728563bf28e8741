package gateway_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/finlatch/finlatch/gateway"
)

// A token arrives upstream in the one place that Jellyfin 12 reads, wherever the app has put it.
func TestCarriers(t *testing.T) {
	t.Parallel()
	const app = `Client="App", Device="Telly", DeviceId="phone", Version="1.0"`
	const asSent = `MediaBrowser ` + app
	type up struct{ authorization, uri string }
	for _, tt := range []struct {
		name    string
		header  header
		target  string
		want    up // TOKEN stands for it
		carrier gateway.Carrier
	}{
		{"modern", header{"Authorization": asSent + `, Token="TOKEN"`}, "/Items", up{asSent + `, Token="TOKEN"`, "/Items"}, ""},
		{"modern, unquoted", header{"Authorization": `mediabrowser Token=TOKEN`}, "/Items", up{`MediaBrowser Token="TOKEN"`, "/Items"}, ""},
		{"scheme Emby", header{"Authorization": `Emby ` + app + `, Token="TOKEN"`}, "/Items", up{asSent + `, Token="TOKEN"`, "/Items"}, gateway.CarrierScheme},
		{"X-Emby-Authorization", header{"X-Emby-Authorization": asSent + `, Token="TOKEN"`}, "/Items", up{asSent + `, Token="TOKEN"`, "/Items"}, gateway.CarrierAuthorization},
		{"X-Emby-Authorization, Emby", header{"X-Emby-Authorization": `Emby Token="TOKEN"`}, "/Items", up{`MediaBrowser Token="TOKEN"`, "/Items"}, gateway.CarrierAuthorization},
		{"X-Emby-Token", header{"X-Emby-Token": "TOKEN"}, "/Items", up{`MediaBrowser Token="TOKEN"`, "/Items"}, gateway.CarrierEmbyToken},
		{"X-MediaBrowser-Token", header{"X-MediaBrowser-Token": "TOKEN"}, "/Items", up{`MediaBrowser Token="TOKEN"`, "/Items"}, gateway.CarrierMediaBrowserToken},
		{"app there, token here", header{"X-Emby-Authorization": asSent, "X-Emby-Token": "TOKEN"}, "/Items", up{asSent + `, Token="TOKEN"`, "/Items"}, gateway.CarrierEmbyToken},
		{"beside a foreign scheme", header{"Authorization": "Basic eA==", "X-Emby-Token": "TOKEN"}, "/Items", up{`MediaBrowser Token="TOKEN"`, "/Items"}, gateway.CarrierEmbyToken},
		{"ApiKey", nil, "/Items?a=1&apikey=TOKEN&b=2", up{"", "/Items?a=1&b=2&ApiKey=TOKEN"}, ""},
		{"api_key", nil, "/Items?api_key=TOKEN", up{"", "/Items?ApiKey=TOKEN"}, gateway.CarrierQuery},
		{"api_key, odd", nil, "/Items?x=%zz&%61PI%5fkey=TOKEN", up{"", "/Items?x=%zz&ApiKey=TOKEN"}, gateway.CarrierQuery},
		{"api_key beside a foreign scheme", header{"Authorization": "Bearer x"}, "/Items?api_key=TOKEN", up{"Bearer x", "/Items?ApiKey=TOKEN"}, gateway.CarrierQuery},
		{"api_key beside an app", header{"Authorization": asSent}, "/Items?api_key=TOKEN", up{asSent, "/Items?ApiKey=TOKEN"}, gateway.CarrierQuery},
		// The query is written into lists of segments, so a token stays in it; the header's counts.
		{"both", header{"Authorization": asSent + `, Token="TOKEN"`}, "/Items?api_key=other", up{asSent + `, Token="TOKEN"`, "/Items?ApiKey=TOKEN"}, ""},
		{"all", header{"Authorization": `MediaBrowser Token="TOKEN"`, "X-Emby-Token": "x", "X-MediaBrowser-Token": "y", "X-Emby-Authorization": "MediaBrowser Token=z"},
			"/Items", up{`MediaBrowser Token="TOKEN"`, "/Items"}, ""},
		{"names of apps", header{"Authorization": `MediaBrowser Device="Bob%27s+%22TV%22", Token="TOKEN"`}, "/Items",
			up{`MediaBrowser Device="Bob%27s%20%22TV%22", Token="TOKEN"`, "/Items"}, ""},
		// What is no token of ours does not arrive.
		{"unknown", header{"Authorization": asSent + `, Token="0123456789abcdef0123456789abcdef"`, "X-Emby-Token": "TOKEN"}, "/Items?api_key=TOKEN", up{asSent, "/Items"}, ""},
		{"blank", header{"Authorization": asSent + `, Token="  "`, "X-Emby-Token": "TOKEN"}, "/Items", up{asSent, "/Items"}, ""},
		{"twice", nil, "/Items?ApiKey=TOKEN&ApiKey=TOKEN", up{"", "/Items"}, ""},
		{"encoded as a whole", nil, "/Items?x%3D1%26ApiKey%3DTOKEN", up{"", "/Items?x%3D1"}, ""},
		{"empty", nil, "/Items?ApiKey=", up{"", "/Items"}, ""},
		{"empty, encoded", nil, "/Items?%41piKey=", up{"", "/Items"}, ""},
		{"nothing but a sign", nil, "/Items?=", up{"", "/Items?="}, ""},
		{"encoded twice", nil, "/Items?x%253D1%2526ApiKey%253DTOKEN", up{"", "/Items?x%253D1%2526ApiKey%253DTOKEN"}, ""},
		{"foreign", header{"Authorization": "Bearer TOKEN"}, "/Items", up{"Bearer TOKEN", "/Items"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			put := func(text string) string { return strings.ReplaceAll(text, "TOKEN", w.token.Reveal()) }
			h := header{}
			for name, value := range tt.header {
				h[name] = put(value)
			}
			if res := w.raw("GET", put(tt.target), h); res.status != http.StatusOK {
				t.Errorf("got %d %s\n%s", res.status, res.body, w.log)
			}
			got := w.upstream.one(t)
			if a := strings.Join(got.header["Authorization"], "|"); unescaped(a) != unescaped(put(tt.want.authorization)) || got.uri != put(tt.want.uri) {
				t.Errorf("upstream got %s\n%s\nwant %s\n%s", got.uri, a, put(tt.want.uri), put(tt.want.authorization))
			}
			for _, name := range []string{"X-Emby-Authorization", "X-Emby-Token", "X-Mediabrowser-Token"} {
				if value, there := got.header[name]; there {
					t.Errorf("upstream got %s: %q", name, value)
				}
			}
			var want []gateway.CarrierUse
			if tt.carrier != "" {
				want = []gateway.CarrierUse{{Carrier: tt.carrier, App: "App", Accepted: 1}}
			}
			if diff := cmp.Diff(want, w.gateway.OldTokens(), cmpopts.IgnoreFields(gateway.CarrierUse{}, "Last"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("old tokens (-want +got):\n%s", diff)
			}
		})
	}
}

// unescaped takes + and %20 for the same.
func unescaped(text string) string { return strings.ReplaceAll(text, "+", "%20") }

// Where an old place is off, no token is found there, and it does not arrive; the others go on.
func TestRefusedCarriers(t *testing.T) {
	t.Parallel()
	send := map[gateway.Carrier]func(w *world) (string, header){
		gateway.CarrierScheme: func(w *world) (string, header) {
			return "/Items", header{"Authorization": "Emby Token=" + w.token.Reveal()}
		},
		gateway.CarrierAuthorization: func(w *world) (string, header) {
			return "/Items", header{"X-Emby-Authorization": "MediaBrowser Token=" + w.token.Reveal()}
		},
		gateway.CarrierEmbyToken:         func(w *world) (string, header) { return "/Items", header{"X-Emby-Token": w.token.Reveal()} },
		gateway.CarrierMediaBrowserToken: func(w *world) (string, header) { return "/Items", header{"X-MediaBrowser-Token": w.token.Reveal()} },
		gateway.CarrierQuery:             func(w *world) (string, header) { return "/Items?api_key=" + w.token.Reveal(), nil },
	}
	for _, off := range gateway.Carriers() {
		t.Run(string(off), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *options) { o.gateway.Refused = []gateway.Carrier{off} })
			for _, carrier := range gateway.Carriers() {
				w.raw("GET", first(send[carrier](w)), second(send[carrier](w)))
				got := w.upstream.one(t)
				arrived := strings.Contains(got.uri+strings.Join(got.header["Authorization"], ""), w.token.Reveal())
				if arrived != (carrier != off) {
					t.Errorf("%s: the token arrived: %v", carrier, arrived)
				}
			}
			uses := w.gateway.OldTokens()
			for _, use := range uses {
				if want := use.Carrier == off; (use.Refused == 1) != want || (use.Accepted == 1) == want || use.Last.IsZero() {
					t.Errorf("got %+v", use)
				}
			}
			if len(uses) != 5 || !slices.IsSortedFunc(uses, func(a, b gateway.CarrierUse) int {
				return slices.Index(gateway.Carriers(), a.Carrier) - slices.Index(gateway.Carriers(), b.Carrier)
			}) {
				t.Errorf("got %+v", uses)
			}
			// The refused one does not hide a good one behind it.
			h := header{"X-Emby-Token": w.token.Reveal(), "Authorization": "Emby Token=x", "X-Emby-Authorization": "MediaBrowser Token=x"}
			if off == gateway.CarrierScheme {
				w.do("GET", "/Items", h)
				if got := w.upstream.one(t).header.Get("Authorization"); !strings.Contains(got, w.token.Reveal()) {
					t.Errorf("behind the refused scheme: got %q", got)
				}
			}
		})
	}
}

func first(target string, _ header) string { return target }
func second(_ string, h header) header     { return h }

// Strangers do not fill the table of who uses old places.
func TestOldTokensOfStrangersAreNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do("GET", "/Items", header{"X-Emby-Token": "nobody's"})
	if got := w.gateway.OldTokens(); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
}
