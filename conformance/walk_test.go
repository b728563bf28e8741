package conformance_test

import (
	"strings"
	"testing"
)

// onePoint is a PNG of one point.
const onePoint = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// populate fills a server with whatever an answer may tell of: users with rights and schedules, devices with names and
// abilities, keys, pictures, preferences, refusals.
func populate() []request {
	const app = `MediaBrowser Client="Walk", Device="Walker's télé", DeviceId="walk", Version="1.0.0"`
	const admin = app + `, Token="${TOKEN}"`
	const ben = `MediaBrowser Client="Walk", Device="Ben's phone", DeviceId="walk-ben", Version="1.0.0", Token="${BEN}"`
	post := func(path, auth, body string, save map[string]string) request {
		return request{method: "POST", path: path, auth: auth, headers: [][2]string{inJSON}, body: body, save: save}
	}
	refused := func(s request, status int) request { s.status = status; return s }
	return []request{
		post("/Users/AuthenticateByName", app, quoted("Username", people[0].name, "Pw", people[0].password), map[string]string{"TOKEN": "AccessToken", "ANNA": "User.Id"}),
		refused(post("/Users/AuthenticateByName", app, quoted("Username", people[1].name, "Pw", "wrong"), nil), 401),
		refused(post("/Users/AuthenticateByName", app, quoted("Username", "nobody", "Pw", "wrong"), nil), 401),
		post("/Users/AuthenticateByName", strings.Replace(ben, `, Token="${BEN}"`, "", 1), quoted("Username", people[1].name, "Pw", people[1].password),
			map[string]string{"BEN": "AccessToken", "BEN_ID": "User.Id", "PROVIDER": "User.Policy.AuthenticationProviderId", "RESET": "User.Policy.PasswordResetProviderId"}),
		post("/Users/New", admin, quoted("Name", "dora", "Password", "first word"), map[string]string{"DORA": "Id"}),
		post("/Users/${DORA}/Policy", admin, `{"AuthenticationProviderId":"${PROVIDER}","PasswordResetProviderId":"${RESET}","MaxActiveSessions":3,
			"AccessSchedules":[{"UserId":"${DORA}","DayOfWeek":"Weekday","StartHour":8,"EndHour":20.5}],"BlockedTags":["a","b"],"AllowedTags":["c"],
			"MaxParentalRating":10,"BlockUnratedItems":["Movie","Book"],"EnableAllDevices":false,"EnabledDevices":["walk"],"SyncPlayAccess":"JoinGroups"}`, nil),
		post("/Users/Configuration?userId=${BEN_ID}", ben, `{"AudioLanguagePreference":"deu","SubtitleLanguagePreference":"eng","SubtitleMode":"Smart",
			"GroupedFolders":["${DORA}"],"OrderedViews":["${DORA_DASHED}"],"CastReceiverId":"x"}`, nil),
		post("/Sessions/Capabilities/Full", ben, `{"PlayableMediaTypes":["Audio","Video"],"SupportedCommands":["MoveUp","Mute"],"SupportsMediaControl":true,
			"SupportsPersistentIdentifier":true,"IconUrl":"http://example.org/i.png","AppStoreUrl":"http://example.org/a"}`, nil),
		post("/Devices/Options?id=walk-ben", admin, quoted("CustomName", "Bens Handy"), nil),
		post("/Auth/Keys?App=walking%20script", admin, "", nil),
		post("/Auth/Keys?App=another", admin, "", nil),
		{method: "GET", path: "/Auth/Keys", auth: admin, save: map[string]string{"KEY": "Items[].AccessToken"}},
		post("/DisplayPreferences/usersettings?userId=${BEN_ID}&client=emby", ben, `{"Id":"usersettings","SortBy":"Name","CustomPrefs":{"x":"y","n":null},
			"ScrollDirection":"Vertical","SortOrder":"Descending","RememberIndexing":true,"PrimaryImageHeight":250,"PrimaryImageWidth":250,"RememberSorting":false,
			"ShowBackdrop":true,"ShowSidebar":false,"Client":"emby"}`, nil),
		{method: "POST", path: "/UserImage?userId=${BEN_ID}", auth: ben, headers: [][2]string{{"Content-Type", "image/png"}}, body: onePoint},
		post("/System/Configuration/branding", admin, `{"LoginDisclaimer":"<b>hello</b>","CustomCss":"a{}","SplashscreenEnabled":false}`, nil),
		post("/QuickConnect/Initiate", app, "", asked),
		post("/Users/ForgotPassword", app, quoted("EnteredUsername", "dora"), nil),
	}
}

// TestPopulatedAnswersAreAsTheDocumentSays asks a server that has something to tell for everything that the document has,
// as an administrator, as a user and with an API key.
func TestPopulatedAnswersAreAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, person := range people {
		add(t, s, person.name, person.password, person.flags...)
	}
	promised := &promises{document: document(t)}
	v := &visit{server: s, promised: promised, values: map[string]string{}}
	for _, step := range populate() {
		v.do(t, step)
	}
	for _, path := range promised.document.Paths("GET") {
		asked := strings.NewReplacer("{userId}", "${BEN_ID}", "{displayPreferencesId}", "usersettings", "{key}", "network").Replace(path)
		asked += map[string]string{
			"/Devices/Info": "?id=walk-ben", "/Devices/Options": "?id=walk-ben", "/QuickConnect/Connect": "?secret=${SECRET}",
			"/DisplayPreferences/{displayPreferencesId}": "?userId=${BEN_ID}&client=emby", "/UserViews": "?userId=${BEN_ID}",
			"/UserViews/GroupingOptions": "?userId=${BEN_ID}",
		}[path]
		if path == "/Users/Me" {
			continue // a key is nobody
		}
		for _, token := range []string{"${TOKEN}", "${KEY}"} {
			if _, err := v.send(request{method: "GET", path: asked, auth: `MediaBrowser Token="` + token + `"`}); err != nil {
				t.Errorf("GET %s: %v", v.fill(asked), err)
			}
		}
	}
	for _, path := range []string{"/Users/Me", "/Users/${BEN_ID}", "/Sessions", "/UserViews", "/System/Info", "/System/Endpoint", "/Users", "/System/Configuration/branding",
		"/System/Configuration/metadata", "/System/ActivityLog/Entries?hasUserId=true&limit=3", "/Sessions?activeWithinSeconds=60", "/Localization/Cultures"} {
		for _, token := range []string{"${BEN}", "${TOKEN}"} {
			_, _ = v.send(request{method: "GET", path: path, auth: `MediaBrowser Token="` + token + `"`}) // refusals are others' business
		}
	}
	promised.kept(t)
}
