package finlatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// mintTries bounds how often a token is begun anew because upstream has forgotten the last one.
const mintTries = 3

// mint makes the token of a request, or goes on with what was kept of making it.
func (s *Service) mint(ctx context.Context, c Caller, request QuickConnect) (SignedIn, error) {
	begun, kept := s.openMinting(request.Minting, request.SecretHash)
	m := begun.Minting
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
	text := fmt.Sprint(m.Secret.Reveal(), " ", m.Code, " ", s.Now().Unix())
	sealed, err := s.seal.seal(s.options.Random, text, request.SecretHash[:])
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
		// Until the device has the token, it is one to be ended; see abandon.
		return firstOf(tx.PutQuickConnect(ctx, now), tx.AddEndedToken(ctx, EndedToken{Hash: now.SecretHash, Sealed: sealed}))
	})
	if err != nil {
		return request, Minting{}, err
	}
	begun, readable := s.openMinting(now.Minting, now.SecretHash)
	if !readable { // another process has other keys
		err = errUpstream
	}
	return now, begun.Minting, err
}

// minting is a Minting as it is kept.
type minting struct {
	Minting
	at time.Time // when it was begun
}

// openMinting reads what keepMinting has sealed about a request, and nothing else.
func (s *Service) openMinting(sealed []byte, request Hash) (minting, bool) {
	text, readable := s.seal.open(sealed, request[:])
	words := strings.Split(text, " ")
	if !readable || len(words) != 3 {
		return minting{}, false
	}
	seconds, err := strconv.ParseInt(words[2], 10, 64)
	return minting{Minting{Secret: Secret{words[0]}, Code: words[1]}, time.Unix(seconds, 0)}, err == nil
}
