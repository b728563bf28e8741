package replay_test

import (
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

func TestVolatileParts(t *testing.T) {
	const (
		id     = "223fbd1d429e478c9f993f4163351946"
		secret = "24331EEBC1ADD124B74A9C2582C238C29E980F6DB90FC053A9D28FADC329AF6E"
	)
	tests := []struct{ text, frame, shown string }{
		{"nothing volatile 123", "nothing volatile 123", "nothing volatile 123"},
		{"of " + id + ".", "of <id>.", "of <id>."},
		{"223FBD1D429E478C9F993F4163351946", "<id>", "<id:upper>"},
		{"223fBD1D429e478c9f993f4163351946", "<id>", "<id:mixed>"},
		{"223fbd1d-429e-478c-9f99-3f4163351946", "<id>", "<id:dashed>"},
		{"x" + id, "x" + id, "x" + id},
		{id + "0", id + "0", id + "0"},
		{secret, "<secret>", "<secret>"},
		{"24331eebc1add124b74a9c2582c238c29e980f6db90fc053a9d28fadc329af6e", "<secret>", "<secret:lower>"},
		{"00-09c7d3fdcb29ec71c0834bde2382fb05-5188a1d86be0cf70-00", "<trace>", "<trace>"},
		{"http://127.0.0.1:8096/web", "<url>/web", "<url>/web"},
		{"https://localhost", "<url>", "<url:https>"},
		{"from 127.0.0.1:55000 and ::1", "from <ip> and <ip>", "from <ip> and <ip>"},
		{"1.2.3.4567", "1.2.3.4567", "1.2.3.4567"},
		{"2026-11-23T13:59:26.8097645Z", "<date>", "<date>"},
		{"2026-11-23T13:59:26.8097Z", "<date>", "<date>"},
		{"2026-11-23T13:59:26.8090Z", "<date>", "<date:4Z>"},
		{"2026-11-23T13:59:26.809Z", "<date>", "<date:3Z>"},
		{"2026-11-23T13:59:26.8097645", "<date>", "<date:7>"},
		{"2026-11-23T13:59:26.8097645+01:00", "<date>", "<date:7offset>"},
		{"2026-11-23T13:59:26Z", "<date>", "<date:0Z>"},
		{"0001-01-01T00:00:00.0000000Z", "0001-01-01T00:00:00.0000000Z", "0001-01-01T00:00:00.0000000Z"},
		{"at 20261123135926", "at <stamp>", "at <stamp>"},
	}
	for _, test := range tests {
		if frame, shown := replay.Blank(test.text); frame != test.frame || shown != test.shown {
			t.Errorf("%s: got %s and %s, want %s and %s", test.text, frame, shown, test.frame, test.shown)
		}
	}
}

func TestMediaType(t *testing.T) {
	tests := []struct {
		one, other string
		same       bool
	}{
		{"application/json; charset=utf-8", `Application/JSON;charset="UTF-8"`, true},
		{"text/x; a=1; b=2", "text/x;b=2;a=1", true},
		{"application/json; charset=utf-8", "application/json", false},
		{"application/json; charset=utf-8", "text/json; charset=utf-8", false},
		{`application/json; profile="A"`, `application/json; profile="a"`, false},
	}
	for _, test := range tests {
		if got := replay.MediaType(test.one) == replay.MediaType(test.other); got != test.same {
			t.Errorf("%s and %s: got %t, want %t", test.one, test.other, got, test.same)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, text := range []string{"", "{", `{"a":1,"a":2}`, `{"a":1,}`, "[1,]", "1 2", "nul", "\"\xff\""} {
		if value, err := replay.Decode([]byte(text)); err == nil {
			t.Errorf("%q: got %v, want an error", text, value)
		}
	}
}

func TestEncodeKeepsWhatCame(t *testing.T) {
	for _, text := range []string{`{"b":1.50,"a":[true,null,{}],"c":"<&>ü"}`, "18446744073709551615", "-0", "1e3", `""`} {
		value, err := replay.Decode([]byte(text))
		if got := replay.Encode(value); got != text || err != nil {
			t.Errorf("got %s, %v, want %s", got, err, text)
		}
	}
}

// Bytes that are not UTF-8 stand in a recording as lone surrogates and go out as bytes.
func TestRawBytes(t *testing.T) {
	tests := []struct{ document, want string }{
		{`"a\udcffb"`, "a\xffb"},
		{`"\udc80\uDCFE"`, "\x80\xfe"},
		{`"\ud83d\udcff"`, "\U0001f4ff"}, // a pair, no byte
		{`"\\udcff"`, `\udcff`},
		{`"ü"`, "ü"},
	}
	for _, test := range tests {
		value, err := replay.Decode(replay.RawBytes([]byte(test.document)))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(replay.WireBytes(value.(string))); got != test.want {
			t.Errorf("%s: got %q, want %q", test.document, got, test.want)
		}
	}
}
