package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// shape is one of the forms of Jellyfin's error bodies. Which one an operation answers with is Jellyfin's choice, so
// handlers name it where it is not the usual text.
type shape uint8

const (
	text    shape = iota // "Error processing request.", whatever went wrong
	empty                // nothing
	problem              // ProblemDetails
	message              // the error's message as a JSON string
	plain                // the error's message as text; where Jellyfin has no such refusal
)

type shaped struct {
	error
	shape shape
}

func (s shaped) Unwrap() error { return s.error }

// as gives an error a shape; nil stays nil.
func as(shape shape, err error) error {
	if err == nil {
		return nil
	}
	return shaped{err, shape}
}

// refusal gives a refused caller's error the shape of Jellyfin's policies: empty. Ours, during set-up, says why.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	var e *finlatch.Error
	if errors.As(err, &e) && e.Msg != "" {
		return as(plain, err)
	}
	if kind := finlatch.KindOf(err); kind == finlatch.Unauthenticated || kind == finlatch.Forbidden {
		return as(empty, err)
	}
	return err
}

// denied is refusal for operations that decide about the caller themselves; other errors it leaves alone.
func denied(err error) error {
	if errors.Is(err, finlatch.ErrForbidden) {
		return refusal(err)
	}
	return err
}

// statuses is the one table from the kinds of errors to statuses.
var statuses = map[finlatch.Kind]int{
	finlatch.Internal:        http.StatusInternalServerError,
	finlatch.Invalid:         http.StatusBadRequest,
	finlatch.Unauthenticated: http.StatusUnauthorized,
	finlatch.Forbidden:       http.StatusForbidden,
	finlatch.NotFound:        http.StatusNotFound,
	finlatch.Conflict:        http.StatusConflict,
	finlatch.RateLimited:     http.StatusTooManyRequests,
	finlatch.Unavailable:     http.StatusServiceUnavailable,
}

// titles and sections of RFC 9110, as ASP.NET puts them into ProblemDetails.
var problems = map[int][2]string{
	http.StatusBadRequest:           {"Bad Request", "15.5.1"},
	http.StatusForbidden:            {"Forbidden", "15.5.4"},
	http.StatusNotFound:             {"Not Found", "15.5.5"},
	http.StatusUnsupportedMediaType: {"Unsupported Media Type", "15.5.16"},
}

const errorText = "Error processing request."

// fail writes an error as Jellyfin does.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var invalid *httpx.ValidationError
	switch {
	case errors.As(err, &invalid):
		s.writeProblem(w, r, http.StatusBadRequest, invalid.Errors)
		return
	case errors.Is(err, httpx.ErrUnsupportedMediaType):
		s.writeProblem(w, r, http.StatusUnsupportedMediaType, nil)
		return
	case errors.Is(err, httpx.ErrTooLarge):
		httpx.WriteText(w, http.StatusRequestEntityTooLarge, "The request is too large.")
		return
	case errors.Is(err, httpx.ErrUnreadBody):
		httpx.WriteText(w, http.StatusRequestTimeout, errorText)
		return
	case r.Context().Err() != nil && errors.Is(err, context.Canceled):
		err = &finlatch.Error{Kind: finlatch.Unavailable, Err: err} // nobody is there to read it
	}
	kind, how := finlatch.KindOf(err), text
	switch kind {
	case finlatch.Conflict, finlatch.RateLimited, finlatch.Unavailable:
		how = plain
	}
	var given shaped
	if errors.As(err, &given) {
		how = given.shape
	}
	s.write(w, r, statuses[kind], how, err)
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, status int, how shape, err error) {
	var e *finlatch.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	switch how {
	case empty:
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(status)
	case problem:
		s.writeProblem(w, r, status, nil)
	case message:
		httpx.WriteJSON(w, r, status, e.Msg)
	case plain:
		if e == nil || e.Msg == "" {
			httpx.WriteText(w, status, errorText)
			return
		}
		httpx.WriteText(w, status, e.Msg)
	default:
		httpx.WriteText(w, status, errorText)
	}
}

func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, status int, fields map[string][]string) {
	title, section := problems[status][0], problems[status][1]
	if len(fields) > 0 {
		title = "One or more validation errors occurred."
	}
	httpx.WriteJSON(w, r, status, jellyfin.ProblemDetails{Type: "https://tools.ietf.org/html/rfc9110#section-" + section,
		Title: title, Status: status, Errors: fields, TraceID: traceID(r)})
}

// traceID has the form of a W3C trace context. Its middle part is the request's id in the log.
func traceID(r *http.Request) string {
	var span [8]byte
	rand.Read(span[:])
	return "00-" + httpx.EventFrom(r.Context()).ID + "-" + hex.EncodeToString(span[:]) + "-00"
}
