package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strings"

	"github.com/finlatch/finlatch/jellyfin"
)

// rights tells what the key may. Whatever it may not, Jellyfin refuses with 403.
func (d *doctor) rights(ctx context.Context) Finding {
	const anew = "Make one in the media server (Dashboard, API Keys) and put it into the file that --upstream-key-file names."
	if d.key.IsZero() {
		return Finding{CheckKey, Warning, "finlatch has no API key of the media server: signing in with a password works, Quick Connect does not, and whoever is disabled there is noticed late.", anew}
	}
	a, err := d.asAdministrator(ctx, question{call: callProviders})
	switch {
	case errors.Is(err, errKeyRefused):
		return Finding{CheckKey, Problem, "The media server does not take the API key: it is mistyped, or was deleted there.", anew}
	case err != nil:
		why, _ := reason(err)
		return Finding{CheckKey, Problem, "Whether the API key works cannot be told: " + why + ".", "Try again; if that does not help, the media server's log says why."}
	case a.status == http.StatusForbidden:
		return Finding{CheckKey, Problem, "The API key is the token of a user who is no administrator.", anew}
	case a.status != http.StatusOK:
		return unknown(CheckKey, a.unexpected())
	}
	if a, err = d.asAdministrator(ctx, question{call: callMe}); err == nil && a.status == http.StatusOK {
		return Finding{CheckKey, Warning, "What is used as the API key is the token of an administrator, and ends when that one signs out.", anew}
	}
	return Finding{CheckKey, Good, "The API key has an administrator's rights.", ""}
}

// farAddress is an address of nobody (RFC 5737).
var farAddress = netip.AddrFrom4([4]byte{203, 0, 113, 9})

// proxy tells whether upstream believes us for whom we ask.
func (d *doctor) proxy(ctx context.Context) Finding {
	var here net.Addr
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { here = c.Conn.LocalAddr() }})
	var place jellyfin.EndPointInfo
	a, err := d.asAdministrator(traced, question{call: callEndpoint, from: farAddress})
	if err == nil {
		err = a.read(&place)
	}
	switch {
	case err != nil:
		return unknown(CheckProxy, err)
	case !place.IsLocal && !place.IsInNetwork:
		return Finding{CheckProxy, Good, "The media server believes finlatch from where a client comes.", ""}
	}
	own := "the address from which finlatch comes"
	if tcp, ok := here.(*net.TCPAddr); ok {
		own = tcp.AddrPort().Addr().Unmap().WithZone("").String()
	}
	return Finding{CheckProxy, Warning, "The media server does not believe finlatch from where a client comes: to it everybody is in the local network, also who may not come from outside.",
		"Add " + own + " to its known proxies (Dashboard, Networking) and restart it."}
}

// legacy tells whether upstream takes tokens of the old kinds, which finlatch makes unnecessary.
func (d *doctor) legacy(ctx context.Context) Finding {
	var configuration struct{ EnableLegacyAuthorization *bool }
	a, err := d.asAdministrator(ctx, question{call: callConfiguration})
	if err == nil {
		err = a.read(&configuration)
	}
	switch legacy := configuration.EnableLegacyAuthorization; {
	case err != nil:
		return unknown(CheckLegacy, err)
	case legacy == nil:
		return Finding{CheckLegacy, Note, "This version of the media server takes tokens of the old kinds (X-Emby-Token, api_key) from whoever reaches it, and has no switch for it.", ""}
	case *legacy:
		return Finding{CheckLegacy, Warning, "The media server takes tokens of the old kinds (X-Emby-Token, api_key). finlatch turns them into the modern one, so nobody needs that.",
			"Set EnableLegacyAuthorization to false in system.xml, in the media server's configuration folder, and restart it."}
	}
	return Finding{CheckLegacy, Good, "The media server takes modern tokens only.", ""}
}

// maxNames is how many users a finding names.
const maxNames = 5

// passwords tells who has none. Jellyfin 12 hides it.
func (d *doctor) passwords(ctx context.Context) Finding {
	if major, _ := d.release(); major >= 12 {
		return Finding{CheckPasswords, Note, "Jellyfin 12 says of every user that there is a password; who has none cannot be told.", ""}
	}
	users, err := d.users(ctx)
	if err != nil {
		return unknown(CheckPasswords, err)
	}
	var names []string
	more := ""
	for _, u := range users {
		switch {
		case u.HasPassword || u.Policy != nil && u.Policy.IsDisabled:
		case len(names) == maxNames:
			more = " and others"
		default:
			names = append(names, fmt.Sprintf("%q", short(u.Name)))
		}
	}
	if len(names) == 0 {
		return Finding{CheckPasswords, Good, "Every user has a password.", ""}
	}
	return Finding{CheckPasswords, Warning, "These users have no password: " + strings.Join(names, ", ") + more + ". Whoever knows such a name gets in.",
		"Give each of them a password: Dashboard, Users."}
}
