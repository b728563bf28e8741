package finlatch_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

func TestInitiateIsLimitedPerNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	site := func(i int) netip.Addr { return netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, 0, 7, byte(i), 15: 1}) }
	var first finlatch.Secret
	for i := range 30 {
		_, secret := w.initiate(device("tv", site(i)))
		if i == 0 {
			first = secret
		}
	}
	w.clock.Move(20 * time.Second)
	_, _, err := w.Initiate(w.ctx, device("tv", site(99)))
	w.wantRetry(err, 40*time.Second)
	w.initiate(device("tv", away))
	for range 200 { // whoever polls is not limited
		if _, err := w.QuickConnectRequest(w.ctx, first); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Move(40 * time.Second)
	w.initiate(device("tv", site(99)))
}

func TestWrongCodesAreLimitedPerUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	w.user("ben", "pw")
	_, key, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "robot")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]finlatch.Caller{"ann": w.as("ann", "pw"), "a key": w.caller(key, home)} {
		request, _ := w.initiate(device("tv", home))
		approve := func(code string) error { return w.Approve(w.ctx, c, code, w.admin.ID) }
		if name == "ann" {
			approve = func(code string) error { return w.Approve(w.ctx, c, code, finlatch.ID{}) }
		}
		for i := range 10 {
			w.wantKind(approve(fmt.Sprint("no code ", i)), finlatch.NotFound)
			if i == 5 {
				w.clock.Move(3 * time.Minute)
				right, _ := w.initiate(device("box", home))
				if err := approve(right.Code); err != nil { // neither counts nor ends the row
					t.Fatal(err)
				}
			}
		}
		w.wantRetry(approve("no code"), 7*time.Minute)
		w.wantRetry(approve(request.Code), 7*time.Minute)
		w.wantKind(w.Approve(w.ctx, w.as("ben", "pw"), "no code", finlatch.ID{}), finlatch.NotFound)
		w.clock.Move(7*time.Minute - time.Second)
		w.wantRetry(approve("no code"), time.Second)
		w.clock.Move(time.Second)
		w.wantKind(approve("no code"), finlatch.NotFound)
	}
	runAndStop(w)
	refused := 0
	for _, entry := range w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityQuickConnectRefused}) {
		refused += entry.Count
		if !entry.Refusal {
			t.Errorf("%+v is no refusal", entry)
		}
	}
	if refused != 24 {
		t.Errorf("%d refusals in the log, want 24", refused)
	}
}

func TestApprovalOfAnotherNetwork(t *testing.T) {
	t.Parallel()
	const anywhere, near, page = "anywhere", "near", "pages"
	settings := map[string]finlatch.QuickConnectApproval{
		near: finlatch.ApproveNear, anywhere: finlatch.ApproveAnywhere, page: finlatch.ApproveOnPages,
	}
	addr := netip.MustParseAddr
	places := []struct {
		name        string
		device, who netip.Addr
		forwarded   string
		same        bool
	}{
		{"two devices of one home", home, addr("192.168.7.99"), "", true},
		{"a home's IPv4 and IPv6", home, addr("fd00::7"), "", true},
		{"one public address", away, away, "", true},
		{"one /48", addr("2001:db8:7:1::1"), addr("2001:db8:7:2::1"), "", true},
		{"two public addresses", away, addr("203.0.113.8"), "", false},
		{"a device elsewhere", away, home, "", false},
		{"a person elsewhere", home, away, "", false},
		{"a device behind a stranger's proxy", home, home, "device", false},
		{"a person behind one", home, home, "who", false},
	}
	for setting, value := range settings {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *finlatch.Options) { o.QuickConnectApproval = value })
			ann := w.user("ann", "pw")
			_, key, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "robot")
			if err != nil {
				t.Fatal(err)
			}
			tokens := map[string]finlatch.Token{"a user": w.signIn("ann", "pw", device("a", home)).Token,
				"an administrator": w.signIn("admin", "admin-pw", device("b", home)).Token, "a key": key}
			for _, place := range places {
				for who, token := range tokens {
					asks := device("tv "+place.name+who, place.device)
					asks.Forwarded = place.forwarded == "device"
					request, secret := w.initiate(asks)
					c := w.caller(token, place.who)
					c.Forwarded = place.forwarded == "who"
					err := w.Approve(w.ctx, c, request.Code, ann.ID)
					refused := !place.same && (setting == page || setting == near && who != "a user")
					if finlatch.ApproveOnPage(err) != refused || !refused && err != nil {
						t.Errorf("%s by %s: %v, want it refused: %v", place.name, who, err, refused)
					}
					if !refused {
						continue
					}
					w.wantKind(err, finlatch.Forbidden)
					if !strings.Contains(err.Error(), "/link") {
						t.Errorf("%q does not name the page", err)
					}
					if state, err := w.QuickConnectRequest(w.ctx, secret); err != nil || state.State != finlatch.QuickConnectPending {
						t.Errorf("a refused request is %v, %v, want pending", state.State, err)
					}
				}
				w.clock.Move(10 * time.Minute)
			}
			request, _ := w.initiate(device("tv", away))
			if err := w.Approve(w.ctx, finlatch.Operator(), request.Code, ann.ID); err != nil {
				t.Errorf("by the operator: %v", err)
			}
		})
	}
}

func TestActivityLogTellsWhoApproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "pw")
	request, secret := w.initiate(device("tv", home))
	if err := w.Approve(w.ctx, w.as("admin", "admin-pw"), request.Code, ann.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Redeem(w.ctx, device("tv", home), secret); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{finlatch.ActivityQuickConnectApproved, finlatch.ActivityAuthenticationSucceeded} {
		entries := w.activities(finlatch.ActivityFilter{Type: kind, UserID: ann.ID})
		if len(entries) != 1 || entries[0].ByID != w.admin.ID || entries[0].Address != home || entries[0].Refusal {
			t.Errorf("%s: %+v, want one about ann by admin from home", kind, entries)
		}
	}
}

// The log is bounded by age, where a setting says so, and by number; a flood of refusals pushes out refusals only.
func TestActivityLogIsBounded(t *testing.T) {
	t.Parallel()
	for _, days := range []int{0, 7} {
		w := newWorld(t, func(o *finlatch.Options) { o.ActivityLimit = 30 })
		w.set(func(s *finlatch.Settings) { s.ActivityDays = days })
		entry := func(refusal bool, age time.Duration) finlatch.Activity {
			return finlatch.Activity{Type: "Test", Name: "test", Severity: finlatch.SeverityError, Refusal: refusal, Count: 1, At: w.clock.Now().Add(-age)}
		}
		var entries []finlatch.Activity
		for i := range 500 {
			entries = append(entries, entry(true, time.Duration(i)*time.Millisecond))
		}
		old, older := entry(false, 7*24*time.Hour-time.Minute), entry(false, 7*24*time.Hour+time.Minute)
		entries = append(entries, old, older)
		if err := w.store.Update(w.ctx, func(tx finlatch.Tx) error { return tx.AddActivity(w.ctx, entries...) }); err != nil {
			t.Fatal(err)
		}
		w.run()
		want := 32
		if days > 0 {
			want = 31
		}
		got := 0
		for range 500 {
			err := w.store.View(w.ctx, func(tx finlatch.Tx) (err error) {
				_, got, err = tx.Activities(w.ctx, finlatch.ActivityFilter{Type: "Test", Limit: 1})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if got == want {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if got != want {
			t.Errorf("with %d days: %d entries are left, want %d", days, got, want)
		}
		if newest := w.activities(finlatch.ActivityFilter{Type: "Test"}); !newest[0].At.Equal(w.clock.Now()) {
			t.Errorf("the newest left is of %v, want the newest of all", newest[0].At)
		}
	}
}
