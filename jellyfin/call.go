package jellyfin

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	callTime  = 30 * time.Second // for one attempt of a call
	maxAnswer = 32 << 20         // bytes of an answer
)

// call is one operation to ask the server for.
type call struct {
	method, path string
	query        url.Values
	in           any           // the body, as JSON
	deviceID     string        // for those who are not signed in yet; then no token is sent
	prefer       string        // the header
	time         time.Duration // callTime if zero
	secrets      []Secret      // what the answer must not bring into an error
}

func (k *call) op() string { return k.method + " " + k.path }

// do asks for an operation and reads its JSON answer into out, unless that is nil.
func (c *Client) do(ctx context.Context, k call, out any) (http.Header, error) {
	var body []byte
	if k.in != nil {
		var err error
		if body, err = json.Marshal(k.in); err != nil {
			return nil, &Error{Op: k.op(), Err: err}
		}
	}
	if k.time == 0 {
		k.time = callTime
	}
	patience := c.patience
	for {
		header, err := c.attempt(ctx, &k, body, out)
		if err == nil {
			return header, nil
		}
		wait := withJitter(err.RetryAfter)
		if wait == 0 || wait > patience {
			return header, err
		}
		patience -= wait
		if !sleep(ctx, wait) {
			return header, &Error{Op: k.op(), Err: ctx.Err()}
		}
	}
}

// attempt is do once.
func (c *Client) attempt(ctx context.Context, k *call, body []byte, out any) (http.Header, *Error) {
	limited, cancel := context.WithTimeout(ctx, k.time)
	defer cancel()
	u := c.base.JoinPath(k.path)
	u.RawQuery = k.query.Encode()
	request, err := http.NewRequestWithContext(limited, k.method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, &Error{Op: k.op(), Err: withoutURL(err)}
	}
	who := c.authorization(k.deviceID)
	request.Header.Set("Authorization", who.Header())
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", userAgent(c.app))
	if k.in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if k.prefer != "" {
		request.Header.Set("Prefer", k.prefer)
	}
	start := time.Now()
	response, err := c.http.Do(request)
	if err != nil {
		c.log.LogAttrs(ctx, slog.LevelDebug, "no answer", slog.String("op", k.op()), slog.Duration("after", time.Since(start)))
		return nil, &Error{Op: k.op(), Err: unreachable(ctx, err)}
	}
	defer response.Body.Close()
	c.log.LogAttrs(ctx, slog.LevelDebug, "answer", slog.String("op", k.op()), slog.Int("status", response.StatusCode), slog.Duration("after", time.Since(start)))
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return response.Header, failure(k, response, Secret(who.Token))
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return response.Header, &Error{Op: k.op(), Err: unreachable(ctx, err)}
	}
	if out == nil {
		return response.Header, nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		// What it says may repeat the answer, and so a token.
		return response.Header, &Error{Op: k.op(), Status: response.StatusCode, Err: errUnreadable}
	}
	return response.Header, nil
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return min(max(0, date.Sub(now)), math.MaxInt32*time.Second) // as many as seconds can be; jitter comes on top
	}
	return 0
}

// withJitter is a little longer than a server asked for, so that those whom it sent away do not come back all at once.
func withJitter(after time.Duration) time.Duration {
	if after <= 0 {
		return 0
	}
	return after + rand.N(after/4+250*time.Millisecond)
}

// sleep reports whether the time has passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// userAgent is a product and its version.
func userAgent(app App) string {
	token := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r <= ' ' || r > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) {
				return '-'
			}
			return r
		}, s)
	}
	return token(app.Client) + "/" + token(app.Version)
}
