package finlatch_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// onPages is somebody who signs in on the pages.
func (w *world) onPages(name, password string, from netip.Addr) finlatch.Caller {
	w.Helper()
	c := device("browser of "+name, from)
	c.Pages = true
	in := w.signIn(name, password, c)
	c, err := w.Authenticate(w.ctx, finlatch.Caller{Address: from, Pages: true}, in.Token)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// signedInBefore is onPages in another browser.
func (w *world) signedInBefore(name, password string) finlatch.Caller {
	w.Helper()
	c, err := w.Authenticate(w.ctx, finlatch.Caller{Address: home}, w.signIn(name, password, device("another browser", home)).Token)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// approved is a request that approver has approved for a user.
func (w *world) approved(c, approver finlatch.Caller, id finlatch.ID) (finlatch.QuickConnect, finlatch.Secret) {
	w.Helper()
	request, secret := w.initiate(c)
	if err := w.ApproveAsked(w.ctx, approver, request.Code, request.CreatedAt, id); err != nil {
		w.Fatal(err)
	}
	return request, secret
}

func TestFresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.onPages("admin", "admin-pw", home)
	_, key, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "robot")
	if err != nil {
		t.Fatal(err)
	}
	for who, other := range map[string]finlatch.Caller{"a stranger": {}, "a key": w.caller(key, home), "the operator": finlatch.Operator()} {
		if w.Fresh(other) {
			t.Errorf("%s has just signed in", who)
		}
	}
	w.clock.Move(10*time.Minute - time.Microsecond)
	if !w.Fresh(c) {
		t.Error("after less than ten minutes the sign-in is old")
	}
	w.clock.Move(time.Microsecond)
	if w.Fresh(c) {
		t.Error("after ten minutes the sign-in is new")
	}
}

// Who sees what asks: everybody who is signed in while it is pending, and then whoever has a say in it.
func TestAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "pw")
	w.user("ben", "pw")
	admin, annHere, ben := w.onPages("admin", "admin-pw", home), w.onPages("ann", "pw", home), w.onPages("ben", "pw", away)
	request, secret := w.initiate(device("tv", home))
	look := func(when string, near map[string]bool, name string, callers map[string]finlatch.Caller) {
		t.Helper()
		for who, c := range callers {
			asked, err := w.Asked(w.ctx, c, request.Code, time.Time{})
			if err != nil || asked.DeviceName != "Telly" || asked.DeviceID != "tv" || asked.Address != home || !asked.CreatedAt.Equal(request.CreatedAt) {
				t.Errorf("%s, %s sees %+v, %v", when, who, asked, err)
			}
			if asked.Near != near[who] || asked.UserName != name {
				t.Errorf("%s, to %s it is near: %v, and of %q, want %v and %q", when, who, asked.Near, asked.UserName, near[who], name)
			}
		}
	}
	near := map[string]bool{"admin": true, "ann": true}
	look("pending", near, "", map[string]finlatch.Caller{"admin": admin, "ann": annHere, "ben": ben})
	_, err := w.Asked(w.ctx, finlatch.Caller{Address: home, Pages: true}, request.Code, time.Time{})
	w.wantKind(err, finlatch.Unauthenticated)
	if state, err := w.QuickConnectRequest(w.ctx, secret); err != nil || state.State != finlatch.QuickConnectPending {
		t.Errorf("looked at, it is %v, %v", state.State, err)
	}
	if err := w.ApproveAsked(w.ctx, admin, request.Code, request.CreatedAt, ann.ID); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"approved", "redeemed", "undone"} {
		switch when {
		case "redeemed":
			if _, err := w.Redeem(w.ctx, device("tv", home), secret); err != nil {
				t.Fatal(err)
			}
		case "undone":
			if err := w.UndoApproval(w.ctx, annHere, request.Code, request.CreatedAt); err != nil {
				t.Fatal(err)
			}
		}
		look(when, near, "ann", map[string]finlatch.Caller{"admin": admin, "ann": annHere})
		_, err := w.Asked(w.ctx, ben, request.Code, time.Time{})
		w.wantKind(err, finlatch.Forbidden)
	}
	w.clock.Move(10 * time.Minute)
	_, err = w.Asked(w.ctx, admin, request.Code, time.Time{})
	w.wantKind(err, finlatch.NotFound)
	if !finlatch.UnknownCode(err) || finlatch.UnknownCode(finlatch.ErrNotFound) || finlatch.UnknownCode(nil) {
		t.Errorf("UnknownCode(%v) is not right", err)
	}
}

