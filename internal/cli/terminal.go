package cli

import (
	"encoding/json"
	"os"
	"strings"
	"text/tabwriter"
	"unicode"

	"golang.org/x/term"
)

// screen is what standard error can show to a person. The zero value is no terminal.
type screen struct {
	columns, rows int
	colours       bool
}

// screen looks at the terminal anew, for a person may have made it larger.
func (p *Program) screen() screen {
	f, ok := p.Stderr.(*os.File)
	if !ok || p.getenv("TERM") == "dumb" {
		return screen{}
	}
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return screen{}
	}
	return screen{columns, rows, p.getenv("NO_COLOR") == ""}
}

// terminal tells whether there is one.
func (s screen) terminal() bool { return s.columns > 0 }

// bold makes a text stand out where there are colours (NO_COLOR, https://no-color.org).
func (s screen) bold(text string) string {
	if !s.colours {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}

// shown is a stranger's text as it may go to a terminal: in one line, without what would move the cursor or turn the text around.
func shown(text string) string {
	const limit = 120
	runes := []rune(strings.ToValidUTF8(text, "?"))
	if len(runes) > limit {
		runes = append(runes[:limit:limit], '…')
	}
	for i, r := range runes {
		if !unicode.IsPrint(r) {
			runes[i] = '?'
		}
	}
	return strings.TrimSpace(string(runes))
}

// printTable prints rows, the first of which is the head.
func (p *Program) printTable(rows [][]string) error {
	table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = shown(cell)
		}
		if _, err := table.Write([]byte(strings.Join(row, "\t") + "\n")); err != nil {
			return err
		}
	}
	return table.Flush()
}

func (p *Program) printJSON(data any) error {
	out := json.NewEncoder(p.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(data)
}
