package finlatch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// stopping is a process that may be killed between any two steps: of its calls of the store and upstream, the nth and all
// later ones end their goroutines by a panic.
type stopping struct {
	mu   sync.Mutex
	left int
	last string
}

var errKilled = errors.New("killed")

func (s *stopping) step(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left--; s.left < 0 {
		panic(errKilled)
	}
	s.last = name
}

// stoppingStore tells of a transaction before it begins, and after it is committed.
type stoppingStore struct {
	finlatch.Store
	*stopping
}

func (s stoppingStore) View(ctx context.Context, f func(finlatch.Tx) error) error {
	s.step("before a View")
	return s.Store.View(ctx, f)
}

func (s stoppingStore) Update(ctx context.Context, f func(finlatch.Tx) error) error {
	s.step("before an Update")
	err := s.Store.Update(ctx, func(tx finlatch.Tx) error {
		err := f(tx)
		s.step("in an Update")
		return err
	})
	s.step("after an Update")
	return err
}

// stoppingJellyfin tells before upstream is asked, and after it has answered.
type stoppingJellyfin struct {
	*jellyfin
	*stopping
}

func (s stoppingJellyfin) User(ctx context.Context, id finlatch.ID) (finlatch.User, error) {
	s.stopping.step("before User")
	defer s.stopping.step("after User")
	return s.jellyfin.User(ctx, id)
}

func (s stoppingJellyfin) Ask(ctx context.Context, c finlatch.Caller, d finlatch.ClientInfo) (finlatch.Minting, error) {
	s.stopping.step("before Ask")
	defer s.stopping.step("after Ask")
	return s.jellyfin.Ask(ctx, c, d)
}

func (s stoppingJellyfin) Mint(ctx context.Context, m finlatch.Minting, id finlatch.ID) (finlatch.Granted, error) {
	s.stopping.step("before Mint")
	defer s.stopping.step("after Mint")
	return s.jellyfin.Mint(ctx, m, id)
}

// A process is killed between every two steps of a redemption, and the next one goes on: the device gets its token, and there
// is no second one. Where upstream forgets what was begun, as at a restart of its own, there is still one that lives.
func TestKilledWhileMinting(t *testing.T) {
	t.Parallel()
	for _, kills := range []int{1, 2} {
		for _, forgets := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d times, upstream forgets: %v", kills, forgets), func(t *testing.T) {
				t.Parallel()
				f := newFront(t, unlimited)
				ann := f.as("ann", "pw")
				var steps []string
				for n := 0; ; n++ {
					last, over := killedWhileMinting(f, ann, n, kills, forgets)
					if over {
						break
					}
					steps = append(steps, last)
				}
				t.Logf("killed after: %s", strings.Join(steps, ", "))
				for _, step := range []string{"after Ask", "in an Update", "after an Update", "before Mint", "after Mint"} {
					if !strings.Contains(strings.Join(steps, ", "), step) {
						t.Errorf("never killed %s", step)
					}
				}
			})
		}
	}
}

// killedWhileMinting kills some processes one after the other after n steps each; over tells that n were not so many.
func killedWhileMinting(f *front, ann finlatch.Caller, n, kills int, forgets bool) (last string, over bool) {
	f.Helper()
	id := fmt.Sprint("tv ", n)
	request, secret := f.initiate(device(id, home))
	if err := f.Approve(f.ctx, ann, request.Code, finlatch.ID{}); err != nil {
		f.Fatal(err)
	}
	var given []finlatch.Token
	redeem := func(service *finlatch.Service) {
		defer func() {
			if killed := recover(); killed != nil && killed != errKilled {
				panic(killed)
			}
		}()
		in, err := service.Redeem(f.ctx, device(id, home), secret)
		if err != nil {
			f.Errorf("step %d: Redeem: %v", n, err)
			return
		}
		given = append(given, in.Token)
	}
	for kill := range kills {
		process := &stopping{left: 1 << 20}
		service, err := finlatch.New(f.ctx, finlatch.Options{Store: stoppingStore{f.store, process}, Clock: f.clock.Now, Location: time.UTC,
			SealKey: make([]byte, 32), Upstream: stoppingJellyfin{f.jellyfin, process}, SignInThrottleOff: true})
		if err != nil {
			f.Fatal(err)
		}
		process.left = n
		redeem(service)
		if kill == 0 {
			last, over = process.last, process.left >= 0
		}
		if forgets {
			f.jellyfin.forget()
		}
	}
	redeem(f.Service)
	if len(given) == 0 {
		f.Fatalf("killed %s: no token was given", last)
	}
	for _, token := range given {
		if token != given[0] || !f.alive(token) || !f.jellyfin.accepts(token) {
			f.Errorf("killed %s: a token that was given is lost", last)
		}
	}
	var alive int
	f.jellyfin.mu.Lock()
	for _, t := range f.jellyfin.tokens {
		if !t.ended && t.device.DeviceID == id {
			alive++
		}
	}
	f.jellyfin.mu.Unlock()
	if alive != 1 {
		f.Errorf("killed %s: %d tokens are alive, want 1", last, alive)
	}
	return last, over
}

// forget is what a Jellyfin does when it restarts. The token of what it forgets lives until the device gets another.
func (j *jellyfin) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	clear(j.mintings)
	j.replaces = true
}
