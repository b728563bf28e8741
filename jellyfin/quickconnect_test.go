package jellyfin_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/finlatch/finlatch/finlatchtest"
	"github.com/finlatch/finlatch/jellyfin"
)

// asks makes a client of a handler without a network.
func asks(t testing.TB, h http.Handler) *jellyfin.Client {
	t.Helper()
	client, err := jellyfin.New("https://jellyfin.example/base", testApp, jellyfin.Options{HTTP: &http.Client{Transport: inProcess{http.StripPrefix("/base", h)}}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// times counts, from 1, how often an operation is asked for.
func times(op string, f func(n int, w http.ResponseWriter) bool) func(http.ResponseWriter, *http.Request) bool {
	n := 0
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method+" "+r.URL.Path != op {
			return false
		}
		n++
		return f(n, w)
	}
}

const pollOp, exchangeOp = "GET /QuickConnect/Connect", "POST /Users/AuthenticateWithQuickConnect"

func fails(status int) func(int, http.ResponseWriter) bool {
	return func(_ int, w http.ResponseWriter) bool {
		w.WriteHeader(status)
		return true
	}
}

func TestQuickConnectMeetsFailures(t *testing.T) {
	first := func(count, status int) func(int, http.ResponseWriter) bool {
		return func(n int, w http.ResponseWriter) bool { return n <= count && fails(status)(n, w) }
	}
	for name, c := range map[string]struct {
		op       string
		fail     func(n int, w http.ResponseWriter) bool
		options  jellyfin.QuickConnectOptions
		approved bool
		want     error // nil: signed in
		failures int   // that are told
		after    time.Duration
	}{
		"none":                      {op: pollOp, fail: first(0, 0), approved: true},
		"the network, once":         {op: pollOp, fail: first(1, dropped), approved: true, failures: 1, after: 5 * time.Second},
		"the network, five times":   {op: pollOp, fail: first(5, dropped), approved: true, failures: 5, after: 25 * time.Second},
		"the network, six times":    {op: pollOp, fail: first(6, dropped), approved: true, failures: 5, after: 25 * time.Second, want: jellyfin.ErrUnreachable},
		"a proxy, twice":            {op: pollOp, fail: first(2, 502), approved: true, failures: 2, after: 10 * time.Second},
		"never two in a row":        {op: pollOp, fail: func(n int, w http.ResponseWriter) bool { return n%2 == 1 && n < 20 && fails(500)(n, w) }, failures: 10, want: jellyfin.ErrQuickConnectExpired, options: jellyfin.QuickConnectOptions{Failures: 1}, after: 100 * time.Second},
		"no failure is survived":    {op: pollOp, fail: first(1, dropped), options: jellyfin.QuickConnectOptions{Failures: -1}, want: jellyfin.ErrUnreachable},
		"refused for good":          {op: pollOp, fail: first(1, 403), want: jellyfin.ErrForbidden},
		"redirected":                {op: pollOp, fail: first(1, 302), want: jellyfin.ErrMoved},
		"switched off meanwhile":    {op: pollOp, fail: first(1, 401), want: jellyfin.ErrQuickConnectOff},
		"the answer is lost":        {op: exchangeOp, fail: first(1, dropped), approved: true, failures: 1, after: time.Second},
		"the exchange is too late":  {op: exchangeOp, fail: first(1, 404), approved: true, want: jellyfin.ErrQuickConnectExpired},
		"the exchange is refused":   {op: exchangeOp, fail: first(1, 403), approved: true, want: jellyfin.ErrForbidden},
		"no initiate":               {op: "POST /QuickConnect/Initiate", fail: first(1, 401), want: jellyfin.ErrQuickConnectOff},
		"an initiate without sense": {op: "POST /QuickConnect/Initiate", fail: func(_ int, w http.ResponseWriter) bool { _, err := w.Write([]byte(`{"Code":"1"}`)); return err == nil }, want: errAny},
		"no public information":     {op: "GET /System/Info/Public", fail: first(1, 503), want: jellyfin.ErrStarting},
		"whether it is on is lost":  {op: "GET /QuickConnect/Enabled", fail: first(1, dropped), want: jellyfin.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newStandin(t)
				server.before, server.approved = times(c.op, c.fail), c.approved
				begin, failures := time.Now(), 0
				c.options.Progress = func(p jellyfin.QuickConnectProgress) {
					if p.State == jellyfin.StepFailed {
						failures++
						if p.Err == nil {
							t.Error("a failure without an error")
						}
					}
					server.expired = time.Since(begin) > 90*time.Second
				}
				in, err := asks(t, server).QuickConnect(t.Context(), func(jellyfin.QuickConnectCode) {}, c.options)
				switch {
				case c.want == nil && (err != nil || in.User.Name != "w-ann"):
					t.Errorf("got %+v, %v", in, err)
				case c.want == errAny && err == nil, c.want != nil && c.want != errAny && !errors.Is(err, c.want):
					t.Errorf("got %v, want %v", err, c.want)
				}
				if failures != c.failures {
					t.Errorf("%d failures were told, want %d", failures, c.failures)
				}
				if after := time.Since(begin); after != c.after {
					t.Errorf("it took %v, want %v", after, c.after)
				}
			})
		})
	}
}

