package finlatch

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"
)

const (
	quickConnectLife   = 10 * time.Minute // of a request, and again from its approval
	quickConnectRepeat = 5 * time.Second  // in which a repeated redemption gets the same answer; overlapping polls make one
	codeTries          = 32
	maxInitiated       = 30 // requests from one network in a minute
	maxWrongCodes      = 10 // of one user in ten minutes, counted as long as the process lives
)

var (
	errQuickConnectOff = &Error{Kind: Unauthenticated, Msg: "Quick connect is disabled"}
	errUnknownSecret   = &Error{Kind: NotFound, Msg: "Unknown secret"}
	errUnknownCode     = &Error{Kind: NotFound, Msg: "Unknown code"}
	errApproveOnPage   = &Error{Kind: Forbidden, Msg: "This device is in another network. Approve it on this server's page /link, which shows what asks, and from where, or as the user whom it is for; --quick-connect-approval anywhere lets administrators approve it here."}
	errDenied          = &Error{Kind: NotFound, Msg: "Quick Connect was denied"}
	errApprovedByOther = &Error{Kind: Conflict, Msg: "Somebody else has already approved this code."}
)

// QuickConnectOff tells whether an error says that Quick Connect is switched off.
func QuickConnectOff(err error) bool { return errors.Is(err, error(errQuickConnectOff)) }

// ApproveOnPage tells whether an error says that a request is to be approved on the page that shows what asks.
func ApproveOnPage(err error) bool { return errors.Is(err, error(errApproveOnPage)) }

// QuickConnectEnabled tells whether Quick Connect is on: in the settings, and with an Upstream there, too.
func (s *Service) QuickConnectEnabled(ctx context.Context) (bool, error) {
	settings, err := s.Settings(ctx)
	if err != nil {
		return false, err
	}
	return settings.QuickConnect && !s.follow.off.Load(), nil
}

func (s *Service) quickConnectOn(ctx context.Context) error {
	on, err := s.QuickConnectEnabled(ctx)
	if err == nil && !on {
		return errQuickConnectOff
	}
	return err
}

// Initiate starts a request for Quick Connect for the caller's device. It lives for ten minutes and survives a restart.
// Where too many are pending, the oldest of the network that has most of them makes room, never the newcomer. RateLimited
// where too many came from the caller's network.
func (s *Service) Initiate(ctx context.Context, c Caller) (QuickConnect, Secret, error) {
	if err := c.complete(); err != nil {
		return QuickConnect{}, Secret{}, err
	}
	if err := s.quickConnectOn(ctx); err != nil {
		return QuickConnect{}, Secret{}, err
	}
	if err := s.signInOpen(ctx, c); err != nil {
		return QuickConnect{}, Secret{}, err
	}
	if !s.options.SignInThrottleOff {
		if _, err := s.initiated.take(network(c.Address), s.Now()); err != nil {
			return QuickConnect{}, Secret{}, err
		}
	}
	for range codeTries {
		request, secret, err := s.newQuickConnect(c)
		if err != nil {
			return QuickConnect{}, Secret{}, err
		}
		err = s.store.Update(ctx, func(tx Tx) error { return s.addQuickConnect(ctx, tx, request) })
		if err == nil {
			s.sweeping.due(request.ExpiresAt)
			return request, secret, nil
		}
		if !errors.Is(err, ErrConflict) {
			return QuickConnect{}, Secret{}, err
		}
	}
	return QuickConnect{}, Secret{}, &Error{Kind: Unavailable, Msg: "no code is free", RetryAfter: time.Minute}
}

func (s *Service) newQuickConnect(c Caller) (QuickConnect, Secret, error) {
	secret, err := newSecret(s.options.Random)
	if err != nil {
		return QuickConnect{}, Secret{}, err
	}
	number, err := rand.Int(s.options.Random, big.NewInt(1_000_000))
	if err != nil {
		return QuickConnect{}, Secret{}, err
	}
	now := s.Now()
	return QuickConnect{ClientInfo: c.ClientInfo, SecretHash: secret.Hash(), Code: fmt.Sprintf("%06d", number.Int64()),
		Address: c.Address, Forwarded: c.Forwarded, Network: network(c.Address), CreatedAt: now, ExpiresAt: now.Add(quickConnectLife)}, secret, nil
}

func (s *Service) addQuickConnect(ctx context.Context, tx Tx, request QuickConnect) error {
	if _, err := tx.ExpireQuickConnects(ctx, request.CreatedAt, 100); err != nil {
		return err
	}
	if limit := s.options.QuickConnectLimit; limit > 0 {
		pending, err := tx.CountPendingQuickConnects(ctx)
		if err != nil {
			return err
		}
		if pending >= limit {
			crowding, err := tx.CrowdingQuickConnect(ctx)
			if err != nil {
				return err
			}
			if err := tx.DeleteQuickConnect(ctx, crowding.SecretHash); err != nil {
				return err
			}
		}
	}
	return tx.CreateQuickConnect(ctx, request)
}

