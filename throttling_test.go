package finlatch_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
)

// inBubble runs f with a world in which only f moves time on; the world's own clock stands.
func inBubble(t *testing.T, f func(*world), change ...func(*finlatch.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, change...)
		f(w)
		w.store.Close()
	})
}

// nth is the nth of many networks elsewhere.
func nth(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{100, byte(n >> 16), byte(n >> 8), byte(n)})
}

// guess tries passwords that nobody tried before, from one network each where from is the zero address.
func (w *world) guess(name string, times int, from netip.Addr) (last error) {
	for n := range times {
		c := device("stranger", from)
		if !from.IsValid() {
			c.Address = nth(int(w.guesses.Add(1)))
		}
		_, last = w.SignIn(w.ctx, c, name, fmt.Sprintf("guess %d %d", n, w.guesses.Add(1)))
	}
	return last
}

// held is how long a sign-in is held, in a bubble.
func (w *world) held(c finlatch.Caller, name, password string) (time.Duration, error) {
	start := time.Now()
	_, err := w.SignIn(w.ctx, c, name, password)
	return time.Since(start), err
}

func (w *world) wantHeld(want time.Duration, kind finlatch.Kind, c finlatch.Caller, name, password string) {
	w.Helper()
	held, err := w.held(c, name, password)
	if held != want {
		w.Errorf("SignIn(%s) from %v was held for %v, want %v", name, c.Address, held, want)
	}
	if kind == finlatch.Internal && err != nil {
		w.Errorf("SignIn(%s) from %v: %v", name, c.Address, err)
	} else if kind != finlatch.Internal {
		w.wantKind(err, kind)
	}
}

func (w *world) wantRetry(err error, want time.Duration) {
	w.Helper()
	var e *finlatch.Error
	if !errors.As(err, &e) || e.Kind != finlatch.RateLimited || e.RetryAfter != want {
		w.Errorf("got %#v, want RateLimited for %v", err, want)
	}
}

const signedIn = finlatch.Internal // for wantHeld: no error

// Ten wrong passwords in a row are free, whoever sends them from wherever; then each sign-in waits first. Who exists shows in nothing.
func TestAccountIsHeldAfterTenFailures(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ann", "ANN", "nobody", "bare", "off", "foreign"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.user("ann", "pw")
				w.user("bare", "")
				w.user("off", "pw", func(p *finlatch.Policy) { p.IsDisabled = true })
				w.user("foreign", "pw", func(p *finlatch.Policy) { p.AuthenticationProviderID = "Somebody.Else" })
				for i := range 10 {
					w.wantHeld(0, finlatch.Unauthenticated, device("x", nth(i)), name, fmt.Sprint("wrong ", i))
				}
				for i, want := range []time.Duration{1, 2, 4, 8, 8} {
					w.hasher.take()
					w.wantHeld(want*time.Second, finlatch.Unauthenticated, device("x", nth(20+i)), name, fmt.Sprint("worse ", i))
					if calls := w.hasher.take(); calls != "verify" && calls != "waste" {
						t.Errorf("asked the hasher for %q, want one hash", calls)
					}
				}
			})
		})
	}
}

func TestSuccessEndsTheRow(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.user("ann", "pw")
		w.guess("ann", 9, netip.Addr{})
		w.wantHeld(0, signedIn, device("x", nth(1<<20)), "ann", "pw")
		w.guess("ann", 10, netip.Addr{})
		w.wantHeld(time.Second, signedIn, device("x", nth(1<<20+1)), "ann", "pw")
		w.wantHeld(0, finlatch.Unauthenticated, device("x", nth(1<<20+2)), "ann", "wrong")
		// nobody else's success does
		w.guess("nobody", 10, netip.Addr{})
		w.wantHeld(time.Second, finlatch.Unauthenticated, device("x", nth(1<<20+1)), "nobody", "pw")
	})
}

