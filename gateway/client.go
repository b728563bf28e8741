package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

// ClientOptions of a Client. URL is needed; the zero value of everything else works.
type ClientOptions struct {
	URL        string         // of upstream, with its base path
	Key        finlatch.Token // an API key of upstream; none: there is no Quick Connect, and nothing is known of users
	HTTPClient *http.Client   // whose Transport is used; one of its own, without a proxy
	Version    string         // of finlatch, as upstream sees it; "0"
	Timeout    time.Duration  // of a question with all its calls; 10 s
}

// Client asks upstream. It may be used by any number of goroutines.
type Client struct {
	url     *url.URL
	key     finlatch.Token
	http    *http.Client
	own     jellyfin.Authorization // how the gateway itself introduces itself
	timeout time.Duration
	minting [64]chan struct{} // each has room for one Mint of the secrets whose hashes end so
}

var _ finlatch.Upstream = (*Client)(nil)

// maxIdle is how many connections to upstream are kept for the next sign-ins.
const maxIdle = 32

// NewClient makes a Client. It returns Invalid for a URL or a key that cannot be meant, and asks upstream nothing.
func NewClient(options ClientOptions) (*Client, error) {
	to, err := url.Parse(options.URL)
	switch {
	case err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "":
		return nil, &finlatch.Error{Kind: finlatch.Invalid, Msg: "the media server's address must begin with http:// or https:// and a host"}
	case to.User != nil || to.RawQuery != "" || to.Fragment != "":
		return nil, &finlatch.Error{Kind: finlatch.Invalid, Msg: "the media server's address must have neither a user nor a query"}
	case !options.Key.IsZero() && !isToken(options.Key.Reveal()):
		return nil, &finlatch.Error{Kind: finlatch.Invalid, Msg: "the API key must be 32 hexadecimal digits, as the media server shows it"}
	}
	c := &Client{url: to, key: options.Key, timeout: options.Timeout,
		own: jellyfin.Authorization{Client: "finlatch", Device: "gateway", DeviceID: "finlatch-gateway", Version: options.Version}}
	if c.own.Version == "" {
		c.own.Version = "0"
	}
	if c.timeout == 0 {
		c.timeout = 10 * time.Second
	}
	c.http = &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: maxIdle, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if options.HTTPClient != nil && options.HTTPClient.Transport != nil {
		c.http.Transport = options.HTTPClient.Transport
	}
	for i := range c.minting {
		c.minting[i] = make(chan struct{}, 1)
	}
	return c, nil
}

// SignIn implements finlatch.Upstream. Upstream may know the user by another name than was typed: where a directory has the
// password, the name is the directory's.
func (c *Client) SignIn(ctx context.Context, by finlatch.Caller, name, password string) (finlatch.Granted, error) {
	a, err := c.send(ctx, question{call: callSignIn, as: authorization(by.ClientInfo), from: by.Address,
		body: jellyfin.AuthenticateUserByName{Username: name, Pw: jellyfin.Secret(password)}})
	if err != nil {
		return finlatch.Granted{}, err
	}
	switch a.status {
	case http.StatusBadRequest:
		return finlatch.Granted{}, &finlatch.Error{Kind: finlatch.Invalid, Msg: "the media server does not understand the sign-in"}
	case http.StatusUnauthorized:
		return finlatch.Granted{}, finlatch.ErrUnauthenticated
	case http.StatusForbidden:
		return finlatch.Granted{}, finlatch.ErrForbidden
	}
	granted, err := a.granted()
	granted.Device = by.ClientInfo
	return granted, err
}

