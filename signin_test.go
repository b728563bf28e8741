package finlatch_test

import (
	"context"
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
)

func TestSignInGivesAFreshToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "pw")
	first := w.signIn("ANN", "pw", device("tv", away))
	second := w.signIn("ann", "pw", device("phone", away))
	for _, in := range []finlatch.SignedIn{first, second} {
		if token := in.Token.Reveal(); !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(token) {
			t.Errorf("token %q is not 32 lower-case hexadecimal digits", token)
		}
		if in.User.ID != ann.ID || w.caller(in.Token, away).UserID() != ann.ID {
			t.Errorf("signed in as %v, want %v", in.User.ID, ann.ID)
		}
	}
	if first.Token == second.Token {
		t.Error("two sign-ins got the same token")
	}
}

func TestSignInReplacesTheTokenOfThatUserOnThatDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	w.user("ben", "pw")
	ann := w.signIn("ann", "pw", device("tv", home))
	ben := w.signIn("ben", "pw", device("tv", home))
	other := w.signIn("ann", "pw", device("TV", home))
	again := w.signIn("ann", "pw", device("tv", home))
	if _, err := w.Authenticate(w.ctx, finlatch.Caller{}, ann.Token); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("the replaced token: %v, want unauthenticated", err)
	}
	for _, in := range []finlatch.SignedIn{ben, other, again} {
		w.caller(in.Token, home)
	}
}

// What is asked of the hasher must not tell whether a name is known; nor what is answered.
func TestSignInCostsTheSameForEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	w.user("bare", "")
	foreign := w.user("foreign", "pw")
	w.policy(foreign.ID, func(p *finlatch.Policy) { p.AuthenticationProviderID = "Somebody.Else" })
	off := w.user("off", "pw")
	w.policy(off.ID, func(p *finlatch.Policy) { p.IsDisabled = true })
	broken := w.user("broken", "pw")
	err := w.store.Update(w.ctx, func(tx finlatch.Tx) error {
		u, err := tx.User(w.ctx, broken.ID)
		if err != nil {
			return err
		}
		u.PasswordHash = "$what$is$this"
		return tx.PutUser(w.ctx, u)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, password string
		calls          string
		kind           finlatch.Kind
	}{
		{"ann", "wrong", "verify", finlatch.Unauthenticated},
		{"nobody", "wrong", "waste", finlatch.Unauthenticated},
		{strings.Repeat("n", 5000), "wrong", "waste", finlatch.Unauthenticated},
		{"bare", "wrong", "waste", finlatch.Unauthenticated},
		{"foreign", "pw", "waste", finlatch.Unauthenticated},
		{"broken", "pw", "verify waste", finlatch.Unauthenticated},
		{"off", "pw", "verify", finlatch.Forbidden},
		{"off", "wrong", "verify", finlatch.Unauthenticated},
		{"ann", "", "", finlatch.Unauthenticated},
		{"nobody", "", "", finlatch.Unauthenticated},
		{"foreign", "", "", finlatch.Unauthenticated},
		{" ", "pw", "", finlatch.Invalid},
	} {
		_, err := w.SignIn(w.ctx, device("tv", home), test.name, test.password)
		w.wantKind(err, test.kind)
		if calls := w.hasher.take(); calls != test.calls {
			t.Errorf("SignIn(%.10q, %q) asked the hasher for %q, want %q", test.name, test.password, calls, test.calls)
		}
	}
	_, unknown := w.SignIn(w.ctx, device("tv", home), "nobody", "wrong")
	_, wrong := w.SignIn(w.ctx, device("tv", home), "ann", "wrong")
	if unknown.Error() != wrong.Error() {
		t.Errorf("an unknown name is refused with %q, a wrong password with %q", unknown, wrong)
	}
}

func TestSignInWithoutPassword(t *testing.T) {
	t.Parallel()
	somewhere := netip.MustParsePrefix("203.0.113.0/24")
	for _, test := range []struct {
		name string
		from finlatch.Caller
		open []netip.Prefix
		ok   bool
	}{
		{"a private network", device("tv", home), nil, true},
		{"IPv6 of a private network", device("tv", netip.MustParseAddr("fd00::1")), nil, true},
		{"IPv4 in IPv6", device("tv", netip.MustParseAddr("::ffff:192.168.1.1")), nil, true},
		{"this machine", device("tv", netip.MustParseAddr("127.0.0.1")), nil, true},
		{"elsewhere", device("tv", away), nil, false},
		{"elsewhere, allowed", device("tv", away), []netip.Prefix{somewhere}, true},
		{"forwarded by a stranger", finlatch.Caller{ClientInfo: device("tv", home).ClientInfo, Address: home, Forwarded: true}, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *finlatch.Options) { o.PasswordlessFrom = test.open })
			w.user("bare", "")
			_, err := w.SignIn(w.ctx, test.from, "bare", "")
			if (err == nil) != test.ok {
				t.Errorf("got %v, want success %v", err, test.ok)
			}
			if err != nil {
				w.wantKind(err, finlatch.Unauthenticated)
			}
		})
	}
}

func TestSignInNeedsAllOfClientInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	full := device("tv", home).ClientInfo
	for name, drop := range map[string]func(*finlatch.ClientInfo){
		"app": func(i *finlatch.ClientInfo) { i.AppName = "" }, "version": func(i *finlatch.ClientInfo) { i.AppVersion = "" },
		"device": func(i *finlatch.ClientInfo) { i.DeviceName = " " }, "device id": func(i *finlatch.ClientInfo) { i.DeviceID = "" },
	} {
		c := finlatch.Caller{ClientInfo: full, Address: home}
		drop(&c.ClientInfo)
		_, err := w.SignIn(w.ctx, c, "admin", "admin-pw")
		if !errors.Is(err, finlatch.ErrInvalid) {
			t.Errorf("without %s: %v, want invalid", name, err)
		}
	}
}

func TestPolicyHoldsAtSignInAndForEveryRequest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		change  func(*finlatch.Policy)
		signIn  finlatch.Kind // a new sign-in on another device
		request error         // a request with the token from before
	}{
		{"disabled", func(p *finlatch.Policy) { p.IsDisabled = true }, finlatch.Forbidden, finlatch.ErrUnauthenticated},
		{"no remote access", func(p *finlatch.Policy) { p.EnableRemoteAccess = false }, finlatch.Forbidden, finlatch.ErrForbidden},
		{"another hour", func(p *finlatch.Policy) {
			p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Everyday", StartHour: 13, EndHour: 14}}
		}, finlatch.Forbidden, finlatch.ErrForbidden},
		{"another day", func(p *finlatch.Policy) {
			p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Weekend", StartHour: 0, EndHour: 24}}
		}, finlatch.Forbidden, finlatch.ErrForbidden},
		{"other devices", func(p *finlatch.Policy) { p.EnableAllDevices, p.EnabledDevices = false, []string{"fridge"} },
			finlatch.Forbidden, finlatch.ErrForbidden},
		{"one session", func(p *finlatch.Policy) { p.MaxActiveSessions = 1 }, finlatch.Forbidden, nil},
	} {
		for _, running := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				if running {
					w.run()
				}
				ann := w.user("ann", "pw")
				in := w.signIn("ann", "pw", device("tv", away))
				if err := w.Allow(w.ctx, w.caller(in.Token, away), finlatch.LevelUser); err != nil {
					t.Fatalf("before: %v", err)
				}
				w.policy(ann.ID, test.change)
				c, err := w.Authenticate(w.ctx, finlatch.Caller{Address: away}, in.Token)
				if err == nil {
					err = w.Allow(w.ctx, c, finlatch.LevelUser)
				}
				if test.name == "disabled" {
					// disabling ends the tokens; enabling does not bring them back
					w.policy(ann.ID, func(p *finlatch.Policy) { p.IsDisabled = false })
					if _, err := w.Authenticate(w.ctx, finlatch.Caller{}, in.Token); err == nil {
						t.Error("the token lives again")
					}
					w.policy(ann.ID, test.change)
				}
				if !errors.Is(err, test.request) || (err == nil) != (test.request == nil) {
					t.Errorf("the next request: %v, want %v", err, test.request)
				}
				_, err = w.SignIn(w.ctx, device("phone", away), "ann", "pw")
				w.wantKind(err, test.signIn)
			})
		}
	}
}

func TestScheduleIsInTheServersTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *finlatch.Options) { o.Location = time.FixedZone("east", 3*3600) })
	w.user("ann", "pw", func(p *finlatch.Policy) {
		p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Tuesday", StartHour: 14.5, EndHour: 15}}
	})
	w.signIn("ann", "pw", device("tv", home)) // it is 15:00 there, and both ends are included
	w.clock.Move(time.Minute)
	_, err := w.SignIn(w.ctx, device("tv", home), "ann", "pw")
	w.wantKind(err, finlatch.Forbidden)
}

func TestSessionLimitKeepsTheOldest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	ann := w.user("ann", "pw")
	first := w.signIn("ann", "pw", device("1", home))
	w.clock.Move(time.Second)
	second := w.signIn("ann", "pw", device("2", home))
	w.policy(ann.ID, func(p *finlatch.Policy) { p.MaxActiveSessions = 1 })
	if err := w.Allow(w.ctx, w.caller(first.Token, home), finlatch.LevelUser); err != nil {
		t.Errorf("the first device: %v", err)
	}
	if _, err := w.Authenticate(w.ctx, finlatch.Caller{}, second.Token); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("the second device: %v, want unauthenticated", err)
	}
	w.signIn("ann", "pw", device("1", home)) // the one that it replaces does not count
	again := w.signIn("ann", "pw", device("1", home))
	if err := w.SignOut(w.ctx, w.caller(again.Token, home)); err != nil {
		t.Fatal(err)
	}
	third := w.signIn("ann", "pw", device("2", home))
	if err := w.Allow(w.ctx, w.caller(third.Token, home), finlatch.LevelUser); err != nil {
		t.Errorf("after the first signed out: %v", err)
	}
}

