package replay_test

import (
	"encoding/json"
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

func TestFill(t *testing.T) {
	captured := map[string]any{"ID": "223fbd1d429e478c9f993f4163351946", "CODE": "123450", "N": json.Number("12345678901234567890"), "TEXT": "a b/ü"}
	tests := []struct{ text, want, fault string }{
		{"no template", "no template", ""},
		{"a${ID}b${CODE}", "a223fbd1d429e478c9f993f4163351946b123450", ""},
		{"${ID|dashed}", "223fbd1d-429e-478c-9f99-3f4163351946", ""},
		{"${ID|dashed|upper}", "223FBD1D-429E-478C-9F99-3F4163351946", ""},
		{"${ID|dashed|plain}", "223fbd1d429e478c9f993f4163351946", ""},
		{"${ID|upper|lower}", "223fbd1d429e478c9f993f4163351946", ""},
		{"${ID|bad}", "223fbd1d429e478c9f993f4163351940", ""},
		{"${CODE|bad}", "123451", ""},
		{"${TEXT|url}", "a%20b%2F%C3%BC", ""},
		{"${N}", "12345678901234567890", ""},
		{"w-${=x*5}", "w-xxxxx", ""},
		{"${GONE}", "", "GONE was not captured"},
		{"${ID|odd}", "", "no filter odd"},
	}
	for _, test := range tests {
		got, err := replay.Fill(test.text, captured)
		if fault := errorText(err); fault != test.fault || err == nil && got != test.want {
			t.Errorf("%s: got %q, %v, want %q, %q", test.text, got, err, test.want, test.fault)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestFillJSON(t *testing.T) {
	object, err := replay.Decode([]byte(`{"b":1,"a":18446744073709551615,"c":null}`))
	if err != nil {
		t.Fatal(err)
	}
	captured := map[string]any{"OBJECT": object, "N": json.Number("5"), "TEXT": "x"}
	tests := []struct{ text, want, fault string }{
		{`{"z":"${TEXT}","a":["${N}","n ${N}"]}`, `{"z":"x","a":[5,"n 5"]}`, ""},
		{`"${OBJECT}"`, `{"b":1,"a":18446744073709551615,"c":null}`, ""},
		{`{"$edit":"OBJECT","set":{"b":"${TEXT}","d":true},"drop":["c"]}`, `{"b":"x","a":18446744073709551615,"d":true}`, ""},
		{`{"x":{"$edit":"OBJECT","set":{},"drop":[]}}`, `{"x":{"b":1,"a":18446744073709551615,"c":null}}`, ""},
		{`{"$edit":"TEXT","set":{},"drop":[]}`, "", "TEXT as an object was not captured"},
		{`{"$edit":"GONE","set":{},"drop":[]}`, "", "GONE was not captured"},
		{`["${GONE}"]`, "", "GONE was not captured"},
	}
	for _, test := range tests {
		got, err := replay.FillJSON(test.text, captured)
		if fault := errorText(err); fault != test.fault || err == nil && got != test.want {
			t.Errorf("%s: got %s, %v, want %s, %q", test.text, got, err, test.want, test.fault)
		}
	}
}

func TestDig(t *testing.T) {
	const document = `{"A":{"B":[{"Name":"x","V":1},{"Name":"y","V":2}]},"N":null}`
	tests := []struct{ path, want string }{
		{"$.A.B[0].V", "1"},
		{"$.A.B[-1].V", "2"},
		{"$.A.B[?Name=y].V", "2"},
		{"$.A.B[?Name=z].V", "null"},
		{"$.A.B[7]", "null"},
		{"$.A.C.D", "null"},
		{"$.A[0]", "null"},
		{"$.N", "null"},
		{"$", document},
	}
	for _, test := range tests {
		if got, err := replay.Dig(document, test.path); got != test.want || err != nil {
			t.Errorf("%s: got %s, %v, want %s", test.path, got, err, test.want)
		}
	}
	if _, err := replay.Dig(document, "$.A!"); err == nil {
		t.Error("got no error for a bad path")
	}
}
