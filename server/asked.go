package server

import (
	"errors"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// errNotShown is what Service says of an unknown code, for one that was denied.
var errNotShown = &finlatch.Error{Kind: finlatch.NotFound, Msg: "Unknown code"}

// decidedOn gives refusals of finlatch's own operations of Quick Connect their shapes: all of them say why.
func decidedOn(err error) error {
	switch {
	case errors.Is(err, finlatch.ErrNotFound):
		return as(message, err)
	case errors.Is(err, finlatch.ErrForbidden):
		return refusal(err)
	}
	return whileOn(err)
}

func (s *Server) askedQuickConnect(r *request) (any, error) {
	code, err := r.query.Required("code")
	if err != nil {
		return nil, err
	}
	asked, err := s.service.Asked(r.Context(), r.caller, code, time.Time{})
	if err == nil && asked.State == finlatch.QuickConnectDenied {
		err = errNotShown
	}
	if err != nil {
		return nil, decidedOn(err)
	}
	address := ""
	if asked.Address.IsValid() {
		address = asked.Address.Unmap().String()
	}
	return &jellyfin.QuickConnectAsked{Code: asked.Code, AppName: asked.AppName, AppVersion: asked.AppVersion, DeviceName: asked.DeviceName,
		DeviceID: asked.DeviceID, Address: address, InNetwork: asked.Near, DateAdded: jellyfin.TimeOf(asked.CreatedAt),
		AgeSeconds: int(s.service.Now().Sub(asked.CreatedAt) / time.Second), Approved: asked.State != finlatch.QuickConnectPending, UserName: asked.UserName}, nil
}

// shown is the request that a caller decides on: its code, and when it was made.
func (r *request) shown() (code string, made time.Time, err error) {
	if code, err = r.query.Required("code"); err != nil {
		return "", time.Time{}, err
	}
	text, err := r.query.Required("dateAdded")
	if err != nil {
		return "", time.Time{}, err
	}
	var date jellyfin.Time
	if err := date.UnmarshalText([]byte(text)); err != nil || date.IsZero() {
		return "", time.Time{}, httpx.Invalid("dateAdded", printable(text))
	}
	return code, date.Time, nil
}

func (s *Server) approveAsked(r *request) (any, error) {
	code, made, err := r.shown()
	if err != nil {
		return nil, err
	}
	id, err := r.queryID("userId")
	if err != nil {
		return nil, err
	}
	return nil, decidedOn(s.service.ApproveSeen(r.Context(), r.caller, code, made, id))
}

func (s *Server) denyAsked(r *request) (any, error) {
	code, made, err := r.shown()
	if err != nil {
		return nil, err
	}
	return nil, decidedOn(s.service.Deny(r.Context(), r.caller, code, made))
}