// Wrong codes count together, whatever they are given to.
func TestWrongCodesOfThePagesAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	c := w.onPages("ann", "pw", home)
	request, secret := w.initiate(device("tv", home))
	rules := map[string]func(code string) error{
		"Asked":        func(code string) error { _, err := w.Asked(w.ctx, c, code, time.Time{}); return err },
		"ApproveAsked": func(code string) error { return w.ApproveAsked(w.ctx, c, code, request.CreatedAt, finlatch.ID{}) },
		"Deny":         func(code string) error { return w.Deny(w.ctx, c, code, request.CreatedAt) },
		"UndoApproval": func(code string) error { return w.UndoApproval(w.ctx, c, code, request.CreatedAt) },
		"Approve":      func(code string) error { return w.Approve(w.ctx, c, code, finlatch.ID{}) },
	}
	for range 2 {
		for range 20 { // right ones do not count
			if _, err := w.Asked(w.ctx, c, request.Code, time.Time{}); err != nil {
				t.Fatal(err)
			}
			w.wantKind(w.Deny(w.ctx, c, request.Code, time.Time{}), finlatch.Conflict)
		}
		for name, rule := range rules {
			if err := rule("no code"); finlatch.KindOf(err) != finlatch.NotFound {
				t.Errorf("%s of a wrong code: %v", name, err)
			}
		}
	}
	for name, rule := range rules {
		if err := rule("no code"); finlatch.KindOf(err) != finlatch.RateLimited {
			t.Errorf("%s of a wrong code after ten: %v", name, err)
		}
	}
	for _, name := range []string{"Asked", "Approve"} { // which take any code for a guess
		if err := rules[name](request.Code); finlatch.KindOf(err) != finlatch.RateLimited {
			t.Errorf("%s after ten wrong codes: %v", name, err)
		}
	}
	// Who has seen the request is not kept from it by what they, or others, have guessed.
	for _, name := range []string{"ApproveAsked", "UndoApproval"} {
		if err := rules[name](request.Code); err != nil {
			t.Errorf("%s after ten wrong codes: %v", name, err)
		}
	}
	if _, err := w.QuickConnectRequest(w.ctx, secret); finlatch.KindOf(err) != finlatch.NotFound {
		t.Errorf("the approval was not undone: %v", err)
	}
}

func TestApproveAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *finlatch.Options) { o.QuickConnectApproval = finlatch.ApproveOnPages })
	ann, ben := w.user("ann", "pw"), w.user("ben", "pw")
	off := w.user("off", "pw", func(p *finlatch.Policy) { p.IsDisabled = true })
	here := w.user("here", "pw", func(p *finlatch.Policy) { p.EnableRemoteAccess = false })
	admin, c := w.signedInBefore("admin", "admin-pw"), w.onPages("ann", "pw", home)
	fresh := func() finlatch.Caller { return w.onPages("admin", "admin-pw", home) }
	for name, test := range map[string]struct {
		caller func() finlatch.Caller
		made   time.Duration // after the request was made
		for_   finlatch.ID
		want   finlatch.Kind
		fine   bool
	}{
		"one's own":              {caller: func() finlatch.Caller { return c }, fine: true},
		"one's own, named":       {caller: func() finlatch.Caller { return c }, for_: ann.ID, fine: true},
		"another's":              {caller: func() finlatch.Caller { return c }, for_: ben.ID, want: finlatch.Forbidden},
		"an administrator's":     {caller: fresh, fine: true},
		"by an administrator":    {caller: fresh, for_: ben.ID, fine: true},
		"an old sign-in":         {caller: func() finlatch.Caller { return admin }, want: finlatch.Forbidden},
		"an old sign-in, for":    {caller: func() finlatch.Caller { return admin }, for_: ben.ID, want: finlatch.Forbidden},
		"a user's old sign-in":   {caller: func() finlatch.Caller { return c }, fine: true},
		"another request":        {caller: fresh, made: time.Microsecond, want: finlatch.Conflict},
		"another request before": {caller: func() finlatch.Caller { return c }, made: -time.Hour, want: finlatch.Conflict},
		"for nobody":             {caller: fresh, for_: finlatch.ID{1}, want: finlatch.Invalid},
		"for who is disabled":    {caller: fresh, for_: off.ID, want: finlatch.Forbidden},
		"for who may not there":  {caller: fresh, for_: here.ID, want: finlatch.Forbidden},
		"by the operator":        {caller: finlatch.Operator, for_: ann.ID, want: finlatch.Forbidden}, // is not asked for a password, so goes another way
		"by a stranger":          {caller: func() finlatch.Caller { return finlatch.Caller{Address: home} }, want: finlatch.Unauthenticated},
	} {
		w.clock.Move(11 * time.Minute)
		request, secret := w.initiate(device("tv "+name, away)) // in another network: that is shown
		err := w.ApproveAsked(w.ctx, test.caller(), request.Code, request.CreatedAt.Add(test.made), test.for_)
		state, stateErr := w.QuickConnectRequest(w.ctx, secret)
		if stateErr != nil || (state.State == finlatch.QuickConnectApproved) != test.fine || (err == nil) != test.fine || err != nil && finlatch.KindOf(err) != test.want {
			t.Errorf("%s: %v, the request is %v, want it approved: %v", name, err, state.State, test.fine)
		}
		if confirm := finlatch.Confirm(err); confirm != (name == "an old sign-in" || name == "an old sign-in, for" || name == "by the operator") {
			t.Errorf("%s: to be confirmed: %v (%v)", name, confirm, err)
		}
	}
	// twice, and for another
	w.clock.Move(11 * time.Minute)
	request, _ := w.approved(device("tv", home), c, finlatch.ID{})
	if err := w.ApproveAsked(w.ctx, c, request.Code, request.CreatedAt, ann.ID); err != nil {
		t.Errorf("again: %v", err)
	}
	w.wantKind(w.ApproveAsked(w.ctx, fresh(), request.Code, request.CreatedAt, ben.ID), finlatch.Conflict)
	w.wantKind(w.ApproveAsked(w.ctx, w.onPages("ben", "pw", home), request.Code, request.CreatedAt, finlatch.ID{}), finlatch.Conflict)
}

