package finlatch

import (
	"time"
	"unicode"
	"unicode/utf8"
)

// User is an account. Whoever vouches for a password, users are rows here, so that devices, tokens and the activity
// log work the same for all.
type User struct {
	ID              ID
	Name            string
	NormalizedName  string // NormalizeName(Name); unique
	PasswordHash    string // a PHC string; empty: the user has no password
	PasswordVersion int64  // grows with every change of the password
	Policy          Policy
	Configuration   Configuration
	ImageTag        string // of the user's Picture; empty: the user has none

	InvalidLoginAttempts int // wrong passwords since the last right one

	CreatedAt      time.Time
	LastLoginAt    time.Time // zero: never
	LastActivityAt time.Time // zero: never; coarse by minutes
	DevicesSeenAt  time.Time // when it last looked at its devices on the pages; zero: never
}

// HasPassword tells whether the user signs in with anything but the empty password. It is said of all that an Upstream keeps,
// as Jellyfin 12 says it of everybody.
func (u *User) HasPassword() bool { return u.PasswordHash != "" || u.mirrors() }

// maxNameLength is in bytes; Jellyfin declares 255 characters and does not enforce it.
const maxNameLength = 255

// validName tells whether Jellyfin 12 takes a user name: letters, marks, digits, connector punctuation, space and
// - ' . _ @ +, with no white space first or last, and neither "." nor "..".
func validName(name string) bool {
	if name == "" || len(name) > maxNameLength || name == "." || name == ".." || !utf8.ValidString(name) {
		return false
	}
	first, _ := utf8.DecodeRuneInString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	if unicode.IsSpace(first) || unicode.IsSpace(last) {
		return false
	}
	for _, r := range name {
		switch {
		case unicode.IsLetter(r), unicode.In(r, unicode.Mn, unicode.Nd, unicode.Pc):
		case r == ' ', r == '-', r == '\'', r == '.', r == '@', r == '+':
		default:
			return false
		}
	}
	return true
}

func toUpper(r rune) rune { return unicode.ToUpper(r) }
