package finlatch

import (
	"context"
	"errors"
	"time"
)

const (
	// memoryLife is how long what was known when the store was last reached answers while it is away.
	memoryLife = 5 * time.Minute
	// glance is how long a store is waited for where memory can answer, and settling how long one whose changes are not told any
	// more may go on answering before it counts as reached: as it goes away, what is on its way still arrives.
	glance   = time.Second
	settling = time.Second

	pollPatience = 10 * time.Second // of a device that asks for a request that memory does not know
	pollPause    = 250 * time.Millisecond
)

// attentive is a store that says when it was reached although it does not tell of changes. What is remembered is of no use
// then: it may have changed.
type attentive struct {
	Store
	s *Service
}

func (a attentive) View(ctx context.Context, f func(Tx) error) error {
	err := a.Store.View(ctx, f)
	if a.s.memory.away.Load() && !isAway(ctx, err) {
		a.s.memory.reached(a.s.Now().Add(-settling))
	}
	return err
}

func (a attentive) Update(ctx context.Context, f func(Tx) error) error {
	err := a.Store.Update(ctx, f)
	if a.s.memory.away.Load() && !isAway(ctx, err) {
		a.s.memory.reached(a.s.Now())
	}
	return err
}

// isAway tells whether an error says that the store could not be reached, or not soon enough.
func isAway(ctx context.Context, err error) bool {
	return errors.Is(err, ErrUnavailable) || err != nil && ctx.Err() != nil
}

// reached forgets what was remembered when the store was lost, if that was before a time.
func (m *memory) reached(before time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away.Load() && !m.lost.After(before) {
		m.away.Store(false)
		m.clear()
	}
}

// old tells whether what was known when the store was lost may answer now. Only then is it there, while the store does not
// tell of changes.
func (m *memory) old(now time.Time) bool {
	if !m.away.Load() {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.away.Load() && now.Sub(m.lost) < memoryLife
}

// orOld looks into the store, or, while that is away, answers with what was known when it was lost.
func orOld[T any](ctx context.Context, s *Service, known func() (*T, bool), look func(context.Context) (*T, error)) (*T, error) {
	old, found := known()
	if !found || !s.memory.old(s.Now()) {
		return look(ctx)
	}
	short, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	value, err := look(short)
	if err == nil || !isAway(short, err) || ctx.Err() != nil {
		return value, err
	}
	return old, nil // also where the store was reached since by somebody else: a moment ago this was all that was known
}

// patiently asks again while the store is away, for a device that gives up at the first failure.
func patiently[T any](ctx context.Context, ask func() (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, pollPatience)
	defer cancel()
	for {
		value, err := ask()
		if !errors.Is(err, ErrUnavailable) {
			return value, err
		}
		select {
		case <-ctx.Done():
			return value, err
		case <-time.After(pollPause):
		}
	}
}
