package conformance_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestClients lets the apps that cannot run here sign in, by password and by Quick Connect, as far as a quiet home page.
func TestClients(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, person := range people {
		add(t, s, person.name, person.password, person.flags...)
	}
	promised := &promises{document: document(t)}
	t.Cleanup(func() { promised.kept(t) })
	for _, app := range clients() {
		for way, signIn := range map[string][]request{"password": app.password, "Quick Connect": app.quickConnect} {
			if signIn == nil {
				continue
			}
			t.Run(app.name+"/"+way, func(t *testing.T) {
				t.Parallel()
				person := people[1]
				if app.administrator {
					person = people[0]
				}
				v := &visit{server: s, promised: promised, values: map[string]string{"NAME": person.name, "PASSWORD": escaped(person.password),
					"DEVICE": strings.ToLower(strings.NewReplacer(" ", "-", "/", "-").Replace(t.Name()))}}
				v.do(t, request{method: "GET", path: "/System/Info/Public", reads: publicFields, save: map[string]string{"SERVER": "Id"}})
				for _, steps := range [][]request{app.reach, signIn, app.content} {
					for _, s := range steps {
						v.do(t, s)
					}
				}
			})
		}
	}
}

// escaped is a text inside a JSON string.
func escaped(text string) string {
	return strings.TrimSuffix(strings.TrimPrefix(quoted("", text), `{"":"`), `"}`)
}

var inJSON = [2]string{"Content-Type", "application/json"}

// steps puts steps and lists of steps together.
func steps(parts ...any) []request {
	var out []request
	for _, part := range parts {
		switch part := part.(type) {
		case request:
			out = append(out, part)
		case []request:
			out = append(out, part...)
		default:
			panic(fmt.Sprintf("%T", part))
		}
	}
	return out
}

// The results of a sign-in that later steps need, and of an Initiate.
var (
	whoAmI = map[string]string{"TOKEN": "AccessToken", "USER": "User.Id"}
	asked  = map[string]string{"SECRET": "Secret", "CODE": "Code"}
	// polled: what the poll answers is exchanged, not what Initiate did.
	polled = map[string]string{"SECRET": "Secret"}
)

func clients() []client {
	return []client{androidTV(), findroid(), swiftfin(), roku(), kodi(), finampStable(), finampBeta(), streamyfin(), seerr(), infuse()}
}

// --- Kotlin SDK 1.8: values encoded, + for a space, ids sent with dashes ---

const kotlinAccept = "application/json, application/octet-stream;q=0.9, */*;q=0.8"

func kotlin(app, version, device string) string {
	return `MediaBrowser Client="` + app + `", Version="` + version + `", DeviceId="` + device + `", Device="Ben%27s+t%C3%A9l%C3%A9"`
}

func withKotlin(agent string, list []request) []request {
	for i := range list {
		list[i].headers = append(list[i].headers, [2]string{"Accept", kotlinAccept},
			[2]string{"User-Agent", agent + " via jellyfin-sdk-kotlin (OkHttp/5.1.0)"}, [2]string{"Accept-Charset", "UTF-8"})
		if list[i].body != "" {
			list[i].headers = append(list[i].headers, inJSON)
		}
	}
	return list
}

