package server_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/sqlite"
)

// Who is let in. Every route is asked by each of the five: nobody, a user about what is another's, that other user, vic,
// herself, an administrator, and an API key.
const (
	nobodyElse = ""
	everybody  = "nobody other owner admin key"
	members    = "other owner admin key"
	owners     = "owner admin key"
	admins     = "admin key"
)

// trespass is a request that names, by path, query or body, something of vic's where the route can name something of a
// user's, and who may make it.
type trespass struct {
	route  string // as in the table of routes
	target string // the request, if that is not the route itself
	send   string
	may    string
	shows  string // marks of vic that those who are neither she nor administrators are shown by design
}

// onePixel is a picture.
const onePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC"

// trespasses has each route once at least, and once for each way in which it can name something.
var trespasses = []trespass{
	{"GET /{$}", "/", "", everybody, ""},
	{"HEAD /{$}", "/", "", everybody, ""},
	{"GET /System/Info/Public", "", "", everybody, ""},
	{"GET /System/Info", "", "", members, ""},
	{"GET /System/Ping", "", "", everybody, ""},
	{"POST /System/Ping", "", "", everybody, ""},
	{"GET /System/Configuration", "", "", members, ""},
	{"POST /System/Configuration", "", `{"QuickConnectAvailable":true}`, admins, ""},
	{"GET /Branding/Configuration", "", "", everybody, ""},

	{"GET /Startup/Configuration", "", "", admins, ""},
	{"POST /Startup/Configuration", "", "{}", admins, ""},
	{"GET /Startup/User", "", "", admins, ""},
	{"GET /Startup/FirstUser", "", "", admins, ""},
	{"POST /Startup/User", "", `{"Name":"mallory","Password":"x"}`, nobodyElse, ""}, // once
	{"POST /Startup/RemoteAccess", "", `{"EnableRemoteAccess":true}`, admins, ""},
	{"POST /Startup/Complete", "", "", admins, ""},

	{"GET /Localization/Options", "", "", members, ""},
	{"GET /Localization/Cultures", "", "", members, ""},
	{"GET /Localization/Countries", "", "", members, ""},
	{"GET /Library/VirtualFolders", "", "", admins, ""},

	{"POST /Users/AuthenticateByName", "", `{"Username":"${vic.name}","Pw":"wrong"}`, nobodyElse, ""},
	{"POST /Users/{userId}/Authenticate", "/Users/${vic}/Authenticate?pw=wrong", "", nobodyElse, ""},
	{"POST /Users/AuthenticateWithQuickConnect", "", `{"Secret":"${fresh secret}"}`, nobodyElse, ""}, // which nobody has approved
	{"POST /Users/AuthenticateWithQuickConnect", "", `{"Secret":"${fresh approved secret}"}`, everybody, ""},
	{"GET /QuickConnect/Enabled", "", "", everybody, ""},
	{"POST /QuickConnect/Initiate", "", "", everybody, ""},
	{"GET /QuickConnect/Initiate", "", "", everybody, ""},
	{"GET /QuickConnect/Connect", "/QuickConnect/Connect?secret=${fresh secret}", "", everybody, ""},
	{"POST /QuickConnect/Authorize", "/QuickConnect/Authorize?code=${fresh code}&userId=${vic}", "", owners, ""},

	{"GET /Users", "", "", members, "name configuration tag"},
	{"GET /Users/Public", "", "", everybody, "name configuration tag"}, // strangers choose from it
	{"GET /Users/Me", "", "", "other owner admin", ""},
	{"GET /Users/{userId}", "/Users/${vic}", "", members, "name configuration tag"},
	{"POST /Users/New", "", `{"Name":"${fresh name}"}`, admins, ""},
	{"POST /Users/{userId}/Policy", "/Users/${vic}/Policy", wholePolicy, admins, ""},
	{"DELETE /Users/{userId}", "/Users/${vic}", "", admins, ""},
	{"POST /Users", "/Users?userId=${vic}", `{"Name":"${vic.name}","Policy":` + wholePolicy + `}`, owners, ""},
	{"POST /Users", "", `{"Id":"${vic}","Name":"${fresh name}","Policy":` + wholePolicy + `}`, "other owner admin", ""},
	{"POST /Users/{userId}", "/Users/${vic}", `{"Name":"${vic.name}","Policy":` + wholePolicy + `}`, owners, ""},
	{"POST /Users/Configuration", "/Users/Configuration?userId=${vic}", "{}", owners, ""},
	{"POST /Users/{userId}/Configuration", "/Users/${vic}/Configuration", "{}", owners, ""},
	{"POST /Users/Password", "/Users/Password?userId=${vic}", `{"CurrentPw":"password-7f3a9c","NewPw":"x"}`, owners, ""},
	{"POST /Users/Password", "/Users/Password?userId=${vic}", `{"ResetPassword":true}`, admins, ""}, // herself only with the current one
	{"POST /Users/Password", "", `{"CurrentPw":"password-7f3a9c","NewPw":"x"}`, "owner", ""},
	{"POST /Users/{userId}/Password", "/Users/${vic}/Password", `{"CurrentPw":"password-7f3a9c","NewPw":"x"}`, owners, ""},
	{"POST /Users/ForgotPassword", "", `{"EnteredUsername":"${vic.name}"}`, everybody, ""},
	{"POST /Users/ForgotPassword/Pin", "", `{"Pin":"00-00-00-00"}`, nobodyElse, ""},

	{"GET /UserImage", "/UserImage?userId=${vic}", "", everybody, "picture tag"}, // apps send no token for pictures
	{"HEAD /UserImage", "/UserImage?userId=${vic}", "", everybody, "tag"},
	{"POST /UserImage", "/UserImage?userId=${vic}", onePixel, owners, ""},
	{"DELETE /UserImage", "/UserImage?userId=${vic}", "", owners, ""},
	{"GET /Users/{userId}/Images/{imageType}", "/Users/${vic}/Images/Primary", "", everybody, "picture tag"},
	{"HEAD /Users/{userId}/Images/{imageType}", "/Users/${vic}/Images/Primary", "", everybody, "tag"},
	{"POST /Users/{userId}/Images/{imageType}", "/Users/${vic}/Images/Primary", onePixel, owners, ""},
	{"DELETE /Users/{userId}/Images/{imageType}", "/Users/${vic}/Images/Primary", "", owners, ""},
	{"GET /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${vic}/Images/Primary/0", "", everybody, "picture tag"},
	{"HEAD /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${vic}/Images/Primary/0", "", everybody, "tag"},
	{"POST /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${vic}/Images/Primary/0", onePixel, owners, ""},
	{"DELETE /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${vic}/Images/Primary/0", "", owners, ""},
	{"GET /Branding/Splashscreen", "", "", nobodyElse, ""}, // there is none
	{"POST /Branding/Splashscreen", "", onePixel, admins, ""},
	{"DELETE /Branding/Splashscreen", "", "", admins, ""},

	{"GET /Sessions", "", "", members, ""},
	{"GET /Sessions", "/Sessions?deviceId=${vic.device}", "", members, ""},
	{"GET /Sessions", "/Sessions?controllableByUserId=${vic}", "", owners, ""},
	{"POST /Sessions/Logout", "", "", members, ""},
	{"GET /Devices", "", "", admins, ""},
	{"GET /Devices", "/Devices?userId=${vic}", "", owners, ""},
	{"GET /Devices/Info", "/Devices/Info?id=${vic.device}", "", admins, ""},
	{"GET /Devices/Info", "/Devices/Info?id=${vic.device}&userId=${vic}", "", owners, ""},
	{"GET /Devices/Options", "/Devices/Options?id=${vic.device}&userId=${vic}", "", owners, ""},
	{"POST /Devices/Options", "/Devices/Options?id=${vic.device}", `{"CustomName":"x"}`, admins, ""},
	{"POST /Devices/Options", "/Devices/Options?id=${vic.device}&userId=${vic}", `{"CustomName":"x"}`, owners, ""},
	{"DELETE /Devices", "/Devices?id=${vic.device}", "", admins, ""},
	{"DELETE /Devices", "/Devices?id=${vic.device}&userId=${vic}", "", owners, ""},
	{"GET /Auth/Keys", "", "", admins, ""},
	{"POST /Auth/Keys", "/Auth/Keys?app=x", "", admins, ""},
	{"DELETE /Auth/Keys/{key}", "/Auth/Keys/${fresh key}", "", admins, ""},

	{"GET /DisplayPreferences/{displayPreferencesId}", "/DisplayPreferences/usersettings?client=emby&userId=${vic}", "", owners, ""},
	{"GET /DisplayPreferences/{displayPreferencesId}", "/DisplayPreferences/usersettings?client=emby", "", "other owner admin", ""},
	{"POST /DisplayPreferences/{displayPreferencesId}", "/DisplayPreferences/usersettings?client=emby&userId=${vic}", "{}", owners, ""},
	{"POST /DisplayPreferences/{displayPreferencesId}", "/DisplayPreferences/usersettings?client=emby", `{"Id":"${vic}"}`, "other owner admin", ""},
}

