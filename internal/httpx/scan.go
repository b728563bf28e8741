package httpx

import (
	"fmt"
	"strings"
)

type token uint8

const (
	noToken token = iota
	startObject
	endObject
	startArray
	endArray
	memberName
	stringToken
	numberToken
	trueToken
	falseToken
	nullToken
)

// maxDepth is how many objects and arrays may be open at once: MVC's setting, half of System.Text.Json's own.
const maxDepth = 32

// scanner reads JSON token by token and fails with the sentences of .NET's Utf8JsonReader, at the same places.
type scanner struct {
	data   []byte
	pos    int
	line   int // lines before the current one
	lineAt int // where the current line begins
	depth  int
	object uint64 // one bit for each open object or array: whether it is an object

	tok     token
	start   int    // where the token begins
	text    []byte // a number or literal as it stands; what is between a string's or name's quotes
	escaped bool   // text has escapes
}

// jsonError is a sentence and the place it is about. The path is the binder's.
type jsonError struct {
	sentence     string
	line, column int // both from 0; the column in bytes
}

func (e *jsonError) Error() string { return e.sentence }

func (s *scanner) fail(sentence string) error {
	return &jsonError{sentence, s.line, s.pos - s.lineAt}
}

// failAt is for sentences that begin with the offending byte, which is at pos.
func (s *scanner) failAt(pos int, rest string) error {
	s.pos = pos
	c := s.data[pos]
	if c < 0x20 || c >= 0x7f {
		return s.fail(fmt.Sprintf("'0x%02X' %s", c, rest))
	}
	return s.fail("'" + string(rune(c)) + "' " + rest)
}

// space skips white space and tells whether anything follows.
func (s *scanner) space() bool {
	for ; s.pos < len(s.data); s.pos++ {
		switch s.data[s.pos] {
		case ' ', '\t', '\r':
		case '\n':
			s.line++
			s.lineAt = s.pos + 1
		default:
			return true
		}
	}
	return false
}

// read goes on to the next token; tok is noToken again behind the last one.
func (s *scanner) read() error {
	before := s.tok
	if !s.space() {
		switch {
		case s.depth > 0:
			return s.fail("Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed.")
		case before == noToken:
			return s.fail("The input does not contain any JSON tokens. Expected the input to start with a valid JSON token, when isFinalBlock is true.")
		}
		s.tok = noToken
		return nil
	}
	c := s.data[s.pos]
	switch {
	case before == noToken || before == memberName:
		if before == memberName && c == '/' {
			break
		}
		return s.value()
	case before == startObject && c != '/':
		if c == '}' {
			return s.close()
		}
		return s.name()
	case before == startArray && c != '/' && c != ']':
		return s.value()
	}
	switch {
	case s.depth == 0:
		return s.failAt(s.pos, "is invalid after a single JSON value. Expected end of data.")
	case c == '}' || c == ']':
		return s.close()
	case c == ',':
		return s.comma()
	}
	return s.failAt(s.pos, "is invalid after a value. Expected either ',', '}', or ']'.")
}

func (s *scanner) inObject() bool { return s.depth > 0 && s.object>>(s.depth-1)&1 == 1 }

func (s *scanner) comma() error {
	comma := s.pos
	s.pos++
	if !s.space() {
		if s.pos == comma+1 {
			s.pos = comma // the reader puts the last byte back, but no white space
		}
		return s.fail("Expected start of a property name or value, but instead reached end of data.")
	}
	switch c := s.data[s.pos]; {
	case s.inObject() && c == '}':
		return s.fail("The JSON object contains a trailing comma at the end which is not supported in this mode. Change the reader options.")
	case s.inObject():
		return s.name()
	case c == ']':
		return s.fail("The JSON array contains a trailing comma at the end which is not supported in this mode. Change the reader options.")
	}
	return s.value()
}

func (s *scanner) close() error {
	c := s.data[s.pos]
	if s.depth == 0 || s.inObject() != (c == '}') {
		return s.failAt(s.pos, "is invalid without a matching open.")
	}
	s.start, s.tok = s.pos, endArray
	if c == '}' {
		s.tok = endObject
	}
	s.pos++
	s.depth--
	return nil
}

func (s *scanner) open(tok token) error {
	kind, bit := "array", uint64(0)
	if tok == startObject {
		kind, bit = "object", 1
	}
	if s.depth == maxDepth {
		return s.fail(fmt.Sprintf("The maximum configured depth of %d has been exceeded. Cannot read next JSON %s.", maxDepth, kind))
	}
	s.object = s.object&^(1<<s.depth) | bit<<s.depth
	s.depth++
	s.start, s.tok = s.pos, tok
	s.pos++
	return nil
}

func (s *scanner) name() error {
	if s.data[s.pos] != '"' {
		return s.failAt(s.pos, `is an invalid start of a property name. Expected a '"'.`)
	}
	if err := s.string(); err != nil {
		return err
	}
	if !s.space() {
		return s.fail("Expected a value, but instead reached end of data.")
	}
	if s.data[s.pos] != ':' {
		return s.failAt(s.pos, "is invalid after a property name. Expected a ':'.")
	}
	s.pos++
	s.tok = memberName
	return nil
}

func (s *scanner) value() error {
	switch c := s.data[s.pos]; {
	case c == '"':
		return s.string()
	case c == '{':
		return s.open(startObject)
	case c == '[':
		return s.open(startArray)
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	case c == 't':
		return s.literal("true", trueToken)
	case c == 'f':
		return s.literal("false", falseToken)
	case c == 'n':
		return s.literal("null", nullToken)
	}
	return s.failAt(s.pos, "is an invalid start of a value.")
}

func (s *scanner) literal(word string, tok token) error {
	rest := s.data[s.pos:]
	n := 0
	for n < len(word) && n < len(rest) && rest[n] == word[n] {
		n++
	}
	if n < len(word) {
		// .NET quotes the whole rest of the body, which may hold a password.
		shown := rest[:min(len(rest), len(word))]
		s.pos += n
		return s.fail("'" + strings.ToValidUTF8(string(shown), "\uFFFD") + "' is an invalid JSON literal. Expected the literal '" + word + "'.")
	}
	s.start, s.tok, s.text, s.escaped = s.pos, tok, rest[:n], false
	s.pos += n
	return nil
}

// skip goes to the end of the value whose first token was read.
func (s *scanner) skip() error {
	if s.tok != startObject && s.tok != startArray {
		return nil
	}
	for depth := s.depth; s.depth >= depth; {
		if err := s.read(); err != nil {
			return err
		}
	}
	return nil
}
