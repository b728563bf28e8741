package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxConfigFile bounds a configuration file in bytes, so that a wrong name does not read a film.
const maxConfigFile = 1 << 20

// configLine is one setting in a configuration file.
type configLine struct {
	key    string
	value  string
	number int // of the line, from 1
}

// configFile is a parsed configuration file.
type configFile struct {
	name  string
	lines []configLine
}

// at is a line as an error names it.
func (f *configFile) at(number int) string { return fmt.Sprintf("%s:%d", f.name, number) }

// readConfigFile reads lines of the form "key = value". A # at the beginning of a line, or after white space behind a
// value, begins a comment. A value in double quotes is read as a Go string, so that it may hold anything.
func readConfigFile(name string) (*configFile, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, misused("", "cannot read the configuration file: %s", plain(err))
	}
	f := &configFile{name: name}
	if len(content) > maxConfigFile || !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return nil, misused("", "%s is not a configuration file: it is too long or not UTF-8 text", name)
	}
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff"))))
	lines.Buffer(nil, maxConfigFile+1)
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		key, value, found := strings.Cut(text, "=")
		key = strings.TrimSpace(key)
		if !found || key == "" || strings.ContainsFunc(key, unicode.IsSpace) {
			return nil, misused("a line is: key = value", "%s: this is no setting", f.at(number))
		}
		value, err := configValue(strings.TrimSpace(value))
		if err != nil {
			return nil, misused("", "%s: %s: %s", f.at(number), key, err)
		}
		f.lines = append(f.lines, configLine{key, value, number})
	}
	return f, lines.Err()
}

func configValue(text string) (string, error) {
	if !strings.HasPrefix(text, `"`) {
		for i, r := range text {
			if r == '#' && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t') {
				return strings.TrimSpace(text[:i]), nil
			}
		}
		return text, nil
	}
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return "", fmt.Errorf(`the quotes do not end, or \ stands before a character it does not go with`)
	}
	rest := strings.TrimSpace(text[len(quoted):])
	if rest != "" && rest[0] != '#' {
		return "", fmt.Errorf("there is something behind the quotes")
	}
	return strconv.Unquote(quoted)
}

// configText writes a value so that configValue reads it.
func configText(value string) string {
	read, err := configValue(strings.TrimSpace(value))
	if err == nil && read == value && !strings.ContainsFunc(value, unicode.IsControl) {
		return value
	}
	return strconv.Quote(value)
}
