package finlatch

import (
	"context"
	"errors"
	"strings"
)

var (
	errAdministratorsPassword = &Error{Kind: Invalid, Msg: "an administrator needs a password"}
	errNotYourPassword        = &Error{Kind: Forbidden, Msg: "User is not allowed to update the password."}
	errCurrentPassword        = &Error{Kind: Forbidden, Msg: "Invalid user or password entered."}
)

const passwordChanged = "Password has been changed for user %s"

// WrongCurrent tells whether an error says that the current password is not right.
func WrongCurrent(err error) bool { return errors.Is(err, error(errCurrentPassword)) }

// PasswordChange is how a password is to change.
type PasswordChange struct {
	Current string // asked for where somebody changes the own one
	New     string // empty: none any more
	Reset   bool   // takes the password away, whatever New is
}

// ChangePassword changes or removes a user's password: the one that an id names, or the caller's own. Whoever changes the
// own one gives the current one, administrators too; a wrong one counts as a failed sign-in. Of others it is changed by
// administrators only. NotFound for an unknown user; Forbidden where the caller may not, or the current password is
// wrong; Invalid where an administrator would be left without one. All tokens of the user end, but for the caller's own.
func (s *Service) ChangePassword(ctx context.Context, c Caller, id ID, change PasswordChange) error {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return err
	}
	user, err := s.toUpdate(ctx, c, id, errNotYourPassword)
	if err != nil {
		return err
	}
	if change.Reset {
		if user.Policy.IsAdministrator {
			return errAdministratorsPassword
		}
		change.New = ""
	}
	own := user.ID == c.UserID()
	if own {
		if err := s.provePassword(ctx, c, &user, change.Current); err != nil {
			return err
		}
	}
	hash, err := s.hash(ctx, c, change.New)
	if err != nil {
		return err
	}
	return s.changePassword(ctx, user.ID, func(tx Tx, now *User) error {
		switch {
		case !c.mayUpdate(now):
			return errNotYourPassword
		case own && now.PasswordVersion != user.PasswordVersion:
			return errCurrentPassword
		}
		return s.putPassword(ctx, tx, c, now, change.New, hash, passwordChanged)
	})
}

// changePassword is change, after which no failed sign-in counts any more.
func (s *Service) changePassword(ctx context.Context, id ID, f func(Tx, *User) error) error {
	if err := s.change(ctx, id, f); err != nil {
		return err
	}
	return s.pardon(ctx, id)
}

// provePassword asks a user who is signed in for the current password, by the rules of a sign-in.
func (s *Service) provePassword(ctx context.Context, c Caller, user *User, password string) error {
	settings, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	if err := s.mayUse(settings, c, user); err != nil {
		return err
	}
	a := s.claim(settings, c, user.NormalizedName, user)
	right, _, err := s.verify(ctx, c, a, password)
	switch {
	case err == nil && right:
		s.throttling.passed(c, user, a.place, s.Now())
	case err == nil:
		err = s.wrongPassword(ctx, c, user, password)
	}
	if errors.Is(err, errWrongPassword) {
		return errCurrentPassword
	}
	return err
}

// SetPassword sets a user's password, for administrators; the empty one removes it, but not an administrator's. All
// tokens of the user end, but for the caller's own.
func (s *Service) SetPassword(ctx context.Context, c Caller, id ID, password string) error {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return err
	}
	hash, err := s.hash(ctx, c, password)
	if err != nil {
		return err
	}
	return s.changePassword(ctx, id, func(tx Tx, user *User) error {
		if c.Operator { // the way back in, whoever was to vouch for the password
			user.Policy.AuthenticationProviderID = DefaultAuthenticationProviderID
		}
		return s.putPassword(ctx, tx, c, user, password, hash, passwordChanged)
	})
}

// putPassword gives a user another password, which ends what came of the old one: tokens, and a PIN for forgetting it.
// note is the sentence of the activity log.
func (s *Service) putPassword(ctx context.Context, tx Tx, c Caller, user *User, password, hash, note string) error {
	if user.Policy.IsAdministrator && strings.TrimSpace(password) == "" {
		return errAdministratorsPassword
	}
	user.PasswordHash, user.InvalidLoginAttempts = hash, 0
	user.PasswordVersion++
	if err := s.endTokens(ctx, tx, c, user.ID); err != nil {
		return err
	}
	if err := ignoreNotFound(tx.DeletePasswordReset(ctx, user.ID)); err != nil {
		return err
	}
	return tx.AddActivity(ctx, s.entry(c, ActivityUserPasswordChanged, user.ID, note, user.Name))
}

// hash hashes a new password; none for the empty one.
func (s *Service) hash(ctx context.Context, c Caller, password string) (encoded string, err error) {
	if err := s.keepsUsers(); err != nil {
		return "", err
	}
	switch {
	case password == "":
		return "", nil
	case len(password) > MaxPassword:
		return "", refuse(Invalid, "the password is too long")
	}
	gateErr := s.hashing.do(ctx, c.Address, true, func() {
		encoded, err = s.options.Hasher.Hash(s.options.Random, password)
	})
	if gateErr != nil {
		return "", gateErr
	}
	return encoded, err
}
