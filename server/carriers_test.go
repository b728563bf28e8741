package server_test

import (
	"testing"
)

// carriers are the places where apps put their token: those of today, and those that Jellyfin 12 calls legacy.
func carriers(t *testing.T, legacy answer) []scenario {
	t.Helper()
	today := golden(t, "user")
	h := func(pairs ...string) map[string]string {
		header := map[string]string{"Authorization": "-"}
		for i := 0; i < len(pairs); i += 2 {
			header[pairs[i]] = pairs[i+1]
		}
		return header
	}
	const app = `Client="App", Device="Telly", DeviceId="tv", Version="1.0"`
	return []scenario{
		{name: "Authorization", header: h("Authorization", `MediaBrowser `+app+`, Token="${ann.token}"`), want: today},
		{name: "Authorization, nothing else in it", header: h("Authorization", `mediabrowser Token=${ann.token}`), want: today},
		{name: "ApiKey", do: "GET /Users/Me?ApiKey=${ann.token}", header: h(), want: today},
		{name: "ApiKey beside a header without a token", do: "GET /Users/Me?apikey=${ann.token}", want: today},
		{name: "ApiKey beside a proxy's header", do: "GET /Users/Me?ApiKey=${ann.token}", header: h("Authorization", "Basic YTpi"), want: today},
		{name: "Bearer", header: h("Authorization", "Bearer ${ann.token}"), want: empty(401)},
		{name: "ApiKey in a query that was encoded once more", do: "GET /Users/Me?ApiKey%3D${ann.token}", header: h(), want: empty(401)},
		{name: "a cookie", header: h("Cookie", "token=${ann.token}; ApiKey=${ann.token}"), want: empty(401)},

		{name: "scheme Emby", header: h("Authorization", `Emby `+app+`, Token="${ann.token}"`), want: legacy},
		{name: "X-Emby-Authorization", header: h("X-Emby-Authorization", `MediaBrowser `+app+`, Token="${ann.token}"`), want: legacy},
		{name: "X-Emby-Authorization with scheme Emby", header: h("X-Emby-Authorization", `Emby Token="${ann.token}"`), want: legacy},
		{name: "X-Emby-Token", header: h("X-Emby-Token", "${ann.token}"), want: legacy},
		{name: "X-Emby-Token beside a header without a token", header: map[string]string{"X-Emby-Token": "${ann.token}"}, want: legacy},
		{name: "X-MediaBrowser-Token", header: h("X-MediaBrowser-Token", "${ann.token}"), want: legacy},
		{name: "api_key", do: "GET /Users/Me?api_key=${ann.token}", header: h(), want: legacy},
		{name: "API_KEY", do: "GET /Users/Me?API_KEY=${ann.token}", header: h(), want: legacy},
	}
}

func TestLegacyCarriersUntilAnAdministratorTurnsThemOff(t *testing.T) {
	t.Parallel()
	for _, running := range []bool{false, true} {
		w := newWorld(t)
		if running {
			w.run() // what is remembered must not outlive the change
		}
		post := func(name, send string) scenario {
			return scenario{name: name, do: "POST /System/Configuration", as: "admin", send: send, want: empty(204), log: []string{"ServerConfigurationUpdated"}}
		}
		signIn := func(name string, want answer, log ...string) scenario {
			return scenario{name: name, do: "POST /Users/AuthenticateByName", send: `{"Username":"ann","Pw":"ann-pw"}`, header: map[string]string{"Authorization": "-",
				"X-Emby-Authorization": `Emby Client="App", Device="Telly", DeviceId="tv", Version="1.0"`}, want: want, log: log}
		}
		turns := []struct {
			change scenario
			legacy answer
			signIn scenario
		}{
			{scenario{name: "as it comes", do: "GET /System/Ping", want: anything(200)}, golden(t, "user"), signIn("sign in by X-Emby-Authorization", golden(t, "authentication_result"), succeeded)},
			{post("turned off", `{"EnableLegacyAuthorization":false}`), empty(401), signIn("sign in by X-Emby-Authorization", failed(400))},
			{post("turned on", `{"enablelegacyauthorization":true}`), golden(t, "user"), signIn("sign in by X-Emby-Authorization", golden(t, "authentication_result"), succeeded)},
			{post("left out, as Jellyfin 12 takes it", `{}`), empty(401), signIn("sign in by X-Emby-Authorization", failed(400))},
		}
		for _, turn := range turns {
			w.play(t, turn.change) // and the very next request:
			for _, s := range carriers(t, turn.legacy) {
				if s.do == "" {
					s.do = "GET /Users/Me"
				}
				w.play(t, s)
			}
			w.play(t, turn.signIn)
		}
	}
}

// A token that is carried where it does not count, or is nobody's, refuses nothing that is for everybody.
func TestBadTokensDoNotStopAnonymousRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, bad := range []string{"x", "None", "null", "'; DROP TABLE devices; --", "0123456789abcdef0123456789abcdef"} {
		header := map[string]string{"Authorization": `MediaBrowser Token="` + bad + `"`}
		w.play(t,
			scenario{name: "ping with " + bad, do: "GET /System/Ping", header: header, want: jsonOf(200, `"Jellyfin Server"`)},
			scenario{name: "users with " + bad, do: "GET /Users/Public", header: header, want: jsonOf(200, `[]`)},
			scenario{name: "me with " + bad, do: "GET /Users/Me", header: header, want: empty(401)},
		)
	}
}
