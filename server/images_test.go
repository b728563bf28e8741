package server_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// encoded is the base64 text of a picture, as jellyfin-web sends it.
func encoded(t testing.TB, w, h int) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	m.Set(0, 0, color.Black)
	var buf bytes.Buffer
	if err := png.Encode(&buf, m); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(buf.Bytes())
}

var imageHeader = map[string]string{"Content-Type": "image/png"}

func TestUserImages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("eve", "eve-pw", func(p *finlatch.Policy) { p.EnableUserPreferenceAccess = false })
	w.names["eve.token"] = w.signIn("eve", "eve-pw", "phone")
	small := encoded(t, 3, 2)
	set := func(name, do, as, send string, want answer) scenario {
		return scenario{name: name, do: "POST " + do, as: as, send: send, header: imageHeader, want: want}
	}
	get := func(name, do string, want answer) scenario {
		return scenario{name: name, do: "GET " + do, header: map[string]string{"Authorization": "-"}, want: want}
	}
	shown := answer{status: 200, kind: "image/png", body: "*"}.with("Content-Disposition", "attachment").with("X-Content-Type-Options", "nosniff").
		with("Cache-Control", "public").with("Last-Modified", "Tue, 24 Nov 2026 12:00:00 GMT")
	const hers = "/UserImage?userId=${ann}"
	w.play(t,
		get("nobody's", "/UserImage", jsonOf(400, `"UserId is required if unauthenticated"`)),
		get("an unknown user's", "/UserImage?userId=0123456789abcdef0123456789abcdef", problem(404, "")),
		get("the zero id's", "/Users/00000000000000000000000000000000/Images/Primary", failed(400)),
		get("none", hers, problem(404, "")),
		get("none by the path", "/Users/${ann}/Images/Primary", problem(404, "")),
		get("no kind of image", "/Users/${ann}/Images/Sound", problem(400, `{"imageType":["The value 'Sound' is not valid."]}`)),
		get("no index", "/Users/${ann}/Images/Primary/first", problem(400, `{"imageIndex":["The value 'first' is not valid."]}`)),
		set("by a stranger", hers, "", small, empty(401)),
		set("another's", "/UserImage?userId=${ben}", "ann", small, failed(403)),
		set("the own one where the policy forbids it", "/UserImage", "eve", small, jsonOf(403, `"User is not allowed to update the image."`)),
		scenario{name: "taken away where the policy forbids it", do: "DELETE /UserImage", as: "eve", want: jsonOf(403, `"User is not allowed to delete the image."`)},
		set("an unknown user's set", "/UserImage?userId=0123456789abcdef0123456789abcdef", "admin", small, problem(404, "")),
		scenario{name: "JSON", do: "POST " + hers, as: "ann", send: `{}`, want: jsonOf(400, `"Incorrect ContentType."`)},
		set("no base64", hers, "ann", "!!!", text(400, "the body is not the base64 text of a picture")),
		set("cut base64", hers, "ann", small[:9], text(400, "the body is not the base64 text of a picture")),
		set("no picture", hers, "ann", base64.StdEncoding.EncodeToString([]byte("<svg/>")), text(400, "this is no picture; PNG, JPEG, GIF and WebP are taken")),
		set("too many bytes", hers, "ann", strings.Repeat("A", 12<<20), text(413, "The request is too large.")),
		set("a little too many", hers, "ann", base64.StdEncoding.EncodeToString(make([]byte, finlatch.MaxPicture+1)), text(413, "The request is too large.")),
		get("still none", hers, problem(404, "")),
		set("hers", hers, "ann", small, empty(204)),
		scenario{name: "its tag", do: "GET /Users/Me", as: "ann", want: anything(200), save: map[string]string{"tag": "PrimaryImageTag"}},
	)
	w.play(t,
		get("hers shown", hers, shown.with("ETag", `"`+w.names["tag"]+`"`)),
		get("for long", hers+"&tag=${tag}&format=Webp&quality=90", shown.with("Cache-Control", "public, max-age=31536000, immutable")),
		get("by an older tag", hers+"&tag=0123456789abcdef0123456789abcdef", shown),
		get("by the path", "/users/${ann}/images/primary", shown),
		get("by the path and an index", "/Users/${ann}/Images/Primary/0?tag=${tag}", shown.with("Cache-Control", "public, max-age=31536000, immutable")),
		scenario{name: "the own one", do: "GET /UserImage", as: "ann", want: shown},
		scenario{name: "not from a cache", do: "GET " + hers, header: map[string]string{"Cache-Control": "no-cache"}, want: shown.with("Cache-Control", "no-cache, no-store, must-revalidate")},
		scenario{name: "as it was", do: "GET " + hers, header: map[string]string{"If-None-Match": `"${tag}"`}, want: empty(304)},
		scenario{name: "not changed since", do: "GET " + hers, header: map[string]string{"If-Modified-Since": "Tue, 24 Nov 2026 12:00:00 GMT"}, want: empty(304)},
		scenario{name: "changed since", do: "GET " + hers, header: map[string]string{"If-Modified-Since": "Tue, 24 Nov 2026 11:59:59 GMT"}, want: shown},
		scenario{name: "only asked about", do: "HEAD " + hers, want: shown},
		scenario{name: "only asked about by the path", do: "HEAD /Users/${ann}/Images/Primary", want: shown},
		set("his by the administrator and the path", "/Users/${ben}/Images/Primary", "admin", small, empty(204)),
		get("his", "/UserImage?userId=${ben}", shown),
		scenario{name: "another's away", do: "DELETE /Users/${ben}/Images/Primary", as: "ann", want: failed(403)},
		scenario{name: "away", do: "DELETE /UserImage", as: "ann", want: empty(204)},
		scenario{name: "away again", do: "DELETE /Users/${ann}/Images/Primary/0", as: "ann", want: empty(204)},
		get("gone", hers, problem(404, "")),
		get("his stays", "/UserImage?userId=${ben}", shown),
	)
	if v, _ := w.json(scenario{do: "GET /Users/Me", as: "ann"}).(map[string]any); v["PrimaryImageTag"] != nil {
		t.Errorf("without a picture there is the tag %v", v["PrimaryImageTag"])
	}
}

