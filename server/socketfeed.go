package server

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

// What a socket can listen to.
const (
	feedSessions = iota
	feedActivity // of administrators and API keys
	feeds
)

// subscription is what a socket has asked to be told. It is guarded by hub.mu.
type subscription struct {
	on      bool
	period  time.Duration // between messages about what is not urgent
	sent    time.Time
	pending bool
	due     time.Time // if pending
}

// subscribe begins to tell a socket of changes. There is no message until something happens. data is a JSON string
// "initial,period" in milliseconds; one that is not is ignored, as in Jellyfin.
func (h *hub) subscribe(k *socket, feed int, data json.RawMessage) {
	var text string
	if json.Unmarshal(data, &text) != nil {
		return
	}
	first, second, found := strings.Cut(text, ",")
	initial, err := strconv.ParseInt(strings.TrimSpace(first), 10, 32)
	period, err2 := strconv.ParseInt(strings.TrimSpace(second), 10, 32)
	if !found || err != nil || err2 != nil || initial < 0 || period < 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	k.feeds[feed] = subscription{on: true, period: max(time.Duration(period)*time.Millisecond, h.pace.gap)}
}

func (h *hub) unsubscribe(k *socket, feed int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k.feeds[feed] = subscription{}
}

// stirred notes that a user's sessions are others than before: for that user's sockets, and for those of administrators.
// The zero ID stands for anybody. The caller holds hub.mu.
func (h *hub) stirred(user finlatch.ID, urgent bool) {
	for k := range h.sockets {
		if k.feeds[feedSessions].on && (k.admin.Load() || user.IsZero() || k.caller.UserID() == user) {
			h.pend(&k.feeds[feedSessions], urgent)
		}
	}
}

// logged notes that there may be new entries in the activity log: few changes leave none. The caller holds hub.mu.
func (h *hub) logged() {
	for k := range h.sockets {
		if k.feeds[feedActivity].on && k.admin.Load() {
			h.pend(&k.feeds[feedActivity], false)
		}
	}
}

func (h *hub) pend(f *subscription, urgent bool) {
	pause := f.period
	if urgent {
		pause = h.pace.gap
	}
	if due := f.sent.Add(pause); !f.pending || due.Before(f.due) {
		f.pending, f.due = true, due
		wake(h.feed)
	}
}

// active notes that a session did something: those who listen learn of it, but not at once.
func (h *hub) active(user finlatch.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stirred(user, false)
}

// feeds sends what is due, until ctx ends.
func (h *hub) feeds(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.feed:
		case <-timer.C:
		}
		sessions, activity, next := h.due(time.Now())
		for _, k := range activity {
			h.tell(k, feedActivity, jellyfin.SocketActivityLogEntry, []struct{}{})
		}
		h.sendSessions(ctx, sessions)
		timer.Reset(time.Until(next))
	}
}

// due takes what is to be sent now, and tells when to look again. Who has not yet taken what was sent before waits.
func (h *hub) due(now time.Time) (sessions, activity []*socket, next time.Time) {
	next = now.Add(time.Hour)
	h.mu.Lock()
	defer h.mu.Unlock()
	for k := range h.sockets {
		for i := range k.feeds {
			f := &k.feeds[i]
			switch {
			case !f.pending:
				continue
			case f.due.After(now):
			case len(k.out) > 0:
				f.due = now.Add(h.pace.gap)
			default:
				f.pending, f.sent = false, now
				if i == feedSessions {
					sessions = append(sessions, k)
				} else {
					activity = append(activity, k)
				}
				continue
			}
			if f.due.Before(next) {
				next = f.due
			}
		}
	}
	return sessions, activity, next
}

// later has what could not be sent sent in a moment.
func (h *hub) later(k *socket, feed int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := &k.feeds[feed]; f.on {
		f.sent = time.Now().Add(checkRetry)
		h.pend(f, true)
	}
}

// sendSessions sends each its list. It is made once for all that see the same.
func (h *hub) sendSessions(ctx context.Context, sockets []*socket) {
	lists := map[finlatch.ID]json.RawMessage{} // by user; those of administrators by the zero ID
	for _, k := range sockets {
		caller, err := k.again(ctx)
		if err != nil {
			h.later(k, feedSessions) // or never, if checks end it
			continue
		}
		key := caller.UserID()
		if caller.Administrator() {
			key = finlatch.ID{}
		}
		list, made := lists[key]
		if !made {
			sessions, err := h.server.sessionList(ctx, caller, finlatch.SessionFilter{})
			if err == nil {
				list, err = json.Marshal(sessions)
			}
			if err != nil {
				h.server.options.Log.Warn("a web socket is not told of sessions; trying again", "error", err)
				h.later(k, feedSessions)
				continue
			}
			lists[key] = list
		}
		h.tell(k, feedSessions, jellyfin.SocketSessions, list)
	}
}

// tell sends to a socket that is still to be told: nothing comes after it has been answered that it is not.
func (h *hub) tell(k *socket, feed int, kind jellyfin.SocketMessageType, data any) {
	text, taken := socketText(kind, data), true
	h.mu.Lock()
	if k.feeds[feed].on {
		taken = k.offer(text)
	}
	h.mu.Unlock()
	if !taken {
		k.tooSlow()
	}
}
