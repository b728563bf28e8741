package replay

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	sixDigits = regexp.MustCompile(`^\d{6}$`)
	version   = regexp.MustCompile(`^\d+(\.\d+){1,3}$`)
	anyURL    = regexp.MustCompile(`^(https?)://[^/]+(/.*)?$`)
	drive     = regexp.MustCompile(`^[A-Za-z]:[\\/]`)
)

// Members, in lower case, that hold a folder or an address of the server.
var (
	pathMembers = []string{"programdatapath", "webpath", "itemsbynamepath", "cachepath", "logpath", "internalmetadatapath",
		"transcodingtemppath", "metadatapath", "pinfile", "splashscreenlocation"}
	urlMembers = []string{"localaddress", "address"}
)

func (c *comparison) scalar(path, key string, recorded, got any) {
	switch recorded := recorded.(type) {
	case json.Number:
		if got := got.(json.Number); !sameNumber(recorded, got) && !freeNumber(key, recorded, got) {
			c.differ(path, recorded.String(), got.String(), "")
		}
	case string:
		c.member(path, key, recorded, got.(string))
	default:
		if recorded != got {
			c.differ(path, encode(recorded), encode(got), "")
		}
	}
}

// freeNumber tells row numbers and ports, which are the server's own business.
func freeNumber(key string, recorded, got json.Number) bool {
	if key == "Id" || key == "id" {
		return positive(recorded) && positive(got)
	}
	return strings.EqualFold(key, "WebSocketPortNumber") && positive(got)
}

// member compares two strings, with what their member's name says about them.
func (c *comparison) member(path, key, recorded, got string) {
	key = strings.ToLower(key)
	ours := func(text string) string { return c.ours(key, text) }
	switch {
	case hit(c.rules.Exact, path):
		if recorded != got {
			c.differ(path, encode(recorded), ours(got), "must be literal")
		}
	case hit(c.rules.Version, path):
		if !version.MatchString(got) {
			c.differ(path, encode(recorded), ours(got), "no version number")
		}
	case key == "code" && sixDigits.MatchString(recorded):
		if !sixDigits.MatchString(got) {
			c.differ(path, encode(recorded), ours(got), "not six digits")
		} else {
			c.same(path, recorded, got, ours)
		}
	case slices.Contains(pathMembers, key) && recorded != "":
		if isAbsolute(recorded) != isAbsolute(got) {
			c.differ(path, encode(recorded), ours(got), "absolute path")
		} else if key == "pinfile" {
			c.text(path, resetName(recorded), resetName(got), ours)
		}
	case slices.Contains(urlMembers, key) && anyURL.MatchString(recorded):
		one, other := anyURL.FindStringSubmatch(recorded), anyURL.FindStringSubmatch(got)
		if other == nil || !slices.Equal(one[1:], other[1:]) {
			c.differ(path, encode(recorded), ours(got), "no such address of a server")
		}
	default:
		c.text(path, recorded, got, ours)
	}
}

// text compares two texts that may have volatile parts. ours says how the new one is shown.
func (c *comparison) text(path, recorded, got string, ours func(string) string) {
	one, other := blank(recorded, c.identity.constants), blank(got, c.identity.constants)
	if one.frame != other.frame {
		c.differ(path, encode(recorded), ours(got), "")
		return
	}
	for i, kind := range one.kinds {
		if fault := formFault(kind, one.parts[i], other.parts[i]); fault != "" {
			c.differ(path, encode(recorded), ours(got), fault)
		}
		switch kind {
		case "id", "secret":
			c.same(path, one.parts[i], other.parts[i], func(string) string { return ours(got) })
		case "date":
			if fraction, _ := dateParts(one.parts[i]); len(fraction) >= 4 {
				fault := c.identity.bindDate(one.parts[i], other.parts[i], c.step+" "+path)
				c.identityFault(path, one.parts[i], ours(got), fault)
			}
		}
	}
}

func (c *comparison) same(path, recorded, got string, ours func(string) string) {
	c.identityFault(path, recorded, ours(got), c.identity.bind(recorded, got, c.step+" "+path))
}

func (c *comparison) identityFault(path, recorded, ours, fault string) {
	relation, place, _ := strings.Cut(fault, " ")
	switch relation {
	case "=":
		c.differ(path, encode(recorded), ours+" "+fault, "must not be the value of "+place)
	case "!=":
		c.differ(path, encode(recorded), ours+" "+fault, "must be the value of "+place)
	}
}

func isAbsolute(path string) bool { return strings.HasPrefix(path, "/") || drive.MatchString(path) }

// resetName is the name of a PIN file with its hash of the user's name as a word of its own: compared like an id.
func resetName(path string) string {
	return strings.Replace(lastPart(path), "passwordreset", "passwordreset ", 1)
}

func lastPart(path string) string { return path[strings.LastIndexAny(path, `\/`)+1:] }

// ours is a JSON value that came, as a line of divergences has it: compact, members sorted, in the recording's names,
// with volatile parts replaced by their forms.
func (c *comparison) ours(key string, value any) string {
	return canonical(c.blankedValue(key, c.disguise.revealed(key, value)))
}

// shown is the text of a header that came.
func (c *comparison) shown(text string) string {
	return blank(c.disguise.revealedText(text), c.identity.constants).shown
}

func (c *comparison) blankedValue(key string, value any) any {
	switch value := value.(type) {
	case *object:
		out := &object{}
		for key, item := range value.all() {
			out.set(key, c.blankedValue(key, item))
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = c.blankedValue(key, item)
		}
		return out
	case json.Number:
		if freeNumber(key, value, value) {
			return "<number>"
		}
	case string:
		return c.blankedString(strings.ToLower(key), value)
	}
	return value
}

var onlyDigits = regexp.MustCompile(`^\d+$`)

func (c *comparison) blankedString(key, text string) string {
	switch {
	case key == "code" && sixDigits.MatchString(text):
		return "<code>"
	case key == "code" && onlyDigits.MatchString(text):
		return fmt.Sprintf("<code:%d>", len(text))
	case slices.Contains(pathMembers, key) && isAbsolute(text):
		return "<path>"
	}
	return blank(text, c.identity.constants).shown
}
