package server_test

import (
	"net/http"
	"net/netip"
	"sync"
	"testing"

	"github.com/finlatch/finlatch"
)

// The first run as jellyfin-web's wizard does it.
func TestFirstRun(t *testing.T) {
	t.Parallel()
	w := freshWorld(t)
	w.run()
	nobody := map[string]string{"Authorization": "-"}
	step := func(name, do, send string, want answer, log ...string) scenario {
		return scenario{name: name, do: do, send: send, header: nobody, want: want, log: log}
	}
	bad := problem(400, `{"$.EnableRemoteAccess":["<any>"],"startupRemoteAccessDto":["The startupRemoteAccessDto field is required."]}`)
	w.play(t,
		step("not done", "GET /System/Info/Public", "", jsonOf(200, `{"ServerName":"machine","Version":"12.0.0","ProductName":"Jellyfin Server",
			"OperatingSystem":"","Id":"<id>","StartupWizardCompleted":false}`)),
		step("nobody's users", "GET /Users", "", empty(401)),
		step("system info", "GET /System/Info", "", anything(200)),
		step("configuration", "GET /Startup/Configuration", "", jsonOf(200, `{"ServerName":"","UICulture":"en-US","MetadataCountryCode":"US","PreferredMetadataLanguage":"en"}`)),
		step("configuration without a body", "POST /Startup/Configuration", "", problem(415, "")),
		step("named", "POST /startup/configuration", `{"ServerName":"Müller's\u0000 telly","UICulture":"de","MetadataCountryCode":"DE","PreferredMetadataLanguage":null}`, empty(204)),
		step("as named", "GET /Startup/Configuration/", "", jsonOf(200, `{"ServerName":"Müller's telly","UICulture":"de","MetadataCountryCode":"DE","PreferredMetadataLanguage":""}`)),
		step("user before there is one", "POST /Startup/User", `{"Name":"root","Password":"x"}`, problem(404, "")),
		step("nobody to complete it", "POST /Startup/Complete", "", failed(400)),
		step("user", "GET /Startup/User", "", jsonOf(200, `{"Name":"<any>"}`)),
		step("the same user", "GET /startup/firstuser", "", jsonOf(200, `{"Name":"<any>"}`)),
		step("no password", "POST /Startup/User", `{"Name":"root"}`, jsonOf(400, `"Password must not be empty"`)),
		step("empty password", "POST /Startup/User", `{"Name":"root","Password":""}`, jsonOf(400, `"Password must not be empty"`)),
		step("bad name", "POST /Startup/User", `{"Name":"../root","Password":"root-pw"}`, failed(400)),
		step("no name", "POST /Startup/User", `{"Password":"root-pw"}`, failed(400)),
		step("named user", "POST /Startup/User", `{"Name":"root","Password":"root-pw"}`, empty(204)),
		step("again", "POST /Startup/User", `{"Name":"mallory","Password":"m-pw"}`, empty(403)),
		step("remote access in words", "POST /Startup/RemoteAccess", `{"EnableRemoteAccess":"yes"}`, bad),
		step("remote access", "POST /Startup/RemoteAccess", `{"EnableRemoteAccess":true,"EnableAutomaticPortMapping":false}`, empty(204)),
		scenario{name: "sign in early", do: "POST /Users/AuthenticateByName", send: `{"Username":"root","Pw":"root-pw"}`, want: anything(200),
			log: []string{succeeded}, save: map[string]string{"early.token": "AccessToken"}},
		scenario{name: "the early token works", do: "GET /Users/Me", as: "early", want: anything(200)},
		step("complete", "POST /Startup/Complete", "", empty(204), finlatch.ActivitySetupCompleted),

		scenario{name: "the early token has ended", do: "GET /Users/Me", as: "early", want: empty(401)},
		step("done", "GET /System/Info/Public", "", jsonOf(200, `{"ServerName":"Müller's telly","Version":"12.0.0","ProductName":"Jellyfin Server",
			"OperatingSystem":"","Id":"<id>","StartupWizardCompleted":true}`)),
		step("closed: configuration", "GET /Startup/Configuration", "", empty(401)),
		step("closed: name it", "POST /Startup/Configuration", `{"ServerName":"mine"}`, empty(401)),
		step("closed: user", "GET /Startup/User", "", empty(401)),
		step("closed: first user", "GET /Startup/FirstUser", "", empty(401)),
		step("closed: name the user", "POST /Startup/User", `{"Name":"mallory","Password":"m-pw"}`, empty(401)),
		step("closed: remote access", "POST /Startup/RemoteAccess", `{"EnableRemoteAccess":true}`, empty(401)),
		step("closed: complete", "POST /Startup/Complete", "", empty(401)),
		step("closed: system info", "GET /System/Info", "", empty(401)),

		scenario{name: "sign in", do: "POST /Users/AuthenticateByName", send: `{"Username":"root","Pw":"root-pw"}`, want: anything(200),
			log: []string{succeeded}, save: map[string]string{"root.token": "AccessToken"}},
		scenario{name: "administrators may look", do: "GET /Startup/User", as: "root", want: jsonOf(200, `{"Name":"root"}`)},
		scenario{name: "and not take the user over", do: "POST /Startup/User", as: "root", send: `{"Name":"mallory","Password":"m-pw"}`, want: empty(403)},
		scenario{name: "complete again", do: "POST /Startup/Complete", as: "root", want: empty(204)},
		scenario{name: "the token survives that", do: "GET /Users/Me", as: "root", want: anything(200)},
		scenario{name: "a configuration that would open it", do: "POST /System/Configuration", as: "root",
			send: `{"IsStartupWizardCompleted":false,"ServerName":"mine"}`, want: empty(204), log: []string{finlatch.ActivityConfigurationUpdated}},
		step("still closed", "GET /Startup/Configuration", "", empty(401)),
		step("still closed for users", "POST /Startup/User", `{"Name":"mallory","Password":"m-pw"}`, empty(401)),
		scenario{name: "still complete", do: "GET /System/Info/Public", want: jsonOf(200, `{"ServerName":"mine","Version":"12.0.0",
			"ProductName":"Jellyfin Server","OperatingSystem":"","Id":"<id>","StartupWizardCompleted":true}`)},
	)
}

