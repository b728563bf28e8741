package finlatch

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

const sessionWindow = 24 * time.Hour // a device that was active in it is listed as a session

var errNoDevice = &Error{Kind: NotFound, Msg: "there is no such device"}

// SignOut ends the token that the caller comes with: Unauthenticated where it has just ended. For an API key it does
// nothing, as in Jellyfin. On the pages it works from everywhere and at every hour, in which the API follows Jellyfin.
func (s *Service) SignOut(ctx context.Context, c Caller) error {
	level := LevelUser
	if c.Pages && c.Known() {
		level = LevelAnybody
	}
	if err := s.Allow(ctx, c, level); err != nil {
		return err
	}
	if c.Device == nil {
		return nil
	}
	return s.store.Update(ctx, func(tx Tx) error {
		ended, err := tx.DeleteDevices(ctx, DeviceFilter{TokenHash: c.Device.TokenHash})
		switch {
		case err != nil:
			return err
		case len(ended) == 0: // jellyfin-web signs out twice at once
			return ErrUnauthenticated
		}
		return tx.AddActivity(ctx, s.sessionEnded(c, c.User, c.Device))
	})
}

// SessionFilter picks sessions. Members that are zero pick all.
type SessionFilter struct {
	DeviceID     string
	ActiveWithin time.Duration
	// ControllableBy asks for those that a user may control from afar: its own, and everybody's where its policy has
	// EnableRemoteControlOfOtherUsers. Only an administrator may name another.
	ControllableBy ID
}

// Sessions lists the devices that were active in the last day, latest first: an administrator sees all, a user its own.
func (s *Service) Sessions(ctx context.Context, c Caller, filter SessionFilter) ([]Session, error) {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return nil, err
	}
	window := sessionWindow
	if filter.ActiveWithin > 0 && filter.ActiveWithin < window {
		window = filter.ActiveWithin
	}
	devices := DeviceFilter{DeviceID: filter.DeviceID, ActiveSince: s.Now().Add(-window)}
	switch {
	case !filter.ControllableBy.IsZero():
		return s.controllable(ctx, c, filter.ControllableBy, devices)
	case !c.Administrator():
		devices.UserID = c.UserID()
	}
	return s.sessions(ctx, devices)
}

func (s *Service) controllable(ctx context.Context, c Caller, id ID, filter DeviceFilter) ([]Session, error) {
	if id != c.UserID() && !c.Administrator() {
		return nil, ErrForbidden
	}
	user, err := s.UserByID(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if !user.Policy.EnableRemoteControlOfOtherUsers {
		filter.UserID = id
	}
	sessions, err := s.sessions(ctx, filter)
	return slices.DeleteFunc(sessions, func(session Session) bool { return !user.Policy.allowsDevice(session.Device.DeviceID) }), err
}

func (s *Service) sessions(ctx context.Context, filter DeviceFilter) (sessions []Session, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		sessions = sessions[:0]
		devices, err := tx.Devices(ctx, filter)
		if err != nil {
			return err
		}
		users := map[ID]User{}
		for _, d := range devices {
			user, known := users[d.UserID]
			if !known {
				if user, err = tx.User(ctx, d.UserID); err != nil {
					return err
				}
				users[d.UserID] = user
			}
			sessions = append(sessions, Session{Device: d, UserName: user.Name, UserImageTag: user.ImageTag})
		}
		return nil
	})
	return sessions, err
}

// allowOwn lets everybody do for themselves, and say so by their id, what is for administrators else.
func (s *Service) allowOwn(ctx context.Context, c Caller, id ID) error {
	if !id.IsZero() && id == c.UserID() {
		return s.Allow(ctx, c, LevelUser)
	}
	return s.Allow(ctx, c, LevelAdmin)
}

// Devices lists signed-in devices, one entry a token, latest activity first, for administrators. With an id it lists
// those that this user might use: NotFound where there is no such user. Other users list their own, and give their id.
func (s *Service) Devices(ctx context.Context, c Caller, id ID) ([]Session, error) {
	if err := s.allowOwn(ctx, c, id); err != nil {
		return nil, err
	}
	if !c.Administrator() {
		return s.sessions(ctx, DeviceFilter{UserID: id})
	}
	all, err := s.sessions(ctx, DeviceFilter{})
	if err != nil || id.IsZero() {
		return all, err
	}
	user, err := s.UserByID(ctx, c, id)
	if err != nil {
		return nil, err
	}
	usable := all[:0]
	for _, session := range all {
		if user.Policy.allowsDevice(session.Device.DeviceID) {
			usable = append(usable, session)
		}
	}
	return usable, nil
}

// LatestDevices lists at most limit signed-in devices, latest activity first: a user's, by the rules of Devices, or
// everybody's, for administrators.
func (s *Service) LatestDevices(ctx context.Context, c Caller, id ID, limit int) ([]Session, error) {
	if err := s.allowOwn(ctx, c, id); err != nil {
		return nil, err
	}
	return s.sessions(ctx, DeviceFilter{UserID: id, Limit: limit})
}

// DevicesSeen notes that the caller has looked at the list of its devices.
func (s *Service) DevicesSeen(ctx context.Context, c Caller) error {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return err
	}
	return s.change(ctx, c.UserID(), func(_ Tx, user *User) error {
		user.DevicesSeenAt = s.Now()
		return nil
	})
}

// SignOutOthers ends every token of a user but the caller's own, for administrators; users may so end their own.
func (s *Service) SignOutOthers(ctx context.Context, c Caller, id ID) error {
	if err := s.allowOwn(ctx, c, id); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error { return s.endTokens(ctx, tx, c, id) })
}

