package finlatch

import "context"

var (
	errNotYourRecord        = &Error{Kind: Forbidden, Msg: "User update not allowed."}
	errNotYourConfiguration = &Error{Kind: Forbidden, Msg: "User configuration update not allowed"}
	errLongConfiguration    = &Error{Kind: Invalid, Msg: "the user's configuration is too large"}
)

// Bounds of a user's configuration: bytes in a text and entries in a list.
const (
	maxPreference     = 64
	maxPreferenceList = 1000
)

// mayUpdate tells whether the caller may change a user's record: an administrator everybody's, others the own one where
// their policy lets them.
func (c Caller) mayUpdate(user *User) bool {
	return c.Administrator() || c.UserID() == user.ID && user.Policy.EnableUserPreferenceAccess
}

// toUpdate is the user whom a request is to change: the one it names, else the caller. NotFound where there is none, and
// refusal where the caller may not change it.
func (s *Service) toUpdate(ctx context.Context, c Caller, id ID, refusal error) (user User, err error) {
	if err := s.keepsUsers(); err != nil {
		return User{}, err
	}
	if id.IsZero() {
		id = c.UserID()
	}
	if id.IsZero() {
		return User{}, refuse(Invalid, "a user must be named")
	}
	if user, err = s.UserByID(ctx, c, id); err == nil && !c.mayUpdate(&user) {
		err = refusal
	}
	return user, err
}

// UpdateUser renames a user if the name is another, and replaces its configuration: that of the user whom an id names, or
// the caller's own. NotFound for an unknown user; Forbidden where the caller may not; Invalid for a name that is not
// valid or taken. Where the configuration names no cast receiver, that stays as it was.
func (s *Service) UpdateUser(ctx context.Context, c Caller, id ID, name string, configuration Configuration) error {
	return s.update(ctx, c, id, errNotYourRecord, configuration, func(tx Tx, user *User) error {
		switch {
		case name == user.Name:
			return nil
		case !validName(name):
			return errBadName
		}
		return s.rename(ctx, tx, c, user, name)
	})
}

// SetConfiguration replaces a user's configuration, by the rules of UpdateUser.
func (s *Service) SetConfiguration(ctx context.Context, c Caller, id ID, configuration Configuration) error {
	return s.update(ctx, c, id, errNotYourConfiguration, configuration, func(Tx, *User) error { return nil })
}

func (s *Service) update(ctx context.Context, c Caller, id ID, refusal error, configuration Configuration, f func(Tx, *User) error) error {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return err
	}
	user, err := s.toUpdate(ctx, c, id, refusal)
	if err != nil {
		return err
	}
	if err := configuration.tidy(); err != nil {
		return err
	}
	return s.change(ctx, user.ID, func(tx Tx, user *User) error {
		if !c.mayUpdate(user) {
			return refusal
		}
		receiver := user.Configuration.CastReceiverID
		user.Configuration = configuration
		if configuration.CastReceiverID == "" {
			user.Configuration.CastReceiverID = receiver
		}
		return f(tx, user)
	})
}

// tidy bounds what a user says.
func (c *Configuration) tidy() error {
	for _, list := range [][]ID{c.GroupedFolders, c.OrderedViews, c.LatestItemsExcludes, c.MyMediaExcludes} {
		if len(list) > maxPreferenceList {
			return errLongConfiguration
		}
	}
	for _, text := range []*string{&c.AudioLanguagePreference, &c.SubtitleLanguagePreference, &c.SubtitleMode, &c.CastReceiverID} {
		*text = harmless(*text, maxPreference)
	}
	return nil
}
