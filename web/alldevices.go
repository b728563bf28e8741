package web

import (
	"encoding/base64"
	"strings"

	"github.com/finlatch/finlatch"
)

// maxAllDevices is how many devices of everybody the page of these lists.
const maxAllDevices = 75

// allDevices is what the page of everybody's devices shows.
type allDevices struct {
	Devices deviceList
	More    bool // than are shown
}

func showAllDevices(r *request) (answer, error) {
	sessions, err := r.service().LatestDevices(r.context(), r.caller, finlatch.ID{}, maxAllDevices+1)
	if err != nil {
		return nil, err
	}
	data := allDevices{Devices: r.signedIn(sessions[:min(len(sessions), maxAllDevices)]), More: len(sessions) > maxAllDevices}
	return view{name: "alldevices", title: "Devices", data: data}, nil
}

// Key stands for the device among everybody's: its user's id, and its handle. The page has many, so they are short.
func (s signedIn) Key() string {
	return base64.RawURLEncoding.EncodeToString(s.Device.UserID[:]) + "." + s.Handle()
}

func signOutAnyDevice(r *request) (answer, error) {
	user, of, _ := strings.Cut(r.PostFormValue("device"), ".")
	raw, err := base64.RawURLEncoding.DecodeString(user)
	if err != nil || len(raw) != len(finlatch.ID{}) {
		return nil, errDeviceGone
	}
	id := finlatch.ID(raw)
	if id.IsZero() { // would be everybody
		return nil, errDeviceGone
	}
	return seeOther("admin/devices?done=device-out"), r.signOutDeviceOf(id, of)
}
