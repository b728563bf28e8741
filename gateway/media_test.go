package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
)

// spellings are ways to write a path that some server between here and a file takes for the same.
func spellings(path string) []string {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	hex := func(text string, upper bool) string {
		format := "%%%02x"
		if upper {
			format = "%%%02X"
		}
		var b strings.Builder
		for i := range len(text) {
			fmt.Fprintf(&b, format, text[i])
		}
		return b.String()
	}
	last := parts[len(parts)-1]
	front := strings.TrimSuffix(path, last)
	return []string{
		path, strings.ToLower(path), strings.ToUpper(path), "/emby" + path, "/mediabrowser" + path, "/EMBY" + path, "/%65mby" + path, "/emby/emby" + path,
		"/mediabrowser/emby" + path, "//" + path[1:], "/" + strings.Join(parts, "//"), path + "/", path + "//", "/." + path, "/./" + path, "/x/.." + path, "/x/%2e%2e" + path,
		"/x/%2E." + path, "/x/.%2e" + path, "/%2e" + path, "/" + strings.Join(parts, "/./"), "/" + strings.Join(parts, "/%2e/"), "/" + parts[0] + "/x/.." + strings.TrimPrefix(path, "/"+parts[0]),
		"/" + hex(parts[0], false) + strings.TrimPrefix(path, "/"+parts[0]), front + hex(last, true), "/" + strings.Join(parts, "%2f"), "/" + strings.Join(parts, "%2F"),
		"/" + parts[0] + "%2f" + strings.Join(parts[1:], "/"), "/" + strings.Join(parts, "%252f"), "/x%2f..%2f" + path[1:], "/x%2f%2e%2e" + path, "/" + strings.Join(parts, "/%2f"),
		"/jellyfin" + path, "/emby/jellyfin" + path, "/..%2f" + path[1:], "/" + strings.Join(parts, "%5c"), path + "/%2e", path + "/x/..",
	}
}

var guarded = map[string][]string{
	"media": {
		"/Videos/1/stream", "/Videos/1/stream.mkv", "/Videos/1/hls/2/0.ts", "/Videos/1/master.m3u8", "/Videos/1/main.m3u8", "/Videos/1/live.m3u8",
		"/Videos/1/hls1/main/0.ts", "/Videos/1/2/Subtitles/3/Stream.srt", "/Videos/1/2/Subtitles/3/0/Stream.vtt", "/Videos/1/2/Subtitles/3/subtitles.m3u8",
		"/Videos/1/2/Attachments/3", "/Videos/1/Trickplay/320/0.jpg", "/Audio/1/stream", "/Audio/1/stream.mp3", "/Audio/1/universal", "/Audio/1/hls/2/stream.aac",
		"/Audio/1/Lyrics", "/LiveTv/LiveRecordings/1/stream", "/LiveTv/LiveStreamFiles/1/stream.ts", "/Items/1/Download", "/Items/1/File",
		"/Providers/Subtitles/Subtitles/1", "/FallbackFont/Fonts/a.ttf", "/Dlna/1/ContentDirectory/Control",
	},
	"image": {
		"/Items/1/Images/Primary", "/Items/1/Images/Backdrop/0", "/Items/1/Images/Primary/0/tag/webp/100/100/0/0", "/Artists/ABBA/Images/Primary/0",
		"/Genres/Rock/Images/Primary", "/MusicGenres/Rock/Images/Primary/0", "/Persons/Ann/Images/Primary", "/Studios/Big/Images/Thumb", "/Plugins/1/1.0/Image",
	},
}

// Each guarded route in each spelling, in each mode, from where somebody is signed in and from elsewhere: it is forwarded with a
// token, and without one only where the mode says so.
func TestAnonymousMedia(t *testing.T) {
	t.Parallel()
	for _, mode := range []gateway.Anonymous{gateway.AnonymousOpen, gateway.AnonymousKnown, gateway.AnonymousStrict} {
		for _, base := range []string{"", "/base"} {
			t.Run(mode.String()+base, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, func(o *options) { o.gateway.Anonymous, o.base = mode, base })
				for kind, paths := range guarded {
					for _, path := range paths {
						for _, spelling := range spellings(path) {
							for _, from := range []string{home, stranger} {
								want := mode == gateway.AnonymousOpen || from == home && (mode == gateway.AnonymousKnown || kind == "image")
								w.mustForward(spelling, header{"X-Forwarded-For": from}, want)
							}
						}
						h := w.asAnn()
						h["X-Forwarded-For"] = home
						w.mustForward(path, h, true)
					}
				}
			})
		}
	}
}

