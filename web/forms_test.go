package web_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch/web"
)

// ready is a form that a browser is about to send, and that would do something.
type ready struct {
	*browser
	form
}

// readyForms makes one for every POST of the table, in a world of its own.
var readyForms = map[string]func(w *world) ready{
	"sign-in": func(w *world) ready {
		return w.browser().fill("sign-in", "Sign in", "username", "ann", "password", "ann-pw")
	},
	"sign-out": func(w *world) ready { return w.signedIn("ann").fill("devices", "Sign out") },
	"confirm":  func(w *world) ready { return w.signedIn("ann").fill("confirm", "Continue", "password", "ann-pw") },

	"approve": func(w *world) ready { return w.signedIn("ann").fill("link?code="+w.code("tv"), "Approve") },
	"link": func(w *world) ready {
		return w.signedIn("admin").fill("link?code="+w.code("tv"), "Choose", "user", w.id("ben").String())
	},
	"link/deny": func(w *world) ready { return w.signedIn("ann").fill("link?code="+w.code("tv"), "Deny") },
	"link/undo": func(w *world) ready {
		b, code := w.signedIn("ann"), w.code("tv")
		b.open("link?code=" + code).press("Approve")
		return b.fill("link?code="+code, "Undo")
	},

	"devices/rename": func(w *world) ready {
		return w.signedIn("ann").fill("devices", "Save the name of A browser", "name", "Mine")
	},
	"devices/sign-out": func(w *world) ready {
		w.appSignIn("ann", "ann-pw", "tv")
		return w.signedIn("ann").fill("devices", "Sign out Telly")
	},
	"devices/sign-out-others": func(w *world) ready {
		w.appSignIn("ann", "ann-pw", "tv")
		return w.signedIn("ann").fill("devices", "Sign out all others")
	},
	"account/password": func(w *world) ready {
		return w.signedIn("ann").fill("account", "Change the password", "current", "ann-pw", "new", "new-pw", "again", "new-pw")
	},
	"account/name": func(w *world) ready { return w.signedIn("ann").fill("account", "Rename", "name", "anna") },
	"account/picture": func(w *world) ready {
		return w.signedIn("ann").fill("account", "Use this picture", "picture", drawing(8))
	},
	"account/picture/remove": func(w *world) ready {
		b := w.signedIn("ann")
		b.open("account").press("Use this picture", "picture", drawing(8))
		return b.fill("account", "Remove the picture")
	},

	"admin/users": func(w *world) ready {
		return w.signedIn("admin").fill("admin/users", "Create the user", "username", "mallory", "password", "pw", "administrator", "yes")
	},
	"admin/users/{id}/rename":          func(w *world) ready { return w.onBen("Rename", "username", "benny") },
	"admin/users/{id}/disable":         func(w *world) ready { return w.onBen("Disable") },
	"admin/users/{id}/enable":          func(w *world) ready { w.onBen("Disable").press(); return w.onBen("Enable") },
	"admin/users/{id}/unlock":          func(w *world) ready { return w.onBen("Unlock") },
	"admin/users/{id}/password":        func(w *world) ready { return w.onBen("Set the password", "password", "new-pw") },
	"admin/users/{id}/password/remove": func(w *world) ready { return w.onBen("Remove the password") },
	"admin/users/{id}/policy":          func(w *world) ready { return w.onBen("Save the policy", "administrator", "on") },
	"admin/users/{id}/sign-out": func(w *world) ready {
		w.appSignIn("ben", "ben-pw", "tv")
		return w.onBen("Sign out Telly")
	},
	"admin/users/{id}/sign-out-everywhere": func(w *world) ready {
		w.appSignIn("ben", "ben-pw", "tv")
		return w.onBen("Sign out everywhere")
	},
	"admin/users/{id}/delete": func(w *world) ready { return w.onBen("Delete the user", "confirm", "ben") },
	"admin/devices/sign-out": func(w *world) ready {
		w.appSignIn("ben", "ben-pw", "tv")
		return w.signedIn("admin").fill("admin/devices", "Sign out Telly of ben")
	},
	"admin/keys": func(w *world) ready { return w.signedIn("admin").fill("admin/keys", "Create the key", "name", "robot") },
	"admin/keys/delete": func(w *world) ready {
		b := w.signedIn("admin")
		b.open("admin/keys").press("Create the key", "name", "robot")
		return b.fill("admin/keys", "Delete robot")
	},
	"admin/settings": func(w *world) ready { return w.signedIn("admin").fill("admin/settings", "Save", "server", "Mine") },

	"setup": func(w *world) ready {
		return w.browser().fill("setup", "Create the administrator", "server", "Attic", "username", "root", "password", "root-pw", "again", "root-pw")
	},
}

