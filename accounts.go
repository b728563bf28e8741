package finlatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var (
	errLastAdministrator    = &Error{Kind: Forbidden, Msg: "There must be at least one user in the system with administrative access."}
	errDisableAdministrator = &Error{Kind: Forbidden, Msg: "Administrators cannot be disabled."}
	errLastEnabled          = &Error{Kind: Forbidden, Msg: "There must be at least one enabled user in the system."}
	errOwnPolicy            = &Error{Kind: Forbidden, Msg: "You would shut yourself out with this. Another administrator can do it."}
	errNameTaken            = &Error{Kind: Invalid, Msg: "the user name is taken"}
	errBadName              = &Error{Kind: Invalid, Msg: "a user name has letters, digits, spaces and - ' . _ @ + only, and neither begins nor ends with a space"}
)

// Users lists all users by name, as every signed-in user may see them.
func (s *Service) Users(ctx context.Context, c Caller, filter UserFilter) (users []User, err error) {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return nil, err
	}
	err = s.store.View(ctx, func(tx Tx) (err error) {
		users, err = tx.Users(ctx, filter)
		return err
	})
	return users, err
}

// PublicUsers lists the users that an administrator shows to strangers: neither hidden nor disabled. Strangers from
// elsewhere see only those who may come from there.
func (s *Service) PublicUsers(ctx context.Context, c Caller) ([]User, error) {
	settings, err := s.Settings(ctx)
	if err != nil {
		return nil, err
	}
	var shown []User
	no := false
	err = s.store.View(ctx, func(tx Tx) error {
		users, err := tx.Users(ctx, UserFilter{Hidden: &no, Disabled: &no})
		shown = shown[:0]
		for _, u := range users {
			remote := s.mayCome(settings, c, &u.Policy)
			device := !c.Known() || u.Policy.allowsDevice(c.DeviceID)
			if !settings.SetupComplete || remote && device {
				shown = append(shown, u)
			}
		}
		return err
	})
	return shown, err
}

// UserByID is any user, for any signed-in user: NotFound where there is none.
func (s *Service) UserByID(ctx context.Context, c Caller, id ID) (user User, err error) {
	if err := s.Allow(ctx, c, LevelAnyHour); err != nil {
		return User{}, err
	}
	err = s.store.View(ctx, func(tx Tx) (err error) {
		user, err = tx.User(ctx, id)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return User{}, errUserNotFound
	}
	return user, err
}

// UserByName is any user, for administrators, in any spelling of the name: NotFound where there is none.
func (s *Service) UserByName(ctx context.Context, c Caller, name string) (user User, err error) {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return User{}, err
	}
	err = s.store.View(ctx, func(tx Tx) (err error) {
		user, err = tx.UserByName(ctx, NormalizeName(name))
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return User{}, errUserNotFound
	}
	return user, err
}

// CreateUser makes a user, for administrators; an empty password makes one without. Invalid for a name that is not valid
// or taken. An administrator with a password, made by the operator before the server is set up, completes the set-up.
func (s *Service) CreateUser(ctx context.Context, c Caller, name, password string, administrator bool) (User, error) {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return User{}, err
	}
	if !validName(name) {
		return User{}, errBadName
	}
	if administrator && password != "" && strings.TrimSpace(password) == "" {
		return User{}, errAdministratorsPassword
	}
	user, err := s.newUser(name)
	if err != nil {
		return User{}, err
	}
	if administrator {
		user.Policy = newAdministratorPolicy()
	}
	if user.PasswordHash, err = s.hash(ctx, c, password); err != nil {
		return User{}, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		if err := tx.CreateUser(ctx, user); err != nil {
			return err
		}
		if c.Operator && administrator && password != "" {
			if err := s.completeSetup(ctx, tx, c); err != nil {
				return err
			}
		}
		return tx.AddActivity(ctx, s.entry(c, ActivityUserCreated, user.ID, "User %s has been created", user.Name))
	})
	if errors.Is(err, ErrConflict) {
		return User{}, errNameTaken
	}
	return user, err
}

func (s *Service) newUser(name string) (User, error) {
	id, err := newID(s.options.Random)
	if err != nil {
		return User{}, err
	}
	return User{ID: id, Name: name, NormalizedName: NormalizeName(name), PasswordVersion: 1, Policy: NewPolicy(),
		Configuration: NewConfiguration(), CreatedAt: s.Now()}, nil
}

func (s *Service) entry(c Caller, kind string, about ID, format string, args ...any) Activity {
	return Activity{Type: kind, Name: fmt.Sprintf(format, args...), UserID: about, ByID: c.UserID(), Address: c.Address,
		Severity: SeverityInformation, Count: 1, At: s.Now()}
}

