package finlatch

import (
	"context"
	"sync/atomic"
)

// follow is what a process knows of an Upstream's own switch of Quick Connect, with which the tokens of ours are made. Until
// it was asked it is on; while it cannot be asked it is what it was.
type follow struct {
	asking chan struct{} // has room for one who asks upstream, so that the last answer counts
	off    atomic.Bool
}

// RecheckQuickConnect asks an Upstream whether its Quick Connect is on.
func (s *Service) RecheckQuickConnect(ctx context.Context) error {
	select {
	case s.follow.asking <- struct{}{}:
		defer func() { <-s.follow.asking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	on, err := s.options.Upstream.QuickConnect(ctx)
	if err == nil {
		s.follow.off.Store(!on)
	}
	return err
}

// whyNotMinted is why a token is not made now: upstream says of a Quick Connect that is off no more than that it cannot.
func (s *Service) whyNotMinted(ctx context.Context, err error) error {
	if KindOf(err) == Unavailable && s.RecheckQuickConnect(ctx) == nil && s.follow.off.Load() {
		return errQuickConnectOff
	}
	return err
}