// harmless are forms that change nothing but what is shown.
var harmless = map[string]bool{"link": true}

// forEachForm gives f a form of every POST of the table.
func forEachForm(t *testing.T, f func(t *testing.T, route web.Route, r ready)) {
	t.Helper()
	for _, route := range web.Routes() {
		if route.Method != http.MethodPost {
			continue
		}
		make := readyForms[route.Path]
		if make == nil {
			t.Errorf("no form for POST %s: add it to readyForms", route.Path)
			continue
		}
		t.Run(route.Path, func(t *testing.T) {
			t.Parallel()
			var w *world
			if route.For == "setup" {
				w = freshWorld(t)
			} else {
				w = newWorld(t)
			}
			r := make(w)
			if want := w.site + "/finlatch/" + strings.ReplaceAll(route.Path, "{id}", w.ids["ben"].String()); r.action != want || r.method != http.MethodPost {
				t.Fatalf("the form goes to %s %s, want %s", r.method, r.action, want)
			}
			f(t, route, r)
		})
	}
}

// fill is what a browser is about to send.
func (b *browser) fill(path, button string, fields ...string) ready {
	b.Helper()
	return ready{b, b.open(path).fill(button, fields...)}
}

func (w *world) onBen(button string, fields ...string) ready {
	w.Helper()
	return w.signedIn("admin").fill("admin/users/"+w.id("ben").String(), button, fields...)
}

// press sends the form as browsers do.
func (r ready) press() *page {
	r.Helper()
	return r.browser.submit(r.form)
}

// with sends the form with other headers. An empty value takes one away.
func (r ready) with(header ...string) *page {
	r.Helper()
	body, contentType := r.encode()
	q := r.browser.request(http.MethodPost, r.action, body)
	q.Header = q.Header.Clone()
	q.Header.Set("Content-Type", contentType)
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			q.Header.Del(header[i])
		}
	}
	return r.send(q)
}

// code is that of a device that asks.
func (w *world) code(deviceID string) string {
	w.Helper()
	code, _ := w.asks(app(deviceID))
	w.clock.Move(time.Second)
	return code
}

// drawing is a picture of a size.
func drawing(side int) string {
	var buf bytes.Buffer
	_ = png.Encode(&buf, image.NewGray(image.Rect(0, 0, side, side)))
	return buf.String()
}

// dump is all that the database holds.
func (w *world) dump() string {
	w.Helper()
	db, err := sql.Open("sqlite", "file:"+w.file+"?mode=ro")
	if err != nil {
		w.Fatal(err)
	}
	defer db.Close()
	tables, err := rowsOf(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
	if err != nil {
		w.Fatal(err)
	}
	var all strings.Builder
	for _, table := range tables {
		name := strings.Trim(table, "[]")
		rows, err := rowsOf(db, "SELECT * FROM "+name+" ORDER BY 1, 2")
		if err != nil {
			rows, err = rowsOf(db, "SELECT * FROM "+name+" ORDER BY 1") // has one column
		}
		if err != nil {
			w.Fatal(err)
		}
		fmt.Fprintf(&all, "%s\n%s\n", name, strings.Join(rows, "\n"))
	}
	return all.String()
}

// wantUnchanged compares two dumps.
func (w *world) wantUnchanged(t *testing.T, before, after string) {
	t.Helper()
	if after != before {
		t.Errorf("something has changed (-before +after):\n%s", cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")))
	}
}

func rowsOf(db *sql.DB, query string) (all []string, err error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values, at := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			at[i] = &values[i]
		}
		if err := rows.Scan(at...); err != nil {
			return nil, err
		}
		all = append(all, fmt.Sprint(values))
	}
	return all, rows.Err()
}
