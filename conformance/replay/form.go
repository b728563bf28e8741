package replay

import (
	"fmt"
	"regexp"
	"strings"
)

// A volatile part of a text differs from run to run: an address, an id, a secret, a date. Its form must still be right.
type volatile struct {
	kind       string // url, trace, secret, id, date, stamp or ip
	start, end int
}

// The first kind that fits wins. Those with edges are no part of a longer word.
var volatileKinds = []struct {
	name    string
	opening string // what the first byte may be
	edges   bool
	texts   []*regexp.Regexp // tried in turn
}{
	{"url", "h", false, expressions(`^https?://(?:localhost|\d+(?:\.\d+){3}|\[[0-9a-f:]+\])(?::\d+)?`)},
	{"trace", "0", true, expressions(`^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]`)},
	{"secret", hexDigits, true, expressions(`^[0-9A-Fa-f]{64}`)},
	{"id", hexDigits, true, expressions(`^[0-9A-Fa-f]{32}`, `^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}`)},
	{"date", digits, false, expressions(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?`)},
	{"stamp", "2", true, expressions(`^20\d{12}`)},
	{"ip", digits, true, expressions(`^\d{1,3}(?:\.\d{1,3}){3}:\d+`, `^\d{1,3}(?:\.\d{1,3}){3}`)},
	{"ip", ":", false, expressions(`^::1`)},
}

const (
	digits    = "0123456789"
	hexDigits = "0123456789abcdefABCDEF"
)

func expressions(texts ...string) []*regexp.Regexp {
	var compiled []*regexp.Regexp
	for _, text := range texts {
		compiled = append(compiled, regexp.MustCompile(text))
	}
	return compiled
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// volatiles finds the volatile parts of a text, in order.
func volatiles(text string) []volatile {
	var found []volatile
	for i := 0; i < len(text); i++ {
		if part, ok := volatileAt(text, i); ok {
			found = append(found, part)
			i = part.end - 1
		}
	}
	return found
}

func volatileAt(text string, i int) (volatile, bool) {
	if strings.IndexByte(hexDigits+":h", text[i]) < 0 {
		return volatile{}, false
	}
	inWord := i > 0 && alphanumeric(text[i-1])
	for _, kind := range volatileKinds {
		if strings.IndexByte(kind.opening, text[i]) < 0 || kind.edges && inWord {
			continue
		}
		for _, expression := range kind.texts {
			span := expression.FindStringIndex(text[i:])
			if span == nil {
				continue
			}
			end := i + span[1]
			if goesOn := end < len(text) && alphanumeric(text[end]); goesOn && (kind.edges || kind.name == "ip") {
				continue
			}
			return volatile{kind.name, i, end}, true
		}
	}
	return volatile{}, false
}

// blankedText is a text with its volatile parts replaced.
type blankedText struct {
	frame string   // by their kinds: <id>
	shown string   // by their kinds and what is odd about their form: <id:dashed>
	kinds []string // of the parts, in order
	parts []string
}

// blank replaces the volatile parts of a text. Ids that the scenario itself spells out, and dates before 1970, are none.
func blank(text string, constants map[string]bool) blankedText {
	var b blankedText
	var frame, shown strings.Builder
	last := 0
	for _, v := range volatiles(text) {
		part := text[v.start:v.end]
		if (v.kind == "id" || v.kind == "secret") && constants[plain(part)] || v.kind == "date" && part < "1970" {
			continue
		}
		frame.WriteString(text[last:v.start] + "<" + v.kind + ">")
		shown.WriteString(text[last:v.start] + formOf(v.kind, part))
		b.kinds, b.parts = append(b.kinds, v.kind), append(b.parts, part)
		last = v.end
	}
	b.frame, b.shown = frame.String()+text[last:], shown.String()+text[last:]
	return b
}

// formOf names the form of a volatile part. The usual one has the kind alone: ids in lower case without dashes,
// secrets in upper case, dates with seven fractional digits and Z.
func formOf(kind, part string) string {
	var odd []string
	switch kind {
	case "id", "secret":
		if strings.Contains(part, "-") {
			odd = append(odd, "dashed")
		}
		usual := map[string]string{"id": "lower", "secret": "upper"}[kind]
		if c := letterCase(part); c != "" && c != usual {
			odd = append(odd, c)
		}
	case "date":
		fraction, zone := dateParts(part)
		if count := countedDigits(fraction); count != 7 || zone != "Z" {
			odd = append(odd, fmt.Sprintf("%d%s", count, zone))
		}
	case "url":
		if strings.HasPrefix(part, "https") {
			odd = append(odd, "https")
		}
	}
	if len(odd) == 0 {
		return "<" + kind + ">"
	}
	return "<" + kind + ":" + strings.Join(odd, ",") + ">"
}

// formFault is what is wrong with the form of a volatile part, or nothing.
func formFault(kind, recorded, got string) string {
	switch kind {
	case "id", "secret":
		if strings.Contains(recorded, "-") != strings.Contains(got, "-") {
			return "dashes"
		}
		one, other := letterCase(recorded), letterCase(got)
		if one != other && one != "" && other != "" {
			return "letter case"
		}
	case "date":
		return dateFault(recorded, got)
	case "url":
		if strings.HasPrefix(recorded, "https") != strings.HasPrefix(got, "https") {
			return "scheme"
		}
	}
	return ""
}

func letterCase(text string) string {
	lower, upper := strings.ToLower(text), strings.ToUpper(text)
	switch {
	case lower == upper:
		return ""
	case text == lower:
		return "lower"
	case text == upper:
		return "upper"
	}
	return "mixed"
}

// dateFault wants the same zone and the same number of fractional digits, as countedDigits counts them.
func dateFault(recorded, got string) string {
	recordedFraction, recordedZone := dateParts(recorded)
	gotFraction, gotZone := dateParts(got)
	if recordedZone != gotZone {
		return "zone"
	}
	if len(recordedFraction) == len(gotFraction) {
		return ""
	}
	if n := len(recordedFraction); n > 0 && n <= 7 && countedDigits(gotFraction) == 7 {
		return ""
	}
	return fmt.Sprintf("%d fractional digits instead of %d", len(gotFraction), len(recordedFraction))
}

// countedDigits is the number of fractional digits that a date counts as having. .NET cuts trailing zeros, so four to
// six digits of which the last is no zero are seven. Fewer are taken for another format; by chance they come up once
// in ten thousand dates.
func countedDigits(fraction string) int {
	if n := len(fraction); n >= 4 && n < 7 && fraction[n-1] != '0' {
		return 7
	}
	return len(fraction)
}

var date = regexp.MustCompile(`^.{19}(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?$`)

// dateParts gives the fractional digits of a date and its zone: Z, offset or nothing.
func dateParts(text string) (fraction, zone string) {
	part := date.FindStringSubmatch(text)
	if part == nil {
		return "", ""
	}
	if part[2] != "" && part[2] != "Z" {
		return part[1], "offset"
	}
	return part[1], part[2]
}

// plain is an id without what its form adds.
func plain(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }
