package jellyfin

import "strconv"

// Enum is one of Jellyfin's enums. It travels as a name; requests may spell the name in any case, or send its place in
// Values instead. The zero value "" stands for the first name, as .NET's default does.
type Enum interface {
	~string
	// Values returns all names in the order of Jellyfin's enum. The caller may keep the slice.
	Values() []string
}

// ParseEnum reads a name in any case, or a decimal number that is a place in Values.
func ParseEnum[T Enum](s string) (T, bool) {
	var zero T
	values := zero.Values()
	for _, v := range values {
		if equalFold(v, s) {
			return T(v), true
		}
	}
	if i, err := strconv.ParseUint(s, 10, 31); err == nil && i < uint64(len(values)) {
		return T(values[i]), true
	}
	return "", false
}

// enumText is the MarshalText of every enum.
func enumText[T Enum](v T) ([]byte, error) {
	if v == "" {
		return []byte(v.Values()[0]), nil
	}
	return []byte(v), nil
}

// equalFold compares without regard to the case of ASCII letters only: strings.EqualFold also takes the Kelvin
// sign for a k, and no .NET comparison does.
func equalFold(s, t string) bool {
	if len(s) != len(t) {
		return false
	}
	for i := range len(s) {
		if lower(s[i]) != lower(t[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
