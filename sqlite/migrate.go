package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID, "finl", is in the header of each of our files from the first write on. See
// https://www.sqlite.org/fileformat2.html#application_id.
const applicationID = 0x66696e6c

// checkFile creates a missing file, so that it has mode 0600 from the start (the files that SQLite lays beside it take
// that over), and refuses one that is not ours by its first bytes, before SQLite could touch it.
func checkFile(path, file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open store: %w", err)
	}
	defer f.Close()
	var header [100]byte
	switch n, err := io.ReadFull(f, header[:]); {
	case n == 0 && errors.Is(err, io.EOF):
		return nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("open store: %w", err)
	}
	switch id := binary.BigEndian.Uint32(header[68:]); {
	case string(header[:16]) != "SQLite format 3\x00":
		// A power cut during the very first write leaves anything here, and a journal that takes it back.
		if _, err := os.Stat(file + "-journal"); err != nil {
			return fmt.Errorf("%s is %w: it is not an SQLite file", path, ErrNotOurs)
		}
	case id != applicationID:
		return fmt.Errorf("%s is %w: its application id is %#x", path, ErrNotOurs, id)
	}
	return nil
}

// prepareFile brings the schema up to date, after it has made sure that it knows it.
func prepareFile(ctx context.Context, db *sql.DB, path string) error {
	sources, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, sources, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	var id, tables, version int64
	const what = "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id"
	if err := db.QueryRowContext(ctx, what).Scan(&id, &tables); err != nil {
		return openError(ctx, path, err)
	}
	switch {
	case id == 0 && tables == 0:
		if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return openError(ctx, path, err)
		}
	case id != applicationID:
		return fmt.Errorf("%s is %w: its application id is %#x", path, ErrNotOurs, id)
	case tables > 0:
		if err := db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+goose.DefaultTablename).Scan(&version); err != nil {
			return openError(ctx, path, err)
		}
		known := provider.ListSources()
		if newest := known[len(known)-1].Version; version > newest {
			return fmt.Errorf("%s is %w: its schema is version %d, and this program knows %d", path, ErrNewer, version, newest)
		}
	}

	var mode string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return openError(ctx, path, err)
	}
	if mode != "wal" {
		return fmt.Errorf("open %s: its file system cannot share memory, which SQLite's write-ahead log needs", path)
	}
	if _, err := provider.Up(ctx); err != nil {
		return openError(ctx, path, err)
	}
	return nil
}

func openError(ctx context.Context, path string, err error) error {
	return translate(ctx, "open "+path, err)
}
