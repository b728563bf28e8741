package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/finlatch/finlatch"
)

// terminal is the terminal that a person types at, if standard input is one.
func (p *Program) terminal() (*os.File, bool) {
	f, ok := p.Stdin.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// askPassword gets a new password: from the terminal, twice and unseen, or else the first line of standard input.
func (p *Program) askPassword(ctx context.Context, name string) (string, error) {
	var password string
	var err error
	if tty, ok := p.terminal(); ok {
		password, err = p.typed(ctx, tty, name)
	} else {
		password, err = p.nextLine(ctx)
	}
	switch {
	case err != nil:
		return "", err
	case password == "":
		return "", failed("--no-password is for users without one", "the password is empty")
	case !utf8.ValidString(password):
		return "", failed("", "the password is not UTF-8 text, which is what apps send")
	}
	return password, nil
}

func (p *Program) typed(ctx context.Context, tty *os.File, name string) (string, error) {
	password, err := p.unseen(ctx, tty, fmt.Sprintf("Password for %s: ", name))
	if err != nil || password == "" {
		return "", err
	}
	again, err := p.unseen(ctx, tty, "The same again: ")
	if err == nil && again != password {
		err = failed("", "the two passwords differ")
	}
	return password, err
}

// unseen reads a line from the terminal without showing it, and puts the terminal right when ctx ends.
func (p *Program) unseen(ctx context.Context, tty *os.File, prompt string) (string, error) {
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		return "", err
	}
	fmt.Fprint(p.Stderr, prompt)
	defer fmt.Fprintln(p.Stderr)
	line, err := await(ctx, func() (string, error) {
		line, err := term.ReadPassword(int(tty.Fd()))
		return string(line), err
	})
	if ctx.Err() != nil {
		_ = term.Restore(int(tty.Fd()), before)
	}
	if errors.Is(err, io.EOF) {
		err = context.Canceled
	}
	return line, err
}

// nextLine reads standard input up to the next end of a line, which does not count.
func (p *Program) nextLine(ctx context.Context) (string, error) {
	return await(ctx, func() (string, error) {
		var line []byte
		for {
			b, err := p.lines.ReadByte()
			switch {
			case errors.Is(err, io.EOF), err == nil && b == '\n':
				if err == nil {
					line = bytes.TrimSuffix(line, []byte("\r"))
				}
				if len(line) > finlatch.MaxPassword {
					return "", failed("no server takes that", "what standard input says is longer than %d bytes", finlatch.MaxPassword)
				}
				return string(line), nil
			case err != nil:
				return "", fmt.Errorf("read standard input: %w", err)
			case len(line) <= finlatch.MaxPassword+1:
				line = append(line, b)
			}
		}
	})
}

// ask gets a line that everybody may see: from the terminal, or else the next one of standard input.
func (p *Program) ask(ctx context.Context, prompt string) (string, error) {
	if _, ok := p.terminal(); ok {
		fmt.Fprint(p.Stderr, prompt)
	}
	line, err := p.nextLine(ctx)
	if ctx.Err() != nil {
		fmt.Fprintln(p.Stderr)
	}
	return strings.TrimSpace(line), err
}

// confirm asks for a yes at the terminal.
func (p *Program) confirm(ctx context.Context, question string) (bool, error) {
	answer, err := p.ask(ctx, question+" [y/N] ")
	answer = strings.ToLower(answer)
	return answer == "y" || answer == "yes", err
}

// await waits for a read that cannot be interrupted, or for the end of ctx.
func await(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := read()
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
