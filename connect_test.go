package finlatch_test

import (
	"net/netip"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

func (w *world) initiate(c finlatch.Caller) (finlatch.QuickConnect, finlatch.Secret) {
	w.Helper()
	request, secret, err := w.Initiate(w.ctx, c)
	if err != nil {
		w.Fatalf("Initiate: %v", err)
	}
	return request, secret
}

func (w *world) as(name, password string) finlatch.Caller {
	w.Helper()
	return w.caller(w.signIn(name, password, device("phone of "+name, home)).Token, home)
}

func TestQuickConnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	ann := w.as("ann", "pw")
	request, secret := w.initiate(device("tv", home))
	if !regexp.MustCompile(`^[0-9]{6}$`).MatchString(request.Code) || !regexp.MustCompile(`^[0-9A-F]{64}$`).MatchString(secret.Reveal()) {
		t.Errorf("code %q, secret %q", request.Code, secret.Reveal())
	}
	_, err := w.Redeem(w.ctx, finlatch.Caller{}, secret)
	w.wantKind(err, finlatch.NotFound)
	w.wantKind(w.Approve(w.ctx, ann, "x"+request.Code, finlatch.ID{}), finlatch.NotFound)
	if err := w.Approve(w.ctx, ann, request.Code, finlatch.ID{}); err != nil {
		t.Fatal(err)
	}
	// a restart loses nothing
	w.store.Close()
	w.open()
	state, err := w.QuickConnectRequest(w.ctx, secret)
	if err != nil || state.State != finlatch.QuickConnectApproved || state.Code != request.Code || !state.CreatedAt.Equal(request.CreatedAt) {
		t.Errorf("after a restart: %+v, %v", state, err)
	}
	// Android TV redeems with another device id than it asked with
	in, err := w.Redeem(w.ctx, device("another", home), secret)
	if err != nil || in.User.Name != "ann" || in.Device.DeviceID != "tv" {
		t.Fatalf("Redeem: %+v, %v", in, err)
	}
	if c := w.caller(in.Token, home); c.UserID() != ann.UserID() || c.DeviceID != "tv" {
		t.Errorf("signed in as %v on %q", c.UserID(), c.DeviceID)
	}
}

func TestRedeemingAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		between func(*world, finlatch.SignedIn)
		same    bool
	}{
		{"at once", func(*world, finlatch.SignedIn) {}, true},
		{"within five seconds", func(w *world, _ finlatch.SignedIn) { w.clock.Move(4900 * time.Millisecond) }, true},
		{"after a restart", func(w *world, _ finlatch.SignedIn) { w.store.Close(); w.open() }, true},
		{"after five seconds", func(w *world, _ finlatch.SignedIn) { w.clock.Move(5 * time.Second) }, false},
		{"after signing out", func(w *world, in finlatch.SignedIn) {
			if err := w.SignOut(w.ctx, w.caller(in.Token, home)); err != nil {
				w.Error(err)
			}
		}, false},
		{"after another sign-in on the device", func(w *world, _ finlatch.SignedIn) { w.signIn("ann", "pw", device("tv", home)) }, false},
		{"after the user was deleted", func(w *world, in finlatch.SignedIn) {
			if err := w.DeleteUser(w.ctx, finlatch.Operator(), in.User.ID); err != nil {
				w.Error(err)
			}
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.user("ann", "pw")
			request, secret := w.initiate(device("tv", home))
			if err := w.Approve(w.ctx, w.as("ann", "pw"), request.Code, finlatch.ID{}); err != nil {
				t.Fatal(err)
			}
			first, err := w.Redeem(w.ctx, device("tv", home), secret)
			if err != nil {
				t.Fatal(err)
			}
			test.between(w, first)
			again, err := w.Redeem(w.ctx, device("tv", home), secret)
			if !test.same {
				w.wantKind(err, finlatch.NotFound)
				return
			}
			if err != nil || again.Token != first.Token {
				t.Errorf("another answer: %v", err)
			}
			devices, err := w.Devices(w.ctx, finlatch.Operator(), finlatch.ID{})
			if err != nil || len(devices) != 2 {
				t.Errorf("%d devices, %v, want the phone and one telly", len(devices), err)
			}
		})
	}
}