// refusals are the statuses that refuse. An API key that names no user, where one is needed, makes no sense: 400.
var refusals = map[string][]int{
	"nobody": {401, 404}, "other": {401, 403, 404}, "owner": {401, 403, 404}, "admin": {401, 403, 404}, "key": {400, 401, 403, 404},
}

// counting are the routes whose refusals are counted: the log of them and the number of wrong passwords are all that they
// may change.
var counting = []string{
	"POST /Users/AuthenticateByName", "POST /Users/{userId}/Authenticate", "POST /Users/AuthenticateWithQuickConnect",
	"POST /Users/Password", "POST /Users/ForgotPassword/Pin",
}

// TestNobodyGetsAtWhatIsAnothers makes each request as each caller. Who may not make it changes not a byte of the store,
// and is told nothing of vic's. Who may, but is neither she nor an administrator, changes nothing of hers, and sees only
// what the table says. Tokens and passwords are shown to nobody.
func TestNobodyGetsAtWhatIsAnothers(t *testing.T) {
	t.Parallel()
	for _, caller := range []struct{ name, as string }{
		{"nobody", ""}, {"other", "ben"}, {"owner", "vic"}, {"admin", "admin"}, {"key", "key"},
	} {
		t.Run(caller.name, func(t *testing.T) {
			t.Parallel()
			var v *victim
			told := map[string]bool{"request": true, "log": true} // which nothing shows
			for _, row := range trespasses {
				if v == nil {
					v = newVictim(t)
					v.told = told
				}
				if v.ask(row, caller.name, caller.as) {
					v = nil // what was changed is not to help or hinder the next request
				}
			}
			for name := range newVictim(t).marks {
				if caller.name == "admin" && !told[name] {
					t.Errorf("no answer shows vic's %s even to an administrator, so that others are not shown it proves nothing", name)
				}
			}
		})
	}
}

func TestEveryRouteIsTrespassed(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, row := range trespasses {
		listed[row.route] = true
	}
	for _, route := range server.Routes() {
		if !listed[route] {
			t.Errorf("%s has no line in the table of trespasses", route)
		}
		delete(listed, route)
	}
	for route := range listed {
		t.Errorf("%s is in the table of trespasses and not in that of routes", route)
	}
}

// victim is a world in which vic has something of everything that can be somebody's.
type victim struct {
	*world
	id      finlatch.ID
	db      *sql.DB
	marks   map[string]string // texts that occur in what is hers and nowhere else
	secrets []string          // shown to nobody
	told    map[string]bool   // which marks an answer has shown to the caller
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	path := filepath.Join(t.TempDir(), "finlatch.db")
	w := newWorld(t, func(o *options) {
		store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o.service.Store = store
	})
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	v := &victim{world: w, db: db, marks: map[string]string{
		"name": "Vic7f3a9c", "configuration": "subtitles-7f3a9c", "picture": "picture-7f3a9c", "tag": "7f3a9c7f3a9c7f3a9c7f3a9c7f3a9c00",
		"app": "App-7f3a9c", "device": "device-7f3a9c", "device-name": "Telly-7f3a9c", "custom-name": "Bedroom-7f3a9c", "icon": "icon-7f3a9c",
		"address": "198.51.100.77", "preference": "preference-7f3a9c", "request": "request-7f3a9c", "log": "entry-7f3a9c",
	}}
	v.settle()
	return v
}

