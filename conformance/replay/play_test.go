package replay_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

const recordings = "../testdata/jellyfin-12.0.0"

// Those that consist of steps which the replayer can do; 50_system has bodies that no recording can give back.
var playable = []string{"00_first_run", "10_password", "11_auth_header", "20_quick_connect", "21_quick_connect_disabled",
	"30_users", "31_lockout", "40_sessions_devices", "41_api_keys"}

func load(t *testing.T, scenario string) *replay.Recording {
	t.Helper()
	recording, err := replay.Load(filepath.Join(recordings, scenario+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return recording
}

// differences plays a recording to a server and gives all differences.
func differences(t *testing.T, recording *replay.Recording, options replay.Options) []replay.Difference {
	t.Helper()
	result, err := replay.Play(t.Context(), recording, options)
	if err != nil {
		t.Fatal(err)
	}
	var found []replay.Difference
	for _, step := range result.Steps {
		found = append(found, step.Differences...)
	}
	return found
}

func TestPlayToItsOwnRecording(t *testing.T) {
	for _, scenario := range playable {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			recording := load(t, scenario)
			m := newMirror(t, recording, nil)
			for _, difference := range differences(t, recording, replay.Options{Base: m.base(), Run: recording.Run}) {
				t.Error(difference)
			}
			for _, complaint := range m.complaints {
				t.Error(complaint)
			}
			if m.next != len(recording.Steps) {
				t.Errorf("got %d steps, want %d", m.next, len(recording.Steps))
			}
		})
	}
}

func TestEveryRecordingLoads(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(recordings, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	for _, file := range files {
		recording, err := replay.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		steps += len(recording.Steps)
	}
	if len(files) != 13 || steps != 1206 {
		t.Errorf("got %d recordings with %d steps, want 13 with 1206", len(files), steps)
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	recording := load(t, "10_password")
	recording.Steps = recording.Steps[:1]
	m := newMirror(t, recording, nil)
	differences(t, recording, replay.Options{Base: m.base()})
	want := []string{"GET /System/Info/Public", "POST /Users/AuthenticateByName", "GET /Users", "DELETE /Users/bb",
		"GET /Auth/Keys", "DELETE /Auth/Keys/cc", "GET /System/Configuration", "POST /System/Configuration", "GET /Devices",
		"DELETE /Devices?id=d%20d", "DELETE /Devices?id=wire-caretaker"}
	if !slices.Equal(m.purged, want) {
		t.Errorf("got %q, want %q", m.purged, want)
	}
}

func TestOnlyLoopback(t *testing.T) {
	recording := load(t, "21_quick_connect_disabled")
	for _, base := range []string{"http://192.0.2.1:8096", "http://example.org", "https://127.0.0.1:1", "http://127.0.0.1:1/path", "127.0.0.1:1"} {
		if _, err := replay.Play(t.Context(), recording, replay.Options{Base: base}); err == nil {
			t.Errorf("%s: got no error", base)
		}
	}
}

func TestUnsupportedKindsAreDifferences(t *testing.T) {
	t.Parallel()
	recording := load(t, "71_discovery")
	m := newMirror(t, recording, nil)
	found := differences(t, recording, replay.Options{Base: m.base()})
	if len(found) != 12 {
		t.Errorf("got %d differences, want 12", len(found))
	}
	for _, difference := range found {
		if difference.Path != "kind" || difference.Ours != "unsupported kind udp" {
			t.Errorf("got %v", difference)
		}
	}
}

// A restart of the server closes the connections that steps keep open, and the next step opens a new one.
func TestBetweenDropsKeptConnections(t *testing.T) {
	for _, test := range []struct {
		name     string
		restarts bool
		dials    int
	}{{"kept", false, 1}, {"dropped", true, 3}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			recording := load(t, "50_system")
			recording.Steps = slices.DeleteFunc(recording.Steps, func(s replay.Step) bool { return !strings.HasPrefix(s.Name, "path.kept-alive") })
			m := newMirror(t, recording, nil)
			var before []int
			found := differences(t, recording, replay.Options{Base: m.base(), Between: func(step int) (bool, error) {
				before = append(before, step)
				return test.restarts, nil
			}})
			if len(found) > 0 || len(m.complaints) > 0 {
				t.Errorf("got %v, %q", found, m.complaints)
			}
			if !slices.Equal(before, []int{0, 1, 2}) || m.dials != test.dials {
				t.Errorf("got hooks %v and %d connections, want 0 to 2 and %d", before, m.dials, test.dials)
			}
		})
	}
}