// Whose session has ended since, by anybody, decides nothing.
func TestDecidingAfterTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	c := w.onPages("ann", "pw", home)
	request, secret := w.initiate(device("tv", home))
	if err := w.SignOutOthers(w.ctx, finlatch.Operator(), c.UserID()); err != nil {
		t.Fatal(err)
	}
	_, err := w.Asked(w.ctx, c, request.Code, time.Time{})
	for name, err := range map[string]error{"Asked": err, "ApproveAsked": w.ApproveAsked(w.ctx, c, request.Code, request.CreatedAt, finlatch.ID{}),
		"Deny": w.Deny(w.ctx, c, request.Code, request.CreatedAt), "UndoApproval": w.UndoApproval(w.ctx, c, request.Code, request.CreatedAt)} {
		if !errors.Is(err, finlatch.ErrUnauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if state, err := w.QuickConnectRequest(w.ctx, secret); err != nil || state.State != finlatch.QuickConnectPending {
		t.Errorf("it is %v, %v", state.State, err)
	}
}

func TestDeny(t *testing.T) {
	t.Parallel()
	for _, running := range []bool{false, true} {
		w := newWorld(t)
		if running {
			w.run() // what is remembered must not outlive it
		}
		ann := w.user("ann", "pw")
		c, admin := w.onPages("ann", "pw", away), w.onPages("admin", "admin-pw", home)
		request, secret := w.initiate(device("tv", home))
		if _, err := w.QuickConnectRequest(w.ctx, secret); err != nil {
			t.Fatal(err)
		}
		w.wantKind(w.Deny(w.ctx, c, request.Code, request.CreatedAt.Add(time.Microsecond)), finlatch.Conflict)
		w.wantKind(w.Deny(w.ctx, finlatch.Caller{Address: home}, request.Code, request.CreatedAt), finlatch.Unauthenticated)
		for range 2 { // the second time is no error
			if err := w.Deny(w.ctx, c, request.Code, request.CreatedAt); err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.QuickConnectRequest(w.ctx, secret)
		w.wantKind(err, finlatch.NotFound)
		_, err = w.Redeem(w.ctx, device("tv", home), secret)
		w.wantKind(err, finlatch.NotFound)
		for who, c := range map[string]finlatch.Caller{"ann": c, "admin": admin} {
			err := w.ApproveAsked(w.ctx, c, request.Code, request.CreatedAt, finlatch.ID{})
			w.wantKind(err, finlatch.NotFound)
			if finlatch.UnknownCode(err) {
				t.Errorf("%s is told that no device shows it", who)
			}
			w.wantKind(w.Approve(w.ctx, c, request.Code, finlatch.ID{}), finlatch.NotFound)
		}
		w.wantKind(w.Approve(w.ctx, finlatch.Operator(), request.Code, ann.ID), finlatch.NotFound)
		if devices, err := w.Devices(w.ctx, finlatch.Operator(), ann.ID); err != nil || len(devices) != 2 { // the browsers
			t.Errorf("%d devices, %v", len(devices), err)
		}
		entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityQuickConnectDenied})
		if len(entries) != 1 || entries[0].ByID != ann.ID || entries[0].Address != away {
			t.Errorf("the log has %+v", entries)
		}

		request, secret = w.approved(device("box", home), c, finlatch.ID{})
		w.wantKind(w.Deny(w.ctx, admin, request.Code, request.CreatedAt), finlatch.Conflict)
		if _, err := w.Redeem(w.ctx, device("box", home), secret); err != nil {
			t.Errorf("after a denial that came too late: %v", err)
		}
	}
}

