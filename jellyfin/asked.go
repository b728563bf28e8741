package jellyfin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// QuickConnectAsked is who asks with a code, as finlatch tells it to whoever is signed in; the answer of GET /QuickConnect/Finlatch/Asked.
// All but Code, Address, DateAdded and UserName are claims of the device that asks.
type QuickConnectAsked struct {
	Code       string `json:"Code"`
	AppName    string `json:"AppName"`
	AppVersion string `json:"AppVersion"`
	DeviceName string `json:"DeviceName"`
	DeviceID   string `json:"DeviceId"`
	Address    string `json:"Address"`    // from where, without port
	InNetwork  bool   `json:"InNetwork"`  // from the network of whoever looks
	DateAdded  Time   `json:"DateAdded"`  // when it asked; tells it from another request with the same code
	AgeSeconds int    `json:"AgeSeconds"` // how long ago that was by the server's clock
	Approved   bool   `json:"Approved"`
	UserName   string `json:"UserName,omitempty"` // who is, or will be, signed in
}

// Age is how long ago the device asked, when the server answered.
func (a *QuickConnectAsked) Age() time.Duration { return time.Duration(a.AgeSeconds) * time.Second }

// unknownCodeText is what finlatch says of a code that no device shows.
const unknownCodeText = "Unknown code"

// ApproveQuickConnect lets the device that shows a code sign in as the user of this client. ErrNotFound where no device shows it. To
// see who asks before, where the server tells, use [Client.AskedQuickConnect] and [Client.ApproveAsked].
func (c *Client) ApproveQuickConnect(ctx context.Context, code string) error {
	k := call{method: http.MethodPost, path: "/QuickConnect/Authorize", query: url.Values{"code": {code}}}
	var done bool
	err := c.signed(ctx, k, &done)
	if err == nil && !done { // some servers answer false for a code that they do not know
		return &Error{Op: k.op(), Status: http.StatusOK, Err: ErrNotFound}
	}
	return offIfSaid(err)
}

// offIfSaid tells a 401 that is about Quick Connect from one about the token.
func offIfSaid(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusUnauthorized && e.Text != "" {
		e.Err = ErrQuickConnectOff
	}
	return err
}

// AskedQuickConnect tells who asks with a code. ErrNotFound where no device shows it, ErrRateLimited after too many of those,
// ErrUnsupported where the server does not tell, as Jellyfin.
func (c *Client) AskedQuickConnect(ctx context.Context, code string) (*QuickConnectAsked, error) {
	asked := new(QuickConnectAsked)
	err := c.signed(ctx, call{method: http.MethodGet, path: "/QuickConnect/Finlatch/Asked", query: url.Values{"code": {code}}}, asked)
	var e *Error
	if errors.As(err, &e) && (e.Status == http.StatusNotFound && e.Text != unknownCodeText || e.Status == http.StatusMethodNotAllowed) {
		return nil, &Error{Op: e.Op, Err: ErrUnsupported}
	}
	if err != nil {
		return nil, offIfSaid(err)
	}
	return asked, nil
}

// ApproveAsked is ApproveQuickConnect for the very request that was shown. ErrConflict where another device shows the code by now, or
// somebody else has decided; ErrForbidden where the server wants it to be approved on its page, which its text says.
func (c *Client) ApproveAsked(ctx context.Context, asked *QuickConnectAsked) error {
	return c.decideAsked(ctx, "Approve", asked)
}

// DenyAsked refuses the device that was shown, for good. ErrConflict as in ApproveAsked.
func (c *Client) DenyAsked(ctx context.Context, asked *QuickConnectAsked) error {
	return c.decideAsked(ctx, "Deny", asked)
}

func (c *Client) decideAsked(ctx context.Context, what string, asked *QuickConnectAsked) error {
	query := url.Values{"code": {asked.Code}, "dateAdded": {asked.DateAdded.String()}}
	return offIfSaid(c.signed(ctx, call{method: http.MethodPost, path: "/QuickConnect/Finlatch/" + what, query: query}, nil))
}
