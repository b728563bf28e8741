package replay

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Texts of a step may hold ${NAME} for a captured value, ${NAME|filter|filter} for one changed, and ${=x*5000} for
// 5,000 times x.
var (
	reference = regexp.MustCompile(`\$\{([A-Z][A-Z0-9_]*)((?:\|[a-z]+)*)\}`)
	repeated  = regexp.MustCompile(`\$\{=(.)\*(\d+)\}`)
)

var filters = map[string]func(string) string{
	"dashed": func(text string) string {
		text = strings.ReplaceAll(text, "-", "")
		if len(text) < 20 {
			return text
		}
		return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
	},
	"plain": func(text string) string { return strings.ReplaceAll(text, "-", "") },
	"upper": strings.ToUpper,
	"lower": strings.ToLower,
	"url":   percentEncode,
	// bad keeps length and alphabet and changes the last character: a value that the server has never issued.
	"bad": func(text string) string {
		if strings.HasSuffix(text, "0") {
			return text[:len(text)-1] + "1"
		}
		if text == "" {
			return "0"
		}
		return text[:len(text)-1] + "0"
	},
}

// missing is the error of a template that names a value which no step before it could capture.
type missing struct{ name string }

func (m missing) Error() string { return m.name + " was not captured" }

// values are what the steps of a scenario have captured.
type values map[string]any

func (v values) lookup(name string) (any, error) {
	if value := v[name]; value != nil {
		return value, nil
	}
	return nil, missing{name}
}

// fill replaces the templates of a text.
func (v values) fill(text string) (string, error) {
	text = repeated.ReplaceAllStringFunc(text, func(found string) string {
		part := repeated.FindStringSubmatch(found)
		count, err := strconv.Atoi(part[2])
		if err != nil {
			return found
		}
		return strings.Repeat(part[1], count)
	})
	var fault error
	filled := reference.ReplaceAllStringFunc(text, func(found string) string {
		part := reference.FindStringSubmatch(found)
		value, err := v.lookup(part[1])
		if err != nil {
			fault = err
			return found
		}
		out, isText := value.(string)
		if !isText {
			out = encode(value)
		}
		for name := range strings.SplitSeq(strings.TrimPrefix(part[2], "|"), "|") {
			if name == "" {
				continue
			}
			filter, known := filters[name]
			if !known {
				fault = fmt.Errorf("no filter %s", name)
				return found
			}
			out = filter(out)
		}
		return out
	})
	return filled, fault
}

// fillJSON replaces templates in every string of a JSON value and carries out edits. A string that is one ${NAME}
// alone becomes the captured value, whatever its type.
func (v values) fillJSON(node any) (any, error) {
	switch node := node.(type) {
	case string:
		if whole := reference.FindStringSubmatch(node); whole != nil && whole[0] == node && whole[2] == "" {
			return v.lookup(whole[1])
		}
		return v.fill(node)
	case []any:
		list := make([]any, len(node))
		for i, item := range node {
			filled, err := v.fillJSON(item)
			if err != nil {
				return nil, err
			}
			list[i] = filled
		}
		return list, nil
	case *object:
		if name, isEdit := node.get("$edit"); isEdit {
			return v.edit(node, name)
		}
		out := &object{}
		for key, item := range node.all() {
			key, err := v.fill(key)
			if err != nil {
				return nil, err
			}
			filled, err := v.fillJSON(item)
			if err != nil {
				return nil, err
			}
			out.set(key, filled)
		}
		return out, nil
	}
	return node, nil
}

// edit is {"$edit": NAME, "set": {…}, "drop": […]}: a captured object with members replaced and left out.
func (v values) edit(node *object, name any) (any, error) {
	text, _ := name.(string)
	captured, err := v.lookup(text)
	if err != nil {
		return nil, err
	}
	base, isObject := captured.(*object)
	if !isObject {
		return nil, missing{text + " as an object"}
	}
	out := &object{}
	dropped, _ := node.get("drop")
	drop, _ := dropped.([]any)
	for key, item := range base.all() {
		if !contains(drop, key) {
			out.set(key, item)
		}
	}
	changes, _ := node.get("set")
	filled, err := v.fillJSON(changes)
	if err != nil {
		return nil, err
	}
	if set, isObject := filled.(*object); isObject {
		for key, item := range set.all() {
			out.set(key, item)
		}
	}
	return out, nil
}

func contains(list []any, text string) bool {
	for _, item := range list {
		if item == text {
			return true
		}
	}
	return false
}

// percentEncode leaves only letters, digits and -._~ as they are.
func percentEncode(text string) string {
	var b strings.Builder
	for _, c := range wireBytes(text) {
		if alphanumeric(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