func TestTheSplashScreen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shown := answer{status: http.StatusOK, kind: "image/png", body: "*"}
	splash := func(name, do, as, send string, want answer) scenario {
		return scenario{name: name, do: do + " /Branding/Splashscreen", as: as, send: send, header: imageHeader, want: want}
	}
	w.play(t,
		splash("none", "GET", "admin", "", problem(404, "")),
		splash("by a user", "POST", "ann", encoded(t, 4, 3), empty(403)),
		splash("no picture", "POST", "admin", "AAAA", text(400, "this is no picture; PNG, JPEG, GIF and WebP are taken")),
		splash("set", "POST", "admin", encoded(t, 4, 3), empty(204)),
		splash("for the administrator", "GET", "admin", "", shown),
		splash("not for others", "GET", "ann", "", problem(404, "")),
		splash("nor for strangers", "GET", "", "", problem(404, "")),
		scenario{name: "it is nobody's picture", do: "GET /UserImage?userId=00000000000000000000000000000000", want: jsonOf(400, `"UserId is required if unauthenticated"`)},
	)
	err := w.store.Update(w.ctx, func(tx finlatch.Tx) error {
		settings := *w.settings()
		settings.Branding.SplashScreen = true
		return tx.PutSettings(w.ctx, settings)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.play(t,
		splash("for strangers, where it is shown", "GET", "", "", shown),
		splash("away by a user", "DELETE", "ann", "", empty(403)),
		splash("away", "DELETE", "admin", "", empty(204)),
		splash("gone", "GET", "", "", problem(404, "")),
	)
}

// A body that comes slowly holds one of few places, and nobody waits for one.
func TestFewPicturesComeInAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	goes := make(chan bool)
	for range 8 {
		go func() {
			for again := true; again; { // one may come while the ninth has its place
				request := w.request(scenario{do: "POST /UserImage", as: "ann", header: imageHeader})
				request.Body = &slowBody{goes: goes}
				response, err := w.client.Do(request)
				if again = err == nil && response.StatusCode == 503; err == nil {
					response.Body.Close()
				}
			}
		}()
	}
	refused := text(503, "too many pictures at once").with("Retry-After", "5")
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		request := w.request(scenario{do: "POST /UserImage", as: "ann", header: imageHeader, send: "AAAA"})
		response, err := w.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode == refused.status {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the ninth got %d, want %d", response.StatusCode, refused.status)
		}
	}
	w.perform(scenario{do: "POST /UserImage", as: "ann", header: imageHeader, send: "AAAA", want: refused})
	close(goes)
}

// slowBody is a body that begins at once and ends when it may.
type slowBody struct {
	goes chan bool
	sent bool
}

func (b *slowBody) Read(p []byte) (int, error) {
	if !b.sent {
		b.sent = true
		return copy(p, "AAAA"), nil
	}
	<-b.goes
	return 0, http.ErrBodyReadAfterClose
}

func (b *slowBody) Close() error { return nil }
