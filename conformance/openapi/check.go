package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Violation is one place of an answer that is not as the document says.
type Violation struct {
	Operation string // "GET /Users/{userId}"
	Path      string // a JSON path, with [*] for every index and every member of a dictionary
	Fault     string
}

// String is the violation for a reader.
func (v Violation) String() string { return v.Operation + " " + v.Path + ": " + v.Fault }

// Check holds the JSON answer to a successful request to the document. It is false if the document does not have such
// a request with such an answer. An answer in camelCase is one whose content type says so.
func (d *Document) Check(method, path, contentType string, body []byte) (violations []Violation, known bool) {
	for _, o := range d.operations {
		if !o.is(method, path) {
			continue
		}
		if o.answer == nil {
			return nil, false
		}
		c := &check{document: d, operation: o.method + " " + o.path, camel: strings.Contains(strings.ToLower(contentType), "camelcase")}
		reader := json.NewDecoder(bytes.NewReader(body))
		reader.UseNumber()
		var value any
		if err := reader.Decode(&value); err != nil {
			c.fault("$", "no JSON: %v", err)
			return c.violations, true
		}
		if _, err := reader.Token(); err != io.EOF {
			c.fault("$", "something follows the JSON value")
		}
		c.value("$", o.answer, value)
		return c.violations, true
	}
	return nil, false
}

type check struct {
	document   *Document
	operation  string
	camel      bool
	violations []Violation
}

func (c *check) fault(path, format string, args ...any) {
	v := Violation{c.operation, path, fmt.Sprintf(format, args...)}
	if !slices.Contains(c.violations, v) {
		c.violations = append(c.violations, v)
	}
}

const schemas = "#/components/schemas/"

// resolved is the schema itself, wherever it is written, and whether null is allowed on the way there.
func (c *check) resolved(s *schema) (_ *schema, nullable bool) {
	for {
		nullable = nullable || s.Nullable
		switch {
		case s.Ref != "":
			found := c.document.schemas[strings.TrimPrefix(s.Ref, schemas)]
			if found == nil {
				panic("openapi: no schema " + s.Ref)
			}
			s = found
		case len(s.AllOf) == 1:
			s = s.AllOf[0]
		case len(s.AllOf) > 1:
			panic("openapi: more than one schema in allOf")
		default:
			return s, nullable
		}
	}
}

func (c *check) value(path string, s *schema, value any) {
	s, nullable := c.resolved(s)
	if value == nil {
		if !nullable {
			c.fault(path, "null")
		}
		return
	}
	switch s.Type {
	case "object":
		if members, is := value.(map[string]any); is {
			c.object(path, s, members)
			return
		}
	case "array":
		if items, is := value.([]any); is {
			for _, item := range items {
				c.value(path+"[*]", s.Items, item)
			}
			return
		}
	case "string":
		if text, is := value.(string); is {
			c.text(path, s, text)
			return
		}
	case "boolean":
		if _, is := value.(bool); is {
			return
		}
	case "integer", "number":
		if number, is := value.(json.Number); is {
			c.number(path, s, number)
			return
		}
	case "":
		return // anything
	}
	c.fault(path, "%s instead of %s", typeOf(value), s.Type)
}

func typeOf(value any) string {
	switch value.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	}
	return "number"
}

func (c *check) object(path string, s *schema, members map[string]any) {
	for _, name := range s.Required {
		if _, there := members[c.spelt(name)]; !there {
			c.fault(path+"."+name, "missing")
		}
	}
	known := map[string]*schema{}
	for name, property := range s.Properties {
		known[c.spelt(name)] = property
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch property := known[name]; {
		case property != nil:
			c.value(path+"."+name, property, members[name])
		case s.AdditionalProperties.each != nil:
			c.value(path+"[*]", s.AdditionalProperties.each, members[name])
		case s.AdditionalProperties.none:
			c.fault(path+"."+name, "unknown")
		}
	}
}

// spelt is a member as the answer spells it.
func (c *check) spelt(name string) string {
	if !c.camel || name == "" {
		return name
	}
	return strings.ToLower(name[:1]) + name[1:]
}

var uuid = regexp.MustCompile(`^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$`)

func (c *check) text(path string, s *schema, text string) {
	if n := utf8.RuneCountInString(text); n < s.MinLength {
		c.fault(path, "%d characters instead of %d or more", n, s.MinLength)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		c.fault(path, "%s is none of the enumeration", text)
	}
	switch s.Format {
	case "uuid":
		if !uuid.MatchString(text) {
			c.fault(path, "%q is no UUID", text)
		}
	case "date-time":
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			c.fault(path, "%q is no date with time and zone", text)
		}
	}
}

func (c *check) number(path string, s *schema, number json.Number) {
	if s.Type == "number" {
		return
	}
	whole, err := number.Int64()
	switch {
	case err != nil:
		c.fault(path, "%s is no integer of 64 bits", number)
	case s.Format == "int32" && (whole < math.MinInt32 || whole > math.MaxInt32):
		c.fault(path, "%s has more than 32 bits", number)
	}
}