// Android TV has three device ids: one that is drawn for Initiate and the polls, its own for the exchange or one of the
// typed name for a password, and one of the user for all that follows.
func androidTV() client {
	app := func(device string) string { return kotlin("Android+TV", "0.19.0", device+"${DEVICE}") }
	as := app("user-${USER}-") + `, Token="${TOKEN}"`
	tv := func(list ...any) []request { return withKotlin("Android TV/0.19.0", steps(list...)) }
	return client{
		name: "Android TV",
		reach: tv(
			request{ask: "who is JellyfinServer?", reads: replyFields},
			request{method: "GET", path: "/System/Info/Public", auth: app(""), reads: publicFields},
			request{method: "GET", path: "/Branding/Configuration", auth: app(""), reads: []string{"SplashscreenEnabled bool"}},
			request{method: "GET", path: "/Users/Public", auth: app(""), reads: []string{"array"}},
		),
		password: tv(request{method: "POST", path: "/Users/AuthenticateByName", auth: app("name-"),
			body: `{"Username":"${NAME}","Pw":"${PASSWORD}"}`, reads: signInFields, save: whoAmI}),
		quickConnect: tv(
			request{method: "POST", path: "/QuickConnect/Initiate", auth: app("drawn-"), reads: all(quickConnectFields, "Authenticated=false"), save: asked},
			request{method: "GET", path: "/QuickConnect/Connect?secret=${SECRET}", auth: app("drawn-"), reads: all(quickConnectFields, "Authenticated=false")},
			request{method: "GET", path: "/QuickConnect/Connect?secret=${SECRET}", auth: app("drawn-"), approve: true,
				reads: all(quickConnectFields, "Authenticated=true", "Secret=${SECRET}", "Code=${CODE}")},
			request{method: "POST", path: "/Users/AuthenticateWithQuickConnect", auth: app(""), body: `{"Secret":"${SECRET}"}`, reads: signInFields, save: whoAmI},
		),
		content: tv(
			request{method: "GET", path: "/Branding/Configuration", auth: as, reads: []string{"SplashscreenEnabled bool"}},
			request{method: "GET", path: "/Users/Me", auth: as, reads: userFields},
			request{method: "GET", path: "/DisplayPreferences/usersettings?client=jellyfin-androidtv", auth: as, reads: preferenceFields},
			request{method: "POST", path: "/Sessions/Capabilities?playableMediaTypes=Video&playableMediaTypes=Audio&supportedCommands=DisplayContent" +
				"&supportedCommands=Mute&supportsMediaControl=true", auth: as},
			request{socket: "/socket", auth: as, reads: []string{"MessageId uuid", "Data int"}},
			request{method: "GET", path: "/UserViews", auth: as, reads: viewFields},
			request{method: "GET", path: "/Users/${USER_DASHED}", auth: as, reads: userFields},
			request{method: "GET", path: "/UserViews?userId=${USER_DASHED}", auth: as, reads: viewFields},
		),
	}
}

func findroid() client {
	app := kotlin("Findroid", "0.15.3", "${DEVICE}")
	as := app + `, Token="${TOKEN}"`
	phone := func(list ...any) []request { return withKotlin("Findroid/0.15.3", steps(list...)) }
	return client{
		name: "Findroid",
		reach: phone(
			request{ask: "who is JellyfinServer?", reads: replyFields},
			request{method: "GET", path: "/System/Info/Public", auth: app, reads: publicFields},
			request{method: "GET", path: "/Users/Public", auth: app, reads: []string{"array"}},
			request{method: "GET", path: "/Branding/Configuration", auth: app, reads: []string{"SplashscreenEnabled bool"}},
			request{method: "GET", path: "/QuickConnect/Enabled", auth: app, reads: []string{"=true"}},
			request{method: "POST", path: "/Users/AuthenticateByName", auth: app, body: `{"Username":"${NAME}","Pw":"wrong"}`, status: 401},
		),
		password: phone(request{method: "POST", path: "/Users/AuthenticateByName", auth: app,
			body: `{"Username":"${NAME}","Pw":"${PASSWORD}"}`, reads: signInFields, save: whoAmI}),
		quickConnect: phone(
			request{method: "POST", path: "/QuickConnect/Initiate", auth: app, reads: quickConnectFields, save: asked},
			request{method: "GET", path: "/QuickConnect/Connect?secret=${SECRET}", auth: app, approve: true, reads: all(quickConnectFields, "Authenticated=true")},
			request{method: "POST", path: "/Users/AuthenticateWithQuickConnect", auth: app, body: `{"Secret":"${SECRET}"}`, reads: signInFields, save: whoAmI},
		),
		content: phone(request{method: "GET", path: "/UserViews?userId=${USER_DASHED}", auth: as, reads: viewFields}),
	}
}

