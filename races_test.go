package finlatch_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/finlatch/finlatch"
)

// The tests below are the races of a real Jellyfin. Each lets the two sides meet many times; what must hold afterwards
// holds whoever came first.

// atOnce lets functions begin together and waits for all.
func atOnce(functions ...func()) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for _, f := range functions {
		wg.Go(func() {
			<-start
			f()
		})
	}
	close(start)
	wg.Wait()
}

func (w *world) stored(id finlatch.ID) (user finlatch.User) {
	w.Helper()
	user, err := w.UserByID(w.ctx, finlatch.Operator(), id)
	if err != nil {
		w.Fatal(err)
	}
	return user
}

func (w *world) devicesOf(user finlatch.ID) (devices []finlatch.Device) {
	w.Helper()
	err := w.store.View(w.ctx, func(tx finlatch.Tx) (err error) {
		devices, err = tx.Devices(w.ctx, finlatch.DeviceFilter{UserID: user})
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return devices
}

func (w *world) alive(token finlatch.Token) bool {
	w.Helper()
	_, err := w.Authenticate(w.ctx, finlatch.Caller{Address: home}, token)
	if err != nil && !errors.Is(err, finlatch.ErrUnauthenticated) {
		w.Error(err)
	}
	return err == nil
}

// unlimited is for tests that ask for more than a network may.
func unlimited(o *finlatch.Options) { o.SignInThrottleOff = true }

// code starts a request for Quick Connect on a device.
func (w *world) code(deviceID string) (string, finlatch.Secret) {
	w.Helper()
	request, secret, err := w.Initiate(w.ctx, device(deviceID, home))
	if err != nil {
		w.Fatal(err)
	}
	return request.Code, secret
}

// R1: a session refresh, which loads the user and later writes what it loaded, undoes a change of the password or the
// policy that came between; so does a sign-in by Quick Connect.
func TestRaceOfARefreshAndAChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	policy := finlatch.NewPolicy()
	policy.LoginAttemptsBeforeLockout = 1000 // so that each wrong password is written
	ann := w.user("ann", "pw 0", func(p *finlatch.Policy) { *p = policy })
	for round := range 100 {
		old, next := fmt.Sprint("pw ", round), fmt.Sprint("pw ", round+1)
		policy.RemoteClientBitrateLimit, policy.IsDisabled = round, round%2 == 1
		phone := w.signIn("ann", old, device("phone", home))
		code, secret := w.code("tablet")
		if err := w.Approve(w.ctx, finlatch.Operator(), code, ann.ID); err != nil {
			t.Fatal(err)
		}
		w.clock.Move(5 * time.Minute) // so that the phone's activity is noted, and written when the service stops
		ctx, cancel := context.WithCancel(w.ctx)
		var tv, tablet finlatch.SignedIn
		var passwordErr, policyErr error
		atOnce(
			func() { w.Service.Run(ctx) },
			func() {
				for range 5 {
					w.Authenticate(w.ctx, device("phone", away), phone.Token)
				}
				cancel()
			},
			func() { tv, _ = w.SignIn(w.ctx, device("tv", home), "ann", old) },
			func() { w.SignIn(w.ctx, device("radio", home), "ann", "wrong") },
			func() { tablet, _ = w.Redeem(w.ctx, device("tablet", home), secret) },
			func() { passwordErr = w.SetPassword(w.ctx, finlatch.Operator(), ann.ID, next) },
			func() { policyErr = w.SetPolicy(w.ctx, finlatch.Operator(), ann.ID, policy, 0) },
		)
		if passwordErr != nil || policyErr != nil {
			t.Fatalf("round %d: %v, %v", round, passwordErr, policyErr)
		}
		user := w.stored(ann.ID)
		if got, want := user.PasswordHash, "plain:"+next; got != want {
			t.Fatalf("round %d: the password is %q, want %q", round, got, want)
		}
		if diff := cmp.Diff(policy, user.Policy, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("round %d: the policy differs (-want +got):\n%s", round, diff)
		}
		if w.alive(phone.Token) || w.alive(tv.Token) {
			t.Fatalf("round %d: a device is signed in with the old password", round)
		}
		if policy.IsDisabled {
			if w.alive(tablet.Token) || len(w.devicesOf(ann.ID)) > 0 {
				t.Fatalf("round %d: a disabled user has devices", round)
			}
			if err := w.SetDisabled(w.ctx, finlatch.Operator(), ann.ID, false); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// R2: a token comes back when a request that was in flight saves its device after the logout.
func TestRaceOfALogoutAndARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "pw")
	w.user("ben", "pw")
	for round := range 100 {
		ctx, cancel := context.WithCancel(w.ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.Service.Run(ctx)
		}()
		w.warm("ben", "pw", "radio")                    // callers are remembered from now on,
		in := w.signIn("ann", "pw", device("tv", home)) // and this one is not yet
		w.clock.Move(5 * time.Minute)
		var signOutErr error
		request := func() {
			for n := range 10 {
				c := device("tv", home)
				c.AppVersion = fmt.Sprint(n) // a change that is saved
				w.Authenticate(w.ctx, c, in.Token)
			}
		}
		atOnce(request, request, request, func() {
			signOutErr = w.SignOut(w.ctx, finlatch.Caller{User: &in.User, Device: &in.Device, Address: home})
			if w.alive(in.Token) {
				t.Errorf("round %d: the token is alive after the logout", round)
			}
		})
		if w.alive(in.Token) {
			t.Fatalf("round %d: the token came back", round)
		}
		cancel()
		<-ended // what was noted of the device is written
		if signOutErr != nil {
			t.Fatal(signOutErr)
		}
		if w.alive(in.Token) || len(w.devicesOf(ann.ID)) > 0 {
			t.Fatalf("round %d: the token came back", round)
		}
	}
}

// R3: of two sign-ins of a user on one device both delete the old token, both insert theirs, and two live on.
func TestRaceOfSignInsOnOneDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, unlimited)
	ann := w.user("ann", "pw")
	for round := range 100 {
		code, secret := w.code("tv")
		if err := w.Approve(w.ctx, finlatch.Operator(), code, ann.ID); err != nil {
			t.Fatal(err)
		}
		ins, errs := make([]finlatch.SignedIn, 4), make([]error, 4)
		signIn := func(i int) func() {
			return func() { ins[i], errs[i] = w.SignIn(w.ctx, device("tv", home), "ann", "pw") }
		}
		atOnce(signIn(0), signIn(1), signIn(2), func() { ins[3], errs[3] = w.Redeem(w.ctx, device("tv", home), secret) })
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		live := 0
		for _, in := range ins {
			if w.alive(in.Token) {
				live++
			}
		}
		if devices := w.devicesOf(ann.ID); live != 1 || len(devices) != 1 {
			t.Fatalf("round %d: %d tokens are alive and %d devices stored, want 1", round, live, len(devices))
		}
	}
}

