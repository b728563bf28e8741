package server_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// keys is the list with these names and texts, in this order.
func keys(namesAndTexts ...string) answer {
	var items []string
	for i := 0; i < len(namesAndTexts); i += 2 {
		items = append(items, `{"Id":0,"AccessToken":"`+namesAndTexts[i+1]+`","DeviceId":"","AppName":"`+namesAndTexts[i]+`","AppVersion":"","DeviceName":"",
			"UserId":"00000000000000000000000000000000","IsActive":false,"DateCreated":"<date>","DateLastActivity":"0001-01-01T00:00:00.0000000Z"}`)
	}
	return jsonOf(200, `{"Items":[`+strings.Join(items, ",")+`],"TotalRecordCount":`+string(rune('0'+len(items)))+`,"StartIndex":0}`)
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const created, deleted = finlatch.ActivityAPIKeyCreated, finlatch.ActivityAPIKeyDeleted
	w.clock.Move(time.Second)
	w.play(t,
		scenario{name: "create", do: "POST /Auth/Keys?App=zebra", as: "admin", want: empty(204), log: []string{created}},
	)
	w.clock.Move(time.Second)
	w.play(t,
		scenario{name: "create by a key", do: "POST /auth/keys/?app=ant%20%C3%BC", as: "key", want: empty(204), log: []string{created}},
		scenario{name: "without a name", do: "POST /Auth/Keys", as: "admin", want: problem(400, `{"app":["The app field is required."]}`)},
		scenario{name: "with a blank one", do: "POST /Auth/Keys?app=+", as: "admin", want: problem(400, `{"app":["The app field is required."]}`)},
		scenario{name: "with an invisible one", do: "POST /Auth/Keys?app=%00", as: "admin", want: failed(400)},
		scenario{name: "list, oldest first", do: "GET /Auth/Keys", as: "admin", want: keys("robot", "${key.token}", "zebra", "<token>", "ant ü", "<token>"),
			save: map[string]string{"zebra.token": "Items.1.AccessToken", "ant.token": "Items.2.AccessToken"}},
		scenario{name: "it may what administrators may", do: "GET /Devices", as: "zebra", from: away, want: anything(200)},
		scenario{name: "and is no user", do: "GET /Users/Me", as: "zebra", want: problem(400, "")},
		scenario{name: "and cannot be signed out", do: "POST /Sessions/Logout", as: "zebra", want: empty(204)},
		scenario{name: "in the query", do: "GET /Users?ApiKey=${zebra.token}", header: map[string]string{"Authorization": "-"}, want: anything(200)},
	)
	w.clock.Move(10*time.Minute - 2*time.Second)
	const handle = "<handle>"
	w.play(t,
		scenario{name: "the oldest is no longer readable", do: "GET /Auth/Keys", as: "admin", want: keys("robot", handle, "zebra", "${zebra.token}", "ant ü", "${ant.token}")},
	)
	w.clock.Move(2 * time.Second)
	w.play(t,
		scenario{name: "none is", do: "GET /Auth/Keys", as: "admin", want: keys("robot", handle, "zebra", handle, "ant ü", handle),
			save: map[string]string{"zebra handle": "Items.1.AccessToken"}},
		scenario{name: "they still work", do: "GET /Devices", as: "ant", want: anything(200)},
		scenario{name: "a handle is no key", do: "GET /Users?ApiKey=${zebra handle}", header: map[string]string{"Authorization": "-"}, want: empty(401)},
		scenario{name: "delete by the key", do: "DELETE /Auth/Keys/${ant.token}", as: "admin", want: empty(204), log: []string{deleted}},
		scenario{name: "it has ended", do: "GET /Devices", as: "ant", want: empty(401)},
		scenario{name: "delete by the handle", do: "DELETE /auth/keys/${zebra handle}", as: "admin", want: empty(204), log: []string{deleted}},
		scenario{name: "it has ended, too", do: "GET /Devices", as: "zebra", want: empty(401)},
		scenario{name: "delete again", do: "DELETE /Auth/Keys/${zebra handle}", as: "admin", want: empty(204)},
		scenario{name: "delete something unknown", do: "DELETE /Auth/Keys/nonsense", as: "admin", want: empty(204)},
		scenario{name: "delete a user's token", do: "DELETE /Auth/Keys/${ann.token}", as: "admin", want: empty(204)},
		scenario{name: "which has not ended", do: "GET /Users/Me", as: "ann", want: anything(200)},
		scenario{name: "what is left", do: "GET /Auth/Keys", as: "admin", want: keys("robot", handle)},
		scenario{name: "a key deletes itself", do: "DELETE /Auth/Keys/${key.token}", as: "key", want: empty(204), log: []string{deleted}},
		scenario{name: "and has ended", do: "GET /Users", as: "key", want: empty(401)},
	)
}

// Names of keys are as hostile as those of devices.
func TestAPIKeysWithHostileNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Move(time.Second)
	w.perform(scenario{do: "POST /Auth/Keys?app=" + url.QueryEscape("x\r\n\x1b[2J<b>"+strings.Repeat("y", 200)), as: "admin", want: empty(204),
		log: []string{finlatch.ActivityAPIKeyCreated}})
	w.perform(scenario{do: "GET /Auth/Keys", as: "admin", want: keys("robot", "<token>", "x[2J<b>"+strings.Repeat("y", 121), "<token>")})
}
