package finlatch_test

import (
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// What a process has made for a device, and not given to it, is ended by the next one, if the device does not come again.
func TestMintedTokenThatNobodyGetsEnds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		kill string // after this step
		wait time.Duration
		away bool // upstream, at first
		// between happens before the next process runs.
		between func(t *testing.T, f *front, secret finlatch.Secret)
		alive   int // tokens of the telly in the end
		left    int // to be ended
	}{
		{name: "nobody comes", kill: "Mint done", wait: time.Minute},
		{name: "upstream is away at first", kill: "Mint done", wait: time.Minute, away: true},
		{name: "begun only", kill: "Ask done", wait: time.Minute},
		{name: "the device has time", kill: "Mint done", wait: 59 * time.Second, alive: 1, left: 1},
		{name: "the device has come", kill: "Mint done", wait: time.Minute, alive: 1,
			between: func(t *testing.T, f *front, secret finlatch.Secret) {
				if in, err := f.Redeem(f.ctx, device("tv", home), secret); err != nil || !f.jellyfin.accepts(in.Token) {
					t.Errorf("Redeem: %v", err)
				}
			}},
		{name: "it was denied", kill: "Mint done", wait: time.Minute,
			between: func(t *testing.T, f *front, secret finlatch.Secret) {
				request, err := f.QuickConnectRequest(f.ctx, secret)
				if err == nil {
					err = f.UndoApproval(f.ctx, f.as("ann", "pw"), request.Code, request.CreatedAt)
				}
				if err != nil {
					t.Error(err)
				}
			}},
		// By then upstream does not say any more what the token is.
		{name: "much later", kill: "Mint done", wait: 10 * time.Minute, alive: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			secret := f.approved()
			f.jellyfin.on = func(step string) error {
				if step == test.kill {
					f.store.Close() // nothing that follows is kept
				}
				return nil
			}
			f.Redeem(f.ctx, device("tv", home), secret)
			f.jellyfin.back()
			f.open(f.behind)
			if test.between != nil {
				test.between(t, f, secret)
			}
			f.clock.Move(test.wait)
			if test.away {
				f.jellyfin.fail("Abandon", errAway)
			}
			f.run()
			if test.away {
				f.eventually("it is tried", func() bool { return f.jellyfin.count("Abandon") > 0 })
				if got := f.ended(); got != 1 {
					t.Errorf("%d to be ended while upstream is away, want 1", got)
				}
				f.jellyfin.back()
			}
			if test.left == 0 {
				f.eventually("nothing is left to end", func() bool { return f.ended() == 0 })
			}
			time.Sleep(20 * time.Millisecond) // for whatever would end too much
			if alive, left := f.jellyfin.minted(), f.ended(); alive != test.alive || left != test.left {
				t.Errorf("%d tokens are alive and %d to be ended, want %d and %d", alive, left, test.alive, test.left)
			}
		})
	}
}

// A device that comes when what was begun for it has ended gets a token all the same.
func TestComingAfterItWasAbandoned(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	secret := f.approved()
	f.jellyfin.fail("Mint done", errAway) // made, and the answer lost
	_, err := f.Redeem(f.ctx, device("tv", home), secret)
	f.wantKind(err, finlatch.Unavailable)
	f.jellyfin.back()
	f.clock.Move(time.Minute)
	f.run()
	f.eventually("it is abandoned", func() bool { return f.jellyfin.minted() == 0 && f.ended() == 0 })
	in, err := f.Redeem(f.ctx, device("tv", home), secret)
	if err != nil || !f.alive(in.Token) || !f.jellyfin.accepts(in.Token) || f.jellyfin.minted() != 1 {
		t.Errorf("%v, %d tokens", err, f.jellyfin.minted())
	}
}

// A token of a sign-in that turned out to be somebody else's ends, unless a client has it.
func TestSomebodyElsesTokenEnds(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.run()
	f.signIn("ann", "pw", device("phone", home))
	f.jellyfin.lie = func(g *finlatch.Granted) { g.User.ID = f.ben }
	_, err := f.SignInByID(f.ctx, device("tv", home), f.ann, "pw")
	f.wantKind(err, finlatch.Unavailable)
	f.eventually("the token is ended", func() bool { return f.jellyfin.minted() == 0 && len(f.jellyfin.alive()) == 1 })
}
