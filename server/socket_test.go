package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/server"
)

func TestSocketHandshake(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{})
	w.user("blocked", "pw", func(p *finlatch.Policy) { p.EnableRemoteAccess = false })
	w.names["blocked.token"] = w.signIn("blocked", "pw", "blocked's phone")
	w.user("late", "pw")
	w.names["late.token"] = w.signIn("late", "pw", "late's phone")
	w.policy("late", func(p *finlatch.Policy) {
		p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Saturday", StartHour: 0, EndHour: 24}}
	})
	w.user("bound", "pw")
	w.names["bound.token"] = w.signIn("bound", "pw", "bound's phone")
	w.policy("bound", func(p *finlatch.Policy) { p.EnableAllDevices = false })
	tests := []struct {
		name, target, as, from string
		header                 []string
		status                 int
	}{
		{"header", "/socket", "ann", "", nil, 101},
		{"API key", "/socket", "key", "", nil, 101},
		{"query", "/socket?ApiKey=${ann.token}", "", "", nil, 101},
		{"query in another case", "/socket?apikey=${ann.token}&deviceId=x", "", "", nil, 101},
		{"legacy query", "/socket?api_key=${ann.token}", "", "", nil, 101},
		{"legacy header", "/socket", "", "", []string{"X-Emby-Token: ${ann.token}"}, 101},
		{"header before query", "/socket?ApiKey=wrong", "ann", "", nil, 101},
		{"no token", "/socket", "", "", nil, 403},
		{"unknown token", "/socket?ApiKey=0badc0de", "", "", nil, 403},
		{"empty token", "/socket?ApiKey=", "", "", nil, 403},
		{"cookie", "/socket", "", "", []string{"Cookie: ApiKey=${ann.token}; Token=${ann.token}"}, 403},
		{"another site", "/socket", "ann", "", []string{"Origin: https://elsewhere.example", "Sec-Fetch-Site: cross-site"}, 101},
		{"another path", "/embywebsocket", "ann", "", nil, 101},
		{"behind a prefix", "/emby/socket", "ann", "", nil, 101},
		{"any path", "/no/such/thing", "ann", "", nil, 101},
		{"any path without a token", "/no/such/thing", "", "", nil, 403},
		{"an operation's path", "/System/Info", "ann", "", nil, 101},
		{"an operation's path without a token", "/System/Info", "", "", nil, 401},
		{"an administrator's operation", "/Auth/Keys", "ann", "", nil, 403},
		{"an operation for anybody", "/System/Info/Public", "", "", nil, 403},
		{"from away", "/socket", "ann", away, nil, 101},
		{"from where it may not", "/socket", "blocked", away, nil, 403},
		{"from where it may", "/socket", "blocked", home, nil, 101},
		{"when it may not", "/socket", "late", "", nil, 403},
		{"on a device that may not", "/socket", "bound", "", nil, 403},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			conn, response, err := w.dial(test.target, test.as, test.from, test.header...)
			if conn != nil {
				defer conn.CloseNow()
			}
			if response == nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.status {
				t.Errorf("got %d (%v), want %d", response.StatusCode, err, test.status)
			}
			if test.status != 403 || test.name == "an administrator's operation" {
				return
			}
			if body, _ := io.ReadAll(response.Body); string(body) != "Error processing request." {
				t.Errorf("the refusal says %q", body)
			}
		})
	}
	for _, target := range []string{"/socket", "/socket?ApiKey=" + w.names["ann.token"]} {
		if got := w.call("GET "+target, "", ""); got != 404 {
			t.Errorf("without an upgrade: got %d", got)
		}
	}
}

func TestSocketBehindABasePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.server.BaseURL = "/media" })
	w.run()
	ctx, cancel := context.WithCancel(w.ctx)
	var wg sync.WaitGroup
	wg.Go(func() { w.api().Run(ctx) })
	defer wg.Wait()
	defer cancel()
	w.await("a web socket opens", func() bool {
		conn, _, err := w.dial("/media/socket", "ann", "")
		if err == nil {
			conn.CloseNow()
		}
		return err == nil
	})
}

