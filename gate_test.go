package finlatch // white box: the gate is not exported, and through a sign-in its slots cannot be held

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var home, elsewhere = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")

// busy fills the slots of g until the function it returns is called. Only in a synctest bubble.
func busy(g *gate) (end func()) {
	held := make(chan struct{})
	for range g.slots {
		go g.do(context.Background(), home, false, func() { <-held })
	}
	synctest.Wait()
	return func() { close(held); synctest.Wait() }
}

func wantStats(t *testing.T, g *gate, want gateStats) {
	t.Helper()
	if got := g.stats(); got != want {
		t.Errorf("stats are %+v, want %+v", got, want)
	}
}

func wantTurnedAway(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Kind != Unavailable || e.Msg != "too many sign-ins at once" || e.RetryAfter != 5*time.Second {
		t.Errorf("got error %#v, want Unavailable with RetryAfter 5s", err)
	}
}

func TestGateDefaults(t *testing.T) {
	t.Parallel()
	for _, o := range []gateOptions{{}, {Slots: -1, Queue: -1, Patience: -1}} {
		g := newGate(o)
		if want := runtime.GOMAXPROCS(0); g.slots != want {
			t.Errorf("%+v: %d slots, want %d", o, g.slots, want)
		}
		if g.patience != 8*time.Second {
			t.Errorf("%+v: patience %v, want 8s", o, g.patience)
		}
		ran := false
		if err := g.do(t.Context(), netip.Addr{}, false, func() { ran = true }); err != nil || !ran {
			t.Errorf("%+v: do = %v, ran: %v; want nil, true", o, err, ran)
		}
		wantStats(t, g, gateStats{})
	}
}

func TestGatePatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(gateOptions{Slots: 2})
		end := busy(g)
		start := time.Now()
		err := g.do(t.Context(), elsewhere, true, func() { t.Error("it ran") })
		wantTurnedAway(t, err)
		if got := time.Since(start); got != 8*time.Second {
			t.Errorf("turned away after %v, want 8s", got)
		}
		wantStats(t, g, gateStats{running: 2, turnedAway: 1})
		end()
		wantStats(t, g, gateStats{turnedAway: 1})
	})
}

func TestGateServesWithinPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(gateOptions{Slots: 1, Patience: 3 * time.Second})
		var served, refused atomic.Int64
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if g.do(t.Context(), home, false, func() { served.Add(1); time.Sleep(700 * time.Millisecond) }) != nil {
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		if served.Load() != 5 || refused.Load() != 5 {
			t.Errorf("%d served and %d refused, want 5 and 5", served.Load(), refused.Load())
		}
		wantStats(t, g, gateStats{turnedAway: 5})
	})
}

func TestGateContext(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		ctx  func(context.Context) (context.Context, context.CancelFunc)
		want error
		wait time.Duration
	}{
		{"ended before", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			cancel()
			return ctx, cancel
		}, context.Canceled, 0},
		{"cancelled while waiting", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, context.Canceled, time.Second},
		{"deadline while waiting", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 2*time.Second)
		}, context.DeadlineExceeded, 2 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGate(gateOptions{Slots: 1})
				end := busy(g)
				ctx, cancel := tt.ctx(t.Context())
				defer cancel()
				start := time.Now()
				err := g.do(ctx, elsewhere, false, func() { t.Error("it ran") })
				if !errors.Is(err, tt.want) || time.Since(start) != tt.wait {
					t.Errorf("do = %v after %v, want %v after %v", err, time.Since(start), tt.want, tt.wait)
				}
				wantStats(t, g, gateStats{running: 1}) // at once, though the slot is still taken
				end()
				wantStats(t, g, gateStats{})
			})
		})
	}
}

func TestGateKeepsSlotOfCancelledRunner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(gateOptions{Slots: 1})
		ctx, cancel := context.WithCancel(t.Context())
		err := g.do(ctx, home, false, func() {
			cancel()
			time.Sleep(time.Minute)
			wantStats(t, g, gateStats{running: 1})
		})
		if err != nil {
			t.Errorf("do = %v, want nil, because it ran", err)
		}
		wantStats(t, g, gateStats{})
	})
}

func TestGateSlotComesTooLate(t *testing.T) {
	t.Parallel()
	g := newGate(gateOptions{Slots: 1})
	ctx, cancel := context.WithCancel(t.Context())
	// As enter leaves it when slot and cancellation come at once.
	g.running = 1
	cancel()
	if err := g.settle(ctx, true); !errors.Is(err, context.Canceled) {
		t.Errorf("settle = %v, want %v", err, context.Canceled)
	}
	wantStats(t, g, gateStats{})
}

func TestGateOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(gateOptions{Slots: 1, Queue: 6})
		end := busy(g)
		var served []string
		come := func(name string, addr netip.Addr, known bool) {
			go func() {
				if err := g.do(t.Context(), addr, known, func() { served = append(served, name) }); err != nil {
					wantTurnedAway(t, err)
				}
			}()
			synctest.Wait()
		}
		for i := range 10 {
			come(fmt.Sprint("flood", i), home, false)
		}
		wantStats(t, g, gateStats{waiting: 6, running: 1, turnedAway: 4})
		come("person", elsewhere, false)
		come("known", elsewhere, true)
		wantStats(t, g, gateStats{waiting: 6, running: 1, turnedAway: 6})
		end()
		if want := []string{"known", "flood0", "person", "flood1", "flood2", "flood3"}; !slices.Equal(served, want) {
			t.Errorf("served %v, want %v", served, want)
		}
		wantStats(t, g, gateStats{turnedAway: 6})
	})
}

func TestGateReleasesSlot(t *testing.T) {
	t.Parallel()
	g := newGate(gateOptions{Slots: 1})
	for name, f := range map[string]func(){"panic": func() { panic("f") }, "Goexit": runtime.Goexit} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { recover() }()
			g.do(context.Background(), home, false, f)
		}()
		<-done
		if got := g.stats(); got.running != 0 {
			t.Errorf("after %s %d run, want 0", name, got.running)
		}
	}
	if err := g.do(t.Context(), home, false, func() {}); err != nil {
		t.Errorf("do = %v after a panic, want nil", err)
	}
}

// Many callers from many networks, some of whom leave: never more run than there are slots, each is answered, and
// nothing is left behind.
func TestGateUnderLoad(t *testing.T) {
	t.Parallel()
	g := newGate(gateOptions{Slots: 3, Queue: 20, Patience: 5 * time.Millisecond})
	var running, served, refused, cancelled atomic.Int64
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			for range 40 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(10_000))*time.Microsecond)
				ran := false
				err := g.do(ctx, netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 7)}), i%5 == 0, func() {
					ran = true
					if n := running.Add(1); n > 3 {
						t.Errorf("%d run at once, want at most 3", n)
					}
					time.Sleep(time.Duration(rand.IntN(500)) * time.Microsecond)
					running.Add(-1)
				})
				cancel()
				switch {
				case err == nil && ran:
					served.Add(1)
				case KindOf(err) == Unavailable && !ran:
					refused.Add(1)
				case errors.Is(err, context.DeadlineExceeded) && !ran:
					cancelled.Add(1)
				default:
					t.Errorf("do = %v, ran: %v", err, ran)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("served %d, refused %d, cancelled %d", served.Load(), refused.Load(), cancelled.Load())
	wantStats(t, g, gateStats{turnedAway: uint64(refused.Load())})
}
