package finlatch

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Upstream is a Jellyfin server behind this one: it has the users, their passwords and their tokens. What goes wrong has the
// kinds of [Error]; Unavailable where it does not answer, or not as a Jellyfin does. Its methods may be called from any
// number of goroutines.
type Upstream interface {
	// SignIn asks for a user's password, for the client that c describes: Unauthenticated for a wrong name or password,
	// Forbidden for an account that may not be used.
	SignIn(ctx context.Context, c Caller, name, password string) (Granted, error)
	// Whose tells whom a token belongs to, or that it is an API key: Unauthenticated for one that means nothing.
	Whose(ctx context.Context, c Caller, token Token) (Granted, error)
	// User is a user with the policy as it is now: NotFound where there is none.
	User(ctx context.Context, id ID) (User, error)
	// Users lists all.
	Users(ctx context.Context) ([]User, error)
	// QuickConnect tells whether tokens can be made without a password: Ask and Mint are Unavailable while they cannot.
	QuickConnect(ctx context.Context) (on bool, err error)
	// Ask begins to make a token for a device without a password. What it returns is to be kept before Mint.
	Ask(ctx context.Context, c Caller, device ClientInfo) (Minting, error)
	// Mint makes the token for a user, or gives the one that it has made before: however often it is called for the same
	// Minting, there is one token. NotFound where upstream has forgotten it, and then there is none.
	Mint(ctx context.Context, m Minting, user ID) (Granted, error)
	// Abandon ends the token that Mint has made, if it has.
	Abandon(ctx context.Context, m Minting) error
	// End ends a token. That it has ended is no error.
	End(ctx context.Context, token Token) error
}

// Granted is what an Upstream says of a token.
type Granted struct {
	User   User // but for its password
	Device ClientInfo
	Token  Token
	Key    bool // Token is an API key, and nobody's
}

// Minting is a token in the making.
type Minting struct {
	Secret Secret
	Code   string
}

var (
	errUpstream      = &Error{Kind: Unavailable, Msg: "the server behind this one does not answer as it should", RetryAfter: 5 * time.Second}
	errNotHere       = &Error{Kind: Forbidden, Msg: "the server behind this one keeps the users and their passwords"}
	errOtherUsers    = errors.New("the store has users of its own, so it cannot serve in front of a Jellyfin: give it a folder of its own")
	errOtherUpstream = errors.New("the store belongs to a gateway in front of another Jellyfin: compare the address with the one of before, or give it a folder of its own")
)

// upstreamProviderID is the authentication provider of users that mirror an Upstream's, so that no password signs them in
// where the store is used without it.
const upstreamProviderID = "finlatch.Upstream"

// mirrors tells whether the user is an Upstream's.
func (u *User) mirrors() bool { return u.Policy.AuthenticationProviderID == upstreamProviderID }

// keepsUsers refuses to change users that an Upstream keeps.
func (s *Service) keepsUsers() error {
	if s.options.Upstream != nil {
		return errNotHere
	}
	return nil
}

// takeOver makes the store's settings those of a server in front of an Upstream: it has no first run.
func (s *Service) takeOver(ctx context.Context, fresh Settings) error {
	return s.store.Update(ctx, func(tx Tx) error {
		users, err := tx.Users(ctx, UserFilter{})
		if err != nil {
			return err
		}
		for _, user := range users {
			if !user.mirrors() {
				return errOtherUsers
			}
		}
		settings, err := tx.Settings(ctx)
		if errors.Is(err, ErrNotFound) {
			settings = fresh
		} else if err != nil {
			return err
		}
		id := s.options.ServerID
		if id.IsZero() {
			id = settings.ServerID
		}
		switch {
		case err == nil && settings.SetupComplete && settings.ServerID == id:
			return nil
		case len(users) > 0 && settings.ServerID != id: // which knows none of them, so that all would go
			return errOtherUpstream
		}
		settings.SetupComplete, settings.ServerID = true, id
		return tx.PutSettings(ctx, settings)
	})
}

// attend does what is due for an Upstream, until ctx ends.
func (s *Service) attend(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { s.wakeEnding(ctx) })
	wg.Go(func() { s.endTokensUpstream(ctx) })
	wg.Go(func() { s.mirrorUsers(ctx) })
	wg.Wait()
}

// check refuses what no Jellyfin answers, and makes the rest harmless.
func (g *Granted) check() error {
	if g.Token.IsZero() || len(g.Token.text) > maxTokenLength {
		return errUpstream
	}
	d := g.Device
	g.Device = NewClientInfo(d.AppName, d.AppVersion, d.DeviceName, d.DeviceID)
	return g.User.check()
}

// check is Granted.check for a user.
func (u *User) check() error {
	u.Name = harmless(u.Name, maxNameLength)
	if u.NormalizedName = NormalizeName(u.Name); u.ID.IsZero() || u.NormalizedName == "" {
		return errUpstream
	}
	return nil
}
