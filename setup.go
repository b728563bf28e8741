package finlatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var (
	errSetupPlace  = &Error{Kind: Forbidden, Msg: "the server is not set up yet, and may be set up only from this machine or a private network"}
	errNoOwner     = &Error{Kind: Forbidden, Msg: "the server is not set up yet"}
	errNoFirstUser = &Error{Kind: NotFound, Msg: "there is no user yet"}
	errSetUp       = &Error{Kind: Conflict, Msg: "the server has been set up already"}
	errBegun       = &Error{Kind: Conflict, Msg: "somebody has begun to set this server up in an app, and made an administrator there: finish it in that app, or, if you do not know who that is, on the server's machine with finlatch user"}
	errFirstUser   = &Error{Kind: Forbidden, Msg: "the first user has a password already"}
)

// ErrEmptyPassword refuses a first user without a password.
var ErrEmptyPassword = &Error{Kind: Invalid, Msg: "Password must not be empty"}

// allowSetup tells whether the caller may set the server up while it is not: whoever comes first must not own it.
func (s *Service) allowSetup(c Caller) error {
	if c.thisMachine() || c.local(s.options.SetupFrom) {
		return nil
	}
	return errSetupPlace
}

// StartupConfiguration is what the first run asks about the server.
type StartupConfiguration struct {
	ServerName                string
	UICulture                 string
	MetadataCountryCode       string
	PreferredMetadataLanguage string
}

// SetStartupConfiguration names the server.
func (s *Service) SetStartupConfiguration(ctx context.Context, c Caller, configuration StartupConfiguration) error {
	return s.setUp(ctx, c, func(tx Tx, settings *Settings) error {
		settings.ServerName = harmless(configuration.ServerName, maxServerName)
		settings.UICulture = harmless(configuration.UICulture, maxCulture)
		settings.MetadataCountryCode = harmless(configuration.MetadataCountryCode, maxCulture)
		settings.PreferredMetadataLanguage = harmless(configuration.PreferredMetadataLanguage, maxCulture)
		return tx.PutSettings(ctx, *settings)
	})
}

// SetRemoteAccess keeps the first run's answer about access from elsewhere.
func (s *Service) SetRemoteAccess(ctx context.Context, c Caller, enabled bool) error {
	return s.setUp(ctx, c, func(tx Tx, settings *Settings) error {
		settings.RemoteAccess = enabled
		return tx.PutSettings(ctx, *settings)
	})
}

// setUp runs one step of the first run in one transaction.
func (s *Service) setUp(ctx context.Context, c Caller, f func(Tx, *Settings) error) error {
	if err := s.Allow(ctx, c, LevelSetupOrAdmin); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		if settings.SetupComplete && !c.Administrator() { // completed since Allow
			return ErrUnauthenticated
		}
		return f(tx, &settings)
	})
}

// undecided is the PasswordVersion of the administrator that the first run begins with, until somebody has given it a
// password: asking for it makes it, and anybody who may set the server up may ask.
const undecided = 0

// firstUser is whom the first run is about: the administrator created first. Jellyfin takes the user created first, but
// the operator may have made others before.
func firstUser(ctx context.Context, tx Tx) (User, error) {
	administrators, err := tx.Users(ctx, UserFilter{Administrator: new(true)})
	if err != nil {
		return User{}, err
	}
	if len(administrators) == 0 {
		return User{}, ErrNotFound
	}
	return slices.MinFunc(administrators, func(a, b User) int { return a.CreatedAt.Compare(b.CreatedAt) }), nil
}

// FirstUser is the administrator created first. While there is none, it creates one without a password, with a name to
// start from, as the first run expects.
func (s *Service) FirstUser(ctx context.Context, c Caller, name string) (User, error) {
	if !validName(name) {
		name = "MyJellyfinUser"
	}
	candidate := name
	for n := 2; ; n++ {
		user, err := s.ensureFirstUser(ctx, c, candidate)
		if !errors.Is(err, ErrConflict) {
			return user, err
		}
		candidate = fmt.Sprint(name, n) // the operator has given the name to somebody else
	}
}

func (s *Service) ensureFirstUser(ctx context.Context, c Caller, name string) (user User, err error) {
	first, err := s.newUser(name)
	if err != nil {
		return User{}, err
	}
	first.Policy, first.PasswordVersion = newAdministratorPolicy(), undecided
	err = s.setUp(ctx, c, func(tx Tx, settings *Settings) (err error) {
		user, err = firstUser(ctx, tx)
		if errors.Is(err, ErrNotFound) && !settings.SetupComplete {
			user = first
			return tx.CreateUser(ctx, first)
		}
		return err
	})
	return user, err
}