func (v *victim) settle() {
	v.Helper()
	m := v.marks
	v.id = v.user(m["name"], "password-7f3a9c")
	caller := finlatch.Caller{ClientInfo: finlatch.NewClientInfo(m["app"], "1.0", m["device-name"], m["device"]), Address: netip.MustParseAddr(m["address"])}
	in, err := v.SignIn(v.ctx, caller, m["name"], "password-7f3a9c")
	if err != nil {
		v.Fatal(err)
	}
	token := in.Token
	v.names["vic"], v.names["vic.name"], v.names["vic.token"], v.names["vic.device"] = v.id.String(), m["name"], token.Reveal(), m["device"]
	v.secrets = []string{token.Reveal(), fmt.Sprintf("%x", token.Hash()), "password-7f3a9c"}
	request, _, err := v.Initiate(v.ctx, finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "1.0", m["request"], "x")})
	if err != nil {
		v.Fatal(err)
	}
	if err := v.Approve(v.ctx, finlatch.Operator(), request.Code, v.id); err != nil {
		v.Fatal(err)
	}
	err = v.store.Update(v.ctx, func(tx finlatch.Tx) error {
		user, err := tx.User(v.ctx, v.id)
		if err != nil {
			return err
		}
		user.Configuration.SubtitleLanguagePreference, user.ImageTag = m["configuration"], m["tag"]
		user.Policy.IsHidden = false
		usersettings := finlatch.ID{0x3c, 0xe5, 0xb6, 0x5d, 0xe1, 0x16, 0xd7, 0x31, 0x65, 0xd1, 0xef, 0xc4, 0xa3, 0x0e, 0xc3, 0x5c}
		return errors.Join(
			tx.PutUser(v.ctx, user),
			tx.PutPicture(v.ctx, finlatch.Picture{OwnerID: v.id, Tag: user.ImageTag, Type: "image/png", Data: []byte("\x89PNG" + m["picture"]), ModifiedAt: v.Now()}),
			tx.PutCapabilities(v.ctx, token.Hash(), finlatch.Capabilities{IconURL: "https://example.com/" + m["icon"]}),
			tx.PutDeviceOptions(v.ctx, finlatch.DeviceOptions{DeviceID: m["device"], UserID: v.id, CustomName: m["custom-name"]}),
			tx.PutDisplayPreferences(v.ctx, finlatch.DisplayPreferences{UserID: v.id, ItemID: usersettings, Client: "emby",
				Data: []byte(`{"CustomPrefs":{"x":"` + m["preference"] + `"}}`)}),
			tx.PutPasswordReset(v.ctx, finlatch.PasswordReset{UserID: v.id, PINHash: finlatch.Hash{7}, CreatedAt: v.Now(), ExpiresAt: v.Now().Add(time.Hour)}),
			tx.AddActivity(v.ctx, finlatch.Activity{Type: "x", Name: m["log"], UserID: v.id, Severity: finlatch.SeverityInformation, Count: 1, At: v.Now()}),
		)
	})
	if err != nil {
		v.Fatal(err)
	}
}

