package web

import (
	"errors"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// maxTiles is how many users the page for signing in shows.
const maxTiles = 24

// home leads to where somebody wants to be.
func home(r *request) (answer, error) {
	if r.caller.User == nil {
		return seeOther("sign-in"), nil
	}
	return seeOther("link"), nil
}

// atMost is the beginning of a text, with a mark where that is not all of it.
func atMost(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + " …"
}

// signingIn is what the page for signing in shows.
type signingIn struct {
	Name, Next, Address string
	Disclaimer          string
	Tiles               []tile
}

// tile is a user whom an administrator shows to strangers.
type tile struct {
	Name   string
	OneTap bool // has no password, and needs none here
}

func showSignIn(r *request) (answer, error) {
	next := r.next("")
	if r.caller.User != nil && r.alert == "" {
		return seeOther(r.next("link")), nil
	}
	users, err := r.service().PublicUsers(r.context(), r.caller)
	if err != nil {
		return nil, err
	}
	data := signingIn{Name: r.echoed("username"), Next: next, Address: r.address(), Disclaimer: atMost(r.settings.Branding.LoginDisclaimer, maxNotice)}
	for _, u := range users[:min(len(users), maxTiles)] {
		data.Tiles = append(data.Tiles, tile{u.Name, !u.HasPassword() && r.service().Passwordless(r.caller)})
	}
	return view{name: "signin", title: "Sign in", data: data}, nil
}

// address is what apps are to be told; empty where nobody knows: the pages' own host is no address of the server's, and other
// devices do not get to this one by "localhost".
func (r *request) address() string {
	seen := httpx.AddressFrom(r.context())
	switch {
	case r.pages.options.Address != "":
		return r.pages.options.Address
	case r.pages.options.URL != "" || httpx.Loopback(seen.Host):
		return ""
	}
	return seen.Scheme + "://" + seen.Host + r.pages.options.BaseURL
}

func signIn(r *request) (answer, error) {
	stranger := finlatch.Caller{Address: r.caller.Address, Forwarded: r.caller.Forwarded, Pages: true}
	before := r.caller
	r.caller = stranger // whoever was signed in here before
	if err := r.enter(strings.TrimSpace(r.PostFormValue("username")), r.PostFormValue("password")); err != nil {
		r.caller = before
		return nil, err
	}
	if before.Device != nil && (before.Device.UserID != r.caller.UserID() || before.Device.DeviceID != r.caller.DeviceID) {
		if err := r.service().SignOut(r.context(), before); err != nil {
			r.pages.options.Log.Warn("the session before was not ended", "error", err)
		}
	}
	return seeOther(r.next("link")), nil
}

// signOut is for those, too, whose session has ended already.
func signOut(r *request) (answer, error) {
	err := r.service().SignOut(r.context(), r.caller)
	if err != nil && !errors.Is(err, finlatch.ErrUnauthenticated) {
		return nil, err
	}
	r.setCookie(sessionCookie, "", -time.Second)
	return seeOther("sign-in?done=signed-out"), nil
}

// confirming is what the page that asks for the password again shows.
type confirming struct {
	Next    string
	Unsaved bool // a form led here, and what it had is lost
}

var errNotYourPassword = &finlatch.Error{Kind: finlatch.Forbidden, Msg: "That is not your password."}

func showConfirm(r *request) (answer, error) {
	return view{name: "confirm", title: "Confirm that it is you", data: confirming{r.next(""), r.URL.Query().Has("unsaved")}}, nil
}

// confirm asks for the password of whoever is signed in.
func confirm(r *request) (answer, error) {
	if err := r.confirmed(); err != nil {
		return nil, err
	}
	return seeOther(r.next("link")), nil
}

// confirmed makes the sign-in a new one, by the password that the form has.
func (r *request) confirmed() error {
	err := r.enter(r.caller.User.Name, r.PostFormValue("password"))
	if errors.Is(err, finlatch.ErrUnauthenticated) {
		return errNotYourPassword
	}
	return err
}
