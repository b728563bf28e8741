package main_test

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	maxHashTimes   = 6                // of a sign-in from elsewhere during a flood
	maxFloodMemory = 320 << 20        // bytes; each of two hashes takes 19 MiB, and the collector lags behind
	maxWait        = 12 * time.Second // 8 for a turn, the rest for a busy machine
)

// testFlooded sends floods of wrong sign-ins at a server with real hashing. The addresses are those that a trusted proxy
// gives. Times are compared with what a sign-in takes on the idle server right before; the best of five trials counts,
// since other programs use the machine, too.
func testFlooded(t *testing.T, binary string) {
	p := newProcess(t, binary, filepath.Join(t.TempDir(), "data"), "--trusted-proxies", "127.0.0.0/8", "--log-level", "warn")
	p.start()
	f := &flooded{process: p}
	t.Run("from one network", func(t *testing.T) {
		f.test(t, flood{size: 200, atOnce: 200, from: func(int) string { return "198.51.100.7" }})
	})
	t.Run("from 4096 networks of one", func(t *testing.T) {
		// Most of them hang up before their turn and come back from the next /64, so that each /64 asks once.
		f.test(t, flood{size: 4096, atOnce: 300, from: func(i int) string {
			return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0, 7, byte(i >> 4), byte(i << 4), 15: 1}).String()
		}})
	})
	t.Run("from 200 networks", func(t *testing.T) {
		// Nobody new gets far here, but who signed in from a network before goes first.
		f.test(t, flood{size: 200, atOnce: 200, from: func(i int) string { return fmt.Sprintf("198.51.%d.7", i) }, known: true})
	})
	t.Run("from where somebody signed in before", func(t *testing.T) {
		f.person(t, "198.51.100.9")
		f.test(t, flood{size: 200, atOnce: 200, from: func(int) string { return "198.51.100.9" }})
	})
	f.checkMemory(maxFloodMemory)
	t.Run("of more than may wait", func(t *testing.T) {
		hash := f.hashTime(t)
		f.trial(t, flood{size: 1200, atOnce: 1200, from: func(int) string { return "198.51.100.8" }})
		if f.turnedAway.Load() < 100 {
			t.Errorf("%d of 1200 were turned away", f.turnedAway.Load())
		}
		f.checkTime(t, hash)
	})
	f.checkMemory(maxFloodMemory * 3 / 2)
	p.stop()
	p.checkLog()
}

type flooded struct {
	*process
	people     int // so far, each in a network of their own
	turnedAway atomic.Int64
}

// flood is sign-ins with wrong passwords.
type flood struct {
	size, atOnce int
	from         func(int) string // the address of each
	known        bool             // the others have signed in before from where they are
}

// test makes floods until people elsewhere sign in fast enough meanwhile.
func (f *flooded) test(t *testing.T, flood flood) {
	if testing.Short() && flood.size > 200 {
		t.Skip("takes too long")
	}
	const trials = 5
	for trial := 1; ; trial++ {
		hash := f.hashTime(t)
		ratio := float64(f.trial(t, flood)) / float64(hash)
		t.Logf("a sign-in takes %v, and %.1f times that in the flood", hash, ratio)
		switch {
		case t.Failed():
			return
		case ratio <= maxHashTimes:
			f.checkTime(t, hash)
			return
		case trial == trials:
			t.Errorf("a sign-in takes %.1f times as long in the flood, want at most %d", ratio, maxHashTimes)
			return
		}
	}
}

// hashTime is how long a sign-in takes on the idle server. Next to the hash in it the rest is little.
func (f *flooded) hashTime(t *testing.T) time.Duration {
	t.Helper()
	var times []time.Duration
	for range 9 {
		times = append(times, f.person(t, "192.0.2.1"))
	}
	return median(times)
}

// checkTime tells whether the server is as fast as before a flood.
func (f *flooded) checkTime(t *testing.T, before time.Duration) {
	t.Helper()
	var ratio float64
	for range 3 {
		if ratio = float64(f.hashTime(t)) / float64(before); ratio <= 2 {
			return
		}
	}
	t.Errorf("a sign-in takes %.1f times as long after the flood as before", ratio)
}

func (f *flooded) checkMemory(most int64) {
	f.Helper()
	memory := f.mostMemory()
	f.Logf("the server has needed %d MiB", memory>>20)
	if memory > most {
		f.Errorf("the server has needed %d MiB, want at most %d", memory>>20, most>>20)
	}
}

// person signs in.
func (f *flooded) person(t *testing.T, from string) time.Duration {
	t.Helper()
	a, err := f.signIn(t.Context(), from, "anna", rightPassword, "device at "+from)
	if err != nil || a.status != 200 {
		t.Fatalf("a right sign-in from %s: %d %s %v", from, a.status, brief(a.body), err)
	}
	return a.took
}

// trial lets people sign in during a flood, one after the other, each from a network in which nobody was. It gives the
// median of their times.
func (f *flooded) trial(t *testing.T, flood flood) time.Duration {
	people := make([]string, 5)
	for i := range people {
		people[i] = fmt.Sprintf("203.0.113.%d", f.people)
		f.people++
		if flood.known {
			f.person(t, people[i])
		}
	}
	var strangers sync.WaitGroup
	defer strangers.Wait()
	var sent, answered atomic.Int64
	for i := range flood.atOnce {
		strangers.Go(func() {
			for n := int(sent.Add(1)); n <= flood.size; n = int(sent.Add(1)) {
				// Where others are to come after them, two in three do not wait for their turn.
				ctx, hangUp := t.Context(), func() {}
				if flood.size > flood.atOnce && i%3 != 0 {
					ctx, hangUp = context.WithTimeout(ctx, 300*time.Millisecond)
				}
				a, err := f.signIn(ctx, flood.from(n-1), []string{"anna", "nobody"}[n%2], "wrong", "d")
				if ctx.Err() == nil {
					answered.Add(1)
					f.checkRefusal(t, a, err)
				}
				hangUp()
			}
		})
	}
	for until := time.Now().Add(maxWait); answered.Load() < 4 && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
	}
	var times []time.Duration
	for _, from := range people {
		times = append(times, f.person(t, from))
	}
	if int(answered.Load()) == flood.size {
		t.Error("the flood was over too soon")
	}
	return median(times)
}

// checkRefusal looks at the answer to a wrong sign-in.
func (f *flooded) checkRefusal(t *testing.T, a answer, err error) {
	switch {
	case err != nil:
		t.Errorf("a wrong sign-in: %v", err)
	case a.status == 503 && a.retryAfter != "":
		f.turnedAway.Add(1)
	case a.status != 401:
		t.Errorf("a wrong sign-in: %d %s, Retry-After %q", a.status, brief(a.body), a.retryAfter)
	}
	if a.took > maxWait {
		t.Errorf("a wrong sign-in is answered after %v", a.took)
	}
}
