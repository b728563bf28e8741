package cli_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"rsc.io/qr"

	"github.com/finlatch/finlatch/internal/cli"
)

const link = "http://192.168.1.2:8096/link?code=907251"

// TestDrawnCode reads the points of the QR code back from what the terminal shows.
func TestDrawnCode(t *testing.T) {
	t.Parallel()
	want, err := qr.Encode(link, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	for name, colours := range map[string]bool{"colours": true, "NO_COLOR": false} {
		lines, needs := cli.DrawCode(80, 24, colours, "907251", link)
		if needs != "" {
			t.Fatalf("%s: 80 x 24 is too small: %s", name, needs)
		}
		const quiet = 2
		for y := -quiet; y < want.Size+quiet; y++ {
			line := strings.TrimPrefix(lines[(y+quiet)/2], "\x1b[30;107m")
			for x := -quiet; x < want.Size+quiet; x++ {
				block := []rune(line)[x+quiet]
				drawn := block == '█' || block == '▀' && (y+quiet)%2 == 0 || block == '▄' && (y+quiet)%2 == 1
				if black := drawn == colours; black != want.Black(x, y) {
					t.Fatalf("%s: the point %d,%d is black: %v", name, x, y, black)
				}
			}
			if colours && !strings.Contains(line, "\x1b[0m") {
				t.Errorf("%s: the colours go on beyond %q", name, line)
			}
		}
	}
}

// TestDrawnDigits is what a person reads.
func TestDrawnDigits(t *testing.T) {
	t.Parallel()
	want := []string{
		"▄▀▀▀▄ ▄▀▀▀▄ ▀▀▀▀█ ▄▀▀▀▄ █▀▀▀▀  ▄█   ",
		"▀▄▄▄█ █ ▄▀█   ▄▀     ▄▀ ▀▀▀▀▄   █   ",
		"   ▄▀ █▀  █  █     ▄▀   ▄   █   █   ",
		" ▀▀    ▀▀▀   ▀    ▀▀▀▀▀  ▀▀▀   ▀▀▀  ",
	}
	got, needs := cli.DrawCode(60, 24, true, "907251", link)
	if !strings.Contains(needs, " x ") {
		t.Errorf("60 columns do not hold a QR code as well, and it says %q", needs)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("digits (-want +got):\n%s", diff)
	}
	for _, code := range []string{"907251", "AB-12"} {
		got, _ = cli.DrawCode(20, 24, false, code, link)
		if diff := cmp.Diff([]string{code}, got); diff != "" {
			t.Errorf("in 20 columns (-want +got):\n%s", diff)
		}
	}
}
