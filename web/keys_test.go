package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// counts tells whether the API takes a key.
func (w *world) counts(key string) bool {
	w.Helper()
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, "http://"+w.peer+"/Users", nil)
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Authorization", `MediaBrowser Token="`+key+`"`)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// secret is the key that a page shows.
func (p *page) secret() string {
	return p.document.first(func(n *node) bool { return n.attrs["class"] == "secret" }).text()
}

// logged are the sentences of the activity log, the newest first, and who is in them.
func (w *world) logged(filter finlatch.ActivityFilter) (sentences []string, entries []finlatch.LoggedActivity) {
	w.Helper()
	filter.Limit = 1000
	entries, _, err := w.ActivityLog(w.ctx, finlatch.Operator(), filter)
	if err != nil {
		w.Fatal(err)
	}
	for _, entry := range entries {
		sentences = append(sentences, entry.Name)
	}
	return sentences, entries
}

func TestAKeyIsShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	p := b.open("admin/keys")
	if p.h1() != "API keys" || !strings.Contains(p.text(), "There is no key yet.") || p.has("Delete") {
		t.Errorf("at first: %d %q %q", p.status, p.h1(), p.text())
	}
	p = p.submit("Create the key", "name", "Seerr")
	key := p.secret()
	if p.status != 200 || !w.counts(key) || !strings.Contains(p.text(), "The key of Seerr It is shown only now.") || p.answer.Get("Cache-Control") != "no-store" {
		t.Errorf("made: %d %q %q", p.status, key, p.text())
	}
	if w.counts(key + "0") {
		t.Error("any key counts")
	}
	for name, p := range map[string]*page{"again": b.open("admin/keys"), "to another": w.signedIn("admin").open("admin/keys"), "in the log": b.open("admin/activity"),
		"after another": b.open("admin/keys").submit("Create the key", "name", "Other")} {
		if !strings.Contains(p.text(), "Seerr") || strings.Contains(p.body, key) {
			t.Errorf("%s: the page has no Seerr, or its key: %q", name, p.text())
		}
	}
	if strings.Contains(w.log.String(), key) {
		t.Error("the key is in the log")
	}
	_, entries := w.logged(finlatch.ActivityFilter{Type: finlatch.ActivityAPIKeyCreated})
	if len(entries) != 2 || entries[1].Name != "API key Seerr has been created" || entries[1].ByName != "admin" {
		t.Errorf("the log has %+v", entries)
	}
}

func TestAKeyNeedsAName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	for _, name := range []string{"", "   ", "\u202e\x00\n"} {
		p := b.open("admin/keys").submit("Create the key", "name", name)
		if p.status != 400 || p.h1() != "API keys" || p.alert() != "An API key needs a name." || p.secret() != "" {
			t.Errorf("%q: %d %q %q", name, p.status, p.h1(), p.alert())
		}
	}
	if keys, err := w.APIKeys(w.ctx, finlatch.Operator()); err != nil || len(keys) != 0 {
		t.Errorf("%v, %v", keys, err)
	}
}

// A key is deleted by its id, so it need not be readable any more.
func TestDeletingKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	keys := map[string]string{}
	for _, name := range []string{"one", "two", "three"} {
		keys[name] = b.open("admin/keys").submit("Create the key", "name", name).secret()
		w.clock.Move(time.Second)
	}
	p := b.open("admin/keys")
	replayed := p.formOf("Delete two")
	p = p.press("Delete two")
	if p.at.Path != "/finlatch/admin/keys" || p.notice() != "The key is deleted." || p.has("Delete two") || !p.has("Delete one") || !p.has("Delete three") {
		t.Errorf("%s %q %q", p.at, p.notice(), p.text())
	}
	if !w.counts(keys["one"]) || w.counts(keys["two"]) || !w.counts(keys["three"]) {
		t.Error("another key has gone")
	}
	if p := b.submit(replayed); p.status != 303 {
		t.Errorf("deleting what is gone: %d %q", p.status, p.alert())
	}
	w.clock.Move(11 * time.Minute)
	p = b.open("admin/keys").press("Continue", "password", "admin-pw").press("Delete three")
	if p.notice() != "The key is deleted." || w.counts(keys["three"]) || !w.counts(keys["one"]) {
		t.Errorf("no longer readable: %q %q", p.alert(), p.text())
	}
	for _, id := range []string{"", "x", keys["one"] + "0", "no-longer-readable-" + keys["one"]} {
		if p := b.post("admin/keys/delete", "key", id); p.status != 404 || p.h1() != "API keys" || p.alert() == "" {
			t.Errorf("%q: %d %q %q", id, p.status, p.h1(), p.alert())
		}
	}
	if !w.counts(keys["one"]) {
		t.Error("the last key has gone")
	}
	if _, entries := w.logged(finlatch.ActivityFilter{Type: finlatch.ActivityAPIKeyDeleted}); len(entries) != 2 || entries[1].Name != "API key two has been deleted" || entries[1].ByName != "admin" {
		t.Errorf("the log has %+v", entries)
	}
}

func TestManyKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	for i := range 53 {
		if _, _, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), fmt.Sprintf("A program of a rather long name, number %d", i)); err != nil {
			t.Fatal(err)
		}
		w.clock.Move(time.Second)
	}
	p := b.open("admin/keys")
	rows := p.document.all("tbody")[0].all("tr")
	if len(rows) != 50 || !strings.Contains(rows[0].text(), "number 52 ") || !strings.Contains(rows[49].text(), "number 3 ") || !strings.Contains(p.text(), "And 3 older") {
		t.Errorf("%d rows, from %q to %q", len(rows), rows[0].text(), rows[len(rows)-1].text())
	}
	if len(p.body) > 50<<10 {
		t.Errorf("the page has %d bytes", len(p.body))
	}
}

func TestHostileKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("admin")
	plain := b.open("admin/keys").submit("Create the key", "name", "plain").document.skeleton()
	b.open("admin/keys").press("Delete plain")
	hostile := `"'></bdi></table><script>alert(1)</script>{{.}}`
	p := b.open("admin/keys").submit("Create the key", "name", hostile+"\u202e\x07"+strings.Repeat("x", 10_000))
	shown := p.document.all("tbody")[0].all("bdi")[0].text()
	if p.document.skeleton() != plain || !strings.HasPrefix(shown, hostile+"xx") || len(shown) > 128 {
		t.Errorf("shown as %q", shown)
	}
	if p := b.open("admin/keys").press("Delete " + shown); p.has("Delete " + shown) {
		t.Error("it cannot be deleted")
	}
}
