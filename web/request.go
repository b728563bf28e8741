package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// request is what a handler gets: the HTTP request, who makes it, and the settings that it began with.
type request struct {
	*http.Request
	pages    *Pages
	caller   finlatch.Caller
	settings *finlatch.Settings
	here     string // the path below /finlatch/ of the page: for a form, of the one that has it
	alert    string // what a form was refused, for the page that shows it again
	cookies  []*http.Cookie
}

// handler makes an answer: a view, or a seeOther.
type handler func(r *request) (answer, error)

type answer interface {
	write(w http.ResponseWriter, r *request) error
}

// seeOther leads to another page, named as its path below /finlatch/.
type seeOther string

func (to seeOther) write(w http.ResponseWriter, r *request) error {
	w.Header().Set("Location", r.root()+string(to))
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// root leads from the page to /finlatch/, however that is reached.
func (r *request) root() string {
	depth := strings.Count(strings.TrimPrefix(r.URL.Path, "/finlatch/"), "/")
	if depth == 0 {
		return "./"
	}
	return strings.Repeat("../", depth)
}

func (r *request) service() *finlatch.Service { return r.pages.service }
func (r *request) context() context.Context   { return r.Request.Context() }
func (r *request) now() time.Time             { return r.pages.service.Now() }

// adapt turns a route into an HTTP handler: it says who asks, refuses who may not, runs the handler and writes its answer.
func (p *Pages) adapt(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		httpx.SetRoute(hr.Context(), route.pattern())
		limit := int64(maxForm)
		switch route.path {
		case picturePath:
			limit += finlatch.MaxPicture
		case settingsPath:
			limit = maxSettings
		}
		hr.Body = http.MaxBytesReader(w, hr.Body, limit)
		r := &request{Request: hr, pages: p, here: pageOf(hr)}
		answer, err := p.answer(r, route)
		if err == nil {
			err = r.send(w, answer)
		}
		if err != nil {
			p.fail(w, r, err)
		}
		if hr.MultipartForm != nil { // net/http looks only at the request that it made itself
			_ = hr.MultipartForm.RemoveAll()
		}
	})
}

func (r *request) send(w http.ResponseWriter, answer answer) error {
	for _, cookie := range r.cookies {
		http.SetCookie(w, cookie)
	}
	r.cookies = nil
	return answer.write(w, r)
}

func (p *Pages) answer(r *request, route route) (_ answer, err error) {
	if to, err := r.admit(route); to != "" || err != nil {
		return to, err
	}
	if r.Method == http.MethodPost {
		if err := r.parse(); err != nil {
			return nil, err
		}
		// A form may come slowly, and the session end meanwhile.
		if to, err := r.admit(route); to != "" || err != nil {
			return to, err
		}
	}
	answer, err := route.handle(r)
	if err == nil || route.show == nil {
		return answer, err
	}
	status, text := told(err)
	if status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable {
		return nil, err
	}
	httpx.EventFrom(r.context()).Err = err
	r.alert = text
	shown, showErr := route.show(r)
	if showErr != nil {
		return nil, err
	}
	v, is := shown.(view)
	if !is {
		return nil, err // which a page elsewhere would not tell
	}
	v.status = status
	return v, nil
}

// admit says who asks, and where they have to go first.
func (r *request) admit(route route) (to seeOther, err error) {
	if r.settings, err = r.service().Settings(r.context()); err != nil {
		return "", err
	}
	if !r.settings.SetupComplete {
		if !httpx.OwnHost(r.Host, r.pages.options.HostNames) {
			return "", errHost
		}
		if route.access != forSetup {
			return "setup", nil
		}
	}
	if err := r.authenticate(); err != nil {
		return "", err
	}
	switch {
	case route.access == forSetup && r.settings.SetupComplete:
		return "sign-in", nil
	case route.access == forUsers || route.access == forAdministrators:
		if r.caller.User == nil {
			return seeOther(withNext("sign-in", r.back())), nil
		}
		level := finlatch.LevelUser
		if route.access == forAdministrators {
			level = finlatch.LevelAdmin
		}
		if err := r.service().Allow(r.context(), r.caller, level); err != nil {
			if why := r.service().WhyNot(r.context(), r.caller); why != nil {
				err = why
			}
			return "", err
		}
		if route.access == forAdministrators && r.pages.options.URL == "" && !r.service().Fresh(r.caller) {
			to := withNext("confirm", r.back())
			if r.Method == http.MethodPost {
				to += "&unsaved="
			}
			return seeOther(to), nil
		}
	}
	return "", nil
}

// pageOf is the path below /finlatch/ of a page, or of that which has a form.
func pageOf(r *http.Request) string {
	here := strings.TrimPrefix(r.URL.Path, "/finlatch/")
	switch {
	case r.Method == http.MethodPost && strings.HasPrefix(here, "admin/"):
		kept := 2 // admin/keys/delete
		if strings.HasPrefix(here, "admin/users/") {
			kept = 3 // admin/users/ID/rename
		}
		parts := strings.Split(here, "/")
		return strings.Join(parts[:min(len(parts), kept)], "/")
	case r.Method == http.MethodPost && here == "approve":
		return "link"
	case r.Method == http.MethodPost:
		here, _, _ = strings.Cut(here, "/")
	}
	return here
}

// back is where somebody comes back to after signing in: this page, or that of this form, about the same code.
func (r *request) back() string {
	if r.Method == http.MethodGet && r.URL.RawQuery != "" {
		return r.here + "?" + r.URL.RawQuery
	}
	if r.Method == http.MethodPost && r.here == "link" && r.parse() == nil && sixDigits(r.code()) {
		return "link?" + url.Values{"code": {r.code()}}.Encode()
	}
	return r.here
}

func withNext(page, next string) string {
	if next == "" {
		return page
	}
	return page + "?" + url.Values{"next": {next}}.Encode()
}

// notInPaths tells whether no page has a letter in its path.
func notInPaths(c rune) bool {
	return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '/')
}

const maxNext = 2 << 10 // bytes

// next is where the form leads to: a page of ours, whatever the address says, or fallback.
func (r *request) next(fallback string) string {
	next := r.FormValue("next")
	u, err := url.Parse(next)
	if err != nil || len(next) > maxNext || u.Scheme != "" || u.Host != "" || u.Path == "" || path.Clean("/"+u.Path) != "/"+u.Path || strings.ContainsFunc(u.Path, notInPaths) {
		return fallback
	}
	to := url.URL{Path: u.Path, RawQuery: u.RawQuery}
	return to.String()
}

// maxEchoed is how much of what somebody typed is shown again, in bytes: as much as a name may have.
const maxEchoed = 255

// echoed is a value to be shown again.
func (r *request) echoed(name string) string {
	text := r.FormValue(name)
	return strings.ToValidUTF8(text[:min(len(text), maxEchoed)], "")
}

// parse reads a form.
func (r *request) parse() error {
	err := r.ParseForm() // ParseMultipartForm would drop its error
	if err == nil {
		err = r.ParseMultipartForm(maxForm + finlatch.MaxPicture) // in memory: a container may have no folder for more
	}
	if errors.Is(err, http.ErrNotMultipart) {
		err = nil
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return errTooLarge
	}
	if err != nil {
		return &finlatch.Error{Kind: finlatch.Invalid, Msg: "The form cannot be read.", Err: err}
	}
	return nil
}
