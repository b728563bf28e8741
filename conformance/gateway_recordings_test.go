package conformance_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

// What sets a Jellyfin up, which is done at its own address, and what is played through a gateway.
const settingUp = "00_first_run"

var throughGateway = []string{"10_password", "11_auth_header", "20_quick_connect", "21_quick_connect_disabled"}

// TestRecordingsThroughGateway plays the recordings about signing in to a gateway in front of a finlatch that plays the
// Jellyfin. What is known to differ is listed as for finlatch alone, in lists of the gateway's own.
func TestRecordingsThroughGateway(t *testing.T) {
	t.Parallel()
	recordings, err := replay.LoadAll(filepath.Join("testdata", "jellyfin-12.0.0"), append([]string{settingUp}, throughGateway...)...)
	if err != nil {
		t.Fatal(err)
	}
	lists, err := replay.ReadLists(divergences, "gateway")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		disguise *replay.Disguise
	}{
		{name: "as recorded"},
		{name: "with other names", disguise: replay.NewDisguise(seed, recordings...)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			upstream := newServer(t, "--trusted-proxies", "127.0.0.1", "--quick-connect-approval", "anywhere")
			if _, err := replay.Play(t.Context(), recordings[0], replay.Options{Base: upstream.base(), Data: upstream.data, Disguise: test.disguise}); err != nil {
				t.Fatal(err)
			}
			f := newFront(t, upstream.base(), "00000000000000000000000000000000", "--quick-connect-approval", "anywhere")
			secrets := &replay.Secrets{}
			var results []*replay.Result
			for _, recording := range recordings[1:] {
				result, err := replay.Play(t.Context(), recording, replay.Options{
					Base: f.base(), Data: f.data, Disguise: test.disguise, Watch: secrets.Watch,
					Between: func(step int) (bool, error) {
						switch {
						case step == 0:
							return false, nil
						case strings.HasSuffix(recording.Steps[step-1].Name, ".configure"): // which the gateway learns a moment later
							eventually(t, "the gateway follows the Jellyfin's switch of Quick Connect", func() bool {
								return bytes.Equal(quickConnectSwitch(t, f.base()), quickConnectSwitch(t, upstream.base()))
							})
							return false, nil
						case isSetUp(recording.Steps[step].Name) || !isSetUp(recording.Steps[step-1].Name):
							return false, nil
						}
						// A recording begins by deleting all API keys, and lists those that it makes: the gateway's comes afterwards.
						name, password := test.disguise.Administrator()
						f.write(t, newKey(t, upstream.base(), name, password))
						return true, f.restart()
					},
				})
				if err != nil {
					t.Fatalf("the rest is not played: %v", err)
				}
				results = append(results, result)
			}
			if report := lists.Judge(results); len(report.Problems) > 0 {
				t.Error(report)
			} else {
				t.Log(report)
			}
			kept(t, f.server, secrets)
			kept(t, upstream, secrets)
		})
	}
}

func quickConnectSwitch(t *testing.T, base string) []byte {
	t.Helper()
	return app{base: base}.ask(t, 200, "GET", "/QuickConnect/Enabled", nil).body
}

func isSetUp(step string) bool { return strings.HasPrefix(step, "setup.") }
