package sqlite

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes a consistent copy of the store to a new file with mode 0600, while the store goes on serving. It never
// replaces a file (fs.ErrExist), and the copy gets its name only when all of it is on the disk. The copy is a store: it
// can be opened, or put in the place of a store that is closed.
func (s *Store) Backup(ctx context.Context, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "back up to", Path: path, Err: fs.ErrExist}
	}
	return s.readers.with(ctx, func(c *conn) error {
		partial, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
		if err != nil {
			return fmt.Errorf("back up: %w", err)
		}
		defer os.Remove(partial.Name())
		defer partial.Close()
		// The one long statement, so it ends with the context; that interrupts the connection.
		if _, err := c.raw.ExecContext(ctx, "VACUUM INTO ?", partial.Name()); err != nil {
			c.broken = true
			return translate(ctx, "back up", err)
		}
		if err := partial.Sync(); err != nil {
			return fmt.Errorf("back up: %w", err)
		}
		if err := publish(partial.Name(), path); err != nil {
			return fmt.Errorf("back up: %w", err)
		}
		return nil
	})
}

// publish gives a file its final name, unless something has it.
func publish(partial, path string) error {
	err := os.Link(partial, path)
	if err != nil && !os.IsExist(err) {
		// No hard links here, as on FAT and many network shares. Renaming alone would replace.
		if _, there := os.Lstat(path); there == nil {
			return &fs.PathError{Op: "rename", Path: path, Err: fs.ErrExist}
		}
		err = os.Rename(partial, path)
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	dir.Sync() // the name; not every system can
	return nil
}
