package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// frame is a message on a web socket.
type frame struct {
	fromServer bool
	number     int // among those of its direction, from 0
	kind       websocket.MessageType
	data       []byte
}

// relaySocket carries the messages of a web socket in both directions as change lets them.
func relaySocket(w http.ResponseWriter, r *http.Request, to string, change func(frame) *frame) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	header := r.Header.Clone()
	for _, hop := range []string{"Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions"} {
		header.Del(hop)
	}
	server, response, err := websocket.Dial(ctx, "ws://"+to+r.URL.RequestURI(), &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		status := http.StatusBadGateway
		if response != nil {
			status = response.StatusCode
		}
		w.WriteHeader(status)
		return
	}
	defer server.CloseNow()
	client, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer client.CloseNow()
	var directions sync.WaitGroup
	carry := func(from, to *websocket.Conn, fromServer bool) {
		defer cancel()
		for number := 0; ; number++ {
			kind, data, err := from.Read(ctx)
			if err != nil {
				return
			}
			if f := change(frame{fromServer, number, kind, data}); f != nil && to.Write(ctx, f.kind, f.data) != nil {
				return
			}
		}
	}
	directions.Go(func() { carry(server, client, true) })
	directions.Go(func() { carry(client, server, false) })
	directions.Wait()
}

// socket opens a web socket and waits for the first message, as Kotlin does before it counts as connected.
func (w *world) socket(ctx context.Context, query, header string) (*websocket.Conn, error) {
	options := &websocket.DialOptions{HTTPHeader: http.Header{}}
	if header != "" {
		options.HTTPHeader.Set("Authorization", header)
	}
	c, _, err := websocket.Dial(ctx, w.base+"/socket"+query, options)
	if err != nil {
		return nil, err
	}
	kind, seconds, err := next(ctx, c, 10*time.Second)
	if err == nil && (kind != "ForceKeepAlive" || seconds <= 0) {
		err = fmt.Errorf("the first message is %s with %v", kind, seconds)
	}
	if err != nil {
		c.CloseNow()
		return nil, err
	}
	return c, nil
}

// next is the type of the next message, and its Data where that is a number.
func next(ctx context.Context, c *websocket.Conn, within time.Duration) (kind string, data float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	of, body, err := c.Read(ctx)
	if err != nil {
		return "", 0, err
	}
	var message struct {
		MessageType string
		Data        any
	}
	if err := json.Unmarshal(body, &message); err != nil {
		return "", 0, err
	}
	data, _ = message.Data.(float64)
	return message.MessageType, data, wanted(of == websocket.MessageText, "a message comes as %v", of)
}

const keepAlive = `{"MessageType":"KeepAlive"}`

// Kotlin waits for the first ForceKeepAlive; Swift sends binary frames and drops a socket that does not answer; web keeps
// alive once for each ForceKeepAlive, so a server that wants to hear of it must ask again.
func webSocket(ctx context.Context, w *world) error {
	in, err := w.signIn(ctx, "ben", "rules-20")
	if err != nil {
		return err
	}
	token := member(in, "AccessToken")
	for query, header := range map[string]string{"": mediaBrowser("rules-20", token), "?ApiKey=" + token: "", "?api_key=" + token + "&deviceId=rules-20": ""} {
		c, err := w.socket(ctx, query, header)
		if err != nil {
			return fmt.Errorf("by %d letters of query: %w", len(query), err)
		}
		for _, as := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary, websocket.MessageText} {
			if err := c.Write(ctx, as, []byte(keepAlive)); err != nil {
				return err
			}
			if kind, _, err := next(ctx, c, 10*time.Second); err != nil || kind != "KeepAlive" {
				return errors.Join(err, fmt.Errorf("the answer to KeepAlive as %v is %q", as, kind))
			}
		}
		if query == "" {
			kind, _, err := next(ctx, c, 59*time.Second)
			if err != nil || kind != "ForceKeepAlive" {
				return errors.Join(err, fmt.Errorf("a quiet socket gets %q", kind))
			}
		}
		if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
			return err
		}
	}
	return nil
}

var webSocketBreaks = []breakage{
	{name: "nothing first", socket: func(f frame) *frame {
		if f.fromServer && f.number == 0 {
			return nil
		}
		return &f
	}},
	{name: "no answer", socket: func(f frame) *frame {
		if f.fromServer && bytes.Contains(f.data, []byte(`"KeepAlive"`)) {
			return nil
		}
		return &f
	}},
	{name: "no binary frames", socket: func(f frame) *frame {
		if !f.fromServer && f.kind == websocket.MessageBinary {
			return nil
		}
		return &f
	}},
	{name: "never asks again", socket: func(f frame) *frame {
		if f.fromServer && f.number > 0 && bytes.Contains(f.data, []byte("ForceKeepAlive")) {
			return nil
		}
		return &f
	}},
	{name: "no header", instead: refused(http.StatusForbidden, func(r *http.Request) bool { return on(r, "/socket") && authorizationOf(r) != "" })},
	{name: "no ApiKey", instead: refused(http.StatusForbidden, func(r *http.Request) bool { return on(r, "/socket") && r.URL.Query().Has("ApiKey") })},
	{name: "no api_key", instead: refused(http.StatusForbidden, func(r *http.Request) bool { return on(r, "/socket") && r.URL.Query().Has("api_key") })},
}

// discover asks a question by UDP and gives the answer. As clients do it asks again where none comes: a server answers an
// address a few times a second, and these tests all have the same.
func (w *world) discover(ctx context.Context, question string) (map[string]any, error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "udp4", w.udp)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	datagram := make([]byte, 64<<10)
	var n int
	for tries := 0; tries < 5; tries++ {
		if _, err = c.Write([]byte(question)); err != nil {
			return nil, err
		}
		if err = c.SetReadDeadline(time.Now().Add(1200 * time.Millisecond)); err != nil {
			return nil, err
		}
		if n, err = c.Read(datagram); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w", question, err)
	}
	const kotlinReads = 1024
	if err := wanted(n < kotlinReads, "the answer to %q has %d bytes", question, n); err != nil {
		return nil, err
	}
	var found map[string]any
	return found, json.Unmarshal(datagram[:n], &found)
}

// relayDatagrams carries questions and answers of discovery as change lets them; nil changes nothing.
func relayDatagrams(t *testing.T, to string, change func(request bool, datagram []byte) []byte) string {
	t.Helper()
	if change == nil {
		return to
	}
	front, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = front.Close() })
	go func() {
		question := make([]byte, 64<<10)
		for {
			n, asker, err := front.ReadFrom(question)
			if err != nil {
				return
			}
			out := change(true, question[:n])
			if out == nil {
				continue
			}
			back, err := net.Dial("udp4", to)
			if err != nil {
				return
			}
			answer := make([]byte, 64<<10)
			_ = back.SetReadDeadline(time.Now().Add(time.Second))
			if _, err = back.Write(out); err == nil {
				n, err = back.Read(answer)
			}
			_ = back.Close()
			if err != nil {
				continue
			}
			if out := change(false, answer[:n]); out != nil {
				_, _ = front.WriteTo(out, asker)
			}
		}
	}()
	return front.LocalAddr().String()
}
