package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/finlatch/finlatch/jellyfin"
	"github.com/finlatch/finlatch/jellyfin/keyring"
)

// wallet is where a user of this machine keeps the servers' tokens: in the system's keyring where one runs, else in files that
// nobody else may read. What is no secret is in a file either way.
type wallet struct {
	dir   string
	files *jellyfin.FileStore
	ring  *keyring.Store
}

const (
	keyringService = "finlatch"
	keyringTime    = 3 * time.Second
)

const inFilesHint = "finlatch keeps accounts in the directory of its configuration; HOME or XDG_CONFIG_HOME says where that is"

func (p *Program) wallet() (*wallet, error) {
	config := p.defaultConfig()
	if config == "" {
		return nil, failed("set HOME to a directory that you may write to", "there is no home directory to keep accounts in")
	}
	dir := filepath.Join(filepath.Dir(config), "accounts")
	files := jellyfin.NewFileStore(dir)
	return &wallet{dir: dir, files: files, ring: keyring.New(keyringService, files)}, nil
}

// app is what this program says of itself to a server.
func (w *wallet) app() (jellyfin.App, error) {
	id, err := jellyfin.InstallationID(filepath.Join(w.dir, "installation"))
	if err != nil {
		return jellyfin.App{}, failed(inFilesHint, "accounts cannot be kept: %s", plain(err))
	}
	return jellyfin.App{Client: "finlatch", Version: programVersion(), DeviceID: id}, nil
}

// all are the accounts without their tokens, the one in use first.
func (w *wallet) all(ctx context.Context) ([]jellyfin.Credential, error) {
	all, err := w.files.Credentials(ctx)
	if err != nil {
		return nil, failed("remove what is not finlatch's, and sign in again", "accounts cannot be read: %s", plain(err))
	}
	return all, nil
}

// save keeps an account, which is the one in use from now on, and says where.
func (w *wallet) save(ctx context.Context, credential jellyfin.Credential) (where string, err error) {
	ring := hasKeyring(ctx)
	if err := ctx.Err(); err != nil {
		return "", err
	}
	hint := inFilesHint
	if ring {
		err, where, hint = w.ring.Save(ctx, credential), "the system's keyring", "unlock the keyring, then sign in again"
	} else {
		err, where = w.files.Save(ctx, credential), fmt.Sprintf("%s, where only you can read it: no keyring runs here", w.dir)
	}
	if err == nil {
		return where, nil
	}
	if ctx.Err() == nil {
		err = failed(hint, "the account cannot be kept: %s", plain(err))
	}
	return "", err
}

// hasKeyring asks the system. One that does not answer is none.
func hasKeyring(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, keyringTime)
	defer cancel()
	return keyring.Available(ctx, keyringService) == nil
}

// open completes an account with its token.
func (w *wallet) open(ctx context.Context, credential jellyfin.Credential) (jellyfin.Credential, error) {
	if credential.Token != "" {
		return credential, nil
	}
	opened, err := w.ring.Credential(ctx, credential.ServerID, credential.UserID)
	if err != nil && ctx.Err() == nil {
		return opened, &problem{text: fmt.Sprintf("the token of %s is in the keyring, which does not give it: %s", describe(credential), plain(err)),
			hint: "unlock the keyring, or sign in again: " + loginAgain(credential) + "; finlatch logout --forget gives the account up", code: exitNotSignedIn}
	}
	return opened, err
}

// forget takes an account away, also where the keyring is locked, or gone: the token in it was ended, or is given up.
func (w *wallet) forget(ctx context.Context, credential jellyfin.Credential) error {
	if credential.Token == "" && w.ring.Delete(ctx, credential.ServerID, credential.UserID) == nil {
		return nil
	}
	return w.files.Delete(ctx, credential.ServerID, credential.UserID)
}

// pick finds an account by what a person calls it: NAME or NAME@SERVER, where SERVER is the server's name, address or host. The
// empty name is the account in use.
func (w *wallet) pick(ctx context.Context, name string) (jellyfin.Credential, error) {
	all, err := w.all(ctx)
	if err != nil {
		return jellyfin.Credential{}, err
	}
	if len(all) == 0 {
		return jellyfin.Credential{}, &problem{text: "nobody is signed in", hint: "sign in with finlatch login", code: exitNotSignedIn}
	}
	if name == "" {
		return all[0], nil
	}
	found := slices.DeleteFunc(slices.Clone(all), func(c jellyfin.Credential) bool { return !called(c, name) })
	switch len(found) {
	case 0:
		return jellyfin.Credential{}, &problem{text: fmt.Sprintf("there is no account %s", name), hint: "finlatch accounts lists them", code: exitNotSignedIn}
	case 1:
		return found[0], nil
	}
	return jellyfin.Credential{}, misused("say which one with "+found[0].UserName+"@"+host(found[0].Server), "%d accounts are called %s", len(found), name)
}

// called tells whether a name means an account. Names may have an @ of their own.
func called(c jellyfin.Credential, name string) bool {
	if strings.EqualFold(name, c.UserName) {
		return true
	}
	n := len(c.UserName)
	if len(name) <= n || !strings.EqualFold(name[:n], c.UserName) || name[n] != '@' {
		return false
	}
	return slices.ContainsFunc([]string{c.ServerName, c.ServerID, c.Server, host(c.Server)}, func(s string) bool { return strings.EqualFold(s, name[n+1:]) })
}

// host is host and port of a base URL.
func host(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Host
}

// describe names an account for a person.
func describe(c jellyfin.Credential) string {
	return fmt.Sprintf("%s at %s", shown(c.UserName), shown(cmp.Or(c.ServerName, c.Server)))
}

func loginAgain(c jellyfin.Credential) string {
	return fmt.Sprintf("finlatch login %s --user %q", c.Server, shown(c.UserName))
}

// accountFlag is how a command is told as whom to act.
type accountFlag struct {
	Account string `placeholder:"NAME[@SERVER]" help:"Who to be, of those that finlatch accounts lists, instead of the one in use."`
}

// resume makes a client of the chosen account.
func (f *accountFlag) resume(ctx context.Context, p *Program) (*jellyfin.Client, jellyfin.Credential, error) {
	w, err := p.wallet()
	if err != nil {
		return nil, jellyfin.Credential{}, err
	}
	picked, err := w.pick(ctx, f.Account)
	if err != nil {
		return nil, picked, err
	}
	return w.resume(ctx, picked)
}

func (w *wallet) resume(ctx context.Context, picked jellyfin.Credential) (*jellyfin.Client, jellyfin.Credential, error) {
	credential, err := w.open(ctx, picked)
	if err != nil {
		return nil, picked, err
	}
	app, err := w.app()
	if err != nil {
		return nil, credential, err
	}
	client, err := jellyfin.Resume(credential, app, jellyfin.Options{})
	if err != nil {
		err = failed("sign in again: "+loginAgain(picked), "the account %s is not understood: %s", describe(picked), plain(err))
	}
	return client, credential, err
}
