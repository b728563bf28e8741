package takeover_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/takeover"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/sqlite"
)

// now is a Tuesday at noon, when every schedule of the installations lets its user in.
var now = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

var installations = []string{"12.0.0", "10.11.11"}

// expected are the answers that the real server gave right before it was stopped.
type expected struct {
	Server map[string]any
	Users  []struct {
		Password string
		SignsIn  bool `json:"signs_in"`
		Dto      map[string]any
	}
	Tokens []struct {
		Token, User string
		Device      struct{ Client, Device, DeviceID, Version string }
	}
	Keys        []struct{ Name, Key string }
	Devices     struct{ Items []map[string]any }
	Preferences map[string]any `json:"display_preferences_ann"`
}

// newStore is an empty store.
func newStore(t *testing.T) finlatch.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "finlatch.db"), sqlite.Options{Readers: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func read(t *testing.T, dir string) *takeover.Installation {
	t.Helper()
	found, err := takeover.Read(t.Context(), takeover.Source{Data: dir})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return found
}

// api is a finlatch that has taken an installation over.
type api struct {
	*testing.T
	store finlatch.Store
	url   string
}

func newAPI(t *testing.T, found *takeover.Installation) *api {
	t.Helper()
	store := newStore(t)
	if err := found.Write(t.Context(), store, now); err != nil {
		t.Fatalf("Write: %v", err)
	}
	service, err := finlatch.New(t.Context(), finlatch.Options{Store: store, Clock: func() time.Time { return now }, Location: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server.New(service, server.Options{MachineName: "machine"}))
	t.Cleanup(web.Close)
	return &api{t, store, web.URL}
}

// ask gives the status and, into answer, the body.
func (a *api) ask(method, path, authorization string, body, answer any) int {
	a.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		a.Fatal(err)
	}
	request, err := http.NewRequest(method, a.url+path, bytes.NewReader(text))
	if err != nil {
		a.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "MediaBrowser "+authorization)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.Fatal(err)
	}
	defer response.Body.Close()
	text, err = io.ReadAll(response.Body)
	if err == nil && answer != nil && response.StatusCode == http.StatusOK {
		err = json.Unmarshal(text, answer)
	}
	if err != nil {
		a.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	return response.StatusCode
}

func token(text string) string { return fmt.Sprintf("Token=%q", text) }

// signIn gives the status and whose token it was.
func (a *api) signIn(name, password, device string) (status int, id string) {
	a.Helper()
	var in struct{ User struct{ ID string } }
	status = a.ask("POST", "/Users/AuthenticateByName",
		fmt.Sprintf(`Client="Test", Device="Test", DeviceId="%s", Version="1"`, url.QueryEscape(device)),
		map[string]string{"Username": name, "Pw": password}, &in)
	return status, in.User.ID
}

func (a *api) user(id string) (user finlatch.User) {
	a.Helper()
	parsed, _ := finlatch.ParseID(id)
	err := a.store.View(a.Context(), func(tx finlatch.Tx) (err error) {
		user, err = tx.User(a.Context(), parsed)
		return err
	})
	if err != nil {
		a.Fatal(err)
	}
	return user
}

// sameTimes compares times as such: Jellyfin 10.11 cuts zeros off.
var sameTimes = cmp.Comparer(func(a, b string) bool {
	at, err := time.Parse(time.RFC3339, a)
	other, errOther := time.Parse(time.RFC3339, b)
	return a == b || err == nil && errOther == nil && at.Equal(other)
})

func TestRealInstallations(t *testing.T) {
	t.Parallel()
	for _, version := range installations {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("testdata", version)
			want := expectation(t, dir)
			a := newAPI(t, read(t, dir))
			a.checkServer(want)
			a.checkTokens(want)
			a.checkKeys(want)
			a.checkLists(want)
			a.checkPasswords(want)
		})
	}
}

func (a *api) checkServer(want *expected) {
	a.Helper()
	var got map[string]any
	a.ask("GET", "/System/Info/Public", "", nil, &got)
	for _, name := range []string{"Id", "ServerName", "StartupWizardCompleted"} {
		if got[name] != want.Server[name] {
			a.Errorf("public info: %s is %v, want %v", name, got[name], want.Server[name])
		}
	}
}

