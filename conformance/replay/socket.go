package replay

import (
	"context"
	"crypto/rand"
	"crypto/sha1" // the handshake is made with it
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// The kinds of WebSocket frames, RFC 6455 section 5.2.
const (
	frameContinues, frameText, frameBinary, frameClose, framePing, framePong = 0, 1, 2, 8, 9, 10
)

// What stands for a close code where none was sent: no code in the frame, and no frame.
const closedWithoutCode, closedWithoutFrame = 1005, 1006

const largestFrame = 1 << 20 // bytes; a larger one ends the WebSocket

// socket is the client's side of one WebSocket, frame by frame: a library would neither cut a message in pieces when it
// is told to nor leave the spelling of the handshake alone.
type socket struct {
	c       *connection
	closed  int // the close code; 0 while it is open
	opcode  int // of the message under way
	message []byte
}

// upgrade asks for a WebSocket. Without one the answer says why, and the socket is nil.
func (w *wire) upgrade(ctx context.Context, out outgoing) (s *socket, sent []Header, answer *Answer, data []byte, err error) {
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails
	out.upgrade = base64.StdEncoding.EncodeToString(key)
	sent = w.withDefaults(out)
	c, response, data, err := w.roundTrip(ctx, out, sent)
	if err != nil {
		return nil, sent, nil, nil, err
	}
	answer = newAnswer(response.StatusCode, lowered(response), data)
	if answer.Status != http.StatusSwitchingProtocols {
		return nil, sent, answer, data, c.Close()
	}
	proof := sha1.Sum([]byte(out.upgrade + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	accepted := answer.Headers["sec-websocket-accept"] == base64.StdEncoding.EncodeToString(proof[:])
	answer.BodyKind, answer.Body = "json", &object{members: []member{{"accepted", accepted}}}
	return &socket{c: c}, sent, answer, data, nil
}

// send sends one message in as many frames.
func (s *socket) send(opcode int, payload []byte, pieces int) {
	size := (len(payload) + pieces - 1) / pieces
	for i := range pieces {
		s.frame(i == pieces-1, opcode, payload[min(i*size, len(payload)):min((i+1)*size, len(payload))])
		opcode = frameContinues
	}
}

// frame sends one frame, masked as a client must. That the server has gone shows when something is read.
func (s *socket) frame(final bool, opcode int, payload []byte) {
	head := []byte{byte(opcode), 0x80}
	if final {
		head[0] |= 0x80
	}
	switch n := len(payload); {
	case n < 126:
		head[1] |= byte(n)
	case n < 1<<16:
		head[1] |= 126
		head = binary.BigEndian.AppendUint16(head, uint16(n))
	default:
		head[1] |= 127
		head = binary.BigEndian.AppendUint64(head, uint64(n))
	}
	var mask [4]byte
	_, _ = rand.Read(mask[:])
	head = append(head, mask[:]...)
	for i, b := range payload {
		head = append(head, b^mask[i%4])
	}
	_ = s.c.SetWriteDeadline(time.Now().Add(callTimeout))
	_, _ = s.c.Write(head)
}

// receive gives the next message or pong; false when time is up or the server has closed. It answers what must be
// answered.
func (s *socket) receive(until time.Time) (opcode int, payload []byte, ok bool) {
	for s.closed == 0 {
		final, opcode, payload, ok := s.next(until)
		if !ok {
			return 0, nil, false
		}
		switch opcode {
		case frameClose:
			s.closed = closedWithoutCode
			if len(payload) >= 2 {
				s.closed = int(binary.BigEndian.Uint16(payload))
				payload = payload[:2]
			}
			s.frame(true, frameClose, payload)
		case framePing:
			s.frame(true, framePong, payload)
		case framePong:
			return framePong, payload, true
		default:
			if opcode != frameContinues {
				s.opcode = opcode
			}
			s.message = append(s.message, payload...)
			if final {
				whole := s.message
				s.message = nil
				return s.opcode, whole, true
			}
		}
	}
	return 0, nil, false
}

// next takes one frame off the connection, or leaves there what has come of it when time is up.
func (s *socket) next(until time.Time) (final bool, opcode int, payload []byte, ok bool) {
	_ = s.c.SetReadDeadline(until)
	head, err := s.c.reader.Peek(2)
	if err != nil {
		return s.lost(err)
	}
	start, size := 2, int(head[1]&0x7f)
	if size > 125 {
		start += map[int]int{126: 2, 127: 8}[size]
		if head, err = s.c.reader.Peek(start); err != nil {
			return s.lost(err)
		}
		var eight [8]byte
		copy(eight[8-(start-2):], head[2:])
		wide := binary.BigEndian.Uint64(eight[:])
		if wide > largestFrame-16 {
			return s.lost(fmt.Errorf("a frame of %d bytes", wide))
		}
		size = int(wide)
	}
	whole, err := s.c.reader.Peek(start + size)
	if err != nil {
		return s.lost(err)
	}
	final, opcode = whole[0]&0x80 != 0, int(whole[0]&0x0f)
	payload = append([]byte(nil), whole[start:]...)
	_, _ = s.c.reader.Discard(start + size) // all of it is there
	return final, opcode, payload, true
}

func (s *socket) lost(err error) (final bool, opcode int, payload []byte, ok bool) {
	if timeout := net.Error(nil); !errors.As(err, &timeout) || !timeout.Timeout() {
		s.closed = closedWithoutFrame
	}
	return false, 0, nil, false
}