// A client may say anything. What it does not say right does not end its socket, but for what ends it in Jellyfin.
func TestSocketTalk(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{})
	l := w.connect("ann")
	l.say(`{"MessageType":"KeepAlive"}`)
	if m := l.next(); m.MessageType != "KeepAlive" || m.Data != nil || len(m.MessageID) != 32 {
		t.Errorf("got %+v", m)
	}
	for _, text := range []string{`{"MessageType":"Nonsense","Data":{}}`, `{}`, `[]`, `7`, `null`, `"KeepAlive"`, `{"MessageType":7}`, `{"MessageType":null}`,
		`{"MessageType":"keepalive"}`, `{"MessageType":"SessionsStart"}`, `{"MessageType":"SessionsStart","Data":7}`, `{"MessageType":"SessionsStart","Data":"a,b"}`,
		`{"MessageType":"SessionsStart","Data":"-1,-1"}`, `{"MessageType":"SessionsStart","Data":"0"}`, `{"MessageType":"SessionsStop","Data":[]}`,
		`{"MessageType":"ScheduledTasksInfoStart","Data":"0,1000"}`, `{"MessageType":"ScheduledTasksInfoStop"}`,
		`{"MessageType":"ForceKeepAlive","Data":"` + strings.Repeat("x", 32<<10) + `"}`} {
		l.say(text)
		l.alive()
	}
	if err := l.conn.Write(w.ctx, websocket.MessageBinary, []byte(`{"MessageType":"KeepAlive"}`)); err != nil { // as Swift does
		t.Fatal(err)
	}
	if m := l.next(); m.MessageType != "KeepAlive" {
		t.Errorf("after a binary message: got %+v", m)
	}
	pieces, err := l.conn.Writer(w.ctx, websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range []string{`{"Message`, `Type":"Keep`, `Alive"}`} {
		if _, err := io.WriteString(pieces, piece); err != nil {
			t.Fatal(err)
		}
	}
	pieces.Close()
	if m := l.next(); m.MessageType != "KeepAlive" {
		t.Errorf("after a message in pieces: got %+v", m)
	}
	for _, test := range []struct {
		name, text string
		code       websocket.StatusCode
	}{
		{"no JSON", "{nonsense", websocket.StatusNormalClosure},
		{"empty", "", websocket.StatusNormalClosure},
		{"too large", `"` + strings.Repeat("x", 64<<10) + `"`, websocket.StatusMessageTooBig},
	} {
		l := w.connect("ann")
		l.say(test.text)
		if types, code := l.over(); code != test.code || len(types) > 0 {
			t.Errorf("%s: got %v and %d, want %d", test.name, types, code, test.code)
		}
	}
	l.alive()
}

func TestSocketWithoutKeepAlives(t *testing.T) {
	t.Parallel()
	// As the web client does: one KeepAlive for each time it is asked.
	w := socketWorld(t, server.SocketPace{Watch: 5 * time.Millisecond, Ask: 20 * time.Millisecond})
	l := w.connect("ann")
	for range 5 {
		l.say(`{"MessageType":"KeepAlive"}`)
		l.until("ForceKeepAlive")
	}
	// And one that never answers, though it talks.
	w = socketWorld(t, server.SocketPace{Watch: 5 * time.Millisecond, Ask: 20 * time.Millisecond, Lose: 2 * time.Second})
	l = w.connect("ann")
	l.say(`{"MessageType":"SessionsStop"}`)
	types, code := l.over()
	if code != websocket.StatusPolicyViolation || len(types) == 0 || types[0] != "ForceKeepAlive" {
		t.Errorf("got %v and %d", types, code)
	}
}

