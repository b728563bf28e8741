package finlatch_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// approved is a request for ann's telly that she has approved.
func (f *front) approved() finlatch.Secret {
	f.Helper()
	request, secret := f.initiate(device("tv", home))
	if err := f.Approve(f.ctx, f.as("ann", "pw"), request.Code, finlatch.ID{}); err != nil {
		f.Fatal(err)
	}
	return secret
}

// minted are the living tokens of the telly.
func (j *jellyfin) minted() (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, t := range j.tokens {
		if !t.ended && t.device.DeviceID == "tv" {
			n++
		}
	}
	return n
}

func TestMinting(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.jellyfin.change(f.ann, func(a *account) { a.Policy.EnableContentDownloading = false })
	secret := f.approved()
	in, err := f.Redeem(f.ctx, device("another", home), secret)
	if err != nil || in.User.ID != f.ann || in.Device.DeviceID != "tv" || !f.jellyfin.accepts(in.Token) {
		t.Fatalf("%+v, %v", in, err)
	}
	if in.User.Policy.AuthenticationProviderID != finlatch.DefaultAuthenticationProviderID || in.User.Policy.EnableContentDownloading {
		t.Errorf("policy %+v is not upstream's", in.User.Policy)
	}
	if c := f.caller(in.Token, home); c.UserID() != f.ann || c.DeviceID != "tv" {
		t.Errorf("signed in as %v on %q", c.UserID(), c.DeviceID)
	}
	for _, step := range []string{"Ask", "Mint"} {
		if got := f.jellyfin.count(step); got != 1 {
			t.Errorf("%s: %d times, want once", step, got)
		}
	}
	if got := f.jellyfin.count("Whose"); got != 0 {
		t.Errorf("upstream was asked %d times about a known token", got)
	}
	request, err := f.QuickConnectRequest(f.ctx, secret)
	if err != nil || request.State != finlatch.QuickConnectRedeemed || len(request.Minting) > 0 {
		t.Errorf("request %+v, %v", request, err)
	}
}

// The repeat works without upstream, over a restart too, and for five seconds.
func TestMintedTokenIsRepeated(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		between func(*front, finlatch.SignedIn)
		same    bool
	}{
		{"at once", func(*front, finlatch.SignedIn) {}, true},
		{"within five seconds", func(f *front, _ finlatch.SignedIn) { f.clock.Move(4900 * time.Millisecond) }, true},
		{"while upstream is away", func(f *front, _ finlatch.SignedIn) { f.jellyfin.fail("", errAway) }, true},
		{"after a restart", func(f *front, _ finlatch.SignedIn) { f.store.Close(); f.open(f.behind) }, true},
		{"after five seconds", func(f *front, _ finlatch.SignedIn) { f.clock.Move(5 * time.Second) }, false},
		{"after signing out", func(f *front, in finlatch.SignedIn) {
			if err := f.SignOut(f.ctx, f.caller(in.Token, home)); err != nil {
				f.Error(err)
			}
		}, false},
		{"after another sign-in on the device", func(f *front, _ finlatch.SignedIn) {
			f.clock.Move(time.Second)
			f.signIn("ann", "pw", device("tv", home))
		}, false},
		{"after another sign-in at the same time", func(f *front, _ finlatch.SignedIn) { f.signIn("ann", "pw", device("tv", home)) }, false},
		{"after the user was deleted", func(f *front, _ finlatch.SignedIn) {
			f.jellyfin.remove(f.ann)
			if err := f.RecheckUser(f.ctx, f.ann); err != nil {
				f.Error(err)
			}
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			secret := f.approved()
			first, err := f.Redeem(f.ctx, device("tv", home), secret)
			if err != nil {
				t.Fatal(err)
			}
			test.between(f, first)
			again, err := f.Redeem(f.ctx, device("tv", home), secret)
			if test.same && (err != nil || again.Token != first.Token) {
				t.Errorf("another answer: %v", err)
			}
			if !test.same {
				f.wantKind(err, finlatch.NotFound)
			}
			if got := f.jellyfin.count("Mint done"); got != 1 {
				t.Errorf("minted %d times", got)
			}
		})
	}
}

