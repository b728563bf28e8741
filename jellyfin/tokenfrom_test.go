package jellyfin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch/jellyfin"
)

func TestTokenFrom(t *testing.T) {
	t.Parallel()
	type header map[string][]string
	const full = `MediaBrowser Client="A", Device="B", DeviceId="C", Version="1"`
	for _, tt := range []struct {
		name   string
		header header
		query  string
		token  string // with the legacy switch off
		legacy string // with it on
	}{
		{name: "nothing"},
		{name: "header", header: header{"Authorization": {`MediaBrowser Token="t"`}}, token: "t", legacy: "t"},
		{name: "empty header", header: header{"Authorization": {""}}},
		{name: "first line only", header: header{"Authorization": {full, `MediaBrowser Token="t"`}}},
		{name: "empty first line", header: header{"Authorization": {"", `MediaBrowser Token="t"`}, "X-Emby-Authorization": {`Emby Token="o"`}}},
		{name: "scheme Emby", header: header{"Authorization": {`Emby Token="t"`}}, legacy: "t"},
		{name: "X-Emby-Authorization", header: header{"X-Emby-Authorization": {`MediaBrowser Token="t"`}}, legacy: "t"},
		{name: "X-Emby-Authorization of scheme Emby", header: header{"X-Emby-Authorization": {`Emby Token="t"`}}, legacy: "t"},
		{name: "X-Emby-Authorization beside an empty header",
			header: header{"Authorization": {""}, "X-Emby-Authorization": {`MediaBrowser Token="t"`}}, legacy: "t"},
		{name: "X-Emby-Authorization behind Basic",
			header: header{"Authorization": {"Basic d2lyZTp3aXJl"}, "X-Emby-Authorization": {`MediaBrowser Token="t"`}}},
		{name: "X-Emby-Token", header: header{"X-Emby-Token": {"t"}}, legacy: "t"},
		{name: "X-Emby-Token with header", header: header{"Authorization": {full}, "X-Emby-Token": {"t"}}, legacy: "t"},
		{name: "X-Emby-Token behind Basic", header: header{"Authorization": {"Basic x"}, "X-Emby-Token": {"t"}}, legacy: "t"},
		{name: "X-Emby-Token is not decoded", header: header{"X-Emby-Token": {`"a+b%20c"`}}, legacy: `"a+b%20c"`},
		{name: "X-Emby-Token twice", header: header{"X-Emby-Token": {"a", "", "b"}}, legacy: "a,b"},
		{name: "X-MediaBrowser-Token", header: header{"X-MediaBrowser-Token": {"t"}}, legacy: "t"},
		{name: "all headers", header: header{"Authorization": {`MediaBrowser Token="1"`}, "X-Emby-Token": {"2"}, "X-MediaBrowser-Token": {"3"}},
			query: "ApiKey=4&api_key=5", token: "1", legacy: "1"},
		{name: "two headers", header: header{"X-Emby-Token": {"2"}, "X-MediaBrowser-Token": {"3"}}, query: "ApiKey=4", token: "4", legacy: "2"},
		{name: "one header", header: header{"X-MediaBrowser-Token": {"3"}}, query: "ApiKey=4", token: "4", legacy: "3"},
		{name: "ApiKey", query: "ApiKey=t", token: "t", legacy: "t"},
		{name: "apikey", query: "apikey=t", token: "t", legacy: "t"},
		{name: "APIKEY", query: "x=1&APIKEY=t", token: "t", legacy: "t"},
		{name: "Kelvin sign", query: "Api\u212aey=t"},
		{name: "escaped name", query: "%41pi%4Bey=t", token: "t", legacy: "t"},
		{name: "escaped value", query: "ApiKey=%74+x%", token: "t x%", legacy: "t x%"},
		{name: "empty value", query: "ApiKey="},
		{name: "no value", query: "ApiKey"},
		{name: "empty, then api_key", query: "ApiKey=&api_key=t", legacy: "t"},
		{name: "twice", query: "ApiKey=a&ApiKey=b", token: "a,b", legacy: "a,b"},
		{name: "twice in two spellings", query: "ApiKey=a&x=1&apikey=b", token: "a,b", legacy: "a,b"},
		{name: "thrice", query: "ApiKey=a&ApiKey=b&ApiKey=c", token: "a,b,c", legacy: "a,b,c"},
		{name: "twice, once empty", query: "ApiKey=&ApiKey=b", token: "b", legacy: "b"},
		{name: "api_key", query: "api_key=t&deviceId=d", legacy: "t"},
		{name: "API_KEY", query: "API_KEY=t", legacy: "t"},
		{name: "both", query: "api_key=o&ApiKey=t", token: "t", legacy: "t"},
		{name: "broken percent beside it", query: "x=%zz&ApiKey=t&y=%", token: "t", legacy: "t"},
		{name: "semicolon beside it", query: "x=1;y=2&ApiKey=t", token: "t", legacy: "t"},
		{name: "semicolon is no separator", query: "x=1;ApiKey=t"},
		{name: "empty pairs", query: "&&ApiKey=t&", token: "t", legacy: "t"},
		{name: "equals sign in the value", query: "ApiKey=a=b", token: "a=b", legacy: "a=b"},
		{name: "encoded as a whole", query: "ApiKey%3Dt"},
		{name: "with header", header: header{"Authorization": {full}}, query: "ApiKey=t", token: "t", legacy: "t"},
		{name: "with empty token", header: header{"Authorization": {`MediaBrowser Token=""`}}, query: "ApiKey=t", token: "t", legacy: "t"},
		{name: "with unquoted empty token", header: header{"Authorization": {`MediaBrowser Token=,Device="x"`}}, query: "ApiKey=t", token: "t", legacy: "t"},
		{name: "with blank token", header: header{"Authorization": {`MediaBrowser Token="   "`}}, query: "ApiKey=t", token: "   ", legacy: "   "},
		{name: "with other token", header: header{"Authorization": {`MediaBrowser Token="0bad"`}}, query: "ApiKey=t", token: "0bad", legacy: "0bad"},
		{name: "with Basic", header: header{"Authorization": {"Basic x"}}, query: "ApiKey=t", token: "t", legacy: "t"},
		{name: "with Bearer", header: header{"Authorization": {"Bearer x"}}, query: "ApiKey=t", token: "t", legacy: "t"},
		{name: "with scheme Emby", header: header{"Authorization": {`Emby Token="e"`}}, query: "ApiKey=t", token: "t", legacy: "e"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/Users/Me", nil)
			r.URL.RawQuery = tt.query
			for name, values := range tt.header {
				for _, v := range values {
					r.Header.Add(name, v)
				}
			}
			if got := jellyfin.TokenFrom(r, false).Token; got != tt.token {
				t.Errorf("got %q, want %q", got, tt.token)
			}
			if got := jellyfin.TokenFrom(r, true).Token; got != tt.legacy {
				t.Errorf("legacy: got %q, want %q", got, tt.legacy)
			}
		})
	}
}

