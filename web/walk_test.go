package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/web"
)

// path is where a route's page is in a world, with something on it to look at.
func (w *world) path(route web.Route) string {
	w.Helper()
	path := strings.ReplaceAll(route.Path, "{id}", w.id("ben").String())
	switch path {
	case "{$}":
		return ""
	case "link/done":
		code := w.code("tv")
		b := w.signedIn("ann")
		p := b.open("link?code=" + code).press("Approve")
		_, below, _ := strings.Cut(p.at.RequestURI(), "/finlatch/")
		return below
	}
	if strings.Contains(path, "{") {
		w.Fatalf("%s: where is that? Say so in world.path", route.Path)
	}
	return path
}

// pagesOf are the table's pages, but those for the first run.
func pagesOf() (all []web.Route) {
	for _, route := range web.Routes() {
		if route.Method == http.MethodGet && route.For != "setup" {
			all = append(all, route)
		}
	}
	return all
}

// Who may open which page.
func TestWhoMayOpenWhat(t *testing.T) {
	t.Parallel()
	for _, ownHost := range []bool{false, true} {
		w := newWorld(t, func(o *options) {
			if ownHost {
				o.web.URL = "http://door.example"
			}
		})
		if ownHost {
			w.site = "http://door.example"
		}
		old, fresh, ann, nobody := w.signedIn("admin"), w.browser(), w.signedIn("ann"), w.browser()
		w.clock.Move(10 * time.Minute)
		w.user("boss", "boss-pw", func(p *finlatch.Policy) { p.IsAdministrator = true })
		fresh.signIn("boss")
		for _, route := range pagesOf() {
			path := w.path(route)
			p := nobody.get(path)
			if p.wantHardened(t, path); route.For == "anybody" {
				if p = p.follow(); p.status != 200 || p.h1() != "Sign in" {
					t.Errorf("nobody opens %s: %d %q", path, p.status, p.h1())
				}
			} else if p.status != http.StatusSeeOther || !strings.HasPrefix(p.follow().at.Path, "/finlatch/sign-in") || p.body != "" {
				t.Errorf("nobody opens %s: %d, at %s", path, p.status, p.follow().at)
			}
			if p = ann.get(path); route.For == "administrators" && (p.status != http.StatusForbidden || p.alert() == "") {
				t.Errorf("ann opens %s: %d %q", path, p.status, p.h1())
			} else if route.For != "administrators" && p.follow().status != 200 {
				t.Errorf("ann opens %s: %d %q", path, p.status, p.alert())
			}
			p.wantHardened(t, path)
			if p = old.get(path); route.For == "administrators" && !ownHost {
				if p.status != http.StatusSeeOther || p.follow().h1() != "Confirm that it is you" || p.body != "" {
					t.Errorf("an administrator whose sign-in is old opens %s: %d %q", path, p.status, p.h1())
				}
				back := p.follow().formOf("Continue").fields.Get("next")
				if back != path {
					t.Errorf("confirming leads to %q, want %s", back, path)
				}
			} else if p.follow().status != 200 || p.follow().h1() == "Confirm that it is you" && path != "confirm" {
				t.Errorf("an administrator whose sign-in is old opens %s: %d %q", path, p.status, p.h1())
			}
			if p = fresh.open(path); p.status != 200 || p.h1() == "" || p.alert() != "" || p.has("Continue") && path == "admin" {
				t.Errorf("an administrator opens %s: %d %q %q", path, p.status, p.h1(), p.alert())
			}
			p.wantHardened(t, path)
			if n := len(p.document.all("h1")); n != 1 {
				t.Errorf("%s has %d headings h1", path, n)
			}
		}
	}
}

