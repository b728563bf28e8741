package finlatch

import (
	"context"
	"errors"
	"time"
)

// freshSignIn is how long a sign-in on the pages lets an administrator approve without the password.
const freshSignIn = 10 * time.Minute

var (
	errNotAsked = &Error{Kind: Conflict, Msg: "That request is not there any more: another device shows this code now."}
	errDecided  = &Error{Kind: Conflict, Msg: "This device has been approved already. Undo takes that back."}
	errNotYours = &Error{Kind: Forbidden, Msg: "Somebody else has approved this device."}
	errConfirm  = &Error{Kind: Forbidden, Msg: "Give your password first."}
)

// Confirm tells whether an error says that the caller is to give the password again.
func Confirm(err error) bool { return errors.Is(err, error(errConfirm)) }

// UnknownCode tells whether an error says that no device shows a code.
func UnknownCode(err error) bool { return errors.Is(err, error(errUnknownCode)) }

// Fresh tells whether the caller's sign-in is no older than ten minutes.
func (s *Service) Fresh(c Caller) bool {
	return c.Device != nil && s.Now().Before(c.Device.CreatedAt.Add(freshSignIn))
}

// AskedRequest is a request for Quick Connect as it is shown to whoever decides on it.
type AskedRequest struct {
	QuickConnect
	UserName string    // who is, or will be, signed in; empty while nobody is
	Approved time.Time // zero while it was not
	Near     bool      // whether it comes from the caller's own network
}

// Asked is the request that shows a code, for whoever is signed in, so that they see what asks before they decide. NotFound
// for a code that is not shown, RateLimited after too many of those; Forbidden where somebody else has approved it. With the
// time at which it was made, it is that request, also while Quick Connect is off.
func (s *Service) Asked(ctx context.Context, c Caller, code string, made time.Time) (asked AskedRequest, err error) {
	settings, err := s.Settings(ctx)
	if err != nil {
		return AskedRequest{}, err
	}
	if made.IsZero() {
		if err := s.quickConnectOn(ctx); err != nil {
			return AskedRequest{}, err
		}
	}
	err = s.decide(ctx, c, code, made, s.store.View, func(tx Tx, request *QuickConnect) (refusal error, noted Activity, err error) {
		asked = AskedRequest{QuickConnect: *request, Near: s.near(settings, c, asker(request))}
		if request.UserID.IsZero() {
			return nil, noted, nil
		}
		if !c.decided(request) {
			return errNotYours, noted, nil
		}
		asked.Approved = request.ExpiresAt.Add(-quickConnectLife)
		user, err := tx.User(ctx, request.UserID)
		asked.UserName = user.Name
		return nil, noted, err
	})
	return asked, err
}

// decided tells whether the caller has a say in a request that is not pending: it approved it, or is signed in by it, or is an
// administrator.
func (c Caller) decided(request *QuickConnect) bool {
	return c.Administrator() || c.UserID() == request.UserID || c.UserID() == request.ApprovedBy
}

// ApproveAsked is Approve for a caller to whom the request was shown as it was made at asked, wherever it comes from. An
// administrator whose sign-in is not Fresh is refused, see Confirm; Conflict where another device shows the code by now.
func (s *Service) ApproveAsked(ctx context.Context, c Caller, code string, asked time.Time, id ID) error {
	if asked.IsZero() {
		return errNotAsked
	}
	return s.approve(ctx, c, code, asked, id, func(*QuickConnect) error {
		if c.Administrator() && !s.Fresh(c) {
			return errConfirm
		}
		return nil
	})
}

// ApproveSeen is ApproveAsked for an app, which shows the request as the pages do but cannot ask for the password: where the pages
// would, a request of the caller's own network is approved, and another refused as ApproveOnPage, unless approval is as
// ApproveAnywhere says.
func (s *Service) ApproveSeen(ctx context.Context, c Caller, code string, asked time.Time, id ID) error {
	if asked.IsZero() {
		return errNotAsked
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	return s.approve(ctx, c, code, asked, id, func(request *QuickConnect) error {
		if c.Administrator() && !s.Fresh(c) && s.options.QuickConnectApproval != ApproveAnywhere && !s.near(settings, c, asker(request)) {
			return errApproveOnPage
		}
		return nil
	})
}

// Deny refuses the device that shows a code, for good: its request, as it was made at asked, is pending no more. Whoever is
// signed in may. Conflict where another device shows the code by now, or the request was decided on already.
func (s *Service) Deny(ctx context.Context, c Caller, code string, asked time.Time) error {
	if asked.IsZero() {
		return errNotAsked
	}
	return s.decide(ctx, c, code, asked, s.store.Update, func(tx Tx, request *QuickConnect) (refusal error, noted Activity, err error) {
		switch {
		case request.State == QuickConnectDenied:
			return nil, noted, nil
		case request.State != QuickConnectPending && c.decided(request):
			return errDecided, noted, nil
		case request.State != QuickConnectPending:
			return errApprovedByOther, noted, nil
		}
		return nil, noted, s.deny(ctx, tx, c, request, "Quick Connect of %s on %s was denied")
	})
}

func (s *Service) deny(ctx context.Context, tx Tx, c Caller, request *QuickConnect, note string) error {
	about := request.UserID
	request.State, request.Salt, request.Minting = QuickConnectDenied, nil, nil
	entry := s.entry(c, ActivityQuickConnectDenied, about, note, request.AppName, request.DeviceName)
	return firstOf(tx.PutQuickConnect(ctx, *request), tx.AddActivity(ctx, entry))
}

// UndoApproval takes back what ApproveAsked has given, for as long as the request is kept, ten minutes: the device gets no
// token, or the one that it got ends. Forbidden for whoever has no say in it.
func (s *Service) UndoApproval(ctx context.Context, c Caller, code string, asked time.Time) error {
	if asked.IsZero() {
		return errNotAsked
	}
	return s.decide(ctx, c, code, asked, s.store.Update, func(tx Tx, request *QuickConnect) (refusal error, noted Activity, err error) {
		switch {
		case request.State == QuickConnectPending || !c.decided(request):
			return errNotYours, noted, nil
		case request.State == QuickConnectDenied:
			return nil, noted, nil
		}
		devices, err := tx.Devices(ctx, DeviceFilter{UserID: request.UserID, DeviceID: request.DeviceID})
		if err != nil {
			return nil, noted, err
		}
		for _, d := range devices {
			if request.State != QuickConnectRedeemed || !d.CreatedAt.Equal(request.RedeemedAt) {
				continue // it has signed in anew since, or had been signed in before
			}
			if _, err := tx.DeleteDevices(ctx, DeviceFilter{TokenHash: d.TokenHash}); err != nil {
				return nil, noted, err
			}
			if err := s.noteRevoked(ctx, tx, c, d); err != nil {
				return nil, noted, err
			}
		}
		return nil, noted, s.deny(ctx, tx, c, request, "The approval of Quick Connect of %s on %s was taken back")
	})
}
