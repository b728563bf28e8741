package finlatch

import (
	"context"
	"errors"
	"sync"
	"time"
)

// longest bounds what goes on when whoever has asked for it is gone.
const longest = 30 * time.Second

// flights let those who want the same at the same time wait for one answer.
type flights[K comparable, V any] struct {
	mu sync.Mutex
	of map[K]*flight[V]
}

type flight[V any] struct {
	landed chan struct{}
	value  V
	err    error
}

// do runs fly for the first who comes, who stays until it is done: its ctx is the caller's but does not end with it. Others
// wait for the answer, or until their ctx ends.
func (f *flights[K, V]) do(ctx context.Context, key K, fly func(context.Context) (V, error)) (V, error) {
	f.mu.Lock()
	if other := f.of[key]; other != nil {
		f.mu.Unlock()
		select {
		case <-other.landed:
			return other.value, other.err
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}
	own := &flight[V]{landed: make(chan struct{}), err: errors.New("it was not finished")}
	if f.of == nil {
		f.of = make(map[K]*flight[V])
	}
	f.of[key] = own
	f.mu.Unlock()
	defer func() { // after a panic, too
		f.mu.Lock()
		delete(f.of, key)
		f.mu.Unlock()
		close(own.landed)
	}()
	ctx, cancel := detached(ctx)
	defer cancel()
	own.value, own.err = fly(ctx)
	return own.value, own.err
}

// detached is a ctx for what is not to be left half done.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), longest)
}
