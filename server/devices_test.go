package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Move(time.Second)
	w.signIn("ann", "ann-pw", "shared")
	w.clock.Move(time.Second)
	w.signIn("ben", "ben-pw", "shared") // claims it, and hides nobody
	w.clock.Move(time.Minute)
	for _, test := range []struct{ do, as, want string }{
		{"GET /Sessions", "admin", "shared shared admin's phone ann's phone ben's phone"},
		{"GET /Sessions", "key", "shared shared admin's phone ann's phone ben's phone"},
		{"GET /Sessions", "ann", "shared ann's phone"},
		{"GET /Sessions?deviceId=shared", "ben", "shared"},
		{"GET /Sessions?DEVICEID=SHARED", "ben", ""},
		{"GET /Sessions?activeWithinSeconds=61", "admin", "shared shared"},
		{"GET /Sessions?activeWithinSeconds=0", "ben", "shared ben's phone"},
		{"GET /Sessions?controllableByUserId=${ann}", "ann", ""},
	} {
		if got := names(w.json(scenario{do: test.do, as: test.as}), "DeviceId"); got != test.want {
			t.Errorf("%s as %s: got %q, want %q", test.do, test.as, got, test.want)
		}
	}
	shared := w.json(scenario{do: "GET /Sessions?deviceId=shared", as: "admin"})
	if got := names(shared, "UserName"); got != "ben ann" {
		t.Errorf("the shared device is %q's, want ben's and ann's", got)
	}
	if ids := strings.Fields(names(shared, "Id")); len(ids) != 2 || ids[0] == ids[1] {
		t.Errorf("their sessions are %q: whoever commands one may reach the other", ids)
	}
	w.play(t,
		scenario{name: "what others control", do: "GET /Sessions?controllableByUserId=${ben}", as: "ann", want: failed(403)},
		scenario{name: "what others control, for an administrator", do: "GET /Sessions?controllableByUserId=${ben}", as: "admin", want: jsonOf(200, "[]")},
		scenario{name: "no id", do: "GET /Sessions?controllableByUserId=x", as: "ann", want: problem(400, `{"controllableByUserId":["The value 'x' is not valid."]}`)},
		scenario{name: "no number", do: "GET /Sessions?activeWithinSeconds=1.5", as: "ann", want: problem(400, `{"activeWithinSeconds":["The value '1.5' is not valid."]}`)},
	)
	w.clock.Move(25 * time.Hour)
	w.perform(scenario{do: "GET /Sessions", as: "ann", want: jsonOf(200, "[]")})
}

func TestLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.names["other.token"] = w.signIn("ann", "ann-pw", "tablet")
	w.play(t,
		scenario{name: "out", do: "POST /Sessions/Logout", as: "ann", want: empty(204), log: []string{finlatch.ActivitySessionEnded}},
		scenario{name: "ended", do: "GET /Users/Me", as: "ann", want: empty(401)},
		scenario{name: "again, as jellyfin-web does", do: "POST /Sessions/Logout", as: "ann", want: empty(401)},
		scenario{name: "another device stays", do: "GET /Users/Me", as: "other", want: anything(200)},
		scenario{name: "with a body", do: "POST /Sessions/Logout", as: "other", send: `{"x":`, want: empty(204), log: []string{finlatch.ActivitySessionEnded}},
	)
}

func TestDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Move(time.Second)
	w.names["tv1.token"] = w.signIn("ann", "ann-pw", "tv")
	w.clock.Move(time.Second)
	w.names["tv2.token"] = w.signIn("ben", "ben-pw", "tv")
	w.names["box.token"] = w.signIn("ben", "ben-pw", "a box")
	w.policy("ann", func(p *finlatch.Policy) { p.EnableAllDevices, p.EnabledDevices = false, []string{"TV", "Ann's Phone"} })
	page := func(do string) any {
		v, _ := w.json(scenario{do: do, as: "admin"}).(map[string]any)
		return v["Items"]
	}
	if got, want := names(page("GET /Devices"), "Id"), "a box tv tv admin's phone ann's phone ben's phone"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := names(page("GET /Devices"), "LastUserName"), "ben ben ann admin ann ben"; got != want {
		t.Errorf("got users %s, want %s", got, want)
	}
	if got, want := names(page("GET /devices?userid=${ann}"), "Id"), "tv tv ann's phone"; got != want {
		t.Errorf("those that ann may use: got %s, want %s", got, want)
	}
	w.play(t,
		scenario{name: "info", do: "GET /Devices/Info?id=tv", as: "admin", want: jsonOf(200, `{"Name":"Telly","Id":"tv","LastUserName":"ben","AppName":"App","AppVersion":"1.0",
			"LastUserId":"${ben}","DateLastActivity":"2026-11-24T12:00:02.0000000Z","Capabilities":{"PlayableMediaTypes":[],"SupportedCommands":[],
			"SupportsMediaControl":false,"SupportsPersistentIdentifier":true}}`)},
		scenario{name: "info of nothing", do: "GET /Devices/Info?id=TV", as: "admin", want: problem(404, "")},
		scenario{name: "info of no id", do: "GET /Devices/Info", as: "admin", want: problem(400, `{"id":["The id field is required."]}`)},
		scenario{name: "list for nobody", do: "GET /Devices?userId=0123456789abcdef0123456789abcdef", as: "admin", want: failed(404)},
		scenario{name: "delete none", do: "DELETE /Devices", as: "admin", want: empty(204)},
		scenario{name: "delete one unknown among others", do: "DELETE /Devices?id=tv&id=fridge", as: "admin", want: problem(400, "")},
		scenario{name: "nothing was deleted", do: "GET /Users/Me", as: "tv1", want: anything(200)},
		scenario{name: "delete an empty id", do: "DELETE /Devices?id=", as: "admin", want: problem(400, "")},
		scenario{name: "delete two, one of them twice", do: "DELETE /Devices?id=tv&ID=a%20box&id=tv", as: "admin", want: empty(204), log: []string{revoked, revoked, revoked}},
		scenario{name: "hers has ended", do: "GET /Users/Me", as: "tv1", want: empty(401)},
		scenario{name: "his has ended", do: "GET /Users/Me", as: "tv2", want: empty(401)},
		scenario{name: "the box's has ended", do: "GET /Users/Me", as: "box", want: empty(401)},
		scenario{name: "delete again", do: "DELETE /Devices?id=tv", as: "admin", want: problem(400, "")},
		scenario{name: "her phone stays", do: "GET /Users/Me", as: "ann", want: anything(200)},
	)
}

func TestDeviceOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.names["tv.token"] = w.signIn("ann", "ann-pw", "tv")
	w.signIn("ben", "ben-pw", "tv")
	options := func(name, do, as, send string, want answer) scenario {
		return scenario{name: name, do: do, as: as, send: send, want: want}
	}
	const all, hers, bens = "/Devices/Options?id=tv", "/Devices/Options?id=tv&userId=${ann}", "/Devices/Options?id=tv&userId=${ben}"
	w.play(t,
		options("never said", "GET "+all, "admin", "", problem(404, "")),
		options("no id", "GET /Devices/Options", "admin", "", problem(400, `{"id":["The id field is required."]}`)),
		options("no id to name", "POST /Devices/Options", "admin", `{"CustomName":"x"}`, problem(400, `{"id":["The id field is required."]}`)),
		options("no body", "POST "+all, "admin", `null`, problem(400, `{"":["A non-empty request body is required."],"deviceOptions":["The deviceOptions field is required."]}`)),
		options("by a user", "POST "+all, "ann", `{"CustomName":"x"}`, empty(403)),
		options("another's by a user", "POST "+bens, "ann", `{"CustomName":"x"}`, empty(403)),
		options("another's asked", "GET "+bens, "ann", "", empty(403)),
		options("said", "POST "+all, "admin", `{"CustomName":"The telly"}`, empty(204)),
		options("asked", "GET "+all, "admin", "", jsonOf(200, `{"Id":1,"DeviceId":"tv","CustomName":"The telly"}`)),
		options("hers", "POST "+hers, "ann", `{"CustomName":"<b>mine</b>"}`, empty(204)),
		options("hers asked", "GET "+hers, "ann", "", jsonOf(200, `{"Id":1,"DeviceId":"tv","CustomName":"<b>mine</b>"}`)),
		options("her fridge", "POST /Devices/Options?id=fridge&userId=${ann}", "ann", `{"CustomName":"x"}`, problem(404, "")),
	)
	custom := func(as, do string) string {
		v, _ := w.json(scenario{do: do, as: as}).(map[string]any)
		name, _ := v["CustomName"].(string)
		return name
	}
	if got := custom("ann", "GET /Devices/Info?id=tv&userId=${ann}"); got != "<b>mine</b>" {
		t.Errorf("ann's is called %q", got)
	}
	if got := custom("admin", "GET /Devices/Info?id=tv&userId=${ben}"); got != "The telly" {
		t.Errorf("ben's is called %q", got)
	}
	w.play(t,
		options("taken away", "POST "+all, "admin", `{}`, empty(204)),
		options("asked then", "GET "+all, "admin", "", jsonOf(200, `{"Id":1,"DeviceId":"tv"}`)),
	)
	own, _ := w.json(scenario{do: "GET /Devices?userId=${ann}", as: "ann"}).(map[string]any)
	if got, want := names(own["Items"], "LastUserName"), "ann ann"; got != want {
		t.Errorf("ann's devices are those of %q, want %q", got, want)
	}
	w.play(t,
		scenario{name: "all by a user", do: "GET /Devices", as: "ann", want: empty(403)},
		scenario{name: "another's by a user", do: "GET /Devices?userId=${ben}", as: "ann", want: empty(403)},
		scenario{name: "end another's", do: "DELETE /Devices?id=tv&userId=${ben}", as: "ann", want: empty(403)},
		scenario{name: "end one that is not hers", do: "DELETE /Devices?id=ben's%20phone&userId=${ann}", as: "ann", want: problem(400, "")},
		scenario{name: "end hers", do: "DELETE /Devices?id=tv&userId=${ann}", as: "ann", want: empty(204), log: []string{revoked}},
		scenario{name: "hers has ended", do: "GET /Users/Me", as: "tv", want: empty(401)},
		scenario{name: "his is left to the administrator", do: "DELETE /Devices?id=tv&userId=${ben}", as: "admin", want: empty(204), log: []string{revoked}},
	)
}
