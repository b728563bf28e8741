package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	look    = "GET /QuickConnect/Finlatch/Asked"
	allow   = "POST /QuickConnect/Finlatch/Approve"
	deny    = "POST /QuickConnect/Finlatch/Deny"
	noted   = "dateAdded=2026-11-24T12:00:00.0000000Z" // when the clock of a world begins
	another = "dateAdded=2026-11-24T11:59:59.0000000Z"
)

func whoAsks(address, near, age, approved, more string) answer {
	return jsonOf(200, `{"Code":"<code>","AppName":"App","AppVersion":"1.0","DeviceName":"Telly","DeviceId":"tv","Address":"`+address+`","InNetwork":`+near+
		`,"DateAdded":"2026-11-24T12:00:00.0000000Z","AgeSeconds":`+age+`,"Approved":`+approved+more+`}`)
}

func TestLookingAtWhoAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := scenario{do: "POST /QuickConnect/Initiate", from: home, want: anything(200), save: map[string]string{"secret": "Secret", "code": "Code"}}
	w.perform(ask)
	w.clock.Move(65 * time.Second)
	w.play(t,
		scenario{name: "look", do: look + "?code=${code}", as: "ben", from: home, want: whoAsks(home, "true", "65", "false", "")},
		scenario{name: "look from elsewhere", do: "GET /quickconnect/finlatch/asked/?Code=${code}", as: "ben", from: away, want: whoAsks(home, "false", "65", "false", "")},
		scenario{name: "look at nothing", do: look, as: "ben", want: problem(400, `{"code":["The code field is required."]}`)},
		scenario{name: "look at a code that nobody shows", do: look + "?code=12345", as: "ben", want: jsonOf(404, `"Unknown code"`), log: []string{unapproved}},
		scenario{name: "approve another one", do: allow + "?code=${code}&" + another, as: "ann", want: text(409, "That request is not there any more: another device shows this code now.")},
		scenario{name: "deny another one", do: deny + "?code=${code}&" + another, as: "ann", want: text(409, "That request is not there any more: another device shows this code now.")},
		scenario{name: "approve without having looked", do: allow + "?code=${code}", as: "ann", want: problem(400, `{"dateAdded":["The dateAdded field is required."]}`)},
		scenario{name: "approve at no time", do: allow + "?code=${code}&dateAdded=soon", as: "ann", want: problem(400, `{"dateAdded":["The value 'soon' is not valid."]}`)},
		scenario{name: "for another", do: allow + "?code=${code}&" + noted + "&userId=${ben}", as: "ann", want: text(403, "only an administrator may do this for another user")},
		scenario{name: "approve", do: allow + "?code=${code}&" + noted, as: "ann", want: empty(204), log: []string{approved}},
		scenario{name: "look at what one has approved", do: look + "?code=${code}", as: "ann", from: home, want: whoAsks(home, "true", "65", "true", `,"UserName":"ann"`)},
		scenario{name: "look at what another has approved", do: look + "?code=${code}", as: "ben", want: text(403, "Somebody else has approved this device.")},
		scenario{name: "deny what one has approved", do: deny + "?code=${code}&" + noted, as: "ann", want: text(409, "This device has been approved already. Undo takes that back.")},
		scenario{name: "it is signed in", do: "POST /Users/AuthenticateWithQuickConnect", send: `{"Secret":"${secret}"}`, want: anything(200), log: []string{succeeded}},
	)
}

func TestDenying(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.perform(scenario{do: "POST /QuickConnect/Initiate", from: home, want: anything(200), save: map[string]string{"secret": "Secret", "code": "Code"}})
	w.play(t,
		scenario{name: "deny", do: deny + "?code=${code}&" + noted, as: "ben", want: empty(204), log: []string{finlatch.ActivityQuickConnectDenied}},
		scenario{name: "the device is told", do: "GET /QuickConnect/Connect?secret=${secret}", want: jsonOf(404, `"Quick Connect was denied"`)},
		scenario{name: "look", do: look + "?code=${code}", as: "ben", want: jsonOf(404, `"Unknown code"`)},
		scenario{name: "approve", do: allow + "?code=${code}&" + noted, as: "ann", want: jsonOf(404, `"Quick Connect was denied"`)},
		scenario{name: "deny again", do: deny + "?code=${code}&" + noted, as: "ben", want: empty(204)},
	)
}

// Codes can be guessed here as little as by approving.
func TestLookingIsLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	log := []string{unapproved} // the others are counted together
	for range 10 {
		w.perform(scenario{do: look + "?code=12345", as: "ben", want: jsonOf(404, `"Unknown code"`), log: log})
		log = nil
	}
	response, _ := w.perform(scenario{do: look + "?code=12345", as: "ben", want: anything(429)})
	if response.Header.Get("Retry-After") == "" {
		t.Error("without Retry-After")
	}
	w.perform(scenario{do: "POST /QuickConnect/Authorize?code=12345", as: "ben", want: anything(429)})
}

// Administrators whose sign-in is not fresh cannot be asked for the password here.
func TestAdministratorsWhoHaveSeenWhoAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const noted = "dateAdded=2026-11-24T12:11:00Z"
	w.names["old.token"] = w.signIn("admin", "admin-pw", "old phone")
	w.clock.Move(11 * time.Minute)
	w.names["admin.token"] = w.signIn("admin", "admin-pw", "new phone")
	ask := func(from string) {
		w.perform(scenario{do: "POST /QuickConnect/Initiate", from: from, want: anything(200), save: map[string]string{"code": "Code"}})
	}
	ask(away)
	w.perform(scenario{do: allow + "?code=${code}&" + noted, as: "old", from: home, log: []string{unapproved},
		want: text(403, "This device is in another network. Approve it on this server's page /link, which shows what asks, and from where, or as the user whom it is for; --quick-connect-approval anywhere lets administrators approve it here.")})
	w.perform(scenario{do: allow + "?code=${code}&" + noted, as: "admin", from: home, want: empty(204), log: []string{approved}})
	ask(home)
	w.perform(scenario{do: allow + "?code=${code}&" + noted, as: "old", from: home, want: empty(204), log: []string{approved}})
}

// In front of a Jellyfin these are ours, too: it has nothing of the kind.
func TestAskedInFrontOfAJellyfin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.server.SignInOnly = true
		o.server.Fallback = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	})
	for do, want := range map[string]int{look + "?code=${fresh code}": 200, allow + "?code=${fresh code}&" + noted: 204, deny + "?code=${fresh code}&" + noted: 204,
		"GET /QuickConnect/Finlatch/Other": http.StatusTeapot} {
		response, err := w.client.Do(w.request(scenario{do: do, as: "ann"}))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: got %d, want %d", do, response.StatusCode, want)
		}
	}
}