// R4: the limit of sessions is checked before, not with, the sign-in.
func TestRaceForTheLastSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, unlimited)
	ann := w.user("ann", "pw", func(p *finlatch.Policy) { p.MaxActiveSessions = 2 })
	for round := range 60 {
		codes, secrets := [2]string{}, [2]finlatch.Secret{}
		for i := range codes {
			codes[i], secrets[i] = w.code(fmt.Sprint("tablet ", i))
			if err := w.Approve(w.ctx, finlatch.Operator(), codes[i], ann.ID); err != nil {
				t.Fatal(err)
			}
		}
		errs := make([]error, 6)
		var functions []func()
		for i := range errs {
			functions = append(functions, func() {
				if i < len(secrets) {
					_, errs[i] = w.Redeem(w.ctx, device("x", home), secrets[i])
				} else {
					_, errs[i] = w.SignIn(w.ctx, device(fmt.Sprint("phone ", i), home), "ann", "pw")
				}
			})
		}
		atOnce(functions...)
		signedIn := 0
		for _, err := range errs {
			if err == nil {
				signedIn++
			} else {
				w.wantKind(err, finlatch.Forbidden)
			}
		}
		if got := len(w.devicesOf(ann.ID)); signedIn != 2 || got != 2 {
			t.Fatalf("round %d: %d signed in, %d devices, want 2", round, signedIn, got)
		}
		if err := w.store.Update(w.ctx, func(tx finlatch.Tx) error { return tx.DeleteAllDevices(w.ctx) }); err != nil {
			t.Fatal(err)
		}
	}
}

