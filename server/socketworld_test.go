package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/server"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// socketWorld is a world that takes web sockets until the test ends.
func socketWorld(t testing.TB, pace server.SocketPace, change ...func(*options)) *world {
	t.Helper()
	w := newWorld(t, append(change, func(o *options) { o.server.SetSocketPace(pace) })...)
	w.run()
	w.Cleanup(w.serveSockets())
	return w
}

func (w *world) api() *server.Server { return w.handler.(*server.Server) }

// serveSockets runs the server, and gives what stops it and waits. It may be called once.
func (w *world) serveSockets() (stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.api().Run(ctx)
	}()
	w.await("the server takes web sockets", func() bool {
		conn, _, err := w.dial("/socket", "admin", "")
		if err != nil {
			return false
		}
		conn.CloseNow()
		return true
	})
	return sync.OnceFunc(func() {
		cancel()
		<-ended
	})
}

// await asks until something is so.
func (w *world) await(what string, so func() bool) {
	w.Helper()
	for until := time.Now().Add(patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			w.Fatalf("it never came that %s", what)
		}
	}
}

// dial opens a web socket with somebody's token in the header.
func (w *world) dial(target, as, from string, header ...string) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	h := http.Header{}
	if as != "" {
		h.Set("Authorization", `MediaBrowser Token="`+w.names[as+".token"]+`"`)
	}
	if from != "" {
		h.Set("X-Forwarded-For", from)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, w.expand(value))
	}
	conn, response, err := websocket.Dial(ctx, w.url+w.expand(target), &websocket.DialOptions{HTTPHeader: h, HTTPClient: w.client})
	if conn != nil {
		conn.SetReadLimit(1 << 20)
	}
	return conn, response, err
}

// listener is the client's end of a web socket.
type listener struct {
	*world
	conn *websocket.Conn
}

// received is a message of the server.
type received struct {
	MessageID   string `json:"MessageId"`
	MessageType string
	Data        json.RawMessage
}

// connect opens a web socket, and has taken its first message.
func (w *world) connect(as string, more ...string) *listener {
	w.Helper()
	from := ""
	if len(more) > 0 {
		from = more[0]
	}
	conn, _, err := w.dial("/socket", as, from)
	if err != nil {
		w.Fatalf("a web socket for %s: %v", as, err)
	}
	l := &listener{w, conn}
	w.Cleanup(func() { conn.CloseNow() })
	if first := l.next(); first.MessageType != "ForceKeepAlive" || string(first.Data) != "60" || len(first.MessageID) != 32 {
		w.Errorf("the first message is %+v", first)
	}
	return l
}

func (l *listener) read() (received, error) {
	ctx, cancel := context.WithTimeout(l.ctx, patience)
	defer cancel()
	kind, text, err := l.conn.Read(ctx)
	var m received
	if err == nil && kind != websocket.MessageText {
		err = errors.New("a binary message")
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}

func (l *listener) next() received {
	l.Helper()
	m, err := l.read()
	if err != nil {
		l.Fatalf("no message: %v", err)
	}
	return m
}

// until takes messages up to the next of a type.
func (l *listener) until(kind string) received {
	l.Helper()
	for {
		if m := l.next(); m.MessageType == kind {
			return m
		}
	}
}

// quiet fails if a message of a type is on its way: the answer to a KeepAlive comes behind it.
func (l *listener) quiet(kind string) {
	l.Helper()
	l.say(`{"MessageType":"KeepAlive"}`)
	for {
		switch m := l.next(); m.MessageType {
		case "KeepAlive":
			return
		case kind:
			l.Errorf("got %s %s", m.MessageType, m.Data)
		}
	}
}

func (l *listener) alive() { l.Helper(); l.quiet("nothing") }

func (l *listener) say(text string) {
	l.Helper()
	if err := l.conn.Write(l.ctx, websocket.MessageText, []byte(text)); err != nil {
		l.Fatal(err)
	}
}

// over takes messages until the server closes the web socket, and gives their types and the status of the close.
func (l *listener) over() (types []string, code websocket.StatusCode) {
	l.Helper()
	for {
		m, err := l.read()
		if err != nil {
			return types, websocket.CloseStatus(err)
		}
		types = append(types, m.MessageType)
	}
}

// call makes a request as somebody and gives its status.
func (w *world) call(do, as, send string) int {
	w.Helper()
	response, err := w.client.Do(w.request(scenario{do: do, as: as, send: send}))
	if err != nil {
		w.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// sessionInfo is what some tests look at of a session.
type sessionInfo struct {
	ID                   string `json:"Id"`
	UserName             string
	DeviceID             string `json:"DeviceId"`
	Client               string
	IsActive             bool
	SupportsMediaControl bool
}

// list lists sessions as somebody.
func (w *world) list(target, as string) []sessionInfo {
	w.Helper()
	response, err := w.client.Do(w.request(scenario{do: "GET " + target, as: as}))
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	var list []sessionInfo
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		w.Fatal(err)
	}
	return list
}

// noted counts the activity entries of a type.
func (w *world) noted(kind string) int {
	w.Helper()
	var total int
	err := w.store.View(w.ctx, func(tx finlatch.Tx) (err error) {
		_, total, err = tx.Activities(w.ctx, finlatch.ActivityFilter{Type: kind})
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return total
}