func TestRedeemingAtTheSameTimeGivesOneToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request, secret := w.initiate(device("tv", home))
	if err := w.Approve(w.ctx, w.as("admin", "admin-pw"), request.Code, finlatch.ID{}); err != nil {
		t.Fatal(err)
	}
	var tokens sync.Map
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			in, err := w.Redeem(w.ctx, device("tv", home), secret)
			if err != nil {
				t.Errorf("Redeem: %v", err)
			}
			tokens.Store(in.Token, true)
		})
	}
	wg.Wait()
	count := 0
	tokens.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d tokens, want 1", count)
	}
}

func TestApproving(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	annID := w.user("ann", "pw").ID
	benID := w.user("ben", "pw").ID
	ann, ben, admin := w.as("ann", "pw"), w.as("ben", "pw"), w.as("admin", "admin-pw")
	key := finlatch.Caller{Key: &finlatch.APIKey{}, Address: home}
	for _, test := range []struct {
		name  string
		by    finlatch.Caller
		who   finlatch.ID
		first func(code string) error
		kind  finlatch.Kind // Internal: none
		user  finlatch.ID
	}{
		{name: "for oneself", by: ann, user: annID},
		{name: "for oneself by id", by: ann, who: annID, user: annID},
		{name: "for another", by: ann, who: benID, kind: finlatch.Forbidden},
		{name: "by an administrator", by: admin, who: benID, user: benID},
		{name: "by a key", by: key, who: benID, user: benID},
		{name: "by a key without a user", by: key, kind: finlatch.Invalid},
		{name: "for nobody", by: admin, who: finlatch.ID{1}, kind: finlatch.Invalid},
		{name: "by a stranger", by: device("x", home), kind: finlatch.Unauthenticated},
		{name: "twice", by: ann, first: func(code string) error { return w.Approve(w.ctx, ann, code, finlatch.ID{}) }, user: annID},
		{name: "after another", by: ben, first: func(code string) error { return w.Approve(w.ctx, ann, code, finlatch.ID{}) }, kind: finlatch.Conflict},
		{name: "for another after oneself", by: admin, who: benID,
			first: func(code string) error { return w.Approve(w.ctx, admin, code, finlatch.ID{}) }, kind: finlatch.Conflict},
	} {
		request, secret := w.initiate(device("tv "+test.name, home))
		if test.first != nil {
			if err := test.first(request.Code); err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
		}
		err := w.Approve(w.ctx, test.by, request.Code, test.who)
		if test.kind != finlatch.Internal {
			if finlatch.KindOf(err) != test.kind || err == nil {
				t.Errorf("%s: %v, want kind %v", test.name, err, test.kind)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		in, err := w.Redeem(w.ctx, device("tv", home), secret)
		if err != nil || in.User.ID != test.user {
			t.Errorf("%s: signed in %v, %v, want %v", test.name, in.User.ID, err, test.user)
		}
	}
}

func TestRightsAreCheckedAtApprovalAndAtRedemption(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*finlatch.Policy)
		want   finlatch.Kind // of the refusal of what was approved before
	}{
		{"disabled", func(p *finlatch.Policy) { p.IsDisabled = true }, finlatch.NotFound}, // which ends it
		{"no remote access", func(p *finlatch.Policy) { p.EnableRemoteAccess = false }, finlatch.Forbidden},
		{"schedule", func(p *finlatch.Policy) {
			p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Monday", StartHour: 0, EndHour: 24}}
		}, finlatch.Forbidden},
		{"devices", func(p *finlatch.Policy) { p.EnableAllDevices = false }, finlatch.Forbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *finlatch.Options) { o.QuickConnectApproval = finlatch.ApproveAnywhere })
			ann := w.user("ann", "pw")
			admin := w.as("admin", "admin-pw")
			before, secretBefore := w.initiate(device("tv", away))
			after, secretAfter := w.initiate(device("tv2", away))
			if err := w.Approve(w.ctx, admin, before.Code, ann.ID); err != nil {
				t.Fatal(err)
			}
			w.policy(ann.ID, test.change)
			_, err := w.Redeem(w.ctx, device("tv", away), secretBefore)
			w.wantKind(err, test.want)
			w.wantKind(w.Approve(w.ctx, admin, after.Code, ann.ID), finlatch.Forbidden)
			_, err = w.Redeem(w.ctx, device("tv2", away), secretAfter)
			w.wantKind(err, finlatch.NotFound)
		})
	}
}