func TestRowIsForgottenAfterThirtyDays(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.user("ann", "pw")
		w.guess("ann", 10, netip.Addr{})
		w.clock.Move(30*24*time.Hour - time.Second)
		w.wantHeld(time.Second, finlatch.Unauthenticated, device("x", nth(1)), "ann", "wrong")
		w.clock.Move(30 * 24 * time.Hour)
		w.wantHeld(0, finlatch.Unauthenticated, device("x", nth(1)), "ann", "worse")
	})
}

// Thirty failures from one network in ten minutes, each on another name.
func TestNetworkIsHeldAfterThirtyFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		from      func(int) netip.Addr
		elsewhere netip.Addr
	}{
		{"IPv4", func(int) netip.Addr { return away }, netip.MustParseAddr("203.0.113.8")},
		{"an IPv6 /48", func(i int) netip.Addr {
			return netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, 0, 7, byte(i), byte(i), 15: byte(i)})
		}, netip.MustParseAddr("2001:db8:8::1")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				w.user("ann", "pw")
				for i := range 30 {
					w.wantHeld(0, finlatch.Unauthenticated, device("x", test.from(i)), fmt.Sprint("name", i), "wrong")
				}
				w.wantHeld(time.Second, finlatch.Unauthenticated, device("x", test.from(99)), "another", "wrong")
				w.wantHeld(2*time.Second, signedIn, device("x", test.from(100)), "ann", "pw")
				// the own success of whoever is there ends nothing for others
				w.wantHeld(2*time.Second, finlatch.Unauthenticated, device("x", test.from(101)), "other", "wrong")
				w.wantHeld(0, finlatch.Unauthenticated, device("x", test.elsewhere), "fresh", "wrong")
				w.clock.Move(10 * time.Minute)
				w.wantHeld(0, finlatch.Unauthenticated, device("x", test.from(1)), "late", "wrong")
			})
		})
	}
}

func TestWhatDoesNotCount(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.user("ann", "pw")
		for range 150 { // Roku tries the empty one first; a television has an old one
			w.wantHeld(0, finlatch.Unauthenticated, device("tv", away), "ann", "")
			w.wantHeld(0, finlatch.Unauthenticated, device("tv", away), "ann", "the old one")
			w.wantHeld(0, finlatch.Unauthenticated, device("tv", away), "nobody", "the old one")
		}
		w.guess("ann", 8, netip.Addr{})
		w.wantHeld(0, finlatch.Unauthenticated, device("tv", away), "ann", "the tenth")
		w.wantHeld(time.Second, finlatch.Unauthenticated, device("tv", away), "ann", "the eleventh")
		w.wantHeld(0, finlatch.Unauthenticated, device("tv", away), "ann", "") // nothing is hashed for it
		w.wantHeld(2*time.Second, signedIn, device("tv", away), "ann", "pw")
	})
}

func TestSlotsAreBounded(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.user("ann", "pw")
		w.guess("ann", 14, netip.Addr{})
		w.hasher.take()
		ctx, hangUp := context.WithCancel(w.ctx)
		defer hangUp()
		var passed, gone atomic.Int32
		hold := func(ctx context.Context, from netip.Addr) {
			go func() {
				switch _, err := w.SignIn(ctx, device("x", from), "ann", "wrong"); {
				case errors.Is(err, context.Canceled):
					gone.Add(1)
				case errors.Is(err, finlatch.ErrUnauthenticated):
					passed.Add(1)
				}
			}()
			synctest.Wait()
		}
		for range 4 {
			hold(ctx, away)
		}
		refused, err := w.held(device("x", away), "ann", "pw")
		w.wantRetry(err, 8*time.Second)
		if refused != 0 {
			t.Errorf("refused after %v, want at once", refused)
		}
		if calls := w.hasher.take(); calls != "" {
			t.Errorf("while sign-ins are held the hasher was asked for %q", calls)
		}
		hold(w.ctx, nth(1)) // another network has slots of its own
		hangUp()
		synctest.Wait()
		if gone.Load() != 4 {
			t.Errorf("%d of 4 ended with their client", gone.Load())
		}
		w.wantHeld(8*time.Second, signedIn, device("x", away), "ann", "pw") // theirs are free again
		synctest.Wait()
		if passed.Load() != 1 {
			t.Errorf("%d of the others were checked, want 1", passed.Load())
		}
	})
}

