package server_test

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/server"
)

// access is what a route answers to whom. Before the set-up strangers from the Internet ask, and people of this machine
// under a name that a stranger's DNS has made.
type access struct {
	route  string // as in the table
	target string // a request for it, if that is not the route itself
	send   string

	nobody, user, admin, key int
	stranger, rebound        int // before the set-up
}

const wholePolicy = `{"AuthenticationProviderId":"Jellyfin.Server.Implementations.Users.DefaultAuthenticationProvider",
	"PasswordResetProviderId":"Jellyfin.Server.Implementations.Users.DefaultPasswordResetProvider"}`

const wholeUser = `{"Name":"ann","Policy":` + wholePolicy + `}`

var everything = []access{
	{"GET /{$}", "/", "", 302, 302, 302, 302, 302, 302},
	{"HEAD /{$}", "/", "", 302, 302, 302, 302, 302, 302},
	{"GET /web/{file...}", "/web/", "", 302, 302, 302, 302, 302, 302},
	{"HEAD /web/{file...}", "/web/", "", 302, 302, 302, 302, 302, 302},
	{"GET /robots.txt", "", "", 200, 200, 200, 200, 200, 200},
	{"HEAD /robots.txt", "", "", 200, 200, 200, 200, 200, 200},
	{"GET /System/Info/Public", "", "", 200, 200, 200, 200, 200, 200},
	{"GET /System/Info", "", "", 401, 200, 200, 200, 403, 403},
	{"GET /System/Ping", "", "", 200, 200, 200, 200, 200, 200},
	{"POST /System/Ping", "", "", 200, 200, 200, 200, 200, 200},
	{" /health", "", "", 200, 200, 200, 200, 200, 200},
	{"GET /metrics", "", "", 401, 403, 404, 404, 401, 401}, // without a handler
	{"GET /System/ActivityLog/Entries", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /System/Logs", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /System/Logs/Log", "/System/Logs/Log?name=x.log", "", 401, 403, 404, 404, 401, 401},
	{"POST /System/Restart", "", "", 401, 403, 405, 405, 401, 401},
	{"POST /System/Shutdown", "", "", 401, 403, 405, 405, 401, 401},
	{"POST /ClientLog/Document", "", "a log", 401, 200, 200, 200, 401, 401},
	{"GET /System/Configuration", "", "", 401, 200, 200, 200, 401, 401},
	{"POST /System/Configuration", "", `{"QuickConnectAvailable":true}`, 401, 403, 204, 204, 401, 401},
	{"GET /System/Configuration/{key}", "/System/Configuration/network", "", 401, 200, 200, 200, 401, 401},
	{"POST /System/Configuration/{key}", "/System/Configuration/metadata", "{}", 401, 403, 204, 204, 401, 401},
	{"GET /System/Configuration/MetadataOptions/Default", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /System/Endpoint", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Branding/Configuration", "", "", 200, 200, 200, 200, 200, 200},
	{"GET /Branding/Css", "", "", 200, 200, 200, 200, 200, 200},
	{"GET /Branding/Css.css", "", "", 200, 200, 200, 200, 200, 200},

	{"GET /Startup/Configuration", "", "", 401, 403, 200, 200, 403, 403},
	{"POST /Startup/Configuration", "", "{}", 401, 403, 204, 204, 403, 403},
	{"GET /Startup/User", "", "", 401, 403, 200, 200, 403, 403},
	{"GET /Startup/FirstUser", "", "", 401, 403, 200, 200, 403, 403},
	{"POST /Startup/User", "", `{"Name":"mallory","Password":"x"}`, 401, 403, 403, 403, 403, 403},
	{"POST /Startup/RemoteAccess", "", `{"EnableRemoteAccess":true}`, 401, 403, 204, 204, 403, 403},
	{"POST /Startup/Complete", "", "", 401, 403, 204, 204, 403, 403},

	{"GET /Localization/Options", "", "", 401, 200, 200, 200, 403, 403},
	{"GET /Localization/Cultures", "", "", 401, 200, 200, 200, 403, 403},
	{"GET /Localization/ParentalRatings", "", "", 401, 200, 200, 200, 403, 403},
	{"GET /Localization/Countries", "", "", 401, 200, 200, 200, 403, 403},
	{"GET /Library/VirtualFolders", "", "", 401, 403, 200, 200, 403, 403},

	{"POST /Users/AuthenticateByName", "", `{"Username":"ben","Pw":"ben-pw"}`, 200, 200, 200, 200, 403, 403},
	{"POST /Users/{userId}/Authenticate", "/Users/${ben}/Authenticate?pw=ben-pw", "", 200, 200, 200, 200, 403, 403},
	{"POST /Users/AuthenticateWithQuickConnect", "", `{"Secret":"${fresh approved secret}"}`, 200, 200, 200, 200, 403, 403},
	{"GET /QuickConnect/Enabled", "", "", 200, 200, 200, 200, 200, 200},
	{"POST /QuickConnect/Initiate", "", "", 200, 200, 200, 200, 403, 403},
	{"GET /QuickConnect/Initiate", "", "", 200, 200, 200, 200, 403, 403},
	{"GET /QuickConnect/Connect", "/QuickConnect/Connect?secret=${fresh secret}", "", 200, 200, 200, 200, 200, 200},
	{"POST /QuickConnect/Authorize", "/QuickConnect/Authorize?code=${fresh code}&userId=${ann}", "", 401, 200, 200, 200, 401, 403},

	{"GET /QuickConnect/Finlatch/Asked", "/QuickConnect/Finlatch/Asked?code=${fresh code}", "", 401, 200, 200, 200, 401, 403},
	{"POST /QuickConnect/Finlatch/Approve", "/QuickConnect/Finlatch/Approve?code=${fresh code}&dateAdded=2026-11-24T12:00:00Z&userId=${ann}", "", 401, 204, 204, 204, 401, 403},
	{"POST /QuickConnect/Finlatch/Deny", "/QuickConnect/Finlatch/Deny?code=${fresh code}&dateAdded=2026-11-24T12:00:00Z", "", 401, 204, 204, 204, 401, 403},

	{"GET /Users", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Users/Public", "", "", 200, 200, 200, 200, 200, 200},
	{"GET /Users/Me", "", "", 401, 200, 200, 400, 401, 401},
	{"GET /Users/{userId}", "/Users/${ben}", "", 401, 200, 200, 200, 401, 401},
	{"POST /Users/New", "", `{"Name":"${fresh name}"}`, 401, 403, 200, 200, 401, 401},
	{"POST /Users/{userId}/Policy", "/Users/${fresh user}/Policy", wholePolicy, 401, 403, 204, 204, 401, 401},
	{"DELETE /Users/{userId}", "/Users/${fresh user}", "", 401, 403, 204, 204, 401, 401},
	{"POST /Users", "/Users?userId=${ann}", wholeUser, 401, 204, 204, 204, 401, 401},
	{"POST /Users/{userId}", "/Users/${ann}", wholeUser, 401, 204, 204, 204, 401, 401},
	{"POST /Users/Configuration", "/Users/Configuration?userId=${ann}", "{}", 401, 204, 204, 204, 401, 401},
	{"POST /Users/{userId}/Configuration", "/Users/${ann}/Configuration", "{}", 401, 204, 204, 204, 401, 401},
	{"POST /Users/Password", "/Users/Password?userId=${ann}", `{"CurrentPw":"ann-pw","NewPw":"ann-pw"}`, 401, 204, 204, 204, 401, 401},
	{"POST /Users/{userId}/Password", "/Users/${ann}/Password", `{"CurrentPw":"ann-pw","NewPw":"ann-pw"}`, 401, 204, 204, 204, 401, 401},
	{"POST /Users/ForgotPassword", "", `{"EnteredUsername":"ben"}`, 200, 200, 200, 200, 403, 403},
	{"POST /Users/ForgotPassword/Pin", "", `{"Pin":"00-00-00-00"}`, 404, 404, 404, 404, 403, 403},

	// Of a user without a picture, and with a body that is none.
	{"GET /UserImage", "/UserImage?userId=${ben}", "", 404, 404, 404, 404, 404, 404},
	{"HEAD /UserImage", "/UserImage?userId=${ben}", "", 404, 404, 404, 404, 404, 404},
	{"POST /UserImage", "/UserImage?userId=${ann}", "{}", 401, 400, 400, 400, 401, 401},
	{"DELETE /UserImage", "/UserImage?userId=${ann}", "", 401, 204, 204, 204, 401, 401},
	{"GET /Users/{userId}/Images/{imageType}", "/Users/${ben}/Images/Primary", "", 404, 404, 404, 404, 404, 404},
	{"HEAD /Users/{userId}/Images/{imageType}", "/Users/${ben}/Images/Primary", "", 404, 404, 404, 404, 404, 404},
	{"POST /Users/{userId}/Images/{imageType}", "/Users/${ann}/Images/Primary", "{}", 401, 400, 400, 400, 401, 401},
	{"DELETE /Users/{userId}/Images/{imageType}", "/Users/${ann}/Images/Primary", "", 401, 204, 204, 204, 401, 401},
	{"GET /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${ben}/Images/Primary/0", "", 404, 404, 404, 404, 404, 404},
	{"HEAD /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${ben}/Images/Primary/0", "", 404, 404, 404, 404, 404, 404},
	{"POST /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${ann}/Images/Primary/0", "{}", 401, 400, 400, 400, 401, 401},
	{"DELETE /Users/{userId}/Images/{imageType}/{imageIndex}", "/Users/${ann}/Images/Primary/0", "", 401, 204, 204, 204, 401, 401},
	{"GET /Branding/Splashscreen", "", "", 404, 404, 404, 404, 404, 404},
	{"POST /Branding/Splashscreen", "", "{}", 401, 403, 400, 400, 401, 401},
	{"DELETE /Branding/Splashscreen", "", "", 401, 403, 204, 204, 401, 401},

	{"GET /Sessions", "", "", 401, 200, 200, 200, 401, 401},
	{"POST /Sessions/Logout", "", "", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/Capabilities", "", "", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/Capabilities/Full", "", "{}", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/Viewing", "/Sessions/Viewing?itemId=${ann}", "", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/Playing", "", "{}", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/Playing/Progress", "", "{}", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/Playing/Ping", "", "", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/Playing/Stopped", "", "{}", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/{sessionId}/User/{userId}", "/Sessions/${ann.session}/User/${ben}", "", 401, 400, 400, 400, 401, 401},
	{"DELETE /Sessions/{sessionId}/User/{userId}", "/Sessions/${ann.session}/User/${ben}", "", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/{sessionId}/Command", "/Sessions/${ann.session}/Command", `{"Name":"Mute"}`, 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/{sessionId}/Command/{command}", "/Sessions/${ann.session}/Command/Mute", "", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/{sessionId}/System/{command}", "/Sessions/${ann.session}/System/Mute", "", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/{sessionId}/Message", "/Sessions/${ann.session}/Message", `{"Text":"x"}`, 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/{sessionId}/Viewing", "/Sessions/${ann.session}/Viewing?itemType=Movie&itemId=${ann}&itemName=x", "", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/{sessionId}/Playing", "/Sessions/${ann.session}/Playing?playCommand=PlayNow&itemIds=${ann}", "", 401, 204, 204, 204, 401, 401},
	{"POST /Sessions/{sessionId}/Playing/{command}", "/Sessions/${ann.session}/Playing/Pause", "", 401, 204, 204, 204, 401, 401},
	{"GET /Devices", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /Devices/Info", "/Devices/Info?id=${fresh device}", "", 401, 403, 200, 200, 401, 401},
	{"GET /Devices/Options", "/Devices/Options?id=nobody's", "", 401, 403, 404, 404, 401, 401},
	{"POST /Devices/Options", "/Devices/Options?id=fridge", `{"CustomName":"x"}`, 401, 403, 204, 204, 401, 401},
	{"DELETE /Devices", "/Devices?id=${fresh device}", "", 401, 403, 204, 204, 401, 401},
	{"GET /Auth/Providers", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /Auth/PasswordResetProviders", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /Auth/Keys", "", "", 401, 403, 200, 200, 401, 401},
	{"POST /Auth/Keys", "/Auth/Keys?app=x", "", 401, 403, 204, 204, 401, 401},
	{"DELETE /Auth/Keys/{key}", "/Auth/Keys/${fresh key}", "", 401, 403, 204, 204, 401, 401},

	{"GET /DisplayPreferences/{displayPreferencesId}", "/DisplayPreferences/usersettings?client=emby&userId=${ann}", "", 401, 200, 200, 200, 401, 401},
	{"POST /DisplayPreferences/{displayPreferencesId}", "/DisplayPreferences/usersettings?client=emby&userId=${ann}", "{}", 401, 204, 204, 204, 401, 401},

	// What there is none of.
	{"GET /UserViews", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Users/{userId}/Views", "/Users/${ann}/Views", "", 401, 200, 200, 200, 401, 401},
	{"GET /Items", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Users/{userId}/Items", "/Users/${ann}/Items", "", 401, 200, 200, 200, 401, 401},
	{"GET /UserItems/Resume", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Users/{userId}/Items/Resume", "/Users/${ann}/Items/Resume", "", 401, 200, 200, 200, 401, 401},
	{"GET /Items/Suggestions", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Users/{userId}/Suggestions", "/Users/${ann}/Suggestions", "", 401, 200, 200, 200, 401, 401},
	{"GET /Shows/NextUp", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Shows/Upcoming", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Trailers", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Persons", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Artists", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Artists/AlbumArtists", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Studios", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Genres", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /MusicGenres", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Years", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Channels", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /LiveTv/Channels", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /LiveTv/Programs", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /LiveTv/Programs/Recommended", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /LiveTv/Recordings", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Library/MediaFolders", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /UserViews/GroupingOptions", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Users/{userId}/GroupingOptions", "/Users/${ann}/GroupingOptions", "", 401, 200, 200, 200, 401, 401},
	{"GET /Items/Latest", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Users/{userId}/Items/Latest", "/Users/${ann}/Items/Latest", "", 401, 200, 200, 200, 401, 401},
	{"GET /Movies/Recommendations", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /SyncPlay/List", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /ScheduledTasks", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /web/ConfigurationPages", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /Plugins", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /Packages", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /Repositories", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /Backup", "", "", 401, 403, 200, 200, 401, 401},
	{"GET /Search/Hints", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Items/Counts", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Items/Filters", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Items/Filters2", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /LiveTv/Info", "", "", 401, 200, 200, 200, 401, 401},
	{"GET /Items/{itemId}", "/Items/${ann}", "", 401, 404, 404, 404, 401, 401},
	{"GET /Users/{userId}/Items/{itemId}", "/Users/${ann}/Items/${ann}", "", 401, 404, 404, 404, 401, 401},
	{"GET /Playback/BitrateTest", "/Playback/BitrateTest?size=10", "", 401, 200, 200, 200, 401, 401},
	{"GET /System/Info/Storage", "", "", 401, 403, 200, 200, 401, 401},
}

func TestEveryRouteIsListedHere(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, a := range everything {
		listed = append(listed, a.route)
	}
	for _, route := range server.Routes() {
		if !slices.Contains(listed, route) {
			t.Errorf("%s has no line in the table of access", route)
		}
	}
	for _, route := range listed {
		if !slices.Contains(server.Routes(), route) {
			t.Errorf("%s is in the table of access and not in that of routes", route)
		}
	}
}

func (a access) do() string {
	method, path, _ := strings.Cut(a.route, " ")
	if a.target != "" {
		path = a.target
	}
	return method + " " + path
}

// status sends the request of a route and gives its status, having looked at the body of a refusal.
func (w *world) status(a access, header map[string]string, as, from string) int {
	w.Helper()
	request := w.request(scenario{do: a.do(), as: as, from: from, header: header, send: a.send})
	if a.send == "" && request.Method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json") // axios does
	}
	response, err := w.client.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	status, length := response.StatusCode, response.ContentLength
	switch kind := response.Header.Get("Content-Type"); {
	case status == 401 || status == 403 && as != "":
		if length != 0 || kind != "" {
			w.Errorf("%s: the refusal %d has a body of %d bytes and type %q", a.route, status, length, kind)
		}
	case status == 403 && kind != "text/plain":
		w.Errorf("%s: the refusal before the set-up is %q, not text", a.route, kind)
	case status == 200 && kind != cmp.Or(otherTypes[a.route], jsonType):
		w.Errorf("%s: got Content-Type %q, want %q", a.route, kind, cmp.Or(otherTypes[a.route], jsonType))
	}
	return status
}

// otherTypes are those of answers that are no JSON.
var otherTypes = map[string]string{
	"GET /robots.txt":           "text/plain; charset=utf-8",
	"HEAD /robots.txt":          "text/plain; charset=utf-8",
	"GET /Branding/Css":         "text/css; charset=utf-8",
	"GET /Branding/Css.css":     "text/css; charset=utf-8",
	"GET /Playback/BitrateTest": "application/octet-stream",
	" /health":                  "text/plain",
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, a := range everything {
		for _, who := range []struct {
			name string
			want int
		}{
			{"", a.nobody}, {"stale", a.nobody}, {"ann", a.user}, {"admin", a.admin}, {"key", a.key},
		} {
			switch who.name {
			case "stale":
				w.names["stale.token"] = strings.Repeat("0", 32)
			case "ann", "admin":
				w.names[who.name+".token"] = w.signIn(who.name, who.name+"-pw", "another phone")
			}
			header := map[string]string{}
			if who.name != "" {
				header["Authorization"] = `MediaBrowser Client="App", Device="Telly", DeviceId="tv", Version="1.0", Token="${` + who.name + `.token}"`
			}
			if got := w.status(a, header, who.name, ""); got != who.want {
				t.Errorf("%s: %q got %d, want %d", a.route, who.name, got, who.want)
			}
		}
	}
}

func TestBeforeTheSetUpStrangersAreRefused(t *testing.T) {
	t.Parallel()
	w := freshWorld(t)
	w.user("ann", "ann-pw") // by the operator; only an administrator with a password would complete the set-up
	w.user("ben", "ben-pw")
	w.names["ann.session"] = "0"
	for _, a := range everything {
		if got := w.status(a, nil, "", away); got != a.stranger {
			t.Errorf("%s: a stranger got %d, want %d", a.route, got, a.stranger)
		}
		if got := w.status(a, map[string]string{"Host": "evil.example"}, "", ""); got != a.rebound {
			t.Errorf("%s: under a stranger's name this machine got %d, want %d", a.route, got, a.rebound)
		}
	}
}