// Who asks from where, until the server is set up.
func TestWhereTheSetUpMayComeFrom(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		header map[string]string
		change func(*options)
		ok     bool
	}{
		{name: "this machine", ok: true},
		{name: "home", header: map[string]string{"X-Forwarded-For": home}, ok: true},
		{name: "home, by IPv6", header: map[string]string{"X-Forwarded-For": "fe80::1"}, ok: true},
		{name: "elsewhere", header: map[string]string{"X-Forwarded-For": away}},
		{name: "elsewhere, by IPv6", header: map[string]string{"X-Forwarded-For": "2001:db8::1"}},
		{name: "elsewhere, claiming home", header: map[string]string{"X-Forwarded-For": home + ", " + away}},
		{name: "elsewhere, allowed", header: map[string]string{"X-Forwarded-For": away}, ok: true,
			change: func(o *options) { o.service.SetupFrom = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")} }},
		{name: "home, no longer allowed", header: map[string]string{"X-Forwarded-For": home},
			change: func(o *options) { o.service.SetupFrom = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")} }},
		{name: "a proxy that says nothing of its client", header: map[string]string{"Forwarded": "for=192.168.1.20"}},
		{name: "nonsense", header: map[string]string{"X-Forwarded-For": "nobody"}},
		{name: "a proxy that is not trusted", header: map[string]string{"X-Forwarded-For": home},
			change: func(o *options) { o.server.TrustedProxies = nil }},
		{name: "one that is not trusted and names this machine", header: map[string]string{"X-Real-Ip": "127.0.0.1"},
			change: func(o *options) { o.server.TrustedProxies = nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			change := test.change
			if change == nil {
				change = func(*options) {}
			}
			w := freshWorld(t, change)
			w.user("bare", "")
			where := "the server is not set up yet, and may be set up only from this machine or a private network"
			opened, signedIn, asked := text(403, where), failed(403), failed(403)
			var log []string
			if test.ok {
				opened, signedIn, asked, log = anything(200), anything(200), anything(200), []string{succeeded}
				if test.header["X-Forwarded-For"] == away {
					signedIn, log = failed(401), nil // without a password only from home
				}
			}
			w.play(t,
				scenario{name: "look", do: "GET /Startup/Configuration", header: test.header, want: opened},
				scenario{name: "languages", do: "GET /Localization/Options", header: test.header, want: opened},
				scenario{name: "sign in", do: "POST /Users/AuthenticateByName", header: test.header, send: `{"Username":"bare"}`, want: signedIn, log: log},
				scenario{name: "quick connect", do: "POST /QuickConnect/Initiate", header: test.header, want: asked},
				scenario{name: "public info is for everybody", do: "GET /System/Info/Public", header: test.header, want: anything(200)},
			)
		})
	}
}

// From another machine the server cannot be left without a password; from this one it can.
func TestCompletingNeedsAnAdministratorWithAPassword(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, from, password string
		want                 answer
	}{
		{"this machine, without", "", "", empty(204)},
		{"this machine, with", "", "root-pw", empty(204)},
		{"home, without", home, "", failed(400)},
		{"home, with", home, "root-pw", empty(204)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := freshWorld(t)
			w.perform(scenario{do: "GET /Startup/User", from: test.from, want: anything(200)})
			if test.password != "" {
				w.perform(scenario{do: "POST /Startup/User", from: test.from, send: `{"Name":"root","Password":"` + test.password + `"}`, want: empty(204)})
			}
			var log []string
			if test.want.status == 204 {
				log = []string{finlatch.ActivitySetupCompleted}
			}
			w.perform(scenario{do: "POST /Startup/Complete", from: test.from, want: test.want, log: log})
			if got := w.settings().SetupComplete; got != (test.want.status == 204) {
				t.Errorf("complete is %v", got)
			}
		})
	}
}

func TestTwoWizardsAtOnce(t *testing.T) {
	t.Parallel()
	for range 5 {
		w := freshWorld(t)
		var mu sync.Mutex
		statuses := map[int]int{}
		var wg sync.WaitGroup
		for _, name := range []string{"alice", "mallory", "carol", "dave"} {
			wg.Go(func() {
				for _, s := range []scenario{
					{do: "GET /Startup/User"}, {do: "POST /Startup/User", send: `{"Name":"` + name + `","Password":"` + name + `-pw"}`},
				} {
					response, err := w.client.Do(w.request(s))
					if err != nil {
						t.Error(err)
						return
					}
					response.Body.Close()
					mu.Lock()
					statuses[response.StatusCode]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if statuses[http.StatusOK] != 4 || statuses[http.StatusNoContent] != 1 || statuses[http.StatusForbidden] != 3 {
			t.Errorf("got %v, want 4 times the user, one who named it and 3 who came too late", statuses)
		}
		if users, err := w.Users(w.ctx, finlatch.Operator(), finlatch.UserFilter{}); err != nil || len(users) != 1 {
			t.Errorf("got %d users, %v, want 1", len(users), err)
		}
	}
}
