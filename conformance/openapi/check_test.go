package openapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/conformance/openapi"
)

// small has every keyword that Jellyfin's document uses.
const small = `{
  "paths": {
    "/Users/{userId}": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}}}}},
    "/Users/Me": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/User"}}}}}}}},
    "/Users/Picture": {"get": {"responses": {"200": {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}}}}
  },
  "components": {"schemas": {
    "User": {"type": "object", "additionalProperties": false, "required": ["Id", "Level"], "properties": {
      "Id": {"type": "string", "format": "uuid"},
      "Seen": {"type": "string", "format": "date-time", "nullable": true},
      "Level": {"allOf": [{"$ref": "#/components/schemas/Level"}], "default": "Low"},
      "MaybeLevel": {"allOf": [{"$ref": "#/components/schemas/Level"}], "nullable": true, "deprecated": true},
      "Attempts": {"type": "integer", "format": "int32"},
      "Ticks": {"type": "integer", "format": "int64", "readOnly": true},
      "Ratio": {"type": "number", "format": "double"},
      "Admin": {"type": "boolean"},
      "Name": {"type": "string", "minLength": 2},
      "Tags": {"type": "array", "items": {"type": "string"}},
      "Prefs": {"type": "object", "additionalProperties": {"type": "string", "nullable": true}},
      "Any": {"nullable": true},
      "Open": {"type": "object", "properties": {"A": {"type": "boolean"}}}
    }},
    "Level": {"type": "string", "enum": ["Low", "High"]}
  }}
}`

func load(t *testing.T, text string) (*openapi.Document, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "openapi.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return openapi.Load(file)
}

// right is an answer with everything in it.
const right = `{"Id":"0123456789abcdef0123456789abcdef","Seen":"2026-11-23T14:29:57.5262302Z","Level":"High","MaybeLevel":"Low",` +
	`"Attempts":-1,"Ticks":9007199254740993,"Ratio":1,"Admin":true,"Name":"ön","Tags":["a",""],"Prefs":{"x":null,"y":"z"},"Any":[1],"Open":{"A":false,"B":1}}`

