package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// A JSON value is nil, a bool, a json.Number, a string, an []any or an *object. Numbers keep their text, so that an
// integer differs from a decimal and large ones stay exact; objects keep the order of their members, so that what
// was captured goes out again as it came in.

// object is a JSON object with its members in the order in which they stood.
type object struct{ members []member }

type member struct {
	key   string
	value any
}

func (o *object) get(key string) (any, bool) {
	for _, m := range o.members {
		if m.key == key {
			return m.value, true
		}
	}
	return nil, false
}

func (o *object) has(key string) bool { _, ok := o.get(key); return ok }

// set replaces a member where it stands, or adds one at the end.
func (o *object) set(key string, value any) {
	for i := range o.members {
		if o.members[i].key == key {
			o.members[i].value = value
			return
		}
	}
	o.members = append(o.members, member{key, value})
}

func (o *object) all() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for _, m := range o.members {
			if !yield(m.key, m.value) {
				return
			}
		}
	}
}

// decode reads exactly one JSON value. A member that stands twice in an object is an error: a reader that keeps the
// last one would not notice.
func decode(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	value, err := decodeValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON value")
	}
	return value, nil
}

func decodeValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			item, err := decodeValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err := d.Token()
		return list, err
	case json.Delim('{'):
		o := &object{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			value, err := decodeValue(d)
			if err != nil {
				return nil, err
			}
			if o.has(key.(string)) {
				return nil, fmt.Errorf("member %q stands twice", key)
			}
			o.members = append(o.members, member{key.(string), value})
		}
		_, err := d.Token()
		return o, err
	}
	return token, nil
}

// encode writes a value compactly, its members in order and its strings unescaped as far as JSON allows.
func encode(value any) string { return encodeTo(value, false) }

// canonical is encode with sorted members: equal texts are equal values.
func canonical(value any) string { return encodeTo(value, true) }

func encodeTo(value any, sorted bool) string {
	var b strings.Builder
	write(&b, value, sorted)
	return b.String()
}

func write(b *strings.Builder, value any, sorted bool) {
	switch value := value.(type) {
	case []any:
		b.WriteByte('[')
		for i, item := range value {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, item, sorted)
		}
		b.WriteByte(']')
	case *object:
		members := value.members
		if sorted {
			members = slices.SortedFunc(slices.Values(members), func(x, y member) int { return strings.Compare(x.key, y.key) })
		}
		b.WriteByte('{')
		for i, m := range members {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, m.key, sorted)
			b.WriteByte(':')
			write(b, m.value, sorted)
		}
		b.WriteByte('}')
	case string:
		var quoted bytes.Buffer
		e := json.NewEncoder(&quoted)
		e.SetEscapeHTML(false)
		_ = e.Encode(value) // strings always encode
		b.Write(bytes.TrimSuffix(quoted.Bytes(), []byte("\n")))
	case json.Number:
		b.WriteString(value.String())
	case bool:
		fmt.Fprint(b, value)
	case nil:
		b.WriteString("null")
	default:
		panic(fmt.Sprintf("replay: %T is no JSON value", value))
	}
}

// jsonType names a value's type; an integer and a decimal are two.
func jsonType(value any) string {
	switch value := value.(type) {
	case bool:
		return "boolean"
	case json.Number:
		if strings.ContainsAny(value.String(), ".eE") {
			return "decimal"
		}
		return "integer"
	case string:
		return "string"
	case []any:
		return "array"
	case *object:
		return "object"
	}
	return "null"
}

// longestExact bounds the texts of numbers that are compared as fractions: a server may answer 1e999999999.
const longestExact = 64

func sameNumber(one, other json.Number) bool {
	if one == other {
		return true
	}
	if len(one)+len(other) > 2*longestExact || strings.ContainsAny(string(one+other), "eE") {
		return false
	}
	x, okX := new(big.Rat).SetString(string(one))
	y, okY := new(big.Rat).SetString(string(other))
	return okX && okY && x.Cmp(y) == 0
}

func positive(n json.Number) bool {
	return !strings.HasPrefix(string(n), "-") && strings.ContainsAny(string(n), "123456789")
}
