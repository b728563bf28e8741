package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Document is what answers are held to.
type Document struct {
	operations []operation // with more literal segments first
	schemas    map[string]*schema
}

// operation is one method of one path, with the schema of its successful answer; nil if that is no JSON.
type operation struct {
	method string
	path   string   // as it is written: /Users/{userId}
	parts  []string // of the path in lower case; empty for a parameter
	answer *schema
}

// schema is a schema object. Those keywords say nothing about an answer: default, deprecated, readOnly.
type schema struct {
	Ref                  string `json:"$ref"`
	Type                 string
	Format               string
	Nullable             bool
	Enum                 []string // only texts have one
	MinLength            int
	Properties           map[string]*schema
	Required             []string
	AdditionalProperties additional
	Items                *schema
	AllOf                []*schema
	Default              any
	Deprecated           bool
	ReadOnly             bool
}

// additional says what members an object may have beyond its properties: none, any, or those of a schema.
type additional struct {
	none bool
	each *schema
}

func (a *additional) UnmarshalJSON(data []byte) error {
	var allowed bool
	if err := json.Unmarshal(data, &allowed); err == nil {
		a.none = !allowed
		return nil
	}
	a.each = &schema{}
	return strict(data, a.each)
}

// strict refuses keywords that a check would not look at.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// Load reads a document. It fails if the document says anything about an answer that [Document.Check] cannot check.
func Load(file string) (*Document, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var stored struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct{ Schema json.RawMessage }
			}
		}
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(data, &stored); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	d := &Document{schemas: map[string]*schema{}}
	for name, definition := range stored.Components.Schemas {
		d.schemas[name] = &schema{}
		if err := strict(definition, d.schemas[name]); err != nil {
			return nil, fmt.Errorf("%s: schema %s: %w", file, name, err)
		}
	}
	for path, methods := range stored.Paths {
		for method, described := range methods {
			o := operation{method: strings.ToUpper(method), path: path}
			for part := range strings.SplitSeq(strings.ToLower(path), "/") {
				if strings.HasPrefix(part, "{") {
					part = ""
				}
				o.parts = append(o.parts, part)
			}
			if body := described.Responses["200"].Content["application/json"].Schema; body != nil {
				o.answer = &schema{}
				if err := strict(body, o.answer); err != nil {
					return nil, fmt.Errorf("%s: %s %s: %w", file, o.method, path, err)
				}
			}
			d.operations = append(d.operations, o)
		}
	}
	slices.SortFunc(d.operations, func(x, y operation) int {
		if x.parameters() != y.parameters() {
			return x.parameters() - y.parameters()
		}
		return strings.Compare(x.path+x.method, y.path+y.method)
	})
	return d, nil
}

func (o operation) parameters() int { return strings.Count(o.path, "{") }

// is tells whether a request is one for the operation; the case of the path means nothing.
func (o operation) is(method, path string) bool {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(strings.ToLower(path), "/")
	if o.method != method || len(parts) != len(o.parts) {
		return false
	}
	for i, part := range o.parts {
		if part != "" && part != parts[i] || part == "" && i > 0 && parts[i] == "" {
			return false
		}
	}
	return true
}

// Paths are those of the operations of one method whose answer is JSON, sorted.
func (d *Document) Paths(method string) []string {
	var paths []string
	for _, o := range d.operations {
		if o.method == method && o.answer != nil {
			paths = append(paths, o.path)
		}
	}
	slices.Sort(paths)
	return paths
}
