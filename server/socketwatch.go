package server

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

const (
	checkers   = 8           // sockets that are asked again at the same time
	checkRetry = time.Second // after the store could not say
)

// changed marks the sockets that a change may concern as unsure, and tells those who listen. It is quick, as
// Service.Changes asks.
func (h *hub) changed(c finlatch.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k := range h.sockets {
		switch {
		case c.Kind == finlatch.ChangeMissed, c.Kind == finlatch.ChangeSettings,
			c.Kind == finlatch.ChangeUser && k.caller.UserID() == c.UserID,
			(c.Kind == finlatch.ChangeDevice || c.Kind == finlatch.ChangeAPIKey) && k.hash == c.Hash:
			h.unsure[k] = struct{}{}
		}
	}
	if len(h.unsure) > 0 {
		wake(h.check)
	}
	switch c.Kind {
	case finlatch.ChangeMissed, finlatch.ChangeDevice, finlatch.ChangeUser:
		h.stirred(c.UserID, c.Kind != finlatch.ChangeUser)
	}
	h.logged()
}

// checks asks unsure sockets who they are, until ctx ends.
func (h *hub) checks(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.check:
		}
		h.mu.Lock()
		unsure := h.unsure
		h.unsure = map[*socket]struct{}{}
		h.mu.Unlock()
		var wg sync.WaitGroup
		slots := make(chan struct{}, checkers)
		for k := range unsure {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				h.checkOne(ctx, k)
			})
		}
		wg.Wait()
	}
}

func (h *hub) checkOne(ctx context.Context, k *socket) {
	caller, err := k.again(ctx)
	switch kind := finlatch.KindOf(err); {
	case err == nil:
		k.admin.Store(caller.Administrator())
		if caller.User != nil && caller.User.Name != k.name {
			k.name = caller.User.Name
			if settings, err := h.server.service.Settings(ctx); err == nil {
				k.send(jellyfin.SocketUserUpdated, h.server.userDto(caller.User, settings))
			}
		}
	case kind == finlatch.Unauthenticated, kind == finlatch.Forbidden:
		k.endAs(websocket.StatusNormalClosure, k.lastWord(ctx), kind == finlatch.Unauthenticated)
	case ctx.Err() == nil:
		h.server.options.Log.Warn("a web socket's token cannot be checked; trying again", "error", err)
		time.AfterFunc(checkRetry, func() { h.doubt(func(other *socket) bool { return other == k }) })
	}
}

// doubt marks sockets as unsure.
func (h *hub) doubt(pick func(*socket) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k := range h.sockets {
		if pick(k) {
			h.unsure[k] = struct{}{}
		}
	}
	if len(h.unsure) > 0 {
		wake(h.check)
	}
}

// watch asks quiet clients for a sign of life, ends what is dead, doubts everybody once a minute, and notes which
// sessions are gone, until ctx ends.
func (h *hub) watch(ctx context.Context) {
	round := time.NewTicker(h.pace.watch)
	defer round.Stop()
	recheck := time.NewTicker(h.pace.recheck)
	defer recheck.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-recheck.C:
			h.doubt(func(*socket) bool { return true })
		case <-round.C:
			for _, k := range h.those(func(k *socket) bool { return k.silence() >= h.pace.ask }) {
				if k.silence() >= h.pace.lose {
					k.end(websocket.StatusPolicyViolation, nil)
				} else {
					k.send(jellyfin.SocketForceKeepAlive, keepAliveSeconds)
				}
			}
			for _, caller := range h.departures(time.Now()) {
				h.server.service.NoteSession(ctx, caller, false)
			}
		}
	}
}

// silence is how long there was no KeepAlive.
func (k *socket) silence() time.Duration {
	return time.Since(k.opened) - time.Duration(k.alive.Load())
}

// departures are the sessions that are now noted as gone. A client that comes and goes is noted once an hour.
func (h *hub) departures(now time.Time) []finlatch.Caller {
	h.mu.Lock()
	defer h.mu.Unlock()
	var gone []finlatch.Caller
	for token, p := range h.presences {
		switch {
		case p.sockets > 0:
		case now.Sub(p.left) > 24*time.Hour: // it is no session any more
			delete(h.presences, token)
		case !p.gone && now.Sub(p.left) >= h.pace.away && (p.noted.IsZero() || now.Sub(p.noted) >= h.pace.quiet):
			p.gone, p.noted = true, now
			gone = append(gone, p.caller)
		}
	}
	return gone
}