func TestTokenFromKeepsTheApp(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/?ApiKey=t&deviceId=other", nil)
	r.Header.Set("Authorization", `Emby Client="A", Device="B", DeviceId="C", Version="1"`)
	want := jellyfin.Authorization{Token: "t"}
	if got := jellyfin.TokenFrom(r, false); got != want {
		t.Errorf("got %q, want %q", fields(got), fields(want))
	}
	want = jellyfin.Authorization{Scheme: jellyfin.SchemeEmby, Client: "A", Device: "B", DeviceID: "C", Version: "1", Token: "t"}
	if got := jellyfin.TokenFrom(r, true); got != want {
		t.Errorf("legacy: got %q, want %q", fields(got), fields(want))
	}
}

func TestTokenFromAllocations(t *testing.T) {
	for _, tt := range []struct {
		name, header, target string
		max                  float64
	}{
		{"header", `MediaBrowser Client="Jellyfin Web", Device="Firefox", DeviceId="TW96aWxsYQ", Version="12.0.0", Token="0123456789abcdef0123456789abcdef"`,
			"/Users/Me?userId=1", 0},
		{"encoded header", `MediaBrowser Client="Jellyfin%20Web", Device="My+TV", Token="0123456789abcdef0123456789abcdef"`, "/", 2},
		{"query", "", "/Users/Me?userId=593fb5efdd3b4eb7999b86cb6221d70e&ApiKey=0123456789abcdef0123456789abcdef", 0},
		{"neither", "", "/System/Info/Public", 0},
	} {
		r := httptest.NewRequest(http.MethodGet, tt.target, nil)
		if tt.header != "" {
			r.Header.Set("Authorization", tt.header)
		}
		for _, legacy := range []bool{false, true} {
			if n := testing.AllocsPerRun(100, func() { jellyfin.TokenFrom(r, legacy) }); n > tt.max {
				t.Errorf("%s: %v allocations, want %v at most", tt.name, n, tt.max)
			}
		}
	}
}

// A megabyte is what net/http takes of a request line.
func TestTokenFromHostileQuery(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL.RawQuery = strings.Repeat("ApiKey=a&%41=%zz&", 1<<16)
	start := time.Now()
	if got := len(jellyfin.TokenFrom(r, false).Token); got != 1<<17-1 {
		t.Errorf("got a token of %d bytes", got)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}

func BenchmarkTokenFrom(b *testing.B) {
	r := httptest.NewRequest(http.MethodGet, "/Users/Me?userId=593fb5efdd3b4eb7999b86cb6221d70e", nil)
	r.Header.Set("Authorization", `MediaBrowser Client="Jellyfin Web", Device="Firefox", DeviceId="TW96aWxsYQ", Version="12.0.0", Token="0123456789abcdef0123456789abcdef"`)
	b.ReportAllocs()
	for b.Loop() {
		jellyfin.TokenFrom(r, false)
	}
}
