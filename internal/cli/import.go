package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/finlatch/finlatch/internal/takeover"
)

// importCommand takes over a Jellyfin.
type importCommand struct {
	From       path `required:"" placeholder:"DIR" help:"The Jellyfin's folder: the one with data/jellyfin.db in it, or the one above that."`
	ConfigFrom path `placeholder:"DIR" help:"The folder with system.xml in it, if that is not in the other: /etc/jellyfin on Debian."`
	DryRun     bool `help:"Only read it and print the report."`
}

// Help is the manual's page.
func (*importCommand) Help() string { return importHelp }

// Run reads the Jellyfin, writes it into a store that nobody else has open, and reports.
func (c *importCommand) Run(ctx context.Context, p *Program, root *commandLine) error {
	found, err := takeover.Read(ctx, takeover.Source{Data: string(c.From), Config: string(c.ConfigFrom)})
	switch {
	case errors.Is(err, takeover.ErrNoDatabase):
		return failed("--from DIR is Jellyfin's data folder, for example /var/lib/jellyfin, or what a container has at /config", "there is no Jellyfin 10.9 or later: %s", plain(err))
	case errors.Is(err, takeover.ErrNoConfiguration):
		return failed("--config-from DIR says where it is: /etc/jellyfin on Debian", "there is no configuration of a Jellyfin: %s", plain(err))
	case errors.Is(err, os.ErrPermission):
		return failed("run the command as a user who may read it, or give a copy that this one may read", "%s", plain(err))
	case err != nil:
		return err
	}
	if c.DryRun {
		return found.Report(p.Stdout)
	}
	err = with(ctx, root.home(), true, func(k keeper) error {
		here, ok := k.(*local)
		if !ok {
			return failed("stop it first", "a server runs on %s, and it cannot take over a Jellyfin meanwhile", root.Data)
		}
		return found.Write(ctx, here.store, time.Now())
	})
	if errors.Is(err, takeover.ErrNotEmpty) {
		return failed("--data DIR names another place", "%s has users already: only an empty finlatch takes over a Jellyfin", root.Data)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(p.Stderr, "The server is set up. Stop Jellyfin, and start finlatch serve where Jellyfin was: no app has to sign in again.")
	return found.Report(p.Stdout)
}
