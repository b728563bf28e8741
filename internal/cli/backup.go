package cli

import "context"

// backupCommand copies the database.
type backupCommand struct {
	File path `arg:"" help:"The file to write. It must not be there yet."`
}

// Help is the manual's page.
func (*backupCommand) Help() string { return backupHelp }

// Run writes the copy, here or in the server that runs.
func (c *backupCommand) Run(ctx context.Context, p *Program, root *commandLine) error {
	return with(ctx, root.home(), false, func(k keeper) error {
		_, err := k.backup(ctx, backupFile{string(c.File)})
		return p.did(err, "Wrote the backup to %s.", c.File)
	})
}
