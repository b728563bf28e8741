package finlatch

import (
	"context"
	"errors"
	"time"
)

// Approve lets the device that shows a code sign in as a user: the caller, or, for an administrator, the one that id
// names. It is for callers who may not have seen what asks: Options.QuickConnectApproval says which requests of another
// network are refused to them as ApproveOnPage. NotFound for a code that is not shown, RateLimited after too many of those;
// Conflict where it was approved for somebody else. Approving it again for the same user changes nothing. The user's
// policy is checked here and again at redemption.
func (s *Service) Approve(ctx context.Context, c Caller, code string, id ID) error {
	settings, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	return s.approve(ctx, c, code, time.Time{}, id, func(request *QuickConnect) error {
		var refused bool
		switch s.options.QuickConnectApproval {
		case ApproveNear:
			refused = c.Administrator()
		case ApproveOnPages:
			refused = true
		}
		if refused && !c.Operator && !s.near(settings, c, asker(request)) {
			return errApproveOnPage
		}
		return nil
	})
}

// asker is where a request comes from.
func asker(request *QuickConnect) Caller {
	return Caller{Address: request.Address, Forwarded: request.Forwarded}
}

// approve is Approve with what is asked of a request besides; asked is as in decide.
func (s *Service) approve(ctx context.Context, c Caller, code string, asked time.Time, id ID, allowed func(*QuickConnect) error) error {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return err
	}
	id, err := s.own(c, id)
	if err != nil {
		return err
	}
	if err := s.quickConnectOn(ctx); err != nil {
		return err
	}
	if s.options.Upstream != nil {
		if err := s.refreshForApproval(ctx, c, code, asked, id); err != nil {
			return err
		}
	}
	return s.decide(ctx, c, code, asked, s.store.Update, func(tx Tx, request *QuickConnect) (refusal error, noted Activity, err error) {
		switch request.State {
		case QuickConnectPending:
		case QuickConnectDenied:
			return errDenied, noted, nil
		default:
			if request.UserID != id {
				refusal = errApprovedByOther
			}
			return refusal, noted, nil
		}
		user, err := tx.User(ctx, id)
		if errors.Is(err, ErrNotFound) {
			return refuse(Invalid, "there is no such user"), noted, nil
		}
		if err != nil {
			return nil, noted, err
		}
		if refusal = allowed(request); refusal == nil {
			refusal, err = s.mayConnect(ctx, tx, asker(request), *request, &user)
		}
		if err != nil || refusal != nil {
			noted = s.entry(c, ActivityQuickConnectRefused, user.ID, "Quick Connect of %s on %s was refused for %s", request.AppName, request.DeviceName, user.Name)
			return refusal, noted, err
		}
		entry := s.entry(c, ActivityQuickConnectApproved, user.ID, "Quick Connect of %s on %s was approved for %s", request.AppName, request.DeviceName, user.Name)
		request.State, request.UserID, request.ApprovedBy = QuickConnectApproved, user.ID, c.UserID()
		request.ExpiresAt = entry.At.Add(quickConnectLife)
		return nil, noted, firstOf(tx.PutQuickConnect(ctx, *request), tx.AddActivity(ctx, entry))
	})
}

// decide lets f decide on the request that shows a code and was made at asked, for whoever is signed in, in one transaction of
// run: Store.View or Store.Update. With a zero asked it is whichever shows the code, so that codes can be guessed: callers are
// held to some of them, right ones given back. Whoever names the time has seen the request: nothing that others do, or that
// the caller has mistyped, keeps them from it. What f refuses is no fault: the transaction is committed, and then noted,
// where f says what.
func (s *Service) decide(ctx context.Context, c Caller, code string, asked time.Time, run func(context.Context, func(Tx) error) error,
	f func(Tx, *QuickConnect) (refusal error, noted Activity, err error)) error {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return err
	}
	guesses := asked.IsZero()
	giveBack := func() {}
	if guesses {
		var err error
		if giveBack, err = s.takeCode(c); err != nil {
			return err
		}
	}
	var noted Activity
	var refusal error
	err := run(ctx, func(tx Tx) error {
		refusal, noted = nil, Activity{}
		if c.Device != nil {
			if _, err := tx.Device(ctx, c.Device.TokenHash); err != nil { // it ended meanwhile
				return firstOf(ignoreNotFound(err), ErrUnauthenticated)
			}
		}
		request, err := s.liveQuickConnect(tx.QuickConnectByCode(ctx, code))
		switch {
		case errors.Is(err, ErrNotFound):
			refusal, noted = errUnknownCode, s.entry(c, ActivityQuickConnectRefused, c.UserID(), "A code for Quick Connect that no device shows")
			return nil
		case err != nil:
			return err
		case !guesses && !request.CreatedAt.Equal(asked):
			refusal = errNotAsked
			return nil
		}
		refusal, noted, err = f(tx, &request)
		return err
	})
	unknown := errors.Is(refusal, error(errUnknownCode)) || errors.Is(refusal, error(errNotAsked))
	if err != nil || !unknown {
		giveBack()
	}
	if err == nil && unknown && !guesses {
		_, err = s.takeCode(c)
	}
	if err != nil {
		return err
	}
	if noted.Type != "" {
		noted.Severity = SeverityWarning
		s.noteRefusal(ctx, noted)
	}
	return refusal
}

// takeCode counts a code that is to be tried, until it turns out to be right: codes have six digits.
func (s *Service) takeCode(c Caller) (giveBack func(), err error) {
	if s.options.SignInThrottleOff || c.Operator {
		return func() {}, nil
	}
	who := c.UserID()
	if c.Key != nil {
		who = c.Key.ID
	}
	_, err = s.codes.take(who, s.Now())
	return func() { s.codes.giveBack(who) }, err
}
