package conformance_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/finlatch/finlatch/conformance/replay"
)

// client is an app that cannot run here, as it was seen to speak: every request as it spells it, and what it reads of
// the answers. Texts may hold ${NAME} for a value from before.
type client struct {
	name          string
	administrator bool      // whether who signs in must be one
	reach         []request // from the typed address to the sign-in page
	password      []request
	quickConnect  []request // none if the app has no Quick Connect
	content       []request // signed in, and content
}

// request is one request of an app, one datagram, or one WebSocket.
type request struct {
	method, path string
	auth         string      // the Authorization header as it is spelt; none if empty
	headers      [][2]string // further ones, as they are spelt
	body         string
	status       int      // 200 if 0
	reads        []string // what the app reads: "User.Name text"; see kinds
	notJSON      bool     // the app takes any JSON for success
	save         map[string]string
	approve      bool   // before it, somebody approves ${CODE}
	ask          string // the text of a datagram to the discovery port, instead of a request
	socket       string // the path of a WebSocket, instead of a request
	binary       bool   // the app's messages there are binary
}

const exchangeTimeout = 20 * time.Second

// visit is one way of one app through one server.
type visit struct {
	server   *server
	values   map[string]string
	promised *promises // every answer is held to the document
}

func (v *visit) fill(text string) string {
	for name, value := range v.values {
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	return text
}

func (v *visit) do(t *testing.T, s request) {
	t.Helper()
	if s.approve {
		v.approve(t)
	}
	var answer any
	var err error
	where := s.method + " " + s.path
	switch {
	case s.ask != "":
		where, answer = s.ask, nil
		answer, err = v.discover(s.ask)
	case s.socket != "":
		where = s.socket
		answer, err = v.talk(t.Context(), s)
	default:
		answer, err = v.send(s)
	}
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	for _, want := range s.reads {
		if fault := read(answer, v.fill(want)); fault != "" {
			t.Errorf("%s: the app reads %s, but %s", where, want, fault)
		}
	}
	for name, path := range s.save {
		found := look(answer, path)
		if len(found) == 0 {
			t.Fatalf("%s: nothing at %s", where, path)
		}
		text, isText := found[len(found)-1].(string)
		if !isText {
			t.Fatalf("%s: no text at %s", where, path)
		}
		v.values[name] = text
		v.values[name+"_DASHED"] = dashed(text)
	}
}

// send sends a request byte by byte: net/http would change the spelling of headers and paths.
func (v *visit) send(s request) (any, error) {
	c, err := net.DialTimeout("tcp", v.server.address, exchangeTimeout)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(exchangeTimeout))
	lines := []string{v.fill(s.method + " " + s.path + " HTTP/1.1"), "Host: " + v.server.address, "Connection: close"}
	if s.auth != "" {
		lines = append(lines, "Authorization: "+v.fill(s.auth))
	}
	for _, h := range s.headers {
		lines = append(lines, h[0]+": "+v.fill(h[1]))
	}
	body := v.fill(s.body)
	if body != "" || s.method == "POST" {
		lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)))
	}
	if _, err := io.WriteString(c, strings.Join(lines, "\r\n")+"\r\n\r\n"+body); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: s.method})
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if want := max(s.status, 200); response.StatusCode != want && (s.status != 0 || response.StatusCode != 204) {
		return nil, fmt.Errorf("got status %d, want %d: %.300s", response.StatusCode, want, data)
	}
	v.promised.Watch(replay.Exchange{Step: s.path, Method: s.method, Path: v.fill(s.path), Status: response.StatusCode,
		ContentType: response.Header.Get("Content-Type"), Answer: data})
	isJSON := strings.HasPrefix(response.Header.Get("Content-Type"), "application/json")
	if s.notJSON && (isJSON || json.Valid(data)) {
		return nil, fmt.Errorf("the refusal is JSON, which the app takes for success: %s", data)
	}
	if len(s.reads) > 0 && !isJSON {
		return nil, fmt.Errorf("got %q, want JSON", response.Header.Get("Content-Type"))
	}
	if !isJSON {
		return nil, nil
	}
	return decoded(data)
}

func decoded(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var value any
	err := d.Decode(&value)
	return value, err
}

// askAgain is how long apps wait for a reply before they ask again.
const askAgain = 500 * time.Millisecond

// discover asks who is there as apps do, again and again, and reads the first reply.
func (v *visit) discover(text string) (any, error) {
	c, err := net.Dial("udp4", v.server.discovery)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	reply := make([]byte, 1024) // as much as the Kotlin SDK reads
	for until := time.Now().Add(exchangeTimeout); ; {
		if _, err := io.WriteString(c, text); err != nil {
			return nil, err
		}
		_ = c.SetReadDeadline(time.Now().Add(askAgain))
		n, err := c.Read(reply)
		if err == nil {
			return decoded(reply[:n])
		}
		if time.Now().After(until) {
			return nil, err
		}
	}
}

