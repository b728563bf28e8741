package finlatch_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

var tv = finlatch.NewClientInfo("Jellyfin Web", "10.9", "Ann's TV", "ann's tv")

func (f *front) authenticate(token finlatch.Token, c finlatch.Caller) (finlatch.Caller, error) {
	return f.Authenticate(f.ctx, c, token)
}

// A token from before goes on, and is then as good as one that was given here.
func TestAdoption(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.run()
	token := f.jellyfin.give(f.ann, tv)
	for range 3 {
		c := f.caller(token, home)
		if c.UserID() != f.ann || c.ClientInfo != tv {
			t.Errorf("authenticated as %v on %+v", c.UserID(), c.ClientInfo)
		}
	}
	if got := f.jellyfin.count("Whose"); got != 1 {
		t.Errorf("upstream was asked %d times, want once", got)
	}
	f.jellyfin.fail("", errAway)
	f.caller(token, home)
	f.jellyfin.back()
	devices, err := f.Devices(f.ctx, finlatch.Operator(), f.ann)
	if err != nil || len(devices) != 1 || devices[0].Device.DeviceName != "Ann's TV" {
		t.Errorf("devices %+v, %v", devices, err)
	}
	if got := f.activities(finlatch.ActivityFilter{Type: finlatch.ActivityDeviceAdopted}); len(got) != 1 || got[0].UserID != f.ann {
		t.Errorf("activity %+v", got)
	}
	if err := f.SignOut(f.ctx, f.caller(token, home)); err != nil {
		t.Fatal(err)
	}
	f.eventually("the token is ended upstream", func() bool { return !f.jellyfin.accepts(token) })
	if f.alive(token) {
		t.Error("the token is alive")
	}
}

// What the request says of its app counts only where upstream says nothing, and no device is another's for it.
func TestAdoptionOfAnUnknownDevice(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	first, second := f.jellyfin.give(f.ann, finlatch.ClientInfo{}), f.jellyfin.give(f.ann, finlatch.ClientInfo{})
	f.caller(first, home)
	f.caller(second, home)
	third := f.jellyfin.give(f.ann, finlatch.ClientInfo{})
	if c, err := f.authenticate(third, device("claimed", home)); err != nil || c.Device.DeviceID != "claimed" {
		t.Errorf("%+v, %v", c.Device, err)
	}
	for _, token := range []finlatch.Token{first, second, third} {
		if !f.alive(token) {
			t.Error("a token is dead")
		}
	}
}

func TestAdoptionAtOnceAsksOnce(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	good, bad := f.jellyfin.give(f.ann, tv), finlatch.TokenFrom("nonsense")
	f.jellyfin.on = func(step string) error {
		if step == "Whose" {
			time.Sleep(50 * time.Millisecond)
		}
		return nil
	}
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			if _, err := f.authenticate(good, finlatch.Caller{Address: nth(n)}); err != nil {
				t.Error(err)
			}
			_, err := f.authenticate(bad, finlatch.Caller{Address: nth(n)})
			f.wantKind(err, finlatch.Unauthenticated)
		})
	}
	wg.Wait()
	if got := f.jellyfin.count("Whose"); got != 2 {
		t.Errorf("upstream was asked %d times, want twice", got)
	}
}

