package password

import (
	kdf "crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
)

// Ids and bound of what Jellyfin stores. Its MediaBrowser.Model/Cryptography/PasswordHash reads more shapes (no
// salt, further parameters) than its CryptographyProvider ever wrote; those are refused.
const (
	pbkdf2SHA512ID = "PBKDF2-SHA512" // now with 210,000 iterations
	pbkdf2SHA1ID   = "PBKDF2"        // older releases, with 1,000

	maxIterations = 10_000_000
)

// pbkdf2 is $PBKDF2-SHA512$iterations=…$SALT$HASH, or the same with the id PBKDF2 for SHA-1; salt and hash in hex of
// either case, written in upper case. It is never written for a new password.
type pbkdf2 struct {
	id         string
	iterations int
	salt, tag  []byte
}

func parsePBKDF2(id string, fields []string) (*pbkdf2, error) {
	if len(fields) != 3 {
		return nil, malformed("%s with %d fields", id, len(fields))
	}
	costs, err := parameters(fields[0], "iterations")
	if err != nil {
		return nil, err
	}
	switch n := costs[0]; {
	case n < 1:
		return nil, malformed("%s with %d iterations", id, n)
	case n > maxIterations:
		return nil, unsupported("%s with %d iterations", id, n)
	}
	h := &pbkdf2{id: id, iterations: int(costs[0])}
	if h.salt, err = hexField(fields[1]); err != nil {
		return nil, err
	}
	if h.tag, err = hexField(fields[2]); err != nil {
		return nil, err
	}
	// Jellyfin compares with an output of fixed length, so any other length never matched there.
	if len(h.tag) != h.size() {
		return nil, malformed("%s with a hash of %d bytes", id, len(h.tag))
	}
	return h, checkSizes(h.salt, h.tag)
}

func hexField(s string) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, malformed("salt or hash is not hex")
	}
	return b, nil
}

// size is the length of the hash in bytes.
func (h *pbkdf2) size() int {
	if h.id == pbkdf2SHA1ID {
		return 32
	}
	return sha512.Size
}

func (h *pbkdf2) verify(password string) (bool, error) {
	var tag []byte
	var err error
	if h.id == pbkdf2SHA1ID {
		tag, err = kdf.Key(sha1.New, password, h.salt, h.iterations, h.size())
	} else {
		tag, err = kdf.Key(sha512.New, password, h.salt, h.iterations, h.size())
	}
	if err != nil { // in FIPS 140-only mode: SHA-1, or a salt below 16 bytes
		return false, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return subtle.ConstantTimeCompare(tag, h.tag) == 1, nil
}

func (h *pbkdf2) current() bool { return false }

func (h *pbkdf2) memory() int64 { return 0 }

func (h *pbkdf2) String() string {
	return fmt.Sprintf("$%s$iterations=%d$%X$%X", h.id, h.iterations, h.salt, h.tag)
}
