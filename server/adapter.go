package server

import (
	"errors"
	"net/http"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// request is what a handler gets: the HTTP request, who makes it, its query, and the settings that it began with.
type request struct {
	*http.Request
	caller   finlatch.Caller
	query    *httpx.Values
	settings *finlatch.Settings

	server *Server
	level  finlatch.Level
	old    bool
}

// authenticate says who makes the request, as things are now, and refuses who may not.
func (r *request) authenticate() (err error) {
	r.caller, err = r.server.caller(r.Request, r.settings.LegacyAuthorization, r.old)
	limited := errors.Is(err, finlatch.ErrRateLimited) // nobody can say whose the token is
	if err != nil && !limited {
		return err
	}
	refused := refusal(r.server.service.Allow(r.Context(), r.caller, r.level))
	if limited && refused != nil {
		return err
	}
	return refused
}

// strangersBody bounds what somebody sends who is not signed in, in bytes: a thousand may wait for a hash at a time. A
// password has finlatch.MaxPassword at most, which JSON may write with six times as many.
const strangersBody = 64 << 10

// handler does an operation: what it returns is the answer's JSON, or nothing, which is 204.
type handler func(r *request) (any, error)

// body makes a handler of one that takes a JSON body.
func body[T any](as httpx.Param, f func(r *request, in *T) (any, error)) handler {
	return func(r *request) (any, error) {
		in := new(T)
		if d, ok := any(in).(jellyfin.Defaulter); ok {
			d.SetDefaults()
		}
		if err := httpx.DecodeJSON(r.Request, in, as); err != nil {
			return nil, err
		}
		// A body may come slowly, and the token end meanwhile.
		if err := r.authenticate(); err != nil {
			return nil, err
		}
		return f(r, in)
	}
}

// redirect is an answer that sends the client elsewhere, and moved one that does so for good.
type (
	redirect string
	moved    string
)

func (to redirect) write(w http.ResponseWriter, _ *http.Request) {
	lead(w, http.StatusFound, string(to))
}
func (to moved) write(w http.ResponseWriter, _ *http.Request) {
	lead(w, http.StatusMovedPermanently, string(to))
}

// lead is http.Redirect without a body, and with a location as relative as it is.
func lead(w http.ResponseWriter, status int, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(status)
}

// written is an answer that is no JSON.
type written interface {
	write(http.ResponseWriter, *http.Request)
}

// adapt turns a route into an HTTP handler: it says who asks, refuses who may not, runs the operation and writes its answer.
func (s *Server) adapt(route route) http.Handler {
	return httpx.Adapt(func(w http.ResponseWriter, hr *http.Request) error {
		if route.always {
			answer, err := route.handle(&request{Request: hr, query: httpx.Query(hr), server: s})
			return s.answer(w, hr, answer, err)
		}
		settings, err := s.service.Settings(hr.Context())
		if err != nil {
			return err
		}
		if route.guarded && !settings.SetupComplete {
			if err := s.guard(hr); err != nil {
				return err
			}
		}
		r := &request{Request: hr, query: httpx.Query(hr), settings: settings, server: s, level: route.level, old: route.old}
		if err := r.authenticate(); err != nil {
			return err
		}
		if httpx.Upgrades(hr) {
			return s.socket(w, hr)
		}
		if !r.caller.Known() {
			r.Request = httpx.Narrow(hr, strangersBody)
		}
		answer, err := route.handle(r)
		return s.answer(w, hr, answer, err)
	}, s.fail)
}

// answer writes what an operation has returned.
func (s *Server) answer(w http.ResponseWriter, hr *http.Request, answer any, err error) error {
	if err != nil {
		return err
	}
	switch answer := answer.(type) {
	case nil:
		w.WriteHeader(http.StatusNoContent)
		return nil
	case written:
		answer.write(w, hr)
		return nil
	}
	return httpx.WriteJSON(w, hr, http.StatusOK, answer)
}

// caller says who makes a request. A token that means nothing does not stop it: an operation for anybody is answered,
// and one that is not refuses the caller by its level.
func (s *Server) caller(r *http.Request, legacy, old bool) (finlatch.Caller, error) {
	header := jellyfin.TokenFrom(r, legacy)
	address := httpx.AddressFrom(r.Context())
	c := finlatch.Caller{
		ClientInfo: finlatch.NewClientInfo(header.Client, header.Version, header.Device, header.DeviceID),
		Address:    address.Addr, Forwarded: address.ForwardedByStranger, Old: old,
	}
	event := httpx.EventFrom(r.Context())
	event.Client, event.DeviceID = c.AppName, c.DeviceID
	if !header.HasToken() {
		return c, nil
	}
	known, err := s.service.Authenticate(r.Context(), c, finlatch.TokenFrom(header.Token))
	switch {
	case errors.Is(err, finlatch.ErrUnauthenticated):
		return c, nil
	case err != nil:
		return c, err
	}
	event.Client, event.DeviceID = known.AppName, known.DeviceID
	if known.User != nil {
		event.User = known.User.ID.String()
	}
	return known, nil
}
