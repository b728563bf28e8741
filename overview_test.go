package finlatch_test

import (
	"slices"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

func TestOverview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Move(40 * time.Minute) // the hours are those of the clock, not the last so many minutes
	ann := w.user("ann", "pw")
	w.user("off", "pw", func(p *finlatch.Policy) { p.IsDisabled = true })
	w.user("boss", "pw", func(p *finlatch.Policy) { p.IsAdministrator, p.IsDisabled = true, true })
	if _, _, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "robot"); err != nil {
		t.Fatal(err)
	}
	w.wantKind(errOf(w.Overview(w.ctx, finlatch.Caller{Address: home})), finlatch.Unauthenticated)
	w.wantKind(errOf(w.Overview(w.ctx, w.as("ann", "pw"))), finlatch.Forbidden)

	now := w.clock.Now()
	event := func(kind string, age time.Duration, count int) finlatch.Activity {
		return finlatch.Activity{Type: kind, Name: "x", UserID: ann.ID, Severity: finlatch.SeverityError, Count: count, At: now.Add(-age)}
	}
	in, out := finlatch.ActivityAuthenticationSucceeded, finlatch.ActivityAuthenticationFailed
	err := w.store.Update(w.ctx, func(tx finlatch.Tx) error {
		return tx.AddActivity(w.ctx, event(in, 39*time.Minute, 2), event(in, 41*time.Minute, 3), event(in, 23*time.Hour+39*time.Minute, 4), event(in, 23*time.Hour+41*time.Minute, 100),
			event(out, 0, 5), event(out, 40*time.Minute, 6), event(out, 40*time.Minute+time.Microsecond, 7), event(finlatch.ActivityQuickConnectRefused, 0, 100))
	})
	if err != nil {
		t.Fatal(err)
	}
	admin := w.as("admin", "admin-pw") // one sign-in more, and ann's
	var codes []finlatch.QuickConnect
	for _, age := range []int{9, 9, 4, 0, 0} {
		w.clock.Move(-time.Duration(age) * time.Minute)
		request, _ := w.initiate(device("tv", home))
		codes = append(codes, request)
		w.clock.Move(time.Duration(age) * time.Minute)
	}
	if err := w.Approve(w.ctx, admin, codes[0].Code, ann.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Deny(w.ctx, admin, codes[3].Code, codes[3].CreatedAt); err != nil {
		t.Fatal(err)
	}
	o, err := w.Overview(w.ctx, admin)
	if err != nil {
		t.Fatal(err)
	}
	if o.Users != 4 || o.Administrators != 2 || o.Disabled != 2 || o.Devices != 2 || o.Keys != 1 || o.QuickConnectsPending != 3 || !o.At.Equal(w.clock.Now()) {
		t.Errorf("got %+v", o)
	}
	wantIn, wantOut := make([]int, 24), make([]int, 24)
	wantIn[23], wantIn[22], wantIn[0] = 2+2, 3, 4
	wantOut[23], wantOut[22] = 5+6, 7
	wantPending := []int{1, 0, 0, 0, 0, 1, 0, 0, 0, 1}
	if !slices.Equal(o.SignIns, wantIn) || !slices.Equal(o.Refusals, wantOut) || !slices.Equal(o.Pending, wantPending) {
		t.Errorf("sign-ins %v, want %v\nrefusals %v, want %v\npending %v, want %v", o.SignIns, wantIn, o.Refusals, wantOut, o.Pending, wantPending)
	}
}

func errOf[T any](_ T, err error) error { return err }