// talk opens a WebSocket, waits for the first message, which must be ForceKeepAlive, and keeps the connection alive once.
func (v *visit) talk(ctx context.Context, s request) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	options := &websocket.DialOptions{HTTPHeader: http.Header{}}
	if s.auth != "" {
		options.HTTPHeader["Authorization"] = []string{v.fill(s.auth)}
	}
	c, _, err := websocket.Dial(ctx, "ws://"+v.server.address+v.fill(s.socket), options)
	if err != nil {
		return nil, err
	}
	defer c.CloseNow()
	first, err := message(ctx, c)
	if err != nil {
		return nil, err
	}
	if kind := look(first, "MessageType"); !slices.Equal(kind, []any{"ForceKeepAlive"}) {
		return nil, fmt.Errorf("the first message is %v", first)
	}
	kind := websocket.MessageText
	if s.binary {
		kind = websocket.MessageBinary
	}
	if err := c.Write(ctx, kind, []byte(`{"MessageType":"KeepAlive"}`)); err != nil {
		return nil, err
	}
	for {
		answer, err := message(ctx, c)
		if err != nil {
			return nil, err
		}
		if slices.Equal(look(answer, "MessageType"), []any{"KeepAlive"}) {
			return first, c.Close(websocket.StatusNormalClosure, "")
		}
	}
}

func message(ctx context.Context, c *websocket.Conn) (any, error) {
	kind, data, err := c.Read(ctx)
	if err == nil && kind != websocket.MessageText {
		err = fmt.Errorf("a message of %v", kind)
	}
	if err != nil {
		return nil, err
	}
	return decoded(data)
}

// approve lets ben approve the code on the app's screen.
func (v *visit) approve(t *testing.T) {
	t.Helper()
	auth := `MediaBrowser Client="Web", Device="Ben's browser", DeviceId="approver-${DEVICE}", Version="12.0.0"`
	approver := &visit{server: v.server, promised: v.promised, values: map[string]string{"DEVICE": v.values["DEVICE"], "CODE": v.values["CODE"]}}
	approver.do(t, request{method: "POST", path: "/Users/AuthenticateByName", auth: auth, headers: [][2]string{{"Content-Type", "application/json"}},
		body: quoted("Username", people[1].name, "Pw", people[1].password), save: map[string]string{"TOKEN": "AccessToken"}})
	approver.do(t, request{method: "POST", path: "/QuickConnect/Authorize?code=${CODE}", auth: auth + `, Token="${TOKEN}"`, reads: []string{"=true"}})
}

// quoted is a JSON object of texts.
func quoted(pairs ...string) string {
	var members []string
	for i := 0; i < len(pairs); i += 2 {
		value, _ := json.Marshal(pairs[i+1])
		members = append(members, fmt.Sprintf("%q:%s", pairs[i], value))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// --- what apps read ---

// kinds are what a member must be; none of them may be absent or null.
var kinds = map[string]func(any) bool{
	"text":   func(value any) bool { text, is := value.(string); return is && text != "" },
	"string": func(value any) bool { _, is := value.(string); return is },
	"uuid":   matches(`^[0-9a-f]{32}$`),
	"secret": matches(`^[0-9A-F]{64}$`),
	"code":   matches(`^\d{6}$`),
	"date":   matches(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z$`),
	// Kotlin and Swift want three numbers; the next Kotlin SDK wants 12.0.0 at least.
	"version": matches(`^(1[2-9]|[2-9]\d)\.\d+\.\d+$`),
	"address": matches(`^http://127\.0\.0\.1:\d+$`),
	"bool":    func(value any) bool { _, is := value.(bool); return is },
	"int": func(value any) bool {
		number, is := value.(json.Number)
		_, err := number.Int64()
		return is && err == nil
	},
	"array":  func(value any) bool { _, is := value.([]any); return is },
	"filled": func(value any) bool { items, _ := value.([]any); return len(items) > 0 },
	"object": func(value any) bool { _, is := value.(map[string]any); return is },
}

func matches(expression string) func(any) bool {
	compiled := regexp.MustCompile(expression)
	return func(value any) bool { text, is := value.(string); return is && compiled.MatchString(text) }
}

// read says what is wrong with "path kind" or "path=value", or nothing. A path is of members with dots between;
// Items[] is every entry of Items.
func read(answer any, want string) string {
	if path, value, isValue := strings.Cut(want, "="); isValue {
		for _, found := range look(answer, path) {
			if shown, _ := json.Marshal(found); found != any(value) && string(shown) != value {
				return fmt.Sprintf("got %s", shown)
			}
		}
		if len(look(answer, path)) == 0 {
			return "it is not there"
		}
		return ""
	}
	path, kind, _ := strings.Cut(want, " ")
	if kind == "" {
		path, kind = "", want
	}
	is := kinds[kind]
	if is == nil {
		panic("no kind " + kind)
	}
	found := look(answer, path)
	for _, value := range found {
		if !is(value) {
			shown, _ := json.Marshal(value)
			return fmt.Sprintf("got %.200s", shown)
		}
	}
	if len(found) == 0 && !strings.Contains(path, "[]") {
		return "it is not there"
	}
	return ""
}

// look finds what a path names; a member that is not there is nil among the entries that lack it.
func look(value any, path string) []any {
	found := []any{value}
	for part := range strings.SplitSeq(path, ".") {
		if part == "" {
			continue
		}
		name, each := strings.CutSuffix(part, "[]")
		var next []any
		for _, value := range found {
			if name != "" {
				object, _ := value.(map[string]any)
				member, there := object[name]
				if !there {
					if !strings.Contains(path, "[]") {
						return nil
					}
					next = append(next, nil)
					continue
				}
				value = member
			}
			if items, _ := value.([]any); each {
				next = append(next, items...)
			} else {
				next = append(next, value)
			}
		}
		found = next
	}
	return found
}
