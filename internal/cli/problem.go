package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/finlatch/finlatch"
)

// problem is an error as a person reads it: one line, and a second one where there is something to do about it.
type problem struct {
	text string
	hint string
	code int // the exit code; 0: 1
}

func (p *problem) Error() string { return p.text }

func failed(hint, format string, args ...any) error {
	return &problem{text: fmt.Sprintf(format, args...), hint: hint}
}

func misused(hint, format string, args ...any) error {
	return &problem{text: fmt.Sprintf(format, args...), hint: hint, code: exitUsage}
}

// report tells a person what went wrong, if anything did, and returns the exit code.
func (p *Program) report(err error) int {
	if err == nil {
		return exitOK
	}
	pr, ok := errors.AsType[*problem](err)
	switch {
	case errors.Is(err, context.Canceled): // a signal; nothing else cancels
		pr = &problem{text: plain(err), code: exitInterrupted}
	case !ok:
		pr = &problem{text: plain(err)}
	}
	fmt.Fprintf(p.Stderr, "finlatch: %s\n", oneLine(pr.text))
	if pr.hint != "" {
		fmt.Fprintf(p.Stderr, "  %s\n", oneLine(pr.hint))
	}
	return cmp.Or(pr.code, exitFailed)
}

// plain is an error in words for the person at this machine, from whom nothing is hidden.
func plain(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	text := err.Error()
	if e, ok := errors.AsType[*finlatch.Error](err); ok && e.Msg != "" && e.Err == nil {
		text = e.Msg
	}
	text = strings.TrimSuffix(text, ".")
	first, size := utf8.DecodeRuneInString(text)
	second, _ := utf8.DecodeRuneInString(text[size:])
	if unicode.IsUpper(first) && !unicode.IsUpper(second) {
		text = string(unicode.ToLower(first)) + text[size:]
	}
	return text
}

// oneLine keeps what an error may quote from a file or another program from looking like lines of our own.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.TrimSpace(text))
}
