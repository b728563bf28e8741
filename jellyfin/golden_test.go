package jellyfin_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/jellyfin"
)

// The files of testdata hold answers of a real Jellyfin 12.0.0, but for the order of the keys of CustomPrefs,
// which means nothing.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file string
		into any
	}{
		{"activity", new(jellyfin.QueryResult[jellyfin.ActivityLogEntry])},
		{"authentication_result", new(jellyfin.AuthenticationResult)},
		{"branding", new([]jellyfin.BrandingOptionsDto)},
		{"cultures", new([]jellyfin.CultureDto)},
		{"devices", new(jellyfin.QueryResult[jellyfin.DeviceInfoDto])},
		{"display_preferences", new([]jellyfin.DisplayPreferencesDto)},
		{"keys", new(jellyfin.QueryResult[jellyfin.AuthenticationInfo])},
		{"network_configuration", new(jellyfin.NetworkConfiguration)},
		{"password_reset", new(jellyfin.ForgotPasswordResult)},
		{"problem", new([]jellyfin.ProblemDetails)},
		{"public_system_info", new(jellyfin.PublicSystemInfo)},
		{"quickconnect_result", new(jellyfin.QuickConnectResult)},
		{"server_configuration", new(jellyfin.ServerConfiguration)},
		{"sessions", new([]jellyfin.SessionInfoDto)},
		{"system_info", new(jellyfin.SystemInfo)},
		{"users", new([]jellyfin.UserDto)},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			recorded := readFile(t, tt.file+".json")
			d := json.NewDecoder(bytes.NewReader(recorded))
			d.DisallowUnknownFields()
			if err := d.Decode(tt.into); err != nil {
				t.Fatal(err)
			}
			if got, want := encode(t, tt.into), sevenDigits(compact(t, recorded)); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// Jellyfin cuts zeros off the end of a fraction, and we never do.
func sevenDigits(s string) string {
	return regexp.MustCompile(`:\d\d\.\d{1,6}Z"`).ReplaceAllStringFunc(s, func(m string) string {
		return m[:len(m)-2] + strings.Repeat("0", len(`:00.0000000Z"`)-len(m)) + `Z"`
	})
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func compact(t *testing.T, b []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func encode(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
