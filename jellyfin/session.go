package jellyfin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// SignedIn is who is signed in, and where.
type SignedIn struct {
	User   UserDto
	Server PublicSystemInfo
}

// SignIn signs a user in by name and password. The token stays in the client. ErrUnauthorized for a wrong name or password,
// ErrForbidden for a user who may not come now or from there, ErrRateLimited after too many wrong ones.
func (c *Client) SignIn(ctx context.Context, user, password string) (*SignedIn, error) {
	server, err := c.known(ctx)
	if err != nil {
		return nil, err
	}
	return c.enter(ctx, server, call{
		method: http.MethodPost, path: "/Users/AuthenticateByName",
		in:       AuthenticateUserByName{Username: user, Pw: Secret(password)},
		deviceID: DeviceID(c.app.DeviceID, user), secrets: []Secret{Secret(password)},
	})
}

// enter makes a call that signs somebody in, and keeps the token.
func (c *Client) enter(ctx context.Context, server *PublicSystemInfo, k call) (*SignedIn, error) {
	var result AuthenticationResult
	if _, err := c.do(ctx, k, &result); err != nil {
		return nil, err
	}
	if result.User == nil || result.AccessToken == "" {
		return nil, &Error{Op: k.op(), Status: http.StatusOK, Err: errUnreadable}
	}
	// The device that asked is the one that the server knows, whoever redeems for it.
	deviceID := k.deviceID
	if result.SessionInfo != nil && result.SessionInfo.DeviceID != "" {
		deviceID = result.SessionInfo.DeviceID
	}
	id := result.ServerID
	if id == "" {
		id = server.ID
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.credential = Credential{Server: c.base.String(), ServerID: id, ServerName: server.ServerName,
		UserID: result.User.ID, UserName: result.User.Name, DeviceID: deviceID, Token: result.AccessToken}
	return &SignedIn{User: *result.User, Server: *server}, nil
}

// SignOut ends the token and forgets it. That it had ended already is no error. Where the server does not answer, the client keeps it.
func (c *Client) SignOut(ctx context.Context) error {
	credential, in := c.Credential()
	if !in {
		return nil
	}
	_, err := c.do(ctx, call{method: http.MethodPost, path: "/Sessions/Logout"}, nil)
	if err != nil && !errors.Is(err, ErrUnauthorized) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.credential.Token == credential.Token {
		c.credential = Credential{}
	}
	return nil
}

// Me is the user who is signed in, as the server knows it now. ErrUnauthorized for a token that has ended.
func (c *Client) Me(ctx context.Context) (*UserDto, error) {
	me := new(UserDto)
	return me, c.signed(ctx, call{method: http.MethodGet, path: "/Users/Me"}, me)
}

// signed is do for who is signed in.
func (c *Client) signed(ctx context.Context, k call, out any) error {
	if c.Token() == "" {
		return &Error{Op: k.op(), Err: ErrNotSignedIn}
	}
	_, err := c.do(ctx, k, out)
	return err
}

// PublicUsers are the users that a sign-in page shows to everybody; few servers show all.
func (c *Client) PublicUsers(ctx context.Context) ([]UserDto, error) {
	var users []UserDto
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/Users/Public"}, &users)
	return users, err
}

// Branding is how the server looks, and what its sign-in page says.
func (c *Client) Branding(ctx context.Context) (*BrandingOptionsDto, error) {
	branding := new(BrandingOptionsDto)
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/Branding/Configuration"}, branding)
	return branding, err
}

// Devices are the devices that are signed in: everybody's for administrators, else one's own where the server is finlatch; Jellyfin
// answers others than administrators ErrForbidden.
func (c *Client) Devices(ctx context.Context) ([]DeviceInfoDto, error) {
	var devices QueryResult[DeviceInfoDto]
	err := c.ownToo(ctx, call{method: http.MethodGet, path: "/Devices"}, &devices)
	return devices.Items, err
}

// RevokeDevice signs a device out, by its id in the list of Devices: for all its users by an administrator, else for oneself.
// ErrNotFound where there is none.
func (c *Client) RevokeDevice(ctx context.Context, id string) error {
	err := c.ownToo(ctx, call{method: http.MethodDelete, path: "/Devices", query: url.Values{"id": {id}}}, nil)
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusBadRequest { // as Jellyfin 12 says it
		return &Error{Op: e.Op, Status: e.Status, Text: e.Text, Err: ErrNotFound}
	}
	return err
}

// ownToo asks for what is an administrator's, and, where it is refused, for the same of oneself, which finlatch grants.
func (c *Client) ownToo(ctx context.Context, k call, out any) error {
	err := c.signed(ctx, k, out)
	if !errors.Is(err, ErrForbidden) {
		return err
	}
	credential, _ := c.Credential()
	query := url.Values{"userId": {credential.UserID.String()}}
	for name, values := range k.query {
		query[name] = values
	}
	k.query = query
	return c.signed(ctx, k, out)
}

// Sessions are the devices in use: everybody's for administrators, else one's own.
func (c *Client) Sessions(ctx context.Context) ([]SessionInfoDto, error) {
	var sessions []SessionInfoDto
	err := c.signed(ctx, call{method: http.MethodGet, path: "/Sessions"}, &sessions)
	return sessions, err
}