// When all slots are taken a network that has few of them gets one, at the cost of one that has many.
func TestSlotsAreFair(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.user("ann", "pw")
		w.guess("ann", 14, netip.Addr{})
		var wg sync.WaitGroup
		var turnedAway atomic.Int32
		for n := range 64 * 4 {
			wg.Go(func() {
				if _, err := w.SignIn(w.ctx, device("x", nth(1<<16+n/4)), "ann", "wrong"); errors.Is(err, finlatch.ErrRateLimited) {
					turnedAway.Add(1)
				}
			})
		}
		synctest.Wait()
		w.wantHeld(8*time.Second, signedIn, device("x", away), "ann", "pw")
		wg.Wait()
		if turnedAway.Load() != 1 {
			t.Errorf("%d were turned away, want 1", turnedAway.Load())
		}
	})
}

// Those who wait for a hash together must not all get one when the first of them have failed.
func TestGuessesAtOnceAreNotMore(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.user("ann", "pw")
		var wg sync.WaitGroup
		ctx, stop := context.WithCancel(w.ctx)
		for n := range 600 {
			wg.Go(func() { w.SignIn(ctx, device("x", nth(n/2)), "ann", fmt.Sprint("guess ", n)) })
		}
		synctest.Wait()
		if calls := len(w.hasher.take()) / len("verify "); calls > 12 {
			t.Errorf("%d passwords were checked at once, want 10 and what two slots add", calls)
		}
		stop()
		wg.Wait()
	}, func(o *finlatch.Options) { o.HashSlots = 2 })
}

// locked makes an account that takes no passwords from strangers.
func locked(w *world, name string) {
	w.Helper()
	w.guess(name, 100, netip.Addr{})
	w.hasher.take()
	w.wantRetry(w.guess(name, 1, netip.Addr{}), 30*24*time.Hour)
	_, err := w.SignIn(w.ctx, device("x", nth(1<<20)), name, "pw")
	w.wantRetry(err, 30*24*time.Hour)
	if calls := w.hasher.take(); calls != "" {
		w.Errorf("the hasher was asked for %q", calls)
	}
}