func TestUnknownTokensAreLimited(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	try := func(text string, n int) error {
		_, err := f.authenticate(finlatch.TokenFrom(text), finlatch.Caller{Address: nth(n)})
		return err
	}
	wantAsked := func(what string, want int) {
		t.Helper()
		if got := f.jellyfin.count("Whose"); got != want {
			t.Errorf("%s: upstream was asked %d times, want %d", what, got, want)
		}
	}
	good := f.jellyfin.give(f.ann, tv)
	f.jellyfin.fail("Whose", errAway)
	for range 40 { // that upstream is away is nobody's failure
		f.wantKind(try("x", 1), finlatch.Unavailable)
	}
	f.jellyfin.back()
	wantAsked("away", 40)
	for n := range 100 {
		want := finlatch.Unauthenticated
		if n >= 30 {
			want = finlatch.RateLimited // an app forgets a token that is refused, and it may be a good one
		}
		f.wantKind(try(fmt.Sprint("guess ", n), 1), want)
	}
	wantAsked("one network", 70)
	f.wantKind(try(good.Reveal(), 1), finlatch.RateLimited)
	f.wantKind(try("guess 0", 2), finlatch.Unauthenticated) // is remembered
	wantAsked("limited", 70)
	if err := try(good.Reveal(), 2); err != nil {
		t.Errorf("from another network: %v", err)
	}
	if err := try(good.Reveal(), 1); err != nil {
		t.Errorf("once it is known: %v", err)
	}
	f.clock.Move(31 * time.Second)
	f.wantKind(try("guess 0", 2), finlatch.Unauthenticated)
	wantAsked("after half a minute", 72)
	f.clock.Move(time.Minute)
	f.wantKind(try("guess again", 1), finlatch.Unauthenticated)
	wantAsked("after a minute", 73)
	for _, text := range []string{"", strings.Repeat("x", 257), strings.Repeat("x", 1<<20)} {
		f.wantKind(try(text, 3), finlatch.Unauthenticated)
	}
	wantAsked("no tokens at all", 73)
}

// Who is adopted often is not limited: a house full of devices, after the first start.
func TestGoodTokensAreNotLimited(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	for n := range 100 {
		f.caller(f.jellyfin.give(f.ann, finlatch.NewClientInfo("app", "1", "thing", fmt.Sprint("device ", n))), home)
	}
}

func TestWhatIsNotAdopted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*finlatch.Options)
		before func(f *front, token finlatch.Token)
		caller finlatch.Caller
	}{
		{name: "strict", change: func(o *finlatch.Options) { o.Strict = true }},
		{name: "on the pages", caller: finlatch.Caller{Address: home, Pages: true}},
		{name: "disabled, says a liar", before: func(f *front, _ finlatch.Token) {
			f.jellyfin.lie = func(g *finlatch.Granted) { g.User.Policy.IsDisabled = true }
		}},
		{name: "revoked here, and not yet upstream", before: func(f *front, token finlatch.Token) {
			f.jellyfin.fail("End", errAway)
			if err := f.SignOut(f.ctx, f.caller(token, home)); err != nil {
				f.Fatal(err)
			}
		}},
		{name: "revoked here, after a restart", before: func(f *front, token finlatch.Token) {
			f.jellyfin.fail("End", errAway)
			if err := f.SignOut(f.ctx, f.caller(token, home)); err != nil {
				f.Fatal(err)
			}
			f.store.Close()
			f.open(f.behind)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			change := []func(*finlatch.Options){}
			if test.change != nil {
				change = append(change, test.change)
			}
			f := newFront(t, change...)
			token := f.jellyfin.give(f.ann, tv)
			if test.before != nil {
				test.before(f, token)
			}
			_, err := f.authenticate(token, test.caller)
			f.wantKind(err, finlatch.Unauthenticated)
			if got := f.devicesOf(f.ann); len(got) != 0 {
				t.Errorf("%d devices", len(got))
			}
		})
	}
}

// An app goes on with a token that was revoked: that neither asks upstream nor counts against its network.
func TestRevokedTokensAreNotAskedAbout(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.run()
	token := f.signIn("ann", "pw", device("tv", home)).Token
	if err := f.SignOut(f.ctx, f.caller(token, home)); err != nil {
		t.Fatal(err)
	}
	f.eventually("the token is ended", func() bool { return f.ended() == 0 })
	for range 50 {
		if f.alive(token) {
			t.Fatal("the token is alive")
		}
	}
	if got := f.jellyfin.count("Whose"); got != 0 {
		t.Errorf("upstream was asked %d times", got)
	}
}

