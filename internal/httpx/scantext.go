package httpx

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func (s *scanner) string() error {
	from := s.pos + 1
	escaped := false
	for i := from; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.start, s.tok, s.text, s.escaped = s.pos, stringToken, s.data[from:i], escaped
			s.pos = i + 1
			return nil
		case c < 0x20:
			return s.failAt(i, "is invalid within a JSON string. The string should be correctly escaped.")
		case c == '\\':
			escaped = true
			i++
			if i == len(s.data) {
				break
			}
			if strings.IndexByte(`"\/bfnrtu`, s.data[i]) < 0 {
				return s.failAt(i, "is an invalid escapable character within a JSON string. The string should be correctly escaped.")
			}
			if s.data[i] != 'u' {
				break
			}
			for end := i + 4; i < end && i+1 < len(s.data); i++ {
				if !isHex(s.data[i+1]) {
					return s.failAt(i+1, `is not a hex digit following '\u' within a JSON string. The string should be correctly escaped.`)
				}
			}
		}
	}
	s.pos = len(s.data)
	return s.fail("Expected end of string, but instead reached end of data.")
}

// plain decodes text; false if that is broken UTF-8 or has half a surrogate pair, which .NET cannot make a string of.
func (s *scanner) plain() (string, bool) {
	if !utf8.Valid(s.text) {
		return "", false
	}
	if !s.escaped {
		return string(s.text), true
	}
	b := make([]byte, 0, len(s.text))
	for i := 0; i < len(s.text); i++ {
		if s.text[i] != '\\' {
			b = append(b, s.text[i])
			continue
		}
		i++
		switch c := s.text[i]; c {
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r := unit(s.text[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				if rest := s.text[i+1:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
					r = utf16.DecodeRune(r, unit(rest[2:]))
				} else {
					r = utf8.RuneError
				}
				if r == utf8.RuneError {
					return "", false
				}
				i += 6
			}
			b = utf8.AppendRune(b, r)
		default:
			b = append(b, c)
		}
	}
	return string(b), true
}

// unit reads the four digits behind \u.
func unit(hex []byte) rune {
	return rune(unhex(hex[0]))<<12 | rune(unhex(hex[1]))<<8 | rune(unhex(hex[2]))<<4 | rune(unhex(hex[3]))
}
