package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/finlatch/finlatch"
)

// userCommand is the group of commands about users.
type userCommand struct {
	Add     userAdd     `cmd:"" help:"Add a user."`
	List    userList    `cmd:"" help:"List the users."`
	Passwd  userPasswd  `cmd:"" help:"Set or remove a user's password."`
	Disable userDisable `cmd:"" help:"Keep a user from signing in."`
	Enable  userEnable  `cmd:"" help:"Let a disabled or locked user sign in again."`
	Unlock  userUnlock  `cmd:"" help:"Forget a user's failed sign-ins."`
	Rename  userRename  `cmd:"" help:"Give a user another name."`
	Remove  userRemove  `cmd:"" help:"Delete a user."`
}

// Help is the manual's page.
func (*userCommand) Help() string { return userHelp }

// with finds the keeper of the data for f. The store may be locked meanwhile, so f does not wait for a person.
func with(ctx context.Context, where home, create bool, f func(keeper) error) error {
	k, err := findKeeper(ctx, where, create)
	if err != nil {
		return err
	}
	if err := f(k); err != nil {
		k.close()
		return err
	}
	return k.close()
}

// find looks a user up before anybody is asked for a password.
func find(ctx context.Context, k keeper, name string) (account, bool, error) {
	accounts, err := k.users(ctx, nothing{})
	i := slices.IndexFunc(accounts, func(a account) bool { return finlatch.NormalizeName(a.Name) == finlatch.NormalizeName(name) })
	if err != nil || i < 0 {
		return account{}, false, err
	}
	return accounts[i], true, nil
}

// lookUp is find where there must be such a user.
func lookUp(ctx context.Context, where home, name string) (user account, err error) {
	return user, with(ctx, where, false, func(k keeper) error {
		found := false
		if user, found, err = find(ctx, k, name); err == nil && !found {
			err = noSuchUser(name)
		}
		return err
	})
}

// userAdd adds a user.
type userAdd struct {
	Name       string `arg:"" help:"The name to sign in with. Letters, digits, spaces and - ' . _ @ +; upper and lower case are the same."`
	Admin      bool   `help:"Make the user an administrator."`
	NoPassword bool   `help:"Make a user who signs in with an empty password, from private networks only (--passwordless-from)."`
}

// Help is the manual's page.
func (*userAdd) Help() string { return userAddHelp }

// Run adds the user, and says what is next where that was the first administrator.
func (c *userAdd) Run(ctx context.Context, p *Program, root *commandLine) error {
	if c.Admin && c.NoPassword {
		return misused("", "an administrator needs a password")
	}
	err := with(ctx, root.home(), true, func(k keeper) error {
		taken, found, err := find(ctx, k, c.Name)
		if found {
			return failed("", "the user name %q is taken", taken.Name)
		}
		return err
	})
	if err != nil {
		return err
	}
	in := newUser{Name: c.Name, Administrator: c.Admin}
	if !c.NoPassword {
		if in.Password, err = p.askPassword(ctx, c.Name); err != nil {
			return err
		}
	}
	return with(ctx, root.home(), true, func(k keeper) error {
		before, err := k.status(ctx, nothing{})
		if err != nil {
			return err
		}
		added, err := k.addUser(ctx, in)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.Stderr, "Added %s.\n", added.Name)
		switch {
		case before.SetupComplete:
		case c.Admin:
			fmt.Fprintln(p.Stderr, afterSetup(before.URL, added.Name))
		default:
			fmt.Fprintln(p.Stderr, "The server still needs an administrator: finlatch user add NAME --admin")
		}
		return nil
	})
}

func afterSetup(url, name string) string {
	if url == "" {
		return fmt.Sprintf("The server is set up. Start it with finlatch serve, and sign in as %s in a Jellyfin app, or at /finlatch/ in a browser.", name)
	}
	return fmt.Sprintf("The server is set up. Open %s in a Jellyfin app, or %s/finlatch/ in a browser, and sign in as %s.", url, url, name)
}

