package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/finlatch/finlatch"
)

// retryAfter is what a client is told when the store cannot serve.
const retryAfter = time.Second

var errClosed = unavailable(errors.New("the store is closed"))

// errRow says that a row does not hold what this program writes.
var errRow = errors.New("unexpected value in a column")

// errSlow says that a transaction took longer than it may.
var errSlow = errors.New("the database does not answer in time")

func unavailable(err error) *finlatch.Error {
	return &finlatch.Error{Kind: finlatch.Unavailable, Err: err, RetryAfter: retryAfter}
}

// The SQLSTATEs that are told apart, see https://www.postgresql.org/docs/current/errcodes-appendix.html.
const (
	foreignKeyViolation  = "23503"
	uniqueViolation      = "23505"
	notInRepertoire      = "22021" // a text with a zero byte, or that is not UTF-8
	readOnlyTransaction  = "25006" // a standby, or a server that was told to change nothing
	idleInTransaction    = "25P03"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
)

// state is the SQLSTATE, empty where err is not the database's.
func state(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// collided tells whether the transaction got in another's way, so that it may go well the next time.
func collided(err error) bool {
	code := state(err)
	return code == serializationFailure || code == deadlockDetected
}

// translate gives what happened while doing something the kind that the Store's contract wants. lost says that the
// connection went with it.
func translate(ctx context.Context, doing string, err error, lost bool) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*finlatch.Error](err); ok {
		return e
	}
	if ended := ctx.Err(); ended != nil {
		if context.Cause(ctx) == errSlow {
			return unavailable(fmt.Errorf("%s: %w", doing, errSlow))
		}
		return ended
	}
	wrapped := fmt.Errorf("%s: %w", doing, err)
	code := state(err)
	switch code {
	case uniqueViolation:
		return &finlatch.Error{Kind: finlatch.Conflict, Err: wrapped}
	case foreignKeyViolation:
		return &finlatch.Error{Kind: finlatch.NotFound, Err: wrapped}
	case notInRepertoire:
		return &finlatch.Error{Kind: finlatch.Invalid, Err: wrapped, Msg: "a text holds what cannot be kept"}
	case serializationFailure, deadlockDetected, readOnlyTransaction, idleInTransaction, lockNotAvailable:
		return unavailable(wrapped)
	}
	if len(code) == 5 {
		switch code[:2] {
		case "08", "53", "57", "58": // connection, resources, an operator, the system below
			return unavailable(wrapped)
		}
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok || lost {
		return unavailable(wrapped)
	}
	return wrapped
}