// R5: two users approve one code at once; both get sessions and tokens, and the last one's is handed out.
func TestRaceOfApprovals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, unlimited)
	w.user("ann", "pw")
	w.user("ben", "pw")
	callers := []finlatch.Caller{
		w.caller(w.signIn("ann", "pw", device("ann's", home)).Token, home),
		w.caller(w.signIn("ben", "pw", device("ben's", home)).Token, home),
	}
	for round := range 100 {
		code, secret := w.code("tv")
		errs, ins := make([]error, 2), make([]finlatch.SignedIn, 4)
		approve := func(i int) func() {
			return func() { errs[i] = w.Approve(w.ctx, callers[i], code, finlatch.ID{}) }
		}
		redeem := func(i int) func() {
			return func() { ins[i], _ = w.Redeem(w.ctx, device("tv", home), secret) }
		}
		atOnce(approve(0), approve(1), redeem(0), redeem(1))
		atOnce(redeem(2), redeem(3))
		winner := slices.Index(errs, nil)
		if winner < 0 {
			t.Fatalf("round %d: nobody approved: %v", round, errs)
		}
		w.wantKind(errs[1-winner], finlatch.Conflict)
		for i, in := range ins {
			if i < 2 && in.User.ID.IsZero() {
				continue // came before the approval
			}
			if in.User.ID != callers[winner].User.ID || in.Token != ins[2].Token {
				t.Fatalf("round %d: redemption %d gave %q, and the approval was of %q", round, i, in.User.Name, callers[winner].User.Name)
			}
		}
		if got := len(w.devicesOf(callers[1-winner].User.ID)); got != 1 {
			t.Fatalf("round %d: the loser has %d devices, want 1", round, got)
		}
		if err := w.DeleteDevices(w.ctx, finlatch.Operator(), []string{"tv"}, finlatch.ID{}); err != nil {
			t.Fatal(err)
		}
	}
}

// R6: a name is looked up before, not with, the insert, and the index of the database makes an internal error of it.
func TestRaceForAName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann, ben := w.user("ann", "pw"), w.user("ben", "pw")
	for round := range 100 {
		name := fmt.Sprint("Zoë ", round)
		errs := make([]error, 5)
		create := func(i int, name string) func() {
			return func() { _, errs[i] = w.CreateUser(w.ctx, finlatch.Operator(), name, "", false) }
		}
		rename := func(i int, user finlatch.User, name string) func() {
			return func() { errs[i] = w.Rename(w.ctx, finlatch.Operator(), user.ID, name) }
		}
		atOnce(create(0, name), create(1, strings.ToUpper(name)), create(2, strings.ToLower(name)), rename(3, ann, name), rename(4, ben, strings.ToUpper(name)))
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				w.wantKind(err, finlatch.Invalid)
			}
		}
		if won != 1 {
			t.Fatalf("round %d: %d got the name, want 1: %v", round, won, errs)
		}
	}
}

// R7: that an administrator, or a user who is enabled, is the last is found out outside of any lock.
func TestRaceOfTheLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	operator := finlatch.Operator()
	demote := func(p *finlatch.Policy) { p.IsAdministrator = false }
	promote := func(p *finlatch.Policy) { p.IsAdministrator = true }
	change := func(id finlatch.ID, f func(*finlatch.Policy)) error {
		user, err := w.UserByID(w.ctx, operator, id)
		if err != nil {
			return err
		}
		f(&user.Policy)
		return w.SetPolicy(w.ctx, operator, id, user.Policy, 0)
	}
	count := func(filter finlatch.UserFilter) int {
		users, err := w.Users(w.ctx, operator, filter)
		if err != nil {
			t.Fatal(err)
		}
		return len(users)
	}

	last := w.admin.ID
	for round := range 100 {
		other := w.user(fmt.Sprint("admin ", round), "pw", promote).ID
		var errs [2]error
		gone := func(i int, id finlatch.ID) func() {
			return func() {
				if (round+i)%2 == 0 {
					errs[i] = change(id, demote)
				} else {
					errs[i] = w.DeleteUser(w.ctx, operator, id)
				}
			}
		}
		atOnce(gone(0, last), gone(1, other))
		if got := count(finlatch.UserFilter{Administrator: new(true)}); got != 1 || (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %d administrators are left, want 1; %v", round, got, errs)
		}
		if errs[1] != nil {
			last = other
		}
	}

	// Only a lockout disables an administrator, and only then can others be the last who are not.
	ann, ben := w.user("ann", "pw").ID, w.user("ben", "pw").ID
	users, err := w.Users(w.ctx, operator, finlatch.UserFilter{Disabled: new(false)})
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range users {
		if user.ID != ann && user.ID != ben {
			w.lockOut(user.ID)
		}
	}
	for round := range 100 {
		var errs [2]error
		disable := func(i int, id finlatch.ID) func() {
			return func() { errs[i] = w.SetDisabled(w.ctx, operator, id, true) }
		}
		atOnce(disable(0, ann), disable(1, ben))
		if got := count(finlatch.UserFilter{Disabled: new(false)}); got != 1 || (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %d enabled users are left, want 1; %v", round, got, errs)
		}
		for _, id := range []finlatch.ID{ann, ben} {
			if err := w.SetDisabled(w.ctx, operator, id, false); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// lockOut disables a user as wrong passwords do.
func (w *world) lockOut(id finlatch.ID) {
	w.Helper()
	err := w.store.Update(w.ctx, func(tx finlatch.Tx) error {
		user, err := tx.User(w.ctx, id)
		if err != nil {
			return err
		}
		user.Policy.IsDisabled = true
		return tx.PutUser(w.ctx, user)
	})
	if err != nil {
		w.Fatal(err)
	}
}

// R8: what is known of a device is one object that requests share and change without a lock.
func TestRaceOfRequestsOfOneDevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Service.Run(ctx)
	}()
	in := w.signIn("ann", "pw", device("tv", home))
	claim := func(i int) finlatch.Caller { // a name and a version that belong together
		return finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", fmt.Sprint(i), fmt.Sprint("Telly ", i), "tv"), Address: home}
	}
	belong := func(info finlatch.ClientInfo) bool {
		return info.AppVersion == "1.0" && info.DeviceName == "Telly" || info.DeviceName == "Telly "+info.AppVersion
	}
	var functions []func()
	for i := range 8 {
		functions = append(functions, func() {
			for range 200 {
				c, err := w.Authenticate(w.ctx, claim(i), in.Token)
				switch {
				case err != nil:
					t.Error(err)
					return
				case c.ClientInfo != claim(i).ClientInfo:
					t.Errorf("request %d is taken for %+v", i, c.ClientInfo)
					return
				case !belong(c.Device.ClientInfo) || c.Device.TokenHash != in.Device.TokenHash || c.Device.UserID != in.User.ID:
					t.Errorf("the device is torn: %+v", *c.Device)
					return
				}
				c.AppName, c.DeviceName = "mine", "mine" // a request's own
			}
		})
	}
	atOnce(functions...)
	cancel()
	<-ended
	devices := w.devicesOf(in.User.ID)
	if len(devices) != 1 || !belong(devices[0].ClientInfo) || devices[0].AppName != "App" || devices[0].DeviceName == "Telly" {
		t.Errorf("stored are %+v, want one whose name and version belong together", devices)
	}
}

