package conformance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// front is finlatch serve in front of a Jellyfin.
type front struct {
	*server
	keyFile string
}

// newFront starts a gateway in front of the Jellyfin at an address, with an API key of it; "": without any yet.
func newFront(t *testing.T, upstream, key string, flags ...string) *front {
	t.Helper()
	f := &front{keyFile: filepath.Join(t.TempDir(), "upstream-key")}
	flags = append([]string{"--upstream", upstream, "--trusted-proxies", "127.0.0.1"}, flags...)
	if key != "" {
		f.write(t, key)
		flags = append(flags, "--upstream-key-file", f.keyFile)
	}
	f.server = newServer(t, flags...)
	return f
}

func (f *front) write(t *testing.T, key string) {
	t.Helper()
	if err := os.WriteFile(f.keyFile, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// kill ends the process as the system does: nothing of it runs any more afterwards.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if err := s.process.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	s.process = nil
}

// app is what signs in to a server, with a token as soon as it has one.
type app struct {
	base, device, token string
	from                string // the address that a proxy gives; "": this machine's
}

// answered is a whole answer.
type answered struct {
	status int
	header http.Header
	body   []byte
}

// deviceInfo is what an app says of itself.
type deviceInfo struct{ Client, DeviceName, DeviceID, ApplicationVersion string }

// read decodes a answered's JSON; what it does not have stays zero.
func (r answered) read() (body struct {
	AccessToken, Secret, Code, ServerID string
	Authenticated                       bool
	User                                struct{ ID, Name string }
	SessionInfo                         deviceInfo
	ID                                  string `json:"Id"`
	Name, Version, LocalAddress         string
}) {
	_ = json.Unmarshal(r.body, &body)
	return body
}

// authorization is the header of an app, which has commas and quotes in its name.
func (a app) authorization() string {
	return fmt.Sprintf(`MediaBrowser Client="Wohnzimmer%%20%%26%%20%%22K%%C3%%BCche%%22", Device="Tele, %s", DeviceId="%s", Version="1.2.3", Token="%s"`, a.device, a.device, a.token)
}

// try asks, and gives what went wrong with the connection.
func (a app) try(method, path string, body any, header ...string) (answered, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answered{}, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, a.base+path, content)
	if err != nil {
		return answered{}, err
	}
	request.Header.Set("Authorization", a.authorization())
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if a.from != "" {
		request.Header.Set("X-Forwarded-For", a.from)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if request.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			request.Header.Del(header[i])
		}
	}
	response, err := apps.Do(request)
	if err != nil {
		return answered{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answered{response.StatusCode, response.Header, text}, err
}

// apps keep no connection: what they ask is about one server or another, which come and go.
var apps = &http.Client{Timeout: startTimeout, Transport: &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// ask wants a status.
func (a app) ask(t *testing.T, want int, method, path string, body any, header ...string) answered {
	t.Helper()
	got, err := a.try(method, path, body, header...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if got.status != want {
		t.Fatalf("%s %s: got %d %.200s, want %d", method, path, got.status, got.body, want)
	}
	return got
}

// password signs in.
func (a app) password(t *testing.T, name, password string) app {
	t.Helper()
	a.token = a.ask(t, http.StatusOK, "POST", "/Users/AuthenticateByName", map[string]string{"Username": name, "Pw": password}).read().AccessToken
	return a
}

// at is the same app, with its token, at another server.
func (a app) at(base string) app {
	a.base = base
	return a
}

// alive tells whether the app's token is good.
func (a app) alive(t *testing.T) bool {
	t.Helper()
	got, err := a.try("GET", "/Users/Me", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.status != http.StatusOK && got.status != http.StatusUnauthorized {
		t.Fatalf("whether a token is good: %d %.200s", got.status, got.body)
	}
	return got.status == http.StatusOK
}

// eventually waits for what takes a moment.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(stopTimeout); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("never: %s", what)
		}
	}
}

// newKey makes an API key as an administrator.
func newKey(t *testing.T, base, name, password string) string {
	t.Helper()
	admin := app{base: base, device: "key-maker"}.password(t, name, password)
	admin.ask(t, http.StatusNoContent, "POST", "/Auth/Keys?app=gateway", nil)
	var keys struct {
		Items []struct{ AppName, AccessToken string }
	}
	if err := json.Unmarshal(admin.ask(t, http.StatusOK, "GET", "/Auth/Keys", nil).body, &keys); err != nil {
		t.Fatal(err)
	}
	admin.ask(t, http.StatusNoContent, "POST", "/Sessions/Logout", nil)
	for i := range keys.Items {
		if key := keys.Items[len(keys.Items)-1-i]; key.AppName == "gateway" {
			return key.AccessToken
		}
	}
	t.Fatal("the key that was made is not listed")
	return ""
}