// Undo before the device has its token, and after, by whom it may be.
func TestUndo(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"the approver", "whose account it is", "another administrator"} {
		for _, redeemed := range []bool{false, true} {
			for _, running := range []bool{false, true} {
				t.Run(fmt.Sprint(by, redeemed, running), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					if running {
						w.run()
					}
					ann := w.user("ann", "pw")
					w.user("ben", "pw")
					w.user("boss", "pw", func(p *finlatch.Policy) { p.IsAdministrator = true })
					w.signIn("ann", "pw", device("phone", home))
					w.signIn("ben", "pw", device("tv", home)) // the same device, somebody else's
					admin, ben := w.onPages("admin", "admin-pw", home), w.onPages("ben", "pw", home)
					undoer := map[string]finlatch.Caller{"the approver": admin, "whose account it is": w.onPages("ann", "pw", away), "another administrator": w.onPages("boss", "pw", home)}[by]
					w.clock.Move(time.Second)

					request, secret := w.initiate(device("tv", home))
					w.wantKind(w.UndoApproval(w.ctx, undoer, request.Code, request.CreatedAt), finlatch.Forbidden) // nothing to undo
					if err := w.ApproveAsked(w.ctx, admin, request.Code, request.CreatedAt, ann.ID); err != nil {
						t.Fatal(err)
					}
					var in finlatch.SignedIn
					if redeemed {
						w.clock.Move(time.Second)
						var err error
						if in, err = w.Redeem(w.ctx, device("tv", home), secret); err != nil {
							t.Fatal(err)
						}
						w.caller(in.Token, home)
					}
					w.wantKind(w.UndoApproval(w.ctx, ben, request.Code, request.CreatedAt), finlatch.Forbidden)
					w.wantKind(w.UndoApproval(w.ctx, undoer, request.Code, request.CreatedAt.Add(time.Microsecond)), finlatch.Conflict)
					for range 2 { // the second time is no error
						if err := w.UndoApproval(w.ctx, undoer, request.Code, request.CreatedAt); err != nil {
							t.Fatal(err)
						}
					}
					if redeemed {
						if _, err := w.Authenticate(w.ctx, finlatch.Caller{Address: home}, in.Token); !errors.Is(err, finlatch.ErrUnauthenticated) {
							t.Errorf("the token: %v", err)
						}
					}
					_, err := w.Redeem(w.ctx, device("tv", home), secret) // a repeat within five seconds, too
					w.wantKind(err, finlatch.NotFound)
					_, err = w.QuickConnectRequest(w.ctx, secret)
					w.wantKind(err, finlatch.NotFound)
					w.wantKind(w.ApproveAsked(w.ctx, admin, request.Code, request.CreatedAt, ann.ID), finlatch.NotFound)
					var left []string
					for _, name := range []string{"ann", "ben"} {
						devices, err := w.Devices(w.ctx, w.onPages(name, "pw", home), w.onPages(name, "pw", home).UserID())
						if err != nil {
							t.Fatal(err)
						}
						for _, s := range devices {
							if !s.Device.Pages {
								left = append(left, name+"'s "+s.Device.DeviceID)
							}
						}
					}
					if fmt.Sprint(left) != "[ann's phone ben's tv]" {
						t.Errorf("what is left is %q", left)
					}
					denied := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityQuickConnectDenied})
					if len(denied) != 1 || denied[0].ByID != undoer.UserID() || denied[0].UserID != ann.ID {
						t.Errorf("the log has %+v", denied)
					}
				})
			}
		}
	}
}

