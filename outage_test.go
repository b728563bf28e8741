package finlatch_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// distant is a store that goes away, or stops telling of changes, when a test says so.
type distant struct {
	finlatch.Store
	away   chan struct{} // holds an element while it is away
	silent chan struct{} // the same, while it does not tell of changes
}

func newDistant(store finlatch.Store) *distant {
	return &distant{store, make(chan struct{}, 1), make(chan struct{}, 1)}
}

func (d *distant) reach() error {
	if len(d.away) > 0 {
		return &finlatch.Error{Kind: finlatch.Unavailable, RetryAfter: time.Second}
	}
	return nil
}

func (d *distant) View(ctx context.Context, f func(finlatch.Tx) error) error {
	if err := d.reach(); err != nil {
		return err
	}
	return d.Store.View(ctx, f)
}

func (d *distant) Update(ctx context.Context, f func(finlatch.Tx) error) error {
	if err := d.reach(); err != nil {
		return err
	}
	return d.Store.Update(ctx, f)
}

func (d *distant) Watch(ctx context.Context, f func(finlatch.Change)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watching := make(chan error, 1)
	if len(d.silent) > 0 {
		return finlatch.ErrUnavailable
	}
	go func() { watching <- d.Store.Watch(ctx, f) }()
	for {
		select {
		case err := <-watching:
			return err
		case <-time.After(time.Millisecond):
			if len(d.silent) > 0 {
				stop()
				<-watching
				return finlatch.ErrUnavailable
			}
		}
	}
}

// lose lets a store be away, and waits until the service knows that it is not told of changes any more. What is written at that
// moment may make memory old, rightly; then it is tried again, so that memory answers what is known.
func (d *distant) lose(w *world, token finlatch.Token, known ...func() error) {
	w.Helper()
	known = append(known, func() error { return w.old(token) })
	for range 10 {
		for _, ask := range known {
			if err := ask(); err != nil {
				w.Fatal(err)
			}
		}
		w.warmed(token)
		d.silent <- struct{}{}
		d.away <- struct{}{}
		w.eventually("memory answers no more", func() bool {
			return second(w.Authenticate(w.ctx, finlatch.Caller{Address: home}, token)) != nil
		})
		if !slices.ContainsFunc(known, func(ask func() error) bool { return ask() != nil }) {
			return
		}
		<-d.away
		<-d.silent
	}
	w.Fatal("while the store is away memory answers nothing")
}

func distantWorld(t *testing.T) (*world, *distant) {
	t.Helper()
	var store *distant
	w := newWorld(t, func(o *finlatch.Options) { store = newDistant(o.Store); o.Store = store })
	w.run()
	w.user("ben", "pw")
	w.warm("ben", "pw", "probe")
	return w, store
}

func (w *world) old(token finlatch.Token) error {
	_, err := w.Authenticate(w.ctx, finlatch.Caller{Address: home, Old: true}, token)
	return err
}

func TestMemoryAnswersWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	w, store := distantWorld(t)
	unseen := w.signIn("ben", "pw", device("phone", home))
	in := w.warm("admin", "admin-pw", "tv")
	_, secret := w.code("tablet")
	store.lose(w, in.Token,
		func() error { return second(w.QuickConnectRequest(w.ctx, secret)) },
		func() error { return second(w.Settings(w.ctx)) })
	w.wantKind(second(w.Authenticate(w.ctx, finlatch.Caller{Address: home}, in.Token)), finlatch.Unavailable)
	w.wantKind(w.old(unseen.Token), finlatch.Unavailable)
	w.wantKind(second(w.SignIn(w.ctx, device("radio", home), "admin", "admin-pw")), finlatch.Unavailable)
	for _, after := range []time.Duration{0, 4 * time.Minute, 59 * time.Second} {
		w.clock.Move(after)
		if err := w.old(in.Token); err != nil {
			t.Errorf("who is known: %v", err)
		}
		if _, err := w.QuickConnectRequest(w.ctx, secret); err != nil {
			t.Errorf("a request that is known: %v", err)
		}
		if _, err := w.Settings(w.ctx); err != nil {
			t.Errorf("the settings: %v", err)
		}
	}
	w.clock.Move(time.Second)
	w.wantKind(w.old(in.Token), finlatch.Unavailable)
	w.wantKind(second(w.Settings(w.ctx)), finlatch.Unavailable)

	<-store.away
	if err := w.old(in.Token); err != nil {
		t.Errorf("when the store is back: %v", err)
	}
	<-store.silent
	w.warm("admin", "admin-pw", "tv") // all goes on as before
}

// What changes while the store does not tell of changes is not answered from what was known before.
func TestMemoryIsOldOnceTheStoreWasReached(t *testing.T) {
	t.Parallel()
	for name, reach := range map[string]func(*world) error{
		"a change": func(w *world) error {
			return w.SetPassword(w.ctx, finlatch.Operator(), w.admin.ID, "new")
		},
		"a look": func(w *world) error {
			w.clock.Move(time.Second)
			_, err := w.UserByID(w.ctx, finlatch.Operator(), w.admin.ID)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, store := distantWorld(t)
			in := w.warm("admin", "admin-pw", "tv")
			store.lose(w, in.Token)
			<-store.away // back, without a word of changes
			if err := reach(w); err != nil {
				t.Fatal(err)
			}
			store.away <- struct{}{}
			w.wantKind(w.old(in.Token), finlatch.Unavailable)
		})
	}
}

// A device that asks for a request that nobody remembers waits for the store.
func TestPollWaitsForTheStore(t *testing.T) {
	t.Parallel()
	w, store := distantWorld(t)
	_, secret := w.code("tablet")
	if _, err := w.Settings(w.ctx); err != nil {
		t.Fatal(err)
	}
	store.away <- struct{}{}
	polled := make(chan error, 1)
	go func() {
		_, err := w.QuickConnectRequest(w.ctx, secret)
		polled <- err
	}()
	select {
	case err := <-polled:
		t.Errorf("it does not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	<-store.away
	if err := <-polled; err != nil {
		t.Error(err)
	}
	store.away <- struct{}{}
	ctx, cancel := context.WithTimeout(w.ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := w.QuickConnectRequest(ctx, finlatch.SecretFrom("unseen")); !errors.Is(err, finlatch.ErrUnavailable) {
		t.Errorf("who does not wait any longer: %v", err)
	}
}

// heard is a store that says once that nothing was missed.
type heard struct{ finlatch.Store }

func (h heard) Watch(ctx context.Context, f func(finlatch.Change)) error {
	once := sync.OnceFunc(func() { f(finlatch.Change{Kind: finlatch.ChangeNone}) })
	return h.Store.Watch(ctx, func(change finlatch.Change) {
		f(change)
		once()
	})
}

// Where a store has said that nothing was missed, it has to say so again and again: memory does not answer else.
func TestMemoryWantsToHear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *finlatch.Options) { o.Store = heard{o.Store} })
	w.run()
	in := w.signIn("admin", "admin-pw", device("tv", home))
	hits := func() uint64 {
		before := w.CacheHits()
		w.caller(in.Token, home)
		w.caller(in.Token, home)
		return w.CacheHits() - before
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if w.CacheHits() > 0 && hits() == 0 {
			return
		}
		w.caller(in.Token, home)
	}
	t.Errorf("after %d hits memory goes on answering", w.CacheHits())
}

func second[T any](_ T, err error) error { return err }
