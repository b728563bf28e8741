package server

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

// socketPace is how web sockets are timed and how many there may be.
type socketPace struct {
	watch   time.Duration // how often the watch goes round, as in Jellyfin
	ask     time.Duration // after a KeepAlive so old a client is asked for the next one
	lose    time.Duration // after a KeepAlive so old its socket is closed
	recheck time.Duration // how often each socket is asked again who it is: access schedules end by themselves
	gap     time.Duration // the least time between two lists of sessions for one socket
	away    time.Duration // without a socket for so long, a session is noted as gone
	quiet   time.Duration // the least time between two such notes about one session
	write   time.Duration // how long a client may take to take a message
	closing time.Duration // how long a close may take

	perToken, perUser, all int
	queue                  int // messages that wait for a slow client
}

var defaultPace = socketPace{watch: 12 * time.Second, ask: 45 * time.Second, lose: time.Minute, recheck: time.Minute,
	gap: 500 * time.Millisecond, away: time.Minute, quiet: time.Hour, write: 10 * time.Second, closing: time.Second,
	perToken: 32, perUser: 128, all: 10_000, queue: 32}

// maxPresences bounds the sessions of which it is remembered that they had a socket.
const maxPresences = 100_000

var (
	errNotRunning  = &finlatch.Error{Kind: finlatch.Unavailable, Msg: "The server takes no web sockets now.", RetryAfter: 5 * time.Second}
	errFull        = &finlatch.Error{Kind: finlatch.Unavailable, Msg: "There are too many web sockets.", RetryAfter: time.Minute}
	errManySockets = &finlatch.Error{Kind: finlatch.RateLimited, Msg: "There are too many web sockets of yours.", RetryAfter: time.Minute}
)

// hub knows the open web sockets. It takes some while Server.Run runs, and only then.
type hub struct {
	server *Server
	pace   socketPace

	mu        sync.Mutex
	running   bool
	open      sync.WaitGroup // sockets, until their goroutines have ended
	sockets   map[*socket]struct{}
	byToken   map[finlatch.Hash]int
	byUser    map[finlatch.ID]int
	presences map[finlatch.Hash]*presence
	unsure    map[*socket]struct{} // to be asked again who they are
	check     chan struct{}        // something is unsure
	feed      chan struct{}        // something is to be sent to those who listen
}

// presence is what is known of a session that has or had sockets.
type presence struct {
	sockets int
	leftAt  time.Time // when the last one closed, by the service's clock
	left    time.Time // the same, by this machine's
	noted   time.Time // when its end was last noted, by this machine's
	gone    bool      // its end is noted, and no new start
	caller  finlatch.Caller
}

func newHub(s *Server, pace socketPace) *hub {
	return &hub{server: s, pace: pace, sockets: map[*socket]struct{}{}, byToken: map[finlatch.Hash]int{}, byUser: map[finlatch.ID]int{},
		presences: map[finlatch.Hash]*presence{}, unsure: map[*socket]struct{}{},
		check: make(chan struct{}, 1), feed: make(chan struct{}, 1)}
}

// reserve makes room for a socket. It is given up with leave.
func (h *hub) reserve(k *socket) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	user := k.caller.UserID()
	switch {
	case !h.running:
		return errNotRunning
	case len(h.sockets) >= h.pace.all:
		return errFull
	case h.byToken[k.hash] >= h.pace.perToken, !user.IsZero() && h.byUser[user] >= h.pace.perUser:
		return errManySockets
	}
	h.sockets[k] = struct{}{}
	h.byToken[k.hash]++
	h.byUser[user]++
	h.open.Add(1)
	return nil
}

// leave takes a socket out, once however often it is called. revoked says that its token is worth nothing any more.
func (h *hub) leave(k *socket, revoked bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, here := h.sockets[k]; !here {
		return
	}
	delete(h.sockets, k)
	delete(h.unsure, k)
	lower(h.byToken, k.hash)
	lower(h.byUser, k.caller.UserID())
	p := h.presences[k.hash]
	switch {
	case !k.counted:
	case revoked:
		delete(h.presences, k.hash)
	case p != nil:
		if p.sockets--; p.sockets == 0 {
			p.leftAt, p.left = h.server.service.Now(), time.Now()
		}
	}
	h.stirred(k.caller.UserID(), true)
}

func lower[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] <= 0 {
		delete(counts, key)
	}
}

// join notes that a socket is open, and tells whether its session begins with it.
func (h *hub) join(k *socket) (begins bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, here := h.sockets[k]; !here {
		return false
	}
	h.unsure[k] = struct{}{} // what changed since the handshake was told to nobody
	wake(h.check)
	h.stirred(k.caller.UserID(), true)
	k.joined = true
	if k.caller.Device == nil {
		return false
	}
	p := h.presences[k.hash]
	if p == nil {
		if len(h.presences) >= maxPresences {
			return false
		}
		p = &presence{gone: !h.server.service.InSession(k.caller.Device)}
		h.presences[k.hash] = p
	}
	k.counted = true
	p.sockets++
	p.caller = k.caller
	begins, p.gone = p.gone, false
	return begins
}

// present tells whether a session has a socket, and whether it had one and has not been active since.
func (h *hub) present(d *finlatch.Device) (connected, left bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.presences[d.TokenHash]
	if p == nil {
		return false, false
	}
	return p.sockets > 0, p.sockets == 0 && !d.LastActivityAt.After(p.leftAt)
}

// latest is the socket of a token through which its client spoke last, or nil.
func (h *hub) latest(token finlatch.Hash) *socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	var latest *socket
	for k := range h.sockets {
		if k.hash == token && k.joined && (latest == nil || k.spoke.Load() > latest.spoke.Load()) {
			latest = k
		}
	}
	return latest
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// socketText is the text of a message.
func socketText(kind jellyfin.SocketMessageType, data any) []byte {
	text, err := json.Marshal(jellyfin.SocketMessage{MessageID: newMessageID(), Data: data, MessageType: kind})
	if err != nil {
		panic(err) // only our own types get here
	}
	return text
}

// Sockets is the number of open web sockets.
func (s *Server) Sockets() int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return len(s.hub.sockets)
}

// Run takes web sockets until ctx ends, and then ends them: their clients are told, and have a second to go. So long it also lets
// clients wait for the state of Quick Connect to change. It is called once; without it no socket is opened, and nobody waits.
func (s *Server) Run(ctx context.Context) {
	h := s.hub
	h.mu.Lock()
	h.running = true
	h.mu.Unlock()
	s.waits.start()
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.service.Changes(ctx, h.changed) })
	wg.Go(func() { _ = s.service.Changes(ctx, s.waits.changed) })
	wg.Go(func() { h.watch(ctx) })
	wg.Go(func() { h.checks(ctx) })
	wg.Go(func() { h.feeds(ctx) })
	<-ctx.Done()
	s.waits.stop()
	h.stop()
	wg.Wait()
}

func (h *hub) stop() {
	h.mu.Lock()
	h.running = false
	h.mu.Unlock()
	for _, k := range h.those(func(*socket) bool { return true }) {
		k.end(websocket.StatusGoingAway, socketText(jellyfin.SocketServerShuttingDown, ""))
	}
	h.open.Wait()
}

// those are the sockets that a function picks.
func (h *hub) those(pick func(*socket) bool) []*socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	var picked []*socket
	for k := range h.sockets {
		if pick(k) {
			picked = append(picked, k)
		}
	}
	return picked
}
