package jellyfin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What can go wrong, for errors.Is.
var (
	ErrUnauthorized = errors.New("not signed in, or with a wrong name, password or token") // 401
	ErrForbidden    = errors.New("not allowed")                                            // 403
	ErrNotFound     = errors.New("not found")                                              // 404
	ErrConflict     = errors.New("in conflict with what is there")                         // 409
	ErrRateLimited  = errors.New("too many requests")                                      // 429
	ErrUnavailable  = errors.New("the server is busy or starting")                         // 503
	ErrUnreachable  = errors.New("the server does not answer")
	ErrMoved        = errors.New("the server is elsewhere") // a redirect that a secret must not follow

	ErrNotSignedIn = errors.New("nobody is signed in")            // the client has no token; nothing was asked
	ErrUnsupported = errors.New("the server does not offer this") // as Jellyfin for what is finlatch's own

	ErrNotJellyfin = errors.New("this is no Jellyfin server")
	ErrTooOld      = errors.New("the server is older than Jellyfin " + MinVersion)
	ErrStarting    = errors.New("the server is still starting")

	ErrQuickConnectOff      = errors.New("the server has Quick Connect switched off")
	ErrQuickConnectExpired  = errors.New("the code has expired")
	ErrQuickConnectDenied   = errors.New("the request was denied")
	ErrQuickConnectCanceled = errors.New("waiting for Quick Connect was cancelled") // the context ended

	ErrNoCredential = errors.New("no such account is kept here")

	errUnreadable = errors.New("the answer cannot be read")
)

// Error is a call that failed. No secret is in any of its members.
type Error struct {
	Op         string        // method and path: "POST /Users/AuthenticateByName"
	Status     int           // 0: there was no answer
	Text       string        // what the server says, in one line of at most 300 bytes
	Code       string        // X-Application-Error-Code, as "ParentalControl"
	RetryAfter time.Duration // when the server wants to be asked again; 0: it does not say
	Err        error         // the cause where the status does not tell it
}

// Error is one line with all that is known.
func (e *Error) Error() string {
	text := e.Op
	if e.Status != 0 {
		text += ": " + strconv.Itoa(e.Status)
		if status := http.StatusText(e.Status); status != "" {
			text += " " + status
		}
	}
	if e.Text != "" {
		text += ": " + e.Text
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is tells which of the Err variables the status stands for.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrUnauthorized:
		return e.Status == http.StatusUnauthorized
	case ErrForbidden:
		return e.Status == http.StatusForbidden
	case ErrNotFound:
		return e.Status == http.StatusNotFound
	case ErrConflict:
		return e.Status == http.StatusConflict
	case ErrRateLimited:
		return e.Status == http.StatusTooManyRequests
	case ErrUnavailable:
		return e.Status == http.StatusServiceUnavailable
	case ErrMoved:
		return 300 <= e.Status && e.Status < 400
	}
	return false
}

// failure is the error that an answer stands for.
func failure(k *call, response *http.Response, secrets ...Secret) *Error {
	secrets = append(secrets, k.secrets...)
	tell := func(text string) string { return clean(redact(text, secrets)) }
	e := &Error{Op: k.op(), Status: response.StatusCode, Code: tell(response.Header.Get("X-Application-Error-Code"))}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		e.RetryAfter = retryAfter(response.Header, time.Now())
	}
	if to, err := response.Location(); err == nil && e.Is(ErrMoved) {
		e.Text = tell(withoutSecrets(to))
		return e
	}
	const limit = 64 << 10
	body, err := io.ReadAll(io.LimitReader(response.Body, limit))
	if err == nil {
		e.Text = tell(sentence(response.Header.Get("Content-Type"), body))
	}
	return e
}

// sentence is what an answer says: a text, a JSON string or a ProblemDetails.
func sentence(contentType string, body []byte) string {
	switch {
	case strings.Contains(contentType, "html"):
		return ""
	case !strings.Contains(contentType, "json"):
		return string(body)
	}
	var text string
	if json.Unmarshal(body, &text) == nil {
		return text
	}
	var problem ProblemDetails
	if json.Unmarshal(body, &problem) != nil {
		return ""
	}
	text = problem.Title
	var fields []string
	for _, messages := range problem.Errors {
		fields = append(fields, messages...)
	}
	slices.Sort(fields)
	return strings.Join(append([]string{text}, fields...), " ")
}

// clean makes a line of a stranger's text that is safe to print.
func clean(text string) string {
	const limit = 300
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "?"), func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	for len(text) > limit {
		_, last := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-last]
	}
	return text
}

// redact takes out what a server has repeated. What is shorter is found in many words, and no secret.
func redact(text string, secrets []Secret) string {
	const shortest = 4
	for _, secret := range secrets {
		if len(secret) >= shortest {
			text = strings.ReplaceAll(text, string(secret), redacted)
		}
	}
	return text
}

// withoutSecrets is a URL without what may be secret in it.
func withoutSecrets(u *url.URL) string {
	plain := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return plain.String()
}

// withoutURL is the cause of an error of net/http, whose text would repeat the query.
func withoutURL(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// unreachable is the cause where there was no answer.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, withoutURL(err))
}
