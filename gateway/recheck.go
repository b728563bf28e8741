package gateway

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// maxRechecks is how many tokens, users and devices may wait to be asked about. More are dropped: who uses a token that upstream does
// not know is found out at the next request.
const maxRechecks = 10_000

// rechecks is what upstream has to be asked about again, because an answer says that it may have ended or changed there.
type rechecks struct {
	mu       sync.Mutex
	tokens   map[finlatch.Hash]finlatch.Token
	users    map[finlatch.ID]struct{}
	devices  map[string]struct{} // by their DeviceID
	switches bool                // Quick Connect's may have been turned
	woken    chan struct{}       // has room for one
}

func newRechecks() *rechecks {
	q := &rechecks{woken: make(chan struct{}, 1)}
	q.clear()
	return q
}

func (q *rechecks) clear() {
	q.tokens, q.users, q.devices, q.switches = map[finlatch.Hash]finlatch.Token{}, map[finlatch.ID]struct{}{}, map[string]struct{}{}, false
}

func (q *rechecks) add(put func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.tokens)+len(q.users)+len(q.devices) >= maxRechecks {
		return
	}
	put()
	select {
	case q.woken <- struct{}{}:
	default:
	}
}

// configured notes that upstream's settings have changed.
func (q *rechecks) configured()            { q.add(func() { q.switches = true }) }
func (q *rechecks) token(t finlatch.Token) { q.add(func() { q.tokens[t.Hash()] = t }) }
func (q *rechecks) user(id finlatch.ID)    { q.add(func() { q.users[id] = struct{}{} }) }
func (q *rechecks) device(deviceID string) { q.add(func() { q.devices[deviceID] = struct{}{} }) }

// after looks at what upstream has answered to a known token's request: whether that ended tokens.
func (q *rechecks) after(x *exchange, res *http.Response) {
	socketRefused := res.StatusCode == http.StatusForbidden && x.upgrades // what Jellyfin says to a bad token there
	if res.StatusCode == http.StatusUnauthorized || socketRefused {
		q.token(x.token)
		return
	}
	if res.StatusCode/100 != 2 || x.request.Method != http.MethodPost && x.request.Method != http.MethodDelete {
		return
	}
	query := httpx.Query(x.request)
	named := func(text string) {
		if id, ok := finlatch.ParseID(text); ok {
			q.user(id)
		}
	}
	parts := x.path.parts
	switch {
	case x.path.is("Sessions", "Logout"):
		q.token(x.token)
	case x.path.is("System", "Configuration"):
		x.configured()
	case x.path.is("Devices"):
		for _, id := range query.All("id") {
			q.device(id)
		}
	case x.path.is("Users"), x.path.is("Users", "Password"):
		if id := query.Get("userId"); id != "" {
			named(id)
		} else {
			q.user(x.caller.UserID())
		}
	case len(parts) == 2 && strings.EqualFold(parts[0], "Users"),
		len(parts) == 3 && x.path.is("Users", parts[1], "Policy"), len(parts) == 3 && x.path.is("Users", parts[1], "Password"):
		named(parts[1])
	}
}

// configured asks at once, before the answer goes out: whoever has switched Quick Connect off finds it off.
func (x *exchange) configured() {
	ctx, stop := context.WithTimeout(x.request.Context(), x.g.options.Glance)
	defer stop()
	if x.g.service.RecheckQuickConnect(ctx) != nil {
		x.g.rechecks.configured()
	}
}

// recheck asks, until ctx ends.
func (g *Gateway) recheck(ctx context.Context) {
	q := g.rechecks
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.woken:
		}
		q.mu.Lock()
		tokens, users, devices, switches := q.tokens, q.users, q.devices, q.switches
		q.clear()
		q.mu.Unlock()
		if len(devices) > 0 {
			g.usersOf(ctx, devices, users)
		}
		var wg sync.WaitGroup
		slots := make(chan struct{}, checkers)
		ask := func(f func() error) {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				if err := f(); err != nil && ctx.Err() == nil {
					g.log.Warn("upstream was not asked what an answer of it means for tokens and sign-ins", "error", err)
				}
			})
		}
		if switches {
			ask(func() error { return g.service.RecheckQuickConnect(ctx) })
		}
		for _, token := range tokens {
			ask(func() error { return g.service.Recheck(ctx, token) })
		}
		for id := range users {
			ask(func() error { return g.service.RecheckUser(ctx, id) })
		}
		wg.Wait()
	}
}

// usersOf adds those who are signed in on devices.
func (g *Gateway) usersOf(ctx context.Context, devices map[string]struct{}, users map[finlatch.ID]struct{}) {
	sessions, err := g.service.Devices(ctx, finlatch.Operator(), finlatch.ID{})
	if err != nil {
		g.log.Warn("who is signed in on a device is not known", "error", err)
	}
	for _, session := range sessions {
		if _, asked := devices[session.Device.DeviceID]; asked {
			users[session.Device.UserID] = struct{}{}
		}
	}
}