// A token that is only told to be somebody's, by the API key of ours, is none.
func TestOurAPIKeysAreNotAskedAbout(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	_, key, err := f.CreateAPIKey(f.ctx, finlatch.Operator(), "program")
	if err != nil {
		t.Fatal(err)
	}
	if c, err := f.authenticate(key, finlatch.Caller{Address: home}); err != nil || c.Key == nil {
		t.Errorf("%+v, %v", c.Key, err)
	}
	if got := f.jellyfin.count("Whose"); got != 0 {
		t.Errorf("upstream was asked %d times", got)
	}
}

// Programs that have an API key of upstream's go on working, and are asked about again from time to time.
func TestUpstreamsAPIKeys(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	key := finlatch.TokenFrom("0123456789abcdef0123456789abcdef")
	f.jellyfin.key = key
	who := func(want bool) {
		t.Helper()
		c, err := f.authenticate(key, finlatch.Caller{Address: home})
		if known := err == nil && c.Key != nil && c.Key.Upstreams() && c.Administrator(); known != want {
			t.Errorf("the key is known: %v, want %v (%v)", known, want, err)
		}
	}
	who(true)
	who(true)
	if got := f.jellyfin.count("Whose"); got != 1 {
		t.Errorf("upstream was asked %d times", got)
	}
	if c, err := f.authenticate(key, finlatch.Caller{Address: home, Pages: true}); err == nil {
		t.Errorf("the pages take it for %+v", c)
	}
	f.jellyfin.key = finlatch.Token{}
	f.clock.Move(31 * time.Second)
	who(false)
	keys, err := f.APIKeys(f.ctx, finlatch.Operator())
	if err != nil || len(keys) != 0 {
		t.Errorf("kept are %v (%v)", keys, err)
	}
}

// A token that was replaced past us makes room; one that lives does not, whatever an app claims.
func TestAdoptionOfANamesake(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.run()
	first := f.jellyfin.give(f.ann, tv)
	f.caller(first, home)
	f.clock.Move(time.Second)
	second := f.jellyfin.give(f.ann, tv)
	if c := f.caller(second, home); c.Device.DeviceID == tv.DeviceID || c.Device.DeviceName != tv.DeviceName {
		t.Errorf("adopted as %+v", c.Device.ClientInfo)
	}
	if !f.alive(first) || !f.jellyfin.accepts(first) {
		t.Error("the first is ended")
	}
	if err := f.jellyfin.End(f.ctx, first); err != nil {
		t.Fatal(err)
	}
	f.clock.Move(time.Second)
	third := f.jellyfin.give(f.ann, tv)
	if c := f.caller(third, home); c.Device.DeviceID != tv.DeviceID {
		t.Errorf("adopted as %+v", c.Device.ClientInfo)
	}
	if f.alive(first) || !f.alive(second) || !f.jellyfin.accepts(second) || !f.jellyfin.accepts(third) {
		t.Error("the wrong ones are alive")
	}
}

// A device that signs in while its old token is asked about keeps the new one.
func TestAdoptionMeetsASignIn(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.run()
	token := f.jellyfin.give(f.ann, device("tv", home).ClientInfo)
	var once sync.Once
	var in finlatch.SignedIn
	f.jellyfin.mu.Lock()
	f.jellyfin.on = func(step string) error {
		if step == "Whose done" {
			once.Do(func() { in = f.signIn("ann", "pw", device("tv", home)) })
		}
		return nil
	}
	f.jellyfin.mu.Unlock()
	_, err := f.authenticate(token, finlatch.Caller{Address: home})
	f.wantKind(err, finlatch.Unavailable)
	f.eventually("nothing is left to end", func() bool { return f.ended() == 0 })
	if !f.alive(in.Token) || !f.jellyfin.accepts(in.Token) || f.alive(token) {
		t.Error("the wrong one is alive")
	}
}
