package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

const (
	keepAliveSeconds = 60       // within which a client is told to send a KeepAlive
	maxSocketMessage = 64 << 10 // bytes of a message, either way
)

// socket is an open web socket.
type socket struct {
	hub    *hub
	caller finlatch.Caller // who opened it, as things were then
	asked  finlatch.Caller // what the request said of where it comes from
	token  finlatch.Token
	hash   finlatch.Hash
	legacy bool // the token came by a place that is off without legacy authorization
	opened time.Time

	conn    *websocket.Conn
	ctx     context.Context
	cut     context.CancelFunc // lets go of the connection
	out     chan []byte
	once    sync.Once
	ended   chan struct{} // closed when it is to end
	code    websocket.StatusCode
	last    []byte       // sent before it ends, or nil
	alive   atomic.Int64 // when the last KeepAlive came, in nanoseconds since it was opened
	spoke   atomic.Int64 // the same of any message, since 1970
	admin   atomic.Bool  // whether the caller is an administrator, by the last check
	joined  bool         // it is open; guarded by hub.mu, like the next
	counted bool         // among the sockets of its session
	name    string       // the user's when it was last asked; only hub.checks looks at it
	feeds   [feeds]subscription
}

// elsewhere answers what the table does not have: web sockets, which Jellyfin opens on any path, and what next has.
func (s *Server) elsewhere(next http.Handler) http.Handler {
	if next == nil {
		next = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	}
	sockets := httpx.Adapt(s.socket, s.fail)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if httpx.Upgrades(r) && !s.options.SignInOnly {
			sockets.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// socket opens a web socket, and returns when it is closed. A refused handshake is 403, whatever the reason, as in Jellyfin;
// that the user may come from where and when it does is asked here, too. Origin is not looked at: only a token opens a
// socket, and browsers send none by themselves.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) error {
	settings, err := s.service.Settings(r.Context())
	if err != nil {
		return err
	}
	caller, err := s.caller(r, settings.LegacyAuthorization, false)
	if err == nil {
		err = s.service.Allow(r.Context(), caller, finlatch.LevelUser)
	}
	switch finlatch.KindOf(err) {
	case finlatch.Unauthenticated, finlatch.Forbidden:
		return as(text, finlatch.ErrForbidden)
	}
	if err != nil {
		return err
	}
	token := jellyfin.TokenFrom(r, settings.LegacyAuthorization).Token
	k := &socket{
		hub: s.hub, caller: caller, asked: finlatch.Caller{Address: caller.Address, Forwarded: caller.Forwarded},
		token: finlatch.TokenFrom(token), legacy: jellyfin.TokenFrom(r, false).Token != token, opened: time.Now(),
		out: make(chan []byte, s.hub.pace.queue), ended: make(chan struct{}),
	}
	k.hash = k.token.Hash()
	k.admin.Store(caller.Administrator())
	if caller.User != nil {
		k.name = caller.User.Name
	}
	// The request's own context ends when the HTTP server stops, before there was time to say so.
	k.ctx, k.cut = context.WithCancel(context.WithoutCancel(r.Context()))
	defer k.cut()
	if err := s.hub.reserve(k); err != nil {
		return err
	}
	defer s.hub.open.Done()
	defer s.hub.leave(k, false)
	k.conn, err = websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return &finlatch.Error{Kind: finlatch.Invalid, Err: err} // it is answered
	}
	k.run()
	return nil
}

// run serves the socket until it ends.
func (k *socket) run() {
	k.conn.SetReadLimit(maxSocketMessage)
	k.spoke.Store(k.opened.UnixNano())
	k.send(jellyfin.SocketForceKeepAlive, keepAliveSeconds)
	var writer sync.WaitGroup
	writer.Go(k.write)
	if k.hub.join(k) {
		k.hub.server.service.NoteSession(k.ctx, k.caller, true)
	}
	k.read()
	k.end(websocket.StatusNormalClosure, nil)
	writer.Wait()
}

// end ends the socket, once: nothing more is sent but last. It does not wait.
func (k *socket) end(code websocket.StatusCode, last []byte) { k.endAs(code, last, false) }

func (k *socket) endAs(code websocket.StatusCode, last []byte, revoked bool) {
	k.once.Do(func() {
		k.code, k.last = code, last
		k.hub.leave(k, revoked)
		close(k.ended)
		time.AfterFunc(k.hub.pace.closing, k.cut)
	})
}

