package httpx

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"
)

// Event is what one request was: its log line and its metrics come from here and nowhere else. It belongs to the
// request's goroutine until the handler returns; after that nobody changes it.
type Event struct {
	ID       string        // 32 hex digits, random; also the trace id in Jellyfin's problem details
	Start    time.Time     // when the header had been read
	Duration time.Duration // until the handler returned; set at the end
	Method   string        // at most 16 characters
	Route    string        // the pattern as it was given to Mux.Handle, with its method; "" if none matched
	Path     string        // decoded, without secrets, at most 256 bytes
	Query    string        // as sent, without secrets, at most 512 bytes
	Status   int           // 101 for a connection taken over; set at the end
	BytesIn  int64         // of the body; set at the end
	BytesOut int64         // of the body; set at the end

	Remote    netip.Addr // the client's address, or the peer's where ClientAddress did not run
	Forwarded bool       // Address.ForwardedByStranger

	User     string // name or id of who is signed in; at most 64 bytes in sinks and log, like the next two
	DeviceID string // what the client says
	Client   string // what the client says

	Err     error       // what the handler failed with; its text is logged with a status of 500 and more only
	Outcome string      // one word for metrics, say "wrong-password"; from a fixed set, never from the request
	Attrs   []slog.Attr // more for the log line; no secrets, no strings of strangers without Clean

	query *Values // of the request's query, once somebody asked
	stack []byte  // of a panic
}

type eventKey struct{}

// EventFrom is the request's event. It is never nil: without Record it is one that nobody reads.
func EventFrom(ctx context.Context) *Event {
	if ev, ok := ctx.Value(eventKey{}).(*Event); ok {
		return ev
	}
	return new(Event)
}

// SetRoute tells the event which route was taken. Mux does it; whoever routes without Mux calls it, since the event
// cannot see r.Pattern of a request that was copied on its way in.
func SetRoute(ctx context.Context, pattern string) { EventFrom(ctx).Route = pattern }

// newID need not be hard to guess, only unlike the others.
func newID() string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return hex.EncodeToString(id[:])
}

// exchange is all that Record needs for one request, in one allocation.
type exchange struct {
	ev   Event
	w    response
	body countedBody
}

// Record makes the event of each request and hands it, at the end, to the log (one line: Info, Warn for a status of 500
// and more, Error for a panic) and to the sinks in their order. A panic below it becomes Jellyfin's 500; if part of an
// answer is out already, the connection is cut, so that nobody takes the part for the whole. A nil log stays silent.
func Record(log *slog.Logger, sinks ...func(*Event)) func(http.Handler) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			now := time.Now()
			x := &exchange{ev: Event{
				ID:     newID(),
				Start:  now,
				Method: Clean(r.Method, 16),
				Path:   redactPath(r.URL),
				Query:  redactQuery(r.URL.RawQuery),
				Remote: peer(r.RemoteAddr),
			}}
			x.w = response{ResponseWriter: w, start: now}
			r = r.WithContext(context.WithValue(r.Context(), eventKey{}, &x.ev))
			if r.Body != nil && r.Body != http.NoBody {
				x.body.ReadCloser = r.Body
				r.Body = &x.body
			}
			defer x.finish(r.Context(), log, sinks)
			next.ServeHTTP(&x.w, r)
		})
	}
}

// finish is deferred itself, or recover would see nothing.
func (x *exchange) finish(ctx context.Context, log *slog.Logger, sinks []func(*Event)) {
	ev := &x.ev
	cut := false
	switch p := recover(); {
	case p == nil:
		x.w.finish()
	case p == any(http.ErrAbortHandler):
		cut = true
		if ev.Outcome == "" {
			ev.Outcome = "aborted"
		}
	default:
		ev.Err, ev.stack = fmt.Errorf("panic: %v", p), debug.Stack()
		if cut = x.w.status != 0; !cut {
			WriteText(&x.w, http.StatusInternalServerError, processingError)
		}
	}
	ev.Duration = time.Since(ev.Start)
	ev.Status, ev.BytesOut, ev.BytesIn = x.w.status, x.w.bytes, x.body.bytes.Load()
	ev.User, ev.DeviceID, ev.Client = Clean(ev.User, 64), Clean(ev.DeviceID, 64), Clean(ev.Client, 64)
	ev.write(ctx, log)
	for _, sink := range sinks {
		sink(ev)
	}
	if cut {
		panic(http.ErrAbortHandler)
	}
}

// processingError is the body of every error that Jellyfin's exception middleware answers.
const processingError = "Error processing request."

func (ev *Event) write(ctx context.Context, log *slog.Logger) {
	level := slog.LevelInfo
	switch {
	case ev.stack != nil:
		level = slog.LevelError
	case ev.Status >= 500:
		level = slog.LevelWarn
	}
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 18)
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	text("id", ev.ID)
	text("method", ev.Method)
	text("path", ev.Path)
	text("query", ev.Query)
	text("route", ev.Route)
	attrs = append(attrs, slog.Int("status", ev.Status), slog.Duration("took", ev.Duration),
		slog.Int64("in", ev.BytesIn), slog.Int64("out", ev.BytesOut))
	if ev.Remote.IsValid() {
		text("remote", ev.Remote.String())
	}
	if ev.Forwarded {
		attrs = append(attrs, slog.Bool("forwarded", true))
	}
	text("user", ev.User)
	text("device", ev.DeviceID)
	text("client", ev.Client)
	text("outcome", ev.Outcome)
	attrs = append(attrs, ev.Attrs...)
	if ev.Err != nil && (ev.Status >= 500 || ev.stack != nil) {
		text("error", Clean(ev.Err.Error(), 1024))
	}
	if ev.stack != nil {
		text("stack", string(ev.stack))
	}
	log.LogAttrs(ctx, level, "request", attrs...)
}
