package finlatch

import (
	"context"
	"sync"
	"time"
)

// Bounds of looking at the store for Health.
const (
	healthTimeout = 2 * time.Second
	healthEvery   = time.Second
)

type health struct {
	mu  sync.Mutex
	at  time.Time // when the store was last looked at
	err error
}

// Health tells whether the store serves: nil, or what is wrong. It is looked at once a second at most, however many ask.
func (s *Service) Health(ctx context.Context) error {
	h := &s.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := s.Now(); h.at.IsZero() || now.Sub(h.at) >= healthEvery {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthTimeout)
		defer cancel()
		h.err = s.store.View(ctx, func(tx Tx) error {
			_, err := tx.Settings(ctx)
			return err
		})
		h.at = now
	}
	return h.err
}
