package replay_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

const recordings = "../testdata/jellyfin-12.0.0"

// Those that consist of steps which the replayer can do; 50_system has bodies that no recording can give back.
var playable = []string{"00_first_run", "10_password", "11_auth_header", "20_quick_connect", "21_quick_connect_disabled",
	"30_users", "31_lockout", "40_sessions_devices", "41_api_keys", "60_forgot_password", "70_websocket", "71_discovery"}

func load(t *testing.T, scenario string) *replay.Recording {
	t.Helper()
	recording, err := replay.Load(filepath.Join(recordings, scenario+".json"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range recording.Steps {
		if asked := &recording.Steps[i].Spec.Request; asked.Wait > 0 {
			asked.Wait = 0.5 // a mirror is quick, and the recording waits a minute in all
		}
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
			for _, difference := range differences(t, recording, m.options()) {
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
	recording := load(t, "10_password")
	recording.Steps = recording.Steps[:2]
	recording.Steps[1].Kind = "telepathy"
	m := newMirror(t, recording, nil)
	found := differences(t, recording, m.options())
	if len(found) != 1 || found[0].Path != "kind" || found[0].Ours != "unsupported kind telepathy" {
		t.Errorf("got %v", found)
	}
}

// A file is read only in the data folder, and only one that holds a PIN.
func TestOtherFilesAreNotRead(t *testing.T) {
	for _, test := range []struct {
		name  string
		named func(data, base string) string // what the server tells
		read  bool
	}{
		{"right", func(data, base string) string { return filepath.Join(data, base) }, true},
		{"elsewhere", func(data, base string) string { return filepath.Join(filepath.Dir(data), base) }, false},
		{"another name", func(data, base string) string { return filepath.Join(data, "passwords.json") }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(data, 0o700); err != nil {
				t.Fatal(err)
			}
			recording := load(t, "60_forgot_password")
			var base string
			for _, step := range recording.Steps {
				if step.Kind == "file" {
					base = filepath.Base(step.Sent.Path)
				}
			}
			named := test.named(data, base)
			if err := os.WriteFile(named, []byte(`{"Pin":"05-4C-7D-7A"}`), 0o600); err != nil {
				t.Fatal(err)
			}
			m := newMirror(t, recording, func(step string, answer *reply) {
				if step == "ask.known" {
					answer.body = regexp.MustCompile(`"PinFile":"[^"]*"`).ReplaceAll(answer.body, []byte(`"PinFile":"`+named+`"`))
				}
			})
			options := m.options()
			options.Data = data
			read := !slices.ContainsFunc(differences(t, recording, options), func(d replay.Difference) bool {
				return d.Step == "pin.file" && d.Path == "saved:PIN"
			})
			if read != test.read {
				t.Errorf("read: got %t, want %t", read, test.read)
			}
		})
	}
}

// While a WebSocket is open, nothing may restart the server.
func TestBetweenLeavesWebSocketsAlone(t *testing.T) {
	t.Parallel()
	recording := load(t, "70_websocket")
	m := newMirror(t, recording, nil)
	options := m.options()
	calls := 0
	options.Between = func(int) (bool, error) { calls++; return true, nil }
	if found := differences(t, recording, options); len(found) > 0 || len(m.complaints) > 0 {
		t.Errorf("got %v, %q", found, m.complaints)
	}
	talking := 0
	for _, step := range recording.Steps {
		if step.Kind == "ws-talk" || step.Kind == "ws-quiet" || step.Kind == "ws-close" {
			talking++
		}
	}
	if calls == 0 || calls > len(recording.Steps)-talking {
		t.Errorf("got %d calls for %d steps of which %d need an open WebSocket", calls, len(recording.Steps), talking)
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
