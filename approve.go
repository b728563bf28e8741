package finlatch

import (
	"context"
	"errors"
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
	return s.approve(ctx, c, code, id, func(request *QuickConnect) error {
		var refused bool
		switch s.options.QuickConnectApproval {
		case ApproveNear:
			refused = c.Administrator()
		case ApproveOnPages:
			refused = true
		}
		if refused && !c.Operator && !s.near(settings, c, Caller{Address: request.Address, Forwarded: request.Forwarded}) {
			return errApproveOnPage
		}
		return nil
	})
}

// approve is Approve with what is asked of a request besides.
func (s *Service) approve(ctx context.Context, c Caller, code string, id ID, allowed func(*QuickConnect) error) error {
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
	giveBack, err := s.takeCode(c)
	if err != nil {
		return err
	}
	var refused Activity // in the log, where refusal is about a request
	var refusal error
	err = s.store.Update(ctx, func(tx Tx) error {
		refusal, refused = nil, Activity{}
		if c.Device != nil {
			if _, err := tx.Device(ctx, c.Device.TokenHash); err != nil { // it ended meanwhile
				return firstOf(ignoreNotFound(err), ErrUnauthenticated)
			}
		}
		request, err := s.liveQuickConnect(tx.QuickConnectByCode(ctx, code))
		if errors.Is(err, ErrNotFound) {
			refusal = errUnknownCode
			refused = s.entry(c, ActivityQuickConnectRefused, c.UserID(), "A code for Quick Connect that no device shows")
			return nil
		}
		if err != nil {
			return err
		}
		if request.State != QuickConnectPending {
			if request.UserID != id {
				refusal = errApprovedByOther
			}
			return nil
		}
		user, err := tx.User(ctx, id)
		if errors.Is(err, ErrNotFound) {
			refusal = refuse(Invalid, "there is no such user")
			return nil
		}
		if err != nil {
			return err
		}
		if refusal = allowed(&request); refusal == nil {
			refusal, err = s.mayConnect(ctx, tx, Caller{Address: request.Address, Forwarded: request.Forwarded}, request, &user)
			if err != nil {
				return err
			}
		}
		if refusal != nil {
			refused = s.entry(c, ActivityQuickConnectRefused, user.ID, "Quick Connect of %s on %s was refused for %s", request.AppName, request.DeviceName, user.Name)
			return nil
		}
		entry := s.entry(c, ActivityQuickConnectApproved, user.ID, "Quick Connect of %s on %s was approved for %s", request.AppName, request.DeviceName, user.Name)
		request.State, request.UserID, request.ApprovedBy = QuickConnectApproved, user.ID, c.UserID()
		request.ExpiresAt = entry.At.Add(quickConnectLife)
		if err := tx.PutQuickConnect(ctx, request); err != nil {
			return err
		}
		return tx.AddActivity(ctx, entry)
	})
	if err != nil || !errors.Is(refusal, error(errUnknownCode)) {
		giveBack()
	}
	if err != nil {
		return err
	}
	if refused.Type != "" {
		refused.Severity = SeverityWarning
		s.noteRefusal(ctx, refused)
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