var errAny = errors.New("any")

func TestQuickConnectIsOff(t *testing.T) {
	t.Parallel()
	server := newStandin(t)
	server.off = true
	_, err := asks(t, server).QuickConnect(t.Context(), func(jellyfin.QuickConnectCode) { t.Error("a code was shown") }, jellyfin.QuickConnectOptions{})
	if !errors.Is(err, jellyfin.ErrQuickConnectOff) || slices.Contains(server.asked, "POST /QuickConnect/Initiate") {
		t.Errorf("got %v after %q", err, server.asked)
	}
	client := asks(t, server)
	if _, err := client.SignIn(t.Context(), "w-bob", "b0b-pass"); err != nil {
		t.Fatal(err)
	}
	if err := client.ApproveQuickConnect(t.Context(), "123456"); !errors.Is(err, jellyfin.ErrQuickConnectOff) {
		t.Errorf("ApproveQuickConnect: %v", err)
	}
}

func TestQuickConnectIsCanceled(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		"canceled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(12*time.Second, cancel)
			return ctx, cancel
		}, context.Canceled},
		"too late": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 12*time.Second)
		}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				ctx, cancel := c.end(t.Context())
				defer cancel()
				_, err := asks(t, newStandin(t)).QuickConnect(ctx, func(jellyfin.QuickConnectCode) {}, jellyfin.QuickConnectOptions{})
				if !errors.Is(err, jellyfin.ErrQuickConnectCanceled) || !errors.Is(err, c.want) || time.Since(begin) != 12*time.Second {
					t.Errorf("got %v after %v", err, time.Since(begin))
				}
			})
		})
	}
}

// How often a server is asked in a minute, and with what preference.
func TestQuickConnectPace(t *testing.T) {
	const wait = "wait=25"
	for name, c := range map[string]struct {
		options jellyfin.QuickConnectOptions
		before  func(w http.ResponseWriter, r *http.Request) bool
		polls   int
		prefers []string // the first ones
	}{
		"as it is":        {polls: 13, prefers: []string{wait, wait, wait}},
		"eager":           {options: jellyfin.QuickConnectOptions{Interval: time.Millisecond}, polls: 25},
		"patient":         {options: jellyfin.QuickConnectOptions{Interval: 20 * time.Second}, polls: 4},
		"without waiting": {options: jellyfin.QuickConnectOptions{PollOnly: true}, polls: 13, prefers: []string{"", ""}},
		"a server that says that it waits, and does not": {polls: 13, before: func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Preference-Applied", wait)
			return false
		}},
		"a server that waits": {polls: 3, before: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Prefer") == wait {
				w.Header().Set("Preference-Applied", wait)
				time.Sleep(25 * time.Second)
			}
			return false
		}},
		"a proxy that cuts those who wait": {polls: 11, prefers: []string{wait, wait, "", ""}, before: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Prefer") == "" {
				return false
			}
			time.Sleep(10 * time.Second)
			w.WriteHeader(http.StatusGatewayTimeout)
			return true
		}},
		"a proxy that says to come back tomorrow": {polls: 2, before: func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/QuickConnect/Connect" {
				w.Header().Set("Retry-After", "86400")
				w.WriteHeader(http.StatusServiceUnavailable)
				return true
			}
			return false
		}},
		"a server that is busy": {polls: 3, before: func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/QuickConnect/Connect" {
				w.Header().Set("Retry-After", "22")
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			}
			return false
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newStandin(t)
				polls := 0
				var prefers []string
				server.before = func(w http.ResponseWriter, r *http.Request) bool {
					if r.URL.Path == "/QuickConnect/Connect" {
						polls++
						prefers = append(prefers, r.Header.Get("Prefer"))
					}
					return c.before != nil && c.before(w, r)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 61*time.Second)
				defer cancel()
				_, err := asks(t, server).QuickConnect(ctx, func(jellyfin.QuickConnectCode) {}, c.options)
				if !errors.Is(err, jellyfin.ErrQuickConnectCanceled) {
					t.Errorf("got %v", err)
				}
				if polls != c.polls {
					t.Errorf("the server was asked %d times, want %d", polls, c.polls)
				}
				if len(prefers) < len(c.prefers) || !slices.Equal(prefers[:len(c.prefers)], c.prefers) {
					t.Errorf("the preferences were %q, want %q", prefers, c.prefers)
				}
			})
		})
	}
}

