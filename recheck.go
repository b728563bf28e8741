package finlatch

import (
	"context"
	"errors"
)

// Recheck asks an Upstream, which has refused a request with a token, whether the token still means anything. If it does
// not, its device ends here, too. Nothing happens to a token that is not known.
func (s *Service) Recheck(ctx context.Context, token Token) error {
	_, err := s.rechecks.do(ctx, token.Hash(), func(ctx context.Context) (none struct{}, err error) {
		device, _, err := s.remembered(ctx, token.Hash(), false)
		if err != nil {
			return none, ignoreNotFound(err)
		}
		return none, s.recheck(ctx, *device, token)
	})
	return err
}

// RecheckUser asks an Upstream anew for a user, of whom something was changed there, and for each of its tokens. Who is gone
// there goes here.
func (s *Service) RecheckUser(ctx context.Context, id ID) error {
	if err := s.refresh(ctx, id); err != nil {
		return err
	}
	var devices []Device
	err := s.store.View(ctx, func(tx Tx) (err error) {
		devices, err = tx.Devices(ctx, DeviceFilter{UserID: id})
		return err
	})
	if err != nil {
		return err
	}
	for _, device := range devices {
		token, readable := s.openToken(device.Sealed, device.TokenHash)
		if !readable {
			continue // Recheck comes to it when it is used
		}
		err = firstOf(err, s.recheck(ctx, device, token)) // one that cannot be asked about holds up no other
	}
	return err
}

func (s *Service) recheck(ctx context.Context, device Device, token Token) error {
	granted, err := s.whose(ctx, Caller{ClientInfo: device.ClientInfo, Address: device.Address}, token)
	dead := errors.Is(err, ErrUnauthenticated)
	switch {
	case errors.Is(err, ErrForbidden): // it means something, but not from there
		return nil
	case err != nil && !dead:
		return err
	case !dead && granted.User.ID != device.UserID:
		s.log.Error("the server behind this one says that a token is somebody else's", "user", device.UserID)
		return errUpstream
	}
	return s.store.Update(ctx, func(tx Tx) error {
		if !dead {
			_, err := s.mirror(ctx, tx, granted.User)
			return err
		}
		ended, err := tx.DeleteDevices(ctx, DeviceFilter{TokenHash: device.TokenHash})
		if err != nil {
			return err
		}
		return s.noteRevoked(ctx, tx, Caller{}, ended...)
	})
}
