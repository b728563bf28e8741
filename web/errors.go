package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

var (
	errHost     = &finlatch.Error{Kind: finlatch.Forbidden, Msg: "Until the server is set up, it answers only under its IP address, as localhost, and under names given with --host-names."}
	errTooLarge = &finlatch.Error{Kind: finlatch.Invalid, Msg: "That is too large."}
	errMissing  = &finlatch.Error{Kind: finlatch.NotFound, Msg: "There is no such page."}
)

// statuses are those of the kinds of errors.
var statuses = map[finlatch.Kind]int{
	finlatch.Invalid: http.StatusBadRequest, finlatch.Unauthenticated: http.StatusUnauthorized, finlatch.Forbidden: http.StatusForbidden,
	finlatch.NotFound: http.StatusNotFound, finlatch.Conflict: http.StatusConflict, finlatch.RateLimited: http.StatusTooManyRequests,
	finlatch.Unavailable: http.StatusServiceUnavailable,
}

// headings are those of pages that have nothing but a message.
var headings = map[int]string{
	http.StatusBadRequest: "That did not work", http.StatusUnauthorized: "Not signed in", http.StatusForbidden: "Not allowed",
	http.StatusNotFound: "Not here", http.StatusConflict: "It has changed meanwhile", http.StatusTooManyRequests: "Too many attempts",
	http.StatusInternalServerError: "Something went wrong", http.StatusServiceUnavailable: "Not now",
}

// told is what a person is told of an error.
func told(err error) (status int, text string) {
	e, is := errors.AsType[*finlatch.Error](err)
	if !is {
		return http.StatusInternalServerError, "Something went wrong here. The server's log says what."
	}
	status, known := statuses[e.Kind]
	if !known {
		return http.StatusInternalServerError, "Something went wrong here. The server's log says what."
	}
	switch {
	case e.Kind == finlatch.RateLimited && e.RetryAfter > 0:
		text = "Too many attempts. Try again in " + span(e.RetryAfter) + "."
	case e.Msg != "":
		text = sentence(e.Msg)
	case e.Kind == finlatch.Unauthenticated:
		text = "You are not signed in any more."
	case e.Kind == finlatch.Forbidden:
		text = "You may not do this."
	case e.Kind == finlatch.NotFound:
		text = "That is not there."
	case e.Kind == finlatch.Unavailable:
		text = "The server is too busy. Try again in a moment."
	default:
		text = "That did not work."
	}
	return status, text
}

// span is a time to wait, in words.
func span(d time.Duration) string {
	if d <= time.Minute {
		return "a minute"
	}
	return strconv.Itoa(int(math.Ceil(d.Minutes()))) + " minutes"
}

// sentence begins with a capital and ends with a stop.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "!") && !strings.HasSuffix(text, "?") {
		text += "."
	}
	return text
}

// fail shows an error as a page of its own.
func (p *Pages) fail(w http.ResponseWriter, r *request, err error) {
	if errors.Is(err, context.Canceled) && r.context().Err() != nil {
		return // nobody is there to read it
	}
	httpx.EventFrom(r.context()).Err = err
	status, text := told(err)
	if e, is := errors.AsType[*finlatch.Error](err); is && e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds()+1)))
	}
	p.show(w, r, status, text)
}

func (p *Pages) missing(w http.ResponseWriter, hr *http.Request) {
	p.refuse(w, hr, http.StatusNotFound, errMissing.Msg)
}

func (p *Pages) refuse(w http.ResponseWriter, hr *http.Request, status int, text string) {
	p.show(w, &request{Request: hr, pages: p, here: pageOf(hr)}, status, text)
}

// show writes a page that has nothing but a message.
func (p *Pages) show(w http.ResponseWriter, r *request, status int, text string) {
	r.alert = text
	v := view{name: "message", title: headings[status], status: status}
	if err := r.send(w, v); err != nil {
		p.options.Log.Error("a page cannot be shown", "error", err)
		w.WriteHeader(http.StatusInternalServerError)
	}
}
