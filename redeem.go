package finlatch

import (
	"bytes"
	"context"
	"errors"
	"time"
)

// refreshForApproval reads the user anew whom a code that is shown is to sign in.
func (s *Service) refreshForApproval(ctx context.Context, c Caller, code string, asked time.Time, id ID) error {
	pending := false
	err := s.decide(ctx, c, code, asked, s.store.View, func(_ Tx, request *QuickConnect) (refusal error, noted Activity, err error) {
		pending = request.State == QuickConnectPending
		return nil, noted, nil
	})
	if err != nil || !pending {
		return err
	}
	return s.refresh(ctx, id)
}

// redeemVouched is Redeem where an Upstream makes the tokens. What makes one is kept before it is used, so that whoever goes
// on after a crash, or at the same time elsewhere, gets the same token. Refusals end what was made.
func (s *Service) redeemVouched(ctx context.Context, c Caller, secret Hash) (SignedIn, error) {
	return s.redemptions.do(ctx, secret, func(ctx context.Context) (SignedIn, error) {
		request, err := s.toRedeem(ctx, secret)
		if err != nil {
			return SignedIn{}, err
		}
		if request.State == QuickConnectRedeemed {
			return s.redeemedBefore(ctx, request)
		}
		if err := s.refresh(ctx, request.UserID); err != nil {
			return SignedIn{}, err
		}
		if err := s.mayRedeem(ctx, c, request); err != nil {
			return SignedIn{}, err
		}
		leave, err := s.entering.take(ctx, request.DeviceID)
		if err != nil {
			return SignedIn{}, errUpstream
		}
		defer leave()
		in, err := s.mint(ctx, c, request)
		if err != nil {
			s.ending.wake() // what was begun is ended if nobody comes again
		}
		return in, s.whyNotMinted(ctx, err)
	})
}

// toRedeem is a request that somebody has approved.
func (s *Service) toRedeem(ctx context.Context, secret Hash) (request QuickConnect, err error) {
	err = s.store.View(ctx, func(tx Tx) (err error) {
		request, err = s.liveQuickConnect(tx.QuickConnect(ctx, secret))
		return err
	})
	if err != nil || !request.redeemable() {
		return request, firstOf(ignoreNotFound(err), errUnknownSecret)
	}
	return request, nil
}

// redeemedBefore is repeated where the token is kept with its device. The user is told as upstream tells it, unless that is away:
// the answer is good for seconds only.
func (s *Service) redeemedBefore(ctx context.Context, request QuickConnect) (in SignedIn, err error) {
	var hash Hash
	if copy(hash[:], request.Salt) != len(hash) || s.Now().Sub(request.RedeemedAt) >= quickConnectRepeat {
		return SignedIn{}, errUnknownSecret
	}
	err = s.store.View(ctx, func(tx Tx) error {
		if in.Device, err = tx.Device(ctx, hash); err != nil { // signed out since
			return firstOf(ignoreNotFound(err), errUnknownSecret)
		}
		in.User, err = tx.User(ctx, in.Device.UserID)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	var readable bool
	if in.Token, readable = s.openToken(in.Device.Sealed, hash); !readable {
		return SignedIn{}, errUnknownSecret
	}
	if told, err := s.options.Upstream.User(ctx, in.User.ID); err == nil && told.check() == nil && told.ID == in.User.ID {
		in.User = in.User.asTold(told)
	}
	return in, nil
}

// mayRedeem checks the rights of the user, as they are now, before anything is made.
func (s *Service) mayRedeem(ctx context.Context, c Caller, request QuickConnect) error {
	var user User
	var refusal error
	err := s.store.View(ctx, func(tx Tx) (err error) {
		if user, err = tx.User(ctx, request.UserID); err != nil {
			return firstOf(ignoreNotFound(err), errUnknownSecret)
		}
		refusal, err = s.mayConnect(ctx, tx, c, request, &user)
		return err
	})
	if err == nil && refusal != nil {
		s.noteRefused(ctx, c, &user, refusal)
		err = refusal
	}
	return err
}

// redeemMinted gives a device the token that was made for it. Where the store fails the request stays as it is: the next try
// gets the same token.
func (s *Service) redeemMinted(ctx context.Context, c Caller, request QuickConnect, granted Granted) (in SignedIn, err error) {
	sealed, err := s.sealToken(granted.Token)
	if err != nil {
		return SignedIn{}, err
	}
	ended := EndedToken{Hash: granted.Token.Hash(), Sealed: sealed}
	var user *User // whose policy refuses
	var refusal error
	var before bool
	err = s.store.Update(ctx, func(tx Tx) error {
		in, user, refusal, before = SignedIn{}, nil, nil, false
		now, err := s.liveQuickConnect(tx.QuickConnect(ctx, request.SecretHash))
		if ignoreNotFound(err) != nil {
			return err
		}
		if err == nil && now.State == QuickConnectRedeemed {
			if before = bytes.Equal(now.Salt, ended.Hash[:]); before { // another process was first, with the same token
				request = now
				return nil
			}
		}
		if err := forgetMintings(ctx, tx, request.SecretHash); err != nil {
			return err
		}
		if err != nil || now.State != QuickConnectMinting || !bytes.Equal(now.Minting, request.Minting) {
			refusal = errUnknownSecret
			return tx.AddEndedToken(ctx, ended)
		}
		row, err := s.mirror(ctx, tx, granted.User)
		if err != nil {
			return err
		}
		if refusal, err = s.mayConnect(ctx, tx, c, now, &row); err != nil {
			return err
		}
		if refusal != nil {
			user = &row
			return tx.AddEndedToken(ctx, ended)
		}
		at := s.Now()
		now.State, now.RedeemedAt, now.Minting, now.Salt = QuickConnectRedeemed, at, nil, ended.Hash[:]
		if err := tx.PutQuickConnect(ctx, now); err != nil {
			return err
		}
		in = SignedIn{User: row.asTold(granted.User), Token: granted.Token, Device: newDevice(c, now.ClientInfo, row.ID, granted.Token, at)}
		in.Device.Sealed = sealed
		return s.replaceDevice(ctx, tx, c, now.ApprovedBy, row, in.Device)
	})
	switch {
	case errors.Is(err, ErrConflict):
		s.log.Error("the server behind this one has given a token twice")
		return SignedIn{}, errUpstream
	case err != nil:
		return SignedIn{}, err
	case before:
		return s.redeemedBefore(ctx, request)
	case refusal != nil:
		s.ending.wake()
		if user != nil {
			s.noteRefused(ctx, c, user, refusal)
		}
		return SignedIn{}, refusal
	}
	return in, nil
}