func TestLockedAccount(t *testing.T) {
	t.Parallel()
	at := func(from netip.Addr) finlatch.Caller { return device("phone", from) }
	elsewhere := nth(1<<20 + 1)
	for _, test := range []struct {
		name string
		way  func(w *world, ann finlatch.User) // before the right password comes from elsewhere
		in   bool
	}{
		{"stays so", func(*world, finlatch.User) {}, false},
		{"for the empty password", func(w *world, _ finlatch.User) {
			w.wantHeld(0, finlatch.Unauthenticated, at(elsewhere), "ann", "")
		}, false},
		{"somebody else's token", func(w *world, _ finlatch.User) {
			w.user("eve", "eve-pw")
			c := w.caller(w.signIn("eve", "eve-pw", at(elsewhere)).Token, elsewhere)
			_, err := w.SignIn(w.ctx, c, "ann", "pw")
			w.wantKind(err, finlatch.RateLimited)
		}, false},
		{"its own device", func(w *world, _ finlatch.User) {
			c := w.caller(w.signIn("ann", "pw", device("tv", away)).Token, elsewhere)
			w.guess("ann", 100, netip.Addr{})
			c.DeviceID = "another"
			w.wantHeld(0, signedIn, c, "ann", "pw")
		}, true},
		{"a known network", func(w *world, _ finlatch.User) {
			w.wantHeld(0, signedIn, device("tv", away), "ann", "pw")
		}, true},
		{"a known network while one is signed out", func(w *world, _ finlatch.User) {
			if err := w.SignOut(w.ctx, w.caller(w.signIn("ann", "pw", device("tv", away)).Token, away)); err != nil {
				w.Fatal(err)
			}
			w.guess("ann", 100, netip.Addr{})
			w.wantHeld(0, signedIn, at(away), "ann", "pw")
		}, true},
		{"another device at home", func(w *world, _ finlatch.User) {
			w.wantHeld(0, signedIn, at(home.Next()), "ann", "pw")
		}, true},
		{"somebody behind a forgotten proxy", func(w *world, _ finlatch.User) {
			c := at(home)
			c.Forwarded = true
			_, err := w.SignIn(w.ctx, c, "ann", "pw")
			w.wantKind(err, finlatch.RateLimited)
		}, false},
		{"an approval", func(w *world, ann finlatch.User) {
			request, secret := w.initiate(at(elsewhere))
			if err := w.Approve(w.ctx, finlatch.Operator(), request.Code, ann.ID); err != nil {
				w.Fatal(err)
			}
			if _, err := w.Redeem(w.ctx, at(elsewhere), secret); err != nil {
				w.Fatal(err)
			}
		}, true},
		{"unlocked", func(w *world, ann finlatch.User) {
			if err := w.Unlock(w.ctx, finlatch.Operator(), ann.ID); err != nil {
				w.Fatal(err)
			}
		}, true},
		{"enabled", func(w *world, ann finlatch.User) {
			if err := w.SetDisabled(w.ctx, finlatch.Operator(), ann.ID, false); err != nil {
				w.Fatal(err)
			}
		}, true},
		{"a new password", func(w *world, ann finlatch.User) {
			if err := w.SetPassword(w.ctx, finlatch.Operator(), ann.ID, "pw"); err != nil {
				w.Fatal(err)
			}
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(w *world) {
				ann := w.user("ann", "pw")
				w.signIn("ann", "pw", device("tv", away))
				w.signIn("ann", "pw", device("box", home))
				locked(w, "ann")
				locked(w, "nobody")
				test.way(w, ann)
				_, err := w.SignIn(w.ctx, at(elsewhere), "ann", "pw")
				if test.in && err != nil {
					t.Errorf("afterwards: %v", err)
				} else if !test.in {
					w.wantKind(err, finlatch.RateLimited)
				}
			})
		})
	}
}

// Whoever sits in a network that an account knows, or has a device of it, has as many guesses as a stranger, and takes
// none from others.
func TestKnownCallersHaveLimitsOfTheirOwn(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.user("ann", "pw")
		w.user("ben", "pw")
		tv := w.caller(w.signIn("ann", "pw", device("tv", away)).Token, away)
		w.signIn("ann", "pw", device("box", home))
		w.signIn("ben", "pw", device("ben", away))
		w.guess("ann", 10, away)
		w.wantHeld(time.Second, finlatch.Unauthenticated, device("x", away), "ann", "wrong")
		w.wantHeld(0, signedIn, device("x", nth(7)), "ann", "pw")
		w.guess("ann", 100, away)
		_, err := w.SignIn(w.ctx, device("x", away), "ann", "pw")
		w.wantRetry(err, 30*24*time.Hour)
		w.wantHeld(0, signedIn, device("y", home), "ann", "pw")
		w.wantHeld(0, signedIn, device("y", nth(8)), "ann", "pw")
		w.wantHeld(0, signedIn, device("y", away), "ben", "pw")
		for i := range 10 {
			w.wantHeld(0, finlatch.Unauthenticated, tv, "ann", fmt.Sprint("tv ", i))
		}
		w.wantHeld(time.Second, finlatch.Unauthenticated, tv, "ann", "tv more")
		w.wantHeld(2*time.Second, signedIn, tv, "ann", "pw") // which ends its row, and that of its network
		w.wantHeld(0, signedIn, device("y", away), "ann", "pw")
	})
}

