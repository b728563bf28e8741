package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"

	"github.com/finlatch/finlatch/jellyfin"
)

// cause is one thing that may go wrong with a server, and what to do about it.
type cause struct {
	err  error
	code int
	text string // what the server says stands behind it, except behind a special one that says it better
	hint string
}

// quickConnectCauses go before all others, because the status that comes with them means something else elsewhere.
func quickConnectCauses() []cause {
	return []cause{
		{jellyfin.ErrQuickConnectOff, exitFailed, "Quick Connect is switched off there", "sign in with a password, or ask the administrator to switch it on"},
		{jellyfin.ErrQuickConnectExpired, exitNotSignedIn, "nobody approved the code in time", "get a new one: finlatch login --quick-connect"},
		{jellyfin.ErrQuickConnectDenied, exitNotSignedIn, "the code was denied", "ask whoever denied it, or sign in with a password"},
	}
}

// causes are looked through in order. Interruption is none: it goes through as it is.
func causes() []cause {
	return []cause{
		{jellyfin.ErrStarting, exitNoServer, "the server is still starting", "try again in a few seconds"},
		{jellyfin.ErrTooOld, exitNoServer, "the server is too old", "finlatch needs Jellyfin " + jellyfin.MinVersion + " or later there"},
		{jellyfin.ErrNotJellyfin, exitNoServer, "what answers there is no Jellyfin server", "check the address; finlatch discover lists the servers of the local network"},
		{jellyfin.ErrMoved, exitNoServer, "the server is elsewhere", "sign in there: finlatch login SERVER"},
		{jellyfin.ErrUnreachable, exitNoServer, "the server does not answer", "check the address, and that the server runs; finlatch discover lists the servers of the local network"},
		{jellyfin.ErrUnsupported, exitFailed, "the server does not offer this", "finlatch does; Jellyfin and older versions do not"},
		{jellyfin.ErrUnauthorized, exitNotSignedIn, "the server does not take this sign-in any more", "sign in again with finlatch login"},
		{jellyfin.ErrForbidden, exitFailed, "the server does not allow it", "an administrator may; --account NAME acts as another account"},
		{jellyfin.ErrNotFound, exitFailed, "the server does not know it", "check for typing errors"},
		{jellyfin.ErrConflict, exitFailed, "it has changed meanwhile", "look at it again"},
		{jellyfin.ErrRateLimited, exitFailed, "too many attempts", "wait a while, then try again"},
		{jellyfin.ErrUnavailable, exitNoServer, "the server is busy", "try again in a few seconds"},
	}
}

// explain makes of an error of the library what a person reads; special causes go before the general ones.
func explain(err error, special ...cause) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if pr, ok := errors.AsType[*problem](err); ok {
		return pr
	}
	said, _ := errors.AsType[*jellyfin.Error](err)
	for _, c := range slices.Concat(quickConnectCauses(), special, causes()) {
		saysAll := slices.Contains(special, c) && c.err != jellyfin.ErrForbidden
		if !errors.Is(err, c.err) {
			continue
		}
		pr := &problem{text: c.text, hint: c.hint, code: c.code}
		if dialled, ok := errors.AsType[*jellyfin.DialError](err); ok {
			pr.text += ": " + tried(dialled)
		} else if said != nil && said.Text != "" && !saysAll {
			pr.text += ": " + said.Text
		} else if c.err == jellyfin.ErrUnreachable {
			pr.text += ": " + reason(err)
		}
		if said != nil && said.RetryAfter > 0 {
			pr.hint = fmt.Sprintf("try again in %.0f seconds", math.Ceil(said.RetryAfter.Seconds()))
		}
		return pr
	}
	if said != nil && said.Status >= 500 {
		return failed("the server's log tells more", "the server failed: %s", plain(err))
	}
	return failed("finlatch COMMAND --help tells what the command needs", "%s", plain(err))
}

// tried is where a server was looked for.
func tried(e *jellyfin.DialError) string {
	var asked []string
	for _, p := range e.Probed {
		said, _ := errors.AsType[*jellyfin.Error](p.Err)
		asked = append(asked, fmt.Sprintf("%s (%s)", p.Asked, cmp.Or(said.Text, reason(p.Err))))
	}
	return strings.Join(asked, ", ")
}

// reason is what kept an answer away, without the addresses, which are told already.
func reason(err error) string {
	if wrong, ok := errors.AsType[*net.DNSError](err); ok {
		return wrong.Err
	}
	if wrong, ok := errors.AsType[*net.OpError](err); ok {
		err = wrong.Err
	}
	if wrong, ok := errors.AsType[*jellyfin.Error](err); ok && wrong.Err != nil {
		err = wrong.Err
	}
	_, text, _ := strings.Cut(err.Error(), jellyfin.ErrUnreachable.Error()+": ")
	return cmp.Or(text, err.Error())
}
