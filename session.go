package finlatch

import (
	"context"
	"errors"
	"reflect"
	"slices"
)

// Session is what a device is doing now: a signed-in device that was lately active. It is derived from the device, so
// it outlives a restart.
type Session struct {
	Device       Device
	UserName     string
	UserImageTag string
}

// Bounds of what a device says of its capabilities: names in a list, and bytes of a name and of an address.
const (
	maxCapabilities   = 100
	maxCapabilityName = 64
	maxCapabilityURL  = 2048
)

// SetCapabilities keeps what the caller's device says that it can do, for as long as its token lives; Invalid where that
// is too much. For an API key it does nothing.
func (s *Service) SetCapabilities(ctx context.Context, c Caller, capabilities Capabilities) error {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return err
	}
	if c.Device == nil {
		return nil
	}
	tooLong := func(name string) bool { return len(name) > maxCapabilityName }
	for _, names := range [][]string{capabilities.PlayableMediaTypes, capabilities.SupportedCommands} {
		if len(names) > maxCapabilities || slices.ContainsFunc(names, tooLong) {
			return refuse(Invalid, "the capabilities are too many")
		}
	}
	if len(capabilities.AppStoreURL) > maxCapabilityURL || len(capabilities.IconURL) > maxCapabilityURL {
		return refuse(Invalid, "the capabilities are too long")
	}
	if reflect.DeepEqual(capabilities, c.Device.Capabilities) {
		return nil // apps say the same at each start
	}
	err := s.store.Update(ctx, func(tx Tx) error {
		return tx.PutCapabilities(ctx, c.Device.TokenHash, capabilities)
	})
	if errors.Is(err, ErrNotFound) {
		return ErrUnauthenticated // it has just ended
	}
	return err
}

// NoteSession writes into the activity log that the caller's device has come, or that it has gone. It writes nothing where
// there is no such device any more: what ended it is in the log.
func (s *Service) NoteSession(ctx context.Context, c Caller, online bool) {
	if c.User == nil || c.Device == nil {
		return
	}
	entry := s.sessionEnded(c, c.User, c.Device)
	if online {
		entry = s.sessionStarted(c, c.User, c.Device)
	}
	err := s.store.Update(ctx, func(tx Tx) error {
		if _, err := tx.Device(ctx, c.Device.TokenHash); err != nil {
			return ignoreNotFound(err)
		}
		return tx.AddActivity(ctx, entry)
	})
	if err != nil {
		s.log.Warn("the activity log is not written", "error", err)
	}
}

func (s *Service) sessionStarted(c Caller, user *User, device *Device) Activity {
	entry := s.entry(c, ActivitySessionStarted, user.ID, "%s is online from %s", user.Name, device.DeviceName)
	entry.ByID = user.ID
	return entry
}

func (s *Service) sessionEnded(c Caller, user *User, device *Device) Activity {
	return s.entry(c, ActivitySessionEnded, user.ID, "%s has disconnected from %s", user.Name, device.DeviceName)
}

// InSession tells whether a device counts as in use: it was active in the last day.
func (s *Service) InSession(d *Device) bool {
	return !d.LastActivityAt.Before(s.Now().Add(-sessionWindow))
}