// R9: a session is listed before it is complete.
func TestRaceOfASignInAndAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	admin := w.caller(w.signIn("admin", "admin-pw", device("admin's", home)).Token, home)
	stop := make(chan struct{})
	signIns := func() {
		defer close(stop)
		for round := range 100 {
			if _, err := w.SignIn(w.ctx, device(fmt.Sprint("tv ", round%5), home), "ann", "pw"); err != nil {
				t.Error(err)
			}
		}
	}
	lists := func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			sessions, err := w.Sessions(w.ctx, admin, finlatch.SessionFilter{})
			if err != nil {
				t.Error(err)
				return
			}
			for _, s := range sessions {
				if s.UserName == "" || s.Device.DeviceName != "Telly" || s.Device.Address != home || s.Device.LastActivityAt.IsZero() ||
					!reflect.DeepEqual(s.Device.Capabilities, finlatch.NewCapabilities()) {
					t.Errorf("a session is incomplete: %+v", s)
					return
				}
			}
		}
	}
	atOnce(signIns, lists, lists)
}

// R10: deleting a user ends tokens before it finds out that the user may not be deleted.
func TestRaceOfARefusedDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn("admin", "admin-pw", device("tv", home))
	before := w.devicesOf(w.admin.ID)
	stop := make(chan struct{})
	requests := func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if !w.alive(in.Token) {
				t.Error("a deletion that is refused has ended a token")
				return
			}
		}
	}
	atOnce(requests, requests, func() {
		defer close(stop)
		for range 100 {
			w.wantKind(w.DeleteUser(w.ctx, finlatch.Operator(), w.admin.ID), finlatch.Invalid)
		}
	})
	if diff := cmp.Diff(before, w.devicesOf(w.admin.ID), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("the devices have changed (-before +after):\n%s", diff)
	}
}

// R11: a list that is cut down for a user cuts down what administrators see.
func TestRaceOfLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	w.user("ben", "pw")
	callers := map[string]finlatch.Caller{}
	for name, password := range map[string]string{"admin": "admin-pw", "ann": "pw", "ben": "pw"} {
		callers[name] = w.caller(w.signIn(name, password, device(name+"'s", home)).Token, home)
	}
	var functions []func()
	for name, caller := range callers {
		want, err := w.Sessions(w.ctx, caller, finlatch.SessionFilter{})
		if err != nil || name == "admin" && len(want) != 3 || name != "admin" && (len(want) != 1 || want[0].UserName != name) {
			t.Fatalf("%s sees %+v, %v", name, want, err)
		}
		functions = append(functions, func() {
			for range 100 {
				got, err := w.Sessions(w.ctx, caller, finlatch.SessionFilter{})
				if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); err != nil || diff != "" {
					t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
					return
				}
			}
		})
	}
	atOnce(functions...)
}
