package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

const usual = `{"Id":"3ce5b65d-e116-d731-65d1-efc4a30ec35c","SortBy":"SortName","RememberIndexing":false,"PrimaryImageHeight":250,
	"PrimaryImageWidth":250,"CustomPrefs":{"chromecastVersion":"stable","skipForwardLength":"30000","skipBackLength":"10000",
	"enableNextVideoInfoOverlay":"False","tvhome":null,"dashboardTheme":null},"ScrollDirection":"Horizontal","ShowBackdrop":true,
	"RememberSorting":false,"SortOrder":"Ascending","ShowSidebar":false,"Client":"emby"}`

func (w *world) preferences(name string) int {
	w.Helper()
	var count int
	err := w.store.View(w.ctx, func(tx finlatch.Tx) (err error) {
		count, err = tx.CountDisplayPreferences(w.ctx, w.id(name))
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return count
}

// As recorded from a real Jellyfin, 50_system/prefs.*; but that reads write nothing.
func TestDisplayPreferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.names["dashed"] = dashed(w.names["ann"])
	const settings = "/DisplayPreferences/usersettings"
	needed := problem(400, `{"client":["The client field is required."]}`)
	androidTV := strings.Replace(usual, `"emby"`, `"androidtv"`, 1)
	byGUID := strings.Replace(usual, "3ce5b65d-e116-d731-65d1-efc4a30ec35c", "deadbeef-dead-beef-dead-beefdeadbeef", 1)
	get := func(name, target, as string, want answer) scenario {
		return scenario{name: name, do: "GET " + target, as: as, want: want}
	}
	w.play(t,
		get("first", settings+"?userId=${ann}&client=emby", "ann", jsonOf(200, usual)),
		get("without a user", settings+"?client=emby", "ann", jsonOf(200, usual)),
		get("dashed user", "/displaypreferences/usersettings?USERID=${dashed}&Client=emby", "ann", jsonOf(200, usual)),
		get("another client", settings+"?client=androidtv", "ann", jsonOf(200, androidTV)),
		get("no client", settings+"?userId=${ann}", "ann", needed),
		get("empty client", settings+"?client=", "ann", needed),
		get("another user", settings+"?userId=${ben}&client=emby", "ann", failed(403)),
		get("another user, for an administrator", settings+"?userId=${ann}&client=emby", "admin", jsonOf(200, usual)),
		get("for a key", settings+"?userId=${ann}&client=emby", "key", jsonOf(200, usual)),
		get("for a key that names nobody", settings+"?client=emby", "key", failed(400)),
		get("an id", "/DisplayPreferences/deadbeefdeadbeefdeadbeefdeadbeef?client=emby", "ann", jsonOf(200, byGUID)),
		get("a name in another case is another", "/DisplayPreferences/UserSettings?client=emby", "ann",
			jsonOf(200, strings.Replace(usual, "3ce5b65d-e116-d731-65d1-efc4a30ec35c", "<any>", 1))),
	)
	if got := w.preferences("ann"); got != 0 {
		t.Errorf("reading left %d rows", got)
	}

	const sent = `{"Id":"usersettings","SortBy":"DateCreated","RememberIndexing":true,"PrimaryImageHeight":200,"PrimaryImageWidth":300,
		"CustomPrefs":{"skipForwardLength":"20000","tvhome":"horizontal","landing-livetv":"guide","homesection0":"resume","wire":"→ own"},
		"ScrollDirection":"Vertical","ShowBackdrop":false,"RememberSorting":true,"SortOrder":"Descending","ShowSidebar":true,"Client":"emby"}`
	const kept = `{"Id":"3ce5b65d-e116-d731-65d1-efc4a30ec35c","SortBy":"DateCreated","RememberIndexing":true,"PrimaryImageHeight":250,
		"PrimaryImageWidth":250,"CustomPrefs":{"homesection0":"resume","chromecastVersion":"stable","skipForwardLength":"20000",
		"skipBackLength":"15000","enableNextVideoInfoOverlay":"True","tvhome":"horizontal","dashboardTheme":"","landing-livetv":"guide",
		"wire":"→ own"},"ScrollDirection":"Vertical","ShowBackdrop":false,"RememberSorting":true,"SortOrder":"Descending",
		"ShowSidebar":true,"Client":"emby"}`
	post := func(name, target, as, send string, want answer) scenario {
		return scenario{name: name, do: "POST " + target, as: as, send: send, want: want}
	}
	w.play(t,
		post("save", settings+"?userId=${ann}&client=emby", "ann", sent, empty(204)),
		get("as saved", settings+"?userId=${ann}&client=emby", "ann", jsonOf(200, kept)),
		get("another client's stay", settings+"?client=androidtv", "ann", jsonOf(200, androidTV)),
		get("another user's stay", settings+"?client=emby", "ben", jsonOf(200, usual)),
		post("save again", settings+"?client=emby", "ann", kept, empty(204)),
		get("as before", settings+"?client=emby", "ann", jsonOf(200, kept)),
		post("anonymous", settings+"?client=emby", "", "{}", empty(401)),
		post("another user", settings+"?userId=${ben}&client=emby", "ann", "{}", failed(403)),
		post("nobody", settings+"?userId=0123456789abcdef0123456789abcdef&client=emby", "admin", "{}", failed(404)),
		post("no client", settings, "ann", "{}", needed),
		post("no object", settings+"?client=emby", "ann", "[]", anything(400)),
		post("an unknown order", settings+"?client=emby", "ann", `{"SortOrder":"Sideways"}`, anything(400)),
		post("a number that is none", settings+"?client=emby", "ann", `{"CustomPrefs":{"skipBackLength":"far"}}`, failed(400)),
		post("a flag that is none", settings+"?client=emby", "ann", `{"CustomPrefs":{"enableNextVideoInfoOverlay":"perhaps"}}`, failed(400)),
		get("nothing of that was saved", settings+"?client=emby", "ann", jsonOf(200, kept)),
		post("nulls", settings+"?client=emby", "ann", `{"CustomPrefs":null,"SortBy":null}`, empty(204)),
		get("and their defaults", settings+"?client=emby", "ann", jsonOf(200, `{"Id":"3ce5b65d-e116-d731-65d1-efc4a30ec35c","SortBy":"SortName","RememberIndexing":false,
			"PrimaryImageHeight":250,"PrimaryImageWidth":250,"CustomPrefs":{"chromecastVersion":"stable","skipForwardLength":"15000","skipBackLength":"15000",
			"enableNextVideoInfoOverlay":"True","tvhome":"","dashboardTheme":""},"ScrollDirection":"Horizontal","ShowBackdrop":true,"RememberSorting":false,
			"SortOrder":"Ascending","ShowSidebar":false,"Client":"emby"}`)),
	)
	if got := w.preferences("ann"); got != 1 {
		t.Errorf("got %d rows, want 1", got)
	}
}

func TestDisplayPreferencesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	save := func(name, target, send string, want answer) scenario {
		return scenario{name: name, do: "POST /DisplayPreferences/" + target, as: "ann", send: send, want: want}
	}
	pref := func(size int) string { return `{"CustomPrefs":{"x":"` + strings.Repeat("x", size) + `"}}` }
	w.play(t,
		save("much", "x?client=emby", pref(60<<10), empty(204)),
		save("too much", "x?client=emby", pref(64<<10), failed(400)),
		save("a client with a long name", "x?client="+strings.Repeat("c", 128), "{}", empty(204)),
		save("a client with a longer one", "x?client="+strings.Repeat("c", 129), "{}", failed(400)),
	)
	for n := 2; n < 500; n++ {
		if err := w.SetDisplayPreferences(w.ctx, finlatch.Operator(), w.id("ann"), finlatch.ID{byte(n), byte(n >> 8)}, "emby", []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	w.play(t,
		save("one too many", "y?client=emby", "{}", failed(400)),
		save("one that is there", "x?client=emby", "{}", empty(204)),
		scenario{name: "another user's", do: "POST /DisplayPreferences/y?client=emby", as: "ben", send: "{}", want: empty(204)},
		scenario{name: "reading what is not there", do: "GET /DisplayPreferences/y?client=emby", as: "ann", want: anything(200)},
	)
	if got := w.preferences("ann"); got != 500 {
		t.Errorf("got %d rows, want 500", got)
	}
}

// What clients send comes back as they sent it, whatever it is.
func TestDisplayPreferencesKeepAnyText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, text := range []string{`\u0000`, `\\\"`, `<script>&'`, `\ud83d\ude00`, `😀`, `\u2028`} {
		do := fmt.Sprintf("/DisplayPreferences/any%d?client=emby", i)
		w.perform(scenario{do: "POST " + do, as: "ann", send: `{"CustomPrefs":{"a":"` + text + `","` + text + `":"b"},"ViewType":"` + text + `"}`, want: empty(204)})
		w.perform(scenario{do: "GET " + do, as: "ann", want: jsonOf(200, `{"Id":"<any>","ViewType":"`+text+`","SortBy":"SortName","RememberIndexing":false,
			"PrimaryImageHeight":250,"PrimaryImageWidth":250,"CustomPrefs":{"chromecastVersion":"stable","skipForwardLength":"15000","skipBackLength":"15000","a":"`+text+`","`+text+`":"b",
			"enableNextVideoInfoOverlay":"True","tvhome":"","dashboardTheme":""},"ScrollDirection":"Horizontal","ShowBackdrop":true,"RememberSorting":false,
			"SortOrder":"Ascending","ShowSidebar":false,"Client":"emby"}`)})
	}
}
