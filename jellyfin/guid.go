package jellyfin

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf16"
)

// GUID is a .NET Guid with its bytes in the order of its text, not in that of Guid.ToByteArray.
type GUID [16]byte

var errGUID = errors.New("jellyfin: not a GUID")

// String returns 32 lower-case hex digits, .NET's format N: the form of every id in Jellyfin's JSON.
func (g GUID) String() string { return hex.EncodeToString(g[:]) }

// Dashed returns .NET's format D, 36 characters: the form of DisplayPreferencesDto.Id.
func (g GUID) Dashed() string {
	s := hex.EncodeToString(g[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// IsZero reports whether g is all zeros: nobody, nothing.
func (g GUID) IsZero() bool { return g == GUID{} }

// MarshalText writes what String returns.
func (g GUID) MarshalText() ([]byte, error) {
	return hex.AppendEncode(make([]byte, 0, 32), g[:]), nil
}

// MarshalJSON writes what String returns; zeros are written as 32 zeros.
func (g GUID) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 34), '"')
	return append(hex.AppendEncode(b, g[:]), '"'), nil
}

// UnmarshalText reads what ParseGUID reads.
func (g *GUID) UnmarshalText(text []byte) (err error) {
	*g, err = ParseGUID(string(text))
	return err
}

// UnmarshalJSON reads a string as ParseGUID does, and null as zeros. The empty string is an error.
func (g *GUID) UnmarshalJSON(data []byte) error {
	var s *string
	if err := json.Unmarshal(data, &s); err != nil {
		return errGUID
	}
	if s == nil {
		*g = GUID{}
		return nil
	}
	return g.UnmarshalText([]byte(*s))
}

// ParseGUID reads every text form of .NET's Guid.Parse, in any case and with white space around it: 32 digits (N),
// dashed (D), dashed in braces (B) or parentheses (P), and the form of C initialisers (X).
func ParseGUID(s string) (GUID, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "{0x") || strings.HasPrefix(s, "{0X") {
		return parseGUIDX(s)
	}
	if len(s) == 38 && (s[0] == '{' && s[37] == '}' || s[0] == '(' && s[37] == ')') {
		s = s[1:37]
		if s[8] != '-' {
			return GUID{}, errGUID
		}
	}
	var digits [32]byte
	switch len(s) {
	case 32:
		copy(digits[:], s)
	case 36:
		if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
			return GUID{}, errGUID
		}
		n := copy(digits[:], s[:8])
		n += copy(digits[n:], s[9:13])
		n += copy(digits[n:], s[14:18])
		n += copy(digits[n:], s[19:23])
		copy(digits[n:], s[24:])
	default:
		return GUID{}, errGUID
	}
	var g GUID
	if _, err := hex.Decode(g[:], digits[:]); err != nil {
		return GUID{}, errGUID
	}
	return g, nil
}

// parseGUIDX reads {0xd85b1407,0x351d,0x4694,{0x93,0x92,0x03,0xac,0xc5,0x87,0x0e,0xb1}}, where .NET ignores
// white space and lets leading zeros go.
func parseGUIDX(s string) (GUID, error) {
	groups := strings.Split(strings.Join(strings.Fields(s), ""), ",")
	if len(groups) != 11 {
		return GUID{}, errGUID
	}
	var digits strings.Builder
	for i, group := range groups {
		before, after, width := "0x", "", 2
		switch i {
		case 0:
			before, width = "{0x", 8
		case 1, 2:
			width = 4
		case 3:
			before = "{0x"
		case 10:
			after = "}}"
		}
		if len(group) < len(before)+len(after)+1 || !equalFold(group[:len(before)], before) || !strings.HasSuffix(group, after) {
			return GUID{}, errGUID
		}
		value := group[len(before) : len(group)-len(after)]
		if len(value) > width {
			return GUID{}, errGUID
		}
		digits.WriteString("0000000"[:width-len(value)] + value)
	}
	var g GUID
	if _, err := hex.Decode(g[:], []byte(digits.String())); err != nil {
		return GUID{}, errGUID
	}
	return g, nil
}

// MD5GUID derives an id from s as Jellyfin does for session ids, display preferences that are no GUID, image tags
// and names of reset files: MD5 over the UTF-16LE of s, the digest taken as the bytes of a .NET Guid, whose first three
// groups are little-endian.
func MD5GUID(s string) GUID {
	b := make([]byte, 0, 2*len(s))
	for _, unit := range utf16.Encode([]rune(s)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	sum := md5.Sum(b)
	g := GUID(sum)
	g[0], g[1], g[2], g[3] = sum[3], sum[2], sum[1], sum[0]
	g[4], g[5] = sum[5], sum[4]
	g[6], g[7] = sum[7], sum[6]
	return g
}
