package gateway_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	u := newMediaServer(t)
	u.change("ben", func(p *finlatch.Policy) { p.EnableRemoteAccess = false })
	if _, err := u.CreateUser(u.ctx, finlatch.Operator(), "off", "off-pw", false); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, u.web.URL, finlatch.Token{}) // needs no key
	for _, tt := range []struct {
		name, user, password, from string
		device                     finlatch.ClientInfo
		want                       error
	}{
		{"right", "ann", "ann-pw", atHome, phone, nil},
		{"in another case", "ANN", "ann-pw", atHome, phone, nil},
		{"from far away", "ann", "ann-pw", farAway, phone, nil},
		{"wrong", "ann", "ben-pw", atHome, phone, finlatch.ErrUnauthenticated},
		{"empty", "ann", "", atHome, phone, finlatch.ErrUnauthenticated},
		{"nobody", "nobody", "x", atHome, phone, finlatch.ErrUnauthenticated},
		{"no name", "", "x", atHome, phone, finlatch.ErrInvalid},
		{"no device", "ann", "ann-pw", atHome, finlatch.ClientInfo{}, finlatch.ErrInvalid},
		{"at home only, at home", "ben", "ben-pw", atHome, phone, nil},
		{"at home only, from far away", "ben", "ben-pw", farAway, phone, finlatch.ErrForbidden},
	} {
		got, err := c.SignIn(t.Context(), from(tt.from, tt.device), tt.user, tt.password)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if err != nil {
			continue
		}
		if got.User.NormalizedName != finlatch.NormalizeName(tt.user) || got.User.ID != u.users[got.User.Name] {
			t.Errorf("%s: got user %s %s", tt.name, got.User.Name, got.User.ID)
		}
		if diff := cmp.Diff(tt.device, got.Device); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		known, err := u.Authenticate(u.ctx, finlatch.Caller{}, got.Token)
		if err != nil || known.User.ID != got.User.ID {
			t.Fatalf("%s: upstream does not know the token: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.device, known.Device.ClientInfo); diff != "" {
			t.Errorf("%s: upstream knows another device: %s", tt.name, diff)
		}
		if got := known.Device.Address.String(); got != tt.from {
			t.Errorf("%s: upstream saw %s, want %s", tt.name, got, tt.from)
		}
	}
}

func TestWhose(t *testing.T) {
	t.Parallel()
	u := newMediaServer(t)
	c := u.client()
	in, err := c.SignIn(t.Context(), from(atHome, phone), "ann", "ann-pw")
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Whose(t.Context(), from(farAway, phone), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, got, cmp.Comparer(func(a, b finlatch.Token) bool { return a == b })); diff != "" {
		t.Errorf("not what the sign-in said: %s", diff)
	}
	me := u.asked("/Users/Me")
	if got := me[len(me)-1].Header.Get("X-Forwarded-For"); got != farAway {
		t.Errorf("asked for %q, want %q", got, farAway)
	}
	asked := len(u.asked("/Users/Me"))
	for _, text := range []string{"", "x", "..", in.Token.Reveal()[1:], in.Token.Reveal() + "0", "\r\nX: y"} {
		if _, err := c.Whose(t.Context(), from(atHome, phone), finlatch.TokenFrom(text)); !errors.Is(err, finlatch.ErrUnauthenticated) {
			t.Errorf("%q: got %v", text, err)
		}
	}
	if got := len(u.asked("/Users/Me")); got != asked {
		t.Errorf("asked %d times about what is no token", got-asked)
	}
	if _, err := c.Whose(t.Context(), from(atHome, phone), finlatch.TokenFrom("0badc0de0badc0de0badc0de0badc0de")); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("unknown: got %v", err)
	}
	if got, err := c.Whose(t.Context(), from(atHome, phone), u.key); err != nil || !got.Key || got.User.Name != "" {
		t.Errorf("an API key: got %+v, %v", got, err)
	}
	u.change("ann", func(p *finlatch.Policy) { p.EnableRemoteAccess = false })
	if _, err := c.Whose(t.Context(), from(atHome, phone), in.Token); err != nil {
		t.Errorf("at home: got %v", err)
	}
	if _, err := c.Whose(t.Context(), from(farAway, phone), in.Token); !errors.Is(err, finlatch.ErrForbidden) {
		t.Errorf("from far away: got %v", err)
	}
	u.change("ann", func(p *finlatch.Policy) { p.IsDisabled = true })
	if _, err := c.Whose(t.Context(), from(atHome, phone), in.Token); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("disabled: got %v", err)
	}
}

