package finlatch_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// hindered is a store that hinders an Update, where a test has said how.
type hindered struct {
	finlatch.Store
	once atomic.Pointer[func() error] // before the next Update
}

func (h *hindered) Update(ctx context.Context, f func(finlatch.Tx) error) error {
	if hinder := h.once.Swap(nil); hinder != nil {
		if err := (*hinder)(); err != nil {
			return err
		}
	}
	return h.Store.Update(ctx, f)
}

// What is counted of failed sign-ins counts also while it is on its way into a store that others use, too.
func TestFailuresCountWhileTheyAreWritten(t *testing.T) {
	t.Parallel()
	var store *hindered
	inBubble(t, func(w *world) {
		w.guess("admin", 10, nth(0))
		ctx, stop := context.WithCancel(w.ctx)
		ended := make(chan struct{})
		go func() { w.Service.Run(ctx); close(ended) }()
		time.Sleep(time.Second)
		writing, written := make(chan struct{}), make(chan struct{})
		hinder := func() error { close(writing); <-written; return nil }
		store.once.Store(&hinder)
		<-writing
		w.wantHeld(time.Second, finlatch.Unauthenticated, device("x", nth(1)), "admin", "wrong 11")
		close(written)
		time.Sleep(10 * time.Second)
		w.wantHeld(2*time.Second, finlatch.Unauthenticated, device("x", nth(2)), "admin", "wrong 12")
		stop()
		<-ended
	}, func(o *finlatch.Options) { store = &hindered{Store: o.Store}; o.Store, o.Shared = store, true })
}

// All that a store did not take is written when it does.
func TestFailuresAreWrittenAfterAll(t *testing.T) {
	t.Parallel()
	for _, shared := range []bool{false, true} {
		t.Run(fmt.Sprintf("shared %v", shared), func(t *testing.T) {
			t.Parallel()
			var store *hindered
			inBubble(t, func(w *world) {
				const names = 450
				for n := range names {
					w.guess(fmt.Sprint("name ", n), 1, netip.Addr{})
				}
				ctx, stop := context.WithCancel(w.ctx)
				ended := make(chan struct{})
				go func() { w.Service.Run(ctx); close(ended) }()
				time.Sleep(time.Second)
				failed := make(chan struct{})
				hinder := func() error { close(failed); return finlatch.ErrUnavailable }
				store.once.Store(&hinder)
				<-failed
				time.Sleep(10 * time.Second)
				stop()
				<-ended
				var rows []finlatch.Failures
				err := store.View(w.ctx, func(tx finlatch.Tx) (err error) { rows, err = tx.Failures(w.ctx, 3*names); return err })
				if err != nil || len(rows) != 2*names { // and their networks
					t.Errorf("got %d counters (%v), want %d", len(rows), err, 2*names)
				}
			}, func(o *finlatch.Options) {
				store = &hindered{Store: o.Store}
				o.Store, o.Shared = store, shared
			})
		})
	}
}
