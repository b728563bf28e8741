package password // white box: the parser is not exported, and through Verify the fuzzer would only compute hashes

import (
	"errors"
	"strings"
	"testing"
)

const (
	salt16 = "AQIDBAUGBwgJCgsMDQ4PEA"
	tag32  = "WSYaCniE35LgMC861etJkzreaLAHfRyCvDTHu5qnYDY"
)

var (
	argon       = "$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + tag32
	jellyfin    = "$PBKDF2-SHA512$iterations=210000$0102$" + strings.Repeat("0A", 64)
	oldJellyfin = "$PBKDF2$iterations=1000$0102$" + strings.Repeat("0A", 32)
)

func costs(s string) string { return strings.Replace(argon, "m=19456,t=2,p=1", s, 1) }

func iterations(s string) string { return strings.Replace(jellyfin, "iterations=210000", s, 1) }

var refused = []struct {
	name, encoded string
	want          error
}{
	{"empty", "", ErrMalformed},
	{"only dollars", "$$$$$$", ErrMalformed},
	{"no dollar first", argon[1:], ErrMalformed},
	{"space first", " " + argon, ErrMalformed},
	{"bare hash", "$5f4dcc3b5aa765d61d8327deb882cf99", ErrMalformed},
	{"long id", "$5f4dcc3b5aa765d61d8327deb882cf99$x", ErrMalformed},
	{"odd id", "$argon2id\n$x", ErrMalformed},
	{"too long", argon + strings.Repeat("A", maxEncoded), ErrMalformed},
	{"bcrypt", "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", ErrUnsupported},
	{"argon2i", strings.Replace(argon, "argon2id", "argon2i", 1), ErrUnsupported},
	{"upper case id", strings.Replace(argon, "argon2id", "ARGON2ID", 1), ErrUnsupported},
	{"Jellyfin's old SHA1", "$SHA1$5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8", ErrUnsupported},

	{"argon2id alone", "$argon2id$", ErrMalformed},
	{"no version", strings.Replace(argon, "$v=19", "", 1), ErrUnsupported},
	{"version 16", strings.Replace(argon, "v=19", "v=16", 1), ErrUnsupported},
	{"version 20", strings.Replace(argon, "v=19", "v=20", 1), ErrUnsupported},
	{"version 019", strings.Replace(argon, "v=19", "v=019", 1), ErrMalformed},
	{"trailing dollar", argon + "$", ErrMalformed},
	{"trailing line feed", argon + "\n", ErrMalformed},
	{"line feed in salt", strings.Replace(argon, salt16, salt16[:8]+"\n"+salt16[8:], 1), ErrMalformed},
	{"padding", argon + "=", ErrMalformed},
	{"URL alphabet", strings.Replace(argon, salt16, "-_IDBAUGBwgJCgsMDQ4PEA", 1), ErrMalformed},
	{"stray bits", strings.Replace(argon, salt16, "AQIDBAUGBwgJCgsMDQ4PEB", 1), ErrMalformed},
	{"no salt", strings.Replace(argon, salt16, "", 1), ErrMalformed},
	{"no tag", strings.Replace(argon, tag32, "", 1), ErrMalformed},
	{"cut off", argon[:len(argon)-30], ErrMalformed},
	{"salt too long", strings.Replace(argon, salt16, strings.Repeat("A", 88), 1), ErrMalformed},
	{"tag too short", strings.Replace(argon, tag32, strings.Repeat("A", 20), 1), ErrMalformed},
	{"tag too long", strings.Replace(argon, tag32, strings.Repeat("A", 88), 1), ErrMalformed},
	{"other order", costs("t=2,m=19456,p=1"), ErrMalformed},
	{"one missing", costs("m=19456,t=2"), ErrMalformed},
	{"duplicate", costs("m=19456,t=2,t=2,p=1"), ErrMalformed},
	{"duplicate for another", costs("m=19456,m=19456,p=1"), ErrMalformed},
	{"one more", costs("m=19456,t=2,p=1,data=AAAA"), ErrMalformed},
	{"sign", costs("m=+19456,t=2,p=1"), ErrMalformed},
	{"negative", costs("m=19456,t=-2,p=1"), ErrMalformed},
	{"leading zero", costs("m=19456,t=02,p=1"), ErrMalformed},
	{"space", costs("m=19456, t=2,p=1"), ErrMalformed},
	{"underscore", costs("m=19_456,t=2,p=1"), ErrMalformed},
	{"hexadecimal", costs("m=0x4c00,t=2,p=1"), ErrMalformed},
	{"no number", costs("m=,t=2,p=1"), ErrMalformed},
	{"no passes", costs("m=19456,t=0,p=1"), ErrMalformed},
	{"no lanes", costs("m=19456,t=2,p=0"), ErrMalformed},
	{"too little memory", costs("m=15,t=2,p=2"), ErrMalformed},
	{"4 GiB", costs("m=4194304,t=2,p=1"), ErrUnsupported},
	{"a little too much", costs("m=262145,t=2,p=1"), ErrUnsupported},
	{"32 bits and one", costs("m=4294967304,t=2,p=1"), ErrUnsupported},
	{"far too much", costs("m=99999999999999999999999999,t=2,p=1"), ErrUnsupported},
	{"17 passes", costs("m=19456,t=17,p=1"), ErrUnsupported},
	{"17 lanes", costs("m=19456,t=2,p=17"), ErrUnsupported},
	{"257 lanes", costs("m=19456,t=2,p=257"), ErrUnsupported},

	{"PBKDF2 alone", "$PBKDF2$", ErrMalformed},
	{"no iterations", strings.Replace(oldJellyfin, "$iterations=1000", "", 1), ErrMalformed},
	{"no PBKDF2 salt", strings.Replace(oldJellyfin, "$0102", "", 1), ErrMalformed},
	{"empty PBKDF2 salt", strings.Replace(oldJellyfin, "0102", "", 1), ErrMalformed},
	{"trailing field", oldJellyfin + "$00", ErrMalformed},
	{"trailing space", oldJellyfin + " ", ErrMalformed},
	{"not hex", strings.Replace(oldJellyfin, "0102", "01g2", 1), ErrMalformed},
	{"half a byte", strings.Replace(oldJellyfin, "0102", "010", 1), ErrMalformed},
	{"PBKDF2 salt too long", strings.Replace(oldJellyfin, "0102", strings.Repeat("01", 65), 1), ErrMalformed},
	{"lengths swapped", strings.Replace(oldJellyfin, "PBKDF2", "PBKDF2-SHA512", 1), ErrMalformed},
	{"lengths swapped back", strings.Replace(jellyfin, "PBKDF2-SHA512", "PBKDF2", 1), ErrMalformed},
	{"zero iterations", iterations("iterations=0"), ErrMalformed},
	{"signed iterations", iterations("iterations=+1000"), ErrMalformed},
	{"iterations twice", iterations("iterations=1000,iterations=1"), ErrMalformed},
	{"another parameter", iterations("rounds=1000"), ErrMalformed},
	{"too many iterations", iterations("iterations=10000001"), ErrUnsupported},
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range refused {
		_, err := parse(tt.encoded)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: parse(%q) = %v, want %v", tt.name, tt.encoded, err, tt.want)
			continue
		}
		if ok, verr := Verify(tt.encoded, "x"); ok || !errors.Is(verr, tt.want) {
			t.Errorf("%s: Verify = %v, %v; want false, %v", tt.name, ok, verr, tt.want)
		}
		for _, secret := range []string{salt16[:8], tag32[:8], "5f4dcc3b", "N9qo8u", "0A0A0A0A"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error repeats part of the hash: %v", tt.name, err)
			}
		}
	}
}

