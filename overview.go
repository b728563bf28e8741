package finlatch

import (
	"context"
	"time"
)

// What an Overview covers.
const (
	overviewHours = 24
	pendingSpans  = int(quickConnectLife / time.Minute)
)

// Overview is how the server is doing, as its administrators see it.
type Overview struct {
	Stats
	Users, Administrators, Disabled int
	Devices                         int // signed in
	Keys                            int
	// SignIns and Refusals are how many there were in each of the last 24 hours, the current one last.
	SignIns, Refusals []int
	// Pending are requests for Quick Connect that nobody has decided on, by the minute they were made in, the current one last.
	Pending []int
	At      time.Time
}

// Overview counts, for administrators.
func (s *Service) Overview(ctx context.Context, c Caller) (o Overview, err error) {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return o, err
	}
	if o.Stats, err = s.Stats(ctx); err != nil {
		return o, err
	}
	o.At = s.Now()
	day := o.At.Truncate(time.Hour).Add(-(overviewHours - 1) * time.Hour)
	minutes := o.At.Truncate(time.Minute).Add(-time.Duration(pendingSpans-1) * time.Minute)
	err = s.store.View(ctx, func(tx Tx) error {
		for filter, to := range map[UserFilter]*int{
			{}: &o.Users, {Administrator: new(true)}: &o.Administrators, {Disabled: new(true)}: &o.Disabled,
		} {
			if *to, err = tx.CountUsers(ctx, filter); err != nil {
				return err
			}
		}
		if o.Devices, err = tx.CountDevices(ctx, DeviceFilter{}); err != nil {
			return err
		}
		keys, err := tx.APIKeys(ctx)
		if err != nil {
			return err
		}
		o.Keys = len(keys)
		if o.SignIns, err = tx.CountActivities(ctx, ActivityAuthenticationSucceeded, day, time.Hour, overviewHours); err != nil {
			return err
		}
		if o.Refusals, err = tx.CountActivities(ctx, ActivityAuthenticationFailed, day, time.Hour, overviewHours); err != nil {
			return err
		}
		o.Pending, err = tx.PendingQuickConnects(ctx, minutes, time.Minute, pendingSpans)
		return err
	})
	return o, err
}