// QuickConnectRequest is the state of a request, for whoever has its secret: NotFound where there is none, or it has expired
// or was denied. While the store is away it is the last state that is known, or the store is waited for, for ten seconds.
func (s *Service) QuickConnectRequest(ctx context.Context, secret Secret) (QuickConnect, error) {
	if err := s.quickConnectOn(ctx); err != nil {
		return QuickConnect{}, err
	}
	request, err := patiently(ctx, func() (*QuickConnect, error) { return s.rememberedRequest(ctx, secret.Hash()) })
	if err == nil && s.expired(request) {
		err = ErrNotFound
	}
	if errors.Is(err, ErrNotFound) {
		return QuickConnect{}, errUnknownSecret
	}
	if err != nil {
		return QuickConnect{}, err
	}
	if request.State == QuickConnectDenied {
		return QuickConnect{}, errDenied
	}
	return *request, nil
}

func (s *Service) expired(request *QuickConnect) bool { return !s.Now().Before(request.ExpiresAt) }

func (s *Service) liveQuickConnect(request QuickConnect, err error) (QuickConnect, error) {
	if err == nil && s.expired(&request) {
		return QuickConnect{}, ErrNotFound
	}
	return request, err
}

// mayConnect checks the rights of the user that a request would sign in from somewhere.
func (s *Service) mayConnect(ctx context.Context, tx Tx, from Caller, request QuickConnect, user *User) (refusal error, err error) {
	settings, err := tx.Settings(ctx)
	if err != nil {
		return nil, err
	}
	if refusal := s.mayUse(&settings, from, user); refusal != nil {
		return refusal, nil
	}
	return s.mayHave(ctx, tx, user, request.DeviceID)
}

// Redeem gives the device whose request was approved its access token. It works once; a repeat within five seconds gets
// the same answer, unless that token was ended meanwhile. NotFound for a secret that is unknown, expired, used up or not
// yet approved. Where an Upstream makes the tokens: Unavailable while it is away, and whoever comes again gets the one token.
func (s *Service) Redeem(ctx context.Context, c Caller, secret Secret) (in SignedIn, err error) {
	defer s.tell(SignInByQuickConnect, &in, &err)
	if err := s.quickConnectOn(ctx); err != nil {
		return SignedIn{}, err
	}
	if err := s.signInOpen(ctx, c); err != nil {
		return SignedIn{}, err
	}
	// Guesses and devices that come too early do not take turns with those who change something.
	request, err := s.rememberedRequest(ctx, secret.Hash())
	if err == nil && s.options.Shared && !request.redeemable() { // another process has just told the device that it is
		request, err = s.lookUpRequest(ctx, secret.Hash())
	}
	if err != nil || !request.redeemable() {
		return SignedIn{}, firstOf(ignoreNotFound(err), errUnknownSecret)
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	if s.options.Upstream != nil {
		if in, err = s.redeemVouched(ctx, c, secret.Hash()); err == nil {
			s.throttling.arrived(&in.User, s.place(settings, c), s.Now())
			s.sweeping.due(s.Now().Add(quickConnectRepeat))
		}
		return in, err
	}
	salt := make([]byte, 16)
	if _, err := io.ReadFull(s.options.Random, salt); err != nil {
		return SignedIn{}, err
	}
	var asked *User // whose policy refuses
	var refusal error
	err = s.store.Update(ctx, func(tx Tx) error {
		in, asked, refusal = SignedIn{}, nil, nil
		request, err := s.liveQuickConnect(tx.QuickConnect(ctx, secret.Hash()))
		if err != nil || !request.redeemable() {
			refusal = errUnknownSecret
			return ignoreNotFound(err)
		}
		user, err := tx.User(ctx, request.UserID)
		if err != nil {
			refusal = errUnknownSecret
			return ignoreNotFound(err)
		}
		if request.State == QuickConnectRedeemed {
			in, refusal, err = s.repeated(ctx, tx, request, user, secret)
			return err
		}
		if refusal, err = s.mayConnect(ctx, tx, c, request, &user); refusal != nil || err != nil {
			asked = &user
			return err
		}
		now, token := s.Now(), secret.token(salt)
		request.State, request.RedeemedAt, request.Salt = QuickConnectRedeemed, now, bytes.Clone(salt)
		if err := tx.PutQuickConnect(ctx, request); err != nil {
			return err
		}
		in = SignedIn{User: user, Token: token, Device: newDevice(c, request.ClientInfo, user.ID, token, now)}
		return s.replaceDevice(ctx, tx, c, request.ApprovedBy, user, in.Device)
	})
	if err == nil && refusal != nil {
		if asked != nil {
			s.noteRefused(ctx, c, asked, refusal)
		}
		err = refusal
	}
	if err != nil {
		return SignedIn{}, err
	}
	s.throttling.arrived(&in.User, s.place(settings, c), s.Now())
	s.sweeping.due(s.Now().Add(quickConnectRepeat))
	return in, nil
}

// repeated is the answer to a redemption that comes again, as overlapping polls make it.
func (s *Service) repeated(ctx context.Context, tx Tx, request QuickConnect, user User, secret Secret) (in SignedIn, refusal, err error) {
	if len(request.Salt) == 0 || s.Now().Sub(request.RedeemedAt) >= quickConnectRepeat {
		return SignedIn{}, errUnknownSecret, nil
	}
	token := secret.token(request.Salt)
	device, err := tx.Device(ctx, token.Hash())
	if err != nil {
		return SignedIn{}, errUnknownSecret, ignoreNotFound(err)
	}
	return SignedIn{User: user, Device: device, Token: token}, nil, nil
}
