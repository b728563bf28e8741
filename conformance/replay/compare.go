package replay

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// comparison collects the differences of one step.
type comparison struct {
	scenario, step string
	rules          *Rules
	identity       *identity
	disguise       *Disguise // what the new values are called in the recording, for Difference.Ours
	differences    []Difference
}

func (c *comparison) differ(path, recorded, ours, why string) {
	c.differences = append(c.differences, Difference{c.scenario, c.step, path, recorded, ours, why})
}

// Compared as they are; every Access-Control header and those of the rules come on top.
var comparedHeaders = []string{"Location", "Allow", "X-Application-Error-Code"}

func (c *comparison) answers(recorded, got *Answer) {
	if recorded.Error != "" || got.Error != "" {
		if recorded.Error != got.Error {
			c.differ("error", word(recorded), word(got), "")
		}
		return
	}
	if recorded.Status != got.Status {
		c.differ("status", strconv.Itoa(recorded.Status), strconv.Itoa(got.Status), "")
	}
	if one, other := recorded.Headers["content-type"], got.Headers["content-type"]; mediaType(one) != mediaType(other) {
		c.differ("content-type", orAbsent(one), orAbsent(other), "")
	}
	if !hit(c.rules.Ignore, "$") {
		c.bodies(recorded, got)
	}
	c.headers(recorded.Headers, got.Headers)
}

// word is how a failed exchange ended, or the status of one that did not fail.
func word(a *Answer) string {
	if a.Error != "" {
		return a.Error
	}
	return strconv.Itoa(a.Status)
}

func orAbsent(text string) string {
	if text == "" {
		return absent
	}
	return text
}

// --- headers ---

func (c *comparison) headers(recorded, got map[string]string) {
	names := map[string]string{} // lower case → as it is written
	for _, name := range slices.Concat(comparedHeaders, c.rules.Also) {
		names[strings.ToLower(name)] = name
	}
	for _, headers := range []map[string]string{recorded, got} {
		for name := range headers {
			if strings.HasPrefix(name, "access-control-") {
				names[name] = name
			}
		}
	}
	for _, lower := range slices.Sorted(maps.Keys(names)) {
		one, isRecorded := recorded[lower]
		other, isThere := got[lower]
		path := "header:" + headerName(lower)
		switch {
		case !isRecorded && !isThere:
		case !isRecorded:
			c.differ(path, absent, c.shown(other), "")
		case !isThere:
			c.differ(path, one, absent, "")
		case lower == "allow" || lower == "vary" || strings.HasPrefix(lower, "access-control-"):
			if !maps.Equal(listed(one), listed(other)) {
				c.differ(path, one, c.shown(other), "")
			}
		default:
			c.text(path, one, other, c.shown)
		}
	}
}

// headerName spells a header as paths do: Allow, X-Application-Error-Code.
func headerName(lower string) string {
	parts := strings.Split(lower, "-")
	for i, part := range parts {
		if part != "" {
			parts[i] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "-")
}

// listed is a header that lists words, whose order and case mean nothing.
func listed(header string) map[string]bool {
	words := map[string]bool{}
	for part := range strings.SplitSeq(header, ",") {
		words[strings.ToLower(strings.TrimSpace(part))] = true
	}
	return words
}

// mediaType spells a content type so that equal ones are equal texts: the order of parameters, quotes and the case of
// the charset do not count.
func mediaType(header string) string {
	parts := strings.Split(header, ";")
	kind := strings.ToLower(strings.TrimSpace(parts[0]))
	var parameters []string
	for _, part := range parts[1:] {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.Trim(strings.TrimSpace(value), `"`)
		if name == "charset" {
			value = strings.ToLower(value)
		}
		parameters = append(parameters, name+"="+value)
	}
	slices.Sort(parameters)
	return strings.Join(append([]string{kind}, slices.Compact(parameters)...), ";")
}
