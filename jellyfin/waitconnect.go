package jellyfin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// QuickConnectCode is what a person needs to let the device in.
type QuickConnectCode struct {
	Code string // six digits, to type in an app that is signed in
	Link string // the page of the server where a browser approves the code
}

// QuickConnectOptions say how [Client.QuickConnect] waits. The zero value works.
type QuickConnectOptions struct {
	// User is the name of whoever is expected to approve, so that the device is theirs like one they sign in by password. It may
	// be empty: then it is the device of whoever comes by Quick Connect.
	User     string
	Interval time.Duration // between polls; 0: 5 s; at least 2.5 s
	Failures int           // polls in a row that may fail; 0: 5; below 0: none
	PollOnly bool          // never asks the server to tell at once
	// Progress is told how it goes, if it is not nil. It is called by the goroutine that called QuickConnect.
	Progress func(QuickConnectProgress)
}

// QuickConnectStep is how far a request has come.
type QuickConnectStep string

// The steps.
const (
	StepWaiting  QuickConnectStep = "waiting"  // the code is shown, and nobody has approved it
	StepFailed   QuickConnectStep = "failed"   // the server could not be asked; it will be asked again
	StepApproved QuickConnectStep = "approved" // somebody has approved it; the token is next
)

// QuickConnectProgress is a report to QuickConnectOptions.Progress.
type QuickConnectProgress struct {
	State   QuickConnectStep
	Err     error // of StepFailed
	Waiting bool  // the server tells of an approval at once: it is not polled
}

const (
	pollEach  = 5 * time.Second
	pollLeast = 2500 * time.Millisecond
	waitTime  = 25 // seconds
	answerLag = 15 * time.Second

	longestBusy = 40 * time.Second // codes last ten minutes, whatever a server says of when to ask again
)

// deniedText is what finlatch says of a request that somebody has denied; a Jellyfin does not know of it.
const deniedText = "Quick Connect was denied"

// QuickConnectEnabled tells whether the server takes Quick Connect.
func (c *Client) QuickConnectEnabled(ctx context.Context) (bool, error) {
	var on bool
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/QuickConnect/Enabled"}, &on)
	return on, err
}

// QuickConnect signs in without a password: it asks the server for a code, hands it to show, and returns once somebody has approved
// it. The token stays in the client. A server that offers it, as finlatch does, tells at once; others are polled. Failures of the
// network are survived, see QuickConnectOptions.Failures. ErrQuickConnectOff, ErrQuickConnectExpired, ErrQuickConnectDenied;
// ErrQuickConnectCanceled where ctx ended first.
func (c *Client) QuickConnect(ctx context.Context, show func(QuickConnectCode), options QuickConnectOptions) (*SignedIn, error) {
	in, err := c.quickConnect(ctx, show, options)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", ErrQuickConnectCanceled, ctx.Err())
	}
	return in, err
}

func (c *Client) quickConnect(ctx context.Context, show func(QuickConnectCode), options QuickConnectOptions) (*SignedIn, error) {
	server, err := c.known(ctx)
	if err != nil {
		return nil, err
	}
	on, err := c.QuickConnectEnabled(ctx)
	if err != nil {
		return nil, err
	}
	if !on {
		return nil, &Error{Op: "GET /QuickConnect/Enabled", Status: http.StatusOK, Err: ErrQuickConnectOff}
	}
	deviceID := DeviceID(c.app.DeviceID, options.User)
	var request QuickConnectResult
	k := call{method: http.MethodPost, path: "/QuickConnect/Initiate", deviceID: deviceID}
	if _, err := c.do(ctx, k, &request); err != nil {
		return nil, offIfRefused(err)
	}
	if request.Secret == "" || request.Code == "" {
		return nil, &Error{Op: k.op(), Status: http.StatusOK, Err: errUnreadable}
	}
	show(QuickConnectCode{Code: clean(request.Code), Link: c.approvalLink(ctx, clean(request.Code))})
	w := &waiter{client: c, secret: request.Secret, deviceID: deviceID, options: options}
	w.init()
	if err := w.approved(ctx); err != nil {
		return nil, err
	}
	return w.redeem(ctx, server)
}

// offIfRefused says what a 401 means while nobody is signed in.
func offIfRefused(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusUnauthorized {
		e.Err = ErrQuickConnectOff
	}
	return err
}

// approvalLink is the page where a code is approved: finlatch's, which has a short address, or that of the web client.
func (c *Client) approvalLink(ctx context.Context, code string) string {
	escaped := url.QueryEscape(code)
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	staying := *c.http
	staying.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base.JoinPath("/link").String(), nil)
	if err == nil {
		response, err := staying.Do(request)
		if err == nil {
			response.Body.Close()
			if to := response.Header.Get("Location"); strings.HasSuffix(to, "finlatch/link") {
				return c.Address() + "/link?code=" + escaped
			}
		}
	}
	return c.Address() + "/web/#/quickconnect?code=" + escaped
}