// Two devices of a user must never be taken for one: the second one known would end the first.
func TestWhoseDevice(t *testing.T) {
	t.Parallel()
	u := newMediaServer(t)
	c, keyless := u.client(), newClient(t, u.web.URL, finlatch.Token{})
	tv := finlatch.ClientInfo{AppName: "Jellyfin Roku", AppVersion: "2.2.5", DeviceName: "TV", DeviceID: "roku-1"}
	token := func(device finlatch.ClientInfo) finlatch.Token {
		in, err := c.SignIn(t.Context(), from(atHome, device), "ann", "ann-pw")
		if err != nil {
			t.Fatal(err)
		}
		return in.Token
	}
	whose := func(c *gateway.Client, claimed finlatch.ClientInfo, token finlatch.Token) finlatch.ClientInfo {
		t.Helper()
		got, err := c.Whose(t.Context(), from(atHome, claimed), token)
		if err != nil {
			t.Fatal(err)
		}
		return got.Device
	}
	if _, err := c.SignIn(t.Context(), from(atHome, phone), "ben", "ben-pw"); err != nil {
		t.Fatal(err)
	}
	first := token(phone)
	if diff := cmp.Diff(phone, whose(c, finlatch.ClientInfo{}, first)); diff != "" {
		t.Errorf("the only device: %s", diff)
	}
	second := token(tv)
	if diff := cmp.Diff(tv, whose(c, finlatch.ClientInfo{DeviceID: tv.DeviceID}, second)); diff != "" {
		t.Errorf("the device that it names: %s", diff)
	}
	for name, c := range map[string]*gateway.Client{"with the key": c, "without": keyless} {
		a, b := whose(c, finlatch.ClientInfo{AppName: "x"}, first), whose(c, finlatch.ClientInfo{AppName: "x"}, second)
		if a.DeviceID == b.DeviceID || a.DeviceID == "" || a.DeviceID == phone.DeviceID || b.DeviceID == tv.DeviceID {
			t.Errorf("%s: two devices nobody can tell apart are %q and %q", name, a.DeviceID, b.DeviceID)
		}
		if again := whose(c, finlatch.ClientInfo{AppName: "x"}, first); again != a {
			t.Errorf("%s: the same token is %v and then %v", name, a, again)
		}
	}
}

func TestUser(t *testing.T) {
	t.Parallel()
	u := newMediaServer(t)
	c := u.client()
	schedule := finlatch.AccessSchedule{ID: 1, DayOfWeek: "Weekday", StartHour: 6.5, EndHour: 21}
	u.change("ann", func(p *finlatch.Policy) {
		p.AccessSchedules, p.EnableRemoteAccess, p.EnableAllDevices, p.EnabledDevices = []finlatch.AccessSchedule{schedule}, false, false, []string{"a", "b"}
		p.MaxActiveSessions, p.LoginAttemptsBeforeLockout, p.IsHidden = 7, 5, false
	})
	got, err := c.User(t.Context(), u.users["ann"])
	want := finlatch.User{ID: u.users["ann"], Name: "ann", NormalizedName: "ANN", Policy: finlatch.NewPolicy(), Configuration: finlatch.NewConfiguration()}
	want.Policy.AccessSchedules, want.Policy.EnableRemoteAccess, want.Policy.EnableAllDevices = []finlatch.AccessSchedule{schedule}, false, false
	want.Policy.EnabledDevices, want.Policy.MaxActiveSessions, want.Policy.LoginAttemptsBeforeLockout, want.Policy.IsHidden = []string{"a", "b"}, 7, 5, false
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	u.change("ann", func(p *finlatch.Policy) { p.IsDisabled, p.EnableAllDevices = true, true })
	if got, err := c.User(t.Context(), u.users["ann"]); err != nil || !got.Policy.IsDisabled || !got.Policy.EnableAllDevices {
		t.Errorf("got %v %+v", err, got.Policy)
	}
	users, err := c.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]finlatch.ID{}
	for _, user := range users {
		names[user.Name] = user.ID
		if user.Policy.IsAdministrator != (user.Name == "admin") {
			t.Errorf("%s: administrator %v", user.Name, user.Policy.IsAdministrator)
		}
	}
	if diff := cmp.Diff(u.users, names); diff != "" {
		t.Error(diff)
	}
	for name, id := range map[string]finlatch.ID{"unknown": {1}, "zero": {}} {
		if _, err := c.User(t.Context(), id); !errors.Is(err, finlatch.ErrNotFound) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestEnd(t *testing.T) {
	t.Parallel()
	u := newMediaServer(t)
	c := u.client()
	var tokens []finlatch.Token
	for _, id := range []string{"1", "2"} {
		in, err := c.SignIn(t.Context(), from(atHome, finlatch.ClientInfo{AppName: "a", AppVersion: "1", DeviceName: "d", DeviceID: id}), "ann", "ann-pw")
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, in.Token)
	}
	for range 2 {
		if err := c.End(t.Context(), tokens[0]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Whose(t.Context(), from(atHome, phone), tokens[0]); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("it means something yet: %v", err)
	}
	if _, err := c.Whose(t.Context(), from(atHome, phone), tokens[1]); err != nil {
		t.Errorf("another one ended too: %v", err)
	}
	// At an hour at which its user may not come, a token cannot be ended; it must not be taken for ended.
	u.change("ann", func(p *finlatch.Policy) {
		p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Everyday", StartHour: 0, EndHour: 0}}
	})
	if err := c.End(t.Context(), tokens[1]); err != nil && !errors.Is(err, finlatch.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}
