package replay_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

// mirror is a server that answers each step of a recording as it was answered then, in order, and complains about
// requests that are not those of the recording. It reads and writes bytes itself, to see how headers are spelt.
type mirror struct {
	recording *replay.Recording
	fault     func(step string, answer *reply) // changes an answer before it goes out
	listener  net.Listener
	datagrams []net.PacketConn // if there are such steps: on 127.0.0.1 and on its broadcast address, with one port
	data      string           // its data folder

	mutex      sync.Mutex
	sockets    map[string]*mirrorSocket
	next       int      // the step that is asked next
	purged     []string // what the purge under way has asked
	complaints []string
	dials      int
}

// reply is an answer on its way out.
type reply struct {
	status  int
	headers map[string]string
	body    []byte
}

// newMirror starts a mirror that ends with the test.
func newMirror(t *testing.T, recording *replay.Recording, fault func(string, *reply)) *mirror {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mirror{recording: recording, fault: fault, listener: listener, data: t.TempDir(), sockets: map[string]*mirrorSocket{}}
	m.writeFiles(t)
	var serving sync.WaitGroup
	m.listenForDatagrams(t, &serving)
	serving.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { m.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		for _, c := range m.datagrams {
			_ = c.Close()
		}
		serving.Wait()
	})
	return m
}

func (m *mirror) base() string { return "http://" + m.listener.Addr().String() }

// options are those of a play to the mirror.
func (m *mirror) options() replay.Options {
	return replay.Options{Base: m.base(), Discovery: m.discovery(), Data: m.data, Run: m.recording.Run}
}

// asked is a request as it came.
type asked struct {
	method, path string
	headers      [][2]string // as they are spelt, in order
	body         []byte
}

func (a asked) header(name string) string {
	for _, h := range a.headers {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

func (m *mirror) serve(c net.Conn) {
	defer c.Close()
	m.mutex.Lock()
	m.dials++
	m.mutex.Unlock()
	reader := bufio.NewReader(c)
	for {
		request, err := readAsked(reader)
		if err != nil {
			return
		}
		answer := m.answer(request)
		if answer.status == 0 {
			return // not a word
		}
		if answer.status == 101 {
			m.upgrade(c, reader, request, answer)
			return
		}
		fmt.Fprintf(c, "HTTP/1.1 %d Recorded\r\n", answer.status)
		for _, name := range slices.Sorted(maps.Keys(answer.headers)) {
			fmt.Fprintf(c, "%s: %s\r\n", name, answer.headers[name])
		}
		fmt.Fprintf(c, "\r\n%s", answer.body)
		if request.header("Connection") == "close" {
			return
		}
	}
}

func readAsked(reader *bufio.Reader) (asked, error) {
	line, err := reader.ReadString('\n')
	if err != nil {
		return asked{}, err
	}
	request := asked{}
	request.method, request.path, _ = strings.Cut(strings.TrimSuffix(line, " HTTP/1.1\r\n"), " ")
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return asked{}, err
		}
		if line == "\r\n" {
			break
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), ": ")
		request.headers = append(request.headers, [2]string{name, value})
	}
	length, _ := strconv.Atoi(request.header("Content-Length"))
	request.body = make([]byte, length)
	_, err = io.ReadFull(reader, request.body)
	return request, err
}

func (m *mirror) complain(format string, args ...any) {
	m.complaints = append(m.complaints, fmt.Sprintf(format, args...))
}

func (m *mirror) answer(request asked) *reply {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.next == 0 && m.recording.Needs == "fresh" && len(m.purged) == 0 { // the question whether it is
		m.purged = append(m.purged, "asked")
		return jsonReply(200, `{"StartupWizardCompleted":false}`)
	}
	if m.next >= len(m.recording.Steps) {
		m.complain("%s %s after the last step", request.method, request.path)
		return jsonReply(500, `null`)
	}
	step := m.recording.Steps[m.next]
	if step.Kind == "purge" {
		return m.purge(request)
	}
	m.next++
	m.compare(step, request)
	answer := m.planned(step)
	if answer.status != 101 {
		m.goOn()
	}
	answer.headers["content-length"] = strconv.Itoa(len(answer.body))
	return answer
}

