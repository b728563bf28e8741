package finlatch_test

import (
	"testing"

	"github.com/finlatch/finlatch"
)

// enabled tells whether apps are offered Quick Connect.
func (f *front) enabled() bool {
	f.Helper()
	on, err := f.QuickConnectEnabled(f.ctx)
	if err != nil {
		f.Fatal(err)
	}
	return on
}

func TestQuickConnectFollowsUpstreams(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	approved := f.approved()
	ann := f.as("ann", "pw")
	request, secret := f.initiate(device("tv", home))

	f.jellyfin.turn(false)
	if !f.enabled() {
		t.Error("off before upstream was asked")
	}
	f.jellyfin.fail("QuickConnect", errAway)
	f.wantKind(f.RecheckQuickConnect(f.ctx), finlatch.Unavailable)
	if !f.enabled() {
		t.Error("off since upstream could not be asked")
	}
	f.jellyfin.back()

	if err := f.RecheckQuickConnect(f.ctx); err != nil || f.enabled() {
		t.Fatalf("on while upstream's is off: %v", err)
	}
	for name, try := range map[string]func() error{
		"Initiate": func() error { _, _, err := f.Initiate(f.ctx, device("tv2", home)); return err },
		"state":    func() error { _, err := f.QuickConnectRequest(f.ctx, secret); return err },
		"Approve":  func() error { return f.Approve(f.ctx, ann, request.Code, finlatch.ID{}) },
		"ApproveAsked": func() error {
			return f.ApproveAsked(f.ctx, ann, request.Code, request.CreatedAt, finlatch.ID{})
		},
		"Redeem": func() error { _, err := f.Redeem(f.ctx, device("tv", home), approved); return err },
	} {
		if err := try(); !finlatch.QuickConnectOff(err) {
			t.Errorf("%s: got error %v, want that it is off", name, err)
		}
	}
	f.jellyfin.fail("QuickConnect", errAway)
	f.RecheckQuickConnect(f.ctx)
	if f.enabled() {
		t.Error("on since upstream could not be asked")
	}
	f.jellyfin.back()

	f.jellyfin.turn(true)
	if err := f.RecheckQuickConnect(f.ctx); err != nil || !f.enabled() {
		t.Fatalf("off while upstream's is on: %v", err)
	}
	if in, err := f.Redeem(f.ctx, device("tv", home), approved); err != nil || in.User.ID != f.ann {
		t.Errorf("what was approved before: %v", err)
	}
	f.set(func(s *finlatch.Settings) { s.QuickConnect = false })
	if f.enabled() {
		t.Error("on while ours is off")
	}
}

// A switch that nobody was told of is seen when a token is to be made, and costs nothing: with what was kept the same token
// comes in the end.
func TestRedeemingWhileUpstreamsQuickConnectIsOff(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"Ask", "Mint", "Mint done"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			f := newFront(t)
			secret := f.approved()
			f.jellyfin.on = func(at string) error {
				switch {
				case at != step:
					return nil
				case step == "Mint done": // made, and the answer lost
					f.jellyfin.turn(false)
					return errAway
				}
				f.jellyfin.off = true
				return nil
			}
			for range 2 {
				in, err := f.Redeem(f.ctx, device("tv", home), secret)
				if !finlatch.QuickConnectOff(err) || !in.Token.IsZero() {
					t.Errorf("got error %v, want that it is off", err)
				}
			}
			if f.enabled() {
				t.Error("it is still offered")
			}
			f.jellyfin.back()
			f.jellyfin.turn(true)
			if err := f.RecheckQuickConnect(f.ctx); err != nil {
				t.Fatal(err)
			}
			in, err := f.Redeem(f.ctx, device("tv", home), secret)
			if err != nil || !f.jellyfin.accepts(in.Token) || f.jellyfin.minted() != 1 {
				t.Errorf("after it is on again: %v, %d tokens", err, f.jellyfin.minted())
			}
		})
	}
}

func TestRunFollowsUpstreamsQuickConnect(t *testing.T) {
	t.Parallel()
	f := newFront(t)
	f.jellyfin.turn(false)
	f.jellyfin.fail("Users", errAway) // which is nothing to do with it
	f.run()
	f.eventually("off", func() bool { return !f.enabled() })
}
