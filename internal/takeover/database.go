package takeover

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Bounds of a database. Jellyfin 10.11.11 leaves 37 rows behind with every change of a user.
const (
	maxRows  = 20_000_000 // of a table
	maxOwned = 1_000_000  // rows of a table that are no orphans
	maxText  = 1 << 20    // bytes of one text
	maxTexts = 1 << 30    // bytes of all texts
)

// database is a private copy of jellyfin.db.
type database struct {
	dir    string // of the copy
	db     *sql.DB
	conn   *sql.Conn
	tables map[string]bool
	texts  int64 // bytes read
}

// openDatabase copies the database and its write-ahead log, since SQLite writes beside a database even to read it, and opens the
// copy, in which neither a trigger nor a view nor a function in the schema gets to run.
func openDatabase(ctx context.Context, from *folders) (_ *database, err error) {
	d := &database{tables: map[string]bool{}}
	if d.dir, err = os.MkdirTemp("", "finlatch-import-*"); err != nil { // 0700
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("read %s: %w", databaseFile, err), d.close())
		}
	}()
	name := filepath.Join(d.dir, "jellyfin.db")
	if err := copyDatabase(ctx, from.data, name); err != nil {
		return nil, err
	}
	slashed := filepath.ToSlash(name)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/… on Windows
	}
	dsn := url.URL{Scheme: "file", Path: slashed, RawQuery: "mode=rw&_dqs=0&_defensive=1&_query_only=1&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)&_pragma=mmap_size(0)"}
	if d.db, err = sql.Open("sqlite", dsn.String()); err != nil {
		return nil, err
	}
	if d.conn, err = d.db.Conn(ctx); err != nil {
		return nil, err
	}
	if _, err := sqlite.Limit(d.conn, sqlite3.SQLITE_LIMIT_LENGTH, maxText); err != nil {
		return nil, err
	}
	return d, d.readTables(ctx)
}

func (d *database) close() error {
	var errs []error
	if d.conn != nil {
		errs = append(errs, d.conn.Close())
	}
	if d.db != nil {
		errs = append(errs, d.db.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}

// readTables notes which tables there are, without views and virtual ones.
func (d *database) readTables(ctx context.Context) error {
	rows, err := d.conn.QueryContext(ctx, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		d.tables[name] = true
	}
	return rows.Err()
}

// each calls f for every row of a table, in no order. f notes what is wrong with the row in it.
func (d *database) each(ctx context.Context, table string, f func(*row)) error {
	if !d.tables[table] {
		return fmt.Errorf("%s has no table %s: it is not of Jellyfin 10.9 or later", databaseFile, table)
	}
	rows, err := d.conn.QueryContext(ctx, fmt.Sprintf("SELECT * FROM %q LIMIT %d", table, maxRows+1))
	if err != nil {
		return fmt.Errorf("read table %s: %w", table, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read table %s: %w", table, err)
	}
	r := &row{table: table, columns: map[string]int{}, values: make([]any, len(columns))}
	pointers := make([]any, len(columns))
	for i, column := range columns {
		r.columns[column], pointers[i] = i, &r.values[i]
	}
	owned := 0
	for n := 0; rows.Next(); n++ {
		if n == maxRows || owned == maxOwned {
			return fmt.Errorf("table %s has too many rows", table)
		}
		r.orphan = false
		if err := rows.Scan(pointers...); err != nil {
			return fmt.Errorf("read table %s: %w", table, err)
		}
		for _, value := range r.values {
			if text, ok := value.(string); ok {
				d.texts += int64(len(text))
			}
		}
		if d.texts > maxTexts {
			return fmt.Errorf("%s holds too much text", databaseFile)
		}
		if f(r); r.err != nil {
			return r.err
		}
		if !r.orphan {
			owned++
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read table %s: %w", table, err)
	}
	return nil
}

// count tells how many rows a table has, up to maxRows; 0 where there is no such table.
func (d *database) count(ctx context.Context, table string) (n int, err error) {
	if !d.tables[table] {
		return 0, nil
	}
	err = d.conn.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %q LIMIT %d)", table, maxRows)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("read table %s: %w", table, err)
	}
	return n, nil
}
