package cli

import (
	"io"
	"net"
	"net/netip"

	"github.com/alecthomas/kong"

	"github.com/finlatch/finlatch/jellyfin"
)

// Model is the grammar of the whole command line.
func Model(p *Program) (*kong.Application, error) {
	parser, err := newParser(p, &commandLine{})
	if err != nil {
		return nil, err
	}
	return parser.Model, nil
}

// PrintSettings prints the settings of another grammar as "finlatch config" prints ours.
func PrintSettings(w io.Writer, app *kong.Application) error {
	return printSettings(w, allSettings(app), func(string) string { return "test" })
}

// CheckValue checks a value that a file or a variable has for a setting.
var CheckValue = checkValue

// ConfigText and ReadConfig are the two directions of a value in a configuration file.
var ConfigText = configText

// ReadConfig reads a configuration file with one setting and returns that.
func ReadConfig(name string) (key, value string, err error) {
	f, err := readConfigFile(name)
	if err != nil || len(f.lines) != 1 {
		return "", "", err
	}
	return f.lines[0].key, f.lines[0].value, nil
}

// AddressFor is what discovery tells who asks from an address, where a server listens and has a base.
func AddressFor(listener net.Listener, base string, asker netip.Addr) string {
	s := &serving{settings: &settings{BaseURL: basePath(base)}, listener: listener}
	return s.addressFor(asker)
}

// DrawCode is what a terminal of a size shows of a code, and what it says of the size that the QR code needs.
func DrawCode(columns, rows int, colours bool, code, link string) (lines []string, needs string) {
	return screen{columns, rows, colours}.drawCode(jellyfin.QuickConnectCode{Code: code, Link: link})
}
