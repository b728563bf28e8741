package cli

import (
	"context"
	"time"

	"github.com/finlatch/finlatch/jellyfin"
)

// accountsCommand lists who is signed in from here.
type accountsCommand struct {
	Use  string `placeholder:"NAME[@SERVER]" help:"Make this account the one in use, instead of listing them."`
	JSON bool   `name:"json" help:"Print a JSON array of objects with userName, userId, server, serverName, serverId, deviceId, saved (UTC) and inUse."`
}

// Help is the manual's page.
func (*accountsCommand) Help() string { return accountsHelp }

// Run lists, or chooses. No server is asked.
func (c *accountsCommand) Run(ctx context.Context, p *Program) error {
	w, err := p.wallet()
	if err != nil {
		return err
	}
	if c.Use != "" {
		return w.use(ctx, p, c.Use)
	}
	all, err := w.all(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return p.printAccounts(all)
	}
	if len(all) == 0 {
		return &problem{text: "nobody is signed in", hint: "sign in with finlatch login", code: exitNotSignedIn}
	}
	rows := [][]string{{"IN USE", "USER", "SERVER", "ADDRESS", "SINCE"}}
	for i, a := range all {
		mark := ""
		if i == 0 {
			mark = "*"
		}
		rows = append(rows, []string{mark, a.UserName, a.ServerName, a.Server, localTime(a.Saved)})
	}
	return p.printTable(rows)
}

// use saves an account anew: the one in use is the one that was saved last.
func (w *wallet) use(ctx context.Context, p *Program, name string) error {
	picked, err := w.pick(ctx, name)
	if err != nil {
		return err
	}
	credential, err := w.open(ctx, picked)
	if err != nil {
		return err
	}
	if picked.Token == "" {
		err = w.ring.Save(ctx, credential)
	} else {
		err = w.files.Save(ctx, credential)
	}
	if err != nil {
		return failed(inFilesHint, "the account cannot be kept: %s", plain(err))
	}
	return p.did(nil, "Now %s is in use.", describe(credential))
}

func (p *Program) printAccounts(all []jellyfin.Credential) error {
	type entry struct {
		UserName   string        `json:"userName"`
		UserID     jellyfin.GUID `json:"userId"`
		Server     string        `json:"server"`
		ServerName string        `json:"serverName"`
		ServerID   string        `json:"serverId"`
		DeviceID   string        `json:"deviceId"`
		Saved      time.Time     `json:"saved"`
		InUse      bool          `json:"inUse"`
	}
	list := []entry{}
	for i, a := range all {
		list = append(list, entry{a.UserName, a.UserID, a.Server, a.ServerName, a.ServerID, a.DeviceID, a.Saved.UTC().Truncate(time.Second), i == 0})
	}
	return p.printJSON(list)
}

// localTime is a server's time as a person here reads it.
func localTime(t jellyfin.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04")
}

// logoutCommand signs out.
type logoutCommand struct {
	accountFlag
	Forget bool `help:"Do not ask the server: forget the account here, and leave the token good there. For servers that are gone."`
}

// Help is the manual's page.
func (*logoutCommand) Help() string { return logoutHelp }

// Run ends the token on the server, and forgets it.
func (c *logoutCommand) Run(ctx context.Context, p *Program) error {
	w, err := p.wallet()
	if err != nil {
		return err
	}
	who, err := w.pick(ctx, c.Account)
	if err != nil {
		return err
	}
	did := "%s is signed out."
	if c.Forget {
		did = "%s is forgotten here. The server still takes the token."
	} else {
		client, _, err := w.resume(ctx, who)
		if err != nil {
			return err
		}
		if err := client.SignOut(ctx); err != nil {
			return explain(err, cause{jellyfin.ErrUnreachable, exitNoServer, "the server does not answer, so the account stays", "try again later, or forget it here only: finlatch logout --forget"})
		}
	}
	if err := w.forget(ctx, who); err != nil {
		return failed(inFilesHint, "the account cannot be forgotten: %s", plain(err))
	}
	return p.did(nil, did, describe(who))
}