// A stranger's flood, on the account and from everywhere, delays nobody who is known.
func TestFloodDoesNotDelayTheOwner(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.user("ann", "pw")
		tv := w.caller(w.signIn("ann", "pw", device("tv", away)).Token, away)
		ctx, stop := context.WithCancel(w.ctx)
		var flood sync.WaitGroup
		for n := range 500 {
			flood.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					w.SignIn(ctx, device("x", nth(n/3)), "ann", fmt.Sprint(n, i))
					time.Sleep(time.Second)
				}
			})
		}
		for range 20 {
			time.Sleep(1500 * time.Millisecond)
			synctest.Wait()
			w.wantHeld(0, signedIn, device("phone", away), "ann", "pw")
			elsewhere := tv
			elsewhere.Address = nth(1 << 20)
			elsewhere.DeviceID = "other"
			w.wantHeld(0, signedIn, elsewhere, "ann", "pw")
		}
		stop()
		flood.Wait()
	})
}

func TestFailuresSurviveARestart(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		ann := w.user("ann", "pw")
		restart := func() {
			runAndStop(w)
			w.store.Close()
			w.open()
		}
		if err := w.SignOut(w.ctx, w.caller(w.signIn("ann", "pw", device("tv", away)).Token, away)); err != nil {
			t.Fatal(err)
		}
		w.guess("nobody", 10, netip.Addr{})
		w.guess("ann", 99, netip.Addr{})
		for i := range 30 {
			w.SignIn(w.ctx, device("x", nth(1<<20)), fmt.Sprint("name", i), "wrong")
		}
		restart()
		w.wantHeld(time.Second, finlatch.Unauthenticated, device("x", nth(1<<20+1)), "nobody", "wrong")
		w.wantHeld(time.Second, finlatch.Unauthenticated, device("x", nth(1<<20)), "fresh", "wrong")
		w.guess("ann", 1, netip.Addr{})
		w.wantKind(w.guess("ann", 1, netip.Addr{}), finlatch.RateLimited)
		restart()
		w.wantKind(w.guess("ann", 1, netip.Addr{}), finlatch.RateLimited)
		w.wantHeld(0, signedIn, device("x", away), "ann", "pw") // its network is still known
		restart()
		w.wantHeld(0, finlatch.Unauthenticated, device("x", nth(1<<20+2)), "ann", "wrong")
		locked(w, "ann")
		restart()
		if err := w.Unlock(w.ctx, finlatch.Operator(), ann.ID); err != nil { // which needs no Run
			t.Fatal(err)
		}
		w.store.Close()
		w.open()
		w.wantHeld(0, signedIn, device("x", nth(1<<20+3)), "ann", "pw")
	})
}

func TestStoreHoldsNoNamesOfFailures(t *testing.T) {
	t.Parallel()
	inBubble(t, testStoreHoldsNoNamesOfFailures)
}

func testStoreHoldsNoNamesOfFailures(w *world) {
	t := w.T
	w.guess("my secret pass phrase", 1, away)
	runAndStop(w)
	before := w.failures()
	if len(before) != 2 {
		t.Errorf("%d counters, want one of a name and one of a network", len(before))
	}
	other := newWorld(t, func(o *finlatch.Options) { o.SealKey = []byte("another key, of 32 bytes exactly") })
	defer other.store.Close()
	other.guess("my secret pass phrase", 1, away)
	runAndStop(other)
	for _, a := range before {
		for _, b := range other.failures() {
			if cmp.Equal(a.Key, b.Key) {
				t.Error("a key does not depend on the seal key")
			}
		}
	}
	w.clock.Move(31 * 24 * time.Hour)
	ctx, stop := context.WithCancel(w.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Service.Run(ctx)
	}()
	time.Sleep(time.Minute)
	stop()
	<-ended
	if left := w.failures(); len(left) != 0 {
		t.Errorf("%d counters are left after a month", len(left))
	}
}

