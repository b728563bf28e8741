package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

// QuickConnect implements finlatch.Upstream. Without the administrator's key nothing is approved, so it is off.
func (c *Client) QuickConnect(ctx context.Context) (on bool, err error) {
	if c.key.IsZero() {
		return false, nil
	}
	return c.quickConnect(ctx)
}

// quickConnect tells whether it is switched on.
func (c *Client) quickConnect(ctx context.Context) (on bool, err error) {
	a, err := c.send(ctx, question{call: callQuickConnect})
	if err == nil {
		err = a.read(&on)
	}
	return on, err
}

// Ask implements finlatch.Upstream: it starts a Quick Connect request upstream in the device's name.
func (c *Client) Ask(ctx context.Context, by finlatch.Caller, device finlatch.ClientInfo) (finlatch.Minting, error) {
	a, err := c.send(ctx, question{call: callInitiate, as: authorization(device), from: by.Address})
	if err != nil {
		return finlatch.Minting{}, err
	}
	switch a.status {
	case http.StatusBadRequest:
		return finlatch.Minting{}, &finlatch.Error{Kind: finlatch.Invalid, Msg: "the media server does not understand what the device says of itself"}
	case http.StatusUnauthorized:
		return finlatch.Minting{}, quickConnectOff()
	}
	var started jellyfin.QuickConnectResult
	if err := a.read(&started); err != nil {
		return finlatch.Minting{}, err
	}
	m := finlatch.Minting{Secret: finlatch.SecretFrom(string(started.Secret)), Code: started.Code}
	if !isMinting(m) {
		return finlatch.Minting{}, unserved(a.call, errors.New("it answers with a secret or a code that is none"))
	}
	return m, nil
}

func quickConnectOff() error {
	return &finlatch.Error{Kind: finlatch.Unavailable, Msg: "Quick Connect is switched off in the media server", RetryAfter: soon}
}

func isMinting(m finlatch.Minting) bool {
	return len(m.Secret.Reveal()) == 64 && strings.Trim(m.Secret.Reveal(), "0123456789ABCDEFabcdef") == "" &&
		len(m.Code) == 6 && strings.Trim(m.Code, "0123456789") == ""
}

