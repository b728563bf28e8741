package jellyfin

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Transport signs requests with the token of its client, whatever that is when the request is sent. It signs what goes to the
// client's scheme, host and port, below its base URL's path, and leaves everything else alone: requests to other hosts, redirects that
// lead there, and requests that bring an Authorization header. Make one with [Client.Transport].
type Transport struct {
	client *Client
	base   http.RoundTripper
}

var _ http.RoundTripper = (*Transport)(nil)

// Transport makes a Transport on top of another; nil: http.DefaultTransport.
func (c *Client) Transport(base http.RoundTripper) *Transport {
	if base == nil {
		base = http.DefaultTransport
	}
	return &Transport{client: c, base: base}
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, signed := r.Header["Authorization"]; signed || !t.client.owns(r.URL) {
		return t.base.RoundTrip(r)
	}
	r = r.Clone(r.Context())
	if r.Header == nil { // http.Client makes one, others that call it need not
		r.Header = http.Header{}
	}
	r.Header.Set("Authorization", t.client.authorization("").Header())
	return t.base.RoundTrip(r)
}

// owns tells whether a URL is the server's.
func (c *Client) owns(u *url.URL) bool {
	if origin(u) != origin(c.base) {
		return false
	}
	clean := path.Clean("/" + u.Path)
	return clean == c.base.Path || strings.HasPrefix(clean, c.base.Path+"/")
}
