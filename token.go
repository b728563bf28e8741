package finlatch

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
)

// Hash is the SHA-256 of a secret. It is all that the store keeps of tokens, API keys and Quick Connect secrets.
type Hash [sha256.Size]byte

func hashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

const redacted = "redacted"

var errSecret = errors.New("a secret is not to be encoded")

// Token is an access token of a device, or an API key: for tokens made here 128 random bits as 32 lower-case
// hexadecimal digits. It prints, logs and encodes as "redacted"; Reveal alone gives it away.
type Token struct{ text string }

// TokenFrom takes what a request carries. Any text may be asked about; only a known one means something.
func TokenFrom(text string) Token { return Token{text} }

func newToken(random io.Reader) (Token, error) {
	var bits [16]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		return Token{}, err
	}
	return Token{hex.EncodeToString(bits[:])}, nil
}

// Reveal is the token itself, for the one answer that hands it out.
func (t Token) Reveal() string { return t.text }

// Hash is the form under which the store knows the token.
func (t Token) Hash() Hash { return hashOf(t.text) }

// IsZero tells whether there is no token.
func (t Token) IsZero() bool { return t.text == "" }

func (Token) String() string               { return redacted }
func (Token) GoString() string             { return redacted }
func (Token) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Token) MarshalText() ([]byte, error) { return nil, errSecret }

// Secret is what the device that asked for Quick Connect redeems: 256 random bits as 64 upper-case hexadecimal
// digits. It prints, logs and encodes as "redacted"; Reveal alone gives it away.
type Secret struct{ text string }

// SecretFrom takes what a request carries.
func SecretFrom(text string) Secret { return Secret{text} }

func newSecret(random io.Reader) (Secret, error) {
	var bits [32]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		return Secret{}, err
	}
	const digits = "0123456789ABCDEF"
	text := make([]byte, 0, 64)
	for _, b := range bits {
		text = append(text, digits[b>>4], digits[b&15])
	}
	return Secret{string(text)}, nil
}

// Reveal is the secret itself, for the answers to the device that asked.
func (s Secret) Reveal() string { return s.text }

// Hash is the form under which the store knows the secret.
func (s Secret) Hash() Hash { return hashOf(s.text) }

// token is the access token that a redemption hands out: the first 16 bytes of HMAC-SHA256(secret, salt). While the
// salt is kept, a repeated redemption gets the same token, though the store has only its hash.
func (s Secret) token(salt []byte) Token {
	mac := hmac.New(sha256.New, []byte(s.text))
	mac.Write(salt)
	return Token{hex.EncodeToString(mac.Sum(nil)[:16])}
}

func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Secret) MarshalText() ([]byte, error) { return nil, errSecret }