// waiter waits for somebody to approve a request.
type waiter struct {
	client   *Client
	secret   Secret
	deviceID string
	options  QuickConnectOptions

	interval time.Duration
	failures int // that may still come in a row
	waits    int // how often waiting may still fail before it is given up: not every proxy lets a request take so long
	told     QuickConnectProgress
}

func (w *waiter) init() {
	w.interval = w.options.Interval
	if w.interval == 0 {
		w.interval = pollEach
	}
	w.interval = max(w.interval, pollLeast)
	if !w.options.PollOnly {
		w.waits = 2
	}
	w.recover()
}

func (w *waiter) recover() {
	w.failures = w.options.Failures
	if w.failures == 0 {
		w.failures = 5
	}
	w.failures = max(w.failures, 0)
}

// tell reports what is news.
func (w *waiter) tell(p QuickConnectProgress) {
	if w.options.Progress != nil && (p != w.told || p.Err != nil) {
		w.options.Progress(p)
	}
	w.told = p
}

// approved returns when somebody has approved the request.
func (w *waiter) approved(ctx context.Context) error {
	for {
		asked := time.Now()
		state, waited, err := w.poll(ctx)
		switch {
		case err == nil && state.Authenticated:
			w.tell(QuickConnectProgress{State: StepApproved, Waiting: waited})
			return nil
		case err == nil:
			w.recover()
			w.tell(QuickConnectProgress{State: StepWaiting, Waiting: waited})
			if waited && time.Since(asked) >= time.Second { // one that did not wait is not asked again at once, whatever it says
				continue
			}
		default:
			if err := w.survive(ctx, err); err != nil {
				return err
			}
		}
		if !sleep(ctx, max(w.interval-time.Since(asked), retryAfterOf(err))) {
			return ctx.Err()
		}
	}
}

// survive returns nil for a failure after which the server is asked again.
func (w *waiter) survive(ctx context.Context, err error) error {
	var e *Error
	lasting := errors.As(err, &e) && 300 <= e.Status && e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusRequestTimeout
	if ctx.Err() != nil || lasting || w.failures == 0 {
		return err
	}
	w.failures--
	w.tell(QuickConnectProgress{State: StepFailed, Err: err})
	return nil
}

func retryAfterOf(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return withJitter(min(e.RetryAfter, longestBusy))
	}
	return 0
}

// poll asks for the state once; waited tells that the server has applied the preference to wait.
func (w *waiter) poll(ctx context.Context) (state QuickConnectResult, waited bool, err error) {
	k := call{method: http.MethodGet, path: "/QuickConnect/Connect", query: url.Values{"secret": {string(w.secret)}},
		deviceID: w.deviceID, secrets: []Secret{w.secret}}
	asks := w.waits > 0
	if asks {
		k.prefer, k.time = fmt.Sprintf("wait=%d", waitTime), waitTime*time.Second+answerLag
	}
	header, err := w.client.do(ctx, k, &state)
	var e *Error
	switch {
	case err == nil:
		return state, asks && strings.HasPrefix(header.Get("Preference-Applied"), "wait="), nil
	case !errors.As(err, &e):
	case e.Status == http.StatusNotFound && e.Text == deniedText:
		e.Err = ErrQuickConnectDenied
	case e.Status == http.StatusNotFound:
		e.Err = ErrQuickConnectExpired
	case e.Status == http.StatusUnauthorized:
		e.Err = ErrQuickConnectOff
	case asks && (e.Status == 0 || e.Status >= 500):
		w.waits--
	}
	return state, false, err
}

// redeem gets the token. Whoever repeats it within seconds gets the same one, so that an answer that was lost loses nothing.
func (w *waiter) redeem(ctx context.Context, server *PublicSystemInfo) (*SignedIn, error) {
	for {
		in, err := w.client.enter(ctx, server, call{method: http.MethodPost, path: "/Users/AuthenticateWithQuickConnect",
			in: QuickConnectDto{Secret: w.secret}, deviceID: w.deviceID, secrets: []Secret{w.secret}})
		var e *Error
		if errors.As(err, &e) && e.Status == http.StatusNotFound {
			e.Err = ErrQuickConnectExpired
		}
		if err == nil {
			return in, nil
		}
		if err := w.survive(ctx, offIfRefused(err)); err != nil {
			return nil, err
		}
		if !sleep(ctx, max(time.Second, retryAfterOf(err))) {
			return nil, ctx.Err()
		}
	}
}
