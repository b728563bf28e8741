package gateway_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// What may have ended tokens upstream is asked about.
func TestRecheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, method, target string
		status               int
		want                 func(*world) string // "": nothing
	}{
		{"401", "GET", "/Items", 401, theToken},
		{"a good answer", "GET", "/Items", 200, nil},
		{"403", "GET", "/Items", 403, nil},
		{"signed out", "POST", "/Sessions/Logout", 204, theToken},
		{"devices", "DELETE", "/Devices?id=phone", 200, bens},
		{"no devices", "DELETE", "/Devices?id=unknown", 200, nil},
		{"policy", "POST", "/Users/BEN/Policy", 204, bens},
		{"policy, spelt oddly", "POST", "/emby//users/BEN/x/../policy/", 204, bens},
		{"policy refused", "POST", "/Users/BEN/Policy", 403, nil},
		{"policy read", "GET", "/Users/BEN/Policy", 200, nil},
		{"deleted", "DELETE", "/Users/BEN", 204, bens},
		{"renamed", "POST", "/Users?userId=BEN", 204, bens},
		{"password", "POST", "/Users/Password?UserID=BEN", 204, bens},
		{"own password", "POST", "/Users/Password", 204, func(w *world) string { return "user " + w.ann.String() }},
		{"old password", "POST", "/Users/BEN/Password", 204, bens},
		{"settings", "POST", "/System/Configuration", 204, quickConnect},
		{"settings, spelt oddly", "POST", "/emby//system/x/../CONFIGURATION/", 204, quickConnect},
		{"settings refused", "POST", "/System/Configuration", 403, nil},
		{"settings read", "GET", "/System/Configuration", 200, nil},
		{"other settings", "POST", "/System/Configuration/encoding", 204, nil},
		{"favourite", "POST", "/Users/BEN/FavoriteItems/1", 200, nil},
		{"no id", "POST", "/Users/New", 200, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			target := ""
			for i := 0; i < len(tt.target); i++ {
				if len(tt.target) >= i+3 && tt.target[i:i+3] == "BEN" {
					target += w.ben.String()
					i += 2
				} else {
					target += tt.target[i : i+1]
				}
			}
			w.upstream.always(tt.status)
			w.raw(tt.method, target, w.asAnn())
			if tt.want == nil {
				// The marker comes after whatever else would have been asked.
				w.upstream.always(401)
				w.raw("GET", "/", header{"X-Emby-Token": w.tablet.Reveal()})
				eventually(t, "the marker", func() bool { return w.rules.wasAsked("token " + w.tablet.Reveal()) })
				if asked := w.rules.all(); len(asked) != 1 {
					t.Errorf("asked %d times too many", len(asked)-1)
				}
				return
			}
			eventually(t, "asked", func() bool { return w.rules.wasAsked(tt.want(w)) })
		})
	}
}

func quickConnect(*world) string { return "Quick Connect" }

func theToken(w *world) string { return "token " + w.token.Reveal() }
func bens(w *world) string     { return "user " + w.ben.String() }

// Whoever has switched Quick Connect off at the dashboard, and is told so, finds it off: that is asked before the answer goes out,
// and later on again where it could not be.
func TestSettingsHoldForTheNextRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	away := errors.New("away")
	w.rules.switched = func() (err error) {
		time.Sleep(100 * time.Millisecond)
		err, away = away, nil
		return err
	}
	w.upstream.always(204)
	w.raw("POST", "/System/Configuration", w.asAnn())
	if !w.rules.wasAsked("Quick Connect") {
		t.Error("answered before upstream was asked")
	}
	eventually(t, "asked again", func() bool { return len(w.rules.all()) == 2 })
}

// A token that has ended upstream ends here, with the streams that it has.
func TestEndedUpstream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rules.recheck = func(finlatch.Token) error {
		return w.rules.DeleteDevices(w.ctx, finlatch.Operator(), []string{"phone"}, finlatch.ID{})
	}
	w.upstream.on("/Videos/1/stream", film)
	res, err := client.Do(w.request("GET", "/Videos/1/stream", nil, w.asAnn()))
	w.must(err)
	defer res.Body.Close()
	w.upstream.on("/Items", func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusUnauthorized) })
	if got := w.do("GET", "/Items", w.asAnn()); got.status != 401 {
		t.Errorf("got %d", got.status)
	}
	if _, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Error("the download did not end")
	}
}

// A stranger's 401 is nobody's token.
func TestNoRecheckForStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upstream.always(401)
	w.do("GET", "/Items", header{"X-Emby-Token": "nobody's"})
	w.do("GET", "/Items", header{"X-Emby-Token": w.key.Reveal()})
	w.do("GET", "/Items", header{"X-Emby-Token": w.tablet.Reveal()})
	eventually(t, "the marker", func() bool { return w.rules.wasAsked("token " + w.tablet.Reveal()) })
	if asked := w.rules.all(); len(asked) != 1 {
		t.Errorf("asked about %d", len(asked))
	}
}
