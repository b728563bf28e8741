package finlatch_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
)

// panickyHasher breaks down over one password.
type panickyHasher struct{ finlatch.Hasher }

func (h panickyHasher) Verify(encoded, password string) (bool, error) {
	if password == "panic" {
		panic("hasher")
	}
	return h.Hasher.Verify(encoded, password)
}

// Each sign-in is told once, with what came of it.
func TestSignInsAreTold(t *testing.T) {
	t.Parallel()
	var told []string
	inBubble(t, func(w *world) {
		ann := w.user("ann", "pw")
		w.user("off", "pw", func(p *finlatch.Policy) { p.IsDisabled = true })
		tv := device("tv", home)
		initiate := func() (finlatch.QuickConnect, finlatch.Secret) {
			request, secret, err := w.Initiate(w.ctx, tv)
			if err != nil {
				t.Fatal(err)
			}
			return request, secret
		}
		_, pending := initiate()
		request, approved := initiate()
		if err := w.Approve(w.ctx, finlatch.Operator(), request.Code, ann.ID); err != nil {
			t.Fatal(err)
		}
		gone, leave := context.WithCancel(w.ctx)
		leave()
		w.guess("nobody", 100, netip.Addr{})
		for _, step := range []struct {
			want string
			do   func()
		}{
			{"password success", func() { w.SignIn(w.ctx, tv, "ann", "pw") }},
			{"password success", func() { w.SignInByID(w.ctx, tv, ann.ID, "pw") }},
			{"password wrong", func() { w.SignIn(w.ctx, tv, "ann", "wrong") }},
			{"password wrong", func() { w.SignIn(w.ctx, tv, "who", "wrong") }},
			{"password wrong", func() { w.SignInByID(w.ctx, tv, finlatch.ID{7}, "pw") }},
			{"password refused", func() { w.SignIn(w.ctx, tv, "off", "pw") }},
			{"password throttled", func() { w.guess("nobody", 1, netip.Addr{}) }},
			{"password invalid", func() { w.SignIn(w.ctx, tv, " ", "pw") }},
			{"password invalid", func() { w.SignIn(w.ctx, finlatch.Caller{Address: home}, "ann", "pw") }},
			{"password abandoned", func() { w.SignIn(gone, tv, "ann", "pw") }},
			{"password failed", func() {
				defer func() { _ = recover() }()
				w.SignIn(w.ctx, tv, "ann", "panic")
			}},
			{"quick_connect wrong", func() { w.Redeem(w.ctx, tv, pending) }},
			{"quick_connect success", func() { w.Redeem(w.ctx, tv, approved) }},
			{"quick_connect refused", func() {
				w.set(func(s *finlatch.Settings) { s.QuickConnect = false })
				w.Redeem(w.ctx, tv, pending)
			}},
			{"password busy", func() {
				w.store.Close()
				w.SignIn(w.ctx, tv, "ann", "pw")
			}},
		} {
			told = nil
			step.do()
			if diff := cmp.Diff([]string{step.want}, told); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		}
	}, func(o *finlatch.Options) {
		o.Hasher = panickyHasher{o.Hasher}
		o.OnSignIn = func(method finlatch.SignInMethod, outcome finlatch.SignInOutcome) {
			told = append(told, string(method)+" "+string(outcome))
		}
	})
}
