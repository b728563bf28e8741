package replay

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// Rules are one step's exceptions from literal comparison. Each list holds paths: $.A.B[*].C, or $..C for a member
// anywhere below; a path covers all that lies below it.
type Rules struct {
	Ignore    []pattern // left out
	TypeOnly  []pattern `json:"type_only"` // only the JSON type counts
	Exact     []pattern // literal even if it looks like an id, a date or a path
	Version   []pattern // some version number
	Unordered []pattern // arrays whose order means nothing
	Also      []string  // further headers to compare, in lower case
	Raw       bool      // also how the strings of the body are escaped
	Loose     bool      // only the shape of the body
	Compare   *bool     // false: nothing is compared
}

// UnmarshalJSON refuses a rule that this replayer does not know, since it would be one not kept.
func (r *Rules) UnmarshalJSON(data []byte) error {
	type plain Rules
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode((*plain)(r))
}

func (r *Rules) compared() bool { return r.Compare == nil || *r.Compare }

// pattern is a path of the rules.
type pattern struct{ *regexp.Regexp }

func (p *pattern) UnmarshalJSON(data []byte) error {
	var path string
	if err := json.Unmarshal(data, &path); err != nil {
		return err
	}
	text := regexp.QuoteMeta(path)
	text = strings.ReplaceAll(text, `\[\*\]`, `\[\d+\]`)
	text = strings.ReplaceAll(text, `\.\.`, `.*\.`)
	compiled, err := regexp.Compile(`^` + text + `(?:$|[.\[])`)
	p.Regexp = compiled
	return err
}

func hit(patterns []pattern, path string) bool {
	for _, p := range patterns {
		if p.MatchString(path) {
			return true
		}
	}
	return false
}
