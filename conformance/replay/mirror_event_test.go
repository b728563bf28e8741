package replay_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

// recordedData is the data folder of the server that was recorded.
const recordedData = "/srv/jellyfin/data"

// deed is what the mirror does on a WebSocket or to a datagram, as a recording notes what came.
type deed struct {
	Accepted bool
	Opcode   byte
	Message  json.RawMessage
	Pong     *string
	Types    []string
	Closed   *int
	Replies  []struct {
		Data     json.RawMessage
		SamePort bool `json:"from_same_port"`
	}
}

// deed is what a step is to bring about. A body that is no such thing does nothing.
func (m *mirror) deed(answer *reply) deed {
	d := deed{}
	if err := json.Unmarshal(answer.body, &d); err != nil {
		return deed{Accepted: true}
	}
	return d
}

// --- files ---

func (m *mirror) writeFiles(t *testing.T) {
	for _, step := range m.recording.Steps {
		if step.Kind == "file" {
			file := filepath.Join(m.data, path.Base(step.Sent.Path))
			if err := os.WriteFile(file, m.planned(step).body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// --- WebSockets ---

// mirrorSocket is the server's side of a WebSocket.
type mirrorSocket struct {
	net.Conn
	closed bool
}

// upgrade opens a WebSocket and answers what comes there.
func (m *mirror) upgrade(c net.Conn, reader *bufio.Reader, request asked, answer *reply) {
	m.mutex.Lock()
	step := m.recording.Steps[m.next-1]
	d := m.deed(answer)
	key := request.header("Sec-WebSocket-Key")
	if !d.Accepted {
		key += "!"
	}
	proof := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(c, "HTTP/1.1 101 Recorded\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
		base64.StdEncoding.EncodeToString(proof[:]))
	if origin := answer.headers["access-control-allow-origin"]; origin != "" {
		fmt.Fprintf(c, "Access-Control-Allow-Origin: %s\r\n", origin)
	}
	fmt.Fprint(c, "\r\n")
	s := &mirrorSocket{Conn: c}
	m.sockets[step.Spec.Request.Sock] = s
	s.do(d)
	m.goOn()
	m.mutex.Unlock()

	opcode, message, pieces := byte(0), []byte(nil), 0
	for {
		final, code, payload, err := readFrame(reader)
		if err != nil {
			return
		}
		if code != 0 {
			opcode = code
		}
		message, pieces = append(message, payload...), pieces+1
		if !final {
			continue
		}
		m.mutex.Lock()
		if !s.closed {
			m.heard(s, opcode, message, pieces)
		}
		m.mutex.Unlock()
		if opcode == 8 {
			return
		}
		message, pieces = nil, 0
	}
}

// heard answers one message.
func (m *mirror) heard(s *mirrorSocket, opcode byte, message []byte, pieces int) {
	step := m.recording.Steps[m.next]
	asked := step.Spec.Request
	want := map[string]byte{"text": 1, "binary": 2, "ping": 9}[asked.Opcode]
	if step.Kind == "ws-close" {
		want, message = 8, nil
	}
	if opcode != want || pieces != max(1, asked.Pieces) || noted(message) != replay.Encode(step.Sent.BodyValue()) {
		m.complain("%s: got a message of kind %d in %d pieces: %s", step.Name, opcode, pieces, message)
	}
	m.next++
	s.do(m.deed(m.planned(step)))
	m.goOn()
}

// goOn does what the next steps bring about without being asked for anything.
func (m *mirror) goOn() {
	for m.next < len(m.recording.Steps) {
		step := m.recording.Steps[m.next]
		asked := step.Spec.Request
		s := m.sockets[asked.Sock]
		switch {
		case step.Kind == "file":
		case s == nil || !strings.HasPrefix(step.Kind, "ws-") || step.Kind == "ws-open":
			return
		case s.closed: // the client knows that, and nothing comes
		case step.Kind == "ws-close" || asked.Text != nil || string(asked.Send) != "null":
			return
		default:
			s.do(m.deed(m.planned(step)))
		}
		m.next++
	}
}

func (s *mirrorSocket) do(d deed) {
	switch {
	case d.Message != nil:
		s.frame(d.Opcode, d.Message)
	case d.Pong != nil:
		s.frame(10, []byte(*d.Pong))
	}
	for _, kind := range d.Types {
		s.frame(1, []byte(`{"MessageType":"`+kind+`"}`))
	}
	switch {
	case d.Closed == nil:
		return
	case *d.Closed == 1006:
		_ = s.Close()
	case *d.Closed == 1005:
		s.frame(8, nil)
	default:
		s.frame(8, binary.BigEndian.AppendUint16(nil, uint16(*d.Closed)))
	}
	s.closed = true
}

// frame sends a message in two pieces, so that the other side has something to put together; control frames are whole.
func (s *mirrorSocket) frame(opcode byte, payload []byte) {
	half := len(payload) / 2
	if opcode >= 8 {
		half = len(payload)
	}
	write := func(first byte, part []byte) {
		head := []byte{first, byte(len(part))}
		if len(part) > 125 {
			head[1] = 126
			head = binary.BigEndian.AppendUint16(head, uint16(len(part)))
		}
		_, _ = s.Write(append(head, part...))
	}
	if opcode >= 8 {
		write(0x80|opcode, payload)
		return
	}
	write(opcode, payload[:half])
	write(0x80, payload[half:])
}

func readFrame(reader *bufio.Reader) (final bool, opcode byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(reader, head[:]); err != nil {
		return false, 0, nil, err
	}
	size := int(head[1] & 0x7f)
	if head[1]&0x80 == 0 || size > 125 {
		return false, 0, nil, fmt.Errorf("no short masked frame: %x", head)
	}
	frame := make([]byte, 4+size)
	_, err = io.ReadFull(reader, frame)
	payload = frame[4:]
	for i := range payload {
		payload[i] ^= frame[i%4]
	}
	return head[0]&0x80 != 0, head[0] & 0x0f, payload, err
}

// --- datagrams ---

func (m *mirror) listenForDatagrams(t *testing.T, serving *sync.WaitGroup) {
	t.Helper()
	if m.recording.Scenario != "71_discovery" {
		return
	}
	direct, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	broadcast, err := net.ListenPacket("udp4", fmt.Sprintf("127.255.255.255:%d", port(direct)))
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.datagrams = []net.PacketConn{direct, broadcast, other}
	for _, c := range m.datagrams[:2] {
		serving.Go(func() {
			for {
				datagram := make([]byte, 1<<10)
				n, from, err := c.ReadFrom(datagram)
				if err != nil {
					return
				}
				m.reply(string(datagram[:n]), c == broadcast, from)
			}
		})
	}
}

func port(c net.PacketConn) int { return c.LocalAddr().(*net.UDPAddr).Port }

// discovery is the port on which the mirror hears datagrams.
func (m *mirror) discovery() int {
	if m.datagrams == nil {
		return 0
	}
	return port(m.datagrams[0])
}

func (m *mirror) reply(text string, broadcast bool, to net.Addr) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	step := m.recording.Steps[m.next]
	m.next++
	if want := step.Sent.BodyValue(); text != want || broadcast != (step.Sent.Path != "127.0.0.1") {
		m.complain("%s: got datagram %q, want %q to %s", step.Name, text, want, step.Sent.Path)
	}
	for _, reply := range m.deed(m.planned(step)).Replies {
		from := m.datagrams[0]
		if !reply.SamePort {
			from = m.datagrams[2]
		}
		_, _ = from.WriteTo(reply.Data, to)
	}
}
