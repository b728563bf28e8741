package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/finlatch/finlatch/jellyfin"
)

const (
	signOutTime = 5 * time.Second // for a sign-in that cannot be kept to end
	answerTime  = 2 * time.Second // for the answer to a sign-in that is interrupted
)

// loginCommand signs in to a server.
type loginCommand struct {
	Server       string `arg:"" optional:"" help:"Its address as people type it, as media.example.org or 192.168.1.2:8096. Without it the servers of the local network are looked for."`
	User         string `placeholder:"NAME" help:"Who signs in. Without it the name is asked for; with --quick-connect, whoever approves the code."`
	QuickConnect bool   `short:"q" help:"Sign in without a password: somebody who is signed in elsewhere approves a code."`
}

// Help is the manual's page.
func (*loginCommand) Help() string { return loginHelp }

// Run signs in, and out again if the account cannot be kept: nobody would know of a device that is signed in.
func (c *loginCommand) Run(ctx context.Context, p *Program) error {
	w, err := p.wallet()
	if err != nil {
		return err
	}
	app, err := w.app()
	if err != nil {
		return err
	}
	address := c.Server
	if address == "" {
		if address, err = p.chooseServer(ctx); err != nil {
			return err
		}
	}
	if jellyfin.Candidates(address) == nil {
		return misused("it is what stands in the browser, or as 192.168.1.2:8096", "%s is no address of a server", shown(address))
	}
	client, err := jellyfin.Dial(ctx, address, app, jellyfin.Options{})
	if err != nil {
		return explain(err)
	}
	in, err := c.signIn(ctx, p, client)
	if err != nil {
		return err
	}
	where, err := keep(ctx, w, client)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.Stderr, "Signed in to %s as %s.\nThe token is kept in %s.\n", p.serverName(client, &in.Server), p.screen().bold(shown(in.User.Name)), where)
	return nil
}

func (c *loginCommand) signIn(ctx context.Context, p *Program, client *jellyfin.Client) (*jellyfin.SignedIn, error) {
	server, err := client.PublicInfo(ctx)
	if err != nil {
		return nil, explain(err)
	}
	if !server.StartupWizardCompleted {
		return nil, failed("open "+client.Address()+" in a browser first", "nobody has set up this server yet")
	}
	fmt.Fprintf(p.Stderr, "%s%s\n", p.serverName(client, server), unencrypted(client.Address()))
	if c.QuickConnect {
		return p.quickConnect(ctx, client, c.User)
	}
	name := c.User
	if name == "" {
		if name, err = p.ask(ctx, "User: "); err != nil {
			return nil, err
		}
	}
	if name == "" {
		return nil, misused("name one with --user, or use --quick-connect", "there is no user name")
	}
	password, err := p.oldPassword(ctx, name)
	if err != nil {
		return nil, err
	}
	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(answerTime, cancel) })()
	in, err := client.SignIn(patient, name, password)
	in, err = unlessInterrupted(ctx, client, in, err)
	return in, explain(err, cause{jellyfin.ErrUnauthorized, exitNotSignedIn, "the user name or the password is wrong", "try again; after some failures the server makes you wait"},
		cause{jellyfin.ErrForbidden, exitNotSignedIn, "the server does not let this user in", "ask its administrator"})
}

// unlessInterrupted ends a sign-in that a signal has overtaken. Who calls it gives an answer that is under way then a moment to arrive:
// the device that it is about would stay signed in, and nobody would have its token.
func unlessInterrupted(ctx context.Context, client *jellyfin.Client, in *jellyfin.SignedIn, err error) (*jellyfin.SignedIn, error) {
	if ctx.Err() == nil {
		return in, err
	}
	if err == nil {
		_ = signOut(ctx, client) // a person who has enough is not told more
	}
	return nil, ctx.Err()
}

// oldPassword gets a password that exists: from the terminal, unseen, or else the next line of standard input. It may be empty.
func (p *Program) oldPassword(ctx context.Context, name string) (password string, err error) {
	if tty, ok := p.terminal(); ok {
		password, err = p.unseen(ctx, tty, fmt.Sprintf("Password of %s: ", shown(name)))
	} else {
		password, err = p.nextLine(ctx)
	}
	if err == nil && !utf8.ValidString(password) {
		err = failed("set another one in an app", "the password is not UTF-8 text, which is what servers take")
	}
	return password, err
}

// keep puts who is signed in into the wallet. The account that this replaces is signed out where it was another device.
func keep(ctx context.Context, w *wallet, client *jellyfin.Client) (string, error) {
	credential, _ := client.Credential()
	before := w.replaced(ctx, credential)
	where, err := w.save(ctx, credential)
	if err == nil {
		if before != nil {
			_ = signOut(ctx, before) // it may have ended long ago, and this server answers
		}
		return where, nil
	}
	if ended := signOut(ctx, client); ended != nil {
		return "", failed("remove the device "+credential.DeviceID+" of "+shown(credential.UserName)+" in an app", "%s; and signing out again failed: %s", plain(err), plain(ended))
	}
	return "", err
}

// replaced is the client of the same account's sign-in before, as another device; nil: there is none.
func (w *wallet) replaced(ctx context.Context, credential jellyfin.Credential) *jellyfin.Client {
	before, err := w.files.Credential(ctx, credential.ServerID, credential.UserID)
	if err != nil || before.DeviceID == credential.DeviceID {
		return nil
	}
	client, _, err := w.resume(ctx, before)
	if err != nil {
		return nil
	}
	return client
}

// signOut ends a sign-in, also where a signal has ended the command.
func signOut(ctx context.Context, client *jellyfin.Client) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signOutTime)
	defer cancel()
	err := client.SignOut(ctx)
	if errors.Is(err, jellyfin.ErrUnauthorized) {
		return nil
	}
	return err
}

// serverName is a server as a person sees it.
func (p *Program) serverName(client *jellyfin.Client, server *jellyfin.PublicSystemInfo) string {
	return fmt.Sprintf("%s (%s)", p.screen().bold(shown(server.ServerName)), client.Address())
}

// unencrypted warns of who can listen.
func unencrypted(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "https" || loopback(u.Hostname()) {
		return ""
	}
	return ", not encrypted: whoever is in between can read what is sent"
}

func loopback(name string) bool {
	ip, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && ip.IsLoopback()
}