// change reads a user, lets f change it, and writes it. What f returns rolls everything back.
func (s *Service) change(ctx context.Context, id ID, f func(Tx, *User) error) error {
	taken := false
	err := s.store.Update(ctx, func(tx Tx) error {
		taken = false
		user, err := tx.User(ctx, id)
		if errors.Is(err, ErrNotFound) {
			return errUserNotFound
		}
		if err != nil {
			return err
		}
		if err := f(tx, &user); err != nil {
			return err
		}
		err = tx.PutUser(ctx, user)
		taken = errors.Is(err, ErrConflict)
		return err
	})
	if taken {
		return errNameTaken
	}
	return err
}

// SetPolicy replaces a user's policy, for administrators. Forbidden where it would leave no administrator or no enabled
// user, or disable an administrator. Disabling ends the user's tokens, but for the caller's own; a limit of sessions ends
// those for which it leaves no room, the latest sign-ins first. Blocked folders and channels stay as they were where the
// policy has nil for them.
func (s *Service) SetPolicy(ctx context.Context, c Caller, id ID, policy Policy, invalidLoginAttempts int) error {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return err
	}
	err := s.changePolicy(ctx, c, id, s.checkPolicy, func(*User) (Policy, int, error) { return policy, invalidLoginAttempts, nil })
	if err == nil {
		s.refusals.forgive(id) // the number that was posted counts
	}
	return err
}

// ChangePolicy lets change alter a user's policy as it is now, by the rules of SetPolicy; what change returns rolls
// everything back, and it may run twice. Failed sign-ins stay counted. Forbidden, too, where the callers would shut
// themselves out: from administration, from where they are, at this time, or by a limit of sessions. Invalid where somebody
// without a password would become an administrator.
func (s *Service) ChangePolicy(ctx context.Context, c Caller, id ID, change func(*Policy) error) error {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return err
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	check := func(ctx context.Context, tx Tx, user *User, policy Policy) error {
		if err := s.checkPolicy(ctx, tx, user, policy); err != nil {
			return err
		}
		if policy.IsAdministrator && !user.Policy.IsAdministrator && !user.HasPassword() {
			return errAdministratorsPassword
		}
		if id != c.UserID() {
			return nil
		}
		return s.checkOwnPolicy(ctx, tx, settings, c, user, policy)
	}
	return s.changePolicy(ctx, c, id, check, func(user *User) (Policy, int, error) {
		policy := user.Policy
		err := change(&policy)
		return policy, user.InvalidLoginAttempts, err
	})
}

// checkOwnPolicy refuses callers a policy under which they could not go on, though they can now.
func (s *Service) checkOwnPolicy(ctx context.Context, tx Tx, settings *Settings, c Caller, user *User, policy Policy) error {
	after := *user
	after.Policy = policy
	if !policy.IsAdministrator || s.mayUse(settings, c, user) == nil && s.mayUse(settings, c, &after) != nil {
		return errOwnPolicy
	}
	if c.Device == nil || policy.MaxActiveSessions <= 0 {
		return nil
	}
	staying, err := tx.OldestDevices(ctx, user.ID, policy.MaxActiveSessions)
	if err != nil || slices.ContainsFunc(staying, func(d Device) bool { return d.TokenHash == c.Device.TokenHash }) {
		return err
	}
	return errOwnPolicy
}

// changePolicy is SetPolicy with a policy that is made from the user's record, and allowed by check.
func (s *Service) changePolicy(ctx context.Context, c Caller, id ID, check func(context.Context, Tx, *User, Policy) error,
	f func(*User) (Policy, int, error)) error {
	if err := s.keepsUsers(); err != nil {
		return err
	}
	enabled := false
	err := s.change(ctx, id, func(tx Tx, user *User) error {
		policy, invalidLoginAttempts, err := f(user)
		if err != nil {
			return err
		}
		enabled = user.Policy.IsDisabled && !policy.IsDisabled
		if policy.BlockedMediaFolders == nil {
			policy.BlockedMediaFolders = user.Policy.BlockedMediaFolders
		}
		if policy.BlockedChannels == nil {
			policy.BlockedChannels = user.Policy.BlockedChannels
		}
		if err := check(ctx, tx, user, policy); err != nil {
			return err
		}
		if policy.IsDisabled && !user.Policy.IsDisabled {
			if err := s.endTokens(ctx, tx, c, user.ID); err != nil {
				return err
			}
		}
		if err := s.endCrowd(ctx, tx, c, user.ID, policy.MaxActiveSessions); err != nil {
			return err
		}
		user.Policy, user.InvalidLoginAttempts = policy, invalidLoginAttempts
		return tx.AddActivity(ctx, s.entry(c, ActivityUserPolicyUpdated, id, "The policy of user %s has been changed", user.Name))
	})
	if err != nil || !enabled {
		return err
	}
	return s.pardon(ctx, id)
}

func (s *Service) checkPolicy(ctx context.Context, tx Tx, user *User, policy Policy) error {
	if user.Policy.IsAdministrator && !policy.IsAdministrator {
		if last, err := s.lastAdministrator(ctx, tx, user); err != nil || last {
			return firstOf(err, errLastAdministrator)
		}
	}
	if !policy.IsDisabled || user.Policy.IsDisabled {
		return nil
	}
	if user.Policy.IsAdministrator {
		return errDisableAdministrator
	}
	if last, err := s.last(ctx, tx, UserFilter{Disabled: new(false)}); err != nil || last {
		return firstOf(err, errLastEnabled)
	}
	return nil
}

