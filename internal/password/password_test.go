package password_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/internal/password"
)

const fixed = "$argon2id$v=19$m=19456,t=2,p=1$AQIDBAUGBwgJCgsMDQ4PEA$WSYaCniE35LgMC861etJkzreaLAHfRyCvDTHu5qnYDY"

// vectors come from other implementations: argon2id from OpenSSL and the argon2 reference's own tests
// ("somesalt"), PBKDF2 from Python's hashlib.
var vectors = []struct{ name, password, encoded string }{
	{"ours", "correct horse", fixed},
	{"ours, not ASCII", "pässwörd", "$argon2id$v=19$m=19456,t=2,p=1$AQIDBAUGBwgJCgsMDQ4PEA$T+CErA0KbN9+UUk04ZE3dbpbmCpXfa1JdX2sMLOLx6g"},
	{"ours, empty", "", "$argon2id$v=19$m=19456,t=2,p=1$AQIDBAUGBwgJCgsMDQ4PEA$mRf6deiDoBtn9B/VLhIrDbaYU2F3hHKIKTZb6kGw0zw"},
	{"ours, 1 MiB", strings.Repeat("x", 1<<20), "$argon2id$v=19$m=19456,t=2,p=1$AQIDBAUGBwgJCgsMDQ4PEA$iGylL8QWi6TiR0eiX9yeSBGz7IXO/Ke0jebO9EjkHx0"},
	{"reference, one lane", "password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"},
	{"reference, two lanes", "password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"},
	{"four lanes", "correct horse", "$argon2id$v=19$m=65536,t=3,p=4$AQIDBAUGBwgJCgsMDQ4PEA$4vmHFy8vFe4M2/pxpktZhQgMx6SMBCdNKUH8oDYZxfM"},
	{"most lanes, longest tag", "correct horse", "$argon2id$v=19$m=128,t=1,p=16$AQIDBAUGBwg$cynRMyJfTT3R4OZ7tmSr2HDYnRorWKIz1wnErMzz+KN4j34JZMnk9Lij3CIQrWz627+JQ628eI5hssGu8VvmoA"},
	{"least memory, longest salt", "correct horse", "$argon2id$v=19$m=8,t=16,p=1$AQIDBAUGBwgJCgsMDQ4PEAECAwQFBgcICQoLDA0ODxABAgMEBQYHCAkKCwwNDg8QAQIDBAUGBwgJCgsMDQ4PEA$+GyzvO8TOuqwEJJfz/Pqqg"},
	{"Jellyfin", "correct horse", "$PBKDF2-SHA512$iterations=210000$0102030405060708090A0B0C0D0E0F10$ADB5639B096BBEB692F580843872775F94CE6A12509C30A6468C832EDDD79A163C82BDDA90AD67F2D808D94E623833E3FA57E0996B6C362F30E60F0D05729456"},
	{"Jellyfin, not ASCII", "pässwörd", "$PBKDF2-SHA512$iterations=210000$0102030405060708090A0B0C0D0E0F10$C23C66A7DAE3A7C9AED7CF758B0B9C5D5AAA05227A5A7F3E2A211C82E958F142A966A61974CAC728226F7FB4DF27707BF8D2B3B848A2027D025EA23191D16A7D"},
	{"Jellyfin, other count", "correct horse", "$PBKDF2-SHA512$iterations=120000$0102030405060708090A0B0C0D0E0F10$DFB073B9318F7A12AD1690ABC42DF6CF58669144022FAF8AD96A5E9C504F067FAEE122506AFAFE8FCE988D98C23835B6FCA97AB8016223BD0C3F0856C57688CF"},
	{"old Jellyfin", "correct horse", "$PBKDF2$iterations=1000$0102030405060708090A0B0C0D0E0F10$84A03EF7D031A7170E0D1E79056F352AB3643EA052D2DC33ABB4D937AEE5028A"},
	{"old Jellyfin, lower case", "correct horse", "$PBKDF2$iterations=1000$0102030405060708090a0b0c0d0e0f10$84a03ef7d031a7170e0d1e79056f352ab3643ea052d2dc33abb4d937aee5028a"},
}

