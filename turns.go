package finlatch

import (
	"context"
	"sync"
	"time"
)

// turns let those who are about the same thing do it one after the other.
type turns[K comparable] struct {
	mu sync.Mutex
	of map[K]chan struct{} // closed when the turn is over
}

// turnPatience is how long anybody waits for a turn. A turn takes as long as upstream does, and apps wait for some seconds only.
const turnPatience = 5 * time.Second

// take waits for a turn, which lasts until leave is called, or for ctx or patience to end.
func (t *turns[K]) take(ctx context.Context, key K) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, turnPatience)
	defer cancel()
	for {
		t.mu.Lock()
		taken := t.of[key]
		if taken == nil {
			break
		}
		t.mu.Unlock()
		select {
		case <-taken:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer t.mu.Unlock()
	own := make(chan struct{})
	if t.of == nil {
		t.of = make(map[K]chan struct{})
	}
	t.of[key] = own
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.of, key)
		close(own)
	}, nil
}
