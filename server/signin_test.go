package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

const (
	succeeded = finlatch.ActivityAuthenticationSucceeded
	refused   = finlatch.ActivityAuthenticationFailed
)

// by is what an app says of itself in the Authorization header.
func by(client, device, deviceID, version string) map[string]string {
	return map[string]string{"Authorization": fmt.Sprintf(`MediaBrowser Client="%s", Device="%s", DeviceId="%s", Version="%s"`, client, device, deviceID, version)}
}

func TestSignInByPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("bare", "")
	w.user("off", "off-pw", func(p *finlatch.Policy) { p.IsDisabled = true })
	w.user("Zoë Ünal", "pässwörd→✓")
	signIn := func(name, send string, want answer, log ...string) scenario {
		return scenario{name: name, do: "POST /Users/AuthenticateByName", send: send, want: want, log: log}
	}
	right := golden(t, "authentication_result")
	w.play(t,
		signIn("right", `{"Username":"ann","Pw":"ann-pw"}`, right, succeeded),
		signIn("name in another case", `{"Username":"ANN","Pw":"ann-pw"}`, right, succeeded),
		signIn("other members", `{"Username":"ann","Pw":"ann-pw","Password":"x","Nonsense":{"a":[1]}}`, right, succeeded),
		signIn("the last of several", `{"Username":"ben","Username":"ann","Pw":"x","pw":"ann-pw"}`, right, succeeded),
		signIn("beyond ASCII", `{"Username":"zoË ünAL","Pw":"pässwörd→✓"}`, anything(200), succeeded),
		signIn("beyond ASCII, escaped", `{"Username":"Zo\u00eb \u00dcnal","Pw":"p\u00e4ssw\u00f6rd\u2192\u2713"}`, anything(200), succeeded),
		signIn("empty", `{"Username":"bare","Pw":""}`, anything(200), succeeded),
		signIn("no password", `{"Username":"bare"}`, anything(200), succeeded),
		signIn("null", `{"Username":"bare","Pw":null}`, anything(200), succeeded),

		signIn("wrong", `{"Username":"ann","Pw":"wrong"}`, failed(401), refused),
		signIn("wrong in the same minute", `{"Username":"ann","Pw":"ANN-PW"}`, failed(401)),
		signIn("a space too many", `{"Username":"ann","Pw":"ann-pw "}`, failed(401)),
		signIn("empty for somebody with a password", `{"Username":"ann","Pw":""}`, failed(401)),
		signIn("a password where there is none", `{"Username":"bare","Pw":"x"}`, failed(401)),
		signIn("nobody", `{"Username":"nobody","Pw":"ann-pw"}`, failed(401)),
		signIn("nobody with nothing", `{"Username":"nobody"}`, failed(401)),
		signIn("disabled, right", `{"Username":"off","Pw":"off-pw"}`, failed(403)),
		signIn("disabled, wrong", `{"Username":"off","Pw":"wrong"}`, failed(401)),
		signIn("a long name", `{"Username":"`+strings.Repeat("x", 60_000)+`","Pw":"x"}`, failed(401)),
		signIn("a long password", `{"Username":"ann","Pw":"`+strings.Repeat("x", 60_000)+`"}`, failed(401)),
		signIn("a NUL in the name", `{"Username":"ann\u0000","Pw":"ann-pw"}`, failed(401)),
		signIn("a NUL in the password", `{"Username":"ann","Pw":"ann-pw\u0000"}`, failed(401)),

		signIn("no name", `{"Pw":"x"}`, failed(400)),
		signIn("empty name", `{"Username":"","Pw":"x"}`, failed(400)),
		signIn("blank name", `{"Username":" \t","Pw":"x"}`, failed(400)),
		signIn("null name", `{"Username":null,"Pw":"x"}`, failed(400)),
	)
}

func TestSignInNeedsToKnowTheApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signIn := func(name string, header map[string]string, want answer, log ...string) scenario {
		return scenario{name: name, do: "POST /Users/AuthenticateByName", header: header, send: `{"Username":"ann","Pw":"ann-pw"}`, want: want, log: log}
	}
	a := func(value string) map[string]string { return map[string]string{"Authorization": value} }
	w.play(t,
		signIn("no header", a("-"), failed(400)),
		signIn("no client", by("", "d", "i", "1"), failed(400)),
		signIn("no device", by("c", "", "i", "1"), failed(400)),
		signIn("no device id", by("c", "d", "", "1"), failed(400)),
		signIn("no version", by("c", "d", "i", ""), failed(400)),
		signIn("blank device", by("c", " ", "i", "1"), failed(400)),
		signIn("only control characters", by("c", "%00%01%1b", "i", "1"), failed(400)),
		signIn("a stale token", a(`MediaBrowser Client="App", Device="Telly", DeviceId="tv", Version="1.0", Token="0123"`), golden(t, "authentication_result"), succeeded),
		signIn("no token in Python's words", a(`MediaBrowser Client="App", Device="Telly", DeviceId="tv", Version="1.0", Token="None"`), golden(t, "authentication_result"), succeeded),
		signIn("Swiftfin", a(`MediaBrowser DeviceId=tv, Device=Telly, Client=App, Version=1.0, Token=`), golden(t, "authentication_result"), succeeded),
		signIn("Finamp", a(`MediaBrowser UserId="${ann}", Token="", Client="App", Device="Telly", DeviceId="tv", Version="1.0"`), golden(t, "authentication_result"), succeeded),
		signIn("Kotlin", by("App", "Tel+ly", "t%20v", "1.0"), anything(200), succeeded),
		// what is missing comes from the device of a valid token
		scenario{name: "a valid token and nothing else", do: "POST /Users/AuthenticateByName", as: "ann", send: `{"Username":"ben","Pw":"ben-pw"}`,
			want: anything(200), log: []string{succeeded}, save: map[string]string{"device": "SessionInfo.DeviceId"}},
	)
	if got := w.names["device"]; got != "ann's phone" {
		t.Errorf("signed in on %q, want the device of the token", got)
	}
}

func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := strings.Repeat("x", 10_000)
	for _, test := range []struct {
		name                string
		header              map[string]string
		wantClient, wantDev string
	}{
		{"10 kB each", by(long, long, long, long), long[:128], long[:128]},
		{"control characters, encoded", by("A%00p%0d%0ap", "T%1b[31mV", "id%07", "1"), "App", "T[31mV"},
		{"text that runs the other way", by("App%E2%80%AE", "T\u202eV", "id", "1"), "App", "TV"},
		{"broken UTF-8", by("A\xff\xfep", "%ff%fe", "id", "1"), "A\ufffd\ufffdp", "\ufffd\ufffd"},
		{"markup", by("<script>alert(1)</script>", "&lt;'\u2028", "../../etc/passwd", "1"), "<script>alert(1)</script>", "&lt;'"},
		{"more than fits, cut in a letter", by(strings.Repeat("ü", 100), "TV", "id", "1"), strings.Repeat("ü", 64), "TV"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inner := *w
			inner.TB = t
			inner.perform(scenario{do: "POST /Users/AuthenticateByName", header: test.header, send: `{"Username":"ann","Pw":"ann-pw"}`,
				want: anything(200), log: []string{succeeded}, save: map[string]string{"client": "SessionInfo.Client", "dev": "SessionInfo.DeviceName"}})
			if got := w.names["client"]; got != test.wantClient {
				t.Errorf("Client: got %.200q, want %.200q", got, test.wantClient)
			}
			if got := w.names["dev"]; got != test.wantDev {
				t.Errorf("Device: got %.200q, want %.200q", got, test.wantDev)
			}
			w.reported = inner.reported
		})
	}
	// headers of others that are as long are no concern of ours
	w.perform(scenario{do: "GET /Users/Me", as: "ann", header: map[string]string{"User-Agent": long, "X-Own": long, "Cookie": long}, want: anything(200)})
}

