package web

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/finlatch/finlatch"
)

// What the form of a policy shows of lists. What is beyond stays as it is.
const (
	maxSchedules = 10
	newSchedules = 3  // rows for more
	maxChoices   = 50 // devices
)

var (
	errPolicyChanged = &finlatch.Error{Kind: finlatch.Conflict, Msg: "The policy was changed since you opened this page, so nothing was saved. This is how it is now."}
	errChoiceGone    = &finlatch.Error{Kind: finlatch.Conflict, Msg: "One of the devices that you chose is not signed in any more, so nothing was saved."}
)

// policyForm is the part of a policy that matters for signing in, as the form has it.
type policyForm struct {
	Version                                                         string // of that part, when the form was made
	Administrator, Hidden, Remote, Preferences, Control, AllDevices bool
	Sessions, Attempts                                              string
	Chosen                                                          map[string]bool // devices, by their handles
	Schedules, Free                                                 []schedule

	Choices       []choice
	MoreSchedules bool // than are shown
}

// schedule is an AccessSchedule as it is typed.
type schedule struct {
	Number        int // of the row, from 1
	Day, From, To string
}

// noDay stands for no choice in a new row; in others that means that the row goes.
const noDay = "-"

// Days are those to choose from.
func (schedule) Days() []string { return days() }

// choice is a device that a user may be allowed.
type choice struct {
	finlatch.Device        // where it is not signed in, only its DeviceID
	Handle          string // among the user's devices
}

// policyFormOf is the form before anybody types.
func policyFormOf(p *finlatch.Policy, devices []finlatch.Session) policyForm {
	f := policyForm{Version: policyVersion(p), Administrator: p.IsAdministrator, Hidden: p.IsHidden, Remote: p.EnableRemoteAccess,
		Preferences: p.EnableUserPreferenceAccess, Control: p.EnableRemoteControlOfOtherUsers, AllDevices: p.EnableAllDevices,
		Sessions: strconv.Itoa(max(p.MaxActiveSessions, 0)), Attempts: strconv.Itoa(max(p.LoginAttemptsBeforeLockout, -1)),
		Chosen: make(map[string]bool), Choices: choices(p, devices), MoreSchedules: len(p.AccessSchedules) > maxSchedules}
	for _, c := range f.Choices {
		f.Chosen[c.Handle] = enabled(p, c.DeviceID)
	}
	for _, a := range p.AccessSchedules[:min(len(p.AccessSchedules), maxSchedules)] {
		f.Schedules = append(f.Schedules, schedule{0, day(a.DayOfWeek), hour(a.StartHour), hour(a.EndHour)})
	}
	return f.complete()
}

// typedPolicy is the form as it was sent; its Version is empty where it was another form.
func (r *request) typedPolicy() policyForm {
	has := func(name string) bool { return r.PostFormValue(name) != "" }
	f := policyForm{Version: r.PostFormValue("version"), Administrator: has("administrator"), Hidden: has("hidden"), Remote: has("remote"),
		Preferences: has("preferences"), Control: has("control"), AllDevices: has("all-devices"),
		Sessions: r.PostFormValue("sessions"), Attempts: r.PostFormValue("attempts"), Chosen: make(map[string]bool)}
	for _, handle := range r.PostForm["device"] {
		f.Chosen[handle] = true
	}
	days, from, to := r.PostForm["day"], r.PostForm["from"], r.PostForm["to"]
	for i := range min(len(days), len(from), len(to), maxSchedules+1) {
		switch day := days[i]; {
		case day == "" || day == noDay && from[i]+to[i] == "":
		case day == noDay:
			f.Schedules = append(f.Schedules, schedule{0, "", from[i], to[i]})
		default:
			f.Schedules = append(f.Schedules, schedule{0, day, from[i], to[i]})
		}
	}
	return f
}

// with puts what was typed into the form as it is shown.
func (f policyForm) with(shown policyForm) policyForm {
	f.Choices, f.MoreSchedules = shown.Choices, shown.MoreSchedules
	return f.complete()
}

// complete adds empty rows for more schedules, and the numbers of the rows.
func (f policyForm) complete() policyForm {
	if !f.MoreSchedules {
		f.Free = make([]schedule, min(newSchedules, max(0, maxSchedules+1-len(f.Schedules))))
	}
	for i := range f.Schedules {
		f.Schedules[i].Number = i + 1
	}
	for i := range f.Free {
		f.Free[i].Number = len(f.Schedules) + i + 1
	}
	return f
}

// apply changes those members of a policy that the form has. Conflict where they are not as the form has shown them.
func (f policyForm) apply(p *finlatch.Policy, devices []finlatch.Session) (err error) {
	if f.Version != policyVersion(p) {
		return errPolicyChanged
	}
	if p.MaxActiveSessions, err = wholeNumber(f.Sessions, 0, "The number of devices at once"); err != nil {
		return err
	}
	if p.LoginAttemptsBeforeLockout, err = wholeNumber(f.Attempts, -1, "The number of wrong passwords"); err != nil {
		return err
	}
	if p.AccessSchedules, err = f.schedules(p.AccessSchedules); err != nil {
		return err
	}
	if p.EnabledDevices, err = f.devices(p, devices); err != nil {
		return err
	}
	p.IsAdministrator, p.IsHidden, p.EnableRemoteAccess, p.EnableAllDevices = f.Administrator, f.Hidden, f.Remote, f.AllDevices
	p.EnableUserPreferenceAccess, p.EnableRemoteControlOfOtherUsers = f.Preferences, f.Control
	return nil
}