// --- Swift SDK 3: neither quoted nor escaped, in any order; messages in binary frames ---

func swiftfin() client {
	const app = `MediaBrowser DeviceId=${DEVICE}, Device=Ben's iPhone, Client=Swiftfin iOS, Version=1.4`
	const old = `MediaBrowser Version=1.4, Token=, Client=Swiftfin iOS, DeviceId=${DEVICE}, Device=Ben's iPhone`
	const as = `MediaBrowser Device=Ben's iPhone, Token=${TOKEN}, Version=1.4, DeviceId=${DEVICE}, Client=Swiftfin iOS`
	return client{
		name: "Swiftfin",
		reach: []request{
			{ask: "Who is JellyfinServer?", reads: replyFields},
			{method: "GET", path: "/System/Info/Public", auth: app, reads: publicFields},
			{method: "GET", path: "/System/Info/Public", auth: old, reads: publicFields},
			{method: "GET", path: "/QuickConnect/Enabled", auth: app, reads: []string{"=true"}},
			{method: "GET", path: "/Users/Public", auth: app, reads: []string{"array"}},
			{method: "GET", path: "/Branding/Configuration", auth: app, reads: []string{"SplashscreenEnabled bool"}},
		},
		password: []request{{method: "POST", path: "/Users/AuthenticateByName", auth: app, headers: [][2]string{inJSON},
			body: "{\n  \"Pw\" : \"${PASSWORD}\",\n  \"Username\" : \"${NAME}\"\n}", reads: signInFields, save: whoAmI}},
		quickConnect: []request{
			{method: "POST", path: "/QuickConnect/Initiate", auth: old, reads: quickConnectFields, save: asked},
			{method: "GET", path: "/QuickConnect/Connect?secret=${SECRET}", auth: app, approve: true, reads: all(quickConnectFields, "Authenticated=true"), save: polled},
			{method: "POST", path: "/Users/AuthenticateWithQuickConnect", auth: app, headers: [][2]string{inJSON},
				body: "{\n  \"Secret\" : \"${SECRET}\"\n}", reads: signInFields, save: whoAmI},
		},
		content: []request{
			{method: "GET", path: "/System/Info/Public", auth: as, reads: publicFields},
			{method: "GET", path: "/Users/Me", auth: as, reads: userFields},
			{method: "POST", path: "/Sessions/Capabilities?supportsMediaControl=true&playableMediaTypes=Video&supportedCommands=Play", auth: as},
			{socket: "/socket", auth: as, binary: true, reads: []string{"Data int"}},
			{method: "GET", path: "/UserViews?userId=${USER}", auth: as, reads: viewFields},
			// It lets somebody else in, too, and wants to hear true.
			{method: "POST", path: "/QuickConnect/Initiate", auth: app, save: asked},
			{method: "POST", path: "/QuickConnect/Authorize?code=${CODE}&userId=${USER}", auth: as, reads: []string{"=true"}},
		},
	}
}

// --- Roku and Kodi: own HTTP code ---