func (w *world) failures() (rows []finlatch.Failures) {
	w.Helper()
	err := w.store.View(w.ctx, func(tx finlatch.Tx) (err error) {
		rows, err = tx.Failures(w.ctx, 1<<20)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return rows
}

func TestFloodOfNamesIsBounded(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	inBubble(t, testFloodOfNamesIsBounded)
}

func testFloodOfNamesIsBounded(w *world) {
	t := w.T
	w.user("ann", "pw")
	w.guess("ann", 100, netip.Addr{})
	for n := range 40_000 {
		w.SignIn(w.ctx, device("x", nth(1<<18+n)), fmt.Sprint("name ", n), "wrong")
	}
	w.wantKind(w.guess("ann", 1, netip.Addr{}), finlatch.RateLimited)
	runAndStop(w)
	if rows := len(w.failures()); rows > 48<<10 || rows < 48<<10-10 {
		t.Errorf("%d counters, want the 48 Ki of names and networks that there is room for", rows)
	}
	w.store.Close()
	w.open()
	w.wantKind(w.guess("ann", 1, netip.Addr{}), finlatch.RateLimited)
}

// An account with a limit of its own has Jellyfin's lockout and nothing more.
func TestLockoutByPolicyIsAllThereIs(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		ann := w.user("ann", "pw", func(p *finlatch.Policy) { p.LoginAttemptsBeforeLockout = 150 })
		w.signIn("ann", "pw", device("tv", away))
		for i := range 149 {
			from := away
			if i%2 == 0 {
				from = nth(i)
			}
			w.wantHeld(0, finlatch.Unauthenticated, device("x", from), "ann", fmt.Sprint("wrong ", i))
		}
		w.wantHeld(0, signedIn, device("x", nth(999)), "ann", "pw")
		for range 150 {
			w.wantHeld(0, finlatch.Unauthenticated, device("x", away), "ann", "the same each time")
		}
		w.wantHeld(0, finlatch.Unauthenticated, device("x", away), "ann", "wrong")
		w.wantHeld(0, finlatch.Forbidden, device("x", away), "ann", "pw")
		user, err := w.UserByID(w.ctx, finlatch.Operator(), ann.ID)
		if err != nil || !user.Policy.IsDisabled || user.InvalidLoginAttempts != 151 {
			t.Errorf("disabled %v after %d (%v), want 151", user.Policy.IsDisabled, user.InvalidLoginAttempts, err)
		}
		if err := w.Unlock(w.ctx, finlatch.Operator(), ann.ID); err != nil {
			t.Fatal(err)
		}
		w.wantHeld(0, signedIn, device("x", away), "ann", "pw")
	})
}

func TestUnlockLeavesWhomAnAdministratorDisabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.user("ann", "pw", func(p *finlatch.Policy) { p.LoginAttemptsBeforeLockout, p.IsDisabled = 3, true })
	for i := range 5 {
		_, err := w.SignIn(w.ctx, device("x", home), "ann", fmt.Sprint("wrong ", i))
		w.wantKind(err, finlatch.Unauthenticated)
	}
	stranger := w.as("admin", "admin-pw")
	if err := w.Unlock(w.ctx, stranger, ann.ID); err != nil {
		t.Fatal(err)
	}
	_, err := w.SignIn(w.ctx, device("x", home), "ann", "pw")
	w.wantKind(err, finlatch.Forbidden)
	w.user("ben", "pw")
	w.wantKind(w.Unlock(w.ctx, w.as("ben", "pw"), ann.ID), finlatch.Forbidden)
	w.wantKind(w.Unlock(w.ctx, stranger, finlatch.ID{1}), finlatch.NotFound)
}