func firstOf(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// last tells whether a filter picks one user at most.
func (s *Service) last(ctx context.Context, tx Tx, filter UserFilter) (bool, error) {
	n, err := tx.CountUsers(ctx, filter)
	return n <= 1, err
}

// lastAdministrator tells whether no administrator would be left without this one. One who is disabled is no help.
func (s *Service) lastAdministrator(ctx context.Context, tx Tx, user *User) (bool, error) {
	filter := UserFilter{Administrator: new(true)}
	if !user.Policy.IsDisabled {
		filter.Disabled = new(false)
	}
	return s.last(ctx, tx, filter)
}

// endTokens ends a user's tokens, but for the caller's own, and those that approved devices have not fetched yet.
func (s *Service) endTokens(ctx context.Context, tx Tx, c Caller, user ID) error {
	filter := DeviceFilter{UserID: user}
	if c.Device != nil {
		filter.Except = c.Device.TokenHash
	}
	ended, err := tx.DeleteDevices(ctx, filter)
	if err != nil {
		return err
	}
	return firstOf(tx.DeleteQuickConnectsOf(ctx, user), s.noteRevoked(ctx, tx, c, ended...))
}

// noteRevoked writes into the activity log that devices have been signed out.
func (s *Service) noteRevoked(ctx context.Context, tx Tx, c Caller, ended ...Device) error {
	entries := make([]Activity, len(ended))
	for i, d := range ended {
		entries[i] = s.entry(c, ActivityDeviceRevoked, d.UserID, "%s on %s has been signed out", d.AppName, d.DeviceName)
	}
	return tx.AddActivity(ctx, entries...)
}

// endCrowd ends the tokens of a user beyond a limit; 0 is none.
func (s *Service) endCrowd(ctx context.Context, tx Tx, c Caller, user ID, limit int) error {
	if limit <= 0 {
		return nil
	}
	count, err := tx.CountDevices(ctx, DeviceFilter{UserID: user})
	if err != nil || count <= limit {
		return err
	}
	devices, err := tx.OldestDevices(ctx, user, count)
	if err != nil {
		return err
	}
	for _, d := range devices[limit:] {
		if _, err := tx.DeleteDevices(ctx, DeviceFilter{TokenHash: d.TokenHash}); err != nil {
			return err
		}
	}
	return s.noteRevoked(ctx, tx, c, devices[limit:]...)
}

// SetDisabled disables or enables a user, by the rules of SetPolicy. Enabling forgets the failed sign-ins that may have
// locked the account, also where it was enabled.
func (s *Service) SetDisabled(ctx context.Context, c Caller, id ID, disabled bool) error {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return err
	}
	err := s.changePolicy(ctx, c, id, s.checkPolicy, func(user *User) (Policy, int, error) {
		policy, attempts := user.Policy, user.InvalidLoginAttempts
		policy.IsDisabled = disabled
		if !disabled {
			attempts = 0
		}
		return policy, attempts, nil
	})
	if err != nil || disabled {
		return err
	}
	return s.pardon(ctx, id)
}

// DeleteUser deletes a user and ends all its tokens, for administrators. Invalid for the last administrator.
func (s *Service) DeleteUser(ctx context.Context, c Caller, id ID) error {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		user, err := tx.User(ctx, id)
		if errors.Is(err, ErrNotFound) {
			return errUserNotFound
		}
		if err != nil {
			return err
		}
		if user.Policy.IsAdministrator {
			if last, err := s.lastAdministrator(ctx, tx, &user); err != nil || last {
				return firstOf(err, refuse(Invalid, "the last administrator cannot be deleted"))
			}
		}
		if err := tx.DeleteUser(ctx, id); err != nil {
			return err
		}
		return tx.AddActivity(ctx, s.entry(c, ActivityUserDeleted, ID{}, "User %s has been deleted", user.Name))
	})
}

// Rename gives a user another name, for administrators; users may so rename themselves where their policy lets them change
// their account. Tokens stay.
func (s *Service) Rename(ctx context.Context, c Caller, id ID, name string) error {
	if err := s.allowOwn(ctx, c, id); err != nil {
		return err
	}
	if err := s.keepsUsers(); err != nil {
		return err
	}
	if !validName(name) {
		return errBadName
	}
	return s.change(ctx, id, func(tx Tx, user *User) error {
		if !c.mayUpdate(user) {
			return errNotYourRecord
		}
		return s.rename(ctx, tx, c, user, name)
	})
}

func (s *Service) rename(ctx context.Context, tx Tx, c Caller, user *User, name string) error {
	before := user.Name
	user.Name, user.NormalizedName = name, NormalizeName(name)
	return tx.AddActivity(ctx, s.entry(c, ActivityUserRenamed, user.ID, "User %s is now %s", before, name))
}
