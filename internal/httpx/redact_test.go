package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/finlatch/finlatch/internal/httpx"
)

func eventOf(t *testing.T, method, target string) *httpx.Event {
	t.Helper()
	var ev *httpx.Event
	h := httpx.Record(nil, func(e *httpx.Event) { ev = e })(http.NotFoundHandler())
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, target, nil))
	return ev
}

func TestRedaction(t *testing.T) {
	t.Parallel()
	tests := []struct{ target, path, query string }{
		{"/System/Ping", "/System/Ping", ""},
		{"/x?a=1&b=%20", "/x", "a=1&b=%20"},
		{"/socket?ApiKey=KEY&deviceId=d", "/socket", "ApiKey=redacted&deviceId=d"},
		{"/x?API_KEY=KEY&apikey=KEY&Secret=KEY&pW=KEY&CODE=KEY", "/x", "API_KEY=redacted&apikey=redacted&Secret=redacted&pW=redacted&CODE=redacted"},
		{"/x?%41pi%4Bey=KEY&%2541pikey=KEY", "/x", "%41pi%4Bey=redacted&%2541pikey=redacted"},
		{"/x?+secret=KEY&secret%20=KEY&secret=", "/x", "+secret=redacted&secret%20=redacted&secret=redacted"},
		{"/x?a%3D1%26api_key%3DKEY", "/x", "redacted"},
		{"/x?secret%3DKEY", "/x", "redacted"},
		{"/x?secret%3DKEY%26a%3D1&b=2", "/x", "redacted&b=2"},
		{"/x?secret%253DKEY", "/x", "redacted"},
		{"/x?a=1;secret=KEY", "/x", "redacted"},
		{"/x?next=http%3A%2F%2Fh%2F%3Fapi_key%3DKEY", "/x", "redacted"},
		{"/x?decode=1&secretary=2", "/x", "decode=1&secretary=2"},
		{"/Auth/Keys/KEY", "/Auth/Keys/redacted", ""},
		{"/Auth/Keys/", "/Auth/Keys/", ""},
		{"/Auth/Keys", "/Auth/Keys", ""},
		{"/Auth/Keysmith/x", "/Auth/Keysmith/x", ""},
		{"/emby/AUTH//keys//KEY/x?y", "/emby/AUTH//keys/redacted", "y"},
		{"/a/b/auth/./Keys/KEY", "/a/b/auth/./Keys/redacted", ""},
		{"/%61uth/%4Beys/KEY", "/auth/Keys/redacted", ""},
		{"/auth%2Fkeys%2FKEY", "/auth/keys/redacted", ""},
		{"/auth%252Fkeys/KEY", "/auth/keys/redacted", ""},
		{"/a%0Ab%1B%E2%80%AE", `/a\nb\x1b\u202e`, ""},
		{"/" + strings.Repeat("a", 300), "/" + strings.Repeat("a", 252) + "…", ""},
		{"/?" + strings.Repeat("a=1&", 300), "/", strings.Repeat("a=1&", 128)[:509] + "…"},
	}
	for _, tt := range tests {
		ev := eventOf(t, "GET", tt.target)
		if ev.Path != tt.path || ev.Query != tt.query || strings.Contains(ev.Path+ev.Query, "KEY") && !strings.Contains(tt.target, "API_KEY") {
			t.Errorf("%s: got %q %q, want %q %q", tt.target, ev.Path, ev.Query, tt.path, tt.query)
		}
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		max  int
		want string
	}{
		{"", 5, ""},
		{"plain", 5, "plain"},
		{"plain.", 5, "pl…"},
		{"ä", 5, "ä"},
		{"äää", 6, "äää"},
		{"äääx", 6, "ä…"},
		{"a\nb\x00\x7f", 20, `a\nb\x00\x7f`},
		{"\xff\xe4", 20, `\xff\xe4`},
		{"\u202e\u200b\u2028", 40, `\u202e\u200b\u2028`},
		{strings.Repeat("\n", 10), 7, `\n\n…`},
	}
	for _, tt := range tests {
		if got := httpx.Clean(tt.in, tt.max); got != tt.want {
			t.Errorf("Clean(%q, %d): got %q, want %q", tt.in, tt.max, got, tt.want)
		}
	}
}

// FuzzRedact wants no line without bounds or with control characters, and no secret that the router would understand.
func FuzzRedact(f *testing.F) {
	f.Add("/Auth/Keys/x", "secret=x")
	f.Add("//emby//aUth/%2e/Keys/x", "a%3D1%26Code%3Dx")
	f.Add("\x00\xff", "%%%=&&;+")
	f.Fuzz(func(t *testing.T, path, query string) {
		const secret = "0123456789abcdef"
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = path + "/aUTH/Keys//" + secret
		r.URL.RawQuery = query + "&SECRET=" + secret
		var ev *httpx.Event
		httpx.Record(nil, func(e *httpx.Event) { ev = e })(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), r)
		line := ev.Path + ev.Query
		if strings.Contains(line, secret) && !strings.Contains(path+query, secret[:4]) {
			t.Fatalf("%q %q: %q", path, query, line)
		}
		if len(ev.Path) > 300 || len(ev.Query) > 512 || !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("%q", line)
		}
	})
}
