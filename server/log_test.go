package server_test

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

// events are the log's lines that tell of a request.
func (w *world) events() (events []map[string]any) {
	w.Helper()
	for line := range strings.Lines(w.log.String()) {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			w.Fatalf("a line of the log is no JSON: %v: %s", err, line)
		}
		if event["msg"] == "request" {
			events = append(events, event)
		}
	}
	return events
}

// Every secret of a whole conversation, in all the places where apps put them, stays out of the log.
func TestNoSecretsInTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	var secrets []string
	secret := func(names ...string) {
		for _, name := range names {
			secrets = append(secrets, w.names[name])
		}
	}
	secret("admin.token", "ann.token", "ben.token", "key.token")
	secrets = append(secrets, "ann-pw", "ben-pw", "admin-pw", "wr0ng-pass", "my pass phrase", "my%20pass%20phrase", "fr3sh-pass")
	w.play(t,
		scenario{name: "sign in", do: "POST /Users/AuthenticateByName?format=json", send: `{"Username":"ann","Pw":"ann-pw"}`, want: anything(200), log: []string{succeeded},
			save: map[string]string{"1.token": "AccessToken"}},
		scenario{name: "a wrong password", do: "POST /Users/AuthenticateByName", send: `{"Username":"ann","Pw":"wr0ng-pass"}`, want: failed(401), log: []string{refused}},
		scenario{name: "a password for a name", do: "POST /Users/AuthenticateByName", send: `{"Username":"my pass phrase","Pw":"ann"}`, want: failed(401)},
		scenario{name: "a broken body", do: "POST /Users/AuthenticateByName", send: `{"Username":"ann","Pw":"wr0ng-pass"`, want: anything(400)},
		scenario{name: "a wrong type", do: "POST /Users/AuthenticateByName", send: `{"Username":"ann","Pw":["wr0ng-pass"]}`, want: anything(400)},
		scenario{name: "by id", do: "POST /Users/${ann}/Authenticate?pw=ann-pw", want: anything(200), log: []string{succeeded}, save: map[string]string{"2.token": "AccessToken"}},
		scenario{name: "by id, wrong", do: "POST /users/${ben}/authenticate?PW=my%20pass%20phrase", want: failed(401)},
		scenario{name: "by no id", do: "POST /Users/x/Authenticate?Pw=wr0ng-pass", want: anything(400)},
		scenario{name: "initiate", do: "POST /QuickConnect/Initiate", want: anything(200), save: map[string]string{"secret": "Secret", "code": "Code"}},
		scenario{name: "poll", do: "GET /QuickConnect/Connect?Secret=${secret}&x=1", want: anything(200)},
		scenario{name: "poll, encoded once more", do: "GET /QuickConnect/Connect?secret%3D${secret}", want: anything(200)},
		scenario{name: "approve", do: "POST /QuickConnect/Authorize?code=${code}", as: "ann", want: anything(200), log: []string{approved}},
		scenario{name: "approve as another", do: "POST /quickconnect/authorize?CODE=${code}", as: "ben", want: anything(409)},
		scenario{name: "redeem", do: "POST /Users/AuthenticateWithQuickConnect", send: `{"Secret":"${secret}"}`, want: anything(200), log: []string{succeeded}, save: map[string]string{"3.token": "AccessToken"}},
		scenario{name: "ApiKey", do: "GET /Users/Me?ApiKey=${ben.token}", header: map[string]string{"Authorization": "-"}, want: anything(200)},
		scenario{name: "api_key", do: "GET /Users/Me?x=y&API_KEY=${ben.token}&z=1", header: map[string]string{"Authorization": "-"}, want: anything(200)},
		scenario{name: "X-Emby-Token", do: "GET /Users/Me", header: map[string]string{"X-Emby-Token": "${ben.token}"}, want: anything(200)},
		scenario{name: "a token where nothing is", do: "GET /Nowhere?ApiKey=${ben.token}", want: empty(404)},
		scenario{name: "a new key", do: "POST /Auth/Keys?app=x", as: "admin", want: empty(204), log: []string{finlatch.ActivityAPIKeyCreated}},
		scenario{name: "keys", do: "GET /Auth/Keys", as: "admin", want: anything(200), save: map[string]string{"new.token": "Items.1.AccessToken"}},
		scenario{name: "delete a key", do: "DELETE /emby//Auth/./Keys/${new.token}", as: "admin", want: empty(204), log: []string{finlatch.ActivityAPIKeyDeleted}},
		scenario{name: "delete a key by the wrong method", do: "PUT /auth/keys/${new.token}/", as: "admin", want: empty(405)},
		scenario{name: "delete a key as nobody", do: "DELETE /AUTH/%4Beys/${new.token}", want: empty(401)},
		scenario{name: "a new user", do: "POST /Users/New", as: "admin", send: `{"Name":"eve","Password":"fr3sh-pass"}`, want: anything(200), log: []string{"UserCreated"}},
		scenario{name: "logout", do: "POST /Sessions/Logout", as: "ann", want: empty(204), log: []string{finlatch.ActivitySessionEnded}},
	)
	secret("1.token", "2.token", "3.token", "secret", "code", "new.token")
	log := w.log.String()
	for _, text := range secrets {
		if text == "" || strings.Contains(log, text) {
			t.Errorf("the log holds %q", text)
		}
	}
	// nor do they stand in the activity log
	err := w.store.View(w.ctx, func(tx finlatch.Tx) error {
		entries, _, err := tx.Activities(w.ctx, finlatch.ActivityFilter{Limit: 1000})
		for _, entry := range entries {
			for _, text := range secrets {
				if strings.Contains(entry.Name, text) {
					t.Errorf("the activity %q holds %q", entry.Name, text)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOneLinePerRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		s     scenario
		route string
		user  string
	}{
		{scenario{do: "GET /emby/Users/Me/", as: "ann", want: anything(200)}, "GET /Users/Me", "ann"},
		{scenario{do: "GET /users/${BEN}?a=b", as: "ann", want: anything(200)}, "GET /Users/{userId}", "ann"},
		{scenario{do: "GET /Users/Me", want: empty(401)}, "GET /Users/Me", ""},
		{scenario{do: "GET /Devices", as: "key", want: anything(200)}, "GET /Devices", ""},
		{scenario{do: "GET /Nowhere", as: "ann", want: empty(404)}, "", ""},
		{scenario{do: "PUT /System/Ping", want: empty(405)}, "", ""},
		{scenario{do: "OPTIONS /Users/Me", header: map[string]string{"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}, want: empty(204)}, "", ""},
		{scenario{do: "POST /Users/AuthenticateByName", send: `{`, want: anything(400)}, "POST /Users/AuthenticateByName", ""},
		{scenario{do: "POST /Users/AuthenticateByName", send: strings.Repeat(" ", 2<<20), want: anything(413)}, "POST /Users/AuthenticateByName", ""},
	} {
		w.names["BEN"] = strings.ToUpper(w.names["ben"])
		before := len(w.events())
		w.perform(test.s)
		events := w.events()[before:]
		if len(events) != 1 {
			t.Errorf("%s: got %d lines, want 1", test.s.do, len(events))
			continue
		}
		event := events[0]
		route, _ := event["route"].(string)
		user, _ := event["user"].(string)
		if status, _ := event["status"].(float64); int(status) != test.s.want.status || route != test.route || user != w.names[test.user] {
			t.Errorf("%s: got %v", test.s.do, event)
		}
		if id, _ := event["id"].(string); !looks["<id>"].MatchString(id) || event["level"] != "INFO" || event["remote"] != "127.0.0.1" {
			t.Errorf("%s: got %v", test.s.do, event)
		}
	}
}

// Lines end where we end them, whatever a stranger writes.
func TestHostileTextInTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := strings.Count(w.log.String(), "\n")
	targets := []string{"/x%0a%0dfake%1b[31m", "/%00", "/?%0afake=1", "/Users/%e2%80%ae", "/Users/" + strings.Repeat("%0a", 5000)}
	for _, target := range targets {
		response, err := w.client.Get(w.url + target)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	log := w.log.String()
	if got := strings.Count(log, "\n") - before; got != len(targets) {
		t.Errorf("got %d lines, want %d", got, len(targets))
	}
	if strings.ContainsAny(log, "\r\x1b\x00\u202e") {
		t.Error("control characters got into the log")
	}
	for line := range strings.Lines(log) {
		if len(line) > 4096 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}

// A proxy that nobody declared is named once and loudly.
func TestUndeclaredProxyIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.server.TrustedProxies = nil })
	for range 5 {
		w.perform(scenario{do: "GET /System/Ping", from: home, want: anything(200)})
	}
	if got := strings.Count(w.log.String(), "trusted proxies"); got != 1 {
		t.Errorf("got %d warnings, want 1", got)
	}
	if got := w.events(); !slices.ContainsFunc(got, func(e map[string]any) bool { return e["forwarded"] == true && e["remote"] == "127.0.0.1" }) {
		t.Errorf("no event says that it was forwarded: %v", got)
	}
}
