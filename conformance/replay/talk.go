package replay

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"
)

// closeNormally is the close code of a client that is done, RFC 6455 section 7.4.1.
const closeNormally = 1000

// openSocket asks for a WebSocket and waits for its first message.
func (p *player) openSocket(ctx context.Context, spec Spec) (*Answer, error) {
	spec.Request.Method = "GET"
	out, err := p.fill(spec)
	if err != nil {
		return nil, err
	}
	if old := p.sockets[spec.Request.Sock]; old != nil {
		_ = old.c.Close()
		delete(p.sockets, spec.Request.Sock)
	}
	s, sent, answer, data, err := p.wire.upgrade(ctx, out)
	if err != nil {
		return nil, err
	}
	p.show(out, sent, answer, data)
	if s != nil {
		p.sockets[spec.Request.Sock] = s
		body := answer.Body.(*object)
		body.members = append(body.members, p.expect(ctx, s, spec.Request.First, spec.Request.Wait)...)
	}
	return answer, nil
}

// useSocket carries out a step on an open WebSocket.
func (p *player) useSocket(ctx context.Context, kind string, asked Request) (*Answer, error) {
	s := p.sockets[asked.Sock]
	if s == nil {
		return nil, failure{"no socket", errors.New(asked.Sock)}
	}
	if kind == "ws-close" {
		delete(p.sockets, asked.Sock)
		if s.closed == 0 {
			s.frame(true, frameClose, binary.BigEndian.AppendUint16(nil, closeNormally))
			p.messages(ctx, s, asked.Wait, func(int, []byte) bool { return true })
		}
		return event(s.end()), s.c.Close()
	}
	if err := p.say(s, asked); err != nil {
		return nil, err
	}
	if kind == "ws-talk" {
		return event(p.expect(ctx, s, asked.Expect, asked.Wait)...), ctx.Err()
	}
	types := map[string]bool{}
	p.messages(ctx, s, asked.Wait, func(opcode int, payload []byte) bool {
		types[messageType(opcode, payload)] = true
		return true
	})
	return event(member{"types", list(slices.Sorted(maps.Keys(types)))}, s.end()), ctx.Err()
}

// say sends the message of a step, if it has one.
func (p *player) say(s *socket, asked Request) error {
	var text string
	switch {
	case asked.Send != nil && string(asked.Send) != "null":
		node, err := decode(asked.Send)
		if err != nil {
			return err
		}
		filled, err := p.values.fillJSON(node)
		if err != nil {
			return err
		}
		text = encode(filled)
	case asked.Text != nil:
		var err error
		if text, err = p.values.fill(*asked.Text); err != nil {
			return err
		}
	default:
		return nil
	}
	opcode := map[string]int{"text": frameText, "binary": frameBinary, "ping": framePing}[asked.Opcode]
	s.send(opcode, wireBytes(text), max(1, asked.Pieces))
	return nil
}

// messages hands the messages that come within so many seconds to a function, until that says false.
func (p *player) messages(ctx context.Context, s *socket, wait float64, each func(opcode int, payload []byte) bool) {
	until := time.Now().Add(seconds(wait))
	defer context.AfterFunc(ctx, func() { _ = s.c.Close() })()
	for {
		opcode, payload, ok := s.receive(until)
		if !ok || !each(opcode, payload) {
			return
		}
	}
}

// expect waits for a message of a type, and passes others by. It tells the message, or that there was none or no
// WebSocket any more.
func (p *player) expect(ctx context.Context, s *socket, wanted *string, wait float64) []member {
	var found []member
	if wanted != nil {
		p.messages(ctx, s, wait, func(opcode int, payload []byte) bool {
			switch {
			case messageType(opcode, payload) != *wanted:
			case opcode == framePong:
				found = []member{{"pong", string(payload)}}
			default:
				found = []member{{"opcode", number(opcode)}, {"message", understood(payload)}}
			}
			return found == nil
		})
	}
	switch {
	case found != nil:
		return found
	case s.closed != 0:
		return []member{s.end()}
	}
	return []member{{"nothing", wanted != nil}}
}

// end tells the close code, or null while the WebSocket is open.
func (s *socket) end() member {
	if s.closed == 0 {
		return member{"closed", nil}
	}
	return member{"closed", number(s.closed)}
}

// messageType is the MessageType of a message, or what it is instead of one, in parentheses.
func messageType(opcode int, payload []byte) string {
	if opcode == framePong {
		return "(pong)"
	}
	value, err := decode(payload)
	if err != nil {
		return "(text)"
	}
	message, isObject := value.(*object)
	if !isObject {
		return "(other)"
	}
	switch kind, _ := message.get("MessageType"); kind := kind.(type) {
	case string:
		return kind
	case nil:
		return "(none)"
	case json.Number:
		return kind.String()
	}
	return "(odd)"
}
