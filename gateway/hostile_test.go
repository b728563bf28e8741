package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/gateway"
)

// oddities are more ways to write a path than spellings: what servers of other kinds, and careless ones, take for the same.
func oddities(path string) []string {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	each := func(suffix string) string { return "/" + strings.Join(parts, suffix+"/") + suffix }
	letters := func(old, new string) string { return strings.ReplaceAll(path, old, new) }
	return []string{
		each(";x=1"), each("%3bx=1"), each("%3Bjsessionid=1"), "/" + parts[0] + ";/" + strings.Join(parts[1:], "/"), "/;" + path, "/x/..;" + path, "/x/..%3b" + path,
		each("%20"), each("%09"), each("%0a"), each("%00"), each("%00.js"), path + "%00/x", each("%2500"), "/%20" + path[1:], path + "/;/",
		"\\" + path[1:], "/" + strings.Join(parts, "\\"), "/x\\.." + path, "/x/..\\" + path[1:], "/x%5c..%5c" + path[1:], "/" + strings.Join(parts, "%255c"),
		"http://localhost" + path, "HTTP://other.example:1" + path, "https:" + path, "x://y/emby/" + path, "http:" + path[1:], "http:emby" + path, "x:%2f" + path[1:],
		"/emby//emby/" + path, "/emby/./mediabrowser//" + path[1:], "/EmBy%2f" + path[1:], "/%2565mby" + path, "/x/..%252f" + path[1:],
		letters("k", "%e2%84%aa"), letters("s", "%c5%bf"), letters("i", "%c4%b1"), letters("I", "%c4%b0"), // other letters of the same case fold
		letters("e", "%65"), letters("e", "%2565"), letters("e", "%252565"), letters("e", "%2565") + "%25zz", path + "%25", path + "%25%32%66",
		path + "?", path + "?x=/y", path + "#x", path + "%3fx=1", path + "%23x", path + "&x=1", path + ",", path + "/" + strings.Repeat("x/", 500) + strings.Repeat("../", 500),
		path + strings.Repeat("/", 3000), "/" + strings.Repeat("./", 1500) + path[1:], "/" + strings.Repeat("emby/", 500) + path[1:],
	}
}

// meant tells whether an oddity is the path for who reads URLs as it is written, and not another one.
func meant(oddity string) bool {
	for _, end := range []string{"%25", "%25%32%66", "&x=1", ",", "#x", "%3fx=1", "%23x", "%25zz"} {
		if strings.HasSuffix(oddity, end) {
			return false
		}
	}
	return true
}

// Nothing of what is answered here reaches upstream, whatever somebody may read in its path.
func TestOwnRoutesSpeltOddly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	paths := []string{"/QuickConnect/Initiate", "/QuickConnect/Authorize", "/QuickConnect/Connect", "/QuickConnect/Enabled", "/Users/AuthenticateByName",
		"/Users/AuthenticateWithQuickConnect", "/Users/" + w.ann.String() + "/Authenticate", "/Startup/Complete"}
	for _, path := range paths {
		for _, oddity := range oddities(path) {
			for _, method := range []string{"POST", "GET", "PUT", "X"} {
				h := w.asAnn()
				h["Content-Length"] = "0"
				got := w.raw(method, oddity, h)
				if n := len(w.upstream.take()); n > 0 && (meant(oddity) || strings.HasPrefix(path, "/QuickConnect") || strings.HasPrefix(path, "/Startup")) {
					t.Errorf("%s %.200s: got %d, and upstream %d requests", method, oddity, got.status, n)
				}
				if got.status >= 500 {
					t.Errorf("%s %.200s: got %d", method, oddity, got.status)
				}
			}
		}
	}
	for _, path := range []string{"/QuickConnect", "/quickconnect/", "/emby/QuickConnect/", "/x/QuickConnect;/", "http:QuickConnect"} {
		if got := w.raw("GET", path, w.asAnn()); len(w.upstream.take()) > 0 {
			t.Errorf("%s: got %d, and upstream a request", path, got.status)
		}
	}
}

// No media for strangers in any of them.
func TestGuardedMediaSpeltOddly(t *testing.T) {
	t.Parallel()
	for _, mode := range []gateway.Anonymous{gateway.AnonymousKnown, gateway.AnonymousStrict} {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *options) { o.gateway.Anonymous = mode })
			for _, paths := range guarded {
				for _, path := range paths {
					for _, oddity := range oddities(path) {
						for _, method := range []string{"GET", "HEAD"} {
							got := w.raw(method, oddity, nil)
							if n := len(w.upstream.take()); n > 0 && meant(oddity) || got.status >= 500 {
								t.Errorf("%s %.200s: got %d, and upstream %d requests", method, oddity, got.status, n)
							}
						}
					}
				}
			}
		})
	}
}