// What makes a token worthless, or keeps its user out, ends its sockets and nobody else's.
func TestSocketEnds(t *testing.T) {
	t.Parallel()
	operator := finlatch.Operator()
	policy := func(change func(*finlatch.Policy)) func(*world) error {
		return func(w *world) error { w.policy("target", change); return nil }
	}
	call := func(do, as string) func(*world) error {
		return func(w *world) error {
			if status := w.call(do, as, ""); status != http.StatusNoContent {
				return fmt.Errorf("status %d", status)
			}
			return nil
		}
	}
	for _, test := range []struct {
		name string
		as   string // whose socket: target's, from away, or a key's
		end  func(w *world) error
		last string
	}{
		{"logout", "target", call("POST /Sessions/Logout", "target"), ""},
		{"device deleted", "target", call("DELETE /Devices?id=device", "admin"), ""},
		{"signed in anew", "target", func(w *world) error { w.signIn("target", "pw", "device"); return nil }, ""},
		{"password changed", "target", func(w *world) error { return w.SetPassword(w.ctx, operator, w.id("target"), "other") }, ""},
		{"user disabled", "target", func(w *world) error { return w.SetDisabled(w.ctx, operator, w.id("target"), true) }, ""},
		{"user deleted", "target", func(w *world) error { return w.DeleteUser(w.ctx, operator, w.id("target")) }, "UserDeleted"},
		{"key deleted", "key", func(w *world) error { return w.DeleteAPIKey(w.ctx, operator, w.names["key.token"]) }, ""},
		{"no remote access", "target", policy(func(p *finlatch.Policy) { p.EnableRemoteAccess = false }), ""},
		{"device forbidden", "target", policy(func(p *finlatch.Policy) { p.EnableAllDevices = false }), ""},
		{"out of hours", "target", policy(func(p *finlatch.Policy) {
			p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Saturday", EndHour: 24}}
		}), ""},
		{"too many sessions", "target", policy(func(p *finlatch.Policy) { p.MaxActiveSessions = 1 }), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := socketWorld(t, server.SocketPace{})
			w.user("target", "pw")
			w.signIn("target", "pw", "older")
			w.clock.Move(time.Second)
			w.names["target.token"] = w.signIn("target", "pw", "device")
			w.clock.Move(time.Second)
			one, two, ben := w.connect(test.as, away), w.connect(test.as, away), w.connect("ben")
			if err := test.end(w); err != nil {
				t.Fatal(err)
			}
			for _, l := range []*listener{one, two} {
				types, code := l.over()
				if code != websocket.StatusNormalClosure || strings.Join(types, " ") != test.last {
					t.Errorf("got %v and %d, want %q", types, code, test.last)
				}
			}
			ben.alive()
			if got := w.api().Sockets(); got != 1 {
				t.Errorf("%d web sockets are open, want 1", got)
			}
		})
	}
}

// A token that came by a legacy place is worth nothing once those are off; the same token by a place that is not is.
func TestSocketEndsWithLegacyAuthorization(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{})
	conn, _, err := w.dial("/socket?api_key=${ann.token}", "", "")
	if err != nil {
		t.Fatal(err)
	}
	old, other := &listener{w, conn}, w.connect("ann")
	if status := w.call("POST /System/Configuration", "admin", `{"EnableLegacyAuthorization":false}`); status != 204 {
		t.Fatal(status)
	}
	if types, code := old.over(); code != websocket.StatusNormalClosure {
		t.Errorf("got %v and %d", types, code)
	}
	other.alive()
}

func TestSocketEndsWhenTheScheduleDoes(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{Recheck: 5 * time.Millisecond})
	w.policy("ann", func(p *finlatch.Policy) {
		p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Everyday", StartHour: 12, EndHour: 13}}
	})
	ann, ben := w.connect("ann"), w.connect("ben")
	ann.alive()
	w.clock.Move(2 * time.Hour)
	if types, code := ann.over(); code != websocket.StatusNormalClosure {
		t.Errorf("got %v and %d", types, code)
	}
	ben.alive()
}

func TestSocketLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.server.SetSocketPace(server.SocketPace{PerToken: 2, PerUser: 3, All: 5}) })
	w.run()
	if _, response, err := w.dial("/socket", "ann", ""); response == nil || response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Fatalf("before the server runs: %v %v", response, err)
	}
	w.Cleanup(w.serveSockets())
	w.await("the first socket is closed", func() bool { return w.api().Sockets() == 0 })
	refused := func(as string, status int) {
		t.Helper()
		conn, response, _ := w.dial("/socket", as, "")
		if conn != nil {
			conn.CloseNow()
		}
		if response.StatusCode != status || response.Header.Get("Retry-After") == "" {
			t.Errorf("%s: got %d, want %d", as, response.StatusCode, status)
		}
	}
	first := w.connect("ann")
	w.connect("ann")
	refused("ann", 429)
	w.names["ann2.token"] = w.signIn("ann", "ann-pw", "tablet")
	w.connect("ann2")
	refused("ann2", 429)
	w.connect("ben")
	w.connect("key")
	refused("admin", 503)
	first.conn.Close(websocket.StatusNormalClosure, "")
	w.await("one is closed", func() bool { return w.api().Sockets() == 4 })
	w.connect("ann2")
}