func TestParseBounds(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		argon, jellyfin, oldJellyfin, costs("m=262144,t=16,p=16"), costs("m=8,t=1,p=1"), costs("m=128,t=1,p=16"),
		iterations("iterations=1"), iterations("iterations=10000000"),
		strings.Replace(argon, salt16, "AA", 1), strings.Replace(argon, salt16, strings.Repeat("A", 86), 1),
		strings.Replace(argon, tag32, strings.Repeat("A", 22), 1), strings.Replace(argon, tag32, strings.Repeat("A", 86), 1),
		strings.Replace(jellyfin, "0102", strings.Repeat("FF", 64), 1),
	} {
		h, err := parse(s)
		if err != nil {
			t.Errorf("parse(%q) = %v, want no error", s, err)
		} else if got := h.String(); got != s {
			t.Errorf("parse(%q) writes %q", s, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{argon, jellyfin, oldJellyfin, strings.ToLower(oldJellyfin), costs("m=262144,t=16,p=16"), iterations("iterations=10000000")} {
		f.Add(s)
	}
	for _, tt := range refused {
		f.Add(tt.encoded)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parse(s)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("parse(%q): %v is of neither kind", s, err)
			}
			return
		}
		// Only PBKDF2 has two ways to write the same: hex digits of either case.
		out := h.String()
		if out != s && (strings.HasPrefix(s, "$argon2id$") || !strings.EqualFold(out, s)) {
			t.Errorf("parse(%q) writes %q", s, out)
		}
		again, err := parse(out)
		if err != nil || again.String() != out {
			t.Errorf("parse(%q) = %v, %v; want the same again", out, again, err)
		}
		var salt, tag int
		switch h := h.(type) {
		case *argon2id:
			salt, tag = len(h.salt), len(h.tag)
			if h.t < 1 || h.t > 16 || h.p < 1 || h.p > 16 || h.m < 8*uint32(h.p) || h.memory() > 256<<20 {
				t.Errorf("parse(%q): m=%d, t=%d, p=%d are out of bounds", s, h.m, h.t, h.p)
			}
		case *pbkdf2:
			salt, tag = len(h.salt), len(h.tag)
			if h.iterations < 1 || h.iterations > 10_000_000 {
				t.Errorf("parse(%q): %d iterations are out of bounds", s, h.iterations)
			}
		}
		if salt < 1 || salt > 64 || tag < 16 || tag > 64 {
			t.Errorf("parse(%q): salt of %d and tag of %d bytes are out of bounds", s, salt, tag)
		}
	})
}