// What finlatch adds: a denial, who asks, and a decision on what was shown.
func TestQuickConnectOfFinlatch(t *testing.T) {
	t.Parallel()
	server := finlatchtest.NewServer(t)
	ann, ben := server.Client(server.NewUser("ann", "pw")), server.Client(server.NewUser("ben", "pw"))
	begin := func(f func(code string)) error {
		_, err := server.Client(nil).QuickConnect(t.Context(), func(c jellyfin.QuickConnectCode) { f(c.Code) }, jellyfin.QuickConnectOptions{})
		return err
	}
	look := func(c *jellyfin.Client, code string) *jellyfin.QuickConnectAsked {
		asked, err := c.AskedQuickConnect(t.Context(), code)
		if err != nil {
			t.Errorf("AskedQuickConnect: %v", err)
			return new(jellyfin.QuickConnectAsked)
		}
		return asked
	}
	if err := begin(func(code string) {
		asked := look(ann, code)
		if err := ann.DenyAsked(t.Context(), asked); err != nil {
			t.Errorf("DenyAsked: %v", err)
		}
		if err := ann.ApproveAsked(t.Context(), asked); !errors.Is(err, jellyfin.ErrNotFound) {
			t.Errorf("ApproveAsked after DenyAsked: %v", err)
		}
	}); !errors.Is(err, jellyfin.ErrQuickConnectDenied) {
		t.Errorf("denied: %v", err)
	}
	if err := begin(func(code string) {
		asked := look(ann, code)
		other := *asked
		other.DateAdded = jellyfin.TimeOf(asked.DateAdded.Add(-time.Second))
		if err := ann.ApproveAsked(t.Context(), &other); !errors.Is(err, jellyfin.ErrConflict) {
			t.Errorf("ApproveAsked of another request: %v", err)
		}
		if err := ann.ApproveAsked(t.Context(), asked); err != nil {
			t.Errorf("ApproveAsked: %v", err)
		}
		if asked := look(ann, code); !asked.Approved || asked.UserName != "ann" {
			t.Errorf("after approval: %+v", asked)
		}
		if _, err := ben.AskedQuickConnect(t.Context(), code); !errors.Is(err, jellyfin.ErrForbidden) || !strings.Contains(err.Error(), "Somebody else has approved this device.") {
			t.Errorf("AskedQuickConnect by another: %v", err)
		}
	}); err != nil {
		t.Errorf("approved: %v", err)
	}
	if err := begin(func(string) { server.Clock.Move(11 * time.Minute) }); !errors.Is(err, jellyfin.ErrQuickConnectExpired) {
		t.Errorf("expired: %v", err)
	}
	if _, err := ann.AskedQuickConnect(t.Context(), "12345"); !errors.Is(err, jellyfin.ErrNotFound) || errors.Is(err, jellyfin.ErrUnsupported) {
		t.Errorf("an unknown code: %v", err)
	}
}
