package jellyfin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/finlatch/finlatch/jellyfin"
)

func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	type A = jellyfin.Authorization
	all := A{Client: "A", Device: "B", DeviceID: "C", Version: "1", Token: "T"}
	for _, tt := range []struct {
		in   string
		want A // without Scheme, which is MediaBrowser
	}{
		{`MediaBrowser Client="A", Device="B", DeviceId="C", Version="1", Token="T"`, all},
		{`MediaBrowser Token="T", Version="1", DeviceId="C", Device="B", Client="A"`, all},
		{`MediaBrowser Client=A,Device=B,DeviceId=C,Version=1,Token=T`, all},
		{`MediaBrowser    Client="A",    Device="B",   DeviceId="C", Version="1", Token="T"`, all},
		{`MediaBrowser UserId="x", Client="A", Foo=bar, Device="B", DeviceId="C", Version="1", Token="T", Zap="1"`, all},
		{`MediaBrowser ` + strings.Repeat("k", 4000) + `="v", Token="T"`, A{Token: "T"}},
		{`MediaBrowser Client="", Device="", DeviceId="", Version="", Token="T"`, A{Token: "T"}},
		{`MediaBrowser Client="Wire", Device=Android, DeviceId="w", Version="1.0", Token=""`,
			A{Client: "Wire", Device: "Android", DeviceID: "w", Version: "1.0"}},
		{`mediabrowser Token=abc`, A{Token: "abc"}},
		{`MEDIABROWSER Token=abc`, A{Token: "abc"}},
		{`MediaBrowser  Token="x"`, A{Token: "x"}},
		{`MediaBrowser token="abc"`, A{}},
		{`MediaBrowser `, A{}},
		{`MediaBrowser abc`, A{}},
		{`MediaBrowser Token = "abc"`, A{Token: ` "abc`}},
		{`MediaBrowser Token="abc" , Device="x"`, A{Token: `abc" `, Device: "x"}},
		{`MediaBrowser Token= abc`, A{Token: " abc"}},
		{`MediaBrowser Token="a",Token="b"`, A{Token: "b"}},
		{`MediaBrowser Token="a",Token=""`, A{}},
		{`MediaBrowser Token="",Device="x"`, A{Device: "x"}},
		{`MediaBrowser Token=,Device="x"`, A{Device: "x"}},
		{`MediaBrowser Token=,Device=x`, A{Device: "x"}},
		{`MediaBrowser Token=,abc`, A{Token: "abc"}},
		{`MediaBrowser Token=,,abc,def`, A{Token: "abc"}},
		{`MediaBrowser Token=""x""`, A{Token: "x"}},
		{`MediaBrowser ,,Token="x",`, A{Token: "x"}},
		{`MediaBrowser Token=a=b`, A{}},
		{`MediaBrowser Token="a=b"`, A{Token: "a=b"}},
		{`MediaBrowser Token="x"; Device="y"`, A{}},
		{`MediaBrowser Device="Bob's, phone", Token="t"`, A{Device: "Bob's, phone", Token: "t"}},
		{`MediaBrowser Device="a\"b", Token="t"`, A{Device: `a\"b", Token="t`}},
		{`MediaBrowser Device="unterminated, Token="t"`, A{Device: `unterminated, Token="t`}},
		{`MediaBrowser Token="abc`, A{Token: "abc"}},
		{`MediaBrowser Device="Living "Room" TV", Token="t"`, A{Device: `Living "Room" TV`, Token: "t"}},
		{`MediaBrowser Device="Apple%20II", Token="t"`, A{Device: "Apple II", Token: "t"}},
		{`MediaBrowser Device="a+b", Token="t"`, A{Device: "a b", Token: "t"}},
		{`MediaBrowser Device="100%", Token="t"`, A{Device: "100%", Token: "t"}},
		{`MediaBrowser Device="%4", Token="t"`, A{Device: "%4", Token: "t"}},
		{`MediaBrowser Device="%zz%41%4G", Token="t"`, A{Device: "%zzA%4G", Token: "t"}},
		{`MediaBrowser Device="%u0041", Token="t"`, A{Device: "%u0041", Token: "t"}},
		{`MediaBrowser Device="%22x%22", Token="t"`, A{Device: `"x"`, Token: "t"}},
		{`MediaBrowser Token=%22t%22`, A{Token: `"t"`}},
		{`MediaBrowser Token='t'`, A{Token: "'t'"}},
		{`MediaBrowser Token="   "`, A{Token: "   "}},
		{`MediaBrowser Token="None"`, A{Token: "None"}},
		{`MediaBrowser Device="H%C3%B6rb%c3%bccher"`, A{Device: "Hörbücher"}},
		{`MediaBrowser Device="Küche →", Token="t"`, A{Device: "Küche →", Token: "t"}},
		{`MediaBrowser Device="a%00b%0D%0A"`, A{Device: "a\x00b\r\n"}},
		{`MediaBrowser Device="%FF%FEx"`, A{Device: "\uFFFD\uFFFDx"}},
		{`MediaBrowser Device="%E2%82x"`, A{Device: "\uFFFDx"}},
		{`MediaBrowser Device="%E2%82"`, A{Device: "\uFFFD"}},
		{`MediaBrowser Device="%F0%80%80é"`, A{Device: "\uFFFD\uFFFD\uFFFDé"}},
		{`MediaBrowser Device="%ED%A0%80"`, A{Device: "\uFFFD\uFFFD\uFFFD"}},
		{"MediaBrowser Device=\"\xff\", Token=\"t\"", A{Device: "\uFFFD", Token: "t"}},
		{"MediaBrowser \u00a0\tToken=\"t\"", A{Token: "t"}},
		{`MediaBrowser Client="Wire", Device="<b>&amp;</b>'` + "`" + `+"`, A{Client: "Wire", Device: "<b>&amp;</b>'` "}},
	} {
		tt.want.Scheme = jellyfin.SchemeMediaBrowser
		if got, ok := jellyfin.ParseAuthorization(tt.in); !ok || got != tt.want {
			t.Errorf("%s\ngot  %q, %v\nwant %q", tt.in, fields(got), ok, fields(tt.want))
		}
	}
	for _, in := range []string{"", " ", " MediaBrowser Token=a", "MediaBrowser", `MediaBrowserToken="a"`, "Bearer abc", "Basic d2lyZTp3aXJl",
		"MediaBrowse\u0280 Token=a"} {
		if got, ok := jellyfin.ParseAuthorization(in); ok || got != (A{}) {
			t.Errorf("%q: got %q, %v, want nothing", in, fields(got), ok)
		}
	}
	got, ok := jellyfin.ParseAuthorization(`eMBY Token="a"`)
	if want := (A{Scheme: jellyfin.SchemeEmby, Token: "a"}); !ok || got != want {
		t.Errorf("scheme Emby: got %q, %v", fields(got), ok)
	}
}

