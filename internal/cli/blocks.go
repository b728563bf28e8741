package cli

import (
	"fmt"
	"strings"

	"rsc.io/qr"

	"github.com/finlatch/finlatch/jellyfin"
)

// The digits, five wide and seven high, a bit for each point.
var digits = [10][7]byte{
	{0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}, {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}, {0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f},
	{0x0e, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0e}, {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}, {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e},
	{0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}, {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}, {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e},
	{0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c},
}

const (
	quiet     = 2 // points around a QR code; scanners want four on paper and take two on a screen
	textLines = 5 // lines around the drawing
)

// drawCode draws a code as large as the screen allows: with a QR code of the link beside it, alone, or as plain text. It tells what
// size the QR code needs where that is missing.
func (s screen) drawCode(code jellyfin.QuickConnectCode) (lines []string, needs string) {
	large := drawDigits(code.Code)
	if large == nil || width(large) > s.columns {
		large = []string{s.bold(code.Code)}
	}
	square, err := qr.Encode(code.Link, qr.L)
	if err != nil { // a link that is longer than any QR code
		return large, ""
	}
	drawn := s.drawQR(square)
	wide, high := square.Size+2*quiet+3+width(large), len(drawn)+textLines
	if s.columns < wide || s.rows < high {
		return large, fmt.Sprintf("(A terminal of %d x %d shows a QR code here.)", wide, high)
	}
	above := (len(drawn) - len(large)) / 2
	for i := range drawn {
		if j := i - above; j >= 0 && j < len(large) {
			drawn[i] += "   " + large[j]
		}
	}
	return drawn, ""
}

// drawDigits is nil for what is not all digits.
func drawDigits(code string) []string {
	for _, r := range code {
		if r < '0' || r > '9' {
			return nil
		}
	}
	return halfBlocks(6*len(code), 7, func(x, y int) bool { return x%6 < 5 && digits[code[x/6]-'0'][y]>>(4-x%6)&1 == 1 })
}

// drawQR draws black on white where there are colours. Without them what is drawn is the white, as terminals are mostly dark.
func (s screen) drawQR(code *qr.Code) []string {
	side := code.Size + 2*quiet
	black := func(x, y int) bool { return code.Black(x-quiet, y-quiet) } // outside is white
	if !s.colours {
		return halfBlocks(side, side, func(x, y int) bool { return y < side && !black(x, y) })
	}
	lines := halfBlocks(side, side, black)
	for i, line := range lines {
		lines[i] = "\x1b[30;107m" + line + "\x1b[0m"
	}
	return lines
}

// halfBlocks draws two rows of points in a line.
func halfBlocks(width, height int, on func(x, y int) bool) []string {
	var lines []string
	for y := 0; y < height; y += 2 {
		var line strings.Builder
		for x := range width {
			upper, lower := on(x, y), y+1 < height && on(x, y+1)
			switch {
			case upper && lower:
				line.WriteRune('█')
			case upper:
				line.WriteRune('▀')
			case lower:
				line.WriteRune('▄')
			default:
				line.WriteByte(' ')
			}
		}
		lines = append(lines, line.String())
	}
	return lines
}

// width is that of the longest line, in columns.
func width(lines []string) int {
	most := 0
	for _, line := range lines {
		most = max(most, len([]rune(line)))
	}
	return most
}
