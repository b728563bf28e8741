package web

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
)

// errNoCode says what Service calls an unknown code in words for people.
var errNoCode = &finlatch.Error{Kind: finlatch.NotFound, Msg: "No device shows this code. A code lasts ten minutes; have the device show a new one."}

var (
	errOtherAccount = &finlatch.Error{Kind: finlatch.Conflict, Msg: "This page was made for another account, so nothing was approved. Look again."}
	errDigits       = &finlatch.Error{Kind: finlatch.Invalid, Msg: "A code has six digits."}
)

// aboutCode says what Service says of a code in words for people.
func (r *request) aboutCode(err error) error {
	switch {
	case finlatch.UnknownCode(err):
		return errNoCode
	case finlatch.QuickConnectOff(err):
		return r.whySwitchedOff()
	}
	return err
}

// What an administrator may choose from: so many users, whose names are shown up to so many bytes of HTML.
const (
	maxChoice = 300
	maxChosen = 36
)

// followed is how long the page loads itself again after an approval. Each time the keyboard is back at its top, and devices
// that poll need five seconds.
const followed = time.Minute

// linking is what the page shows on which somebody decides about a device.
type linking struct {
	finlatch.AskedRequest
	Account  *finlatch.User  // who will be signed in
	Own      bool            // that is whoever decides
	Choice   []finlatch.User // whom an administrator may choose
	Password bool            // is asked for
}

// Short is what a choice calls a user. Whoever is chosen is shown with the whole name.
func (linking) Short(user finlatch.User) string {
	size := 0
	for i, c := range user.Name {
		if size += len(template.HTMLEscapeString(string(c))); size > maxChosen {
			return user.Name[:i] + "…"
		}
	}
	return user.Name
}

// Made names the request among those that have had its code.
func (l linking) Made() string { return strconv.FormatInt(l.CreatedAt.UnixNano(), 10) }

// code is what somebody typed, without what people put between digits.
func (r *request) code() string {
	return strings.Map(func(c rune) rune {
		if c == ' ' || c == '-' || c == '\u00a0' {
			return -1
		}
		return c
	}, r.FormValue("code"))
}

func sixDigits(code string) bool { return len(code) == 6 && strings.Trim(code, "0123456789") == "" }

// made is the time at which the request was made that the form is about.
func (r *request) made() time.Time {
	nanoseconds, err := strconv.ParseInt(r.FormValue("request"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}

// account is whom an administrator has chosen with a form, never with an address; else whoever is signed in.
func (r *request) account() (*finlatch.User, error) {
	id, valid := finlatch.ParseID(r.PostFormValue("user"))
	if !valid || id == r.caller.UserID() || !r.caller.Administrator() {
		return r.caller.User, nil
	}
	user, err := r.service().UserByID(r.context(), r.caller, id)
	return &user, err
}

// showLink asks for a code, or shows what asks with it.
func showLink(r *request) (answer, error) {
	code := r.code()
	if code == "" || r.alert == errNoCode.Msg { // to ask for it again would count as another guess
		on, err := r.service().QuickConnectEnabled(r.context())
		off := ""
		if !on && r.alert == "" {
			_, off = told(r.whySwitchedOff())
		}
		return view{name: "link", title: "Approve a device", notice: r.welcome(), data: off}, err
	}
	var asked finlatch.AskedRequest
	err := error(errDigits)
	if sixDigits(code) { // else it would count as a guess
		asked, err = r.service().Asked(r.context(), r.caller, code, time.Time{})
		err = r.aboutCode(err)
	}
	if err == nil && asked.State != finlatch.QuickConnectPending {
		return seeOther(decidedPage(asked.QuickConnect)), nil
	}
	if err != nil {
		status, text := told(err)
		if r.alert == "" {
			r.alert = text
		}
		return view{name: "link", title: "Approve a device", status: status}, nil
	}
	account, err := r.account()
	if err != nil {
		return nil, err
	}
	data := linking{AskedRequest: asked, Account: account, Own: account.ID == r.caller.UserID(), Password: r.caller.Administrator() && !r.service().Fresh(r.caller)}
	if r.caller.Administrator() {
		no := false
		data.Choice, err = r.service().Users(r.context(), r.caller, finlatch.UserFilter{Disabled: &no, Limit: maxChoice})
	}
	return view{name: "asked", title: "Let this device in?", data: data}, err
}

// welcome tells whoever has set the server up what comes next.
func (r *request) welcome() string {
	switch address := r.address(); {
	case r.URL.Query().Get("done") != "set-up" || !r.caller.Administrator():
		return ""
	case address == "":
		return "The server is yours. Users are under Administration."
	default:
		return "The server is yours. In an app, enter " + address + "; users are under Administration."
	}
}

func decidedPage(q finlatch.QuickConnect) string {
	return "link/done?" + url.Values{"code": {q.Code}, "request": {strconv.FormatInt(q.CreatedAt.UnixNano(), 10)}}.Encode()
}

func (r *request) decided() seeOther {
	return seeOther("link/done?" + url.Values{"code": {r.code()}, "request": {r.PostFormValue("request")}}.Encode())
}

func approve(r *request) (answer, error) {
	account, err := r.account()
	if err != nil {
		return nil, err
	}
	if r.PostFormValue("user") != account.ID.String() { // somebody else has signed in with this browser meanwhile
		return nil, errOtherAccount
	}
	if r.PostForm.Has("password") && !r.service().Fresh(r.caller) {
		if err := r.confirmed(); err != nil {
			return nil, err
		}
	}
	if err := r.service().ApproveAsked(r.context(), r.caller, r.code(), r.made(), account.ID); err != nil {
		return nil, r.aboutCode(err)
	}
	return r.decided(), nil
}

func deny(r *request) (answer, error) {
	if err := r.service().Deny(r.context(), r.caller, r.code(), r.made()); err != nil {
		return nil, r.aboutCode(err)
	}
	return r.decided(), nil
}

func undo(r *request) (answer, error) {
	if err := r.service().UndoApproval(r.context(), r.caller, r.code(), r.made()); err != nil {
		return nil, r.aboutCode(err)
	}
	return r.decided(), nil
}

// showDecided tells what came of a decision, and asks again until the device has its token.
func showDecided(r *request) (answer, error) {
	asked, err := r.service().Asked(r.context(), r.caller, r.code(), r.made())
	if err != nil {
		return nil, r.aboutCode(err)
	}
	if !asked.CreatedAt.Equal(r.made()) {
		return seeOther("link"), nil
	}
	v := view{name: "decided", data: linking{AskedRequest: asked}}
	switch asked.State {
	case finlatch.QuickConnectPending:
		return seeOther("link?" + url.Values{"code": {asked.Code}}.Encode()), nil
	case finlatch.QuickConnectApproved, finlatch.QuickConnectMinting:
		v.title = "Approved"
		if r.now().Sub(asked.Approved) < followed {
			v.refresh = 3
		}
	case finlatch.QuickConnectRedeemed:
		v.title = "Signed in as " + asked.UserName + " on " + asked.DeviceName
	case finlatch.QuickConnectDenied:
		v.title = "Denied"
		if !asked.UserID.IsZero() {
			v.title = "Undone"
		}
	}
	return v, nil
}
