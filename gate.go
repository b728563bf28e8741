package finlatch

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/finlatch/finlatch/internal/throttle"
)

// gateOptions sets up a gate. What is 0 or less takes its default.
type gateOptions struct {
	Slots    int           // functions that run at once; default runtime.GOMAXPROCS(0)
	Queue    int           // callers that wait at most; default 1,024
	Patience time.Duration // how long one waits at most; default 8 s, because Kodi gives up at 10
}

// gate lets few functions run at once, because each takes a core and much memory for a while: it is what password
// hashing runs behind. The callers it makes wait are served fairly by client network, see throttle.Queue. It starts
// no goroutine and needs no closing.
type gate struct {
	slots    int
	patience time.Duration

	mu         sync.Mutex
	queue      *throttle.Queue[chan bool] // of turns, see enter; empty while a slot is free
	running    int
	turnedAway uint64
}

// gateStats are a gate's numbers for the metrics.
type gateStats struct {
	waiting, running int    // callers right now
	turnedAway       uint64 // callers refused as Unavailable since the start
}

func newGate(o gateOptions) *gate {
	if o.Slots <= 0 {
		o.Slots = runtime.GOMAXPROCS(0)
	}
	if o.Queue <= 0 {
		o.Queue = 1024
	}
	if o.Patience <= 0 {
		o.Patience = 8 * time.Second
	}
	return &gate{slots: o.Slots, patience: o.Patience, queue: throttle.NewQueue[chan bool](o.Queue)}
}

// do runs f on the caller's goroutine when it is its turn, and returns when f has. addr is the client's; known says
// that the account in question signed in from there before.
//
// Without having run f it returns an Error of kind Unavailable to a caller who was not served in time or had to make
// room, and ctx's own error to one whose ctx ended before its turn. Once f runs, ctx is no concern of the gate: f
// keeps its slot until it ends, by a panic too.
func (g *gate) do(ctx context.Context, addr netip.Addr, known bool, f func()) error {
	if err := g.enter(ctx, addr, known); err != nil {
		return err
	}
	defer g.leave()
	f()
	return nil
}

// enter takes a slot, for which it may wait.
func (g *gate) enter(ctx context.Context, addr netip.Addr, known bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	if g.running < g.slots {
		g.running++
		g.mu.Unlock()
		return nil
	}
	// Whoever takes the entry out of the queue decides its turn, once and under mu: true hands over a slot, false
	// turns away. Thanks to the buffer nobody waits for the one who waits.
	turn := make(chan bool, 1)
	entry, evicted := g.queue.Push(addr, known, turn)
	if evicted != nil {
		g.turnedAway++
		evicted.Value <- false
	}
	g.mu.Unlock()

	patience := time.NewTimer(g.patience)
	defer patience.Stop()
	var gone error
	select {
	case served := <-turn:
		return g.settle(ctx, served)
	case <-ctx.Done():
		gone = ctx.Err()
	case <-patience.C:
		gone = tooManySignIns("no turn in time")
	}
	g.mu.Lock()
	left := g.queue.Remove(entry)
	if left && KindOf(gone) == Unavailable {
		g.turnedAway++
	}
	g.mu.Unlock()
	if left {
		return gone
	}
	return g.settle(ctx, <-turn) // it was decided at the same moment
}

// settle ends a wait with what was decided. A slot that came too late for its caller goes on to the next one.
func (g *gate) settle(ctx context.Context, served bool) error {
	if !served {
		return tooManySignIns("had to make room")
	}
	if err := ctx.Err(); err != nil {
		g.leave()
		return err
	}
	return nil
}

// leave hands the slot to whose turn it is, or frees it.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if turn, ok := g.queue.Pop(); ok {
		turn <- true
	} else {
		g.running--
	}
}

func (g *gate) stats() gateStats {
	g.mu.Lock()
	defer g.mu.Unlock()
	return gateStats{waiting: g.queue.Len(), running: g.running, turnedAway: g.turnedAway}
}

// tooManySignIns is the refusal; why is for the log.
func tooManySignIns(why string) error {
	return &Error{Kind: Unavailable, Msg: "too many sign-ins at once", Err: errors.New(why), RetryAfter: 5 * time.Second}
}
