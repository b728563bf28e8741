package httpx

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// Encoded is JSON as Marshal writes it, kept to be sent more than once, as a whole answer or as a part of one.
type Encoded []byte

// MarshalJSON gives the JSON itself.
func (e Encoded) MarshalJSON() ([]byte, error) {
	if len(e) == 0 {
		return []byte("null"), nil
	}
	return e, nil
}

// Marshal encodes v with encoding/json and escapes strings as .NET's strict encoder does: everything beyond ASCII and
// the characters " & ' + < > ` and DEL become \uXXXX, in upper case and with surrogate pairs.
func Marshal(v any) (Encoded, error) {
	if e, ok := v.(Encoded); ok && len(e) > 0 {
		return e, nil
	}
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if !hasSpecial(plain) {
		return plain, nil
	}
	return appendStrict(make([]byte, 0, len(plain)+len(plain)/4+16), plain, false), nil
}

// WriteJSON answers with v. The names of members are in camel case if the request's Accept header asks for Jellyfin's
// profile of that name. What goes wrong before the first byte (v cannot be encoded) leaves the answer unwritten;
// afterwards the error is the connection's.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := Marshal(v)
	if err != nil {
		return err
	}
	contentType, camel := jsonProfile(r.Header["Accept"])
	if camel {
		body = appendStrict(make([]byte, 0, len(body)), body, true)
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err = w.Write(body)
	return err
}

// AppendEscaped appends s as a JSON string with its quotes, escaped as Marshal does.
func AppendEscaped(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		i += width
		switch r {
		case '\\':
			b = append(b, `\\`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		default:
			b = appendRune(b, r)
		}
	}
	return append(b, '"')
}

// hasSpecial tells whether anything has to change. Behind a backslash something may have to.
func hasSpecial(b []byte) bool {
	for _, c := range b {
		switch c {
		case '\\', '&', '\'', '+', '<', '>', '`':
			return true
		}
		if c >= 0x7f {
			return true
		}
	}
	return false
}

// appendStrict copies JSON that encoding/json wrote, and escapes what stands in its strings. With camel the members'
// names begin in lower case, but not those of dictionaries.
func appendStrict(b, plain []byte, camel bool) []byte {
	names := camelCase{on: camel}
	for i := 0; i < len(plain); {
		c := plain[i]
		if c != '"' {
			names.structure(c)
			b = append(b, c)
			i++
			continue
		}
		end := stringEnd(plain, i)
		start := len(b)
		b = append(b, '"')
		b = appendStrictString(b, plain[i+1:end-1])
		b = append(b, '"')
		i = end
		names.text(b[start+1:len(b)-1], i < len(plain) && plain[i] == ':')
	}
	return b
}

// stringEnd is the index behind the closing quote of the string that begins at start.
func stringEnd(b []byte, start int) int {
	for i := start + 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

func appendStrictString(b, s []byte) []byte {
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			r, width := utf8.DecodeRune(s[i:])
			b = appendRune(b, r)
			i += width
			continue
		}
		switch c := s[i+1]; {
		case c == 'u':
			b = append(b, '\\', 'u')
			b = append(b, bytes.ToUpper(s[i+2:i+6])...)
			i += 6
			continue
		case c == '"' || c == '/':
			b = appendRune(b, rune(c))
		default:
			b = append(b, '\\', c)
		}
		i += 2
	}
	return b
}

const hexUpper = "0123456789ABCDEF"

// appendRune appends one character of a string, as it is or as \uXXXX.
func appendRune(b []byte, r rune) []byte {
	switch {
	case r >= 0x10000:
		r -= 0x10000
		return appendUnit(appendUnit(b, 0xd800+r>>10), 0xdc00+r&0x3ff)
	case r < 0x20, r >= 0x7f, r == '"', r == '&', r == '\'', r == '+', r == '<', r == '>', r == '`', r == '\\':
		return appendUnit(b, r)
	}
	return append(b, byte(r))
}

func appendUnit(b []byte, u rune) []byte {
	return append(b, '\\', 'u', hexUpper[u>>12&15], hexUpper[u>>8&15], hexUpper[u>>4&15], hexUpper[u&15])
}
