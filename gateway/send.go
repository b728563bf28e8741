package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

// question is a call as it is made.
type question struct {
	call   call
	userID finlatch.ID            // for {userId}
	query  url.Values             // the one secret in it is Quick Connect's, where Jellyfin takes it nowhere else
	body   any                    // JSON; nil: none
	as     jellyfin.Authorization // the app that asks, and its token
	from   netip.Addr             // the client that it is asked for; the zero Addr: nobody
}

// reply is what upstream has answered, in a status that the call may have.
type reply struct {
	call   call
	status int
	header http.Header
	body   []byte
}

// asAdministrator makes a call with the administrator's key. It refuses calls that are not for it, before anything is sent.
func (c *Client) asAdministrator(ctx context.Context, q question) (*reply, error) {
	if !q.call.withKey() {
		return nil, errNotWithKey(q.call)
	}
	if c.key.IsZero() {
		return nil, &finlatch.Error{Kind: finlatch.Unavailable, Msg: "this server has no API key of the media server"}
	}
	q.as = c.own
	q.as.Token = c.key.Reveal()
	a, err := c.send(ctx, q)
	if err == nil && a.status == http.StatusUnauthorized {
		return nil, unserved(q.call, errKeyRefused)
	}
	return a, err
}

// send makes a call. It returns Unavailable for what no Jellyfin answers that is up, and RateLimited for 429; any other
// status is the caller's to read.
func (c *Client) send(ctx context.Context, q question) (*reply, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r, err := c.request(ctx, q)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(r)
	if err != nil {
		// What net/http adds is the URL, which may have a secret in its query.
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return nil, unserved(q.call, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, q.call.maxAnswer()+1))
	if err != nil {
		return nil, unserved(q.call, err)
	}
	a := &reply{call: q.call, status: response.StatusCode, header: response.Header, body: body}
	return a, a.plausible()
}

func (c *Client) request(ctx context.Context, q question) (*http.Request, error) {
	method, path, _ := strings.Cut(string(q.call), " ")
	to := c.url.JoinPath(strings.Replace(path, "{userId}", q.userID.String(), 1))
	to.RawQuery = q.query.Encode()
	var body io.Reader
	if q.body != nil {
		data, err := json.Marshal(q.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, to.String(), body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "finlatch/"+c.own.Version)
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.as != (jellyfin.Authorization{}) {
		r.Header.Set("Authorization", q.as.Header())
	}
	if q.from.IsValid() {
		r.Header.Set("X-Forwarded-For", q.from.Unmap().WithZone("").String())
	}
	return r, nil
}

// plausible is nil for what a Jellyfin that is up may answer to a program: no page, no way elsewhere, no failure.
func (a *reply) plausible() error {
	var wrong error
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	switch {
	case a.status == http.StatusTooManyRequests:
		return &finlatch.Error{Kind: finlatch.RateLimited, Msg: "the media server asks to wait", RetryAfter: a.retryAfter()}
	case a.status < 200, a.status >= 300 && a.status < 400, a.status >= 500:
		wrong = fmt.Errorf("it answers %d", a.status)
	case int64(len(a.body)) > a.call.maxAnswer():
		wrong = fmt.Errorf("it answers more than %d bytes", a.call.maxAnswer())
	case kind == "text/html":
		wrong = fmt.Errorf("it answers %d with a page", a.status)
	case a.header.Get("WWW-Authenticate") != "": // which Jellyfin never sends
		wrong = errors.New("something in front of it asks for a password")
	default:
		return nil
	}
	err := unserved(a.call, wrong)
	err.RetryAfter = a.retryAfter()
	return err
}

const soon = 5 * time.Second

// retryAfter is how long upstream says to wait, within reason.
func (a *reply) retryAfter() time.Duration {
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || seconds < 1 || seconds > 3600 {
		return soon
	}
	return time.Duration(seconds) * time.Second
}

// unserved is an upstream that does not serve, and why.
func unserved(c call, why error) *finlatch.Error {
	return &finlatch.Error{Kind: finlatch.Unavailable, Msg: "the media server does not answer as it should; please try again shortly",
		Err: fmt.Errorf("%s of the media server: %w", c, why), RetryAfter: soon}
}

// unexpected is unserved for a status that the call should not have.
func (a *reply) unexpected() error { return unserved(a.call, fmt.Errorf("it answers %d", a.status)) }

// json tells whether the answer says that it is JSON. Jellyfin's own 404 does where it means a thing and not a path.
func (a *reply) json() bool {
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	return kind == "application/json"
}

// userGone tells whether the token that was sent is one of a user who is there no more.
func (a *reply) userGone() bool {
	return a.status == http.StatusNotFound && strings.HasPrefix(string(a.body), "Error processing request.")
}

// read takes a good answer's JSON. While Jellyfin starts, it answers in camelCase with half of what it knows, and Go would
// not mind.
func (a *reply) read(into any) error {
	switch {
	case a.status != http.StatusOK:
		return a.unexpected()
	case camelCase(a.body):
		return unserved(a.call, errors.New("it is starting"))
	case !a.json() || json.Unmarshal(a.body, into) != nil: // whose error may repeat what must not be logged
		return unserved(a.call, errors.New("its answer is no Jellyfin's"))
	}
	return nil
}

// camelCase tells whether the first member of an object, or of the first in a list, begins with a small letter.
func camelCase(body []byte) bool {
	name := bytes.TrimLeft(body, " \t\r\n[")
	name, found := bytes.CutPrefix(name, []byte("{"))
	name, quoted := bytes.CutPrefix(bytes.TrimLeft(name, " \t\r\n"), []byte(`"`))
	return found && quoted && len(name) > 0 && 'a' <= name[0] && name[0] <= 'z'
}
