package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
)

// How many devices pages list: somebody's own, each with its forms, and those of a user.
const (
	maxOwnDevices = 25
	maxDevices    = 50
)

// visit is how long what was new stays marked while somebody looks again and again.
const visit = 5 * time.Minute

func devicesPages() []route {
	return []route{
		page("devices", forUsers, showDevices),
		form("devices/rename", forUsers, renameDevice, showDevices),
		form("devices/sign-out", forUsers, signOutDevice, showDevices),
		form("devices/sign-out-others", forUsers, signOutOthers, showDevices),
	}
}

// listing is what the page of somebody's devices shows.
type listing struct {
	Devices []listed
	Others  bool   // there are others than this browser
	More    bool   // and more than are shown
	Since   string // when the devices were looked at before, for the page after a form
}

type listed struct {
	finlatch.Device
	Here bool // this browser
	New  bool // signed in since the devices were looked at
}

// Handle stands for the device in forms.
func (l listed) Handle() string { return handle(l.DeviceID) }

// Renamed tells whether the device is called otherwise than it calls itself.
func (l listed) Renamed() bool { return l.Shown() != l.DeviceName }

// Shown is what the device is called.
func (l listed) Shown() string {
	if l.CustomName != "" {
		return l.CustomName
	}
	return l.DeviceName
}

// since is when the devices were looked at before: by what a form before has kept, or this browser of the same visit, or by the
// user's record.
func (r *request) since() time.Time {
	if at, err := strconv.ParseInt(r.FormValue("since"), 10, 64); err == nil {
		return time.UnixMicro(at)
	}
	begun, whose, _ := strings.Cut(r.readCookie(visitCookie), ".")
	if at, err := strconv.ParseInt(begun, 10, 64); err == nil && whose == r.caller.UserID().String() {
		return time.UnixMicro(at)
	}
	since := r.caller.User.DevicesSeenAt
	if since.IsZero() {
		since = r.now() // at the first look nothing is new
	}
	if r.Method != http.MethodHead {
		r.setCookie(visitCookie, strconv.FormatInt(since.UnixMicro(), 10)+"."+r.caller.UserID().String(), visit)
	}
	return since
}

func showDevices(r *request) (answer, error) {
	sessions, err := r.service().LatestDevices(r.context(), r.caller, r.caller.UserID(), maxOwnDevices+1)
	if err != nil {
		return nil, err
	}
	since := r.since()
	data := listing{Since: strconv.FormatInt(since.UnixMicro(), 10), More: len(sessions) > maxOwnDevices, Others: len(sessions) > 1}
	for _, s := range sessions[:min(len(sessions), maxOwnDevices)] {
		here := s.Device.TokenHash == r.caller.Device.TokenHash
		data.Devices = append(data.Devices, listed{s.Device, here, !here && s.Device.CreatedAt.After(since)})
	}
	return view{name: "devices", title: "My devices", wide: true, data: data}, r.seen()
}

// seen notes that somebody has looked, which a browser that only asks for the headers has not.
func (r *request) seen() error {
	if r.Method == http.MethodHead {
		return nil
	}
	return r.service().DevicesSeen(r.context(), r.caller)
}

func (r *request) devicesAgain(done string) seeOther {
	return seeOther("devices?" + url.Values{"done": {done}, "since": {r.PostFormValue("since")}}.Encode())
}

func renameDevice(r *request) (answer, error) {
	device, err := r.deviceOf(r.caller.UserID(), r.PostFormValue("device"))
	if err == nil {
		err = r.service().NameDevice(r.context(), r.caller, device, r.caller.UserID(), r.PostFormValue("name"))
	}
	return r.devicesAgain("device-named"), err
}

func signOutDevice(r *request) (answer, error) {
	return r.devicesAgain("device-out"), r.signOutDeviceOf(r.caller.UserID(), r.PostFormValue("device"))
}

func signOutOthers(r *request) (answer, error) {
	return r.devicesAgain("others-out"), r.service().SignOutOthers(r.context(), r.caller, r.caller.UserID())
}