func TestVerify(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			for _, tt := range []struct {
				password string
				want     bool
			}{
				{v.password, true},
				{v.password + " ", false},
				{strings.ToUpper(v.password) + "\x00", false},
			} {
				if got, err := password.Verify(v.encoded, tt.password); got != tt.want || err != nil {
					t.Errorf("Verify(%.20q) = %v, %v; want %v, nil", tt.password, got, err, tt.want)
				}
			}
		})
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	salt := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	if got, err := password.Hash(bytes.NewReader(salt), "correct horse"); got != fixed || err != nil {
		t.Errorf("Hash = %q, %v; want %q, nil", got, err, fixed)
	}
	if got, err := password.Hash(bytes.NewReader(salt[:15]), "correct horse"); got != "" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Hash with too little randomness = %q, %v; want an error", got, err)
	}
}

func TestHashRoundTrip(t *testing.T) {
	t.Parallel()
	for _, pw := range []string{"", "a", "pässwörd", "with $ and = and ,", "\x00\xff not UTF-8", strings.Repeat("long", 1<<18)} {
		encoded, err := password.Hash(rand.Reader, pw)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := password.Verify(encoded, pw); !ok || err != nil {
			t.Errorf("Verify(Hash(%.20q)) = %v, %v; want true, nil", pw, ok, err)
		}
		if ok, err := password.Verify(encoded, pw+"x"); ok || err != nil {
			t.Errorf("Verify of another password than %.20q = %v, %v; want false, nil", pw, ok, err)
		}
		if password.NeedsRehash(encoded) {
			t.Errorf("NeedsRehash(%q) = true right after Hash", encoded)
		}
	}
}

func TestNeedsRehashAndCost(t *testing.T) {
	t.Parallel()
	const salt, tag = "AQIDBAUGBwgJCgsMDQ4PEA", "WSYaCniE35LgMC861etJkzreaLAHfRyCvDTHu5qnYDY"
	tests := []struct {
		name, encoded string
		rehash        bool
		cost          int64
	}{
		{"current", fixed, false, 19 << 20},
		{"more memory", "$argon2id$v=19$m=262144,t=2,p=1$" + salt + "$" + tag, true, 256 << 20},
		{"less memory", "$argon2id$v=19$m=19455,t=2,p=1$" + salt + "$" + tag, true, 19455 << 10},
		{"more passes", "$argon2id$v=19$m=19456,t=3,p=1$" + salt + "$" + tag, true, 19 << 20},
		{"more lanes", "$argon2id$v=19$m=19456,t=2,p=2$" + salt + "$" + tag, true, 19 << 20},
		{"short salt", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$" + tag, true, 19 << 20},
		{"short tag", "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + salt, true, 19 << 20},
		{"Jellyfin", "$PBKDF2$iterations=1000$01$" + strings.Repeat("00", 32), true, 0},
		{"too much memory", "$argon2id$v=19$m=262145,t=2,p=1$" + salt + "$" + tag, true, 0},
		{"unknown", "$2a$10$abc", true, 0},
		{"empty", "", true, 0},
	}
	for _, tt := range tests {
		if got := password.NeedsRehash(tt.encoded); got != tt.rehash {
			t.Errorf("%s: NeedsRehash = %v, want %v", tt.name, got, tt.rehash)
		}
		if got := password.Cost(tt.encoded); got != tt.cost {
			t.Errorf("%s: Cost = %d, want %d", tt.name, got, tt.cost)
		}
	}
}

// Equal work shows in what is allocated, which is steadier than time. Not parallel, because the count is the process's.
func TestWasteWorksLikeVerify(t *testing.T) {
	waste := allocated(func() { password.Waste("correct horse") })
	verify := allocated(func() { password.Verify(fixed, "wrong horse") })
	if waste>>20 != verify>>20 || waste>>20 != 19 {
		t.Errorf("Waste allocates %d MiB and Verify %d MiB, want 19 both", waste>>20, verify>>20)
	}
}

func allocated(f func()) (bytes uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func BenchmarkVerify(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := password.Verify(fixed, "correct horse"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
