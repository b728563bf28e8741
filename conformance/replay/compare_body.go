package replay

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func (c *comparison) bodies(recorded, got *Answer) {
	switch {
	case recorded.BodyKind != got.BodyKind:
		c.differ("$", c.whole(recorded), c.whole(got), "another kind of body")
	case recorded.BodyKind == "json":
		c.value("$", "", recorded.Body, got.Body)
		if recorded.Raw != "" {
			c.escapes(recorded.Raw, got.Raw)
		}
	case recorded.BodyKind == "binary":
		one, other := recorded.Body.(*object), got.Body.(*object)
		for _, name := range []string{"length", "sha256"} {
			x, _ := one.get(name)
			y, _ := other.get(name)
			if x != y && (name == "length" || !c.rules.Loose) {
				c.differ("$."+name, encode(x), encode(y), "")
			}
		}
	case recorded.Body != got.Body && !c.rules.Loose:
		c.differ("$", encode(recorded.Body), c.ours("", got.Body), "")
	}
}

// whole is a body with its kind before it.
func (c *comparison) whole(a *Answer) string {
	if a.BodyKind == "empty" {
		return "empty"
	}
	return a.BodyKind + " " + c.ours("", a.Body)
}

var literal = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// escapes compares the strings as they stand in the body, whatever the order of the members.
func (c *comparison) escapes(recorded, got string) {
	one, other := c.literals(recorded), c.literals(got)
	if slices.Equal(one, other) {
		return
	}
	added := without(other, one)
	for i, text := range added {
		added[i] = c.disguise.revealedText(text)
	}
	c.differ("raw", encode(list(without(one, other))), encode(list(added)), "the strings as they are escaped")
}

func (c *comparison) literals(body string) []string {
	var texts []string
	for _, text := range literal.FindAllString(body, -1) {
		texts = append(texts, blank(text, c.identity.constants).frame)
	}
	slices.Sort(texts)
	return texts
}

func without(texts, others []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return slices.Contains(others, text) })
}

func list(texts []string) []any {
	out := []any{}
	for _, text := range texts {
		out = append(out, text)
	}
	return out
}

func (c *comparison) value(path, key string, recorded, got any) {
	if hit(c.rules.Ignore, path) {
		return
	}
	if jsonType(recorded) != jsonType(got) {
		c.differ(path, encode(recorded), c.ours(key, got), jsonType(got)+" for "+jsonType(recorded))
		return
	}
	switch recorded := recorded.(type) {
	case *object:
		c.object(path, recorded, got.(*object))
	case []any:
		c.array(path, key, recorded, got.([]any))
	default:
		if !c.rules.Loose && !hit(c.rules.TypeOnly, path) {
			c.scalar(path, key, recorded, got)
		}
	}
}

func (c *comparison) object(path string, recorded, got *object) {
	for key, one := range recorded.all() {
		below := child(path, key)
		if other, isThere := got.get(key); isThere {
			c.value(below, key, one, other)
		} else if !hit(c.rules.Ignore, below) {
			c.differ(below, encode(one), absent, "")
		}
	}
	for key, other := range got.all() {
		below := child(path, key)
		if !recorded.has(key) && !hit(c.rules.Ignore, below) {
			c.differ(below, absent, c.ours(key, other), "")
		}
	}
}

var bareKey = regexp.MustCompile(`^[\pL\pN_]+$`)

func child(path, key string) string {
	if bareKey.MatchString(key) {
		return path + "." + key
	}
	return path + "[" + encode(key) + "]"
}

func (c *comparison) array(path, key string, recorded, got []any) {
	if hit(c.rules.TypeOnly, path) {
		return
	}
	if c.rules.Loose && (len(recorded) == 0) != (len(got) == 0) {
		c.differ(path, encode(recorded), c.ours(key, got), "")
		return
	}
	if hit(c.rules.Unordered, path) {
		recorded, got = c.sorted(recorded), c.sorted(got)
	}
	for i := range max(len(recorded), len(got)) {
		below := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case i < len(recorded) && i < len(got):
			c.value(below, key, recorded[i], got[i])
		case c.rules.Loose:
		case i < len(recorded):
			c.differ(below, encode(recorded[i]), absent, fmt.Sprintf("%d items instead of %d", len(got), len(recorded)))
		default:
			c.differ(below, absent, c.ours(key, got[i]), fmt.Sprintf("%d items instead of %d", len(got), len(recorded)))
		}
	}
}

func (c *comparison) sorted(items []any) []any {
	frame := func(item any) string { return blank(canonical(item), c.identity.constants).frame }
	return slices.SortedStableFunc(slices.Values(items), func(x, y any) int { return strings.Compare(frame(x), frame(y)) })
}
