package web

import (
	"net/http"
	"slices"
)

// access says whom a page is for.
type access uint8

const (
	forAnybody access = iota
	forUsers
	forAdministrators
	forSetup // whoever may set the server up, until that is done
)

// route is one row of the table. What a form is refused is said on the page that show makes; nil: the handler's own.
type route struct {
	method, path string
	access       access
	handle, show handler
}

func (r route) pattern() string { return r.method + " /finlatch/" + r.path }

// routes is the table of the pages.
func routes() []route {
	return slices.Concat(signingInPages(), linkPages(), devicesPages(), accountPages(),
		overviewPages(), usersPages(), keysPages(), activityPages(), settingsPages())
}

func signingInPages() []route {
	return []route{
		page("{$}", forAnybody, home),
		page("setup", forSetup, showSetup), form("setup", forSetup, setUp, showSetup),
		page("sign-in", forAnybody, showSignIn), form("sign-in", forAnybody, signIn, showSignIn),
		form("sign-out", forAnybody, signOut, nil),
		page("confirm", forUsers, showConfirm), form("confirm", forUsers, confirm, showConfirm),
	}
}

func linkPages() []route {
	return []route{
		page("link", forUsers, showLink), form("link", forUsers, showLink, nil),
		form("approve", forUsers, approve, showLink), // not below link/: it may set the session's cookie, see session.go
		form("link/deny", forUsers, deny, showLink),
		page("link/done", forUsers, showDecided),
		form("link/undo", forUsers, undo, showDecided),
	}
}

func page(path string, access access, handle handler) route {
	return route{method: http.MethodGet, path: path, access: access, handle: handle}
}

func form(path string, access access, handle, show handler) route {
	return route{method: http.MethodPost, path: path, access: access, handle: handle, show: show}
}
