// Package password hashes passwords and checks them against stored hashes.
//
// New hashes are argon2id with constant parameters, in the PHC string format. Two more forms are only
// verified, so that users imported from Jellyfin keep their passwords: PBKDF2-SHA512, and the PBKDF2 with
// SHA-1 of its older releases. Everything that a stored hash can ask for in work or memory is bounded.
//
// A password is its UTF-8 bytes as they come: nothing is trimmed, folded, normalised or cut off.
package password

import (
	"errors"
	"fmt"
	"io"
)

// The parameters of new hashes: argon2id, version 19. Source: OWASP Password Storage Cheat Sheet.
// They are constants, because a hash must cost the same on whichever machine it is checked.
const (
	Memory   = 19 * 1024 // KiB
	Passes   = 2
	Lanes    = 1
	SaltSize = 16 // bytes
	TagSize  = 32 // bytes
)

var (
	// ErrMalformed is a stored hash that does not follow the strict grammar of its form.
	ErrMalformed = errors.New("malformed password hash")
	// ErrUnsupported is a stored hash of a form that is not known here, or one that asks for more work than
	// is allowed.
	ErrUnsupported = errors.New("unsupported password hash")
)

// Hash makes the stored form of a password, with a salt read from rand. It takes Memory KiB and some tens
// of milliseconds. The only errors are rand's.
func Hash(rand io.Reader, password string) (string, error) {
	salt := make([]byte, SaltSize)
	if _, err := io.ReadFull(rand, salt); err != nil {
		return "", fmt.Errorf("salt: %w", err)
	}
	h := argon2id{m: Memory, t: Passes, p: Lanes, salt: salt}
	h.tag = h.derive(password, TagSize)
	return h.String(), nil
}

// Verify says whether password belongs to a stored hash. The error is ErrMalformed or ErrUnsupported when the hash
// cannot be checked; it comes at once, so a caller that must not show which users exist calls Waste then.
func Verify(encoded, password string) (bool, error) {
	h, err := parse(encoded)
	if err != nil {
		return false, err
	}
	return h.verify(password)
}

// Check tells without work whether Verify can check a password against a stored hash: the error is what Verify's would be.
func Check(encoded string) error {
	_, err := parse(encoded)
	return err
}

// Waste does the work of one Verify against a hash of the current parameters. It stands in where there is no
// such user, so that the answer takes as long as a wrong password.
func Waste(password string) {
	h := argon2id{m: Memory, t: Passes, p: Lanes, salt: make([]byte, SaltSize), tag: make([]byte, TagSize)}
	h.verify(password)
}

// NeedsRehash is true for every stored hash that Hash would not write today, broken ones too. After a sign-in
// with the right password the caller replaces such a hash.
func NeedsRehash(encoded string) bool {
	h, err := parse(encoded)
	return err != nil || !h.current()
}

// Cost is the memory, in bytes, that Verify takes for a stored hash: at most 256 MiB; 0 for PBKDF2, which needs
// next to nothing, and for a hash that Verify refuses.
func Cost(encoded string) int64 {
	h, err := parse(encoded)
	if err != nil {
		return 0
	}
	return h.memory()
}
