package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// rewrite makes upstream's request of the client's. What only one connection has is gone from it already.
func (x *exchange) rewrite(p *httputil.ProxyRequest) {
	out, to := p.Out, x.g.options.Upstream
	out.URL.Scheme, out.URL.Host, out.URL.User = to.Scheme, to.Host, nil
	out.URL.Path = strings.TrimSuffix(to.Path, "/") + x.path.plain
	out.URL.RawPath = strings.TrimSuffix(to.EscapedPath(), "/") + x.path.escaped
	from := httpx.AddressFrom(x.request.Context())
	// The client's, so that addresses that upstream makes of it lead here.
	if out.Host = from.Host; out.Host == "" {
		out.Host = x.request.Host
	}
	h := out.Header
	for name := range h {
		if strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "X-Original-") {
			delete(h, name)
		}
	}
	for _, name := range [...]string{"Forwarded", "X-Real-Ip", "Via", "Cf-Connecting-Ip", "True-Client-Ip", "X-Client-Ip", "X-Cluster-Client-Ip"} {
		delete(h, name)
	}
	if from.Addr.IsValid() {
		h["X-Forwarded-For"] = []string{from.Addr.String()}
	}
	if from.Scheme != "" {
		h["X-Forwarded-Proto"] = []string{from.Scheme}
	}
	h["X-Forwarded-Host"] = []string{out.Host}
	if !x.upgrades {
		// To no other protocol: upstream could be asked for anything in it, past all that is decided here.
		delete(h, "Connection")
		delete(h, "Upgrade")
	}
	if x.small != none {
		delete(h, "Accept-Encoding")
	}
	withoutOurCookies(h)
	x.said.authorize(h, out.URL, x.token.Reveal())
}

// withoutOurCookies takes out the cookies of the pages, which are tokens here.
func withoutOurCookies(h http.Header) {
	lines := h["Cookie"]
	if len(lines) == 0 {
		return
	}
	var kept []string
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ";") {
			name, _, _ := strings.Cut(strings.TrimSpace(part), "=")
			name = strings.TrimPrefix(strings.TrimSpace(name), "__Host-")
			if name != "finlatch" && !strings.HasPrefix(name, "finlatch-") {
				kept = append(kept, strings.TrimSpace(part))
			}
		}
	}
	if h.Del("Cookie"); len(kept) > 0 {
		h.Set("Cookie", strings.Join(kept, "; "))
	}
}

// answer looks at upstream's answer before it goes out.
func (x *exchange) answer(res *http.Response) error {
	if x.judged != nil {
		x.judged(res.StatusCode/100 == 2)
	}
	if x.known() {
		x.g.rechecks.after(x, res)
	}
	if x.small != none {
		if err := x.look(res); err != nil {
			return err
		}
	}
	res.Header.Del("Alt-Svc") // it would lead past us
	x.out.left = res.ContentLength
	x.g.flows(x.out, res)
	clear(x.out.Header()) // what CORS and others have said here; upstream says it itself
	return nil
}

// unanswered answers where upstream has not.
func (x *exchange) unanswered(_ http.ResponseWriter, r *http.Request, err error) {
	event := httpx.EventFrom(x.request.Context())
	event.Err = err
	var sent error // why the client's body did not come
	if x.body != nil {
		if failed := x.body.failed.Load(); failed != nil {
			sent = *failed
		}
	}
	switch {
	case errors.Is(context.Cause(r.Context()), errRevoked):
		refuse(x.out, http.StatusUnauthorized)
	case x.request.Context().Err() != nil:
		panic(http.ErrAbortHandler) // nobody is there to read it
	case errors.Is(sent, httpx.ErrTooLarge):
		refuse(x.out, http.StatusRequestEntityTooLarge)
	case errors.Is(sent, os.ErrDeadlineExceeded):
		refuse(x.out, http.StatusRequestTimeout)
	case sent != nil:
		panic(http.ErrAbortHandler)
	case x.answerLastGood(x.out):
		event.Outcome = "last-good"
	default:
		unavailable(x.out, err)
	}
}

// fail answers where the rules could not say who asks.
func (x *exchange) fail(err error) {
	httpx.EventFrom(x.request.Context()).Err = err
	var e *finlatch.Error
	switch kind := finlatch.KindOf(err); {
	case x.request.Context().Err() != nil:
		panic(http.ErrAbortHandler)
	case kind == finlatch.RateLimited && errors.As(err, &e):
		x.out.Header().Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
		httpx.WriteText(x.out, http.StatusTooManyRequests, e.Msg)
	case kind == finlatch.Forbidden:
		refuse(x.out, http.StatusForbidden)
	case kind == finlatch.Unavailable:
		unavailable(x.out, os.ErrDeadlineExceeded)
	default:
		httpx.WriteText(x.out, http.StatusInternalServerError, "Error processing request.")
	}
}

// refuse answers without a body, as Jellyfin does.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

// unavailable says that upstream is not there (503), or has answered what is no answer (502).
func unavailable(w http.ResponseWriter, err error) {
	status := http.StatusBadGateway
	var unreachable interface{ Timeout() bool }
	var dial interface{ Temporary() bool }
	if errors.As(err, &unreachable) && unreachable.Timeout() || errors.As(err, &dial) || errors.Is(err, errAway) {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Retry-After", "5")
	httpx.WriteText(w, status, "The media server does not answer. Try again in a moment.")
}

// body remembers why what a client sends could not be read, to tell that from what upstream does wrong.
type body struct {
	io.ReadCloser
	failed atomic.Pointer[error]
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.failed.CompareAndSwap(nil, &err)
	}
	return n, err
}
