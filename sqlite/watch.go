package sqlite

import (
	"context"
	"sync"

	"github.com/finlatch/finlatch"
)

// watchers are the functions that Watch was called with. All changes of the file are this process's, because it holds
// the lock, so none is ever missed but those before Watch.
type watchers struct {
	mu    sync.RWMutex
	funcs map[*func(finlatch.Change)]struct{}
}

// Watch implements finlatch.Store. It returns ctx's error when ctx ends, and finlatch.ErrUnavailable when the store is
// closed; from then on f is not called.
func (s *Store) Watch(ctx context.Context, f func(finlatch.Change)) error {
	s.watchers.add(&f)
	defer s.watchers.remove(&f)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closed:
		return errClosed
	}
}

// add makes sure that ChangeMissed comes before anything else.
func (w *watchers) add(f *func(finlatch.Change)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	(*f)(finlatch.Change{Kind: finlatch.ChangeMissed})
	if w.funcs == nil {
		w.funcs = make(map[*func(finlatch.Change)]struct{})
	}
	w.funcs[f] = struct{}{}
}

func (w *watchers) remove(f *func(finlatch.Change)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.funcs, f)
}

func (w *watchers) tell(changes []finlatch.Change) {
	if len(changes) == 0 {
		return
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	for f := range w.funcs {
		for _, change := range changes {
			(*f)(change)
		}
	}
}
