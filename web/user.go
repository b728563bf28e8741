package web

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/finlatch/finlatch"
)

var (
	errOwnPassword  = &finlatch.Error{Kind: finlatch.Forbidden, Msg: "Change your own password under Account, with the current one."}
	errNotConfirmed = &finlatch.Error{Kind: finlatch.Invalid, Msg: "That is not the name of this user, so nothing was deleted."}
	errDeviceGone   = &finlatch.Error{Kind: finlatch.NotFound, Msg: "That device is not signed in any more."}
)

// person is what the page of a user shows.
type person struct {
	finlatch.User
	Own      bool   // it is whoever looks
	NewName  string // as it was typed
	Failures int    // wrong passwords since the last right one
	Devices  deviceList
	More     bool // devices than are shown
	Form     policyForm
}

// signedIn is a device in a list for administrators.
type signedIn struct {
	finlatch.Session
	Here bool // this browser
}

type deviceList []signedIn

// Others tells whether there is a device to sign out.
func (l deviceList) Others() bool {
	return slices.ContainsFunc(l, func(s signedIn) bool { return !s.Here })
}

// Shown is what the device is called.
func (s signedIn) Shown() string { return listed{Device: s.Device}.Shown() }

// Handle stands for the device among its user's. It is shorter than what apps make up as device ids.
func (s signedIn) Handle() string { return handle(s.Device.DeviceID) }

func handle(deviceID string) string {
	sum := sha256.Sum256([]byte(deviceID))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

func (r *request) signedIn(sessions []finlatch.Session) deviceList {
	devices := make(deviceList, len(sessions))
	for i, s := range sessions {
		devices[i] = signedIn{s, s.Device.TokenHash == r.caller.Device.TokenHash}
	}
	return devices
}

// userID is the user whom the address names.
func (r *request) userID() (finlatch.ID, error) {
	id, valid := finlatch.ParseID(r.PathValue("id"))
	if !valid {
		return id, errMissing
	}
	return id, nil
}

func showUser(r *request) (answer, error) {
	id, err := r.userID()
	if err != nil {
		return nil, err
	}
	user, err := r.service().UserByID(r.context(), r.caller, id)
	if err != nil {
		return nil, err
	}
	sessions, err := r.service().LatestDevices(r.context(), r.caller, id, maxDevices+1)
	if err != nil {
		return nil, err
	}
	more := len(sessions) > maxDevices
	sessions = sessions[:min(len(sessions), maxDevices)]
	data := &person{User: user, Own: id == r.caller.UserID(), NewName: user.Name, Failures: user.InvalidLoginAttempts + r.service().MissedPasswords(id),
		Devices: r.signedIn(sessions), More: more, Form: policyFormOf(&user.Policy, sessions)}
	if r.PostForm.Has("username") {
		data.NewName = r.echoed("username")
	}
	if typed := r.typedPolicy(); typed.Version == data.Form.Version {
		data.Form = typed.with(data.Form)
	}
	return view{name: "user", title: user.Name, data: data}, nil
}

// onUser lets f do something to the user whom the address names, and leads back to the user's page.
func (r *request) onUser(done string, f func(finlatch.ID) error) (answer, error) {
	id, err := r.userID()
	if err == nil {
		err = f(id)
	}
	return userPage(id, done), err
}

func renameUser(r *request) (answer, error) {
	return r.onUser("user-renamed", func(id finlatch.ID) error {
		return r.service().Rename(r.context(), r.caller, id, strings.TrimSpace(r.PostFormValue("username")))
	})
}

func disableUser(r *request) (answer, error) {
	return r.onUser("user-disabled", func(id finlatch.ID) error { return r.service().SetDisabled(r.context(), r.caller, id, true) })
}

func enableUser(r *request) (answer, error) {
	return r.onUser("user-enabled", func(id finlatch.ID) error { return r.service().SetDisabled(r.context(), r.caller, id, false) })
}

func unlockUser(r *request) (answer, error) {
	return r.onUser("user-unlocked", func(id finlatch.ID) error { return r.service().Unlock(r.context(), r.caller, id) })
}

func setUserPassword(r *request) (answer, error) {
	return r.onUser("user-password", func(id finlatch.ID) error {
		if r.PostFormValue("password") == "" {
			return errNoPassword
		}
		return r.setPasswordOf(id, r.PostFormValue("password"))
	})
}

func removeUserPassword(r *request) (answer, error) {
	return r.onUser("user-passwordless", func(id finlatch.ID) error { return r.setPasswordOf(id, "") })
}

// setPasswordOf changes the password of another user. Everybody's own asks for the current one.
func (r *request) setPasswordOf(id finlatch.ID, password string) error {
	if id == r.caller.UserID() {
		return errOwnPassword
	}
	return r.service().SetPassword(r.context(), r.caller, id, password)
}

func changeUserPolicy(r *request) (answer, error) {
	return r.onUser("user-policy", func(id finlatch.ID) error {
		sessions, err := r.service().LatestDevices(r.context(), r.caller, id, maxDevices)
		if err != nil {
			return err
		}
		typed := r.typedPolicy()
		return r.service().ChangePolicy(r.context(), r.caller, id, func(p *finlatch.Policy) error { return typed.apply(p, sessions) })
	})
}

func signOutUserDevice(r *request) (answer, error) {
	return r.onUser("device-out", func(id finlatch.ID) error { return r.signOutDeviceOf(id, r.PostFormValue("device")) })
}

// deviceOf is the id of the user's device that a handle stands for.
func (r *request) deviceOf(id finlatch.ID, of string) (string, error) {
	sessions, err := r.service().LatestDevices(r.context(), r.caller, id, 0)
	if err != nil {
		return "", err
	}
	for _, s := range sessions {
		if handle(s.Device.DeviceID) == of {
			return s.Device.DeviceID, nil
		}
	}
	return "", errDeviceGone
}

// signOutDeviceOf ends the token of the user's device that a handle stands for.
func (r *request) signOutDeviceOf(id finlatch.ID, of string) error {
	device, err := r.deviceOf(id, of)
	if err != nil {
		return err
	}
	return r.service().DeleteDevices(r.context(), r.caller, []string{device}, id)
}

func signOutUser(r *request) (answer, error) {
	return r.onUser("user-out", func(id finlatch.ID) error { return r.service().SignOutOthers(r.context(), r.caller, id) })
}

func deleteUser(r *request) (answer, error) {
	id, err := r.userID()
	if err != nil {
		return nil, err
	}
	user, err := r.service().UserByID(r.context(), r.caller, id)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(r.PostFormValue("confirm")) != user.Name {
		return nil, errNotConfirmed
	}
	if err := r.service().DeleteUser(r.context(), r.caller, id); err != nil {
		return nil, err
	}
	if id == r.caller.UserID() {
		return seeOther("sign-in?done=user-deleted"), nil
	}
	return seeOther("admin/users?done=user-deleted"), nil
}
