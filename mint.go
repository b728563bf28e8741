package finlatch

import (
	"bytes"
	"context"
	"errors"
	"strings"
)

// mintTries bounds how often a token is begun anew because upstream has forgotten the last one.
const mintTries = 3

// mint makes the token of a request, or goes on with what was kept of making it.
func (s *Service) mint(ctx context.Context, c Caller, request QuickConnect) (SignedIn, error) {
	m, kept := s.openMinting(request)
	for range mintTries {
		if !kept {
			var err error
			if m, err = s.options.Upstream.Ask(ctx, c, request.ClientInfo); err != nil {
				return SignedIn{}, err
			}
			if request, m, err = s.keepMinting(ctx, request, m); err != nil {
				return SignedIn{}, err
			}
		}
		granted, err := s.options.Upstream.Mint(ctx, m, request.UserID)
		switch {
		case errors.Is(err, ErrNotFound):
			kept = false
		case err != nil:
			return SignedIn{}, err
		case granted.check() != nil || granted.User.ID != request.UserID:
			s.log.Error("the server behind this one has made a token for somebody else", "user", request.UserID)
			return SignedIn{}, errUpstream
		default:
			return s.redeemMinted(ctx, c, request, granted)
		}
	}
	return SignedIn{}, errUpstream
}

// keepMinting keeps what a token is to be made with, unless somebody has kept something else since the request was read:
// then that is what counts.
func (s *Service) keepMinting(ctx context.Context, request QuickConnect, m Minting) (QuickConnect, Minting, error) {
	sealed, err := s.seal.seal(s.options.Random, m.Secret.Reveal()+" "+m.Code, request.SecretHash[:])
	if err != nil {
		return request, Minting{}, err
	}
	var now QuickConnect
	err = s.store.Update(ctx, func(tx Tx) (err error) {
		now, err = s.liveQuickConnect(tx.QuickConnect(ctx, request.SecretHash))
		switch {
		case err != nil:
			return firstOf(ignoreNotFound(err), errUnknownSecret)
		case now.State != QuickConnectApproved && now.State != QuickConnectMinting:
			return errUnknownSecret
		case !bytes.Equal(now.Minting, request.Minting):
			return nil
		}
		now.State, now.Minting = QuickConnectMinting, sealed
		return tx.PutQuickConnect(ctx, now)
	})
	if err != nil {
		return request, Minting{}, err
	}
	m, readable := s.openMinting(now)
	if !readable { // another process has other keys
		err = errUpstream
	}
	return now, m, err
}

func (s *Service) openMinting(request QuickConnect) (Minting, bool) {
	text, readable := s.seal.open(request.Minting, request.SecretHash[:])
	secret, code, _ := strings.Cut(text, " ")
	return Minting{Secret: Secret{secret}, Code: code}, readable
}
