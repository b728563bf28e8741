package password

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of what a stored hash may ask for. Hashes come in by import too, and one with m=4194304 would take the
// server down with the first attempt on that user's name. Strings from outside are never parsed beyond maxEncoded.
const (
	maxEncoded = 512 // bytes
	maxID      = 20  // bytes
	minSalt    = 1   // bytes, like the next three
	maxSalt    = 64
	minTag     = 16
	maxTag     = 64
)

// stored is a parsed hash. String gives it back in canonical form, which parse accepts.
type stored interface {
	verify(password string) (bool, error)
	current() bool // what Hash would write
	memory() int64 // bytes
	String() string
}

// parse reads any form of stored hash: $id$parameters…$salt$tag. Its errors never hold salt or tag.
func parse(encoded string) (stored, error) {
	if len(encoded) > maxEncoded {
		return nil, malformed("longer than %d bytes", maxEncoded)
	}
	// What has no second $ has no id either: it may be a bare hash, which the error below must not repeat.
	fields := strings.Split(encoded, "$")
	if len(fields) < 3 || fields[0] != "" || !isID(fields[1]) {
		return nil, malformed("no $id$ at its start")
	}
	switch id, fields := fields[1], fields[2:]; id {
	case argon2idID:
		return parseArgon2id(fields)
	case pbkdf2SHA512ID, pbkdf2SHA1ID:
		return parsePBKDF2(id, fields)
	default:
		return nil, unsupported("form %q", id)
	}
}

func isID(s string) bool {
	return s != "" && len(s) <= maxID && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// parameters reads "a=1,b=2": exactly these names, once each and in this order, which PHC fixes.
func parameters(s string, names ...string) ([]uint32, error) {
	pairs := strings.Split(s, ",")
	if len(pairs) != len(names) {
		return nil, malformed("%d parameters, not %d", len(pairs), len(names))
	}
	values := make([]uint32, len(names))
	for i, pair := range pairs {
		text, ok := strings.CutPrefix(pair, names[i]+"=")
		if !ok {
			return nil, malformed("parameter %d is not %s", i+1, names[i])
		}
		var err error
		if values[i], err = number(text); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// number reads a decimal without sign, space or leading zero. One beyond 32 bits comes back as the greatest, which
// is beyond every bound here as well.
func number(s string) (uint32, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" || s[0] == '0' && s != "0" {
		return 0, malformed("a parameter is not a plain number")
	}
	n, _ := strconv.ParseUint(s, 10, 32)
	return uint32(n), nil
}

// base64Field reads unpadded standard base64 that is canonical. Encoding again finds the line breaks that the
// decoder skips and stray bits at the end.
func base64Field(s string) ([]byte, error) {
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || base64.RawStdEncoding.EncodeToString(b) != s {
		return nil, malformed("salt or tag is not canonical base64")
	}
	return b, nil
}

func checkSizes(salt, tag []byte) error {
	if len(salt) < minSalt || len(salt) > maxSalt {
		return malformed("salt of %d bytes", len(salt))
	}
	if len(tag) < minTag || len(tag) > maxTag {
		return malformed("tag of %d bytes", len(tag))
	}
	return nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}
