package finlatch

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// SignedIn is what a sign-in gives: the user, the device it is signed in on, and the access token, which is shown only here.
type SignedIn struct {
	User   User
	Device Device
	Token  Token
}

// Refusals of a sign-in. That a name is unknown and that a password is wrong are the same to whoever asks.
var (
	errWrongPassword = &Error{Kind: Unauthenticated, Msg: "invalid user name or password"}
	errDisabled      = &Error{Kind: Forbidden, Msg: "the account is disabled"}
	errNoRemote      = &Error{Kind: Forbidden, Msg: "this server may not be used from here"}
	errRemote        = &Error{Kind: Forbidden, Msg: "the account may not be used from here"}
	errSchedule      = &Error{Kind: Forbidden, Msg: "the account may not be used at this time"}
	errDevice        = &Error{Kind: Forbidden, Msg: "the account may not be used on this device"}
	errSessions      = &Error{Kind: Forbidden, Msg: "the account is signed in on too many devices"}
	errUserNotFound  = &Error{Kind: NotFound, Msg: "User not found"}
)

// complete tells whether the app has said of itself all that a sign-in needs.
func (i ClientInfo) complete() error {
	for _, text := range []string{i.AppName, i.DeviceID, i.DeviceName, i.AppVersion} {
		if strings.TrimSpace(text) == "" {
			return refuse(Invalid, "Client, DeviceId, Device and Version must be in the Authorization header")
		}
	}
	return nil
}

// SignIn signs a user in by name and password on the caller's device and gives it a new access token, which replaces
// the user's older one on that device. Refusals in their order: Invalid where the app does not say what it is or the name
// is blank; RateLimited after too many failures, see throttling.go; Unauthenticated for an unknown name or a wrong
// password; Forbidden for an account that may not be used (disabled, from there, at this time), which only the right
// password tells; Forbidden for a device or a session too many. An empty password is decided without hashing, any other
// costs one hash, whoever asks for whom. Unavailable where the hash gate is too busy. An Upstream is asked instead of hashing,
// in the same turn, and says for itself whom it forbids; Unavailable where it is away.
func (s *Service) SignIn(ctx context.Context, c Caller, name, password string) (in SignedIn, err error) {
	defer s.tell(SignInByPassword, &in, &err)
	if err := c.complete(); err != nil {
		return SignedIn{}, err
	}
	if strings.TrimSpace(name) == "" {
		return SignedIn{}, refuse(Invalid, "the user name must not be empty")
	}
	if err := s.signInOpen(ctx, c); err != nil {
		return SignedIn{}, err
	}
	return s.signIn(ctx, c, ID{}, name, password)
}

// SignInByID is SignIn for a user named by id; NotFound where there is none. The password must not be empty.
func (s *Service) SignInByID(ctx context.Context, c Caller, id ID, password string) (in SignedIn, err error) {
	defer s.tell(SignInByPassword, &in, &err)
	if err := s.signInOpen(ctx, c); err != nil {
		return SignedIn{}, err
	}
	var named User
	err = s.store.View(ctx, func(tx Tx) (err error) {
		named, err = tx.User(ctx, id)
		return err
	})
	if errors.Is(err, ErrNotFound) && s.options.Upstream != nil {
		named, err = s.namedUpstream(ctx, c, id)
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return SignedIn{}, errUserNotFound
	case err != nil:
		return SignedIn{}, err
	}
	if err := c.complete(); err != nil {
		return SignedIn{}, err
	}
	return s.signIn(ctx, c, id, named.Name, password)
}