func TestLockout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "pw", func(p *finlatch.Policy) { p.LoginAttemptsBeforeLockout = 3 })
	for range 2 {
		w.SignIn(w.ctx, device("tv", home), "ann", "wrong")
	}
	for range 5 {
		w.SignIn(w.ctx, device("tv", home), "ann", "") // guesses nothing
	}
	w.signIn("ann", "pw", device("tv", home))
	for range 3 {
		_, err := w.SignIn(w.ctx, device("tv", home), "ann", "wrong")
		w.wantKind(err, finlatch.Unauthenticated)
	}
	_, err := w.SignIn(w.ctx, device("tv", home), "ann", "pw")
	w.wantKind(err, finlatch.Forbidden)
	if err := w.SetDisabled(w.ctx, finlatch.Operator(), ann.ID, false); err != nil {
		t.Fatal(err)
	}
	w.signIn("ann", "pw", device("tv", home))
}

// What is written for one name and not for another would tell by its time who exists.
func TestAsMuchIsWrittenForEveryName(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"", "wrong"} {
		written := map[string]int{}
		for _, name := range []string{"ann", "bare", "nobody"} {
			w := newWorld(t)
			w.user("ann", "pw")
			w.user("bare", "")
			before := len(w.activities(finlatch.ActivityFilter{Limit: 1000}))
			_, err := w.SignIn(w.ctx, device("tv", away), name, password)
			w.wantKind(err, finlatch.Unauthenticated)
			written[name] = len(w.activities(finlatch.ActivityFilter{Limit: 1000})) - before
		}
		want := 0
		if password != "" {
			want = 1
		}
		if diff := cmp.Diff(map[string]int{"ann": want, "bare": want, "nobody": want}, written); diff != "" {
			t.Errorf("entries at once with the password %q (-want +got):\n%s", password, diff)
		}
	}
}

func TestPasswordChangedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "pw")
	in := w.signIn("ann", "pw", device("tv", home))
	if err := w.SetPassword(w.ctx, finlatch.Operator(), ann.ID, "new"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Authenticate(w.ctx, finlatch.Caller{}, in.Token); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("a token from before the change: %v, want unauthenticated", err)
	}
	_, err := w.SignIn(w.ctx, device("tv", home), "ann", "pw")
	w.wantKind(err, finlatch.Unauthenticated)
	w.signIn("ann", "new", device("tv", home))
}

// What is written at once is the first refusal from a network, whoever it is about: time must not tell who exists.
func TestRefusalsAreCountedTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "pw")
	for range 20 {
		w.SignIn(w.ctx, device("tv", away), "my secret pass phrase", "oops")
		w.SignIn(w.ctx, device("tv", away), "ann", "wrong")
	}
	entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityAuthenticationFailed})
	if len(entries) != 1 || !entries[0].UserID.IsZero() {
		t.Errorf("at once: %+v, want one entry about nobody", entries)
	}
	runAndStop(w)
	counts := map[finlatch.ID]int{}
	for _, entry := range w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityAuthenticationFailed}) {
		counts[entry.UserID] += entry.Count
		if strings.Contains(entry.Name, "secret") {
			t.Errorf("entry %+v names what was typed", entry)
		}
	}
	if counts[ann.ID] != 20 || counts[finlatch.ID{}] != 20 || len(counts) != 2 {
		t.Errorf("counted %v, want 20 for ann and 20 for nobody", counts)
	}
	user, err := w.UserByID(w.ctx, finlatch.Operator(), ann.ID)
	if err != nil || user.InvalidLoginAttempts != 20 {
		t.Errorf("ann has %d wrong passwords (%v), want 20", user.InvalidLoginAttempts, err)
	}
}

func TestSecondHalfOfCountedRefusalsIsWrittenAtTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	ended := make(chan struct{})
	ctx, stop := context.WithCancel(w.ctx)
	go func() {
		defer close(ended)
		w.Service.Run(ctx)
	}()
	for range 20 {
		w.SignIn(w.ctx, device("tv", away), "ann", "wrong")
	}
	stop()
	<-ended
	total := 0
	entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityAuthenticationFailed})
	for _, entry := range entries {
		total += entry.Count
	}
	if len(entries) != 2 || total != 20 {
		t.Errorf("got %d entries for %d refusals, want 2 for 20", len(entries), total)
	}
}

func TestHostileClientInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App\x1b[31m\r\n", "1\x00", "TV \u202e"+strings.Repeat("ü", 500), "id\n\xff"), Address: home}
	in := w.signIn("admin", "admin-pw", c)
	d := in.Device
	for _, text := range []string{d.AppName, d.AppVersion, d.DeviceName, d.DeviceID} {
		if strings.ContainsAny(text, "\x00\x1b\r\n\u202e") || len(text) > 512 {
			t.Errorf("kept %q", text)
		}
	}
	if d.AppName != "App[31m" || !strings.HasPrefix(d.DeviceName, "TV ü") {
		t.Errorf("got %+v", d.ClientInfo)
	}
}