// Whose implements finlatch.Upstream. Forbidden for the token of a user who may not come now, or from there. The device is what the
// caller says of itself, with the gaps filled from upstream's list of devices. A caller that gives no device id gets one that
// no app has, unless upstream has one device only of that user: which token belongs to which device, Jellyfin tells nobody.
func (c *Client) Whose(ctx context.Context, by finlatch.Caller, token finlatch.Token) (finlatch.Granted, error) {
	if !isToken(token.Reveal()) {
		return finlatch.Granted{}, finlatch.ErrUnauthenticated
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	user, err := c.me(ctx, by, token)
	if errors.Is(err, error(errNobodys)) {
		return c.asKey(ctx, by, token)
	}
	if err != nil {
		return finlatch.Granted{}, err
	}
	device, err := c.device(ctx, by.ClientInfo, user.ID, token)
	return finlatch.Granted{User: user, Device: device, Token: token}, err
}

// errNobodys is what upstream says of an API key that asks who it is.
var errNobodys = &finlatch.Error{Kind: finlatch.Unauthenticated, Msg: "the token is nobody's"}

// asKey tells whether a token is an API key: that it may do what only administrators may has to be seen.
func (c *Client) asKey(ctx context.Context, by finlatch.Caller, token finlatch.Token) (finlatch.Granted, error) {
	a, err := c.send(ctx, question{call: callProviders, as: jellyfin.Authorization{Token: token.Reveal()}, from: by.Address})
	switch {
	case err != nil:
		return finlatch.Granted{}, err
	case a.status == http.StatusBadRequest, a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return finlatch.Granted{}, finlatch.ErrUnauthenticated
	case a.status != http.StatusOK || !a.json():
		return finlatch.Granted{}, a.unexpected()
	}
	return finlatch.Granted{Token: token, Key: true}, nil
}

// me is the user of a token. Of the app it says nothing, for then upstream would note it with the token.
func (c *Client) me(ctx context.Context, by finlatch.Caller, token finlatch.Token) (finlatch.User, error) {
	a, err := c.send(ctx, question{call: callMe, as: jellyfin.Authorization{Token: token.Reveal()}, from: by.Address})
	if err != nil {
		return finlatch.User{}, err
	}
	switch {
	case a.status == http.StatusBadRequest:
		return finlatch.User{}, errNobodys
	case a.status == http.StatusUnauthorized, a.userGone():
		return finlatch.User{}, finlatch.ErrUnauthenticated
	case a.status == http.StatusForbidden:
		return finlatch.User{}, finlatch.ErrForbidden
	}
	return a.user()
}

// User implements finlatch.Upstream, with the administrator's key.
func (c *Client) User(ctx context.Context, id finlatch.ID) (finlatch.User, error) {
	if id.IsZero() {
		return finlatch.User{}, finlatch.ErrNotFound
	}
	a, err := c.asAdministrator(ctx, question{call: callUser, userID: id})
	switch {
	case err != nil:
		return finlatch.User{}, err
	case a.status == http.StatusNotFound && a.json():
		return finlatch.User{}, finlatch.ErrNotFound
	}
	user, err := a.user()
	if err == nil && user.ID != id {
		return finlatch.User{}, unserved(a.call, errors.New("it answers with another user"))
	}
	return user, err
}

// Users implements finlatch.Upstream, with the administrator's key.
func (c *Client) Users(ctx context.Context) ([]finlatch.User, error) {
	dtos, err := c.users(ctx)
	if err != nil {
		return nil, err
	}
	users := make([]finlatch.User, len(dtos))
	for i := range dtos {
		var ok bool
		if users[i], ok = userFrom(&dtos[i]); !ok {
			return nil, unserved(callUsers, errors.New("it answers with a user who is none"))
		}
	}
	return users, nil
}

func (c *Client) users(ctx context.Context) ([]jellyfin.UserDto, error) {
	a, err := c.asAdministrator(ctx, question{call: callUsers})
	if err != nil {
		return nil, err
	}
	var dtos []jellyfin.UserDto
	if err := a.read(&dtos); err != nil {
		return nil, err
	}
	if len(dtos) == 0 { // while there was one to make the key
		return nil, unserved(callUsers, errors.New("it answers with nobody"))
	}
	return dtos, nil
}

// End implements finlatch.Upstream. Upstream refuses it to who may not come at this hour: Unavailable, and it is to be tried again.
func (c *Client) End(ctx context.Context, token finlatch.Token) error {
	a, err := c.send(ctx, question{call: callLogout, as: jellyfin.Authorization{Token: token.Reveal()}})
	if err != nil {
		return err
	}
	if a.status == http.StatusNoContent || a.status == http.StatusUnauthorized || a.userGone() {
		return nil
	}
	return a.unexpected()
}

// Info is what upstream tells everybody. Its ID is an id.
func (c *Client) Info(ctx context.Context) (jellyfin.PublicSystemInfo, error) {
	info, _, err := c.info(ctx)
	return info, err
}

func (c *Client) info(ctx context.Context) (info jellyfin.PublicSystemInfo, a *reply, err error) {
	if a, err = c.send(ctx, question{call: callPublicInfo}); err != nil {
		return info, nil, err
	}
	if err := a.read(&info); err != nil {
		return info, nil, err
	}
	if _, ok := finlatch.ParseID(info.ID); !ok || info.Version == "" {
		return info, nil, unserved(a.call, errors.New("its answer is no Jellyfin's"))
	}
	return info, a, nil
}
