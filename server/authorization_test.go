package server_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch/server"
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

// trespasses has each route once at least, and once for each way in which it can name something.
var trespasses = []trespass{
	{"GET /{$}", "/", "", everybody, ""},
	{"HEAD /{$}", "/", "", everybody, ""},
	{"GET /web/{file...}", "/web/", "", everybody, ""},
	{"HEAD /web/{file...}", "/web/", "", everybody, ""},
	{"GET /robots.txt", "", "", everybody, ""},
	{"HEAD /robots.txt", "", "", everybody, ""},
	{"GET /System/Info/Public", "", "", everybody, ""},
	{"GET /System/Info", "", "", members, ""},
	{"GET /System/Ping", "", "", everybody, ""},
	{"POST /System/Ping", "", "", everybody, ""},
	{" /health", "", "", everybody, ""},
	{"GET /metrics", "", "", admins, ""},
	{"GET /System/ActivityLog/Entries", "", "", admins, ""},
	{"GET /System/Logs", "", "", admins, ""},
	{"GET /System/Logs/Log", "/System/Logs/Log?name=x.log", "", nobodyElse, ""}, // there is none
	{"POST /System/Restart", "", "", nobodyElse, ""},                            // for whoever started it
	{"POST /System/Shutdown", "", "", nobodyElse, ""},
	{"POST /ClientLog/Document", "", "a log", members, ""},
	{"GET /System/Configuration", "", "", members, ""},
	{"POST /System/Configuration", "", `{"QuickConnectAvailable":true}`, admins, ""},
	{"GET /System/Configuration/{key}", "/System/Configuration/network", "", members, ""},
	{"POST /System/Configuration/{key}", "/System/Configuration/network", `{"EnableRemoteAccess":true}`, admins, ""},
	{"POST /System/Configuration/{key}", "/System/Configuration/branding", `{"CustomCss":"a{}"}`, admins, ""},
	{"GET /System/Configuration/MetadataOptions/Default", "", "", admins, ""},
	{"GET /System/Endpoint", "", "", members, ""},
	{"GET /Branding/Configuration", "", "", everybody, ""},
	{"GET /Branding/Css", "", "", everybody, ""},
	{"GET /Branding/Css.css", "", "", everybody, ""},

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
	{"GET /Localization/ParentalRatings", "", "", members, ""},
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
	{"GET /QuickConnect/Finlatch/Asked", "/QuickConnect/Finlatch/Asked?code=${fresh code}", "", members, ""},
	{"POST /QuickConnect/Finlatch/Approve", "/QuickConnect/Finlatch/Approve?code=${fresh code}&dateAdded=2026-11-24T12:00:00Z&userId=${vic}", "", owners, ""},
	{"POST /QuickConnect/Finlatch/Deny", "/QuickConnect/Finlatch/Deny?code=${fresh code}&dateAdded=2026-11-24T12:00:00Z", "", members, ""},

	{"GET /Users", "", "", members, "name configuration tag"},
	{"GET /Users/Public", "", "", everybody, "name configuration tag"}, // strangers choose from it
	{"GET /Users/Me", "", "", "other owner admin", ""},
	{"GET /Users/{userId}", "/Users/${vic}", "", members, "name configuration tag"},
	{"POST /Users/New", "", `{"Name":"${fresh name}"}`, admins, ""},
	{"POST /Users/{userId}/Policy", "/Users/${vic}/Policy", wholePolicy, admins, ""},
	{"DELETE /Users/{userId}", "/Users/${vic}", "", admins, ""},

	{"POST /Users/{userId}", "/Users/${vic}", `{"Name":"${fresh name}","Configuration":{},"Policy":` + wholePolicy + `}`, owners, ""},
	{"POST /Users", "/Users?userId=${vic}", `{"Name":"${fresh name}","Configuration":{},"Policy":` + wholePolicy + `}`, owners, ""},
	{"POST /Users", "", `{"Id":"${vic}","Name":"${fresh name}","Configuration":{},"Policy":` + wholePolicy + `}`, "other owner admin", ""},
	{"POST /Users/{userId}/Configuration", "/Users/${vic}/Configuration", "{}", owners, ""},
	{"POST /Users/{userId}/Configuration", "/Users/${vic}/Configuration?userId=${me}", "{}", owners, ""},
	{"POST /Users/{userId}/Configuration", "/Users/${ben}/Configuration?userId=${vic}", "{}", "other admin key", ""},
	{"POST /Users/Configuration", "/Users/Configuration?userId=${vic}", "{}", owners, ""},
	{"POST /Users/{userId}/Password", "/Users/${vic}/Password", `{"CurrentPw":"password-7f3a9c","NewPw":"x"}`, owners, ""},
	{"POST /Users/{userId}/Password", "/Users/${vic}/Password?userId=${me}", `{"ResetPassword":true,"CurrentPw":"password-7f3a9c"}`, owners, ""},
	{"POST /Users/Password", "/Users/Password?userId=${vic}", `{"CurrentPw":"password-7f3a9c","NewPw":"x"}`, owners, ""},
	{"POST /Users/Password", "/Users/Password?userId=${vic}", `{"ResetPassword":true}`, admins, ""}, // herself only with the current one
	{"POST /Users/Password", "", `{"Id":"${vic}","CurrentPw":"password-7f3a9c","NewPw":"x"}`, "owner", ""},
	{"POST /Users/ForgotPassword", "", `{"EnteredUsername":"${vic.name}"}`, everybody, ""},
	{"POST /Users/ForgotPassword/Pin", "", `{"Pin":"00-00-00-00"}`, nobodyElse, ""},

	{"GET /UserImage", "/UserImage?userId=${vic}", "", everybody, "picture tag"}, // pages show it without a token
	{"HEAD /UserImage", "/UserImage?userId=${vic}", "", everybody, "tag"},
	{"POST /UserImage", "/UserImage?userId=${vic}", aPicture, owners, ""},
	{"DELETE /UserImage", "/UserImage?userId=${vic}", "", owners, ""},
	{"GET /Users/{userId}/Images/{imageType}", "/Users/${vic}/Images/Primary", "", everybody, "picture tag"},
	{"HEAD /Users/{userId}/Images/{imageType}", "/Users/${vic}/Images/Primary", "", everybody, "tag"},
	{"POST /Users/{userId}/Images/{imageType}", "/Users/${vic}/Images/Primary", aPicture, owners, ""},
	{"DELETE /Users/{userId}/Images/{imageType}", "/Users/${vic}/Images/Primary", "", owners, ""},
	{"GET /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${vic}/Images/Primary/0", "", everybody, "picture tag"},
	{"HEAD /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${vic}/Images/Primary/0", "", everybody, "tag"},
	{"POST /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${vic}/Images/Primary/0", aPicture, owners, ""},
	{"DELETE /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${vic}/Images/Primary/0", "", owners, ""},
	{"GET /Branding/Splashscreen", "", "", admins, ""}, // until an administrator shows it
	{"POST /Branding/Splashscreen", "", aPicture, admins, ""},
	{"DELETE /Branding/Splashscreen", "", "", admins, ""},

	{"GET /Sessions", "", "", members, ""},
	{"GET /Sessions", "/Sessions?deviceId=${vic.device}", "", members, ""},
	{"GET /Sessions", "/Sessions?controllableByUserId=${vic}", "", owners, ""},
	{"POST /Sessions/Logout", "", "", members, ""},
	{"POST /Sessions/Capabilities", "", "", members, ""},
	{"POST /Sessions/Capabilities", "/Sessions/Capabilities?id=${vic.session}", "", "owner", ""},
	{"POST /Sessions/Capabilities/Full", "/Sessions/Capabilities/Full?id=${vic.session}", "{}", "owner", ""},
	{"POST /Sessions/Viewing", "/Sessions/Viewing?sessionId=${vic.session}&itemId=${vic}", "", members, ""},
	{"POST /Sessions/Playing", "", `{"SessionId":"${vic.session}"}`, members, ""},
	{"POST /Sessions/Playing/Progress", "", `{"SessionId":"${vic.session}"}`, members, ""},
	{"POST /Sessions/Playing/Ping", "/Sessions/Playing/Ping?playSessionId=${vic.session}", "", members, ""},
	{"POST /Sessions/Playing/Stopped", "", `{"SessionId":"${vic.session}"}`, members, ""},
	{"POST /Sessions/{sessionId}/User/{userId}", "/Sessions/${vic.session}/User/${ben}", "", nobodyElse, ""},
	{"DELETE /Sessions/{sessionId}/User/{userId}", "/Sessions/${vic.session}/User/${ben}", "", owners, ""},
	{"POST /Sessions/{sessionId}/Command", "/Sessions/${vic.session}/Command", `{"Name":"Mute","ControllingUserId":"${vic}"}`, owners, ""},
	{"POST /Sessions/{sessionId}/Command/{command}", "/Sessions/${vic.session}/Command/Mute", "", owners, ""},
	{"POST /Sessions/{sessionId}/System/{command}", "/Sessions/${vic.session}/System/Mute", "", owners, ""},
	{"POST /Sessions/{sessionId}/Message", "/Sessions/${vic.session}/Message", `{"Text":"x"}`, owners, ""},
	{"POST /Sessions/{sessionId}/Viewing", "/Sessions/${vic.session}/Viewing?itemType=Movie&itemId=${vic}&itemName=x", "", owners, ""},
	{"POST /Sessions/{sessionId}/Playing", "/Sessions/${vic.session}/Playing?playCommand=PlayNow&itemIds=${vic}", "", owners, ""},
	{"POST /Sessions/{sessionId}/Playing/{command}", "/Sessions/${vic.session}/Playing/Pause?controllingUserId=${vic}", "", owners, ""},
	{"GET /Devices", "", "", admins, ""},
	{"GET /Devices", "/Devices?userId=${vic}", "", owners, ""},
	{"GET /Devices", "/Devices?userId=${me}", "", members, ""},
	{"GET /Devices/Info", "/Devices/Info?id=${vic.device}", "", admins, ""},
	{"GET /Devices/Info", "/Devices/Info?id=${vic.device}&userId=${vic}", "", owners, ""},
	{"GET /Devices/Info", "/Devices/Info?id=${vic.device}&userId=${me}", "", "owner key", ""},
	{"GET /Devices/Info", "/Devices/Info?id=shared&userId=${me}", "", "other owner key", ""},
	{"GET /Devices/Options", "/Devices/Options?id=${vic.device}&userId=${vic}", "", owners, ""},
	{"GET /Devices/Options", "/Devices/Options?id=${vic.device}&userId=${me}", "", "owner", ""},
	{"POST /Devices/Options", "/Devices/Options?id=${vic.device}", `{"CustomName":"x"}`, admins, ""},
	{"POST /Devices/Options", "/Devices/Options?id=${vic.device}&userId=${vic}", `{"CustomName":"x"}`, owners, ""},
	{"POST /Devices/Options", "/Devices/Options?id=${vic.device}&userId=${me}", `{"CustomName":"x"}`, owners, ""},
	{"POST /Devices/Options", "/Devices/Options?id=shared&userId=${me}", `{"DeviceId":"${vic.device}","CustomName":"x"}`, members, ""},
	{"DELETE /Devices", "/Devices?id=${vic.device}", "", admins, ""},
	{"DELETE /Devices", "/Devices?id=${vic.device}&userId=${vic}", "", owners, ""},
	{"DELETE /Devices", "/Devices?id=${vic.device}&userId=${me}", "", "owner key", ""},
	{"DELETE /Devices", "/Devices?id=shared&id=${vic.device}&userId=${me}", "", "owner key", ""},
	{"DELETE /Devices", "/Devices?id=shared&userId=${me}", "", "other owner key", ""},
	{"GET /Auth/Providers", "", "", admins, ""},
	{"GET /Auth/PasswordResetProviders", "", "", admins, ""},
	{"GET /Auth/Keys", "", "", admins, ""},
	{"POST /Auth/Keys", "/Auth/Keys?app=x", "", admins, ""},
	{"DELETE /Auth/Keys/{key}", "/Auth/Keys/${fresh key}", "", admins, ""},

	{"GET /DisplayPreferences/{displayPreferencesId}", "/DisplayPreferences/usersettings?client=emby&userId=${vic}", "", owners, ""},
	{"GET /DisplayPreferences/{displayPreferencesId}", "/DisplayPreferences/usersettings?client=emby", "", "other owner admin", ""},
	{"POST /DisplayPreferences/{displayPreferencesId}", "/DisplayPreferences/usersettings?client=emby&userId=${vic}", "{}", owners, ""},
	{"POST /DisplayPreferences/{displayPreferencesId}", "/DisplayPreferences/usersettings?client=emby", `{"Id":"${vic}"}`, "other owner admin", ""},

	// What there is none of.
	{"GET /UserViews", "/UserViews?userId=${vic}", "", owners, ""},
	{"GET /Users/{userId}/Views", "/Users/${vic}/Views", "", owners, ""},
	{"GET /Items", "/Items?userId=${vic}", "", owners, ""},
	{"GET /Users/{userId}/Items", "/Users/${vic}/Items", "", owners, ""},
	{"GET /UserItems/Resume", "/UserItems/Resume?userId=${vic}", "", owners, ""},
	{"GET /Users/{userId}/Items/Resume", "/Users/${vic}/Items/Resume", "", owners, ""},
	{"GET /Items/Suggestions", "/Items/Suggestions?userId=${vic}", "", owners, ""},
	{"GET /Users/{userId}/Suggestions", "/Users/${vic}/Suggestions", "", owners, ""},
	{"GET /Shows/NextUp", "/Shows/NextUp?userId=${vic}", "", owners, ""},
	{"GET /Shows/Upcoming", "/Shows/Upcoming?userId=${vic}", "", owners, ""},
	{"GET /Trailers", "/Trailers?userId=${vic}", "", owners, ""},
	{"GET /Persons", "/Persons?userId=${vic}", "", owners, ""},
	{"GET /Artists", "/Artists?userId=${vic}", "", owners, ""},
	{"GET /Artists/AlbumArtists", "/Artists/AlbumArtists?userId=${vic}", "", owners, ""},
	{"GET /Studios", "/Studios?userId=${vic}", "", owners, ""},
	{"GET /Genres", "/Genres?userId=${vic}", "", owners, ""},
	{"GET /MusicGenres", "/MusicGenres?userId=${vic}", "", owners, ""},
	{"GET /Years", "/Years?userId=${vic}", "", owners, ""},
	{"GET /Channels", "/Channels?userId=${vic}", "", owners, ""},
	{"GET /LiveTv/Channels", "/LiveTv/Channels?userId=${vic}", "", owners, ""},
	{"GET /LiveTv/Programs", "/LiveTv/Programs?userId=${vic}", "", owners, ""},
	{"GET /LiveTv/Programs/Recommended", "/LiveTv/Programs/Recommended?userId=${vic}", "", owners, ""},
	{"GET /LiveTv/Recordings", "/LiveTv/Recordings?userId=${vic}", "", owners, ""},
	{"GET /Library/MediaFolders", "", "", admins, ""},
	{"GET /UserViews/GroupingOptions", "/UserViews/GroupingOptions?userId=${vic}", "", owners, ""},
	{"GET /Users/{userId}/GroupingOptions", "/Users/${vic}/GroupingOptions", "", owners, ""},
	{"GET /Items/Latest", "/Items/Latest?userId=${vic}", "", owners, ""},
	{"GET /Users/{userId}/Items/Latest", "/Users/${vic}/Items/Latest", "", owners, ""},
	{"GET /Movies/Recommendations", "/Movies/Recommendations?userId=${vic}", "", owners, ""},
	{"GET /SyncPlay/List", "/SyncPlay/List?userId=${vic}", "", owners, ""},
	{"GET /ScheduledTasks", "", "", admins, ""},
	{"GET /web/ConfigurationPages", "", "", admins, ""},
	{"GET /Plugins", "", "", admins, ""},
	{"GET /Packages", "", "", admins, ""},
	{"GET /Repositories", "", "", admins, ""},
	{"GET /Backup", "", "", admins, ""},
	{"GET /Search/Hints", "/Search/Hints?userId=${vic}", "", owners, ""},
	{"GET /Items/Counts", "/Items/Counts?userId=${vic}", "", owners, ""},
	{"GET /Items/Filters", "/Items/Filters?userId=${vic}", "", owners, ""},
	{"GET /Items/Filters2", "/Items/Filters2?userId=${vic}", "", owners, ""},
	{"GET /LiveTv/Info", "/LiveTv/Info?userId=${vic}", "", owners, ""},
	{"GET /Items/{itemId}", "/Items/${vic}?userId=${vic}", "", nobodyElse, ""}, // there is none
	{"GET /Users/{userId}/Items/{itemId}", "/Users/${vic}/Items/${vic}", "", nobodyElse, ""},
	{"GET /Playback/BitrateTest", "/Playback/BitrateTest?size=10", "", members, ""},
	{"GET /System/Info/Storage", "", "", admins, ""},
}