// purge answers as a server that has one user, one key and one device too many.
func (m *mirror) purge(request asked) *reply {
	m.purged = append(m.purged, request.method+" "+request.path)
	switch request.method + " " + request.path {
	case "GET /System/Info/Public":
		return jsonReply(200, `{"StartupWizardCompleted":true}`)
	case "POST /Users/AuthenticateByName":
		return jsonReply(200, `{"AccessToken":"feedfeedfeedfeedfeedfeedfeedfeed","User":{"Id":"aa"}}`)
	case "GET /Users":
		return jsonReply(200, `[{"Id":"aa"},{"Id":"bb"}]`)
	case "GET /Auth/Keys":
		return jsonReply(200, `{"Items":[{"AccessToken":"cc"}]}`)
	case "GET /System/Configuration":
		return jsonReply(200, `{"Kept":1,"QuickConnectAvailable":false,"EnableLegacyAuthorization":false}`)
	case "GET /Devices":
		return jsonReply(200, `{"Items":[{"Id":"wire-caretaker"},{"Id":"d d"}]}`)
	case "DELETE /Devices?id=wire-caretaker":
		m.next++
	}
	return jsonReply(204, "")
}

func jsonReply(status int, body string) *reply {
	return &reply{status, map[string]string{"content-type": "application/json; charset=utf-8", "content-length": strconv.Itoa(len(body))}, []byte(body)}
}

// planned is what a step is to be answered.
func (m *mirror) planned(step replay.Step) *reply {
	answer := recorded(step.Answer)
	answer.body = bytes.ReplaceAll(answer.body, []byte(recordedData), []byte(m.data))
	if m.fault != nil {
		m.fault(step.Name, answer)
	}
	return answer
}

// recorded is an answer of a recording, as bytes.
func recorded(answer *replay.Answer) *reply {
	out := &reply{status: answer.Status, headers: maps.Clone(answer.Headers)}
	delete(out.headers, "transfer-encoding")
	delete(out.headers, "connection")
	switch {
	case answer.Raw != "":
		out.body = []byte(answer.Raw)
	case answer.BodyKind == "json":
		out.body = []byte(replay.Encode(answer.Body))
	default:
		out.body = []byte(answer.Body.(string))
	}
	return out
}

// compare complains if the request is not the recorded one.
func (m *mirror) compare(step replay.Step, request asked) {
	var headers [][2]string
	for _, h := range step.Sent.Headers {
		value := *h.Value
		switch h.Name {
		case "Host":
			value = m.listener.Addr().String()
		case "Sec-WebSocket-Key":
			value = request.header(h.Name)
		}
		headers = append(headers, [2]string{h.Name, value})
	}
	if request.method != step.Sent.Method || request.path != step.Sent.Path {
		m.complain("%s: got %s %s, want %s %s", step.Name, request.method, request.path, step.Sent.Method, step.Sent.Path)
	}
	if !reflect.DeepEqual(request.headers, headers) {
		m.complain("%s: got headers %q, want %q", step.Name, request.headers, headers)
	}
	want := replay.Encode(step.Sent.BodyValue())
	if want == `""` {
		want = "null" // no body and an empty one look alike from here
	}
	if got := noted(request.body); got != want {
		m.complain("%s: got body %s, want %s", step.Name, got, want)
	}
}

// noted is a request's body as a recording notes it.
func noted(body []byte) string {
	if len(body) > 4<<10 {
		return fmt.Sprintf(`{"length":%d,"sha256":"%x"}`, len(body), sha256.Sum256(body))
	}
	if len(body) == 0 {
		return "null"
	}
	if value, err := replay.Decode(body); err == nil {
		return replay.Encode(value)
	}
	return replay.Encode(string(body))
}
