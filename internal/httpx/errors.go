package httpx

import (
	"maps"
	"slices"
	"strings"

	"github.com/finlatch/finlatch"
)

// What a body may be refused for besides its content. All are of the kind finlatch.Invalid; compare with errors.Is.
var (
	// ErrUnsupportedMediaType says that the body is no JSON or in no known charset: 415.
	ErrUnsupportedMediaType error = &finlatch.Error{Kind: finlatch.Invalid, Msg: "Unsupported media type."}
	// ErrTooLarge says that the body is longer than the limit: 413. Jellyfin would take 30 MB and then answer 500.
	ErrTooLarge error = &finlatch.Error{Kind: finlatch.Invalid, Msg: "Request body too large."}
	// ErrUnreadBody says that the body did not arrive whole: the client went away, or was too slow, which
	// os.ErrDeadlineExceeded in the chain tells: 408. The cause is wrapped beside it.
	ErrUnreadBody error = &finlatch.Error{Kind: finlatch.Invalid, Msg: "The request body did not arrive."}
)

// ValidationError is a request that ASP.NET's model binding would refuse: 400 with the member "errors". It is of the
// kind finlatch.Invalid.
type ValidationError struct {
	// Errors has the sentences by key: the name of a query value or of a body's member, a JSON path such as "$.Pw", or
	// "" for the body as a whole.
	Errors map[string][]string
}

// Error joins all sentences, sorted by key. They may quote what was sent, so they belong in the answer and not in a log.
func (e *ValidationError) Error() string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(e.Errors)) {
		for _, sentence := range e.Errors[key] {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(sentence)
		}
	}
	return b.String()
}

// Unwrap makes errors.Is(err, finlatch.ErrInvalid) true.
func (e *ValidationError) Unwrap() error { return finlatch.ErrInvalid }

// add appends a sentence and keeps the ones that are there.
func (e *ValidationError) add(key, sentence string) {
	if e.Errors == nil {
		e.Errors = make(map[string][]string, 2)
	}
	e.Errors[key] = append(e.Errors[key], sentence)
}

// Required is the error for a value that is missing, empty or blank. Dots in the name lead to a nested member, and the
// sentence names only the last part, as recorded: "Policy.PasswordResetProviderId".
func Required(name string) error {
	e := new(ValidationError)
	e.add(name, requiredSentence(name))
	return e
}

// Invalid is the error for a query or path value that cannot be read as what it should be. The sentence quotes it.
func Invalid(name, value string) error {
	e := new(ValidationError)
	e.add(name, "The value '"+value+"' is not valid.")
	return e
}

func requiredSentence(name string) string {
	return "The " + name[strings.LastIndexByte(name, '.')+1:] + " field is required."
}
