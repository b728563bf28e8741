package httpx

import "strings"

func (s *scanner) number() error {
	i := s.pos
	digits := func() { // at least the one that was looked at
		for i < len(s.data) && '0' <= s.data[i] && s.data[i] <= '9' {
			i++
		}
	}
	need := func(after string) error {
		if i == len(s.data) {
			s.pos = i
			return s.fail("Expected a digit ('0'-'9'), but instead reached end of data.")
		}
		if c := s.data[i]; c < '0' || c > '9' {
			return s.failAt(i, "is invalid within a number, immediately after a "+after+". Expected a digit ('0'-'9').")
		}
		return nil
	}
	at := func(set string) bool { return i < len(s.data) && strings.IndexByte(set, s.data[i]) >= 0 }
	const sign, end = "sign character ('+' or '-')", ",}] \n\r\t/"

	if at("-") {
		i++
		if err := need(sign); err != nil {
			return err
		}
	}
	if at("0") {
		i++
		if at("0123456789") {
			s.pos = i
			return s.fail("Invalid leading zero before '" + string(rune(s.data[i])) + "'.")
		}
	}
	digits()
	expected := "Expected a delimiter."
	if at(".") {
		i++
		if err := need("decimal point ('.')"); err != nil {
			return err
		}
		digits()
		expected = "Expected 'E' or 'e'."
	}
	if at("eE") {
		i++
		if at("+-") {
			i++
		}
		if err := need(sign); err != nil {
			return err
		}
		digits()
		expected = "Expected a delimiter."
	}
	switch {
	case i == len(s.data) && s.depth > 0:
		err := s.failAt(i-1, "is an invalid end of a number. Expected a delimiter.").(*jsonError)
		err.column++ // the reader has gone past it
		return err
	case i < len(s.data) && !at(end):
		return s.failAt(i, "is an invalid end of a number. "+expected)
	}
	s.start, s.tok, s.text, s.escaped = s.pos, numberToken, s.data[s.pos:i], false
	s.pos = i
	return nil
}