// Who may press what: nobody presses anything, users nothing of administration, administrators nothing of it when their
// sign-in is old; and nothing has changed after that.
func TestWhoMayPressWhat(t *testing.T) {
	t.Parallel()
	forEachForm(t, func(t *testing.T, route web.Route, r ready) {
		if route.For == "anybody" || route.For == "setup" {
			return
		}
		others := map[string]*browser{"nobody": r.world.browser()}
		if route.For == "administrators" {
			others["ann"] = r.signedIn("ann")
			if strings.HasPrefix(route.Path, "admin/users/{id}") && !r.person("ben").Policy.IsDisabled {
				others["ben himself"] = r.signedIn("ben")
			}
			r.clock.Move(10 * time.Minute)
			others["an administrator whose sign-in is old"] = r.browser
		}
		before := r.dump()
		for who, b := range others {
			p := ready{b, r.form}.press()
			p.wantHardened(t, who)
			var fine bool
			switch end := p.follow(); {
			case who == "nobody":
				fine = p.status == http.StatusSeeOther && end.h1() == "Sign in"
			case b == r.browser:
				fine = p.status == http.StatusSeeOther && end.h1() == "Confirm that it is you"
			default:
				fine = p.status == http.StatusForbidden && p.alert() != ""
			}
			if !fine {
				t.Errorf("%s: %d %q, then %q", who, p.status, p.alert(), p.follow().h1())
			}
		}
		if r.dump() != before {
			t.Error("something has changed")
		}
	})
}

// Where a form leads somebody who had to confirm, or to sign in, there is a page.
func TestComingBackToForms(t *testing.T) {
	t.Parallel()
	forEachForm(t, func(t *testing.T, route web.Route, r ready) {
		if route.For == "administrators" {
			r.clock.Move(10 * time.Minute)
			p := r.press().follow().press("Continue", "password", "admin-pw")
			if p.status != 200 || p.h1() == "Approve a device" {
				t.Errorf("confirmed: %d %q at %s", p.status, p.h1(), p.at)
			}
		}
		if route.For == "users" {
			p := ready{r.world.browser(), r.form}.press().follow().press("Sign in", "username", "ann", "password", "ann-pw")
			if p.status != 200 {
				t.Errorf("signed in: %d %q at %s", p.status, p.h1(), p.at)
			}
		}
	})
}

// What is no page is a page that says so, and hardened as all others.
func TestOtherAnswersAreHardened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ann")
	for path, status := range map[string]int{
		"nothing": 404, "admin/nothing": 404, "link/done/": 404, "devices/rename": 404, "sign-in/x": 404, "static/style.css": 404, "templates/layout.html": 404,
		"/finlatch//link": 0, "/finlatch/./link": 0, "/finlatch/../finlatch/link": 0, "/finlatch/%2e%2e/System/Info": 0, "/finlatch/..%2f..%2fetc/passwd": 0,
		"/finlatch/%00": 404, "/finlatch/link%0d%0aX-Evil:1": 404, "/finlatch/admin/users/x": 403, "/finlatch/admin/users/x/delete": 404,
		"/link": 302, "/link/": 302, "/finlatch": 302, "/LINK?code=1": 302, "/FINLATCH/devices": 302, "/link?code=%0d%0aX-Evil:1": 302,
		"link/done?code=1&request=1": 404, "link?code=1": 400, "script.js": 200, "script.js?v=1": 200,
	} {
		p := b.get(path)
		if p.wantHardened(t, path); status != 0 && p.status != status {
			t.Errorf("%s: %d, want %d", path, p.status, status)
		}
		if p.status >= 500 || p.answer.Get("X-Evil") != "" {
			t.Errorf("%s: %d %v", path, p.status, p.answer)
		}
		if p.status >= 400 && (p.alert() == "" || p.h1() == "") {
			t.Errorf("%s: %d is no page with a message: %.100q", path, p.status, p.body)
		}
		if to := p.location(); to != "" {
			end, err := p.at.Parse(to)
			if err != nil || end.Host != p.at.Host {
				t.Errorf("%s leads to %q", path, to)
			}
		}
	}
}
