package cli

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/sqlite"
)

// keeper does what the local commands ask for: local in this process, remote in the server that runs. It acts as the
// operator.
type keeper interface {
	status(ctx context.Context, _ nothing) (status, error)
	users(ctx context.Context, _ nothing) ([]account, error)
	addUser(ctx context.Context, in newUser) (account, error)
	setPassword(ctx context.Context, in newPassword) (nothing, error)
	setDisabled(ctx context.Context, in newState) (nothing, error)
	unlock(ctx context.Context, in userName) (nothing, error)
	rename(ctx context.Context, in newName) (nothing, error)
	removeUser(ctx context.Context, in userName) (nothing, error)
	backup(ctx context.Context, in backupFile) (nothing, error)
	close() error
}

var (
	_ keeper = (*local)(nil)
	_ keeper = (*remote)(nil)
)

// What goes in and out, as JSON where it goes through the socket.
type (
	nothing struct{}

	status struct {
		URL           string `json:"url"`  // where the server that runs is reached; empty: none runs
		Here          string `json:"here"` // where this machine reaches it
		SetupComplete bool   `json:"setupComplete"`
	}
	account struct {
		Name          string     `json:"name"`
		ID            string     `json:"id"`
		Administrator bool       `json:"administrator"`
		Disabled      bool       `json:"disabled"`
		Hidden        bool       `json:"hidden"`
		HasPassword   bool       `json:"hasPassword"`
		LastLogin     *time.Time `json:"lastLogin"` // null: never
	}
	newUser struct {
		Name          string `json:"name"`
		Password      string `json:"password"`
		Administrator bool   `json:"administrator"`
	}
	newPassword struct {
		Name     string `json:"name"`
		Password string `json:"password"` // empty: none from now on
	}
	newState struct {
		Name     string `json:"name"`
		Disabled bool   `json:"disabled"`
	}
	newName struct {
		Name    string `json:"name"`
		NewName string `json:"newName"`
	}
	userName struct {
		Name string `json:"name"`
	}
	backupFile struct {
		File string `json:"file"` // absolute
	}
)

// patience is how long a command waits for a server that has the store but does not answer: it may be starting or
// stopping, which takes 5 seconds at most, or it is another command.
const patience = 6 * time.Second

// findKeeper finds who keeps the data: the server that runs, or else this process. The caller closes it.
func findKeeper(ctx context.Context, where home, create bool) (keeper, error) {
	for deadline := time.Now().Add(patience); ; {
		far, err := dialControl(ctx, where.dir)
		if err == nil {
			return far, nil
		}
		if !errors.Is(err, errNoServer) {
			return nil, err
		}
		h, err := visit(ctx, where, create)
		if err == nil {
			return &local{house: h}, nil
		}
		if !errors.Is(err, sqlite.ErrInUse) {
			return nil, err
		}
		if time.Now().After(deadline) {
			return nil, failed("", "%s, and that does not answer on its socket; try again once it has started", plain(err))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// local is the keeper in the process that has the store open.
type local struct {
	*house
	url  string // where the server is reached; empty while none runs
	here string // where this machine reaches it
}

func (l *local) close() error { return l.store.Close() }

func (l *local) status(ctx context.Context, _ nothing) (status, error) {
	settings, err := l.service.Settings(ctx)
	if err != nil {
		return status{}, err
	}
	return status{URL: l.url, Here: l.here, SetupComplete: settings.SetupComplete}, nil
}

func (l *local) users(ctx context.Context, _ nothing) ([]account, error) {
	users, err := l.service.Users(ctx, finlatch.Operator(), finlatch.UserFilter{})
	accounts := make([]account, 0, len(users))
	for _, user := range users {
		accounts = append(accounts, accountOf(user))
	}
	return accounts, err
}

func accountOf(user finlatch.User) account {
	a := account{
		Name: user.Name, ID: user.ID.String(), Administrator: user.Policy.IsAdministrator, Disabled: user.Policy.IsDisabled,
		Hidden: user.Policy.IsHidden, HasPassword: user.HasPassword(),
	}
	if !user.LastLoginAt.IsZero() {
		at := user.LastLoginAt.UTC()
		a.LastLogin = &at
	}
	return a
}

func (l *local) addUser(ctx context.Context, in newUser) (account, error) {
	user, err := l.service.CreateUser(ctx, finlatch.Operator(), in.Name, in.Password, in.Administrator)
	return accountOf(user), err
}

func (l *local) setPassword(ctx context.Context, in newPassword) (nothing, error) {
	return l.change(ctx, in.Name, func(id finlatch.ID) error {
		return l.service.SetPassword(ctx, finlatch.Operator(), id, in.Password)
	})
}

func (l *local) setDisabled(ctx context.Context, in newState) (nothing, error) {
	return l.change(ctx, in.Name, func(id finlatch.ID) error {
		return l.service.SetDisabled(ctx, finlatch.Operator(), id, in.Disabled)
	})
}

func (l *local) unlock(ctx context.Context, in userName) (nothing, error) {
	return l.change(ctx, in.Name, func(id finlatch.ID) error {
		return l.service.Unlock(ctx, finlatch.Operator(), id)
	})
}

func (l *local) rename(ctx context.Context, in newName) (nothing, error) {
	return l.change(ctx, in.Name, func(id finlatch.ID) error {
		return l.service.Rename(ctx, finlatch.Operator(), id, in.NewName)
	})
}

func (l *local) removeUser(ctx context.Context, in userName) (nothing, error) {
	return l.change(ctx, in.Name, func(id finlatch.ID) error {
		return l.service.DeleteUser(ctx, finlatch.Operator(), id)
	})
}

// change finds a user by name for f.
func (l *local) change(ctx context.Context, name string, f func(finlatch.ID) error) (nothing, error) {
	user, err := l.service.UserByName(ctx, finlatch.Operator(), name)
	if errors.Is(err, finlatch.ErrNotFound) {
		return nothing{}, noSuchUser(name)
	}
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, f(user.ID)
}

func noSuchUser(name string) error {
	return failed("finlatch user list shows who there is", "there is no user %q", name)
}

func (l *local) backup(ctx context.Context, in backupFile) (nothing, error) {
	file, ok := l.store.(*sqlite.Store)
	if !ok {
		return nothing{}, failed("pg_dump makes one", "the database is PostgreSQL's, which has backups of its own")
	}
	err := file.Backup(ctx, in.File)
	if errors.Is(err, fs.ErrExist) {
		err = failed("choose another name: a backup overwrites nothing", "%s is there already", in.File)
	}
	return nothing{}, err
}
