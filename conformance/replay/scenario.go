package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Recording is one recorded conversation: a scenario with what was asked and what a real server answered.
type Recording struct {
	Scenario string
	Needs    string // "fresh": a server that nobody has set up; "ready": any
	Host     string // where the recorded server listened, as it stands in its answers
	Run      string // what ${RUN} was
	Steps    []Step
}

// Step is one step of a recording: what to do, and what was sent, answered and captured then.
type Step struct {
	Name   string
	Kind   string // http, purge, file, udp, ws-open, ws-talk, ws-quiet or ws-close; others are reported as unsupported
	Spec   Spec
	Sent   *Sent   `json:"request"`
	Answer *Answer `json:"response"`
	Saved  map[string]jsonValue
}

// Spec says how a step is carried out.
type Spec struct {
	Request Request
	Save    map[string]string // name → $.path in the body, or header:name
	Sleep   float64           // seconds to wait before the step
	Timeout float64           // seconds that the server has for its answer
	Rules   Rules
}

// Request says what a step sends. Texts may hold templates.
type Request struct {
	Method  string
	Path    string // of the URL, or of the file on the server's disk
	Headers []Header
	JSON    json.RawMessage // the body as a JSON value; nil without one
	Text    *string         // the body as text; nil without one
	Proto   string          // HTTP/1.1 if empty
	Conn    string          // the name of a connection to keep open; a connection of its own if empty

	To string // the loopback address that a datagram goes to

	Sock   string          // the name of a WebSocket
	Send   json.RawMessage // the message as a JSON value; nil or null without one, Text may be one instead
	Opcode string          // of the message: text, binary or ping
	Pieces int             // frames that the message is cut into
	First  *string         // the type of message to wait for once the WebSocket is open
	Expect *string         // the type of message to wait for
	Wait   float64         // seconds that messages or datagrams may take to come
}

// Header is one header line as it is spelt. A nil value leaves a default header out.
type Header struct {
	Name  string
	Value *string
}

// UnmarshalJSON reads ["Name", "value"] or ["Name", null].
func (h *Header) UnmarshalJSON(data []byte) error {
	var pair [2]*string
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	if pair[0] == nil {
		return fmt.Errorf("a header without a name: %s", data)
	}
	h.Name, h.Value = *pair[0], pair[1]
	return nil
}

// Sent is what went out when the step was recorded. Body is the JSON value, the text, or length and digest.
type Sent struct {
	Method  string
	Path    string
	Headers []Header
	Body    jsonValue
}

// jsonValue is any JSON value inside a struct.
type jsonValue struct{ value any }

func (v *jsonValue) UnmarshalJSON(data []byte) (err error) {
	v.value, err = decode(data)
	return err
}

// Load reads one recording.
func Load(file string) (*Recording, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	recording := &Recording{}
	if err := json.Unmarshal(rawBytes(data), recording); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if recording.Scenario == "" || recording.Host == "" || recording.Run == "" || len(recording.Steps) == 0 {
		return nil, fmt.Errorf("%s: no recording", file)
	}
	return recording, nil
}

// LoadAll reads the named recordings of a folder, in the order of their names.
func LoadAll(folder string, names ...string) ([]*Recording, error) {
	var recordings []*Recording
	for _, name := range slices.Sorted(slices.Values(names)) {
		recording, err := Load(filepath.Join(folder, name+".json"))
		if err != nil {
			return nil, err
		}
		recordings = append(recordings, recording)
	}
	return recordings, nil
}

// Recordings write a byte that is not UTF-8 as a lone surrogate, "\udcff" for 0xFF, which encoding/json would lose. It
// reads them as characters of the private use area instead, and wireBytes makes bytes of those.
const firstRawByte, lastRawByte = '\uf780', '\uf7ff'

func rawBytes(document []byte) []byte {
	out := bytes.Clone(document)
	for i := 0; i+6 <= len(out); i++ {
		if out[i] != '\\' {
			continue
		}
		escape := strings.ToLower(string(out[i : i+6]))
		high := strings.HasPrefix(escape, `\ud8`) || strings.HasPrefix(escape, `\ud9`) ||
			strings.HasPrefix(escape, `\uda`) || strings.HasPrefix(escape, `\udb`)
		switch {
		case high:
			i += 11 // and its other half
		case strings.HasPrefix(escape, `\udc`) && escape[4] >= '8':
			copy(out[i:], `\uf7`)
			i += 5
		default:
			i++ // whatever is escaped, a backslash for one
		}
	}
	return out
}

// wireBytes is a text as it goes out.
func wireBytes(text string) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r >= firstRawByte && r <= lastRawByte {
			out = append(out, byte(r-firstRawByte+0x80))
			continue
		}
		out = append(out, string(r)...)
	}
	return out
}