// What is not the path as it is written arrives as it is written: rules that are careful break no names.
func TestOddNamesArrive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for sent, want := range map[string]string{
		"/Artists/AC;DC/Images/Primary": "/Artists/AC%3BDC/Images/Primary", "/Genres/a%5Cb": "/Genres/a%5Cb", "/Artists/%c4%b1": "/Artists/%C4%B1",
		"/Artists/%20x%20": "/Artists/%20x%20", "/Artists/100%2525": "/Artists/100%2525", "/Items/a%0ab": "/Items/a%0Ab",
		"http://localhost/Items": "/Items", "/Items?a;b=c&%zz&&d": "/Items?a;b=c&%zz&&d", "/Items?": "/Items?",
	} {
		got := w.raw("GET", sent, w.asAnn())
		all := w.upstream.take()
		if len(all) != 1 || strings.ReplaceAll(all[0].uri, ";", "%3B") != strings.ReplaceAll(want, ";", "%3B") {
			t.Errorf("%s: got %d, upstream got %v, want %s", sent, got.status, all, want)
		}
	}
	if got := w.raw("GET", "/Items/a%00b", w.asAnn()); got.status != 400 || len(w.upstream.take()) > 0 {
		t.Errorf("a zero byte: got %d", got.status)
	}
}

// Tokens that mean nothing here never arrive, wherever somebody puts them who hopes that upstream looks there.
func TestHiddenTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const other = "0123456789abcdef0123456789abcdef"
	for name, tt := range map[string]struct {
		target string
		header header
	}{
		"among thousands":          {"/Items?" + strings.Repeat("a=b&", 5000) + "ApiKey=" + other, nil},
		"thousands of them":        {"/Items?" + strings.Repeat("ApiKey="+other+"&", 1000), nil},
		"in each case":             {"/Items?APIKEY=" + other + "&apikey=" + other + "&API_KEY=" + other, nil},
		"encoded":                  {"/Items?%41%50%49%4B%45%59=" + other + "&api%5Fkey=" + other, nil},
		"encoded whole":            {"/Items?ApiKey%3D" + other, nil},
		"encoded whole, a sign":    {"/Items?ApiKey%3D" + other + "=", nil},
		"encoded whole, apart":     {"/Items?&ApiKey%3D" + other + "&", nil},
		"encoded whole, with more": {"/Items?&&x%3D1%26api_key%3D" + other + "=&", nil},
		"without a value":          {"/Items?ApiKey&ApiKey=" + other, nil},
		"badly encoded":            {"/Items?ApiKey=%zz" + other, nil},
		"a zero byte":              {"/Items?ApiKey=" + other + "%00", nil},
		"Kelvin":                   {"/Items?Api%E2%84%AAey=" + other, nil},
		"two names":                {"/Items?ApiKey=ApiKey=" + other, nil},
		"scheme in another script": {"/Items", header{"Authorization": "MediaBrow\u017fer Token=" + other}},
		"no-break space":           {"/Items", header{"Authorization": "MediaBrowser\u00a0Token=" + other}},
		"tab":                      {"/Items", header{"Authorization": "MediaBrowser\tToken=" + other}},
		"comma":                    {"/Items", header{"Authorization": "MediaBrowser,Token=" + other}},
		"quotes":                   {"/Items", header{"Authorization": `"MediaBrowser" Token=` + other}},
		"twice":                    {"/Items", header{"Authorization": "MediaBrowser Token=x, Token=" + other, "X-Emby-Authorization": "Emby Token=" + other}},
		"in a value":               {"/Items", header{"Authorization": `MediaBrowser Client="a\", Token="` + other + `"`}},
		"in an unknown key":        {"/Items", header{"Authorization": "MediaBrowser token=" + other + ", Tok\u212aen=" + other}},
		"hop by hop":               {"/Items", header{"X-Emby-Token": other, "Connection": "close, X-Emby-Token, Authorization"}},
		"huge":                     {"/Items", header{"X-Emby-Token": other, "X-Huge": strings.Repeat("x", 200<<10)}},
		"thousands of headers":     {"/Items", thousand(header{"X-MediaBrowser-Token": other})},
	} {
		if got := w.raw("GET", tt.target, tt.header); got.status >= 500 {
			t.Errorf("%s: got %d", name, got.status)
		}
		for _, got := range w.upstream.take() {
			if text := got.uri + fmt.Sprint(got.header["Authorization"], got.header["X-Emby-Authorization"], got.header["X-Emby-Token"], got.header["X-Mediabrowser-Token"]); strings.Contains(text, other) {
				t.Errorf("%s: upstream got %.300s", name, text)
			}
		}
	}
}

func thousand(h header) header {
	for n := range 1000 {
		h[fmt.Sprint("X-Header-", n)] = "x"
	}
	return h
}

// A good token in a query with thousands of names, and a path at the limit, are served; what is longer is refused.
func TestLongRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	many := strings.Repeat("a=b;c&", 10_000)
	got := w.raw("GET", "/Items?"+many+"api_key="+w.token.Reveal(), nil)
	if all := w.upstream.take(); got.status != http.StatusOK || len(all) != 1 || all[0].uri != "/Items?"+many+"ApiKey="+w.token.Reveal() {
		t.Errorf("got %d", got.status)
	}
	for path, want := range map[string]int{"/" + strings.Repeat("a", 4000): 200, "/" + strings.Repeat("a", 5000): 414, "/" + strings.Repeat("Artists/", 500): 200,
		"/" + strings.Repeat("%2525", 1000): 200, strings.Repeat("/Videos/Images", 250): 200} {
		if got := w.raw("GET", path, w.asAnn()); got.status != want {
			t.Errorf("%.20s… of %d bytes: got %d, want %d", path, len(path), got.status, want)
		}
	}
}