// schedules are those of the form, and those that it did not show.
func (f policyForm) schedules(before []finlatch.AccessSchedule) ([]finlatch.AccessSchedule, error) {
	var after []finlatch.AccessSchedule
	for i, s := range f.Schedules {
		from, fromValid := parseHour(s.From)
		to, toValid := parseHour(s.To)
		switch {
		case !slices.Contains(days(), s.Day):
			return nil, invalid("Time %d has no day. Choose one, or days, from the list.", i+1)
		case !fromValid || !toValid:
			return nil, invalid("Time %d: from and to are times from 0:00 to 24:00, such as 8:30.", i+1)
		case from >= to:
			return nil, invalid("Time %d ends before it has begun. What goes on past midnight takes two: one to 24:00, and one from 0:00 on the day after.", i+1)
		}
		after = append(after, finlatch.AccessSchedule{DayOfWeek: s.Day, StartHour: from, EndHour: to})
	}
	after = append(after, before[min(len(before), maxSchedules):]...)
	for i := range after {
		after[i].ID = i + 1
	}
	return after, nil
}

// devices are the ids of those that were chosen, and those that the form did not show.
func (f policyForm) devices(p *finlatch.Policy, devices []finlatch.Session) ([]string, error) {
	shown, found := choices(p, devices), 0
	after := slices.DeleteFunc(slices.Clone(p.EnabledDevices), func(id string) bool {
		return slices.ContainsFunc(shown, func(c choice) bool { return strings.EqualFold(c.DeviceID, id) && !f.Chosen[c.Handle] })
	})
	for _, c := range shown {
		if !f.Chosen[c.Handle] {
			continue
		}
		found++
		if !enabled(p, c.DeviceID) {
			after = append(after, c.DeviceID)
		}
	}
	if found < len(f.Chosen) {
		return nil, errChoiceGone
	}
	return after, nil
}

// choices are the devices that the policy allows already, and others that the user is signed in on.
func choices(p *finlatch.Policy, devices []finlatch.Session) (all []choice) {
	add := func(d finlatch.Device) {
		known := slices.ContainsFunc(all, func(c choice) bool { return strings.EqualFold(c.DeviceID, d.DeviceID) })
		if len(all) < maxChoices && !known {
			all = append(all, choice{d, handle(d.DeviceID)})
		}
	}
	for _, id := range p.EnabledDevices {
		d := finlatch.Device{ClientInfo: finlatch.ClientInfo{DeviceID: id}}
		if i := slices.IndexFunc(devices, func(s finlatch.Session) bool { return strings.EqualFold(s.Device.DeviceID, id) }); i >= 0 {
			d = devices[i].Device
			d.DeviceID = id
		}
		add(d)
	}
	for _, s := range devices {
		add(s.Device)
	}
	return all
}

// Shown is what the device is called.
func (c choice) Shown() string { return listed{Device: c.Device}.Shown() }

func enabled(p *finlatch.Policy, deviceID string) bool {
	return slices.ContainsFunc(p.EnabledDevices, func(id string) bool { return strings.EqualFold(id, deviceID) })
}

// policyVersion stands for what the form has of a policy.
func policyVersion(p *finlatch.Policy) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%v %v %v %v %v %v %v %v %q %v", p.IsAdministrator, p.IsHidden, p.EnableRemoteAccess,
		p.EnableUserPreferenceAccess, p.EnableRemoteControlOfOtherUsers, p.EnableAllDevices, p.MaxActiveSessions,
		p.LoginAttemptsBeforeLockout, p.EnabledDevices, p.AccessSchedules))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// wholeNumber is a whole number that was typed.
func wholeNumber(text string, least int, what string) (int, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil || n < int64(least) {
		return 0, &finlatch.Error{Kind: finlatch.Invalid, Msg: fmt.Sprintf("%s is a whole number from %d to %d.", what, least, math.MaxInt32)}
	}
	return int(n), nil
}

// hour is a time of day as people write it. The rare one that is no whole minute stays a number.
func hour(h float64) string {
	minutes := int(math.Round(h * 60))
	if text := fmt.Sprintf("%d:%02d", minutes/60, minutes%60); 0 <= h && h <= 24 {
		if back, valid := parseHour(text); valid && back == h {
			return text
		}
	}
	return strconv.FormatFloat(h, 'f', -1, 64)
}

// parseHour reads a time of day, 8:30 or 8.5, as hours from 0 to 24.
func parseHour(text string) (h float64, valid bool) {
	text = strings.TrimSpace(text)
	hours, minutes, colon := strings.Cut(text, ":")
	if colon {
		whole, err := strconv.ParseUint(hours, 10, 8)
		part, partErr := strconv.ParseUint(minutes, 10, 8)
		h, valid = float64(whole)+float64(part)/60, err == nil && partErr == nil && len(minutes) == 2 && part < 60
	} else {
		var err error
		h, err = strconv.ParseFloat(text, 64)
		valid = err == nil
	}
	return h, valid && 0 <= h && h <= 24
}

// days are the words that an AccessSchedule has for when it holds.
func days() []string {
	return []string{"Everyday", "Weekday", "Weekend", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
}

// day is one of days, however it is spelled.
func day(name string) string {
	for _, d := range days() {
		if strings.EqualFold(d, name) {
			return d
		}
	}
	return name
}