// Roku's device id has the user's name in it once that is known, and it looks at no status: any JSON is success.
func roku() client {
	const app = `MediaBrowser Client="Jellyfin Roku", Device="Living room (Roku Ultra 4800X)", Version="3.2.4", DeviceId="${DEVICE}"`
	const as = `MediaBrowser Client="Jellyfin Roku", Device="Living room (Roku Ultra 4800X)", Version="3.2.4", UserId="${USER}", DeviceId="${DEVICE}${NAME}", Token="${TOKEN}"`
	return client{
		name: "Roku",
		reach: []request{
			{ask: "Who is JellyfinServer?", reads: replyFields},
			{method: "GET", path: "/system/info/public", reads: publicFields},
			{method: "GET", path: "/System/Info/Public", auth: app, reads: publicFields},
			{method: "GET", path: "/Users/Public", auth: app, reads: []string{"array"}},
		},
		password: []request{
			{method: "POST", path: "/Users/AuthenticateByName?format=json", auth: app, headers: [][2]string{inJSON},
				body: `{"Username":"${NAME}","Pw":""}`, status: 401, notJSON: true},
			{method: "POST", path: "/Users/AuthenticateByName?format=json", auth: app, headers: [][2]string{inJSON},
				body: `{"Username":"${NAME}","Pw":"${PASSWORD}"}`, reads: signInFields, save: whoAmI},
		},
		quickConnect: []request{
			{method: "POST", path: "/QuickConnect/Initiate", auth: app, reads: []string{"Secret secret", "Code code"}, save: asked},
			{method: "GET", path: "/QuickConnect/Connect?secret=${SECRET}", auth: app, reads: []string{"Authenticated=false"}},
			{method: "GET", path: "/QuickConnect/Connect?secret=${SECRET}", auth: app, approve: true, reads: []string{"Authenticated=true"}},
			{method: "POST", path: "/Users/AuthenticateWithQuickConnect", auth: app, headers: [][2]string{inJSON}, body: `{"secret":"${SECRET}"}`,
				reads: signInFields, save: whoAmI},
		},
		content: []request{
			{method: "GET", path: "/Users/${USER}", auth: as, reads: userFields},
			{method: "GET", path: "/DisplayPreferences/usersettings?userId=${USER}&client=emby", auth: as, reads: preferenceFields},
			{method: "GET", path: "/userviews?userId=${USER}", auth: as, reads: viewFields},
			{method: "POST", path: "/Sessions/Capabilities/Full", auth: as, headers: [][2]string{inJSON},
				body: `{"PlayableMediaTypes":["Audio","Video","Photo"],"SupportedCommands":[],"SupportsPersistentIdentifier":false,"SupportsMediaControl":false}`},
		},
	}
}

// Kodi quotes nothing but on its WebSocket, and joins lists with commas.
func kodi() client {
	const app = `MediaBrowser Client=Kodi, Device=Living%20Room%2C%20%22TV%22, DeviceId=${DEVICE}, Version=1.0.9`
	const as = app + `, UserId=${USER}, Token=${TOKEN}`
	json := [][2]string{{"Content-type", "application/json"}, {"Accept-Charset", "UTF-8,*"}, {"Accept-encoding", "gzip"}, {"User-Agent", "Kodi/1.0.9"}}
	plain := [][2]string{json[0], json[1], {"User-Agent", "Kodi/1.0.9"}}
	return client{
		name: "Kodi",
		reach: []request{
			{ask: "who is JellyfinServer?", reads: replyFields},
			{method: "GET", path: "/system/info/public", auth: app, headers: plain, reads: publicFields},
			{method: "GET", path: "/system/info/public", auth: app, headers: plain, reads: publicFields},
			{method: "GET", path: "/Users/Public", auth: app, headers: plain, reads: []string{"array"}},
		},
		password: []request{{method: "POST", path: "/Users/AuthenticateByName", auth: app, headers: plain,
			body: `{"username": "${NAME}", "Pw": "${PASSWORD}"}`, reads: all("AccessToken text", "User.Id uuid", "ServerId=${SERVER}"), save: whoAmI}},
		quickConnect: []request{
			{method: "POST", path: "/QuickConnect/Initiate", auth: app, headers: plain, body: `{}`, reads: []string{"Secret secret", "Code code"}, save: asked},
			{method: "GET", path: "/QuickConnect/Connect?Secret=${SECRET}", auth: app, headers: plain, approve: true, reads: []string{"Authenticated=true"}},
			{method: "POST", path: "/Users/AuthenticateWithQuickConnect", auth: app, headers: plain, body: `{"Secret": "${SECRET}"}`,
				reads: all("AccessToken text", "User.Id uuid", "ServerId=${SERVER}"), save: whoAmI},
		},
		content: []request{
			{method: "GET", path: "/system/info", auth: as, headers: plain, reads: systemFields},
			{method: "GET", path: "/Users/${USER}", auth: as, headers: plain, reads: userFields},
			{socket: "/socket", auth: `MediaBrowser Client="Kodi", Device="Living Room, "TV"", DeviceId="${DEVICE}", Version="1.0.9", Token="${TOKEN}"`, reads: []string{"Data int"}},
			{method: "POST", path: "/Sessions/Capabilities/Full", auth: as, headers: plain,
				body: `{"PlayableMediaTypes": "Audio,Video", "SupportsMediaControl": true, "SupportedCommands": "MoveUp,MoveDown,Select,Back,Mute,Unmute"}`},
			{method: "GET", path: "/UserViews?userId=${USER}", auth: as, headers: plain, reads: viewFields},
			// Its player finds its own session by the device.
			{method: "GET", path: "/Sessions?deviceId=${DEVICE}", auth: as, headers: plain,
				reads: all("filled", "[].Id text", "[].DeviceId=${DEVICE}", "[].Capabilities.SupportsMediaControl=true", `[].PlayableMediaTypes=["Audio","Video"]`)},
			{method: "GET", path: "/system/info", auth: app + `, Token=0badc0de0badc0de0badc0de0badc0de`, headers: plain, status: 401},
		},
	}
}