// Mint implements finlatch.Upstream, with the administrator's key. Upstream makes the token when the request is approved, and
// gives the same one to whoever has the secret; so the token is asked for first, and the request approved only where there
// is none. Forbidden for a user who is disabled, may not come now, or has as many devices as may be.
func (c *Client) Mint(ctx context.Context, m finlatch.Minting, user finlatch.ID) (finlatch.Granted, error) {
	if !isMinting(m) || user.IsZero() {
		return finlatch.Granted{}, finlatch.ErrNotFound
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	// Upstream does not notice that a request is approved twice at the same time, and makes two tokens.
	leave, err := c.alone(ctx, m)
	if err != nil {
		return finlatch.Granted{}, err
	}
	defer leave()
	granted, err := c.exchange(ctx, m)
	if errors.Is(err, finlatch.ErrNotFound) {
		// An approval may succeed and its answer be lost, or another node be first, which upstream answers with 500.
		refused := c.authorize(ctx, m, user)
		if refused != nil && !errors.Is(refused, finlatch.ErrUnavailable) {
			return finlatch.Granted{}, refused
		}
		if granted, err = c.exchange(ctx, m); errors.Is(err, finlatch.ErrNotFound) && refused != nil {
			err = refused
		}
	}
	if err != nil {
		return finlatch.Granted{}, err
	}
	return c.checked(ctx, granted, user)
}

// alone waits until nobody else does something with the same request.
func (c *Client) alone(ctx context.Context, m finlatch.Minting) (leave func(), err error) {
	alone := c.minting[m.Secret.Hash()[0]%byte(len(c.minting))]
	select {
	case alone <- struct{}{}:
		return func() { <-alone }, nil
	case <-ctx.Done():
		return nil, unserved(callExchange, ctx.Err())
	}
}

// Abandon implements finlatch.Upstream. Upstream gives the token of a request to whoever has the secret, for ten minutes.
func (c *Client) Abandon(ctx context.Context, m finlatch.Minting) error {
	if !isMinting(m) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	leave, err := c.alone(ctx, m)
	if err != nil {
		return err
	}
	defer leave()
	granted, err := c.exchange(ctx, m)
	switch {
	case errors.Is(err, finlatch.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return c.End(ctx, granted.Token)
}

// exchange is the token of a request; NotFound while there is none.
func (c *Client) exchange(ctx context.Context, m finlatch.Minting) (finlatch.Granted, error) {
	a, err := c.send(ctx, question{call: callExchange, body: jellyfin.QuickConnectDto{Secret: jellyfin.Secret(m.Secret.Reveal())}})
	if err != nil {
		return finlatch.Granted{}, err
	}
	switch a.status {
	case http.StatusNotFound:
		return finlatch.Granted{}, finlatch.ErrNotFound
	case http.StatusUnauthorized:
		return finlatch.Granted{}, quickConnectOff()
	}
	var session struct {
		SessionInfo struct{ Client, ApplicationVersion, DeviceName, DeviceID string }
	}
	granted, err := a.granted()
	if err == nil {
		err = a.read(&session)
	}
	in := session.SessionInfo
	granted.Device = finlatch.NewClientInfo(in.Client, in.ApplicationVersion, in.DeviceName, in.DeviceID)
	return granted, err
}

// authorize approves a request for a user; NotFound where upstream does not know it any more. It names the request by its code,
// which upstream gives to somebody else's request once it has forgotten this one: so it looks first whether the code
// is still that of our secret.
func (c *Client) authorize(ctx context.Context, m finlatch.Minting, user finlatch.ID) error {
	a, err := c.send(ctx, question{call: callState, query: url.Values{"secret": {m.Secret.Reveal()}}})
	switch {
	case err != nil:
		return err
	case a.status == http.StatusUnauthorized:
		return quickConnectOff()
	case a.status == http.StatusNotFound && a.json():
		return finlatch.ErrNotFound
	}
	var state jellyfin.QuickConnectResult
	if err := a.read(&state); err != nil {
		return err
	}
	switch {
	case string(state.Secret) != m.Secret.Reveal() || state.Code != m.Code:
		return unserved(a.call, errors.New("it answers with another request"))
	case state.Authenticated: // since we asked; or long ago, and the token is not given away any more
		return nil
	}
	if a, err = c.asAdministrator(ctx, question{call: callAuthorize, query: url.Values{"code": {m.Code}, "userId": {user.String()}}}); err != nil {
		return err
	}
	switch a.status {
	case http.StatusNotFound:
		return finlatch.ErrNotFound
	case http.StatusForbidden:
		return &finlatch.Error{Kind: finlatch.Forbidden, Msg: "the media server does not permit this device, or no more devices, to the user"}
	case http.StatusBadRequest:
		return &finlatch.Error{Kind: finlatch.Forbidden, Msg: "the media server does not know the user"}
	}
	var approved bool
	if err := a.read(&approved); err != nil {
		return err
	}
	if !approved {
		return unserved(a.call, errors.New("it does not approve"))
	}
	return nil
}

// checked makes sure that a minted token is the asked user's, and alive: upstream makes one for a disabled user too, and goes on
// to give away one that has ended since.
func (c *Client) checked(ctx context.Context, granted finlatch.Granted, user finlatch.ID) (finlatch.Granted, error) {
	if granted.User.ID != user {
		return finlatch.Granted{}, unserved(callExchange, errors.New("it answers with another user's token"))
	}
	now, err := c.me(ctx, finlatch.Caller{}, granted.Token)
	switch {
	case errors.Is(err, finlatch.ErrUnauthenticated):
		return finlatch.Granted{}, c.dead(ctx, user)
	case err != nil:
		return finlatch.Granted{}, err
	case now.ID != user:
		return finlatch.Granted{}, unserved(callMe, errors.New("it answers with another user"))
	}
	granted.User = now
	return granted, nil
}

// dead says why a minted token means nothing: Forbidden for a disabled user, NotFound where the token has ended since.
func (c *Client) dead(ctx context.Context, user finlatch.ID) error {
	now, err := c.User(ctx, user)
	switch {
	case err != nil:
		return err
	case now.Policy.IsDisabled:
		return &finlatch.Error{Kind: finlatch.Forbidden, Msg: "the account is disabled"}
	}
	return finlatch.ErrNotFound
}
