package web

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/finlatch/finlatch"
)

//go:embed templates/*.html
var templates embed.FS

const layoutFile = "templates/layout.html"

// parseViews reads the templates: each file is a page inside the layout.
func parseViews() (map[string]*template.Template, error) {
	layout, err := template.New("layout.html").Funcs(functions).ParseFS(templates, layoutFile)
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	views := make(map[string]*template.Template)
	for _, file := range files {
		if file == layoutFile {
			continue
		}
		view, err := layout.Clone()
		if err == nil {
			view, err = view.ParseFS(templates, file)
		}
		if err != nil {
			return nil, err
		}
		views[strings.TrimSuffix(path.Base(file), ".html")] = view
	}
	return views, nil
}

var functions = template.FuncMap{"ago": ago, "stamp": stamp, "clock": clock, "initial": initial}

// view is a page: a template by its name, and what it shows.
type view struct {
	name, title string
	status      int // 200
	refresh     int // seconds until the browser asks again; 0: never
	wide        bool
	notice      string // in place of what the address says was done
	data        any
}

// shown is what templates see.
type shown struct {
	Title, Here   string // the page's heading and its path below /finlatch/
	Wide          bool
	Root          string // leads to /finlatch/
	Style         template.CSS
	Script        string
	Server        string
	User          *finlatch.User // nil: nobody is signed in
	Administrator bool
	Behind        bool   // a media server is, and keeps the users
	Alert         string // what went wrong
	Notice        string // what went well
	Now           time.Time
	Data          any
}

func (v view) write(w http.ResponseWriter, r *request) error {
	now := r.now()
	what := shown{Title: v.title, Wide: v.wide, Here: r.here, Root: r.root(), Style: template.CSS(style), Script: r.pages.script,
		User: r.caller.User, Administrator: r.caller.Administrator(), Behind: r.pages.options.MediaServer != nil, Alert: r.alert, Now: now, Data: v.data}
	if r.settings != nil {
		what.Server = r.settings.ServerName
	}
	if r.alert == "" {
		what.Notice = cmp.Or(v.notice, notices[r.URL.Query().Get("done")])
	}
	var text bytes.Buffer
	if err := r.pages.views[v.name].ExecuteTemplate(&text, "layout.html", what); err != nil {
		return err
	}
	page := bytes.Map(printable, text.Bytes())
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	if v.refresh > 0 {
		h.Set("Refresh", strconv.Itoa(v.refresh))
	}
	w.WriteHeader(max(v.status, http.StatusOK))
	_, err := w.Write(page)
	return err
}

// printable drops control characters, which HTML does not have.
func printable(c rune) rune {
	if unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t' {
		return -1
	}
	return c
}

// notices are what a page says after a form has led to it with ?done=.
var notices = map[string]string{
	"signed-out": "You are signed out.",

	"device-named": "The device has its name.", "device-out": "The device is signed out.", "others-out": "All your other devices are signed out.",
	"name": "This is your name now.", "password": "Your password is changed. All your other devices have to sign in again.", "picture": "This is your picture now.",
	"picture-gone": "You have no picture any more.",

	"user-created": "The user is created.", "user-renamed": "The user has its new name.", "user-disabled": "The user is disabled, and signed out everywhere.",
	"user-enabled": "The user is enabled.", "user-unlocked": "The failed sign-ins are forgotten.", "user-policy": "The policy is saved.",
	"user-password": "The password is set. All devices of the user have to sign in again.", "user-passwordless": "The user has no password any more.",
	"user-out": "All devices of the user are signed out.", "user-deleted": "The user is deleted.",
	"key-deleted": "The key is deleted.", "settings": "The settings are saved.",
}

// ago says how long before now something was.
func ago(now, at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	some := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit + " ago"
		}
		return fmt.Sprintf("%d %ss ago", n, unit)
	}
	switch d := now.Sub(at); {
	case d < 10*time.Second:
		return "just now"
	case d < time.Minute:
		return some(int(d.Seconds()), "second")
	case d < time.Hour:
		return some(int(d.Minutes()), "minute")
	case d < 24*time.Hour:
		return some(int(d.Hours()), "hour")
	case d < 60*24*time.Hour:
		return some(int(d.Hours()/24), "day")
	default:
		return at.Local().Format("2 January 2006")
	}
}

// clock is a day and a time of day for people.
func clock(at time.Time) string { return at.Local().Format("Monday, 15:04 MST") }

// stamp is a time for programs.
func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// initial stands for a picture.
func initial(name string) string {
	for _, first := range name {
		return strings.ToUpper(string(first))
	}
	return "?"
}

// tab is an entry of administration's menu.
type tab struct {
	Name, Path string
	Current    bool
}

// Administration tells whether the page is one of administration's.
func (s shown) Administration() bool { return s.Here == "admin" || strings.HasPrefix(s.Here, "admin/") }

// Tabs is administration's menu.
func (s shown) Tabs() []tab {
	tabs := []tab{{Name: "Overview", Path: "admin"}, {Name: "Users", Path: "admin/users"}, {Name: "Devices", Path: "admin/devices"},
		{Name: "API keys", Path: "admin/keys"}, {Name: "Activity log", Path: "admin/activity"}, {Name: "Settings", Path: "admin/settings"}}
	for i, t := range tabs {
		tabs[i].Current = s.Here == t.Path || i > 0 && strings.HasPrefix(s.Here, t.Path+"/")
	}
	return tabs
}