// That an account may not be used is said only to who knows its password.
func TestOnlyTheRightPasswordTellsThatAnAccountMayNotBeUsed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*finlatch.Policy){
		"disabled":         func(p *finlatch.Policy) { p.IsDisabled = true },
		"no remote access": func(p *finlatch.Policy) { p.EnableRemoteAccess = false },
		"schedule": func(p *finlatch.Policy) {
			p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Monday", StartHour: 0, EndHour: 24}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ann := w.user("ann", "pw", change, func(p *finlatch.Policy) { p.LoginAttemptsBeforeLockout = 3 })
			for range 5 { // none counts, as in Jellyfin
				_, err := w.SignIn(w.ctx, device("x", away), "ann", "wrong")
				w.wantKind(err, finlatch.Unauthenticated)
				_, err = w.SignInByID(w.ctx, device("x", away), ann.ID, "wrong")
				w.wantKind(err, finlatch.Unauthenticated)
			}
			_, err := w.SignIn(w.ctx, device("x", away), "ann", "")
			w.wantKind(err, finlatch.Unauthenticated)
			_, err = w.SignIn(w.ctx, device("x", away), "ann", "pw")
			w.wantKind(err, finlatch.Forbidden)
			if user, err := w.UserByID(w.ctx, finlatch.Operator(), ann.ID); err != nil || user.InvalidLoginAttempts != 0 {
				t.Errorf("counted %d (%v)", user.InvalidLoginAttempts, err)
			}
		})
	}
}

// Every way to try an account's password counts for the same.
func TestEveryWayCounts(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		ann := w.user("ann", "pw")
		for i := range 5 {
			w.SignInByID(w.ctx, device("x", nth(i)), ann.ID, fmt.Sprint("by id ", i))
		}
		w.guess("Ann", 5, netip.Addr{})
		start := time.Now()
		if _, err := w.SignInByID(w.ctx, device("x", nth(9)), ann.ID, "pw"); err != nil || time.Since(start) != time.Second {
			t.Errorf("by id: %v after %v, want success after a second", err, time.Since(start))
		}
		tv := w.caller(w.signIn("ann", "pw", device("tv", away)).Token, away)
		for i := range 10 {
			w.wantKind(w.ChangePassword(w.ctx, tv, ann.ID, finlatch.PasswordChange{Current: fmt.Sprint("no ", i), New: "x"}), finlatch.Forbidden)
		}
		w.wantHeld(time.Second, finlatch.Unauthenticated, tv, "ann", "wrong")
		start = time.Now()
		if err := w.ChangePassword(w.ctx, tv, ann.ID, finlatch.PasswordChange{Current: "pw", New: "new"}); err != nil || time.Since(start) != 2*time.Second {
			t.Errorf("a change of the password: %v after %v", err, time.Since(start))
		}
		w.wantHeld(0, signedIn, tv, "ann", "new")
	})
}

func TestThrottleOff(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		w.user("ann", "pw")
		w.guess("ann", 300, away)
		w.wantHeld(0, signedIn, device("x", away), "ann", "pw")
		for range 50 {
			w.initiate(device("x", away))
		}
		runAndStop(w)
		if rows := len(w.failures()); rows != 0 {
			t.Errorf("%d counters are in the store", rows)
		}
	}, unlimited)
}

func TestThrottledSignInsInTheActivityLog(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w *world) {
		ann := w.user("ann", "pw")
		w.guess("ann", 100, away)
		for range 50 {
			w.SignIn(w.ctx, device("x", nth(1)), "ann", "pw")
		}
		w.guess("nobody", 100, netip.Addr{})
		if err := w.Unlock(w.ctx, w.as("admin", "admin-pw"), ann.ID); err != nil {
			t.Fatal(err)
		}
		runAndStop(w)
		failed := 0
		for _, entry := range w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityAuthenticationFailed, UserID: ann.ID}) {
			failed += entry.Count
			if !entry.Refusal {
				t.Errorf("%q is no refusal", entry.Name)
			}
		}
		if failed != 150 {
			t.Errorf("%d failed sign-ins, want 150", failed)
		}
		out := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityUserLockedOut})
		if len(out) != 1 || out[0].UserID != ann.ID || out[0].Address != away || out[0].Refusal {
			t.Errorf("locked out: %+v, want one about ann", out)
		}
		unlocked := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityUserUnlocked})
		if len(unlocked) != 1 || unlocked[0].UserID != ann.ID || unlocked[0].ByID != w.admin.ID {
			t.Errorf("unlocked: %+v, want one about ann by admin", unlocked)
		}
	})
}