// read takes messages until the connection is closed.
func (k *socket) read() {
	for {
		_, text, err := k.conn.Read(k.ctx)
		if err != nil {
			return
		}
		select {
		case <-k.ended: // what comes now is too late, but the answer to the close comes among it
			continue
		default:
		}
		if !k.receive(text) {
			k.end(websocket.StatusNormalClosure, nil)
		}
	}
}

// receive acts on a message, and tells whether the socket stays open: Jellyfin closes it after an empty message and after
// one that is not JSON, and lets pass what it does not know.
func (k *socket) receive(text []byte) bool {
	if len(bytes.TrimSpace(text)) == 0 || !json.Valid(text) {
		return false
	}
	k.spoke.Store(time.Now().UnixNano())
	var in struct {
		MessageType jellyfin.SocketMessageType
		Data        json.RawMessage
	}
	if json.Unmarshal(text, &in) != nil {
		return true
	}
	switch in.MessageType {
	case jellyfin.SocketKeepAlive:
		k.alive.Store(int64(time.Since(k.opened)))
		k.send(jellyfin.SocketKeepAlive, nil)
	case jellyfin.SocketSessionsStart:
		k.hub.subscribe(k, feedSessions, in.Data)
	case jellyfin.SocketSessionsStop:
		k.hub.unsubscribe(k, feedSessions)
	case jellyfin.SocketActivityLogEntryStart:
		if k.admin.Load() {
			k.hub.subscribe(k, feedActivity, in.Data)
		}
	case jellyfin.SocketActivityLogEntryStop:
		k.hub.unsubscribe(k, feedActivity)
	}
	return true
}

// send queues a message. A client that does not take what it is sent loses its socket.
func (k *socket) send(kind jellyfin.SocketMessageType, data any) { k.queue(socketText(kind, data)) }

func (k *socket) queue(text []byte) {
	if !k.offer(text) {
		k.tooSlow()
	}
}

// offer queues a message, if there is room.
func (k *socket) offer(text []byte) bool {
	select {
	case k.out <- text:
		return true
	default:
		return false
	}
}

// tooSlow ends a socket that does not take what it is sent. The caller does not hold hub.mu.
func (k *socket) tooSlow() { k.end(websocket.StatusPolicyViolation, nil) }

// write sends what is queued until the socket ends, then the last message, and closes.
func (k *socket) write() {
	for {
		select {
		case <-k.ended:
			if k.last != nil && k.writeOne(k.last) != nil {
				return
			}
			_ = k.conn.Close(k.code, "")
			return
		case text := <-k.out:
			select {
			case <-k.ended:
				continue
			default:
			}
			if k.writeOne(text) != nil {
				k.end(websocket.StatusPolicyViolation, nil)
				k.cut()
				return
			}
		}
	}
}

func (k *socket) writeOne(text []byte) error {
	ctx, cancel := context.WithTimeout(k.ctx, k.hub.pace.write)
	defer cancel()
	return k.conn.Write(ctx, websocket.MessageText, text)
}

// spokeAt is when the last message came.
func (k *socket) spokeAt() time.Time { return time.Unix(0, k.spoke.Load()) }

// again asks anew who the socket's caller is, as things are now, and whether it may be here.
func (k *socket) again(ctx context.Context) (finlatch.Caller, error) {
	service := k.hub.server.service
	if k.legacy {
		settings, err := service.Settings(ctx)
		if err != nil {
			return finlatch.Caller{}, err
		}
		if !settings.LegacyAuthorization {
			return finlatch.Caller{}, finlatch.ErrUnauthenticated
		}
	}
	caller, err := service.Authenticate(ctx, k.asked, k.token)
	if err != nil {
		return finlatch.Caller{}, err
	}
	return caller, service.Allow(ctx, caller, finlatch.LevelUser)
}

// lastWord is what the socket's client is told before the socket ends because its token is worth nothing: that the user is
// deleted, if that is the reason.
func (k *socket) lastWord(ctx context.Context) []byte {
	if k.caller.User == nil {
		return nil
	}
	_, err := k.hub.server.service.UserByID(ctx, finlatch.Operator(), k.caller.User.ID)
	if !errors.Is(err, finlatch.ErrNotFound) {
		return nil
	}
	return socketText(jellyfin.SocketUserDeleted, jellyfin.GUID(k.caller.User.ID))
}

func newMessageID() (id jellyfin.GUID) {
	rand.Read(id[:])
	return id
}
