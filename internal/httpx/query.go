package httpx

import (
	"net/http"
	"strconv"
	"strings"
)

// Values is a query as ASP.NET reads it: names in any case, "+" a space, ";" no separator, broken percent signs and
// broken UTF-8 no error.
type Values struct {
	raw     string
	pairs   []pair
	recoded bool
}

type pair struct{ name, value string }

// Query reads the query of a request; once, if it has an event. A query that was percent-encoded once more as a whole
// ("a%3D1%26b%3D2": one name, no value, with "=" in the name) is read as what it was meant to be.
func Query(r *http.Request) *Values {
	ev := EventFrom(r.Context())
	if ev.query == nil || ev.query.raw != r.URL.RawQuery {
		ev.query = parseQuery(r.URL.RawQuery)
	}
	return ev.query
}

func parseQuery(raw string) *Values {
	v := &Values{raw: raw}
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		v.pairs = append(v.pairs, pair{unescape(name), unescape(value)})
	}
	if len(v.pairs) == 1 && v.pairs[0].value == "" && strings.Contains(v.pairs[0].name, "=") {
		whole := v.pairs[0].name
		v.pairs, v.recoded = nil, true
		for part := range strings.SplitSeq(whole, "&") {
			name, value, _ := strings.Cut(part, "=")
			v.pairs = append(v.pairs, pair{name, value})
		}
	}
	return v
}

// Recoded says that the whole query had been encoded once more. Jellyfin takes no token from such a query.
func (v *Values) Recoded() bool { return v.recoded }

// Get is the first value of name, "" if there is none.
func (v *Values) Get(name string) string {
	for _, p := range v.pairs {
		if strings.EqualFold(p.name, name) {
			return p.value
		}
	}
	return ""
}

// Has tells whether the name is there, with or without a value.
func (v *Values) Has(name string) bool {
	for _, p := range v.pairs {
		if strings.EqualFold(p.name, name) {
			return true
		}
	}
	return false
}

// All has every value of name, in their order.
func (v *Values) All(name string) []string {
	var all []string
	for _, p := range v.pairs {
		if strings.EqualFold(p.name, name) {
			all = append(all, p.value)
		}
	}
	return all
}

// List has what the values of name list: each may have several, separated by commas. Empty ones are dropped.
func (v *Values) List(name string) []string {
	var all []string
	for _, value := range v.All(name) {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
	}
	return all
}

// Required is the first value of name. If that is missing, empty or blank, the error is Required's.
func (v *Values) Required(name string) (string, error) {
	value := v.Get(name)
	if strings.TrimSpace(value) == "" {
		return "", Required(name)
	}
	return value, nil
}

// Bool reads true or false in any case. It is nil for a value that is missing or blank; the error is Invalid's.
func (v *Values) Bool(name string) (*bool, error) {
	value := v.Get(name)
	switch text := strings.TrimSpace(value); {
	case text == "":
		return nil, nil
	case strings.EqualFold(text, "true"):
		return new(true), nil
	case strings.EqualFold(text, "false"):
		return new(false), nil
	}
	return nil, Invalid(name, value)
}

// Int reads a number of 32 bits. It is nil for a value that is missing or blank; the error is Invalid's.
func (v *Values) Int(name string) (*int, error) {
	value := v.Get(name)
	text := strings.TrimSpace(value)
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return nil, Invalid(name, value)
	}
	return new(int(n)), nil
}

// unescape decodes what is well encoded and leaves the rest as it is.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			b = append(b, c)
		}
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// unhex is the value of a digit that isHex accepts.
func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