// DeviceByID is the most recently active entry with a device id, for administrators: NotFound where there is none. With a
// user's id it is that user's; users may so ask for their own.
func (s *Service) DeviceByID(ctx context.Context, c Caller, deviceID string, id ID) (Session, error) {
	if err := s.allowOwn(ctx, c, id); err != nil {
		return Session{}, err
	}
	if deviceID == "" {
		return Session{}, errNoDevice
	}
	found, err := s.sessions(ctx, DeviceFilter{DeviceID: deviceID, UserID: id, Limit: 1})
	if err != nil {
		return Session{}, err
	}
	if len(found) == 0 {
		return Session{}, errNoDevice
	}
	return found[0], nil
}

// DeleteDevices ends every token with one of the device ids, of all users, for administrators; with a user's id only that
// user's, and users may so end their own. Where one of them is unknown nothing is deleted: NotFound.
func (s *Service) DeleteDevices(ctx context.Context, c Caller, deviceIDs []string, id ID) error {
	if err := s.allowOwn(ctx, c, id); err != nil {
		return err
	}
	if len(deviceIDs) == 0 {
		return nil
	}
	return s.store.Update(ctx, func(tx Tx) error {
		seen := map[string]bool{}
		for _, deviceID := range deviceIDs {
			if deviceID == "" {
				return errNoDevice
			}
			if seen[deviceID] {
				continue
			}
			seen[deviceID] = true
			ended, err := tx.DeleteDevices(ctx, DeviceFilter{DeviceID: deviceID, UserID: id})
			if err != nil {
				return err
			}
			if len(ended) == 0 {
				return errNoDevice
			}
			for _, d := range ended {
				// Whoever had the device may have approved another one, which has yet to fetch its token.
				if err := tx.DeleteQuickConnectsOf(ctx, d.UserID); err != nil {
					return err
				}
			}
			if err := s.noteRevoked(ctx, tx, c, ended...); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeviceOptions are what was said about a device id: by an administrator for whoever uses it, or, with a user's id, for that
// user's device; users may so ask for their own. NotFound until somebody has said something.
func (s *Service) DeviceOptions(ctx context.Context, c Caller, deviceID string, id ID) (options DeviceOptions, err error) {
	if err := s.allowOwn(ctx, c, id); err != nil {
		return DeviceOptions{}, err
	}
	err = s.store.View(ctx, func(tx Tx) (err error) {
		options, err = tx.DeviceOptions(ctx, deviceID, id)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return DeviceOptions{}, errNoDevice
	}
	return options, err
}

// NameDevice gives a device id a name that is shown instead of the one the app gives, or with an empty one takes it away,
// by the rules of DeviceOptions. There need not be such a device; but users name only devices that they are signed in on,
// so that they fill no disk. NotFound for an unknown user, or where a user has no such device.
func (s *Service) NameDevice(ctx context.Context, c Caller, deviceID string, id ID, name string) error {
	if err := s.allowOwn(ctx, c, id); err != nil {
		return err
	}
	if deviceID == "" || len(deviceID) > maxDeviceID {
		return refuse(Invalid, "that is no device id")
	}
	options := DeviceOptions{DeviceID: deviceID, UserID: id, CustomName: strings.TrimSpace(harmless(name, maxDeviceName))}
	err := s.store.Update(ctx, func(tx Tx) error {
		if !c.Administrator() {
			count, err := tx.CountDevices(ctx, DeviceFilter{DeviceID: deviceID, UserID: id})
			if err != nil || count == 0 {
				return firstOf(err, errNoDevice)
			}
		}
		return tx.PutDeviceOptions(ctx, options)
	})
	if errors.Is(err, ErrNotFound) && !errors.Is(err, errNoDevice) {
		return errUserNotFound
	}
	return err
}

// DisplayPreferences is the document that an app keeps for a user and an item; nil where there is none. It writes
// nothing: Jellyfin 12 adds a row with every read.
func (s *Service) DisplayPreferences(ctx context.Context, c Caller, id, item ID, client string) ([]byte, error) {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return nil, err
	}
	id, err := s.own(c, id)
	if err != nil {
		return nil, err
	}
	var found DisplayPreferences
	err = s.store.View(ctx, func(tx Tx) (err error) {
		found, err = tx.DisplayPreferences(ctx, id, item, client)
		return ignoreNotFound(err)
	})
	return found.Data, err
}

// Bounds of display preferences: bytes in one document and in a client's name, and documents of one user.
const (
	maxPreferences      = 64 << 10
	maxPreferencesName  = 128
	maxPreferencesCount = 500
)

// SetDisplayPreferences keeps a document for a user and an item: Invalid where it is too large or there are too many.
func (s *Service) SetDisplayPreferences(ctx context.Context, c Caller, id, item ID, client string, data []byte) error {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return err
	}
	id, err := s.own(c, id)
	if err != nil {
		return err
	}
	if len(data) > maxPreferences || len(client) > maxPreferencesName {
		return refuse(Invalid, "the display preferences are too large")
	}
	return s.store.Update(ctx, func(tx Tx) error {
		_, err := tx.DisplayPreferences(ctx, id, item, client)
		if errors.Is(err, ErrNotFound) {
			var count int
			if count, err = tx.CountDisplayPreferences(ctx, id); count >= maxPreferencesCount {
				return refuse(Invalid, "the user has too many display preferences")
			}
		}
		if err != nil {
			return err
		}
		err = tx.PutDisplayPreferences(ctx, DisplayPreferences{UserID: id, ItemID: item, Client: client, Data: data})
		if errors.Is(err, ErrNotFound) {
			return errUserNotFound
		}
		return err
	})
}