// On one node it is done once; on two, which know nothing of each other, there is one token.
func TestMintingAtTheSameTime(t *testing.T) {
	t.Parallel()
	for _, nodes := range []int{1, 2} {
		t.Run(fmt.Sprint(nodes, " nodes"), func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			secret := f.approved()
			services := []*finlatch.Service{f.Service}
			for range nodes - 1 {
				options := finlatch.Options{Store: f.store, Clock: f.clock.Now, Location: time.UTC, SealKey: make([]byte, 32)}
				f.behind(&options)
				other, err := finlatch.New(f.ctx, options)
				if err != nil {
					t.Fatal(err)
				}
				services = append(services, other)
			}
			f.jellyfin.on = func(step string) error {
				if step == "Ask done" || step == "Mint" || step == "Mint done" {
					time.Sleep(5 * time.Millisecond)
				}
				return nil
			}
			var tokens sync.Map
			var wg sync.WaitGroup
			for n := range 20 {
				wg.Go(func() {
					in, err := services[n%nodes].Redeem(f.ctx, device("tv", home), secret)
					if err != nil {
						t.Error(err)
					}
					tokens.Store(in.Token, true)
				})
			}
			wg.Wait()
			count := 0
			tokens.Range(func(any, any) bool { count++; return true })
			if count != 1 || f.jellyfin.minted() != 1 {
				t.Errorf("%d tokens were given, %d minted, want 1", count, f.jellyfin.minted())
			}
			if got := f.jellyfin.count("Ask"); got > nodes {
				t.Errorf("begun %d times on %d nodes", got, nodes)
			}
		})
	}
}

// Who goes away does not stop what has begun.
func TestMintingOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	secret := f.approved()
	ctx, cancel := context.WithCancel(f.ctx)
	f.jellyfin.on = func(step string) error {
		if step == "Mint" {
			cancel()
		}
		return nil
	}
	f.Redeem(ctx, device("tv", home), secret)
	in, err := f.Redeem(f.ctx, device("tv", home), secret)
	if err != nil || !f.jellyfin.accepts(in.Token) || f.jellyfin.count("Mint") != 1 {
		t.Errorf("%v, minted %d times", err, f.jellyfin.count("Mint"))
	}
}

// The user is read anew at approval and at redemption, and our rules hold.
func TestRightsBeforeMinting(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                 string
		change               func(f *front)
		atApproval, atRedeem finlatch.Kind
	}{
		{"disabled", func(f *front) {
			f.jellyfin.change(f.ann, func(a *account) { a.Policy.IsDisabled = true })
		}, finlatch.Forbidden, finlatch.Forbidden},
		{"no remote access", func(f *front) {
			f.jellyfin.change(f.ann, func(a *account) { a.Policy.EnableRemoteAccess = false })
		}, finlatch.Forbidden, finlatch.Forbidden},
		{"schedule", func(f *front) {
			f.jellyfin.change(f.ann, func(a *account) {
				a.Policy.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Monday", StartHour: 0, EndHour: 24}}
			})
		}, finlatch.Forbidden, finlatch.Forbidden},
		{"devices", func(f *front) {
			f.jellyfin.change(f.ann, func(a *account) { a.Policy.EnableAllDevices = false })
		}, finlatch.Forbidden, finlatch.Forbidden},
		{"deleted", func(f *front) { f.jellyfin.remove(f.ann) }, finlatch.Invalid, finlatch.NotFound},
		{"away", func(f *front) { f.jellyfin.fail("User", errAway) }, finlatch.Unavailable, finlatch.Unavailable},
		{"somebody else, says a liar", func(f *front) {
			f.jellyfin.mu.Lock()
			defer f.jellyfin.mu.Unlock()
			f.jellyfin.users[f.ann] = f.jellyfin.users[f.ben]
		}, finlatch.Unavailable, finlatch.Unavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, func(o *finlatch.Options) { o.QuickConnectApproval = finlatch.ApproveAnywhere })
			root := f.as("root", "root-pw")
			before, secretBefore := f.initiate(device("tv", away))
			after, secretAfter := f.initiate(device("tv2", away))
			if err := f.Approve(f.ctx, root, before.Code, f.ann); err != nil {
				t.Fatal(err)
			}
			test.change(f)
			_, err := f.Redeem(f.ctx, device("tv", away), secretBefore)
			f.wantKind(err, test.atRedeem)
			f.wantKind(f.Approve(f.ctx, root, after.Code, f.ann), test.atApproval)
			_, err = f.Redeem(f.ctx, device("tv2", away), secretAfter)
			f.wantKind(err, finlatch.NotFound)
			if got := f.jellyfin.count("Ask"); got != 0 {
				t.Errorf("begun %d times", got)
			}
		})
	}
}

// A wrong code costs upstream nothing.
func TestWrongCodesAskNobody(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	ann := f.as("ann", "pw")
	for range 20 {
		f.Approve(f.ctx, ann, "000000x", finlatch.ID{})
	}
	f.wantKind(f.Approve(f.ctx, ann, "000000x", finlatch.ID{}), finlatch.RateLimited)
	if got := f.jellyfin.count("User"); got != 0 {
		t.Errorf("upstream was asked %d times", got)
	}
}

