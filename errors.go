package finlatch

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what went wrong in the caller's terms. The zero Kind is an internal fault.
type Kind uint8

// The kinds of errors. server/errors.go turns each into a status of the Jellyfin API.
const (
	Internal        Kind = iota // our fault: logged, shown to nobody
	Invalid                     // the request makes no sense
	Unauthenticated             // who asks is not known, or the credentials are wrong
	Forbidden                   // who asks is known and may not
	NotFound                    // there is no such thing
	Conflict                    // it is there already, or somebody else was first
	RateLimited                 // too many; RetryAfter says when to come back
	Unavailable                 // the store or the hash gate cannot serve now; RetryAfter says when to come back
)

var kindNames = [...]string{"internal", "invalid", "unauthenticated", "forbidden", "not found", "conflict", "rate limited", "unavailable"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Error is a refusal or a failure with its kind. Msg may be shown to whoever asked; Err is only logged.
type Error struct {
	Kind       Kind
	Msg        string
	Err        error
	RetryAfter time.Duration // only with RateLimited and Unavailable; 0 says nothing
}

func (e *Error) Error() string {
	switch {
	case e.Msg == "" && e.Err == nil:
		return e.Kind.String()
	case e.Err == nil:
		return e.Msg
	case e.Msg == "":
		return e.Err.Error()
	}
	return e.Msg + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrNotFound) true for every error of that kind.
func (e *Error) Is(target error) bool {
	var plain *Error
	return errors.As(target, &plain) && plain.Msg == "" && plain.Err == nil && plain.Kind == e.Kind
}

// One error of each kind, without a message: what stores return, and what errors.Is asks for.
var (
	ErrInvalid         = &Error{Kind: Invalid}
	ErrUnauthenticated = &Error{Kind: Unauthenticated}
	ErrForbidden       = &Error{Kind: Forbidden}
	ErrNotFound        = &Error{Kind: NotFound}
	ErrConflict        = &Error{Kind: Conflict}
	ErrRateLimited     = &Error{Kind: RateLimited}
	ErrUnavailable     = &Error{Kind: Unavailable}
)

// KindOf is the kind of the outermost Error in err's chain; an error that has none is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

func refuse(kind Kind, msg string) error { return &Error{Kind: kind, Msg: msg} }
