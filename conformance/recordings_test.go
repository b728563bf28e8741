package conformance_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

// What is known to differ stands in the project's own documentation.
var divergences = filepath.Join("..", "docs", "divergences.md")

// Recordings are played in this order to one server: the first one sets it up.
var scenarios = []string{"00_first_run", "10_password", "11_auth_header", "20_quick_connect", "21_quick_connect_disabled",
	"30_users", "31_lockout", "40_sessions_devices", "41_api_keys", "50_system", "60_forgot_password", "70_websocket", "71_discovery"}

// seed draws the names of the varied run.
const seed = 20261123

// TestRecordings plays the recordings to a finlatch of its own each time: as they were recorded, with other people,
// passwords, devices and apps, and with the server restarted between the steps. Every difference from the recorded
// answers must be listed with its exact value, every line of the list must be needed, every answer must be what Jellyfin's
// OpenAPI document says, and no secret of the run may stand in the log or in an error answer.
func TestRecordings(t *testing.T) {
	recordings, err := replay.LoadAll(filepath.Join("testdata", "jellyfin-12.0.0"), scenarios...)
	if err != nil {
		t.Fatal(err)
	}
	lists, err := replay.ReadLists(divergences, "")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		disguise *replay.Disguise
		restart  bool // before every step
	}{
		{name: "as recorded"},
		{name: "with other names", disguise: replay.NewDisguise(seed, recordings...)},
		{name: "with restarts", restart: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newRecordedServer(t)
			secrets, promised := &replay.Secrets{}, &promises{document: document(t)}
			var results []*replay.Result
			for _, recording := range recordings {
				result, err := replay.Play(t.Context(), recording, replay.Options{
					Base:      s.base(),
					Discovery: s.discoveryPort(t),
					Data:      s.data,
					Disguise:  test.disguise,
					// That a device had a WebSocket and closed it, a restarted server cannot know.
					Between: restarts(s, test.restart && recording.Scenario != "70_websocket"),
					Watch:   func(e replay.Exchange) { secrets.Watch(e); promised.Watch(e) },
					Waits:   func(step string) bool { return lists.Waits(recording.Scenario, step) },
				})
				if result != nil {
					results = append(results, result)
				}
				if err != nil {
					t.Errorf("the rest is not played: %v", err)
					break
				}
			}
			if report := lists.Judge(results); len(report.Problems) > 0 {
				t.Error(report)
			} else {
				t.Log(report)
			}
			promised.kept(t)
			kept(t, s, secrets)
		})
	}
}

// newRecordedServer starts a server with what the recorded one had: a page for a web client, and ears for broadcasts,
// which no single address has.
func newRecordedServer(t *testing.T) *server {
	t.Helper()
	web := t.TempDir()
	if err := os.WriteFile(filepath.Join(web, "index.html"), []byte("<html>dummy</html>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(freeAddress(t, "udp"))
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, "--web-dir", web, "--discovery-listen", "0.0.0.0:"+port)
	s.discovery = "127.0.0.1:" + port
	return s
}

// discoveryPort is the UDP port on which it is found.
func (s *server) discoveryPort(t *testing.T) int {
	t.Helper()
	address, err := net.ResolveUDPAddr("udp4", s.discovery)
	if err != nil {
		t.Fatal(err)
	}
	return address.Port
}

// restarts restarts a server before every step but the first, if it is to: then it has just been started.
func restarts(s *server, wanted bool) func(step int) (bool, error) {
	return func(step int) (bool, error) {
		if !wanted || step == 0 {
			return false, nil
		}
		return true, s.restart()
	}
}

// kept looks for the secrets of a run where none may stand.
func kept(t *testing.T, s *server, secrets *replay.Secrets) {
	t.Helper()
	if err := s.stop(); err != nil { // the log is complete then
		t.Error(err)
	}
	tokens, codes, passwords := secrets.Issued()
	if tokens == 0 || codes == 0 || passwords == 0 {
		t.Errorf("collected %d tokens, %d codes and %d passwords: the search means nothing", tokens, codes, passwords)
	}
	log := s.written(t)
	if log == "" {
		t.Error("the log is empty: the search means nothing")
	}
	for _, leak := range secrets.InLog(log) {
		t.Errorf("%s in the log: %s", leak.What, leak.Where)
	}
	for _, leak := range secrets.InRefusals() {
		t.Errorf("%s in an error answer: %s", leak.What, leak.Where)
	}
}