func firstOf(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// userList lists the users.
type userList struct {
	JSON bool `name:"json" help:"Print a JSON array of objects with name, id, administrator, disabled, hidden, hasPassword and lastLogin (UTC, or null)."`
}

// Help is the manual's page.
func (*userList) Help() string { return userListHelp }

// Run prints the list.
func (c *userList) Run(ctx context.Context, p *Program, root *commandLine) error {
	return with(ctx, root.home(), false, func(k keeper) error {
		accounts, err := k.users(ctx, nothing{})
		if err != nil {
			return err
		}
		if c.JSON {
			return p.printJSON(accounts)
		}
		return printUsers(p.Stdout, accounts)
	})
}

func printUsers(w io.Writer, accounts []account) error {
	yes := map[bool]string{true: "yes", false: "no"}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tID\tADMINISTRATOR\tDISABLED\tHIDDEN\tPASSWORD\tLAST LOGIN")
	for _, a := range accounts {
		last := "never"
		if a.LastLogin != nil {
			last = a.LastLogin.Local().Format("2006-01-02 15:04")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.Name, a.ID, yes[a.Administrator], yes[a.Disabled], yes[a.Hidden], yes[a.HasPassword], last)
	}
	return table.Flush()
}

// userPasswd sets a password.
type userPasswd struct {
	Name       string `arg:"" help:"The user."`
	NoPassword bool   `help:"Remove the password: the user signs in with an empty one, from private networks only. Not for administrators."`
}

// Help is the manual's page.
func (*userPasswd) Help() string { return userPasswdHelp }

// Run sets the password.
func (c *userPasswd) Run(ctx context.Context, p *Program, root *commandLine) error {
	user, err := lookUp(ctx, root.home(), c.Name)
	if err != nil {
		return err
	}
	in := newPassword{Name: user.Name}
	did := "Removed the password of"
	if !c.NoPassword {
		did = "Set the password of"
		if in.Password, err = p.askPassword(ctx, user.Name); err != nil {
			return err
		}
	}
	return with(ctx, root.home(), false, func(k keeper) error {
		_, err := k.setPassword(ctx, in)
		return p.did(err, "%s %s and signed all devices of that user out.", did, user.Name)
	})
}

// userDisable disables a user.
type userDisable struct {
	Name string `arg:"" help:"The user."`
}

// Help is the manual's page.
func (*userDisable) Help() string { return userDisableHelp }

// Run disables the user.
func (c *userDisable) Run(ctx context.Context, p *Program, root *commandLine) error {
	return with(ctx, root.home(), false, func(k keeper) error {
		_, err := k.setDisabled(ctx, newState{c.Name, true})
		return p.did(err, "Disabled %s and signed all devices of that user out.", c.Name)
	})
}

// userEnable enables a user.
type userEnable struct {
	Name string `arg:"" help:"The user."`
}

// Help is the manual's page.
func (*userEnable) Help() string { return userEnableHelp }

// Run enables the user.
func (c *userEnable) Run(ctx context.Context, p *Program, root *commandLine) error {
	return with(ctx, root.home(), false, func(k keeper) error {
		_, err := k.setDisabled(ctx, newState{c.Name, false})
		return p.did(err, "Enabled %s.", c.Name)
	})
}

// userUnlock forgets failed sign-ins.
type userUnlock struct {
	Name string `arg:"" help:"The user."`
}

// Help is the manual's page.
func (*userUnlock) Help() string { return userUnlockHelp }

// Run unlocks the user.
func (c *userUnlock) Run(ctx context.Context, p *Program, root *commandLine) error {
	return with(ctx, root.home(), false, func(k keeper) error {
		_, err := k.unlock(ctx, userName{c.Name})
		return p.did(err, "Unlocked %s.", c.Name)
	})
}

// userRename renames a user.
type userRename struct {
	Name string `arg:"" help:"The user."`
	New  string `arg:"" help:"The new name."`
}

// Help is the manual's page.
func (*userRename) Help() string { return userRenameHelp }

// Run renames the user.
func (c *userRename) Run(ctx context.Context, p *Program, root *commandLine) error {
	return with(ctx, root.home(), false, func(k keeper) error {
		_, err := k.rename(ctx, newName{c.Name, c.New})
		return p.did(err, "%s is now %s.", c.Name, c.New)
	})
}

// userRemove deletes a user.
type userRemove struct {
	Name string `arg:"" help:"The user."`
	Yes  bool   `help:"Do not ask."`
}

// Help is the manual's page.
func (*userRemove) Help() string { return userRemoveHelp }

// Run deletes the user, once a person or --yes has said so.
func (c *userRemove) Run(ctx context.Context, p *Program, root *commandLine) error {
	user, err := lookUp(ctx, root.home(), c.Name)
	if err != nil {
		return err
	}
	if !c.Yes {
		if _, ok := p.terminal(); !ok {
			return misused("", "without a terminal to ask at, user remove needs --yes")
		}
		yes, err := p.confirm(ctx, fmt.Sprintf("Delete %s, with all devices and settings of that user?", user.Name))
		if err != nil || !yes {
			return firstOf(err, failed("", "%s stays", user.Name))
		}
	}
	return with(ctx, root.home(), false, func(k keeper) error {
		_, err = k.removeUser(ctx, userName{user.Name})
		return p.did(err, "Deleted %s.", user.Name)
	})
}

// did tells a person what was done, unless err says that it was not.
func (p *Program) did(err error, format string, args ...any) error {
	if err == nil {
		fmt.Fprintf(p.Stderr, format+"\n", args...)
	}
	return err
}
