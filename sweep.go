package finlatch

import (
	"context"
	"sync"
	"time"
)

const (
	sweepAtLeast  = time.Hour
	sweepBatch    = 1000
	refusalsEvery = refusalWindow
)

// sweeping knows when something will be due, so that an idle server leaves the disk alone.
type sweeping struct {
	mu   sync.Mutex
	dues map[time.Time]bool // whole seconds, so they are few
	wake chan struct{}
}

func (s *sweeping) init() { s.dues, s.wake = make(map[time.Time]bool), make(chan struct{}, 1) }

// due says that something expires at a time. It may be called before Run, or without it.
func (s *sweeping) due(at time.Time) {
	s.mu.Lock()
	s.dues[at.Truncate(time.Second).Add(time.Second)] = true
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default: // it is to look already
	}
}

// next is when the next sweep is due; what was due until now is forgotten.
func (s *sweeping) next(now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := now.Add(sweepAtLeast)
	for at := range s.dues {
		if !at.After(now) {
			delete(s.dues, at)
		} else if at.Before(next) {
			next = at
		}
	}
	return next
}

// sweep erases what has expired, until ctx ends. What reads look at is never the sweep: they look at the times.
func (s *Service) sweep(ctx context.Context) {
	refusals := time.NewTicker(refusalsEvery)
	defer refusals.Stop()
	timer := time.NewTimer(0) // once at the start: a process before this one may have left something
	defer timer.Stop()
	var started time.Time // of the last sweep; zero, so that what was due before Run does not put the first one off
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			s.writeRefusals(last)
			return
		case <-refusals.C:
			s.writeRefusals(ctx)
		case <-s.sweeping.wake:
			timer.Reset(s.sweeping.next(started).Sub(s.Now()))
		case <-timer.C:
			started = s.Now()
			if err := s.erase(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("what has expired is not erased", "error", err)
			}
			timer.Reset(s.sweeping.next(started).Sub(s.Now()))
		}
	}
}

// erase erases salts that no repeat may use any more, requests, PINs, failures and log entries that have expired, and API keys
// that are no longer readable. Its transactions are short, so that sign-ins get their turn.
func (s *Service) erase(ctx context.Context) error {
	now := s.Now()
	err := s.store.Update(ctx, func(tx Tx) error {
		if err := tx.ForgetQuickConnects(ctx, now.Add(-quickConnectRepeat)); err != nil {
			return err
		}
		return tx.ForgetAPIKeys(ctx, now)
	})
	if err != nil {
		return err
	}
	if err := s.eraseInBatches(ctx, func(tx Tx) (int, error) { return tx.ExpireQuickConnects(ctx, now, sweepBatch) }); err != nil {
		return err
	}
	if err := s.eraseInBatches(ctx, func(tx Tx) (int, error) { return tx.ExpirePasswordResets(ctx, now, sweepBatch) }); err != nil {
		return err
	}
	s.clearResetFiles(ctx)
	if err := s.expireFailures(ctx, now); err != nil {
		return err
	}
	return s.trimActivities(ctx, now)
}

// trimActivities keeps the activity log within its settings. Refusals have a share of their own, so that a flood of them
// pushes nothing else out.
func (s *Service) trimActivities(ctx context.Context, now time.Time) error {
	settings, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	if days := settings.ActivityDays; days > 0 {
		before := now.AddDate(0, 0, -days)
		err := s.eraseInBatches(ctx, func(tx Tx) (int, error) { return tx.ExpireActivities(ctx, before, sweepBatch) })
		if err != nil {
			return err
		}
	}
	if s.options.ActivityLimit < 0 {
		return nil
	}
	for _, refusals := range []bool{true, false} {
		err := s.eraseInBatches(ctx, func(tx Tx) (int, error) { return tx.TrimActivities(ctx, refusals, s.options.ActivityLimit, sweepBatch) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) eraseInBatches(ctx context.Context, batch func(Tx) (int, error)) error {
	for {
		var erased int
		err := s.store.Update(ctx, func(tx Tx) (err error) {
			erased, err = batch(tx)
			return err
		})
		if err != nil || erased < sweepBatch {
			return err
		}
	}
}