func (w *world) mustForward(target string, h header, want bool) {
	w.Helper()
	got := w.raw("GET", target, h)
	forwarded := len(w.upstream.take()) > 0
	if forwarded != want || forwarded != (got.status == 200) || !forwarded && got.status != 401 {
		w.Errorf("%s from %s: got %d, forwarded %v; want %v", target, h["X-Forwarded-For"], got.status, forwarded, want)
	}
}

// A name in which dots hide the rule, for whoever decodes more than upstream does.
func TestNamesThatClimb(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/Artists/a%2f..%2f..%2fweb/Images/Primary/0", "/Artists/a%252f%252e%252e%252f..%252fweb/Images/Primary", "/Videos/1%2f..%2f..%2fweb/stream"} {
		w.mustForward(path, header{"X-Forwarded-For": stranger}, false)
	}
}

// What the page of the sign-in shows is for everybody, and so is what says who is there.
func TestOpenToAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.gateway.Anonymous = gateway.AnonymousStrict })
	for _, path := range []string{"/UserImage?userId=1", "/Users/1/Images/Primary", "/Branding/Splashscreen", "/Branding/Configuration", "/System/Info/Public",
		"/Users/Public", "/web/index.html", "/System/Ping"} {
		if got := w.do("GET", path, nil); got.status != 200 || len(w.upstream.take()) != 1 {
			t.Errorf("%s: got %d", path, got.status)
		}
	}
}

func TestKnownAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	image := func(from string) int {
		return w.do("GET", "/Items/1/Images/Primary", header{"X-Forwarded-For": from}).status
	}
	check := func(what, from string, want int) {
		t.Helper()
		if got := image(from); got != want {
			t.Errorf("%s: got %d, want %d", what, got, want)
		}
	}
	check("where ann has signed in", home, 200)
	check("elsewhere", "198.51.100.1", 401)
	check("elsewhere, again", "198.51.100.1", 401)
	h := w.asAnn()
	h["X-Forwarded-For"] = "198.51.100.1"
	w.do("GET", "/Items", h)
	check("where ann has been since", "198.51.100.1", 200)
	check("next door", "198.51.100.2", 401)
	h["X-Forwarded-For"] = "2001:db8:1:2::3"
	w.do("GET", "/Items", h)
	check("in ann's IPv6 network", "2001:db8:1:2:ffff::1", 200)
	check("in another", "2001:db8:1:3::3", 401)
	// A sign-in that the gateway has not seen.
	in, err := w.rules.SignIn(w.ctx, callerAt("tablet", "198.51.100.77"), "ann", "ann-pw")
	if err != nil {
		t.Fatal(err)
	}
	check("where ann signs in just now", "198.51.100.77", 200)
	_ = in
	w.clock.forward(25 * time.Hour)
	check("a day later", "198.51.100.1", 401)
	check("a day later, where ann has signed in", home, 401)
	// Who sends forwarding headers and is no proxy comes from nobody knows where.
	h["X-Forwarded-For"] = home
	w.do("GET", "/Items", h)
	check("at home", home, 200)
	check("who says so badly", "nonsense", 401)
}

// A device that was signed out does not go on with its film as somebody nearby.
func TestStreamsWithEndedTokens(t *testing.T) {
	t.Parallel()
	for anonymous, want := range map[gateway.Anonymous][3]int{ // stream with the ended token, without any, picture with the ended one
		gateway.AnonymousOpen:   {200, 200, 200},
		gateway.AnonymousKnown:  {401, 200, 200},
		gateway.AnonymousStrict: {401, 401, 200},
	} {
		w := newWorld(t, func(o *options) { o.gateway.Anonymous = anonymous })
		h := header{"X-Emby-Token": w.bens.Reveal(), "X-Forwarded-For": home}
		if got := w.do("GET", "/Videos/1/stream", h).status; got != 200 {
			t.Errorf("%s: before: got %d", anonymous, got)
		}
		w.must(w.rules.DeleteUser(w.ctx, finlatch.Operator(), w.ben))
		got := [3]int{w.do("GET", "/Videos/1/stream", h).status, w.do("GET", "/Videos/1/stream", header{"X-Forwarded-For": home}).status,
			w.do("GET", "/Items/1/Images/Primary", h).status}
		if got != want {
			t.Errorf("%s: got %v, want %v", anonymous, got, want)
		}
	}
}

// A page of pictures is asked for at once; the first of them does not spoil the others.
func TestKnownAddressesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := make(chan int)
	for range 40 {
		go func() { got <- w.do("GET", "/Items/1/Images/Primary", header{"X-Forwarded-For": home}).status }()
	}
	for range 40 {
		if status := <-got; status != 200 {
			t.Errorf("got %d", status)
		}
	}
}
