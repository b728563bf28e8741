package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/finlatch/finlatch/jellyfin"
)

// whoamiCommand asks the server who is signed in.
type whoamiCommand struct {
	accountFlag
	JSON bool `name:"json" help:"Print a JSON object with user (id, name, administrator), server (id, name, version, address) and deviceId."`
}

// Help is the manual's page.
func (*whoamiCommand) Help() string { return whoamiHelp }

// Run asks and prints.
func (c *whoamiCommand) Run(ctx context.Context, p *Program) error {
	client, who, err := c.resume(ctx, p)
	if err != nil {
		return err
	}
	me, err := client.Me(ctx)
	if err != nil {
		return ended(err, who)
	}
	server, err := client.PublicInfo(ctx)
	if err != nil {
		return explain(err)
	}
	admin := me.Policy != nil && me.Policy.IsAdministrator
	if c.JSON {
		type user struct {
			ID            jellyfin.GUID `json:"id"`
			Name          string        `json:"name"`
			Administrator bool          `json:"administrator"`
		}
		type where struct {
			ID      string `json:"id"`
			Name    string `json:"name"`
			Version string `json:"version"`
			Address string `json:"address"`
		}
		return p.printJSON(struct {
			User     user   `json:"user"`
			Server   where  `json:"server"`
			DeviceID string `json:"deviceId"`
		}{user{me.ID, me.Name, admin}, where{server.ID, server.ServerName, server.Version, client.Address()}, who.DeviceID})
	}
	name := me.Name
	if admin {
		name += ", administrator"
	}
	return p.printFacts(p.Stdout, [][2]string{
		{"User", name}, {"Server", server.ServerName}, {"Address", client.Address()}, {"Version", server.Version}, {"Device", who.DeviceID},
	})
}

// ended explains what a server says to somebody who is signed in.
func ended(err error, who jellyfin.Credential, special ...cause) error {
	return explain(err, append(special, cause{jellyfin.ErrUnauthorized, exitNotSignedIn, describe(who) + " is not signed in any more", "sign in again: " + loginAgain(who)},
		cause{jellyfin.ErrUnreachable, exitNoServer, shown(who.ServerName) + " does not answer", "check that it runs at " + who.Server})...)
}

// printFacts prints names and values below each other.
func (p *Program) printFacts(w io.Writer, facts [][2]string) error {
	longest := 0
	for _, fact := range facts {
		longest = max(longest, len(fact[0]))
	}
	for _, fact := range facts {
		if _, err := fmt.Fprintf(w, "%s:%s %s\n", fact[0], strings.Repeat(" ", longest-len(fact[0])), shown(fact[1])); err != nil {
			return err
		}
	}
	return nil
}

// tokenCommand prints the token.
type tokenCommand struct {
	accountFlag
	JSON bool `name:"json" help:"Print a JSON object with token, server, serverId, userId, userName and deviceId."`
}

// Help is the manual's page.
func (*tokenCommand) Help() string { return tokenHelp }

// Run prints the token; the server is not asked.
func (c *tokenCommand) Run(ctx context.Context, p *Program) error {
	client, who, err := c.resume(ctx, p)
	if err != nil {
		return err
	}
	token := string(client.Token())
	if !c.JSON {
		_, err := fmt.Fprintln(p.Stdout, token)
		return err
	}
	return p.printJSON(struct {
		Token    string        `json:"token"`
		Server   string        `json:"server"`
		ServerID string        `json:"serverId"`
		UserID   jellyfin.GUID `json:"userId"`
		UserName string        `json:"userName"`
		DeviceID string        `json:"deviceId"`
	}{token, who.Server, who.ServerID, who.UserID, who.UserName, who.DeviceID})
}
