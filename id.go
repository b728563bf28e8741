package finlatch

import (
	"encoding/hex"
	"io"
	"strings"
)

// ID names a user, the server or an API key: 128 bits, written as 32 lower-case hexadecimal digits without
// dashes, as Jellyfin writes its ids. The zero ID names nothing.
type ID [16]byte

// ParseID reads 32 hexadecimal digits, with or without the dashes of a UUID, in either case. Clients built on the
// Kotlin SDK get the plain form and send the dashed one.
func ParseID(text string) (ID, bool) {
	var id ID
	if len(text) == 36 {
		if text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
			return id, false
		}
		text = text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	}
	if len(text) != 32 {
		return id, false
	}
	if _, err := hex.Decode(id[:], []byte(text)); err != nil {
		return ID{}, false
	}
	return id, true
}

// newID draws a random ID. Its version and variant bits are those of a random UUID (RFC 9562), because Android TV
// parses ids as UUIDs.
func newID(random io.Reader) (ID, error) {
	var id ID
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return id, err
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id, nil
}

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero tells whether the ID names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText writes the 32 digits.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what ParseID takes.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, ok := ParseID(string(text))
	if !ok {
		return &Error{Kind: Invalid, Msg: "an id is 32 hexadecimal digits"}
	}
	*id = parsed
	return nil
}

// NormalizeName is the form in which user names are compared and unique: upper case, code point by code point, as
// .NET's invariant culture maps it, which leaves the dotless ı alone.
func NormalizeName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == 'ı' {
			return r
		}
		return toUpper(r)
	}, name)
}
