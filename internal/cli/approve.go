package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/finlatch/finlatch/jellyfin"
)

// approveCommand decides about a Quick Connect code.
type approveCommand struct {
	accountFlag
	Code []string `arg:"" optional:"" help:"The code that the other device shows, which may have spaces in it. Without it, it is asked for."`
	Deny bool     `help:"Refuse the device for good, without a question. Only finlatch offers this."`
	Yes  bool     `help:"Do not ask."`
}

// Help is the manual's page.
func (*approveCommand) Help() string { return approveHelp }

// Run shows who asks, where the server tells, and lets a person decide.
func (c *approveCommand) Run(ctx context.Context, p *Program) error {
	if c.Deny && c.Yes {
		return misused("leave one of them out", "--deny and --yes contradict each other")
	}
	if _, ok := p.terminal(); !ok && !c.Yes && !c.Deny {
		return misused("add --yes, or --deny", "without a terminal to ask at, approve needs to be told")
	}
	client, who, err := c.resume(ctx, p)
	if err != nil {
		return err
	}
	code := strings.Join(c.Code, "")
	if code == "" {
		if code, err = p.ask(ctx, "Code: "); err != nil {
			return err
		}
	}
	if code = strings.NewReplacer(" ", "", "-", "").Replace(code); code == "" {
		return misused("it is the six digits that the other device shows", "there is no code")
	}
	asked, err := client.AskedQuickConnect(ctx, code)
	switch {
	case errors.Is(err, jellyfin.ErrUnsupported) && c.Deny:
		return failed("leave the code alone: it expires by itself", "this server cannot deny a code, only finlatch can")
	case errors.Is(err, jellyfin.ErrUnsupported):
		return c.approveUnseen(ctx, p, client, who, code)
	case err != nil:
		return decided(err, who)
	}
	p.showAsked(asked)
	if c.Deny {
		return p.did(decided(client.DenyAsked(ctx, asked), who), "Denied.")
	}
	if err := c.ask(ctx, p, fmt.Sprintf("Let it in as %s?", describe(who))); err != nil {
		return err
	}
	return p.did(decided(client.ApproveAsked(ctx, asked), who), "Approved: it is signed in as %s.", shown(who.UserName))
}

// approveUnseen is for Jellyfin, which does not tell who asks.
func (c *approveCommand) approveUnseen(ctx context.Context, p *Program, client *jellyfin.Client, who jellyfin.Credential, code string) error {
	fmt.Fprintf(p.Stderr, "The server does not tell who asks. Approve only a code that you see on a device of your own.\n")
	if err := c.ask(ctx, p, fmt.Sprintf("Let the device that shows %s in as %s?", shown(code), describe(who))); err != nil {
		return err
	}
	return p.did(decided(client.ApproveQuickConnect(ctx, code), who), "Approved: it is signed in as %s.", shown(who.UserName))
}

// ask returns nil where a person, or --yes, says yes.
func (c *approveCommand) ask(ctx context.Context, p *Program, question string) error {
	if c.Yes {
		return nil
	}
	yes, err := p.confirm(ctx, question)
	if err == nil && !yes {
		err = failed("--deny refuses the device for good", "not approved")
	}
	return err
}

// decided explains what may go wrong with a code.
func decided(err error, who jellyfin.Credential) error {
	return ended(err, who, cause{jellyfin.ErrNotFound, exitFailed, "no device shows this code", "codes last ten minutes: look at the device again"},
		cause{jellyfin.ErrConflict, exitFailed, "the code has been decided about, or another device shows it now", "look at the device, and run the command again"},
		cause{jellyfin.ErrForbidden, exitFailed, "the server does not let you approve this", "approve it on the server's page: " + who.Server + "/link"})
}

// showAsked tells who asks. All but address and time are what the device says of itself.
func (p *Program) showAsked(asked *jellyfin.QuickConnectAsked) {
	near := "another network than yours"
	if asked.InNetwork {
		near = "your network"
	}
	facts := [][2]string{
		{"App", asked.AppName + " " + asked.AppVersion},
		{"Device", asked.DeviceName},
		{"From", asked.Address + ", " + near},
		{"Asked", asked.Age().Truncate(time.Second).String() + " ago"},
	}
	if asked.Approved {
		facts = append(facts, [2]string{"State", "approved, as " + asked.UserName})
	}
	_ = p.printFacts(p.Stderr, facts) // a person who sees nothing says no
}
