package server

import (
	"errors"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

func (s *Server) devices(r *request) (any, error) {
	id, err := r.queryID("userId")
	if err != nil {
		return nil, err
	}
	devices, err := s.service.Devices(r.Context(), r.caller, id)
	if err != nil {
		return nil, denied(err)
	}
	list := make([]*jellyfin.DeviceInfoDto, len(devices))
	for i := range devices {
		list[i] = deviceDto(&devices[i])
	}
	return jellyfin.NewQueryResult(list), nil
}

// deviceOf is the device id that the query names, and the user whose device it is to be, if any.
func (r *request) deviceOf() (deviceID string, user finlatch.ID, err error) {
	if deviceID, err = r.query.Required("id"); err == nil {
		user, err = r.queryID("userId")
	}
	return deviceID, user, err
}

// deviceRefusal gives refusals the shapes of Jellyfin, where all this is for administrators.
func deviceRefusal(err error) error {
	if errors.Is(err, finlatch.ErrNotFound) {
		return as(problem, err)
	}
	return denied(err)
}

func (s *Server) deviceInfo(r *request) (any, error) {
	deviceID, user, err := r.deviceOf()
	if err != nil {
		return nil, err
	}
	device, err := s.service.DeviceByID(r.Context(), r.caller, deviceID, user)
	if err != nil {
		return nil, deviceRefusal(err)
	}
	return deviceDto(&device), nil
}

func (s *Server) deviceOptions(r *request) (any, error) {
	deviceID, user, err := r.deviceOf()
	if err != nil {
		return nil, err
	}
	options, err := s.service.DeviceOptions(r.Context(), r.caller, deviceID, user)
	if err != nil {
		return nil, deviceRefusal(err)
	}
	const row = 1 // Jellyfin's number of it, which no client reads
	return &jellyfin.DeviceOptionsDto{ID: row, DeviceID: options.DeviceID, CustomName: optional(options.CustomName)}, nil
}

func (s *Server) setDeviceOptions(r *request, in *jellyfin.DeviceOptionsDto) (any, error) {
	deviceID, user, err := r.deviceOf()
	if err != nil {
		return nil, err
	}
	name := ""
	if in.CustomName != nil {
		name = *in.CustomName
	}
	return nil, deviceRefusal(s.service.NameDevice(r.Context(), r.caller, deviceID, user, name))
}

func (s *Server) deleteDevices(r *request) (any, error) {
	user, err := r.queryID("userId")
	if err != nil {
		return nil, err
	}
	err = s.service.DeleteDevices(r.Context(), r.caller, r.query.All("id"), user)
	if errors.Is(err, finlatch.ErrNotFound) {
		return nil, as(problem, &finlatch.Error{Kind: finlatch.Invalid, Err: err})
	}
	return nil, denied(err)
}
