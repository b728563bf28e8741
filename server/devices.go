package server

import (
	"errors"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

func (s *server) logout(r *request) (any, error) {
	return nil, s.service.SignOut(r.Context(), r.caller)
}

func (s *server) sessions(r *request) (any, error) {
	controllable, err := r.queryID("controllableByUserId")
	if err != nil {
		return nil, err
	}
	seconds, err := r.query.Int("activeWithinSeconds")
	if err != nil {
		return nil, err
	}
	filter := finlatch.SessionFilter{DeviceID: r.query.Get("deviceId")}
	if seconds != nil && *seconds > 0 {
		filter.ActiveWithin = time.Duration(*seconds) * time.Second
	}
	if !controllable.IsZero() {
		if controllable != r.caller.UserID() && !r.caller.Administrator() {
			return nil, finlatch.ErrForbidden
		}
		return jellyfin.List[*jellyfin.SessionInfoDto]{}, nil // nothing here takes remote control yet
	}
	sessions, err := s.service.Sessions(r.Context(), r.caller, filter)
	if err != nil {
		return nil, err
	}
	list := jellyfin.List[*jellyfin.SessionInfoDto]{}
	seen := map[string]bool{} // users who share a device share its session; the last one has it
	for i := range sessions {
		dto := sessionDto(&sessions[i].Device, sessions[i].UserName, r.settings)
		if !seen[dto.ID] {
			seen[dto.ID] = true
			list = append(list, dto)
		}
	}
	return list, nil
}

func (s *server) devices(r *request) (any, error) {
	id, err := r.queryID("userId")
	if err != nil {
		return nil, err
	}
	devices, err := s.service.Devices(r.Context(), r.caller, id)
	if err != nil {
		return nil, err
	}
	list := make([]*jellyfin.DeviceInfoDto, len(devices))
	for i := range devices {
		list[i] = deviceDto(&devices[i])
	}
	return jellyfin.NewQueryResult(list), nil
}

func (s *server) deviceInfo(r *request) (any, error) {
	id, err := r.query.Required("id")
	if err != nil {
		return nil, err
	}
	device, err := s.service.DeviceByID(r.Context(), r.caller, id)
	if errors.Is(err, finlatch.ErrNotFound) {
		return nil, as(problem, err)
	}
	if err != nil {
		return nil, err
	}
	return deviceDto(&device), nil
}

func (s *server) deleteDevices(r *request) (any, error) {
	err := s.service.DeleteDevices(r.Context(), r.caller, r.query.All("id"))
	if errors.Is(err, finlatch.ErrNotFound) {
		return nil, as(problem, &finlatch.Error{Kind: finlatch.Invalid, Err: err})
	}
	return nil, err
}
