package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// Cookies. On HTTPS they have the prefix that binds them to this very host. On HTTP, where that is not possible, they have no
// path, so browsers send them to the folder of the form that made them and nowhere else: that is the pages', however reached.
const (
	sessionCookie = "finlatch"
	visitCookie   = "finlatch-visit"   // when the devices were looked at before this visit, and by whom
	browserCookie = "finlatch-browser" // tells browsers apart, so that each is one device
	hostPrefix    = "__Host-"

	sessionAge = 90 * 24 * time.Hour
	browserAge = 400 * 24 * time.Hour // the longest that browsers keep

	appName = "finlatch pages"
)

func (r *request) secure() bool { return httpx.AddressFrom(r.context()).Scheme == "https" }

func (r *request) cookieName(name string) string {
	if r.secure() {
		return hostPrefix + name
	}
	return name
}

func (r *request) readCookie(name string) string {
	cookie, err := r.Cookie(r.cookieName(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (r *request) setCookie(name, value string, age time.Duration) {
	cookie := &http.Cookie{Name: r.cookieName(name), Value: value, MaxAge: int(age.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if r.secure() {
		cookie.Secure, cookie.Path = true, "/"
	}
	r.cookies = append(r.cookies, cookie)
}

// authenticate says who makes the request. A session that has ended is nobody's.
func (r *request) authenticate() error {
	address := httpx.AddressFrom(r.context())
	r.caller = finlatch.Caller{Address: address.Addr, Forwarded: address.ForwardedByStranger, Pages: true}
	text := r.readCookie(sessionCookie)
	if text == "" {
		return nil
	}
	known, err := r.service().Authenticate(r.context(), r.caller, finlatch.TokenFrom(text))
	switch {
	case errors.Is(err, finlatch.ErrUnauthenticated):
		return nil
	case err != nil:
		return err
	}
	r.caller = known
	event := httpx.EventFrom(r.context())
	event.Client, event.DeviceID, event.User = known.AppName, known.DeviceID, known.User.ID.String()
	return nil
}

// enter signs a user in, as this browser, or anew where somebody is signed in: the session gets another token.
func (r *request) enter(name, password string) error {
	c := r.caller
	if c.Device != nil {
		c.ClientInfo = c.Device.ClientInfo
	} else {
		browser, err := r.browser()
		if err != nil {
			return err
		}
		c.ClientInfo = finlatch.NewClientInfo(appName, r.pages.options.Version, browserName(r.UserAgent()), "finlatch-pages-"+browser)
	}
	in, err := r.service().SignIn(r.context(), c, name, password)
	if err != nil {
		return err
	}
	r.setCookie(sessionCookie, in.Token.Reveal(), sessionAge)
	r.caller.User, r.caller.Device, r.caller.ClientInfo = &in.User, &in.Device, in.Device.ClientInfo
	return nil
}

// browser is what tells this browser from others; it is no secret, and nothing but a device id hangs on it.
func (r *request) browser() (string, error) {
	id := r.readCookie(browserCookie)
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != 16 {
		var fresh [16]byte
		if _, err := rand.Read(fresh[:]); err != nil {
			return "", err
		}
		id = hex.EncodeToString(fresh[:])
	}
	r.setCookie(browserCookie, id, browserAge)
	return id, nil
}

// browserName is what people call their browser, from what it says of itself.
func browserName(agent string) string {
	find := func(names ...string) string { // of pairs: a part of the text, and what that means
		for i := 0; i < len(names); i += 2 {
			if strings.Contains(agent, names[i]) {
				return names[i+1]
			}
		}
		return ""
	}
	name := find("Edg", "Edge", "OPR/", "Opera", "SamsungBrowser", "Samsung Internet", "Firefox", "Firefox", "FxiOS", "Firefox", "CriOS", "Chrome",
		"Chrome", "Chrome", "Safari", "Safari", "curl", "curl")
	system := find("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS", "Mac", "CrOS", "ChromeOS", "Linux", "Linux")
	switch {
	case name == "":
		return "A browser"
	case system == "":
		return name
	}
	return name + " on " + system
}
