package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	approved   = finlatch.ActivityQuickConnectApproved
	unapproved = finlatch.ActivityQuickConnectRefused
)

const asked = `{"Authenticated":false,"Secret":"<secret>","Code":"<code>","DeviceId":"tv","DeviceName":"Telly","AppName":"App",
	"AppVersion":"1.0","DateAdded":"2026-11-24T12:00:00.0000000Z"}`

func TestQuickConnect(t *testing.T) {
	t.Parallel()
	t.Run("not remembered", func(t *testing.T) { converseByQuickConnect(t, newWorld(t)) })
	t.Run("remembered", func(t *testing.T) {
		w := newWorld(t)
		w.run()
		converseByQuickConnect(t, w)
	})
}

// converseByQuickConnect is a whole conversation, as the official web client has it.
func converseByQuickConnect(t *testing.T, w *world) {
	state := strings.NewReplacer("<secret>", "${secret}", "<code>", "${code}").Replace(asked)
	done := strings.Replace(state, "false", "true", 1)
	nobody := map[string]string{"Authorization": "-"} // Streamyfin says nothing of itself when it asks for the state
	result := golden(t, "authentication_result")
	w.play(t,
		scenario{name: "on", do: "GET /QuickConnect/Enabled", header: nobody, want: jsonOf(200, "true")},
		scenario{name: "initiate", do: "POST /QuickConnect/Initiate", want: jsonOf(200, asked), save: map[string]string{"secret": "Secret", "code": "Code"}},
		scenario{name: "state", do: "GET /QuickConnect/Connect?secret=${secret}", header: nobody, want: jsonOf(200, state)},
		scenario{name: "state, asked as jellyfin-web does", do: "GET /QuickConnect/Connect?Secret=${secret}", header: nobody, want: jsonOf(200, state)},
		scenario{name: "state, whatever is accepted", do: "GET /quickconnect/connect/?SECRET=${secret}", header: map[string]string{"Accept": "text/html"}, want: jsonOf(200, state)},
		scenario{name: "too early", do: "POST /Users/AuthenticateWithQuickConnect", send: `{"Secret":"${secret}"}`, want: failed(404)},
		scenario{name: "approve", do: "POST /QuickConnect/Authorize?code=${code}", as: "ann", want: jsonOf(200, "true"), log: []string{approved}},
		scenario{name: "approve again", do: "POST /QuickConnect/Authorize?Code=${code}&userId=${ann}", as: "ann", want: jsonOf(200, "true")},
		scenario{name: "approve for the same user as an administrator", do: "POST /QuickConnect/Authorize?code=${code}&userId=${ann}", as: "admin", want: jsonOf(200, "true")},
		scenario{name: "approve as another", do: "POST /QuickConnect/Authorize?code=${code}", as: "ben", want: text(409, "Somebody else has already approved this code.")},
		scenario{name: "state when approved", do: "GET /QuickConnect/Connect?secret=${secret}", header: nobody, want: jsonOf(200, done)},
		scenario{name: "redeem", do: "POST /Users/AuthenticateWithQuickConnect", send: `{"Secret":"${secret}"}`, want: result, log: []string{succeeded},
			save: map[string]string{"tv.token": "AccessToken"}},
		scenario{name: "redeem again", do: "POST /users/authenticatewithquickconnect", send: `{"secret":"${secret}"}`, want: result, save: map[string]string{"again.token": "AccessToken"}},
		scenario{name: "the token works", do: "GET /Users/Me", as: "tv", want: golden(t, "user")},
		scenario{name: "state when redeemed", do: "GET /QuickConnect/Connect?secret=${secret}", header: nobody, want: jsonOf(200, done)},
		scenario{name: "approve what is redeemed", do: "POST /QuickConnect/Authorize?code=${code}", as: "ann", want: jsonOf(200, "true")},
	)
	if w.names["tv.token"] != w.names["again.token"] {
		t.Error("a repeated redemption got another token")
	}
	w.clock.Move(5 * time.Second)
	w.perform(scenario{do: "POST /Users/AuthenticateWithQuickConnect", send: `{"Secret":"${secret}"}`, want: failed(404)})
	w.clock.Move(11 * time.Minute)
	w.play(t,
		scenario{name: "state when expired", do: "GET /QuickConnect/Connect?secret=${secret}", want: jsonOf(404, `"Unknown secret"`)},
		scenario{name: "approve when expired", do: "POST /QuickConnect/Authorize?code=${code}", as: "ann", want: failed(404), log: []string{unapproved}},
		scenario{name: "the token stays", do: "GET /Users/Me", as: "tv", want: anything(200)},
	)
}

func TestQuickConnectRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("off", "off-pw", func(p *finlatch.Policy) { p.IsDisabled = true })
	w.user("local", "local-pw", func(p *finlatch.Policy) { p.EnableRemoteAccess = false })
	w.names["local.token"] = w.signIn("local", "local-pw", "local's phone")
	field := func(name string) answer { return problem(400, `{"`+name+`":["The `+name+` field is required."]}`) }
	initiate := func(name, from string) scenario {
		return scenario{name: name, do: "POST /QuickConnect/Initiate", from: from, want: anything(200), save: map[string]string{"secret": "Secret", "code": "Code"}}
	}
	const redeem, authorize = "POST /Users/AuthenticateWithQuickConnect", "POST /QuickConnect/Authorize"
	w.play(t,
		scenario{name: "Finamp asks with GET", do: "GET /QuickConnect/Initiate", want: jsonOf(200, asked)},
		scenario{name: "initiate with a body", do: "POST /QuickConnect/Initiate", send: `{"x":`, want: jsonOf(200, asked)},
		scenario{name: "initiate without a device", do: "POST /QuickConnect/Initiate", header: by("App", "", "tv", "1.0"), want: failed(400)},
		scenario{name: "initiate without a header", do: "GET /QuickConnect/Initiate", header: map[string]string{"Authorization": "-"}, want: failed(400)},
		scenario{name: "put", do: "PUT /QuickConnect/Initiate", want: empty(405).with("Allow", "GET, POST")},
		scenario{name: "state without a secret", do: "GET /QuickConnect/Connect", want: field("secret")},
		scenario{name: "state with an empty one", do: "GET /QuickConnect/Connect?secret=", want: field("secret")},
		scenario{name: "state of an unknown one", do: "GET /QuickConnect/Connect?secret=ABCDEF", want: jsonOf(404, `"Unknown secret"`)},
		scenario{name: "redeem nothing", do: redeem, send: `{}`, want: field("Secret")},
		scenario{name: "redeem a blank", do: redeem, send: `{"Secret":" "}`, want: field("Secret")},
		scenario{name: "redeem something unknown", do: redeem, send: `{"Secret":"x"}`, want: failed(404)},
		scenario{name: "approve nothing", do: authorize, as: "ann", want: field("code")},
		scenario{name: "approve something unknown", do: authorize + "?code=12345", as: "ann", from: "192.168.1.2", want: failed(404), log: []string{unapproved}},
		scenario{name: "approve as nobody", do: authorize + "?code=${fresh code}", want: empty(401)},
		scenario{name: "approve for another", do: authorize + "?code=${fresh code}&userId=${ben}", as: "ann", want: failed(403)},
		scenario{name: "approve for no id", do: authorize + "?code=${fresh code}&userId=ben", as: "admin", want: problem(400, `{"userId":["The value 'ben' is not valid."]}`)},
		scenario{name: "approve for nobody", do: authorize + "?code=${fresh code}&userId=0123456789abcdef0123456789abcdef", as: "admin", want: failed(400)},
		scenario{name: "a key approves for nobody", do: authorize + "?code=${fresh code}", as: "key", want: failed(400)},
		scenario{name: "a key approves", do: authorize + "?code=${fresh code}&userId=${ben}", as: "key", want: jsonOf(200, "true"), log: []string{approved}},
		scenario{name: "for a disabled user", do: authorize + "?code=${fresh code}&userId=${off}", as: "admin", want: failed(403), log: []string{unapproved}},

		initiate("from elsewhere", away),
		scenario{name: "by an administrator who is not there", do: authorize + "?code=${code}&userId=${ben}", as: "admin", from: "192.168.1.3",
			want: text(403, "This device is in another network. Approve it on this server's page /link, which shows what asks, and from where, or as the user whom it is for; --quick-connect-approval anywhere lets administrators approve it here."), log: []string{unapproved}},
		scenario{name: "for a user who may not come from there", do: authorize + "?code=${code}", as: "local", from: "192.168.1.4", want: failed(403), log: []string{unapproved}},
		initiate("from home", home),
		scenario{name: "for the same user at home", do: authorize + "?code=${code}&userId=${local}", as: "admin", want: jsonOf(200, "true"), log: []string{approved}},
		scenario{name: "and redeemed elsewhere", do: redeem, from: away, send: `{"Secret":"${secret}"}`, want: failed(403), log: []string{refused}},
		scenario{name: "and redeemed at home", do: redeem, from: home, send: `{"Secret":"${secret}"}`, want: anything(200), log: []string{succeeded}},
	)
}

func TestQuickConnectSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	off := jsonOf(401, `"Quick connect is disabled"`)
	w.perform(scenario{do: "POST /QuickConnect/Initiate", want: anything(200), save: map[string]string{"secret": "Secret", "code": "Code"}})
	w.perform(scenario{do: "POST /QuickConnect/Authorize?code=${code}", as: "ann", want: jsonOf(200, "true"), log: []string{approved}})
	w.play(t,
		scenario{name: "switch off", do: "POST /System/Configuration", as: "admin", send: `{"QuickConnectAvailable":false}`, want: empty(204),
			log: []string{"ServerConfigurationUpdated"}},
		scenario{name: "off", do: "GET /QuickConnect/Enabled", want: jsonOf(200, "false")},
		scenario{name: "initiate", do: "POST /QuickConnect/Initiate", want: off},
		scenario{name: "initiate with GET", do: "GET /QuickConnect/Initiate", want: off},
		scenario{name: "state", do: "GET /QuickConnect/Connect?secret=${secret}", want: off},
		scenario{name: "state of an unknown secret", do: "GET /QuickConnect/Connect?secret=x", want: off},
		scenario{name: "approve", do: "POST /QuickConnect/Authorize?code=${code}", as: "ann", want: off},
		scenario{name: "redeem", do: "POST /Users/AuthenticateWithQuickConnect", send: `{"Secret":"${secret}"}`, want: failed(401)},
		scenario{name: "switch on", do: "POST /System/Configuration", as: "admin", send: `{"QuickConnectAvailable":true}`, want: empty(204),
			log: []string{"ServerConfigurationUpdated"}},
		scenario{name: "what waited is still there", do: "POST /Users/AuthenticateWithQuickConnect", send: `{"Secret":"${secret}"}`, want: anything(200), log: []string{succeeded}},
	)
}

// Android TV asks with one device id, redeems with another and comes with a third from then on.
func TestQuickConnectWithThreeDeviceIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := func(deviceID string, more string) map[string]string {
		return map[string]string{"Authorization": `MediaBrowser Client="Jellyfin+Android+TV", Version="0.18", DeviceId="` + deviceID + `", Device="Living+room"` + more}
	}
	w.play(t,
		scenario{name: "initiate", do: "POST /QuickConnect/Initiate", header: app("one", ""), want: anything(200), save: map[string]string{"secret": "Secret", "code": "Code"}},
		scenario{name: "poll", do: "GET /QuickConnect/Connect?secret=${secret}", header: app("one", ""), want: anything(200)},
		scenario{name: "poll from elsewhere", do: "GET /QuickConnect/Connect?secret=${secret}", from: away, header: app("four", ""), want: anything(200)},
		scenario{name: "approve", do: "POST /QuickConnect/Authorize?code=${code}&userId=${ann}", as: "ann", want: jsonOf(200, "true"), log: []string{approved}},
		scenario{name: "redeem", do: "POST /Users/AuthenticateWithQuickConnect", header: app("two", ""), send: `{"Secret":"${secret}"}`, want: anything(200),
			log: []string{succeeded}, save: map[string]string{"tv.token": "AccessToken", "device": "SessionInfo.DeviceId"}},
		scenario{name: "me", do: "GET /Users/Me", header: app("three", `, Token="${tv.token}"`), want: golden(t, "user")},
		scenario{name: "preferences", do: "GET /DisplayPreferences/usersettings?client=androidtv", header: app("three", `, Token="${tv.token}"`), want: anything(200)},
	)
	if got := w.names["device"]; got != "one" {
		t.Errorf("signed in as device %q, want the one that asked", got)
	}
}

// However many ask for the state, and however often: never 429, 503, a redirect or a wait.
func TestPollsAreNeverRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.service.QuickConnectLimit = 3 })
	w.names["first"] = w.fresh("secret")
	for range 3 { // the fourth turns the first out
		w.fresh("secret")
	}
	live := w.fresh("secret")
	for secret, want := range map[string]int{live: 200, w.names["first"]: 404} {
		for range 300 {
			response, err := w.client.Get(w.url + "/QuickConnect/Connect?secret=" + secret)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != want || response.Header.Get("Content-Type") != jsonType {
				t.Fatalf("got %d of type %q, want %d", response.StatusCode, response.Header.Get("Content-Type"), want)
			}
		}
	}
}

// What polls are answered from memory changes with the store.
func TestPollsSeeEveryChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.service.QuickConnectLimit = 3 })
	w.run()
	poll := func(want answer) {
		t.Helper()
		for range 2 { // the second may come from memory
			w.perform(scenario{do: "GET /QuickConnect/Connect?secret=${secret}", want: want})
		}
	}
	unknown := jsonOf(404, `"Unknown secret"`)
	for _, change := range []string{"user deleted", "turned out", "expired"} {
		w.perform(scenario{do: "POST /QuickConnect/Initiate", from: home, want: anything(200), save: map[string]string{"secret": "Secret", "code": "Code"}})
		state := strings.NewReplacer("<secret>", "${secret}", "<code>", "${code}").Replace(asked)
		poll(jsonOf(200, state))
		switch change {
		case "user deleted":
			w.user("eve", "pw")
			w.perform(scenario{do: "POST /QuickConnect/Authorize?code=${code}&userId=${eve}", as: "admin", want: jsonOf(200, "true"), log: []string{approved}})
			poll(jsonOf(200, strings.Replace(state, "false", "true", 1)))
			w.perform(scenario{do: "DELETE /Users/${eve}", as: "admin", want: empty(204), log: []string{finlatch.ActivityUserDeleted}})
		case "turned out":
			for range 3 {
				w.fresh("secret")
			}
		case "expired":
			w.clock.Move(10 * time.Minute)
		}
		poll(unknown)
	}
}