// Undo ends what the approval has given, and nothing that the device has got since by itself.
func TestUndoLeavesANewerSignIn(t *testing.T) {
	t.Parallel()
	for name, anew := range map[string]func(w *world, c finlatch.Caller) finlatch.SignedIn{
		"by password": func(w *world, _ finlatch.Caller) finlatch.SignedIn { return w.signIn("ann", "pw", device("tv", home)) },
		"by another approval": func(w *world, c finlatch.Caller) finlatch.SignedIn {
			_, secret := w.approved(device("tv", home), c, finlatch.ID{})
			in, err := w.Redeem(w.ctx, device("tv", home), secret)
			if err != nil {
				w.Fatal(err)
			}
			return in
		},
	} {
		w := newWorld(t)
		w.user("ann", "pw")
		c := w.onPages("ann", "pw", home)
		request, secret := w.approved(device("tv", home), c, finlatch.ID{})
		if _, err := w.Redeem(w.ctx, device("tv", home), secret); err != nil {
			t.Fatal(err)
		}
		w.clock.Move(time.Second)
		in := anew(w, c)
		if err := w.UndoApproval(w.ctx, c, request.Code, request.CreatedAt); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Authenticate(w.ctx, finlatch.Caller{Address: home}, in.Token); err != nil {
			t.Errorf("%s: the newer token: %v", name, err)
		}
	}
	// nor what was there before the device fetched its token
	w := newWorld(t)
	w.user("ann", "pw")
	c := w.onPages("ann", "pw", home)
	before := w.signIn("ann", "pw", device("tv", home))
	w.clock.Move(time.Second)
	request, _ := w.approved(device("tv", home), c, finlatch.ID{})
	if err := w.UndoApproval(w.ctx, c, request.Code, request.CreatedAt); err != nil {
		t.Fatal(err)
	}
	w.caller(before.Token, home)
}

// After ten minutes from the approval there is nothing to undo any more, and a device is signed out among the devices.
func TestUndoEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	c := w.onPages("ann", "pw", home)
	request, secret := w.initiate(device("tv", home))
	w.clock.Move(9 * time.Minute)
	if err := w.ApproveAsked(w.ctx, c, request.Code, request.CreatedAt, finlatch.ID{}); err != nil {
		t.Fatal(err)
	}
	w.clock.Move(9 * time.Minute)
	in, err := w.Redeem(w.ctx, device("tv", home), secret)
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Move(59 * time.Second)
	if asked, err := w.Asked(w.ctx, c, request.Code, time.Time{}); err != nil || asked.State != finlatch.QuickConnectRedeemed {
		t.Errorf("just before: %v, %v", asked.State, err)
	}
	w.clock.Move(time.Second)
	w.wantKind(w.UndoApproval(w.ctx, c, request.Code, request.CreatedAt), finlatch.NotFound)
	w.caller(in.Token, home)
}

// Whoever got in by an approval cannot keep the approver from taking it back.
func TestNothingKeepsFromUndoing(t *testing.T) {
	t.Parallel()
	for name, hinder := range map[string]func(w *world, thief finlatch.Caller) error{
		"wrong codes": func(w *world, thief finlatch.Caller) error {
			for range 11 {
				_ = w.Approve(w.ctx, thief, "no code", finlatch.ID{})
			}
			return nil
		},
		"another device that is signed out": func(w *world, thief finlatch.Caller) error {
			return w.DeleteDevices(w.ctx, thief, []string{"phone"}, thief.UserID())
		},
		"Quick Connect that is switched off": func(w *world, _ finlatch.Caller) error {
			return w.ChangeSettings(w.ctx, finlatch.Operator(), "off", func(s *finlatch.Settings) error {
				s.QuickConnect = false
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.user("ann", "pw")
			w.signIn("ann", "pw", device("phone", home))
			c := w.onPages("ann", "pw", home)
			request, secret := w.initiate(device("tv", home))
			if err := w.ApproveAsked(w.ctx, c, request.Code, request.CreatedAt, finlatch.ID{}); err != nil {
				t.Fatal(err)
			}
			in, err := w.Redeem(w.ctx, device("tv", home), secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := hinder(w, w.caller(in.Token, home)); err != nil {
				t.Fatal(err)
			}
			if err := w.UndoApproval(w.ctx, c, request.Code, request.CreatedAt); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Authenticate(w.ctx, device("tv", home), in.Token); finlatch.KindOf(err) != finlatch.Unauthenticated {
				t.Errorf("the device is still signed in: %v", err)
			}
		})
	}
}
