package conformance_test

import "testing"

// What an app reads must be noticed when it is missing, null or something else.
func TestReading(t *testing.T) {
	t.Parallel()
	const answer = `{"User":{"Name":"ben","Id":"0123456789abcdef0123456789abcdef","Null":null,"Empty":"","Policy":{"IsAdministrator":false,"N":-1}},
		"Items":[{"A":"x","B":1},{"A":"y"}],"None":[],"Date":"2026-11-23T14:29:57.5262302Z","Version":"12.0.0"}`
	tests := []struct {
		want  string
		fault string
	}{
		{"User.Name text", ""},
		{"User.Name=ben", ""},
		{"User.Policy.IsAdministrator bool", ""},
		{"User.Policy.IsAdministrator=false", ""},
		{"User.Policy.N int", ""},
		{"User.Empty string", ""},
		{"Items[].A text", ""},
		{"Items filled", ""},
		{"None array", ""},
		{"None[].A text", ""},
		{"Date date", ""},
		{"Version version", ""},
		{"object", ""},
		{"User.Name=anna", `got "ben"`},
		{"User.Name uuid", `got "ben"`},
		{"User.Empty text", `got ""`},
		{"User.Null text", "got null"},
		{"User.Null bool", "got null"},
		{"User.Gone text", "it is not there"},
		{"User.Gone=true", "it is not there"},
		{"User.Name.Deeper text", "it is not there"},
		{"User.Policy.IsAdministrator=true", "got false"},
		{"User.Policy.IsAdministrator text", "got false"},
		{"User.Policy.N text", "got -1"},
		{"Items[].B int", "got null"},
		{"Items[].A=x", `got "y"`},
		{"None filled", "got []"},
		{"Date version", `got "2026-11-23T14:29:57.5262302Z"`},
		{"array", `got {"Date":"2026-11-23T14:29:57.5262302Z"`},
	}
	value, err := decoded([]byte(answer))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		got := read(value, test.want)
		if got != test.fault && (test.want != "array" || len(got) < len(test.fault) || got[:len(test.fault)] != test.fault) {
			t.Errorf("%s: got %q, want %q", test.want, got, test.fault)
		}
	}
}
