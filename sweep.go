package finlatch

import (
	"context"
	"time"
)

const (
	activityLife  = 30 * 24 * time.Hour // Jellyfin's ActivityLogRetentionDays
	sweepAtLeast  = time.Hour
	sweepBatch    = 1000
	refusalsEvery = refusalWindow
)

// sweeping knows when something will be due, so that an idle server leaves the disk alone.
type sweeping struct{ wake chan time.Time }

func (s *sweeping) init() { s.wake = make(chan time.Time, 64) }

// due says that something expires at a time. It may be called before Run, or without it.
func (s *sweeping) due(at time.Time) {
	select {
	case s.wake <- at:
	default: // the sweep is busy and will look anyway
	}
}

// sweep erases what has expired, until ctx ends. What reads look at is never the sweep: they look at the times.
func (s *Service) sweep(ctx context.Context) {
	refusals := time.NewTicker(refusalsEvery)
	defer refusals.Stop()
	next := s.Now() // once at the start: a process before this one may have left something
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			s.addActivity(last, s.refusals.take()...)
			return
		case <-refusals.C:
			s.addActivity(ctx, s.refusals.take()...)
		case at := <-s.sweeping.wake:
			if at.Before(next) {
				next = at
				timer.Reset(max(next.Sub(s.Now()), 0) + 100*time.Millisecond)
			}
		case <-timer.C:
			if err := s.erase(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("what has expired is not erased", "error", err)
			}
			next = s.Now().Add(sweepAtLeast)
			timer.Reset(sweepAtLeast)
		}
	}
}

// erase erases salts that no repeat may use any more, requests and log entries that have expired, and API keys that
// are no longer readable. Its transactions are short, so that sign-ins get their turn.
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
	return s.eraseInBatches(ctx, func(tx Tx) (int, error) { return tx.ExpireActivities(ctx, now.Add(-activityLife), sweepBatch) })
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