// fields shows the token, which Authorization itself does not.
func fields(a jellyfin.Authorization) []string {
	return []string{a.Scheme, a.Client, a.Device, a.DeviceID, a.Version, a.Token}
}

func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   jellyfin.Authorization
		want string
	}{
		{jellyfin.Authorization{}, `MediaBrowser Token=""`},
		{jellyfin.Authorization{Token: "T"}, `MediaBrowser Token="T"`},
		{jellyfin.Authorization{Scheme: jellyfin.SchemeEmby, Client: "A", Token: "T"}, `Emby Client="A", Token="T"`},
		{jellyfin.Authorization{Client: "Jellyfin Web", Device: `Bob's "TV", 100% + ü`, DeviceID: "a-b._~c", Version: "12.0.0"},
			`MediaBrowser Client="Jellyfin%20Web", Device="Bob%27s%20%22TV%22%2C%20100%25%20%2B%20%C3%BC", DeviceId="a-b._~c", Version="12.0.0"`},
	} {
		if got := tt.in.Header(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestAuthorizationHidesToken(t *testing.T) {
	t.Parallel()
	a := jellyfin.Authorization{Client: "A", Token: "5ecret"}
	if got, want := a.String(), `MediaBrowser Client="A", Token="redacted"`; got != want {
		t.Errorf("String: got %s, want %s", got, want)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "auth", a, "in", struct{ A jellyfin.Authorization }{a})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "auth", &a, "in", struct{ A jellyfin.Authorization }{a})
	out, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprintf("%v %+v %#v %s %q", a, a, a, a, a), fmt.Sprintf("%v %+v %#v", &a, []any{a}, struct{ A any }{a}),
		log.String(), string(out)} {
		if strings.Contains(s, "5ecret") {
			t.Errorf("the token shows in %s", s)
		}
	}
	if !strings.Contains(log.String(), "auth.client=A auth.device=") || !strings.Contains(log.String(), "auth.token=true") {
		t.Errorf("log has %s", log.String())
	}
}

func TestHasToken(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		token string
		want  bool
	}{{"", false}, {" ", false}, {" \t\u00a0", false}, {"x", true}, {" x", true}} {
		if got := (jellyfin.Authorization{Token: tt.token}).HasToken(); got != tt.want {
			t.Errorf("%q: got %v", tt.token, got)
		}
	}
}

func FuzzParseAuthorization(f *testing.F) {
	for _, s := range []string{
		"", "MediaBrowser", `MediaBrowser Client="A", Device="B", DeviceId="C", Version="1", Token="T"`, `Emby Token=,abc`,
		`MediaBrowser ,,Token=""x"",`, `MediaBrowser Device="a\"b", Token="t"`, `MediaBrowser Device="%E2%82+%zz", Token=" "`,
		"MediaBrowser Device=\"\xff\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := jellyfin.ParseAuthorization(s)
		if !ok {
			if a != (jellyfin.Authorization{}) {
				t.Fatalf("%q: not ok, yet %q", s, fields(a))
			}
			return
		}
		if again, ok := jellyfin.ParseAuthorization(a.Header()); !ok || again != a {
			t.Errorf("%q gave %q, and its header %q", s, fields(a), fields(again))
		}
		for _, v := range fields(a) {
			if !utf8.ValidString(v) {
				t.Errorf("%q gave %q, which is not UTF-8", s, v)
			}
		}
	})
}

func FuzzAuthorizationHeader(f *testing.F) {
	f.Add("", "", "", "", "")
	f.Add("Jellyfin Web", `Bob's "TV", 100% + ü`, "a=b", "12.0.0", "t")
	f.Add(`"`, ",", "%41", "\x00\r\n", " ")
	f.Fuzz(func(t *testing.T, client, device, id, version, token string) {
		want := jellyfin.Authorization{
			Scheme: jellyfin.SchemeMediaBrowser, Client: client, Device: device, DeviceID: id, Version: version, Token: token,
		}
		for _, v := range fields(want) {
			if !utf8.ValidString(v) {
				t.Skip()
			}
		}
		header := want.Header()
		if got, ok := jellyfin.ParseAuthorization(header); !ok || got != want {
			t.Errorf("%s\ngot  %q\nwant %q", header, fields(got), fields(want))
		}
		if i := strings.IndexFunc(header, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
			t.Errorf("%q is no header value", header)
		}
	})
}
