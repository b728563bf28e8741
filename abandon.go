package finlatch

import (
	"bytes"
	"context"
	"errors"
	"time"
)

// mintingPatience is how long a device may take to come again for a token that was begun and that it has not got. No
// redemption takes that long, and upstream remembers what was begun for ten minutes.
const mintingPatience = time.Minute

// abandon ends upstream what was begun for a device that does not come for it, as after a crash. It stands among the ended tokens
// from before it was made, until the device has it: so no token that was given is ended. A device that comes later is
// still approved, and its token is begun anew.
func (s *Service) abandon(ctx context.Context, e EndedToken, begun minting) error {
	age := s.Now().Sub(begun.at).Abs() // the clock may have been set back
	if left := mintingPatience - age; left > 0 {
		if s.ending.again == 0 || left < s.ending.again {
			s.ending.again = left
		}
		return nil
	}
	err := error(errUpstream) // what a redemption at the same time is told; it comes again
	_, _ = s.redemptions.do(ctx, e.Hash, func(ctx context.Context) (SignedIn, error) {
		err = s.abandonAlone(ctx, e, begun)
		return SignedIn{}, errUpstream
	})
	return err
}

func (s *Service) abandonAlone(ctx context.Context, e EndedToken, begun minting) error {
	var given bool
	err := s.store.Update(ctx, func(tx Tx) error {
		left, err := tx.EndedTokens(ctx, e.ID-1, 1)
		if given = err == nil && (len(left) == 0 || left[0].ID != e.ID); given || err != nil {
			return err
		}
		request, err := tx.QuickConnect(ctx, e.Hash)
		if err != nil || request.State != QuickConnectMinting || !bytes.Equal(request.Minting, e.Sealed) {
			return ignoreNotFound(err)
		}
		request.State, request.Minting = QuickConnectApproved, nil
		return tx.PutQuickConnect(ctx, request)
	})
	if err != nil || given {
		return err
	}
	if s.Now().Sub(begun.at).Abs() < quickConnectLife { // else upstream knows nothing of it any more
		if err := s.options.Upstream.Abandon(ctx, begun.Minting); err != nil {
			return err
		}
	}
	return s.store.Update(ctx, func(tx Tx) error { return tx.ForgetEndedToken(ctx, e.ID) })
}

// forgetMintings says that what was begun for a request is in better hands.
func forgetMintings(ctx context.Context, tx Tx, secret Hash) error {
	for {
		e, err := tx.EndedToken(ctx, secret)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err == nil {
			err = tx.ForgetEndedToken(ctx, e.ID)
		}
		if err != nil {
			return err
		}
	}
}