// ask makes one request and tells whether the store changed.
func (v *victim) ask(row trespass, caller, as string) (changed bool) {
	v.Helper()
	method, target, _ := strings.Cut(row.route, " ")
	if row.target != "" {
		target = row.target
	}
	authorization := `MediaBrowser Client="App", Device="Telly", DeviceId="tv", Version="1.0"`
	if as != "" {
		authorization += `, Token="${` + as + `.token}"`
	}
	header := map[string]string{"Authorization": authorization}
	if row.send == onePixel {
		header["Content-Type"] = "image/png"
	}
	request := v.request(scenario{do: method + " " + target, header: header, send: row.send})
	what := fmt.Sprintf("%s: %s %s", caller, method, request.URL.RequestURI())
	before, uncountedBefore := v.dump()
	response, err := v.client.Do(request)
	if err != nil {
		v.Fatalf("%s: %v", what, err)
	}
	defer response.Body.Close()
	told := new(bytes.Buffer)
	response.Header.Write(told)
	if _, err := io.Copy(told, response.Body); err != nil {
		v.Fatalf("%s: %v", what, err)
	}
	after, uncountedAfter := v.dump()
	changed = !maps.Equal(before, after)
	if slices.Contains(counting, row.route) {
		before, after = uncountedBefore, uncountedAfter
	}

	may, trusted := slices.Contains(strings.Fields(row.may), caller), caller == "owner" || caller == "admin" || caller == "key"
	switch status := response.StatusCode; {
	case may && status >= 400:
		v.Errorf("%s: got %d, though it may: %.200s", what, status, told)
	case !may && !slices.Contains(refusals[caller], status):
		v.Errorf("%s: got %d, want one of %v: %.200s", what, status, refusals[caller], told)
	case !may && !maps.Equal(before, after):
		v.Errorf("%s: it changes the store (-before +after):\n%s", what, cmp.Diff(before, after))
	case !trusted && !maps.Equal(v.hers(before), v.hers(after)):
		v.Errorf("%s: it changes what is vic's (-before +after):\n%s", what, cmp.Diff(v.hers(before), v.hers(after)))
	}
	for name, mark := range v.marks {
		shown, isTold := may && slices.Contains(strings.Fields(row.shows), name), bytes.Contains(told.Bytes(), []byte(mark))
		switch {
		case isTold && !shown && !(may && trusted):
			v.Errorf("%s: it is told vic's %s: %s", what, name, told)
		case !isTold && shown:
			v.Errorf("%s: it is not told vic's %s", what, name)
		case isTold:
			v.told[name] = true
		}
	}
	for _, secret := range v.secrets {
		if bytes.Contains(told.Bytes(), []byte(secret)) {
			v.Errorf("%s: it is told a secret: %s", what, told)
		}
	}
	return changed
}

type rows map[string]bool

// dump has every row of the store, as another program sees them. Without what is counted it leaves out the counts of
// failures, the entries of the log about sign-ins that failed, and how many wrong passwords a user has.
func (v *victim) dump() (all, uncounted rows) {
	v.Helper()
	all, uncounted = rows{}, rows{}
	for _, table := range v.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'") {
		for _, row := range v.query("SELECT * FROM " + table["name"]) {
			row[""] = table["name"]
			all[fmt.Sprint(row)] = true
			delete(row, "invalid_login_attempts")
			if row[""] != "failures" && row["type"] != finlatch.ActivityAuthenticationFailed {
				uncounted[fmt.Sprint(row)] = true
			}
		}
	}
	return all, uncounted
}

// hers are the rows that name vic.
func (v *victim) hers(of rows) rows {
	hers := rows{}
	for row := range of {
		if strings.Contains(row, v.id.String()) {
			hers[row] = true
		}
	}
	return hers
}

// query gives rows as texts by their columns' names.
func (v *victim) query(statement string) (all []map[string]string) {
	v.Helper()
	result, err := v.db.QueryContext(v.ctx, statement)
	if err != nil {
		v.Fatal(err)
	}
	defer result.Close()
	columns, err := result.Columns()
	if err != nil {
		v.Fatal(err)
	}
	for result.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := result.Scan(into...); err != nil {
			v.Fatal(err)
		}
		row := map[string]string{}
		for i, column := range columns {
			row[column] = fmt.Sprint(values[i])
			if blob, ok := values[i].([]byte); ok {
				row[column] = fmt.Sprintf("%x", blob)
			}
		}
		all = append(all, row)
	}
	if err := result.Err(); err != nil {
		v.Fatal(err)
	}
	return all
}
