package password

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
)

const (
	argon2idID = "argon2id"

	maxMemory = 256 * 1024 // KiB
	maxPasses = 16
	maxLanes  = 16
)

// argon2id is $argon2id$v=19$m=…,t=…,p=…$salt$tag (RFC 9106). Each lane is a goroutine while a hash is computed, so
// an imported hash with p > 1 uses more than one core.
type argon2id struct {
	m         uint32 // KiB
	t         uint32 // passes
	p         uint8  // lanes
	salt, tag []byte
}

func parseArgon2id(fields []string) (*argon2id, error) {
	// Without the version field it is version 16, which x/crypto does not compute.
	if len(fields) == 3 || len(fields) == 4 && fields[0] == "v=16" {
		return nil, unsupported("argon2id before version %d", argon2.Version)
	}
	if len(fields) != 4 {
		return nil, malformed("argon2id with %d fields", len(fields))
	}
	version, err := parameters(fields[0], "v")
	if err != nil {
		return nil, err
	}
	if version[0] != argon2.Version {
		return nil, unsupported("argon2id version %d", version[0])
	}
	costs, err := parameters(fields[1], "m", "t", "p")
	if err != nil {
		return nil, err
	}
	m, t, p := costs[0], costs[1], costs[2]
	if m > maxMemory || t > maxPasses || p > maxLanes {
		return nil, unsupported("argon2id with m=%d, t=%d, p=%d", m, t, p)
	}
	// RFC 9106 section 3.1: less than eight blocks a lane does not exist.
	if t < 1 || p < 1 || m < 8*p {
		return nil, malformed("argon2id with m=%d, t=%d, p=%d", m, t, p)
	}
	h := &argon2id{m: m, t: t, p: uint8(p)}
	if h.salt, err = base64Field(fields[2]); err != nil {
		return nil, err
	}
	if h.tag, err = base64Field(fields[3]); err != nil {
		return nil, err
	}
	return h, checkSizes(h.salt, h.tag)
}

func (h *argon2id) derive(password string, size int) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.t, h.m, h.p, uint32(size))
}

func (h *argon2id) verify(password string) (bool, error) {
	return subtle.ConstantTimeCompare(h.derive(password, len(h.tag)), h.tag) == 1, nil
}

func (h *argon2id) current() bool {
	return h.m == Memory && h.t == Passes && h.p == Lanes && len(h.salt) == SaltSize && len(h.tag) == TagSize
}

func (h *argon2id) memory() int64 { return int64(h.m) * 1024 }

func (h *argon2id) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2idID, argon2.Version, h.m, h.t, h.p, b64(h.salt), b64(h.tag))
}