// counting are the routes whose refusals are counted: the log of them and the number of wrong passwords are all that they
// may change.
var counting = []string{
	"POST /Users/AuthenticateByName", "POST /Users/{userId}/Authenticate", "POST /Users/AuthenticateWithQuickConnect",
	"POST /Users/Password", "POST /Users/ForgotPassword/Pin",
}

// meant are the tables in which a route changes, by design, what is another's: who has forgotten a password is nobody yet.
var meant = map[string]string{"POST /Users/ForgotPassword": "password_resets"}

// aPicture is a PNG of one pixel as apps send it.
const aPicture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="

// TestNobodyGetsAtWhatIsAnothers makes each request as each caller. Who may not make it changes not a byte of the store,
// and is told nothing of vic's. Who may, but is neither she nor an administrator, changes nothing of hers, and sees only
// what the table says. Tokens and passwords are shown to nobody.
func TestNobodyGetsAtWhatIsAnothers(t *testing.T) {
	t.Parallel()
	first := newVictim(t, nil)
	first.store.Close()
	for _, caller := range []struct{ name, as string }{
		{"nobody", ""}, {"other", "ben"}, {"owner", "vic"}, {"admin", "admin"}, {"key", "key"},
	} {
		t.Run(caller.name, func(t *testing.T) {
			t.Parallel()
			var v *victim
			told := map[string]bool{"request": true} // which nothing shows
			for _, row := range trespasses {
				if v == nil {
					v = newVictim(t, first)
					v.told = told
				}
				if v.ask(row, caller.name, caller.as) {
					v = nil // what was changed is not to help or hinder the next request
				}
			}
			for name := range first.marks {
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
	v.names["me"] = v.names[as]
	header := map[string]string{"Authorization": authorization}
	if row.send == aPicture {
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
	case !may && !refuses(status, row, caller):
		v.Errorf("%s: got %d, want a refusal: %.200s", what, status, told)
	case !may && !maps.Equal(before, after):
		v.Errorf("%s: it changes the store (-before +after):\n%s", what, cmp.Diff(before, after))
	case !trusted && !maps.Equal(v.hers(before, meant[row.route]), v.hers(after, meant[row.route])):
		v.Errorf("%s: it changes what is vic's (-before +after):\n%s", what, cmp.Diff(v.hers(before, ""), v.hers(after, "")))
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

// refuses tells whether a status is a refusal. That there is no such thing, or none that is the caller's, is one, too,
// where others show that the request makes sense.
func refuses(status int, row trespass, caller string) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed:
		return true
	case http.StatusForbidden:
		return caller != "nobody"
	case http.StatusBadRequest:
		return caller != "nobody" && (caller != "other" || row.may != nobodyElse)
	}
	return false
}