// What changes while the token is being made.
func TestMintingMeetsChanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(f *front, request finlatch.QuickConnect, ann finlatch.Caller) error
		kind   finlatch.Kind
	}{
		{"the approval is taken back", func(f *front, request finlatch.QuickConnect, ann finlatch.Caller) error {
			return f.UndoApproval(f.ctx, ann, request.Code, request.CreatedAt)
		}, finlatch.NotFound},
		{"the user is disabled", func(f *front, _ finlatch.QuickConnect, _ finlatch.Caller) error {
			f.jellyfin.users[f.ann].Policy.IsDisabled = true
			return nil
		}, finlatch.Forbidden},
		{"the user is disabled, and that is known", func(f *front, _ finlatch.QuickConnect, _ finlatch.Caller) error {
			f.jellyfin.users[f.ann].Policy.IsDisabled = true
			return f.RecheckUser(f.ctx, f.ann)
		}, finlatch.NotFound},
		{"the user is deleted", func(f *front, _ finlatch.QuickConnect, _ finlatch.Caller) error {
			return f.DeleteUser(f.ctx, finlatch.Operator(), f.ann)
		}, finlatch.NotFound},
		{"its devices are signed out", func(f *front, _ finlatch.QuickConnect, ann finlatch.Caller) error {
			return f.SignOutOthers(f.ctx, ann, f.ann)
		}, finlatch.NotFound},
		{"it expires", func(f *front, _ finlatch.QuickConnect, _ finlatch.Caller) error {
			f.clock.Move(11 * time.Minute)
			return nil
		}, finlatch.NotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			f.run()
			ann := f.as("ann", "pw")
			request, secret := f.initiate(device("tv", home))
			if err := f.Approve(f.ctx, ann, request.Code, finlatch.ID{}); err != nil {
				t.Fatal(err)
			}
			var once sync.Once
			f.jellyfin.mu.Lock()
			f.jellyfin.on = func(step string) error {
				if step == "Mint" {
					once.Do(func() {
						if err := test.change(f, request, ann); err != nil {
							t.Error(err)
						}
					})
				}
				return nil
			}
			f.jellyfin.mu.Unlock()
			in, err := f.Redeem(f.ctx, device("tv", home), secret)
			f.wantKind(err, test.kind)
			if !in.Token.IsZero() {
				t.Error("a token was given")
			}
			f.eventually("the token is ended", func() bool { return f.jellyfin.minted() == 0 && f.ended() == 0 })
			if f.jellyfin.count("Mint done") != 1 {
				t.Error("no token was made")
			}
		})
	}
}

// Upstream forgets what was begun, for a restart of its own or for time.
func TestMintingIsBegunAnew(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	secret := f.approved()
	var once sync.Once
	f.jellyfin.on = func(step string) error {
		if step == "Mint" {
			once.Do(func() { clear(f.jellyfin.mintings) })
		}
		return nil
	}
	in, err := f.Redeem(f.ctx, device("tv", home), secret)
	if err != nil || !f.jellyfin.accepts(in.Token) || f.jellyfin.count("Ask") != 2 || f.jellyfin.minted() != 1 {
		t.Errorf("%v, begun %d times, %d tokens", err, f.jellyfin.count("Ask"), f.jellyfin.minted())
	}

	f = newFront(t)
	secret = f.approved()
	f.jellyfin.fail("Mint", finlatch.ErrNotFound) // always
	_, err = f.Redeem(f.ctx, device("tv", home), secret)
	f.wantKind(err, finlatch.Unavailable)
	f.jellyfin.back()
	if _, err = f.Redeem(f.ctx, device("tv", home), secret); err != nil || f.jellyfin.minted() != 1 {
		t.Errorf("once it does: %v, %d tokens", err, f.jellyfin.minted())
	}
}

func TestMintingLies(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]func(*front, finlatch.Token, *finlatch.Granted){
		"somebody else":       func(f *front, _ finlatch.Token, g *finlatch.Granted) { g.User.ID, g.User.Name = f.ben, "ben" },
		"nobody":              func(f *front, _ finlatch.Token, g *finlatch.Granted) { g.User = finlatch.User{} },
		"no token":            func(f *front, _ finlatch.Token, g *finlatch.Granted) { g.Token = finlatch.Token{} },
		"somebody else's one": func(f *front, bens finlatch.Token, g *finlatch.Granted) { g.Token = bens },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			f.run()
			secret := f.approved()
			bens := f.signIn("ben", "pw of ben", device("ben's", home)).Token
			f.jellyfin.mu.Lock()
			f.jellyfin.lie = func(g *finlatch.Granted) { lie(f, bens, g) }
			f.jellyfin.mu.Unlock()
			in, err := f.Redeem(f.ctx, device("tv", home), secret)
			f.wantKind(err, finlatch.Unavailable)
			if !in.Token.IsZero() {
				t.Error("a token was given")
			}
			f.jellyfin.back()
			in, err = f.Redeem(f.ctx, device("tv", home), secret) // the truth at last
			if err != nil || in.User.ID != f.ann || f.jellyfin.minted() != 1 {
				t.Errorf("%v, %d tokens", err, f.jellyfin.minted())
			}
			if c := f.caller(bens, home); c.UserID() != f.ben || !f.jellyfin.accepts(bens) {
				t.Error("ben's token is ended, or somebody else's")
			}
		})
	}
}
