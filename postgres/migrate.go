package postgres

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	schemaTable = "finlatch_schema"
	// migrationLock, "finlatch", is the advisory lock of the process that brings the schema up to date.
	migrationLock = 0x66696e6c61746368

	describe = "SELECT current_setting('server_encoding'), to_regclass($1) IS NOT NULL, to_regclass('users') IS NOT NULL"
)

// prepare brings the schema up to date, after it has made sure that it knows it. One process does so at a time; the others
// wait, and find nothing to do.
func prepare(ctx context.Context, config *pgx.ConnConfig) error {
	config = config.Copy()
	config.RuntimeParams["statement_timeout"] = "0" // a migration takes as long as it takes, and so does waiting for another's
	db := stdlib.OpenDB(*config)
	defer db.Close()
	locked, err := db.Conn(ctx)
	if err != nil {
		return openError(ctx, config, err)
	}
	defer locked.Close() // and with it the lock, whatever happens
	if _, err := locked.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return openError(ctx, config, err)
	}
	if err := migrate(ctx, db, config); err != nil {
		return err
	}
	if _, err := locked.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", migrationLock); err != nil {
		return openError(ctx, config, err)
	}
	return nil
}

func migrate(ctx context.Context, db *sql.DB, config *pgx.ConnConfig) error {
	sources, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, sources, goose.WithDisableGlobalRegistry(true),
		goose.WithTableName(schemaTable))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	var encoding string
	var ours, others bool
	if err := db.QueryRowContext(ctx, describe, schemaTable).Scan(&encoding, &ours, &others); err != nil {
		return openError(ctx, config, err)
	}
	switch {
	case encoding != "UTF8":
		return fmt.Errorf("%s has the encoding %s, and names need UTF8: make another with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", place(config), encoding)
	case !ours && others:
		return fmt.Errorf("%s is %w: it has a table of users", place(config), ErrNotOurs)
	case ours:
		var version int64
		if err := db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+schemaTable).Scan(&version); err != nil {
			return openError(ctx, config, err)
		}
		known := provider.ListSources()
		newest := known[len(known)-1].Version
		if version > newest {
			return fmt.Errorf("%s is %w: its schema is version %d, and this program knows %d", place(config), ErrNewer, version, newest)
		}
		if version == newest {
			return nil
		}
	}
	if _, err := provider.Up(ctx); err != nil {
		return openError(ctx, config, err)
	}
	return nil
}

func openError(ctx context.Context, config *pgx.ConnConfig, err error) error {
	return translate(ctx, "open "+place(config), err, false)
}