func TestPlantedFaultsAreSeen(t *testing.T) {
	t.Parallel()
	d, err := load(t, small)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new, want string }{
		{"right", "", "", ""},
		{"null where it may be", `"Seen":"2026-11-23T14:29:57.5262302Z"`, `"Seen":null`, ""},
		{"null for an enumeration that may be null", `"MaybeLevel":"Low"`, `"MaybeLevel":null`, ""},
		{"anything", `"Any":[1]`, `"Any":null`, ""},
		{"left out where it may be", `"Admin":true,`, ``, ""},
		{"dashed id", `0123456789abcdef0123456789abcdef`, `01234567-89ab-cdef-0123-456789abcdef`, ""},
		{"date with an offset", `57.5262302Z`, `57+02:00`, ""},
		{"decimal", `"Ratio":1`, `"Ratio":1.5e3`, ""},

		{"required member missing", `"Id":"0123456789abcdef0123456789abcdef",`, ``, "$.Id: missing"},
		{"required enumeration missing", `"Level":"High",`, ``, "$.Level: missing"},
		{"unknown member", `"Admin"`, `"admin"`, "$.admin: unknown"},
		{"null", `"Admin":true`, `"Admin":null`, "$.Admin: null"},
		{"null for an enumeration", `"Level":"High"`, `"Level":null`, "$.Level: null"},
		{"null in an array", `["a",""]`, `["a",null]`, "$.Tags[*]: null"},
		{"null for an array", `["a",""]`, `null`, "$.Tags: null"},
		{"object for an array", `["a",""]`, `{}`, "$.Tags: object instead of array"},
		{"number in an array", `["a",""]`, `["a",1]`, "$.Tags[*]: number instead of string"},
		{"other word", `"Level":"High"`, `"Level":"high"`, "$.Level: high is none of the enumeration"},
		{"other word behind null", `"MaybeLevel":"Low"`, `"MaybeLevel":""`, "$.MaybeLevel:  is none of the enumeration"},
		{"number for an enumeration", `"Level":"High"`, `"Level":1`, "$.Level: number instead of string"},
		{"text for a number", `"Attempts":-1`, `"Attempts":"-1"`, "$.Attempts: string instead of integer"},
		{"decimal for an integer", `"Attempts":-1`, `"Attempts":-1.0`, "$.Attempts: -1.0 is no integer of 64 bits"},
		{"large", `"Attempts":-1`, `"Attempts":2147483648`, "$.Attempts: 2147483648 has more than 32 bits"},
		{"very large", `9007199254740993`, `9223372036854775808`, "$.Ticks: 9223372036854775808 is no integer of 64 bits"},
		{"text for a boolean", `"Admin":true`, `"Admin":"true"`, "$.Admin: string instead of boolean"},
		{"boolean for text", `"Name":"ön"`, `"Name":false`, "$.Name: boolean instead of string"},
		{"short", `"Name":"ön"`, `"Name":"ö"`, "$.Name: 1 characters instead of 2 or more"},
		{"short id", `0123456789abcdef0123456789abcdef`, `0123456789abcdef0123456789abcde`, `$.Id: "0123456789abcdef0123456789abcde" is no UUID`},
		{"empty id", `0123456789abcdef0123456789abcdef`, ``, `$.Id: "" is no UUID`},
		{"date without a zone", `57.5262302Z`, `57.5262302`, `$.Seen: "2026-11-23T14:29:57.5262302" is no date with time and zone`},
		{"number in a dictionary", `"y":"z"`, `"y":1`, "$.Prefs[*]: number instead of string"},
		{"array for an object", `"Open":{"A":false,"B":1}`, `"Open":[]`, "$.Open: array instead of object"},
		{"in an open object", `"A":false`, `"A":1`, "$.Open.A: number instead of boolean"},
		{"broken", `{"Id"`, `{Id`, "$: no JSON: invalid character 'I' looking for beginning of object key string"},
		{"two values", `"B":1}}`, `"B":1}}{}`, "$: something follows the JSON value"},
	}
	for _, test := range tests {
		body := strings.Replace(right, test.old, test.new, 1)
		if body == right && test.old != "" {
			t.Errorf("%s: nothing is broken", test.name)
		}
		var got string
		violations, known := d.Check("GET", "/Users/12", "application/json; charset=utf-8", []byte(body))
		for _, violation := range violations {
			got += strings.TrimPrefix(violation.String(), "GET /Users/{userId} ")
		}
		if !known || got != test.want {
			t.Errorf("%s: got %t, %q, want %q", test.name, known, got, test.want)
		}
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	d, err := load(t, small)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, path, contentType, body string
		known                           bool
		violations                      int
	}{
		{"GET", "/Users/Me", "", `[` + right + `]`, true, 0},
		{"GET", "/users/ME?x=/y", "", `[]`, true, 0},
		{"GET", "/Users/Me", "", right, true, 1},
		{"GET", "/users/0123", "", right, true, 0},
		{"GET", "/Users/", "", `{}`, false, 0},
		{"GET", "/Users/1/2", "", `{}`, false, 0},
		{"POST", "/Users/Me", "", `1`, false, 0},
		{"GET", "/Users/Picture", "", `1`, false, 0},
		{"GET", "/Users/1", "application/json; profile=CamelCase", `{"id":"0123456789abcdef0123456789abcdef","level":"Low"}`, true, 0},
		{"GET", "/Users/1", "application/json; profile=CamelCase", `{"Id":"0123456789abcdef0123456789abcdef","level":"Low"}`, true, 2},
	} {
		violations, known := d.Check(test.method, test.path, test.contentType, []byte(test.body))
		if known != test.known || len(violations) != test.violations {
			t.Errorf("%s %s: got %t, %v, want %t, %d violations", test.method, test.path, known, violations, test.known, test.violations)
		}
	}
	if got := strings.Join(d.Paths("GET"), " "); got != "/Users/Me /Users/{userId}" {
		t.Errorf("got paths %q", got)
	}
}

// What a check would overlook is refused.
func TestUnknownKeyword(t *testing.T) {
	t.Parallel()
	for _, change := range [][2]string{
		{`"minLength": 2`, `"maxLength": 2`},
		{`{"type": "array", "items": {"type": "string"}}`, `{"oneOf": []}`},
		{`"additionalProperties": {"type"`, `"additionalProperties": {"pattern": "x", "type"`},
	} {
		text := strings.Replace(small, change[0], change[1], 1)
		if text == small {
			t.Errorf("%s is not there", change[0])
		}
		if _, err := load(t, text); err == nil {
			t.Errorf("%s: got no error", change[1])
		}
	}
}