// A client that does not read what it is sent loses its socket, and holds nobody up.
func TestSocketOfASlowReader(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{})
	slow, quick := w.connect("ann"), w.connect("ben")
	id, text := w.list("/Sessions", "ann")[0].ID, strings.Repeat("x", 60<<10)
	w.await("the slow one is cut off", func() bool {
		if status := w.call("POST /Sessions/"+id+"/Message", "admin", `{"Text":"`+text+`"}`); status != 204 {
			t.Fatal(status)
		}
		return w.api().Sockets() == 1
	})
	quick.alive()
	_ = slow
	if status := w.call("POST /Sessions/"+id+"/Message", "admin", `{"Text":"`+strings.Repeat("x", 70<<10)+`"}`); status != 400 {
		t.Errorf("a message that no socket takes: got %d", status)
	}
}

// Not parallel, for it looks at all goroutines.
func TestSocketsAtTheEnd(t *testing.T) {
	w := newWorld(t)
	w.run()
	stop := w.serveSockets()
	var all []*listener
	for _, as := range []string{"ann", "ann", "ben", "key"} {
		all = append(all, w.connect(as))
	}
	stop()
	for _, l := range all {
		if types, code := l.over(); code != websocket.StatusGoingAway || !slices.Equal(types, []string{"ServerShuttingDown"}) {
			t.Errorf("got %v and %d", types, code)
		}
		l.conn.CloseNow()
	}
	if got := w.api().Sockets(); got != 0 {
		t.Errorf("%d web sockets are open", got)
	}
	if _, response, err := w.dial("/socket", "ann", ""); response == nil || response.StatusCode != 503 {
		t.Errorf("afterwards: %v", err)
	}
	w.await("no goroutine is left", func() bool {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		return !bytes.Contains(stacks, []byte("server.(*hub)")) && !bytes.Contains(stacks, []byte("server.(*socket)")) &&
			!bytes.Contains(stacks, []byte("coder/websocket"))
	})
}

// A client that is gone, or that does not answer the close, does not hold the end up.
func TestSocketsOfTheDeadAtTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	stop := w.serveSockets()
	for range 20 {
		w.connect("ann") // and never reads again
	}
	stop()
}

// Hundreds come, talk, listen, close and are revoked, two of a token at once among them.
func TestManySockets(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{Watch: time.Millisecond, Recheck: 3 * time.Millisecond, Gap: time.Millisecond, PerUser: 1000})
	stay := w.connect("admin")
	stay.say(`{"MessageType":"SessionsStart","Data":"0,1"}`)
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		stay.over()
	}()
	var wg sync.WaitGroup
	for i := range 60 {
		name := fmt.Sprintf("many-%d", i)
		wg.Go(func() {
			in, err := w.SignIn(w.ctx, finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "1.0", "Telly", name)}, "ben", "ben-pw")
			if err != nil {
				w.Error(err)
				return
			}
			var sockets sync.WaitGroup
			for n := range 5 {
				conn, _, err := w.dial("/socket?ApiKey="+in.Token.Reveal(), "", "")
				if err != nil {
					w.Error(err)
					return
				}
				sockets.Go(func() {
					defer conn.CloseNow()
					_ = conn.Write(w.ctx, websocket.MessageText, []byte(`{"MessageType":"SessionsStart","Data":"0,1"}`))
					if n < 2 {
						conn.Close(websocket.StatusNormalClosure, "") // two at once
						return
					}
					ctx, cancel := context.WithTimeout(w.ctx, patience)
					defer cancel()
					for {
						if _, _, err := conn.Read(ctx); err != nil {
							if errors.Is(err, context.DeadlineExceeded) {
								w.Error("a revoked token's web socket stays")
							}
							return
						}
					}
				})
			}
			if status := w.call("DELETE /Devices?id="+name, "admin", ""); status != 204 {
				w.Errorf("revoking: %d", status)
			}
			sockets.Wait()
		})
	}
	wg.Wait()
	w.await("only one is left", func() bool { return w.api().Sockets() == 1 })
	stay.conn.CloseNow()
	<-reading
}

