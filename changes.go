package finlatch

import (
	"context"
	"sync"
)

// listeners are told of changes by the service, where the store tells the service.
type listeners struct {
	mu  sync.RWMutex
	all map[*func(Change)]struct{}
}

func (l *listeners) tell(c Change) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for f := range l.all {
		(*f)(c)
	}
}

// Changes calls f for every committed change while Run runs, until ctx ends, and then returns its error. The service has
// forgotten by then what it remembered, so that whoever asks anew sees the new state. As with Store.Watch, the first call
// is of kind ChangeMissed, and f is called from many goroutines and is quick; it does not use the service.
func (s *Service) Changes(ctx context.Context, f func(Change)) error {
	s.listeners.mu.Lock()
	if s.listeners.all == nil {
		s.listeners.all = make(map[*func(Change)]struct{})
	}
	s.listeners.all[&f] = struct{}{}
	s.listeners.mu.Unlock()
	defer func() {
		s.listeners.mu.Lock()
		defer s.listeners.mu.Unlock()
		delete(s.listeners.all, &f)
	}()
	f(Change{Kind: ChangeMissed})
	<-ctx.Done()
	return ctx.Err()
}
