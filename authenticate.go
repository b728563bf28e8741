package finlatch

import (
	"context"
	"errors"
	"strings"
)

// Level is what an operation asks of its caller, by the names of Jellyfin's authorization policies.
type Level uint8

// The levels, as section 3.1 of Jellyfin 12's contract has them.
const (
	LevelAnybody      Level = iota
	LevelUser               // an API key, or a user who may come from where and when the request does
	LevelAnyHour            // as LevelUser, without the access schedule
	LevelAdmin              // an administrator or an API key
	LevelSetupOrUser        // anybody who may set the server up until that is complete, then as LevelAnyHour
	LevelSetupOrAdmin       // the same, then as LevelAdmin
)

// Authenticate says which caller a token makes of c, whose ClientInfo, Address and Forwarded the request has given.
// Fields of ClientInfo that are empty are filled from the device. A token that means nothing, or whose user is disabled,
// is ErrUnauthenticated. An Upstream is asked, once, about a token that is not known, unless the pages vouch for c;
// Unavailable where it is away, or the store is.
func (s *Service) Authenticate(ctx context.Context, c Caller, token Token) (Caller, error) {
	hash := token.Hash()
	device, user, err := s.remembered(ctx, hash, c.Old)
	if errors.Is(err, ErrNotFound) && !c.Pages {
		known, keyErr := s.authenticateKey(ctx, c, hash)
		if !errors.Is(keyErr, ErrUnauthenticated) || s.options.Upstream == nil {
			return known, keyErr
		}
		if !s.adoption.isKey(hash, s.Now()) {
			err = s.adopt(ctx, c, token)
		}
		if s.adoption.isKey(hash, s.Now()) {
			c.Key, c.AppName = &APIKey{Name: UpstreamKey, Hash: hash}, UpstreamKey
			return c, nil
		}
		if err == nil {
			device, user, err = s.remembered(ctx, hash, c.Old)
		}
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return Caller{}, ErrUnauthenticated
	case err != nil:
		return Caller{}, err
	case user.Policy.IsDisabled, device.Pages != c.Pages:
		return Caller{}, ErrUnauthenticated
	}
	c.User, c.Device = user, device
	s.touch(&c)
	c.ClientInfo = c.ClientInfo.or(device.ClientInfo)
	return c, nil
}

func (s *Service) authenticateKey(ctx context.Context, c Caller, hash Hash) (Caller, error) {
	var key APIKey
	err := s.store.View(ctx, func(tx Tx) (err error) {
		key, err = tx.APIKey(ctx, hash)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return Caller{}, ErrUnauthenticated
	}
	if err != nil {
		return Caller{}, err
	}
	c.Key, c.AppName = &key, key.Name
	return c, nil
}

func (i ClientInfo) or(other ClientInfo) ClientInfo {
	fill := func(text *string, other string) {
		if strings.TrimSpace(*text) == "" {
			*text = other
		}
	}
	fill(&i.AppName, other.AppName)
	fill(&i.AppVersion, other.AppVersion)
	fill(&i.DeviceName, other.DeviceName)
	fill(&i.DeviceID, other.DeviceID)
	return i
}

// Allow tells whether the caller reaches a level: nil, ErrUnauthenticated where nobody is signed in, or ErrForbidden.
// It looks at the policy as it is now, so what an administrator changes holds for the very next request.
func (s *Service) Allow(ctx context.Context, c Caller, level Level) error {
	switch level {
	case LevelAnybody:
		return nil
	case LevelSetupOrUser, LevelSetupOrAdmin:
		settings, err := s.Settings(ctx)
		if err != nil {
			return err
		}
		if !settings.SetupComplete {
			return s.allowSetup(c)
		}
	}
	if level == LevelAdmin && c.Known() && !c.Operator {
		if err := s.administered(ctx); err != nil {
			return err
		}
	}
	switch {
	case !c.Known():
		return ErrUnauthenticated
	case c.Operator:
		return nil
	case (level == LevelAdmin || level == LevelSetupOrAdmin) && !c.Administrator():
		return ErrForbidden
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	return s.admit(settings, c, level == LevelAnyHour || level == LevelSetupOrUser)
}

// administered tells whether the server has an owner. Until then the first run's administrator, which may have no password
// yet, makes no users, keys or settings that would outlast it.
func (s *Service) administered(ctx context.Context) error {
	settings, err := s.Settings(ctx)
	if err == nil && !settings.SetupComplete {
		return errNoOwner
	}
	return err
}

// admit checks where an API key is used from, and a signed-in user's policy. Jellyfin asks about devices only at sign-in, and lets administrators in from
// anywhere. The limit of sessions needs no check here: no sign-in exceeds it, and SetPolicy ends what a new one leaves
// no room for.
func (s *Service) admit(settings *Settings, c Caller, anyHour bool) error {
	if c.Key != nil {
		if !s.mayCome(settings, c, nil) {
			return ErrForbidden
		}
		return nil
	}
	policy := &c.User.Policy
	switch {
	case !s.mayCome(settings, c, policy):
		return ErrForbidden
	case !anyHour && !policy.IsAdministrator && !policy.scheduled(s.Now().In(s.options.Location)):
		return ErrForbidden
	case c.Device != nil && !policy.allowsDevice(c.Device.DeviceID):
		return ErrForbidden
	}
	return nil
}

// own is the id of the user that a request is about: the one it names, else the caller. Only an administrator may name
// another; an API key must name one.
func (s *Service) own(c Caller, id ID) (ID, error) {
	switch {
	case id.IsZero() && c.User != nil:
		return c.User.ID, nil
	case id.IsZero():
		return ID{}, refuse(Invalid, "a user must be named")
	case c.UserID() != id && !c.Administrator():
		return ID{}, refuse(Forbidden, "only an administrator may do this for another user")
	}
	return id, nil
}