// Whoever has somebody's token may approve a device with it; what ends the token ends that, too.
func TestRevokingEndsWhatWasApproved(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		revoke func(*world, finlatch.User) error
	}{
		{"the own password", func(w *world, ann finlatch.User) error {
			return w.ChangePassword(w.ctx, w.as("ann", "pw"), ann.ID, finlatch.PasswordChange{Current: "pw", New: "other"})
		}},
		{"an administrator's reset", func(w *world, ann finlatch.User) error {
			return w.SetPassword(w.ctx, finlatch.Operator(), ann.ID, "other")
		}},
		{"a PIN", func(w *world, ann finlatch.User) error { return w.redeem(home, w.askPIN("ann")) }},
		{"disabled and enabled", func(w *world, ann finlatch.User) error {
			if err := w.SetDisabled(w.ctx, finlatch.Operator(), ann.ID, true); err != nil {
				return err
			}
			return w.SetDisabled(w.ctx, finlatch.Operator(), ann.ID, false)
		}},
		{"the device", func(w *world, ann finlatch.User) error {
			return w.DeleteDevices(w.ctx, w.as("ann", "pw"), []string{"stolen"}, ann.ID)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withResetDir(t))
			w.run()
			ann := w.user("ann", "pw")
			w.user("bob", "pw")
			thief := w.caller(w.signIn("ann", "pw", device("stolen", home)).Token, home)
			request, secret := w.initiate(device("the thief's", home))
			if err := w.Approve(w.ctx, thief, request.Code, finlatch.ID{}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.QuickConnectRequest(w.ctx, secret); err != nil { // it is remembered
				t.Fatal(err)
			}
			others, othersSecret := w.initiate(device("bob's", home))
			if err := w.Approve(w.ctx, w.as("bob", "pw"), others.Code, finlatch.ID{}); err != nil {
				t.Fatal(err)
			}
			late, _ := w.initiate(device("the thief's", home))
			if err := test.revoke(w, ann); err != nil {
				t.Fatal(err)
			}
			_, err := w.Redeem(w.ctx, device("the thief's", home), secret)
			w.wantKind(err, finlatch.NotFound)
			w.wantKind(w.Approve(w.ctx, thief, late.Code, finlatch.ID{}), finlatch.Unauthenticated) // a request in flight
			if _, err := w.Redeem(w.ctx, device("bob's", home), othersSecret); err != nil {
				t.Errorf("another's: %v", err)
			}
		})
	}
}

func TestQuickConnectExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as("admin", "admin-pw")
	pending, secret := w.initiate(device("tv", home))
	w.clock.Move(10*time.Minute - time.Second)
	if _, err := w.QuickConnectRequest(w.ctx, secret); err != nil {
		t.Errorf("before its time: %v", err)
	}
	late, lateSecret := w.initiate(device("tv", home))
	w.clock.Move(time.Second)
	_, err := w.QuickConnectRequest(w.ctx, secret)
	w.wantKind(err, finlatch.NotFound)
	w.wantKind(w.Approve(w.ctx, admin, pending.Code, finlatch.ID{}), finlatch.NotFound)
	if err := w.Approve(w.ctx, admin, late.Code, finlatch.ID{}); err != nil {
		t.Fatal(err)
	}
	w.clock.Move(10 * time.Minute)
	_, err = w.Redeem(w.ctx, device("tv", home), lateSecret)
	w.wantKind(err, finlatch.NotFound)
}

func TestQuickConnectOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as("admin", "admin-pw")
	request, secret := w.initiate(device("tv", home))
	if err := w.Approve(w.ctx, admin, request.Code, finlatch.ID{}); err != nil {
		t.Fatal(err)
	}
	w.set(func(s *finlatch.Settings) { s.QuickConnect = false })
	_, _, err := w.Initiate(w.ctx, device("tv", home))
	w.wantKind(err, finlatch.Unauthenticated)
	_, err = w.QuickConnectRequest(w.ctx, secret)
	w.wantKind(err, finlatch.Unauthenticated)
	w.wantKind(w.Approve(w.ctx, admin, request.Code, finlatch.ID{}), finlatch.Unauthenticated)
	_, err = w.Redeem(w.ctx, device("tv", home), secret)
	if !finlatch.QuickConnectOff(err) {
		t.Errorf("Redeem: %v", err)
	}
	w.set(func(s *finlatch.Settings) { s.QuickConnect = true })
	if _, err := w.Redeem(w.ctx, device("tv", home), secret); err != nil {
		t.Errorf("on again: %v", err)
	}
}

func TestTooManyPendingTurnOutTheCrowd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *finlatch.Options) { o.QuickConnectLimit = 10 })
	_, mine := w.initiate(device("mine", home))
	var crowd []finlatch.Secret
	for i := range 30 {
		w.clock.Move(time.Second)
		// every one from another /64 of the same /48
		_, secret := w.initiate(device("crowd", netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, 0, 1, 0, byte(i), 15: 1})))
		crowd = append(crowd, secret)
	}
	_, late := w.initiate(device("late", away))
	for name, secret := range map[string]finlatch.Secret{"mine": mine, "late": late, "the crowd's newest": crowd[29]} {
		if _, err := w.QuickConnectRequest(w.ctx, secret); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	left := 0
	for _, secret := range crowd {
		if _, err := w.QuickConnectRequest(w.ctx, secret); err == nil {
			left++
		}
	}
	if left != 8 {
		t.Errorf("%d of the crowd are left, want 8", left)
	}
}

func TestCodesAreUnique(t *testing.T) {
	t.Parallel()
	w := newWorld(t, unlimited)
	seen := map[string]bool{}
	low := false
	for range 3000 { // by the birthday rule some four codes are drawn twice
		request, _ := w.initiate(device("tv", home))
		if seen[request.Code] {
			t.Fatalf("code %s twice", request.Code)
		}
		seen[request.Code] = true
		low = low || request.Code < "100000"
	}
	if !low {
		t.Error("no code begins with 0")
	}
}

func TestSaltsAreErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.as("admin", "admin-pw")
	w.run()
	var hashes []finlatch.Hash
	for i, id := range []string{"one", "two", "three"} {
		if i > 0 {
			w.clock.Move(2 * time.Second) // so that each is due at another time
		}
		request, secret := w.initiate(device(id, home))
		if err := w.Approve(w.ctx, admin, request.Code, finlatch.ID{}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Redeem(w.ctx, device(id, home), secret); err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, request.SecretHash)
	}
	w.clock.Move(time.Minute)
	for range 1500 {
		salted := 0
		err := w.store.View(w.ctx, func(tx finlatch.Tx) error {
			salted = 0
			for _, hash := range hashes {
				row, err := tx.QuickConnect(w.ctx, hash)
				if err != nil {
					return err
				}
				if len(row.Salt) > 0 {
					salted++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if salted == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("a salt is still there")
}
