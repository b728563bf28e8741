package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	driversqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/finlatch/finlatch"
)

// retryAfter is what a client is told when the store cannot serve.
const retryAfter = time.Second

var errClosed = &finlatch.Error{Kind: finlatch.Unavailable, Err: errors.New("the store is closed"), RetryAfter: retryAfter}

// errRow says that a row does not hold what this program writes.
var errRow = errors.New("unexpected value in a column")

// code is SQLite's extended result code, 0 where err is not SQLite's.
func code(err error) int {
	if e, ok := errors.AsType[*driversqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

func isBusy(err error) bool {
	primary := code(err) & 0xff
	return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
}

// translate gives what happened while doing something the kind that the Store's contract wants.
func translate(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*finlatch.Error](err); ok {
		return e
	}
	if ended := ctx.Err(); ended != nil && (errors.Is(err, ended) || code(err) == sqlite3.SQLITE_INTERRUPT) {
		return ended
	}
	wrapped := fmt.Errorf("%s: %w", doing, err)
	switch code(err) {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return &finlatch.Error{Kind: finlatch.Conflict, Err: wrapped}
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return &finlatch.Error{Kind: finlatch.NotFound, Err: wrapped}
	}
	switch code(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return &finlatch.Error{Kind: finlatch.Unavailable, Err: wrapped, RetryAfter: retryAfter}
	}
	if errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) {
		return &finlatch.Error{Kind: finlatch.Unavailable, Err: wrapped, RetryAfter: retryAfter}
	}
	return wrapped
}