// --- phones ---

// Finamp's stable release knows no Quick Connect, and its decoder wants every member.
func finampStable() client {
	const app = `MediaBrowser Client="Finamp", Device="Bens Pixel 8_", DeviceId="${DEVICE}", Version="0.6.28"`
	const as = `MediaBrowser UserId="${USER}", Token="${TOKEN}", Client="Finamp", Device="Bens Pixel 8_", DeviceId="${DEVICE}", Version="0.6.28"`
	headers := [][2]string{{"Content-Type", "application/json"}, {"Accept", "application/json"}}
	return client{
		name: "Finamp stable",
		reach: []request{
			{method: "GET", path: "/Users/Public", auth: app, headers: headers, reads: []string{"array"}},
			{method: "POST", path: "/Users/AuthenticateByName", auth: app, headers: headers, body: `{"Username":"${NAME}"}`, status: 401},
			{method: "POST", path: "/Users/AuthenticateByName", auth: app, headers: headers, body: `{"Username":"kids"}`, reads: resultFields},
		},
		password: []request{{method: "POST", path: "/Users/AuthenticateByName", auth: app, headers: headers,
			body: `{"Username":"${NAME}","Pw":"${PASSWORD}"}`, reads: signInFields, save: whoAmI}},
		content: []request{
			{method: "GET", path: "/Users/${USER}/Views", auth: as, headers: headers, reads: viewFields},
			{method: "POST", path: "/Sessions/Logout", auth: as, headers: headers},
			{method: "GET", path: "/Users/${USER}/Views", auth: as, headers: headers, status: 401},
		},
	}
}