// SetFirstUser names the first user and sets its password: NotFound while there is none, Forbidden once it has a password.
func (s *Service) SetFirstUser(ctx context.Context, c Caller, name, password string) error {
	var user User
	err := s.setUp(ctx, c, func(tx Tx, settings *Settings) (err error) {
		if user, err = firstUser(ctx, tx); errors.Is(err, ErrNotFound) {
			return errNoFirstUser
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case user.HasPassword():
		return errFirstUser
	case password == "":
		return ErrEmptyPassword
	case !validName(name):
		return errBadName
	}
	hash, err := s.hash(ctx, c, password)
	if err != nil {
		return err
	}
	err = s.setUp(ctx, c, func(tx Tx, settings *Settings) error {
		user, err := tx.User(ctx, user.ID)
		if err != nil {
			return err
		}
		if user.HasPassword() { // set since we looked
			return errFirstUser
		}
		user.Name, user.NormalizedName, user.PasswordHash = name, NormalizeName(name), hash
		user.PasswordVersion++
		return tx.PutUser(ctx, user)
	})
	if errors.Is(err, ErrConflict) {
		return errNameTaken
	}
	return err
}

// SetUp does the first run at once: it names the server, makes the administrator and closes the first run. Conflict where that
// is done, or where an app has begun it and somebody has given an administrator a password there, who would stay one unseen;
// Forbidden for whoever may not; Invalid for a name that is not valid or taken, or without a password.
func (s *Service) SetUp(ctx context.Context, c Caller, serverName, userName, password string) error {
	settings, err := s.Settings(ctx)
	switch {
	case err != nil:
		return err
	case settings.SetupComplete:
		return errSetUp
	case !validName(userName):
		return errBadName
	case strings.TrimSpace(password) == "":
		return errAdministratorsPassword
	}
	if err := s.allowSetup(c); err != nil {
		return err
	}
	first, err := s.newUser(userName)
	if err != nil {
		return err
	}
	if first.PasswordHash, err = s.hash(ctx, c, password); err != nil {
		return err
	}
	first.Policy = newAdministratorPolicy()
	err = s.setUp(ctx, c, func(tx Tx, settings *Settings) error {
		if settings.SetupComplete {
			return errSetUp
		}
		settings.ServerName = harmless(serverName, maxServerName)
		if err := tx.PutSettings(ctx, *settings); err != nil {
			return err
		}
		begun, err := firstUser(ctx, tx)
		switch {
		case err != nil:
			err = ignoreNotFound(err)
		case begun.PasswordVersion == undecided: // an app has asked for the first user, and nobody has decided on it
			err = tx.DeleteUser(ctx, begun.ID)
		case begun.HasPassword():
			err = errBegun
		}
		if err != nil {
			return err
		}
		if err := tx.CreateUser(ctx, first); err != nil {
			return err
		}
		if err := s.completeSetup(ctx, tx, c); err != nil {
			return err
		}
		return tx.AddActivity(ctx, s.entry(c, ActivityUserCreated, first.ID, "User %s has been created", first.Name))
	})
	switch {
	case errors.Is(err, ErrUnauthenticated): // completed since we looked
		return errSetUp
	case errors.Is(err, ErrConflict) && !errors.Is(err, error(errSetUp)) && !errors.Is(err, error(errBegun)):
		return errNameTaken
	}
	return err
}

// CompleteSetup closes the first run for good and ends all tokens from before. It needs an administrator, who has a
// password unless the caller is on this machine.
func (s *Service) CompleteSetup(ctx context.Context, c Caller) error {
	return s.setUp(ctx, c, func(tx Tx, settings *Settings) error {
		if settings.SetupComplete {
			return nil
		}
		filter := UserFilter{Administrator: new(true), Disabled: new(false)}
		if !c.thisMachine() {
			filter.HasPassword = new(true)
		}
		administrators, err := tx.CountUsers(ctx, filter)
		if err != nil {
			return err
		}
		if administrators == 0 {
			return refuse(Invalid, "the server needs an administrator with a password first")
		}
		return s.completeSetup(ctx, tx, c)
	})
}

// endFirstRun ends all that anybody was given before the server had an owner: tokens, API keys, requests for Quick Connect.
// Where the operator makes the administrator, the one that the first run began with goes, if nobody has decided on it.
func (s *Service) endFirstRun(ctx context.Context, tx Tx, c Caller) error {
	if err := tx.DeleteAllDevices(ctx); err != nil {
		return err
	}
	keys, err := tx.APIKeys(ctx)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := tx.DeleteAPIKey(ctx, key.ID); err != nil {
			return err
		}
	}
	if err := s.endRequests(ctx, tx); err != nil || !c.Operator {
		return err
	}
	administrators, err := tx.Users(ctx, UserFilter{Administrator: new(true), HasPassword: new(false)})
	if err != nil {
		return err
	}
	for _, user := range administrators {
		if user.PasswordVersion == undecided {
			if err := tx.DeleteUser(ctx, user.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// endRequests deletes all requests for Quick Connect: each expires some time.
func (s *Service) endRequests(ctx context.Context, tx Tx) error {
	for {
		expired, err := tx.ExpireQuickConnects(ctx, s.Now().Add(10*quickConnectLife), sweepBatch)
		if err != nil || expired < sweepBatch {
			return err
		}
	}
}

func (s *Service) completeSetup(ctx context.Context, tx Tx, c Caller) error {
	settings, err := tx.Settings(ctx)
	if err != nil || settings.SetupComplete {
		return err
	}
	settings.SetupComplete = true
	if err := tx.PutSettings(ctx, settings); err != nil {
		return err
	}
	if err := s.endFirstRun(ctx, tx, c); err != nil {
		return err
	}
	return tx.AddActivity(ctx, s.entry(c, ActivitySetupCompleted, ID{}, "The server has been set up"))
}
