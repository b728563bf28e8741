package jellyfin_test

import (
	"encoding/json"
	"testing"

	"github.com/finlatch/finlatch/jellyfin"
)

func TestParseGUID(t *testing.T) {
	t.Parallel()
	const want = "d85b1407351d4694939203acc5870eb1"
	for _, tt := range []struct {
		name, in, want string // "" is an error
	}{
		{"N", "d85b1407351d4694939203acc5870eb1", want},
		{"N upper", "D85B1407351D4694939203ACC5870EB1", want},
		{"D", "d85b1407-351d-4694-9392-03acc5870eb1", want},
		{"D upper", "D85B1407-351D-4694-9392-03ACC5870EB1", want},
		{"B", "{d85b1407-351d-4694-9392-03acc5870eb1}", want},
		{"P", "(d85b1407-351d-4694-9392-03acc5870eb1)", want},
		{"X", "{0xd85b1407,0x351d,0x4694,{0x93,0x92,0x03,0xac,0xc5,0x87,0x0e,0xb1}}", want},
		{"X upper", "{0XD85B1407,0X351D,0X4694,{0X93,0X92,0X03,0XAC,0XC5,0X87,0X0E,0XB1}}", want},
		{"X short and spaced", "{0x1, 0x2, 0x3, {0x4,0x5,0x6,0x7,0x8,0x9,0xa,0xb}}", "0000000100020003040506070809" + "0a0b"},
		{"white space around", "\td85b1407351d4694939203acc5870eb1 \n", want},
		{"zeros", "00000000000000000000000000000000", "00000000000000000000000000000000"},
		{"empty", "", ""},
		{"blank", " ", ""},
		{"one digit less", "d85b1407351d4694939203acc5870eb", ""},
		{"one digit more", "d85b1407351d4694939203acc5870eb11", ""},
		{"no hex", "g85b1407351d4694939203acc5870eb1", ""},
		{"dash at the wrong place", "d85b140-7351d-4694-9392-03acc5870eb1", ""},
		{"braces that do not match", "{d85b1407-351d-4694-9392-03acc5870eb1)", ""},
		{"braces around N", "{d85b1407351d4694939203acc5870eb1}", ""},
		{"braces around N of 36", "{d85b1407351d4694939203acc5870eb10000}", ""},
		{"X with ten groups", "{0xd85b1407,0x351d,0x4694,{0x93,0x92,0x03,0xac,0xc5,0x87,0x0e}}", ""},
		{"X with a wide group", "{0xd85b1407,0x351d,0x4694,{0x093,0x92,0x03,0xac,0xc5,0x87,0x0e,0xb1}}", ""},
		{"X with an empty group", "{0x,0x351d,0x4694,{0x93,0x92,0x03,0xac,0xc5,0x87,0x0e,0xb1}}", ""},
		{"X that does not end", "{0xd85b1407,0x351d,0x4694,{0x93,0x92,0x03,0xac,0xc5,0x87,0x0e,0xb1}", ""},
		{"word", "usersettings", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, err := jellyfin.ParseGUID(tt.in)
			if (err == nil) != (tt.want != "") {
				t.Fatalf("ParseGUID(%q): error %v", tt.in, err)
			}
			if err == nil && g.String() != tt.want {
				t.Errorf("ParseGUID(%q) = %s, want %s", tt.in, g, tt.want)
			}
		})
	}
}

func TestGUIDJSON(t *testing.T) {
	t.Parallel()
	const zeros = `"00000000000000000000000000000000"`
	for _, tt := range []struct {
		in, want string // "" is an error
	}{
		{`"593FB5EF-DD3B-4EB7-999B-86CB6221D70E"`, `"593fb5efdd3b4eb7999b86cb6221d70e"`},
		{`"\u0035` + `93fb5efdd3b4eb7999b86cb6221d70e"`, `"593fb5efdd3b4eb7999b86cb6221d70e"`},
		{`null`, zeros},
		{`""`, ""},
		{`"x"`, ""},
		{`0`, ""},
		{`[]`, ""},
	} {
		g := jellyfin.GUID{1}
		err := json.Unmarshal([]byte(tt.in), &g)
		if (err == nil) != (tt.want != "") {
			t.Errorf("%s: error %v", tt.in, err)
		} else if err == nil && encode(t, g) != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, encode(t, g), tt.want)
		}
	}
	var p struct{ G *jellyfin.GUID }
	if err := json.Unmarshal([]byte(`{"G":null}`), &p); err != nil || p.G != nil {
		t.Errorf("null into a pointer: %v, error %v", p.G, err)
	}
	if got, want := encode(t, map[jellyfin.GUID]int{{}: 1}), "{"+zeros+":1}"; got != want {
		t.Errorf("as a key: got %s, want %s", got, want)
	}
	if !(jellyfin.GUID{}).IsZero() || (jellyfin.GUID{15: 1}).IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestMD5GUID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"usersettings", "3ce5b65d-e116-d731-65d1-efc4a30ec35c"},
		{"ClientDeviceId", "e1657ad8-7976-63ed-2e12-5b2228c2f10c"},
		{"Jellyfin Webabc", "ec0ee2fd-6d29-700a-51b4-91fb8a6e7c11"},
		{"Wirewire-1", "c3dfdf39-b2e7-6f5d-3928-d82aa9349953"}, // the session of testdata/authentication_result.json
	} {
		if got := jellyfin.MD5GUID(tt.in).Dashed(); got != tt.want {
			t.Errorf("MD5GUID(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

func FuzzGUID(f *testing.F) {
	for _, s := range []string{
		"", "d85b1407351d4694939203acc5870eb1", "{D85B1407-351D-4694-9392-03ACC5870EB1}", "(d85b1407-351d-4694-9392-03acc5870eb1)",
		"{0xd85b1407,0x351d,0x4694,{0x93,0x92,0x03,0xac,0xc5,0x87,0x0e,0xb1}}", "{0x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g, err := jellyfin.ParseGUID(s)
		if err != nil {
			return
		}
		for _, text := range []string{g.String(), g.Dashed(), "{" + g.Dashed() + "}"} {
			if again, err := jellyfin.ParseGUID(text); err != nil || again != g {
				t.Errorf("%q gave %s, and %q gave %s, error %v", s, g, text, again, err)
			}
		}
	})
}