func TestSocketFeeds(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{Gap: time.Millisecond})
	admin, key, ann, deaf := w.connect("admin"), w.connect("key"), w.connect("ann"), w.connect("admin")
	for _, l := range []*listener{admin, key, ann} {
		l.say(`{"MessageType":"SessionsStart","Data":"0,3600000"}`)
		l.say(`{"MessageType":"ActivityLogEntryStart","Data":"0,1"}`)
		l.quiet("Sessions")
	}
	has := func(m received, device string) bool {
		var list []sessionInfo
		if err := json.Unmarshal(m.Data, &list); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(list, func(s sessionInfo) bool { return s.DeviceID == device })
	}
	w.signIn("ben", "ben-pw", "new tv")
	for _, l := range []*listener{admin, key} {
		for !has(l.until("Sessions"), "new tv") { // others may be of what was before
		}
	}
	ann.quiet("Sessions")
	w.signIn("ann", "ann-pw", "ann's tv")
	for {
		m := ann.until("Sessions")
		if has(m, "new tv") || has(m, "ben's phone") || has(m, "robot") {
			t.Errorf("ann is told of others: %s", m.Data)
		}
		if has(m, "ann's tv") {
			break
		}
	}
	if m := key.until("ActivityLogEntry"); string(m.Data) != "[]" {
		t.Errorf("got %s", m.Data)
	}
	ann.quiet("ActivityLogEntry")
	for _, l := range []*listener{admin, key, ann} {
		l.say(`{"MessageType":"SessionsStop"}`)
		l.say(`{"MessageType":"ActivityLogEntryStop"}`)
		l.alive()
	}
	w.signIn("ann", "ann-pw", "another tv")
	w.call("POST /Sessions/Playing/Progress", "ann", "{}")
	for _, l := range []*listener{admin, key, ann, deaf} {
		l.quiet("Sessions")
		l.quiet("ActivityLogEntry")
	}
}

// Who is no administrator any more hears what users hear.
func TestSocketFeedsFollowThePolicy(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{Gap: time.Millisecond})
	w.policy("ann", func(p *finlatch.Policy) { p.IsAdministrator = true })
	ann := w.connect("ann")
	ann.say(`{"MessageType":"SessionsStart","Data":"0,1"}`)
	ann.alive() // so it is heard
	w.signIn("ben", "ben-pw", "new tv")
	for !strings.Contains(string(ann.until("Sessions").Data), "new tv") {
	}
	w.policy("ann", func(p *finlatch.Policy) { p.IsAdministrator = false })
	ann.alive()
	w.signIn("ben", "ben-pw", "newer tv")
	w.signIn("ann", "ann-pw", "own tv")
	for {
		text := string(ann.until("Sessions").Data)
		if strings.Contains(text, "newer tv") {
			t.Errorf("ann is told of %s", text)
		}
		if strings.Contains(text, "own tv") {
			return
		}
	}
}

func TestSocketIsToldOfARename(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{})
	ann, ben := w.connect("ann"), w.connect("ben")
	if err := w.Rename(w.ctx, finlatch.Operator(), w.id("ann"), "anne"); err != nil {
		t.Fatal(err)
	}
	var user struct{ Name, ID string }
	if err := json.Unmarshal(ann.until("UserUpdated").Data, &user); err != nil || user.Name != "anne" || user.ID != w.names["ann"] {
		t.Errorf("got %+v (%v)", user, err)
	}
	w.policy("ann", func(p *finlatch.Policy) { p.EnableLiveTvAccess = false }) // which, as in Jellyfin, nobody is told
	ann.quiet("UserUpdated")
	ben.quiet("UserUpdated")
}

// A socket has one line in the log, when it closes, without its token.
func TestSocketInTheLog(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{})
	conn, _, err := w.dial("/socket?ApiKey=${ann.token}", "", "")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close(websocket.StatusNormalClosure, "")
	lines := func() (lines []string) {
		for line := range strings.Lines(w.log.String()) {
			if strings.Contains(line, `"msg":"request"`) && strings.Contains(line, w.names["ann"]) {
				lines = append(lines, line)
			}
		}
		return lines
	}
	w.await("it is logged", func() bool { return len(lines()) > 0 })
	if got := lines(); len(got) != 1 || !strings.Contains(got[0], `"status":101`) {
		t.Errorf("the log says %s", got)
	}
	if strings.Contains(w.log.String(), w.names["ann.token"]) {
		t.Error("the log has the token")
	}
}