func TestSignInByID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("bare", "")
	signIn := func(name, target string, want answer, log ...string) scenario {
		return scenario{name: name, do: "POST /Users/" + target, want: want, log: log}
	}
	needed := problem(400, `{"pw":["The pw field is required."]}`)
	w.play(t,
		signIn("right", "${ann}/Authenticate?pw=ann-pw", golden(t, "authentication_result"), succeeded),
		signIn("wrong", "${ann}/authenticate?PW=x", failed(401), refused),
		signIn("no password", "${ann}/Authenticate", needed),
		signIn("empty password", "${bare}/Authenticate?pw=", needed),
		signIn("somebody without a password", "${bare}/Authenticate?pw=x", failed(401)),
		signIn("unknown", "0123456789abcdef0123456789abcdef/Authenticate?pw=x", jsonOf(404, `"User not found"`)),
		signIn("no id", "ann/Authenticate?pw=x", problem(400, `{"userId":["The value 'ann' is not valid."]}`)),
	)
}

// The hasher that people have.
func TestSignInWithArgon2id(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.service.Hasher = nil })
	w.play(t,
		scenario{name: "right", do: "POST /Users/AuthenticateByName", send: `{"Username":"ann","Pw":"ann-pw"}`, want: golden(t, "authentication_result"), log: []string{succeeded}},
		scenario{name: "wrong", do: "POST /Users/AuthenticateByName", send: `{"Username":"ann","Pw":"ann-pW"}`, want: failed(401), log: []string{refused}},
		scenario{name: "unknown", do: "POST /Users/AuthenticateByName", send: `{"Username":"anna","Pw":"ann-pw"}`, want: failed(401)},
		scenario{name: "new user", do: "POST /Users/New", as: "admin", send: `{"Name":"eve","Password":"eve-pw"}`, want: anything(200), log: []string{"UserCreated"}},
		scenario{name: "the new user", do: "POST /Users/AuthenticateByName", send: `{"Username":"eve","Pw":"eve-pw"}`, want: anything(200), log: []string{succeeded}},
	)
}

func TestPasswordlessSignInsComeFromPrivateNetworks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("bare", "")
	from := func(name, from string, want answer, log ...string) scenario {
		return scenario{name: name, do: "POST /Users/AuthenticateByName", from: from, send: `{"Username":"bare","Pw":""}`, want: want, log: log}
	}
	w.play(t,
		from("this machine", "", anything(200), succeeded),
		from("home", home, anything(200), succeeded),
		from("home, by IPv6", "fd12::3", anything(200), succeeded),
		from("elsewhere", away, failed(401)),
		from("no address", "unknown", failed(401)),
		from("somebody who names a private address", home+", "+away, failed(401)),
	)
}

func TestNewSignInReplacesTheTokenOnThatDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signIn := func(user, deviceID, as string) {
		w.perform(scenario{do: "POST /Users/AuthenticateByName", header: by("App", "Telly", deviceID, "1.0"),
			send: `{"Username":"` + user + `","Pw":"` + user + `-pw"}`, want: anything(200), log: []string{succeeded}, save: map[string]string{as + ".token": "AccessToken"}})
	}
	signIn("ann", "tv", "old")
	signIn("ben", "tv", "other user")
	signIn("ann", "TV", "other device")
	signIn("ann", "tv", "new")
	w.names["upper"] = strings.ToUpper(w.names["new.token"])
	w.play(t,
		scenario{name: "the old one", do: "GET /Users/Me", as: "old", want: empty(401)},
		scenario{name: "another user's on the device", do: "GET /Users/Me", as: "other user", want: anything(200)},
		scenario{name: "on a device in another case", do: "GET /Users/Me", as: "other device", want: anything(200)},
		scenario{name: "the new one", do: "GET /Users/Me", as: "new", want: anything(200)},
		scenario{name: "the new one in upper case", do: "GET /Users/Me?ApiKey=${upper}", want: empty(401)},
	)
}
