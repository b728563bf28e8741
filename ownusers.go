package finlatch

import (
	"context"
	"crypto/rand"
	"reflect"
)

// AuthProvider has the users of a program that embeds finlatch, and says who they are (Jellyfin's word: authentication provider).
// Of a User it gives at least ID, which never changes, and Name; where it gives no Policy or Configuration, those of [NewPolicy] and
// [NewConfiguration] hold. Its methods may be called from any number of goroutines; their errors are as those of [Upstream].
type AuthProvider interface {
	// Authenticate says whose a name and a password are: ErrUnauthenticated for wrong ones, ErrForbidden for an account that may
	// not be used. It is asked behind the limits of failed sign-ins, by as few at a time as the hash gate lets.
	Authenticate(ctx context.Context, name, password string) (User, error)
	// User is a user as it is now: ErrNotFound where there is none.
	User(ctx context.Context, id ID) (User, error)
	// Users lists all. It is asked every five minutes; who is not there any more is signed out.
	Users(ctx context.Context) ([]User, error)
}

// OwnUsers makes of a program's users what Options.Upstream takes: the program has the users and their passwords, finlatch the
// devices, their tokens and Quick Connect. A user's MaxActiveSessions does not count. [Service.RecheckUser] signs the user out everywhere.
func OwnUsers(provider AuthProvider) Upstream { return ownUsers{provider} }

type ownUsers struct{ provider AuthProvider }

func (o ownUsers) SignIn(ctx context.Context, _ Caller, name, password string) (Granted, error) {
	user, err := o.provider.Authenticate(ctx, name, password)
	if err != nil {
		return Granted{}, err
	}
	token, err := newToken(rand.Reader)
	return Granted{User: complete(user), Token: token}, err
}

// Whose knows no token: it is asked about those that this server has not given.
func (ownUsers) Whose(context.Context, Caller, Token) (Granted, error) {
	return Granted{}, ErrUnauthenticated
}

func (o ownUsers) User(ctx context.Context, id ID) (User, error) {
	user, err := o.provider.User(ctx, id)
	return complete(user), err
}

func (o ownUsers) Users(ctx context.Context) ([]User, error) {
	users, err := o.provider.Users(ctx)
	all := make([]User, len(users))
	for i, user := range users {
		all[i] = complete(user)
	}
	return all, err
}

func (ownUsers) QuickConnect(context.Context) (bool, error) { return true, nil }

func (ownUsers) Ask(context.Context, Caller, ClientInfo) (Minting, error) {
	secret, err := newSecret(rand.Reader)
	return Minting{Secret: secret}, err
}

// Mint makes the same token however often it is asked, since it makes it of the secret.
func (o ownUsers) Mint(ctx context.Context, m Minting, id ID) (Granted, error) {
	user, err := o.User(ctx, id)
	return Granted{User: user, Token: m.Secret.token(id[:])}, err
}

// Abandon has nothing to end: nobody can use what this server does not know.
func (ownUsers) Abandon(context.Context, Minting) error { return nil }

func (ownUsers) End(context.Context, Token) error { return nil }

// complete gives a user what the program leaves open.
func complete(user User) User {
	if reflect.ValueOf(user.Policy).IsZero() {
		user.Policy = NewPolicy()
	}
	if reflect.ValueOf(user.Configuration).IsZero() {
		user.Configuration = NewConfiguration()
	}
	return user
}
