package finlatch_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// jellyfin-web signs out twice at once, so both may have been let in before the first is done.
func TestSigningOutTwiceIsNotedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.caller(w.signIn("admin", "admin-pw", device("tv", home)).Token, home)
	if err := w.SignOut(w.ctx, c); err != nil {
		t.Errorf("SignOut: %v", err)
	}
	if err := w.SignOut(w.ctx, c); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("the second SignOut: %v, want unauthenticated", err)
	}
	if entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivitySessionEnded}); len(entries) != 1 {
		t.Errorf("got %d entries, want 1", len(entries))
	}
}

func TestUsersSeeAndEndTheirOwnDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ben := w.user("ann", "pw"), w.user("ben", "pw")
	phone := w.caller(w.signIn("ann", "pw", device("phone", home)).Token, home)
	w.signIn("ann", "pw", device("tv", home))
	bens := w.signIn("ben", "pw", device("tv", home))
	list, err := w.Devices(w.ctx, phone, ann.ID)
	if err != nil || len(list) != 2 || list[0].Device.UserID != ann.ID || list[1].Device.UserID != ann.ID {
		t.Errorf("ann sees %v (%v)", list, err)
	}
	if session, err := w.DeviceByID(w.ctx, phone, "tv", ann.ID); err != nil || session.Device.UserID != ann.ID {
		t.Errorf("the television is %s's (%v)", session.UserName, err)
	}
	all, err := w.Devices(w.ctx, w.as("admin", "admin-pw"), ann.ID)
	if err != nil || len(all) < 4 {
		t.Errorf("the administrator sees %d that ann may use (%v)", len(all), err)
	}
	_, noDevice := w.DeviceByID(w.ctx, phone, "fridge", ann.ID)
	_, othersDevice := w.DeviceByID(w.ctx, phone, "tv", ben.ID)
	_, others := w.Devices(w.ctx, phone, ben.ID)
	_, everybodys := w.Devices(w.ctx, phone, finlatch.ID{})
	_, othersOptions := w.DeviceOptions(w.ctx, phone, "tv", ben.ID)
	for _, test := range []struct {
		name string
		err  error
		want finlatch.Kind
	}{
		{"an unknown device", noDevice, finlatch.NotFound},
		{"another's device", othersDevice, finlatch.Forbidden},
		{"another's devices", others, finlatch.Forbidden},
		{"everybody's devices", everybodys, finlatch.Forbidden},
		{"another's options", othersOptions, finlatch.Forbidden},
		{"ending everybody's", w.DeleteDevices(w.ctx, phone, []string{"tv"}, finlatch.ID{}), finlatch.Forbidden},
		{"ending another's", w.DeleteDevices(w.ctx, phone, []string{"tv"}, ben.ID), finlatch.Forbidden},
		{"ending an unknown one", w.DeleteDevices(w.ctx, phone, []string{"tv", "fridge"}, ann.ID), finlatch.NotFound},
		{"naming everybody's", w.NameDevice(w.ctx, phone, "tv", finlatch.ID{}, "x"), finlatch.Forbidden},
		{"naming another's", w.NameDevice(w.ctx, phone, "tv", ben.ID, "x"), finlatch.Forbidden},
		{"naming one that is not there", w.NameDevice(w.ctx, phone, "fridge", ann.ID, "x"), finlatch.NotFound},
		{"naming nobody's", w.NameDevice(w.ctx, finlatch.Operator(), "tv", finlatch.ID{1}, "x"), finlatch.NotFound},
	} {
		if test.err == nil || finlatch.KindOf(test.err) != test.want {
			t.Errorf("%s: got %v, want %v", test.name, test.err, test.want)
		}
	}
	if list, _ := w.Devices(w.ctx, phone, ann.ID); len(list) != 2 {
		t.Error("a refused deletion has deleted something")
	}
	if err := w.DeleteDevices(w.ctx, phone, []string{"tv"}, ann.ID); err != nil {
		t.Fatal(err)
	}
	if list, _ := w.Devices(w.ctx, phone, ann.ID); len(list) != 1 {
		t.Errorf("ann has %d devices, want 1", len(list))
	}
	w.caller(bens.Token, home)
	entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityDeviceRevoked})
	if len(entries) != 1 || entries[0].UserID != ann.ID || entries[0].ByID != ann.ID {
		t.Errorf("noted is %+v", entries)
	}
}

func TestEveryRevocationIsNoted(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, c finlatch.Caller, id finlatch.ID) error{
		"a new password": func(w *world, c finlatch.Caller, id finlatch.ID) error { return w.SetPassword(w.ctx, c, id, "new") },
		"disabling":      func(w *world, c finlatch.Caller, id finlatch.ID) error { return w.SetDisabled(w.ctx, c, id, true) },
		"a lower limit": func(w *world, c finlatch.Caller, id finlatch.ID) error {
			policy := finlatch.NewPolicy()
			policy.MaxActiveSessions = 1
			return w.SetPolicy(w.ctx, c, id, policy, 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ann := w.user("ann", "pw")
			for _, id := range []string{"tv", "phone", "tablet"} {
				w.signIn("ann", "pw", device(id, home))
				w.clock.Move(time.Second)
			}
			admin := w.caller(w.signIn("admin", "admin-pw", device("desk", home)).Token, home)
			if err := end(w, admin, ann.ID); err != nil {
				t.Fatal(err)
			}
			left, err := w.Devices(w.ctx, admin, finlatch.ID{})
			if err != nil {
				t.Fatal(err)
			}
			entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityDeviceRevoked})
			if ended := 4 - len(left); ended < 2 || len(entries) != ended {
				t.Fatalf("%d entries for %d devices that were signed out", len(entries), ended)
			}
			for _, entry := range entries {
				if entry.UserID != ann.ID || entry.ByID != admin.UserID() || entry.Address != home {
					t.Errorf("noted is %+v", entry)
				}
			}
		})
	}
}

func TestNamesOfDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "pw")
	c, op := w.caller(w.signIn("ann", "pw", device("tv", home)).Token, home), finlatch.Operator()
	_, err := w.DeviceOptions(w.ctx, op, "tv", finlatch.ID{})
	w.wantKind(err, finlatch.NotFound)
	shown := func(want string) {
		t.Helper()
		if session, err := w.DeviceByID(w.ctx, c, "tv", ann.ID); err != nil || session.Device.CustomName != want || session.Device.DeviceName != "Telly" {
			t.Errorf("the device is called %q, want %q (%v)", session.Device.CustomName, want, err)
		}
	}
	name := func(c finlatch.Caller, id finlatch.ID, name string) {
		t.Helper()
		if err := w.NameDevice(w.ctx, c, "tv", id, name); err != nil {
			t.Fatal(err)
		}
	}
	name(op, finlatch.ID{}, "everybody's")
	shown("everybody's")
	name(c, ann.ID, " her\x1b[31m own\n"+strings.Repeat("x", 1000))
	shown("her[31m own" + strings.Repeat("x", 128-12))
	if options, err := w.DeviceOptions(w.ctx, op, "tv", finlatch.ID{}); err != nil || options.CustomName != "everybody's" {
		t.Errorf("for everybody it is called %q (%v)", options.CustomName, err)
	}
	name(c, ann.ID, "")
	shown("everybody's")
	name(op, finlatch.ID{}, "")
	shown("")
	w.wantKind(w.NameDevice(w.ctx, op, strings.Repeat("x", 513), finlatch.ID{}, "x"), finlatch.Invalid)
}
