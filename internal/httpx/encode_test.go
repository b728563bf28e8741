package httpx_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// TestMarshalRecorded takes the escapes out of what a real Jellyfin answered, and wants them back.
func TestMarshalRecorded(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/recorded_signin.json")
	if err != nil {
		t.Fatal(err)
	}
	escapes := 0
	plain := regexp.MustCompile(`\\u[0-9A-F]{4}`).ReplaceAllStringFunc(string(want), func(escape string) string {
		escapes++
		r, err := strconv.ParseUint(escape[2:], 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		return string(rune(r))
	})
	got, err := httpx.Marshal(json.RawMessage(plain))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" || escapes == 0 {
		t.Errorf("%d escapes (-want +got):\n%s", escapes, diff)
	}
}

func TestMarshal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   any
		want string
	}{
		{"Jellyfin Server", `"Jellyfin Server"`},
		{true, `true`},
		{`"&'+<>` + "`", `"\u0022\u0026\u0027\u002B\u003C\u003E\u0060"`},
		{"\\ / \n\r\t\b\f", `"\\ / \n\r\t\b\f"`},
		{"\x00\x1f\x7f", `"\u0000\u001F\u007F"`},
		{"ä→✓密😀\u2028", `"\u00E4\u2192\u2713\u5BC6\uD83D\uDE00\u2028"`},
		{"a\xffb", `"a\uFFFDb"`},
		{map[string]any{"k&": []any{"+", 1e30, nil}}, `{"k\u0026":["\u002B",1e+30,null]}`},
		{json.RawMessage(`{"a":"\u00e4\/\"\ud83d\ude00"}`), `{"a":"\u00E4/\u0022\uD83D\uDE00"}`},
		{struct{ User httpx.Encoded }{httpx.Encoded(`{"Name":"\u00E4"}`)}, `{"User":{"Name":"\u00E4"}}`},
		{struct{ User httpx.Encoded }{}, `{"User":null}`},
		{httpx.Encoded(`{"Name":"\u00E4"}`), `{"Name":"\u00E4"}`},
	}
	for _, tt := range tests {
		got, err := httpx.Marshal(tt.in)
		if err != nil || string(got) != tt.want {
			t.Errorf("Marshal(%q): got %s, %v, want %s", tt.in, got, err, tt.want)
		}
		if s, ok := tt.in.(string); ok {
			if got := string(httpx.AppendEscaped([]byte("x"), s)); got != "x"+tt.want {
				t.Errorf("AppendEscaped(%q): got %s, want %s", s, got, tt.want)
			}
		}
	}
	if _, err := httpx.Marshal(func() {}); err == nil {
		t.Error("a func was encoded")
	}
}

func FuzzMarshal(f *testing.F) {
	for _, seed := range []string{"", "a", "ä+\"\\\n", "\xff\xc3", "😀\u2028\x7f"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := httpx.Marshal(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(got) {
			if got[i] < 0x20 || got[i] >= 0x7f {
				t.Fatalf("%q has a byte beyond ASCII", got)
			}
		}
		var back map[string]string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		valid := strings.ToValidUTF8(s, "\uFFFD")
		if len(strings.ReplaceAll(s, "\uFFFD", "")) == len(strings.ReplaceAll(valid, "\uFFFD", "")) && back[valid] != valid {
			t.Fatalf("%q came back as %q", s, back)
		}
		if inner := string(httpx.AppendEscaped(nil, s)); !strings.HasSuffix(string(got), inner+"}") {
			t.Fatalf("%q: AppendEscaped %s, Marshal %s", s, inner, got)
		}
	})
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	type user struct {
		Name      string
		IPAddress string
		ID        int            `json:"Id"`
		Custom    map[string]int `json:"CustomPrefs"`
		After     []string
	}
	v := user{"w-ä", "::1", 3, map[string]int{"Key": 1}, []string{"Up"}}
	const (
		pascal = `{"Name":"w-\u00E4","IPAddress":"::1","Id":3,"CustomPrefs":{"Key":1},"After":["Up"]}`
		camel  = `{"name":"w-\u00E4","ipAddress":"::1","id":3,"customPrefs":{"Key":1},"after":["Up"]}`
	)
	// The Accept headers are those of the recorded steps accept.*.
	tests := []struct{ accept, contentType, body string }{
		{"", `application/json; charset=utf-8`, pascal},
		{"*/*", `application/json; charset=utf-8`, pascal},
		{`application/json; profile="CamelCase"`, `application/json; profile="CamelCase"; charset=utf-8`, camel},
		{`application/json;profile=camelcase`, `application/json; profile="CamelCase"; charset=utf-8`, camel},
		{`application/json; profile="PascalCase"`, `application/json; profile="PascalCase"; charset=utf-8`, pascal},
		{"text/html", `application/json; charset=utf-8`, pascal},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", `application/json; charset=utf-8`, pascal},
		{"application/json,application/json; profile=CamelCase,application/json; profile=PascalCase,text/html", `application/json; charset=utf-8`, pascal},
		{`application/json; profile="PascalCase";q=0.5, application/json; profile="CamelCase";q=0.9`, `application/json; profile="CamelCase"; charset=utf-8`, camel},
		{`application/json; profile=Other, ;;, application/json; profile=CamelCase; q=0`, `application/json; charset=utf-8`, pascal},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		if tt.accept != "" {
			r.Header.Set("Accept", tt.accept)
		}
		w := httptest.NewRecorder()
		if err := httpx.WriteJSON(w, r, 201, v); err != nil {
			t.Fatal(err)
		}
		h := w.Header()
		if w.Code != 201 || h.Get("Content-Type") != tt.contentType || w.Body.String() != tt.body || h.Get("Content-Length") != strconv.Itoa(len(tt.body)) {
			t.Errorf("%s: got %d %v %s, want %s %s", tt.accept, w.Code, h, w.Body, tt.contentType, tt.body)
		}
	}

	w := httptest.NewRecorder()
	if err := httpx.WriteJSON(w, httptest.NewRequest("GET", "/", nil), 200, func() {}); err == nil || len(w.Header()) > 0 {
		t.Errorf("got %v and %v, want an error and no answer", err, w.Header())
	}
}

func BenchmarkMarshal(b *testing.B) {
	u := new(jellyfin.UserDto)
	u.SetDefaults()
	for _, name := range []string{"w-bob", "w-ïnä"} {
		u.Name = name
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := httpx.Marshal(u); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
