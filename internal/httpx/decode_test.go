package httpx_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// recorded is an answer of a real Jellyfin 12 that refused a request.
type recorded struct {
	Step, Method, Path string
	Body               *string
	Errors             map[string][]string
}

func recordedErrors(t *testing.T) []recorded {
	t.Helper()
	data, err := os.ReadFile("testdata/recorded_errors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []recorded
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// enums has the C# names that the recorded sentences mention.
var enums = map[string]string{
	"SubtitleMode":       "Jellyfin.Database.Implementations.Enums.SubtitlePlaybackMode",
	"GeneralCommandType": "MediaBrowser.Model.Session.GeneralCommandType",
}

// bodies has, by the last words of a path, what the operation reads.
var bodies = []struct {
	path string
	into func() any
	as   httpx.Param
}{
	{"/Startup/Configuration", fresh[jellyfin.StartupConfigurationDto], httpx.Param{Name: "startupConfiguration"}},
	{"/Startup/RemoteAccess", fresh[jellyfin.StartupRemoteAccessDto], httpx.Param{Name: "startupRemoteAccessDto"}},
	{"/Startup/User", fresh[jellyfin.StartupUserDto], httpx.Param{Name: "startupUserDto"}},
	{"/Users/AuthenticateByName", fresh[jellyfin.AuthenticateUserByName], httpx.Param{Name: "request", Type: "Jellyfin.Api.Models.UserDtos.AuthenticateUserByName"}},
	{"/Users/AuthenticateWithQuickConnect", fresh[jellyfin.QuickConnectDto], httpx.Param{Name: "request", Required: []string{"Secret"}}},
	{"/Users/New", fresh[jellyfin.CreateUserByName], httpx.Param{Name: "request", Type: "Jellyfin.Api.Models.UserDtos.CreateUserByName", Must: []string{"Name"}, Required: []string{"Name"}}},
	{"/Users", fresh[jellyfin.UserDto], httpx.Param{Name: "updateUser", Required: []string{"Policy.PasswordResetProviderId", "Policy.AuthenticationProviderId"}}},
	{"/Users/Configuration", fresh[jellyfin.UserConfiguration], httpx.Param{Name: "userConfig", Types: enums}},
	{"/Policy", fresh[jellyfin.UserPolicy], httpx.Param{Name: "newPolicy", Required: []string{"PasswordResetProviderId", "AuthenticationProviderId"}}},
	{"/Users/Password", fresh[jellyfin.UpdateUserPassword], httpx.Param{Name: "request"}},
	{"/Sessions/Capabilities/Full", fresh[jellyfin.ClientCapabilitiesDto], httpx.Param{Name: "capabilities", Types: enums}},
	{"/Devices/Options", fresh[jellyfin.DeviceOptionsDto], httpx.Param{Name: "deviceOptions"}},
	{"/System/Configuration", fresh[jellyfin.ServerConfiguration], httpx.Param{Name: "configuration"}},
	{"/Users/ForgotPassword", fresh[jellyfin.ForgotPasswordDto], httpx.Param{Name: "forgotPasswordRequest", Type: "Jellyfin.Api.Models.UserDtos.ForgotPasswordDto", Must: []string{"EnteredUsername"}, Required: []string{"EnteredUsername"}}},
	{"/Users/ForgotPassword/Pin", fresh[jellyfin.ForgotPasswordPinDto], httpx.Param{Name: "forgotPasswordPinRequest", Type: "Jellyfin.Api.Models.UserDtos.ForgotPasswordPinDto", Must: []string{"Pin"}, Required: []string{"Pin"}}},
}

func fresh[T any]() any {
	v := new(T)
	if d, ok := any(v).(jellyfin.Defaulter); ok {
		d.SetDefaults()
	}
	return v
}

func post(body string) *http.Request { return jsonPost(strings.NewReader(body)) }

func jsonPost(body io.Reader) *http.Request {
	r := httptest.NewRequest("POST", "/", body)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// errorsOf is what a ValidationError holds, or the error's text under "error".
func errorsOf(err error) map[string][]string {
	var v *httpx.ValidationError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &v):
		return v.Errors
	}
	return map[string][]string{"error": {err.Error()}}
}

func TestRecordedBodies(t *testing.T) {
	t.Parallel()
	asked := 0
	for _, rec := range recordedErrors(t) {
		if rec.Body == nil {
			continue
		}
		path, _, _ := strings.Cut(rec.Path, "?")
		if _, ofQuery := rec.Errors["id"]; ofQuery || rec.Errors["userId"] != nil {
			continue // refused for the path or the query
		}
		asked++
		t.Run(rec.Step, func(t *testing.T) {
			for _, b := range bodies {
				if path != b.path && !(b.path == "/Policy" && strings.HasSuffix(path, b.path)) {
					continue
				}
				err := httpx.DecodeJSON(post(*rec.Body), b.into(), b.as)
				if diff := cmp.Diff(rec.Errors, errorsOf(err)); diff != "" {
					t.Errorf("%s (-recorded +got):\n%s", *rec.Body, diff)
				}
				if !errors.Is(err, finlatch.ErrInvalid) || finlatch.KindOf(err) != finlatch.Invalid {
					t.Errorf("kind %v, want invalid", finlatch.KindOf(err))
				}
				return
			}
			t.Errorf("no body for %s", path)
		})
	}
	if asked < 45 {
		t.Errorf("%d recorded bodies, want the 45 and more that were recorded", asked)
	}
}

func TestRecordedQueries(t *testing.T) {
	t.Parallel()
	for _, rec := range recordedErrors(t) {
		if rec.Body != nil {
			continue
		}
		q := httpx.Query(httptest.NewRequest(rec.Method, rec.Path, nil))
		for key, sentences := range rec.Errors {
			_, err := q.Required(key)
			switch {
			case strings.HasSuffix(sentences[0], "is not valid.") && q.Has(key):
				if _, err = q.Bool(key); err == nil {
					err = httpx.Invalid(key, q.Get(key))
				}
			case strings.HasSuffix(sentences[0], "is not valid."):
				err = httpx.Invalid(key, strings.Split(rec.Path, "/")[2])
			}
			if got := errorsOf(err); !cmp.Equal(rec.Errors, got) {
				t.Errorf("%s: got %v, want %v", rec.Step, got, rec.Errors)
			}
		}
	}
}

// sample has one member of each sort that bodies have.
type sample struct {
	Name     string
	Note     *string
	On       bool
	Maybe    *bool
	Count    int
	Long     int64
	Limit    *int
	Ratio    float64
	Mode     jellyfin.SubtitleMode
	ModeOrNo *jellyfin.SubtitleMode
	ID       jellyfin.GUID  `json:"Id"`
	Other    *jellyfin.GUID `json:"OtherId"`
	At       jellyfin.Time
	Until    *jellyfin.Time
	Tags     jellyfin.List[string]
	Modes    []jellyfin.SubtitleMode
	Commands jellyfin.DelimitedList[jellyfin.GeneralCommandType]
	Prefs    map[string]*string
	Words    map[string]string
	Inner    inner
	Far      *inner
	Raw      json.RawMessage
	hidden   string
}

type inner struct {
	Name string
	Kids []inner
}

func ptr[T any](v T) *T { return &v }

func TestBind(t *testing.T) {
	t.Parallel()
	guid := jellyfin.GUID{0xd8, 0x5b, 0x14, 0x07, 0x35, 0x1d, 0x46, 0x94, 0x93, 0x92, 0x03, 0xac, 0xc5, 0x87, 0x0e, 0xb1}
	before := func() sample {
		return sample{hidden: "kept", Name: "before", Note: ptr("n"), On: true, Count: 7, Limit: ptr(3), Tags: jellyfin.List[string]{"t"}, Inner: inner{Name: "i"}}
	}
	tests := []struct {
		body   string
		change func(s *sample)
	}{
		{`{}`, func(*sample) {}},
		{" {\r\n\t} \n", func(*sample) {}},
		{`{"name":"a","NAME":"b","nAmE":"c","unknown":{"Name":[1,{"x":null}]}}`, func(s *sample) { s.Name = "c" }},
		{`{"hidden":"x","Hidden":"x"}`, func(*sample) {}},
		{`{"Name":12.50,"Note":true}`, func(s *sample) { s.Name, s.Note = "12.50", ptr("true") }},
		{`{"Name":null,"Note":null}`, func(s *sample) { s.Name, s.Note = "", nil }},
		{`{"Note":""}`, func(s *sample) { s.Note = ptr("") }},
		{`{"N\u0061me":"\u00e4\ud83d\ude00\"\\\/\b\f\n\r\t"}`, func(s *sample) { s.Name = "ä😀\"\\/\b\f\n\r\t" }},
		{`{"On":false,"Maybe":true}`, func(s *sample) { s.On, s.Maybe = false, ptr(true) }},
		{`{"Maybe":"","Limit":"","Until":"","ModeOrNo":""}`, func(s *sample) { s.Limit = nil }},
		{`{"Maybe":null,"Limit":null,"OtherId":null,"ModeOrNo":null}`, func(s *sample) { s.Limit = nil }},
		{`{"Count":"-12","Limit":"+5","Long":9007199254740993,"Ratio":"1.5e2"}`, func(s *sample) { s.Count, s.Limit, s.Long, s.Ratio = -12, ptr(5), 9007199254740993, 150 }},
		{`{"Mode":"onlyforced","ModeOrNo":4}`, func(s *sample) { s.Mode, s.ModeOrNo = "OnlyForced", ptr(jellyfin.SubtitleMode("Smart")) }},
		{`{"Id":"D85B1407-351D-4694-9392-03ACC5870EB1","OtherId":"{d85b1407-351d-4694-9392-03acc5870eb1}"}`, func(s *sample) { s.ID, s.Other = guid, &guid }},
		{`{"Id":null}`, func(*sample) {}},
		{`{"At":null,"Tags":null,"Inner":null,"Far":null}`, func(s *sample) { s.Tags, s.Inner = nil, inner{} }},
		{`{"Tags":["a",1,true,null],"Modes":["Always",0]}`, func(s *sample) {
			s.Tags, s.Modes = jellyfin.List[string]{"a", "1", "true", ""}, []jellyfin.SubtitleMode{"Always", "Default"}
		}},
		{`{"Tags":[]}`, func(s *sample) { s.Tags = jellyfin.List[string]{} }},
		{`{"Commands":"MoveUp, dance,movedown"}`, func(s *sample) {
			s.Commands = jellyfin.DelimitedList[jellyfin.GeneralCommandType]{"MoveUp", "MoveDown"}
		}},
		{`{"Commands":["moveup"],"Name":"after"}`, func(s *sample) {
			s.Commands, s.Name = jellyfin.DelimitedList[jellyfin.GeneralCommandType]{"MoveUp"}, "after"
		}},
		{`{"Prefs":{"a":null,"b":"","A":3},"Words":{"x":null}}`, func(s *sample) {
			s.Prefs, s.Words = map[string]*string{"a": nil, "b": ptr(""), "A": ptr("3")}, map[string]string{"x": ""}
		}},
		{`{"Inner":{"Kids":[{"Name":"k"}]},"Far":{"name":"f"}}`, func(s *sample) { s.Inner.Kids, s.Far = []inner{{Name: "k"}}, &inner{Name: "f"} }},
		{`{"Raw":{"a" : [1]}}`, func(s *sample) { s.Raw = json.RawMessage(`{"a" : [1]}`) }},
		{"\xEF\xBB\xBF{\"Name\":\"bom\"}", func(s *sample) { s.Name = "bom" }},
		{`{"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, func(*sample) {}},
	}
	for _, tt := range tests {
		got, want := before(), before()
		tt.change(&want)
		if err := httpx.DecodeJSON(post(tt.body), &got, httpx.Param{Name: "request"}); err != nil {
			t.Errorf("%s: %v", tt.body, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(sample{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.body, diff)
		}
	}
}

// TestSentences has what was not recorded, from System.Text.Json's resources and the order in which its reader looks.
func TestSentences(t *testing.T) {
	t.Parallel()
	at := func(sentence, path string, line, column string) string {
		return sentence + " Path: " + path + " | LineNumber: " + line + " | BytePositionInLine: " + column + "."
	}
	const (
		open     = "Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed."
		noTokens = "The input does not contain any JSON tokens. Expected the input to start with a valid JSON token, when isFinalBlock is true."
		after    = " is invalid after a value. Expected either ',', '}', or ']'."
		unfit    = "The JSON value could not be converted to "
		asString = "The converter 'Jellyfin.Extensions.Json.Converters.JsonStringConverter' read too much or not enough."
	)
	tests := []struct{ body, key, want string }{
		{" ", "$", at(noTokens, "$", "0", "1")},
		{"\n\n ", "$", at(noTokens, "$", "2", "1")},
		{"x", "$", at("'x' is an invalid start of a value.", "$", "0", "0")},
		{"\xff", "$", at("'0xFF' is an invalid start of a value.", "$", "0", "0")},
		{"/* x */{}", "$", at("'/' is an invalid start of a value.", "$", "0", "0")},
		{"}", "$", at("'}' is an invalid start of a value.", "$", "0", "0")},
		{"{}x", "$", at("'x' is invalid after a single JSON value. Expected end of data.", "$", "0", "2")},
		{"{} // x", "$", at("'/' is invalid after a single JSON value. Expected end of data.", "$", "0", "3")},
		{"{}{}", "$", at("'{' is invalid after a single JSON value. Expected end of data.", "$", "0", "2")},
		{"{]", "$", at("']' is an invalid start of a property name. Expected a '\"'.", "$", "0", "1")},
		{"{,", "$", at("',' is an invalid start of a property name. Expected a '\"'.", "$", "0", "1")},
		{"{/", "$", at("'/'"+after, "$", "0", "1")},
		{"{'Name'", "$", at("''' is an invalid start of a property name. Expected a '\"'.", "$", "0", "1")},
		{`{"Name"`, "$", at("Expected a value, but instead reached end of data.", "$", "0", "7")},
		{`{"Name" "x"}`, "$", at("'\"' is invalid after a property name. Expected a ':'.", "$", "0", "8")},
		{`{"Name":}`, "$.Name", at("'}' is an invalid start of a value.", "$.Name", "0", "8")},
		{`{"Name":/`, "$.Name", at("'/'"+after, "$.Name", "0", "8")},
		{`{"Name":"x" "`, "$", at("'\"'"+after, "$", "0", "12")},
		{`{"Name":"x"]`, "$", at("']' is invalid without a matching open.", "$", "0", "11")},
		{`{"Name":"x",`, "$", at("Expected start of a property name or value, but instead reached end of data.", "$", "0", "11")},
		{"{\"Name\":\"x\",\n", "$", at("Expected start of a property name or value, but instead reached end of data.", "$", "1", "0")},
		{`{"Tags":["a",]}`, "$.Tags[1]", at("The JSON array contains a trailing comma at the end which is not supported in this mode. Change the reader options.", "$.Tags[1]", "0", "13")},
		{`{"Tags":["a"}`, "$.Tags[1]", at("'}' is invalid without a matching open.", "$.Tags[1]", "0", "12")},
		{`{"Tags":["a"`, "$.Tags[1]", at(open, "$.Tags[1]", "0", "12")},
		{`{"Tags":[,`, "$.Tags[0]", at("',' is an invalid start of a value.", "$.Tags[0]", "0", "9")},
		{`{"Name":"x`, "$.Name", at("Expected end of string, but instead reached end of data.", "$.Name", "0", "10")},
		{`{"Name":"x\`, "$.Name", at("Expected end of string, but instead reached end of data.", "$.Name", "0", "11")},
		{`{"Name":"\u00`, "$.Name", at("Expected end of string, but instead reached end of data.", "$.Name", "0", "13")},
		{`{"Name":"\q"}`, "$.Name", at("'q' is an invalid escapable character within a JSON string. The string should be correctly escaped.", "$.Name", "0", "10")},
		{`{"Name":"\u00x0"}`, "$.Name", at(`'x' is not a hex digit following '\u' within a JSON string. The string should be correctly escaped.`, "$.Name", "0", "13")},
		{"{\"Name\":\"a\nb\"}", "$.Name", at("'0x0A' is invalid within a JSON string. The string should be correctly escaped.", "$.Name", "0", "10")},
		{`{"Name":"\ud800"}`, "$.Name", at(unfit+"System.String.", "$.Name", "0", "16")},
		{"{\"Name\":\"\xff\"}", "$.Name", at(unfit+"System.String.", "$.Name", "0", "11")},
		{`{"On":tru}`, "$.On", at("'tru}' is an invalid JSON literal. Expected the literal 'true'.", "$.On", "0", "9")},
		{`{"On":falsy,"Pw":"secret"}`, "$.On", at("'falsy' is an invalid JSON literal. Expected the literal 'false'.", "$.On", "0", "10")},
		{`{"On":n`, "$.On", at("'n' is an invalid JSON literal. Expected the literal 'null'.", "$.On", "0", "7")},
		{`{"Count":01}`, "$.Count", at("Invalid leading zero before '1'.", "$.Count", "0", "10")},
		{`{"Count":-x}`, "$.Count", at("'x' is invalid within a number, immediately after a sign character ('+' or '-'). Expected a digit ('0'-'9').", "$.Count", "0", "10")},
		{`{"Count":-`, "$.Count", at("Expected a digit ('0'-'9'), but instead reached end of data.", "$.Count", "0", "10")},
		{`{"Count":1.}`, "$.Count", at("'}' is invalid within a number, immediately after a decimal point ('.'). Expected a digit ('0'-'9').", "$.Count", "0", "11")},
		{`{"Count":1.5x}`, "$.Count", at("'x' is an invalid end of a number. Expected 'E' or 'e'.", "$.Count", "0", "12")},
		{`{"Count":1e}`, "$.Count", at("'}' is invalid within a number, immediately after a sign character ('+' or '-'). Expected a digit ('0'-'9').", "$.Count", "0", "11")},
		{`{"Count":1x}`, "$.Count", at("'x' is an invalid end of a number. Expected a delimiter.", "$.Count", "0", "10")},
		{`{"Count":12`, "$.Count", at("'2' is an invalid end of a number. Expected a delimiter.", "$.Count", "0", "11")},
		{`{"x":` + strings.Repeat("[", 32), "$.x", at("The maximum configured depth of 32 has been exceeded. Cannot read next JSON array.", "$.x", "0", "36")},
		{strings.Repeat(`{"x":`, 33), "$.x", at("The maximum configured depth of 32 has been exceeded. Cannot read next JSON object.", "$.x", "0", "160")},

		{`{"Name":[1]}`, "$.Name", at(asString, "$.Name", "0", "9")},
		{`{"Words":{"k":{}}}`, "$.Words.k", at(asString, "$.Words.k", "0", "15")},
		{`{"Words":{"a b":{}}}`, "$.Words['a b']", at(asString, "$.Words['a b']", "0", "17")},
		{`{"Words":[]}`, "$.Words", at(unfit+"System.Collections.Generic.Dictionary`2[System.String,System.String].", "$.Words", "0", "10")},
		{`{"On":null}`, "$.On", at(unfit+"System.Boolean.", "$.On", "0", "10")},
		{`{"On":1}`, "$.On", at(unfit+"System.Boolean.", "$.On", "0", "7")},
		{`{"Maybe":"true"}`, "$", at(unfit+"System.Boolean.", "$", "0", "6")},
		{`{"Count":null}`, "$.Count", at(unfit+"System.Int32.", "$.Count", "0", "13")},
		{`{"Count":1.5}`, "$.Count", at(unfit+"System.Int32.", "$.Count", "0", "12")},
		{`{"Count":2147483648}`, "$.Count", at(unfit+"System.Int32.", "$.Count", "0", "19")},
		{`{"Count":""}`, "$.Count", at(unfit+"System.Int32.", "$.Count", "0", "11")},
		{`{"Count":{}}`, "$.Count", at(unfit+"System.Int32.", "$.Count", "0", "10")},
		{"{\n \"Limit\": \"x\"}", "$", at(unfit+"System.Int32.", "$", "0", "3")},
		{`{"Long":1e3}`, "$.Long", at(unfit+"System.Int64.", "$.Long", "0", "11")},
		{`{"Ratio":"NaN"}`, "$.Ratio", at(unfit+"System.Double.", "$.Ratio", "0", "14")},
		{`{"Mode":null}`, "$.Mode", at(unfit+"Jellyfin.Database.Implementations.Enums.SubtitlePlaybackMode.", "$.Mode", "0", "12")},
		{`{"Mode":99}`, "$.Mode", at(unfit+"Jellyfin.Database.Implementations.Enums.SubtitlePlaybackMode.", "$.Mode", "0", "10")},
		{`{"Modes":["Always",-1]}`, "$.Modes[1]", at(unfit+"Jellyfin.Database.Implementations.Enums.SubtitlePlaybackMode.", "$.Modes[1]", "0", "21")},
		{`{"Modes":{}}`, "$.Modes", at(unfit+"Jellyfin.Database.Implementations.Enums.SubtitlePlaybackMode[].", "$.Modes", "0", "10")},
		{`{"Commands":3}`, "$", at(unfit+"MediaBrowser.Model.Session.GeneralCommandType[].", "$", "0", "1")},
		{`{"Id":"x"}`, "", "The supplied value is invalid."},
		{`{"OtherId":""}`, "", "The supplied value is invalid."},
		{`{"Id":7}`, "$.Id", at(unfit+"System.Guid.", "$.Id", "0", "7")},
		{`{"Id":{"a":1}}`, "$.Id", at(unfit+"System.Guid.", "$.Id", "0", "7")},
		{`{"At":"yesterday"}`, "$.At", at(unfit+"System.DateTime.", "$.At", "0", "17")},
		{`{"Until":"x"}`, "$", at(unfit+"System.DateTime.", "$", "0", "3")},
		{`{"Inner":[]}`, "$.Inner", at(unfit+"inner.", "$.Inner", "0", "10")},
		{`{"Inner":{"Kids":[{},{"Name":[]}]}}`, "$.Inner.Kids[1].Name", at(asString, "$.Inner.Kids[1].Name", "0", "30")},
		{"{\n  \"Name\": \"x\",\n  \"On\": 3\n}", "$.On", at(unfit+"System.Boolean.", "$.On", "2", "9")},
		{`{"oN":3}`, "$.oN", at(unfit+"System.Boolean.", "$.oN", "0", "7")},
		{`3`, "$", at(unfit+"Some.Type.", "$", "0", "1")},
		{`[{}]`, "$", at(unfit+"Some.Type.", "$", "0", "1")},
		{`{"On":3} garbage`, "$.On", at(unfit+"System.Boolean.", "$.On", "0", "7")},
	}
	for _, tt := range tests {
		want := map[string][]string{tt.key: {tt.want}, "request": {"The request field is required."}}
		err := httpx.DecodeJSON(post(tt.body), new(sample), httpx.Param{Name: "request", Type: "Some.Type", Types: enums})
		if diff := cmp.Diff(want, errorsOf(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.body, diff)
		}
	}
}

func TestMustAndRequired(t *testing.T) {
	t.Parallel()
	as := httpx.Param{Name: "request", Type: "Some.Type", Must: []string{"Name", "Count"}, Required: []string{"Note", "Far.Name"}}
	tests := []struct {
		body string
		want map[string][]string
	}{
		{`{"On":true}`, map[string][]string{
			"$":       {"JSON deserialization for type 'Some.Type' was missing required properties including: 'Name', 'Count'."},
			"request": {"The request field is required."},
		}},
		{`{"name":null,"COUNT":1}`, map[string][]string{"Note": {"The Note field is required."}}},
		{`{"name":null,"COUNT":1,"Note":" ","Far":{}}`, map[string][]string{
			"Note": {"The Note field is required."}, "Far.Name": {"The Name field is required."},
		}},
		{`{"name":null,"COUNT":1,"Note":"x"}`, nil},
		{`{"Inner":{"Name":"x"},"Count":1}`, map[string][]string{
			"$":       {"JSON deserialization for type 'Some.Type' was missing required properties including: 'Name'."},
			"request": {"The request field is required."},
		}},
	}
	for _, tt := range tests {
		err := httpx.DecodeJSON(post(tt.body), new(sample), as)
		if diff := cmp.Diff(tt.want, errorsOf(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.body, diff)
		}
	}
}

func TestNestedDefaults(t *testing.T) {
	t.Parallel()
	var got struct {
		Policy *jellyfin.UserPolicy
		Repos  []jellyfin.RepositoryInfo
		Other  *inner
	}
	got.Other = &inner{Name: "kept"}
	kept := got.Other
	err := httpx.DecodeJSON(post(`{"Policy":{"IsHidden":false},"Repos":[{"Name":"r"}],"Other":{"Kids":[]}}`), &got, httpx.Param{})
	if err != nil {
		t.Fatal(err)
	}
	want := jellyfin.NewUserPolicy()
	want.IsHidden = false
	if diff := cmp.Diff(&want, got.Policy); diff != "" {
		t.Error(diff)
	}
	if !got.Repos[0].Enabled || got.Other.Name != "kept" || got.Other == kept {
		t.Errorf("got %+v %+v", got.Repos, got.Other)
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	plain := []byte(`{"Name":"ä"}`)
	wide := func(order func(u uint16) []byte, mark bool) []byte {
		var b []byte
		if mark {
			b = append(b, order(0xFEFF)...)
		}
		for _, u := range utf16.Encode([]rune(string(plain))) {
			b = append(b, order(u)...)
		}
		return b
	}
	little := func(u uint16) []byte { return []byte{byte(u), byte(u >> 8)} }
	big := func(u uint16) []byte { return []byte{byte(u >> 8), byte(u)} }
	tests := []struct {
		contentType string
		body        []byte
		ok          bool
	}{
		{"application/json", plain, true},
		{"Application/JSON; Charset=UTF-8", plain, true},
		{`application/json; charset="utf-8"`, plain, true},
		{"application/json;", plain, true},
		{"text/json", plain, true},
		{"application/problem+json", plain, true},
		{"application/json; charset=utf-16", wide(little, false), true},
		{"application/json; charset=utf-16", wide(little, true), true},
		{"application/json; charset=utf-16", wide(big, true), true},
		{"application/json; charset=iso-8859-1", plain, false},
		{"text/plain", plain, false},
		{"application/x-www-form-urlencoded", plain, false},
		{"text/x+json", plain, false},
		{"", plain, false},
		{"", nil, false},
		{"json", plain, false},
		{"/", plain, false},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(tt.body))
		r.Header.Set("Content-Type", tt.contentType)
		if tt.contentType == "" {
			r.Header.Del("Content-Type")
		}
		var got sample
		err := httpx.DecodeJSON(r, &got, httpx.Param{})
		switch {
		case tt.ok && (err != nil || got.Name != "ä"):
			t.Errorf("%q: got %q, %v", tt.contentType, got.Name, err)
		case !tt.ok && !errors.Is(err, httpx.ErrUnsupportedMediaType):
			t.Errorf("%q: got %v, want ErrUnsupportedMediaType", tt.contentType, err)
		}
	}
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

func TestReadErrors(t *testing.T) {
	t.Parallel()
	long := `{"Name":"` + strings.Repeat("x", httpx.MaxBody) + `"}`
	tests := []struct {
		name string
		body io.Reader
		want []error
	}{
		{"gone", brokenReader{io.ErrUnexpectedEOF}, []error{httpx.ErrUnreadBody, io.ErrUnexpectedEOF, finlatch.ErrInvalid}},
		{"slow", brokenReader{os.ErrDeadlineExceeded}, []error{httpx.ErrUnreadBody, os.ErrDeadlineExceeded}},
		{"long, announced", strings.NewReader(long), []error{httpx.ErrTooLarge, finlatch.ErrInvalid}},
		{"long, not announced", io.MultiReader(strings.NewReader(long)), []error{httpx.ErrTooLarge}},
		{"http.MaxBytesReader", http.MaxBytesReader(nil, io.NopCloser(strings.NewReader(long)), 9), []error{httpx.ErrTooLarge}},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("POST", "/", tt.body)
		r.Header.Set("Content-Type", "application/json")
		err := httpx.DecodeJSON(r, new(sample), httpx.Param{})
		for _, want := range tt.want {
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", tt.name, err, want)
			}
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	const body = `{"Username":"w-bob","Pw":"b0b-pass"}`
	as := httpx.Param{Name: "request", Type: "Jellyfin.Api.Models.UserDtos.AuthenticateUserByName"}
	for b.Loop() {
		r := &http.Request{Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}
		if err := httpx.DecodeJSON(r, new(jellyfin.AuthenticateUserByName), as); err != nil {
			b.Fatal(err)
		}
	}
}