// checkTokens wants every device to be signed in as before.
func (a *api) checkTokens(want *expected) {
	a.Helper()
	if len(want.Tokens) != 17 {
		a.Fatalf("%d tokens expected", len(want.Tokens))
	}
	for _, device := range want.Tokens {
		var me struct{ ID string }
		if status := a.ask("GET", "/Users/Me", token(device.Token), nil, &me); status != 200 || me.ID != device.User {
			a.Errorf("the token of %s: status %d as %q, want %q", device.Device.DeviceID, status, me.ID, device.User)
		}
	}
}

func (a *api) checkKeys(want *expected) {
	a.Helper()
	var names []string
	for _, key := range want.Keys {
		names = append(names, key.Name)
		var list struct {
			Items []struct{ AppName, AccessToken string }
		}
		if status := a.ask("GET", "/Auth/Keys", token(key.Key), nil, &list); status != 200 {
			a.Errorf("the key of %s: status %d", key.Name, status)
		}
		var listed []string
		for _, item := range list.Items {
			listed = append(listed, item.AppName)
			if item.AccessToken == key.Key {
				a.Errorf("the key of %s can be read in the list", key.Name)
			}
		}
		if len(names) == len(want.Keys) && !cmp.Equal(listed, names) {
			a.Errorf("keys of %v, want %v", listed, names)
		}
	}
}

// checkLists compares users, devices and display preferences with what they were.
func (a *api) checkLists(want *expected) {
	a.Helper()
	key := token(want.Keys[0].Key)
	ann := ""
	for _, user := range want.Users {
		id := user.Dto["Id"].(string)
		var got map[string]any
		a.ask("GET", "/Users/"+id, key, nil, &got)
		if user.Dto["PrimaryImageTag"] != nil { // another tag, for it is encoded anew
			ann = id
			if got["PrimaryImageTag"] == nil {
				a.Errorf("%s has no picture", user.Dto["Name"])
			}
			if status := a.ask("GET", "/UserImage?userId="+id, "", nil, nil); status != 200 {
				a.Errorf("the picture of %s: status %d", user.Dto["Name"], status)
			}
			user.Dto["PrimaryImageTag"] = got["PrimaryImageTag"]
		}
		user.Dto["HasPassword"], user.Dto["HasConfiguredPassword"] = true, true // 10.11 tells who has none
		if diff := cmp.Diff(user.Dto, got, sameTimes); diff != "" {
			a.Errorf("%s (-want +got):\n%s", user.Dto["Name"], diff)
		}
	}
	var devices struct{ Items []map[string]any }
	a.ask("GET", "/Devices", key, nil, &devices)
	if diff := cmp.Diff(want.Devices.Items, devices.Items, sameTimes); diff != "" {
		a.Errorf("devices (-want +got):\n%s", diff)
	}
	var preferences map[string]any
	a.ask("GET", "/DisplayPreferences/usersettings?client=emby&userId="+ann, key, nil, &preferences)
	if diff := cmp.Diff(want.Preferences, preferences); diff != "" {
		a.Errorf("display preferences (-want +got):\n%s", diff)
	}
}

// checkPasswords wants every password to sign in, and its hash to be of today's kind afterwards.
func (a *api) checkPasswords(want *expected) {
	a.Helper()
	for _, user := range want.Users {
		name, id := user.Dto["Name"].(string), user.Dto["Id"].(string)
		device := "new"
		if name == "dora" {
			device = "tv-dora" // her only one
		}
		before := a.user(id).PasswordHash
		if strings.HasPrefix(before, "$argon2id$") || (before == "") != (user.Password == "") {
			a.Errorf("%s comes with the hash %.10q", name, before)
		}
		if status, _ := a.signIn(name, user.Password+"x", device); status != 401 && user.SignsIn {
			a.Errorf("%s with a wrong password: status %d", name, status)
		}
		status, as := a.signIn(strings.ToUpper(name), user.Password, device)
		if user.SignsIn != (status == 200) || user.SignsIn && as != id {
			a.Errorf("%s: status %d as %q, want it to work: %v", name, status, as, user.SignsIn)
		}
		after := a.user(id).PasswordHash
		if wantHash := before != "" && user.SignsIn; strings.HasPrefix(after, "$argon2id$") != wantHash {
			a.Errorf("%s has the hash %.10q after signing in", name, after)
		}
	}
}
