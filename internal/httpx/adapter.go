package httpx

import (
	"io"
	"net/http"
	"strconv"
)

// HandlerFunc is a handler that may fail. It writes nothing before it knows that it will not.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Adapt makes a handler of f. What f fails with is kept in the event, and fail turns it into the answer; if part of an
// answer is out already, fail is not called.
func Adapt(f HandlerFunc, fail func(w http.ResponseWriter, r *http.Request, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := responseOf(w)
		if out == nil {
			out = &response{ResponseWriter: w}
			w = out
		}
		if err := f(w, r); err != nil {
			EventFrom(r.Context()).Err = err
			if out.status == 0 {
				fail(w, r, err)
			}
		}
	})
}

// WriteText answers with plain text as Jellyfin does, without a charset.
func WriteText(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Del("Content-Encoding")
	h.Set("Content-Type", "text/plain")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the client may be gone; the event has the bytes that went out
}
