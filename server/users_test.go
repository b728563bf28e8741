package server_test

import (
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

// names are the values of a member in a list of objects.
func names(v any, member string) string {
	var all []string
	for _, item := range list(v) {
		object, _ := item.(map[string]any)
		name, _ := object[member].(string)
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

func TestUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("Zoe", "pw", func(p *finlatch.Policy) { p.IsHidden, p.IsDisabled = false, true })
	w.user("carl", "pw", func(p *finlatch.Policy) { p.IsHidden = false })
	w.user("local", "pw", func(p *finlatch.Policy) { p.IsHidden, p.EnableRemoteAccess = false, false })
	w.user("choosy", "pw", func(p *finlatch.Policy) { p.IsHidden, p.EnableAllDevices = false, false })
	for _, test := range []struct{ do, as, from, want string }{
		{"GET /Users", "ann", "", "admin ann ben carl choosy local Zoe"},
		{"GET /Users?isHidden=true", "ann", "", "admin ann ben"},
		{"GET /Users?ishidden=False", "admin", "", "carl choosy local Zoe"},
		{"GET /Users?isDisabled=true", "key", "", "Zoe"},
		{"GET /Users?isDisabled=false&isHidden=false", "ann", "", "carl choosy local"},
		{"GET /Users/Public", "", "", "carl choosy local"},
		{"GET /Users/Public", "", away, "carl choosy"},
		{"GET /Users/Public", "ann", "", "carl local"}, // on her device
	} {
		if got := names(w.json(scenario{do: test.do, as: test.as, from: test.from}), "Name"); got != test.want {
			t.Errorf("%s as %q from %q: got %s, want %s", test.do, test.as, test.from, got, test.want)
		}
	}
	w.perform(scenario{do: "GET /Users?isHidden=perhaps", as: "ann", want: problem(400, `{"isHidden":["The value 'perhaps' is not valid."]}`)})
}

func TestNewUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	create := func(name, send string, want answer, log ...string) scenario {
		return scenario{name: name, do: "POST /Users/New", as: "admin", send: send, want: want, log: log}
	}
	const created = finlatch.ActivityUserCreated
	fresh := golden(t, "user").body
	for _, change := range [][2]string{{`"ann"`, `"eve"`}, {"${ann}", "<id>"}, {"\"LastLoginDate\": \"<date>\",\n", ""}, {"\"LastActivityDate\": \"<date>\",\n", ""}} {
		fresh = strings.Replace(fresh, change[0], change[1], 1)
	}
	missing := problem(400, `{"$":["<any>"],"request":["The request field is required."]}`)
	w.play(t,
		create("with a password", `{"Name":"eve","Password":"eve-pw"}`, jsonOf(200, fresh), created),
		create("without", `{"name":"frank"}`, anything(200), created),
		create("beyond ASCII", `{"Name":"Zoë Ünal-O'Hara @home+1"}`, anything(200), created),
		create("taken", `{"Name":"EVE"}`, failed(400)),
		create("no name", `{"Password":"x"}`, missing),
		create("an empty name", `{"Name":""}`, problem(400, `{"Name":["The Name field is required."]}`)),
		create("a blank name", `{"Name":"  "}`, problem(400, `{"Name":["The Name field is required."]}`)),
		create("a path", `{"Name":"../../etc"}`, failed(400)),
		create("markup", `{"Name":"<script>"}`, failed(400)),
		create("a line break", `{"Name":"a\nb"}`, failed(400)),
		create("a NUL", `{"Name":"a\u0000"}`, failed(400)),
		create("a space last", `{"Name":"a "}`, failed(400)),
		create("a long name", `{"Name":"`+strings.Repeat("n", 256)+`"}`, failed(400)),
		scenario{name: "she signs in", do: "POST /Users/AuthenticateByName", send: `{"Username":"Eve","Pw":"eve-pw"}`, want: anything(200), log: []string{succeeded}},
	)
}

func TestDeletingUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	remove := func(name, who string, want answer, log ...string) scenario {
		return scenario{name: name, do: "DELETE /Users/" + who, as: "admin", want: want, log: log}
	}
	w.play(t,
		remove("nobody", "0123456789abcdef0123456789abcdef", problem(404, "")),
		remove("no id", "ann", problem(400, `{"userId":["The value 'ann' is not valid."]}`)),
		remove("the last administrator", "${admin}", failed(400)),
		scenario{name: "who keeps the token", do: "GET /Users/Me", as: "admin", want: anything(200)},
		scenario{name: "her token works", do: "GET /Users/Me", as: "ann", want: anything(200)},
		remove("her", "${ann}", empty(204), finlatch.ActivityUserDeleted),
		remove("her again", "${ann}", problem(404, "")),
		scenario{name: "her token has ended", do: "GET /Users/Me", as: "ann", want: empty(401)},
		scenario{name: "she is nobody", do: "GET /Users/${ann}", as: "ben", want: jsonOf(404, `"User not found"`)},
		scenario{name: "and does not sign in", do: "POST /Users/AuthenticateByName", send: `{"Username":"ann","Pw":"ann-pw"}`, want: failed(401), log: []string{refused}},
	)
}

func TestUpdatingUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("eve", "pw", func(p *finlatch.Policy) { p.EnableUserPreferenceAccess = false })
	w.names["eve.token"] = w.signIn("eve", "pw", "phone")
	const renamed = finlatch.ActivityUserRenamed
	user := func(name, more string) string {
		return `{"Name":"` + name + `","Policy":` + wholePolicy + more + `}`
	}
	update := func(name, do, as, send string, want answer, log ...string) scenario {
		return scenario{name: name, do: "POST " + do, as: as, send: send, want: want, log: log}
	}
	providers := problem(400, `{"Policy.AuthenticationProviderId":["The AuthenticationProviderId field is required."],
		"Policy.PasswordResetProviderId":["The PasswordResetProviderId field is required."]}`)
	notAllowed := jsonOf(403, `"User update not allowed."`)
	w.play(t,
		update("another's", "/Users?userId=${ben}", "ann", user("x", ""), notAllowed),
		update("another's by the path", "/Users/${ben}", "ann", user("x", ""), notAllowed),
		update("the own where the policy forbids it", "/Users", "eve", user("x", ""), notAllowed),
		update("nobody's", "/Users?userId=0123456789abcdef0123456789abcdef", "admin", user("x", ""), problem(404, "")),
		update("a key's own", "/Users", "key", user("x", ""), failed(400)),
		update("without a policy", "/Users", "ann", `{"Name":"x"}`, providers),
		update("with half a policy", "/Users", "ann", `{"Name":"x","Policy":{}}`, providers),
		update("with a name that is taken", "/Users", "ann", user("BEN", ""), failed(400)),
		update("with no name", "/Users", "ann", user("", ""), failed(400)),
		update("with a name that is none", "/Users", "ann", user("a/b", ""), failed(400)),
		update("without a configuration", "/Users", "ann", user("ann", `,"Configuration":null`), failed(400)),
		update("with a list that is null", "/Users", "ann", user("ann", `,"Configuration":{"OrderedViews":null}`), failed(400)),
		update("of an unknown mode", "/Users", "ann", user("ann", `,"Configuration":{"SubtitleMode":"Loud"}`), anything(400)),
		update("hers", "/Users", "ann", user("Ann", `,"Configuration":{"SubtitleMode":"Smart","CastReceiverId":"nobody's"}`), empty(204), renamed),
		update("the same name again", "/Users/${ann}", "ann", user("Ann", `,"Configuration":{"SubtitleMode":"Smart"}`), empty(204)),
		update("with more rights", "/Users", "ann", `{"Name":"Ann","Policy":{"IsAdministrator":true,"AuthenticationProviderId":"x","PasswordResetProviderId":"x"},
			"Configuration":{"SubtitleMode":"Smart"}}`, empty(204)),
		scenario{name: "which she has not", do: "GET /Auth/Keys", as: "ann", want: empty(403)},
		update("his by the administrator", "/Users?userId=${ben}", "admin", user("benjamin", ""), empty(204), renamed),
		update("another's configuration", "/Users/Configuration?userId=${ben}", "ann", "{}", jsonOf(403, `"User configuration update not allowed"`)),
		update("nobody's configuration", "/Users/0123456789abcdef0123456789abcdef/Configuration", "admin", "{}", problem(404, "")),
		update("no configuration", "/Users/Configuration", "ann", "null", problem(400, `{"":["A non-empty request body is required."],"userConfig":["The userConfig field is required."]}`)),
	)
	me, _ := w.json(scenario{do: "GET /Users/Me", as: "ann"}).(map[string]any)
	configuration, _ := me["Configuration"].(map[string]any)
	if me["Name"] != "Ann" || configuration["SubtitleMode"] != "Smart" || configuration["CastReceiverId"] != "F007D354" {
		t.Errorf("ann is %v", me)
	}
	w.perform(update("defaults", "/Users/${ann}/Configuration", "ann", "{}", empty(204)))
	me, _ = w.json(scenario{do: "GET /Users/Me", as: "ann"}).(map[string]any)
	if configuration, _ = me["Configuration"].(map[string]any); configuration["SubtitleMode"] != "Default" || configuration["CastReceiverId"] != "F007D354" {
		t.Errorf("an empty configuration gives %v", configuration)
	}
}