// Finamp's beta asks for a code with GET, which Jellyfin 12 no longer answers, and approves codes of others.
func finampBeta() client {
	const app = `MediaBrowser Client="Finamp", Device="Bens Pixel 8_", DeviceId="${DEVICE}", Version="0.9.20"`
	const as = `MediaBrowser UserId="${USER}", Token="${TOKEN}", Client="Finamp", Device="Bens Pixel 8_", DeviceId="${DEVICE}", Version="0.9.20"`
	headers := [][2]string{{"Content-Type", "application/json"}, {"Accept", "application/json"}}
	return client{
		name: "Finamp beta",
		reach: []request{
			{ask: "who is JellyfinServer?", reads: replyFields},
			{method: "GET", path: "/System/Info/Public", auth: app, headers: headers, reads: publicFields},
			{method: "GET", path: "/Users/Public", auth: app, headers: headers, reads: []string{"array"}},
			{method: "GET", path: "/QuickConnect/Enabled", auth: app, headers: headers, reads: []string{"=true"}},
		},
		password: []request{{method: "POST", path: "/Users/AuthenticateByName", auth: app, headers: headers,
			body: `{"Username":"${NAME}","Pw":"${PASSWORD}"}`, reads: signInFields, save: whoAmI}},
		quickConnect: []request{
			{method: "GET", path: "/QuickConnect/Initiate", auth: app, headers: headers, reads: quickConnectFields, save: asked},
			{method: "GET", path: "/QuickConnect/Connect?secret=${SECRET}", auth: app, headers: headers, approve: true, reads: all(quickConnectFields, "Authenticated=true")},
			{method: "POST", path: "/Users/AuthenticateWithQuickConnect", auth: app, headers: headers, body: `{"Secret":"${SECRET}"}`, reads: signInFields, save: whoAmI},
		},
		content: []request{
			{method: "GET", path: "/Users/${USER}/Views", auth: as, headers: headers, reads: viewFields},
			{method: "POST", path: "/Sessions/Capabilities", auth: as, headers: headers},
			{method: "POST", path: "/Sessions/Capabilities/Full", auth: as, headers: headers,
				body: `{"PlayableMediaTypes":["Audio"],"SupportedCommands":["DisplayMessage"],"SupportsMediaControl":true,"SupportsPersistentIdentifier":true}`},
			{method: "GET", path: "/QuickConnect/Initiate", auth: app, headers: headers, save: asked},
			{method: "POST", path: "/QuickConnect/Authorize?code=${CODE}&userId=${USER}", auth: as, headers: headers, reads: []string{"=true"}},
			{method: "POST", path: "/Sessions/Logout", auth: as, headers: headers},
		},
	}
}

// Streamyfin speaks through the SDK, but not for Quick Connect: it quotes all but the device there, sends null for a
// body, and polls without saying who it is.
func streamyfin() client {
	const app = `MediaBrowser Client="Streamyfin", Device="Android", DeviceId="${DEVICE}", Version="0.28.1", Token=""`
	const mixed = `MediaBrowser Client="Streamyfin", Device=Android, DeviceId="${DEVICE}", Version="0.28.1"`
	const as = `MediaBrowser Client="Streamyfin", Device="Android", DeviceId="${DEVICE}", Version="0.28.1", Token="${TOKEN}"`
	accept := [2]string{"Accept", "application/json, text/plain, */*"}
	return client{
		name: "Streamyfin",
		reach: []request{
			{ask: "Who is JellyfinServer?", reads: replyFields},
			{method: "GET", path: "/System/Info/Public", headers: [][2]string{accept}, reads: []string{"ServerName text"}},
		},
		password: []request{
			{method: "POST", path: "/Users/AuthenticateByName", auth: app, headers: [][2]string{accept, inJSON},
				body: `{"Username":"${NAME}","Pw":"wrong"}`, status: 401},
			{method: "POST", path: "/Users/AuthenticateByName", auth: app, headers: [][2]string{accept, inJSON},
				body: `{"Username":"${NAME}","Pw":"${PASSWORD}"}`, reads: resultFields, save: whoAmI},
		},
		quickConnect: []request{
			{method: "POST", path: "/QuickConnect/Initiate", auth: mixed, headers: [][2]string{accept, inJSON}, body: `null`, reads: []string{"Secret secret", "Code code"}, save: asked},
			{method: "GET", path: "/QuickConnect/Connect?Secret=${SECRET}", headers: [][2]string{accept}, reads: []string{"Authenticated=false"}},
			{method: "GET", path: "/QuickConnect/Connect?Secret=${SECRET}", headers: [][2]string{accept}, approve: true, reads: []string{"Authenticated=true"}},
			{method: "POST", path: "/Users/AuthenticateWithQuickConnect", auth: mixed, headers: [][2]string{accept, inJSON}, body: `{"secret":"${SECRET}"}`,
				reads: resultFields, save: whoAmI},
		},
		content: []request{
			{method: "POST", path: "/Sessions/Capabilities/Full", auth: as, headers: [][2]string{accept, inJSON},
				body: `{"PlayableMediaTypes":["Video","Audio"],"SupportedCommands":["Play"],"SupportsMediaControl":true}`},
			{method: "GET", path: "/UserViews?userId=${USER}", auth: as, headers: [][2]string{accept}, reads: viewFields},
			{socket: "/socket?api_key=${TOKEN}&deviceId=${DEVICE}", reads: []string{"Data int"}},
			{method: "POST", path: "/QuickConnect/Initiate", auth: mixed, save: asked},
			{method: "POST", path: "/QuickConnect/Authorize?code=${CODE}&userId=${USER}", auth: as, headers: [][2]string{accept}, reads: []string{"=true"}},
		},
	}
}

