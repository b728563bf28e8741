package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// exchange is one request on its way.
type exchange struct {
	g        *Gateway
	request  *http.Request // as it came
	out      *writer
	path     path
	class    class
	small    small
	upgrades bool
	said     said
	caller   finlatch.Caller
	token    finlatch.Token // upstream's, of a known device; zero for none
	body     *body
	judged   func(right bool) // is told whether a PIN was right; nil where there is none
}

// known tells whether the request has a token that upstream knows.
func (x *exchange) known() bool { return !x.token.IsZero() }

// ServeHTTP forwards a request, or says why not.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	httpx.SetRoute(r.Context(), "upstream")
	x := &exchange{g: g, request: r, out: &writer{ResponseWriter: w}, upgrades: httpx.Upgrades(r)}
	if len(r.URL.Path) > maxPath {
		refuse(w, http.StatusRequestURITooLong)
		return
	}
	x.path = spell(r.URL)
	x.class, x.small = classify(&x.path), smallAnswer(r.Method, &x.path)
	switch {
	case r.URL.Opaque != "", strings.IndexByte(x.path.plain, 0) >= 0: // GET http:Items, which has no path and is sent on as it is
		refuse(w, http.StatusBadRequest)
	case r.Method == http.MethodConnect, r.Method == http.MethodTrace:
		refuse(w, http.StatusMethodNotAllowed)
	case x.class == owned:
		refuse(w, http.StatusNotFound)
	case x.class == set:
		refuse(w, http.StatusForbidden)
	default:
		x.serve()
	}
}

// serve says who asks, and forwards what they may have.
func (x *exchange) serve() {
	ctx, end := context.WithCancelCause(x.request.Context())
	defer end(nil)
	x.said = x.g.carriers.read(x.request, x.g.service.Now())
	x.caller = x.stranger()
	if x.said.token != "" {
		k := &stream{token: finlatch.TokenFrom(x.said.token), asked: x.caller, end: end, out: x.out}
		k.hash = k.token.Hash()
		x.g.streams.open(k)
		defer x.g.streams.close(k)
		if err := x.authenticate(ctx, k); err != nil {
			x.fail(err)
			return
		}
	}
	if !x.known() {
		if status, err := x.anonymous(ctx); err != nil {
			x.fail(err)
			return
		} else if status != 0 {
			refuse(x.out, status)
			return
		}
	}
	if err := x.count(ctx); err != nil {
		x.fail(err)
		return
	}
	x.forward(ctx)
}

// stranger is what the request says of itself.
func (x *exchange) stranger() finlatch.Caller {
	from := httpx.AddressFrom(x.request.Context())
	app := &x.said.app
	event := httpx.EventFrom(x.request.Context())
	event.Client, event.DeviceID = app.Client, app.DeviceID
	return finlatch.Caller{Address: from.Addr, Forwarded: from.ForwardedByStranger,
		ClientInfo: finlatch.ClientInfo{AppName: app.Client, AppVersion: app.Version, DeviceName: app.Device, DeviceID: app.DeviceID}}
}

// authenticate finds whose token it is. One that means nothing, and an API key of ours, make a stranger, and are not sent on:
// upstream would say for anybody which tokens there are.
func (x *exchange) authenticate(ctx context.Context, k *stream) error {
	caller, err := x.g.service.Authenticate(ctx, x.caller, k.token)
	switch {
	case errors.Is(err, finlatch.ErrRateLimited) && (x.class == image || x.small == publicInfo): // nobody can say whose it is, and this may be anybody's
		x.g.streams.close(k)
		return nil
	case err != nil && !errors.Is(err, finlatch.ErrUnauthenticated):
		return err
	case err != nil, caller.Device == nil && (caller.Key == nil || !caller.Key.Upstreams()), !k.stands():
		x.g.streams.close(k)
		return nil
	}
	x.caller, x.token = caller, k.token
	now := x.g.service.Now()
	if caller.Device != nil {
		x.g.streams.belongs(k, caller.UserID())
		x.g.addresses.note(caller, now)
	}
	x.g.carriers.used(x.said.carrier, caller.AppName, now)
	event := httpx.EventFrom(x.request.Context())
	event.Client, event.DeviceID = caller.AppName, caller.DeviceID
	if caller.User != nil {
		event.User = caller.User.ID.String()
	}
	if x.said.carrier != modern {
		event.Attrs = append(event.Attrs, slog.String("old_token", string(x.said.carrier)))
	}
	return nil
}

// anonymous says which status refuses a request without a token; 0 for none.
func (x *exchange) anonymous(ctx context.Context) (status int, err error) {
	// Where streams are for those who are known, whoever says a token that is none, as of a device that was signed out, is not.
	limited := x.class == media && (x.g.options.Anonymous == AnonymousStrict || x.said.token != "" && x.g.options.Anonymous != AnonymousOpen)
	switch {
	case x.class == members || limited:
		return http.StatusUnauthorized, nil
	case !x.class.without() || x.g.options.Anonymous == AnonymousOpen:
		return 0, nil
	}
	familiar, err := x.g.familiar(ctx, x.caller)
	if err == nil && !familiar {
		status = http.StatusUnauthorized
	}
	return status, err
}

// forward hands the request to upstream and its answer back.
func (x *exchange) forward(ctx context.Context) {
	r := x.request
	if x.known() {
		r = httpx.Unlimited(r)
	}
	if x.known() || x.class.without() {
		httpx.Unpaced(x.out)
	}
	if x.small != none {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, x.g.options.Glance)
		defer stop()
	}
	r = r.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		x.body = &body{ReadCloser: r.Body}
		r.Body = x.body
	}
	// Answers of unknown length are flushed at each write by ReverseProxy itself, the others by writer.
	proxy := httputil.ReverseProxy{
		Rewrite: x.rewrite, Transport: x.g.transport, BufferPool: &x.g.small,
		ErrorLog: x.g.quiet, ModifyResponse: x.answer, ErrorHandler: x.unanswered,
	}
	proxy.ServeHTTP(x.out, r)
}