// signIn is about the user with an id or, where that is zero, with a name.
func (s *Service) signIn(ctx context.Context, c Caller, id ID, name, password string) (SignedIn, error) {
	normalized := NormalizeName(name)
	a, err := s.lookUp(ctx, c, normalized, password, func(tx Tx) (User, error) {
		if id.IsZero() {
			return tx.UserByName(ctx, normalized)
		}
		return tx.User(ctx, id)
	})
	if err != nil {
		return SignedIn{}, err
	}
	if s.options.Upstream != nil {
		return s.signInVouched(ctx, c, a, id, name, password)
	}
	right, rehashed, err := s.verify(ctx, c, a, password)
	switch {
	case err != nil:
		return SignedIn{}, err
	case a.user == nil:
		if password != "" { // as for a name that exists: what is written takes time
			s.noteStranger(ctx, c)
		}
		return SignedIn{}, errWrongPassword
	case !right:
		return SignedIn{}, s.wrongPassword(ctx, c, a.user, password)
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.mayUse(settings, c, a.user); err != nil {
		s.noteRefused(ctx, c, a.user, err)
		return SignedIn{}, err
	}
	return s.enter(ctx, c, a.user, rehashed)
}

// signInOpen holds strangers off until the server is set up, since whoever comes first must not own it, and then those whom
// the whole server admits from local networks only.
func (s *Service) signInOpen(ctx context.Context, c Caller) error {
	settings, err := s.Settings(ctx)
	switch {
	case err != nil:
		return err
	case !settings.SetupComplete:
		return s.allowSetup(c)
	case !s.mayCome(settings, c, nil):
		return errNoRemote
	}
	return nil
}

// mayUse checks whether an account may be used now and from there. Schedules bind administrators here.
func (s *Service) mayUse(settings *Settings, c Caller, user *User) error {
	switch policy := &user.Policy; {
	case policy.IsDisabled:
		return errDisabled
	case !s.mayCome(settings, c, policy):
		return errRemote
	case !policy.scheduled(s.Now().In(s.options.Location)):
		return errSchedule
	}
	return nil
}

// mayHave checks what Jellyfin checks once it knows the user: the device, and the number of devices. The one that a
// sign-in replaces does not count.
func (s *Service) mayHave(ctx context.Context, tx Tx, user *User, deviceID string) (refusal error, err error) {
	if !user.Policy.allowsDevice(deviceID) {
		return errDevice, nil
	}
	if limit := user.Policy.MaxActiveSessions; limit > 0 && s.options.Upstream == nil { // an Upstream counts for itself
		all, err := tx.CountDevices(ctx, DeviceFilter{UserID: user.ID})
		if err != nil {
			return nil, err
		}
		replaced, err := tx.CountDevices(ctx, DeviceFilter{UserID: user.ID, DeviceID: deviceID})
		if err != nil {
			return nil, err
		}
		if all-replaced >= limit {
			return errSessions, nil
		}
	}
	return nil, nil
}

// wrongPassword counts a wrong password for the user's record and disables the account where its policy says so. Neither an
// empty password counts nor, as in Jellyfin, one for an account that may not be used.
func (s *Service) wrongPassword(ctx context.Context, c Caller, user *User, password string) error {
	if password == "" {
		return errWrongPassword
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	if s.mayUse(settings, c, user) != nil {
		s.noteRefusal(ctx, s.failedSignIn(c, user))
		return errWrongPassword
	}
	if user.Policy.lockoutLimit() == 0 {
		// As for a name that does not exist: nothing is written for each try, so time tells nothing.
		s.refusals.miss(user.ID)
		s.noteRefusal(ctx, s.failedSignIn(c, user))
		return errWrongPassword
	}
	entry, write := s.refusals.note(s.failedSignIn(c, user))
	err = s.store.Update(ctx, func(tx Tx) error {
		u, err := tx.User(ctx, user.ID)
		if err != nil {
			return ignoreNotFound(err)
		}
		entries := make([]Activity, 0, 2)
		if write {
			entries = append(entries, entry)
		}
		u.InvalidLoginAttempts++
		if limit := u.Policy.lockoutLimit(); limit > 0 && u.InvalidLoginAttempts >= limit && !u.Policy.IsDisabled {
			u.Policy.IsDisabled = true
			u.InvalidLoginAttempts++ // as Jellyfin 12 shows it
			entries = append(entries, s.lockedOut(c, &u, "User %s has been locked out"))
		}
		if err := tx.PutUser(ctx, u); err != nil {
			return err
		}
		return tx.AddActivity(ctx, entries...)
	})
	if err != nil {
		return err
	}
	return errWrongPassword
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// enter makes the device of a user whose password was right, if nothing has changed meanwhile that forbids it.
func (s *Service) enter(ctx context.Context, c Caller, verified *User, rehashed string) (SignedIn, error) {
	token, err := newToken(s.options.Random)
	if err != nil {
		return SignedIn{}, err
	}
	var in SignedIn
	var refusal error
	var settings Settings
	missed := s.refusals.forgive(verified.ID)
	err = s.store.Update(ctx, func(tx Tx) (err error) {
		refusal = nil
		user, err := tx.User(ctx, verified.ID)
		switch {
		case errors.Is(err, ErrNotFound):
			refusal = errWrongPassword
			return nil
		case err != nil:
			return err
		case user.PasswordVersion != verified.PasswordVersion:
			refusal = errWrongPassword
			return nil
		}
		if settings, err = tx.Settings(ctx); err != nil {
			return err
		}
		if refusal = s.mayUse(&settings, c, &user); refusal != nil {
			return nil
		}
		now := s.Now()
		attempts := user.InvalidLoginAttempts + missed
		user.InvalidLoginAttempts, user.LastLoginAt, user.LastActivityAt = 0, now, now
		if rehashed != "" {
			user.PasswordHash = rehashed
		}
		if err := tx.PutUser(ctx, user); err != nil {
			return err
		}
		if refusal, err = s.mayHave(ctx, tx, &user, c.DeviceID); refusal != nil || err != nil {
			return err
		}
		in = SignedIn{User: user, Token: token, Device: newDevice(c, c.ClientInfo, user.ID, token, now)}
		in.User.InvalidLoginAttempts = attempts // as Jellyfin 12 shows it: the number before this success
		return s.replaceDevice(ctx, tx, c, user.ID, in.User, in.Device)
	})
	if err == nil && refusal != nil {
		s.noteRefused(ctx, c, verified, refusal)
		err = refusal
	}
	if err != nil {
		return SignedIn{}, err
	}
	s.throttling.passed(c, &in.User, s.place(&settings, c), s.Now())
	return in, nil
}

// replaceDevice puts a device in the place of the user's older one with the same id, and nobody else's. by is who let it in.
func (s *Service) replaceDevice(ctx context.Context, tx Tx, c Caller, by ID, user User, device Device) error {
	replaced, err := tx.DeleteDevices(ctx, DeviceFilter{UserID: user.ID, DeviceID: device.DeviceID})
	if err != nil {
		return err
	}
	if err := tx.CreateDevice(ctx, device); err != nil {
		return err
	}
	if !slices.ContainsFunc(replaced, func(d Device) bool { return s.InSession(&d) }) {
		if err := tx.AddActivity(ctx, s.sessionStarted(c, &user, &device)); err != nil {
			return err
		}
	}
	return tx.AddActivity(ctx, Activity{Type: ActivityAuthenticationSucceeded, Name: user.Name + " successfully authenticated",
		UserID: user.ID, ByID: by, Address: c.Address, Severity: SeverityInformation, Count: 1, At: device.CreatedAt})
}

func newDevice(c Caller, info ClientInfo, user ID, token Token, at time.Time) Device {
	return Device{ClientInfo: info, TokenHash: token.Hash(), UserID: user, Address: c.Address, CreatedAt: at, LastActivityAt: at,
		Capabilities: NewCapabilities(), Pages: c.Pages}
}