// --- those that want an administrator, or tell little ---

// Seerr passes on where its own visitor is, makes itself a key, and lives on that.
func seerr() client {
	const app = `MediaBrowser Client="Seerr", Device="Seerr", DeviceId="BOT_seerr_${DEVICE}", Version="3.1.0"`
	const as = app + `, Token="${TOKEN}"`
	const key = app + `, Token="${KEY}"`
	accept := [2]string{"Accept", "application/json, text/plain, */*"}
	return client{
		name: "Seerr", administrator: true,
		password: []request{
			{method: "POST", path: "/Users/AuthenticateByName", auth: app, headers: [][2]string{accept, inJSON, {"X-Forwarded-For", "192.168.7.8"}},
				body: `{"Username":"${NAME}","Pw":"${PASSWORD}"}`, reads: all(resultFields, "User.Policy.IsAdministrator=true"), save: whoAmI},
			{method: "POST", path: "/Auth/Keys?App=Seerr", auth: as, headers: [][2]string{accept}},
			{method: "GET", path: "/Auth/Keys", auth: as, headers: [][2]string{accept}, reads: []string{"Items filled", "Items[].AppName=Seerr", "Items[].AccessToken uuid"},
				save: map[string]string{"KEY": "Items[].AccessToken"}},
			{method: "GET", path: "/System/Info/Public", headers: [][2]string{accept}, reads: []string{"ServerName text"}},
		},
		content: []request{
			{method: "GET", path: "/System/Info", auth: key, headers: [][2]string{accept}, reads: systemFields},
			{method: "GET", path: "/Users", auth: key, headers: [][2]string{accept}, reads: all("filled", under("[]", userFields))},
			{method: "GET", path: "/Users/${USER}", auth: key, headers: [][2]string{accept}, reads: userFields},
			{method: "GET", path: "/Library/MediaFolders", auth: key, headers: [][2]string{accept}, reads: viewFields},
		},
	}
}

// Infuse's source is not open: the order of its header is known, and that releases of it used legacy places.
func infuse() client {
	const app = `MediaBrowser Device="Ben's Apple TV", DeviceId="${DEVICE}", Client="Infuse-Direct", Version="8.1.5"`
	const as = `MediaBrowser Device="Ben's Apple TV", DeviceId="${DEVICE}", Token="${TOKEN}", Client="Infuse-Direct", Version="8.1.5"`
	legacy := [][2]string{{"X-Emby-Authorization", app}, {"X-Emby-Token", "${TOKEN}"}}
	return client{
		name:  "Infuse",
		reach: []request{{method: "GET", path: "/System/Info/Public", auth: app, reads: publicFields}},
		password: []request{{method: "POST", path: "/Users/AuthenticateByName", auth: app, headers: [][2]string{inJSON},
			body: `{"Username":"${NAME}","Pw":"${PASSWORD}"}`, reads: signInFields, save: whoAmI}},
		content: []request{
			{method: "GET", path: "/System/Info", auth: as, reads: systemFields},
			{method: "GET", path: "/Users/${USER}", auth: as, reads: userFields},
			{method: "GET", path: "/Users/${USER}/Views", auth: as, reads: viewFields},
			{method: "GET", path: "/System/Info", headers: legacy, reads: systemFields},
			{method: "GET", path: "/UserViews?userId=${USER}&api_key=${TOKEN}", reads: viewFields},
		},
	}
}
