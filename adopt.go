package finlatch

import (
	"context"
	"encoding/hex"
	"errors"
	"net/netip"
	"time"

	"github.com/maypok86/otter/v2"
)

const (
	maxTokenLength  = 256 // bytes; Jellyfin's have 32
	maxUnknown      = 30  // tokens of one network in a minute that mean nothing
	unknownFor      = 30 * time.Second
	maxRefused      = 16 << 10
	maxUpstreamKeys = 1 << 10
	adoptionSlots   = 4 // questions at a time; whoever waits is served fairly by network
)

// adoption is what a process knows of tokens that it does not know.
type adoption struct {
	asking  *gate
	flights flights[Hash, struct{}]
	wrong   attempts[netip.Prefix]
	refused *otter.Cache[Hash, time.Time] // tokens that mean nothing, and when that was known
	keys    *otter.Cache[Hash, time.Time] // upstream's API keys, and when that was known
}

func (a *adoption) init() {
	a.asking = newGate(gateOptions{Slots: adoptionSlots})
	a.wrong = attempts[netip.Prefix]{each: maxUnknown, window: time.Minute}
	a.refused = otter.Must(&otter.Options[Hash, time.Time]{MaximumSize: maxRefused})
	a.keys = otter.Must(&otter.Options[Hash, time.Time]{MaximumSize: maxUpstreamKeys})
}

// isKey tells whether a token was an API key of upstream's lately: it is asked again, for it may be deleted there.
func (a *adoption) isKey(token Hash, now time.Time) bool {
	since, found := a.keys.GetIfPresent(token)
	return found && now.Sub(since) < unknownFor
}

// refuse remembers for a time that a token means nothing.
func (a *adoption) refuse(token Hash, now time.Time) { a.refused.Set(token, now) }

func (a *adoption) refuses(token Hash, now time.Time) bool {
	since, found := a.refused.GetIfPresent(token)
	return found && now.Sub(since) < unknownFor
}

// take counts a question that a stranger makes us ask, until it turns out that it was a good one.
func (a *adoption) take(s *Service, c Caller) (giveBack func(), err error) {
	if s.options.SignInThrottleOff {
		return func() {}, nil
	}
	from := network(c.Address)
	_, err = a.wrong.take(from, s.Now())
	return func() { a.wrong.giveBack(from) }, err
}

// adopt makes a device of a token that upstream gave past us. Unauthenticated for one that means nothing there or has ended
// here; RateLimited where too many of the caller's network meant nothing, for apps forget a token that is refused;
// Unavailable where upstream is.
func (s *Service) adopt(ctx context.Context, c Caller, token Token) error {
	if s.options.Strict || token.IsZero() || len(token.text) > maxTokenLength || s.adoption.refuses(token.Hash(), s.Now()) {
		return ErrUnauthenticated
	}
	_, err := s.adoption.flights.do(ctx, token.Hash(), func(ctx context.Context) (none struct{}, err error) {
		if known, err := s.ended(ctx, token.Hash()); known || err != nil {
			return none, err
		}
		return none, s.askAndAdopt(ctx, c, token)
	})
	return err
}

// ended is Unauthenticated for a token that has ended here, though perhaps not yet upstream. known is one that another
// request has made a device of meanwhile.
func (s *Service) ended(ctx context.Context, token Hash) (known bool, err error) {
	err = s.store.View(ctx, func(tx Tx) (err error) {
		known, err = s.endedIn(ctx, tx, token)
		return err
	})
	return known, err
}

func (s *Service) endedIn(ctx context.Context, tx Tx, token Hash) (known bool, err error) {
	_, err = tx.Device(ctx, token)
	if !errors.Is(err, ErrNotFound) {
		return err == nil, err
	}
	_, err = tx.EndedToken(ctx, token)
	switch {
	case err == nil, s.adoption.refuses(token, s.Now()):
		return false, ErrUnauthenticated
	}
	return false, ignoreNotFound(err)
}

func (s *Service) askAndAdopt(ctx context.Context, c Caller, token Token) error {
	giveBack, err := s.adoption.take(s, c)
	if err != nil {
		return err
	}
	var granted Granted
	asked := s.Now()
	gateErr := s.adoption.asking.do(ctx, c.Address, false, func() {
		granted, err = s.whose(ctx, c, token)
	})
	if err = firstOf(gateErr, err); errors.Is(err, ErrUnauthenticated) {
		s.adoption.refuse(token.Hash(), s.Now())
		return ErrUnauthenticated
	}
	giveBack()
	if err != nil {
		return err
	}
	if granted.Key {
		s.adoption.keys.Set(token.Hash(), asked)
		return nil
	}
	sealed, err := s.sealToken(token)
	if err != nil {
		return err
	}
	device := newDevice(c, granted.Device.or(c.ClientInfo), granted.User.ID, token, s.Now())
	device.Sealed = sealed
	if err := s.recheckNamesake(ctx, &device); err != nil {
		return err
	}
	return s.adoptAs(ctx, c, granted.User, device, asked)
}

// recheckNamesake asks about the token that the user's device of that id has here: it may have been replaced past us.
func (s *Service) recheckNamesake(ctx context.Context, device *Device) error {
	if device.DeviceID == "" {
		return nil
	}
	var others []Device
	err := s.store.View(ctx, func(tx Tx) (err error) {
		others, err = tx.Devices(ctx, DeviceFilter{UserID: device.UserID, DeviceID: device.DeviceID})
		return err
	})
	for _, other := range others {
		if token, readable := s.openToken(other.Sealed, other.TokenHash); err == nil && readable {
			err = s.recheck(ctx, other, token)
		}
	}
	return err
}

// adoptAs makes the device. Jellyfin tells nobody which device a token belongs to, and apps may claim any: one that claims
// the id of another that is signed in takes nothing away from it. asked is when upstream was asked.
func (s *Service) adoptAs(ctx context.Context, c Caller, told User, device Device, asked time.Time) error {
	claimed := device.DeviceID
	return s.store.Update(ctx, func(tx Tx) error {
		if known, err := s.endedIn(ctx, tx, device.TokenHash); known || err != nil {
			return err
		}
		user, err := s.mirror(ctx, tx, told)
		if err != nil {
			return err
		}
		if user.Policy.IsDisabled {
			return ErrUnauthenticated
		}
		others, err := tx.Devices(ctx, DeviceFilter{UserID: user.ID, DeviceID: claimed, Limit: 1})
		if err != nil {
			return err
		}
		switch device.DeviceID = claimed; {
		case claimed == "", len(others) > 0 && others[0].CreatedAt.Before(asked):
			device.DeviceID = "unknown-" + hex.EncodeToString(device.TokenHash[:8])
		case len(others) > 0:
			return errUpstream // the device has got another token meanwhile, which may have ended this one
		}
		if err := tx.CreateDevice(ctx, device); err != nil {
			return err
		}
		return tx.AddActivity(ctx, s.entry(c, ActivityDeviceAdopted, user.ID, "%s on %s was signed in before", device.AppName, device.DeviceName))
	})
}

// whose is Upstream.Whose, checked.
func (s *Service) whose(ctx context.Context, c Caller, token Token) (Granted, error) {
	granted, err := s.options.Upstream.Whose(ctx, c, token)
	if err != nil {
		return Granted{}, err
	}
	granted.Token = token
	if granted.Key {
		return granted, nil
	}
	return granted, granted.check()
}
