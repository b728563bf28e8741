package jellyfin

import (
	"context"
	"strings"
)

// Dial finds the server at an address as people type it ("media.example.org", "192.168.1.2:8096", what stands in the browser) and
// makes a client of it. It tries all [Candidates] at once and takes the best; a *[DialError] tells what it found at each where there
// is none, and is, for errors.Is, the most telling of their errors.
func Dial(ctx context.Context, address string, app App, options Options) (*Client, error) {
	found := probeAll(ctx, options.HTTP, Candidates(address), true)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(found) == 0 || !found[0].Usable() {
		return nil, &DialError{Address: address, Probed: found}
	}
	c, err := New(found[0].Address, app, options)
	if err != nil {
		return nil, err
	}
	c.server = found[0].Server
	return c, nil
}

// DialError is that no usable server was found at an address.
type DialError struct {
	Address string   // as it was given
	Probed  []Probed // none: it is no address
}

// Error tells what was found at each base URL.
func (e *DialError) Error() string {
	if len(e.Probed) == 0 {
		return "this is no address of a server"
	}
	var found []string
	for _, p := range e.Probed {
		found = append(found, p.Asked+": "+string(p.Findings[0]))
	}
	return "no Jellyfin server to use: " + strings.Join(found, ", ")
}

// Unwrap is the most telling error: that something is starting there or is too old says more than that nothing answers.
func (e *DialError) Unwrap() error {
	for _, telling := range []Finding{FindingStarting, FindingTooOld, FindingNotJellyfin, FindingUnreachable} {
		for _, p := range e.Probed {
			if len(p.Findings) > 0 && p.Findings[0] == telling {
				return p.Err
			}
		}
	}
	return ErrUnreachable
}
