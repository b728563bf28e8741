package jellyfin_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/finlatch/finlatch/jellyfin"
)

// testdata/enums.json holds the enums of Jellyfin 12.0.0's published API in their order.
func TestEnums(t *testing.T) {
	t.Parallel()
	var published map[string][]string
	if err := json.Unmarshal(readFile(t, "enums.json"), &published); err != nil {
		t.Fatal(err)
	}
	ours := map[string]interface{ Values() []string }{
		"DynamicDayOfWeek":       jellyfin.Sunday,
		"ForgotPasswordAction":   jellyfin.ForgotPasswordPinCode,
		"GeneralCommandType":     jellyfin.CommandMoveUp,
		"ImageResolution":        jellyfin.ResolutionMatchSource,
		"ImageSavingConvention":  jellyfin.ImageSavingLegacy,
		"LogLevel":               jellyfin.LogTrace,
		"MediaType":              jellyfin.MediaUnknown,
		"PlayMethod":             jellyfin.PlayTranscode,
		"PlaybackOrder":          jellyfin.PlaybackDefault,
		"ProcessPriorityClass":   jellyfin.PriorityNormal,
		"RepeatMode":             jellyfin.RepeatNone,
		"ScrollDirection":        jellyfin.ScrollHorizontal,
		"SortOrder":              jellyfin.SortAscending,
		"SubtitlePlaybackMode":   jellyfin.SubtitleDefault,
		"SyncPlayUserAccessType": jellyfin.SyncPlayNone,
		"TrickplayScanBehavior":  jellyfin.TrickplayBlocking,
		"UnratedItem":            jellyfin.UnratedMovie,
	}
	for name, want := range published {
		e, ok := ours[name]
		if !ok {
			t.Errorf("%s is missing", name)
			continue
		}
		if got := e.Values(); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
		if name == "PlayMethod" { // the only one that is never written while it is zero
			continue
		}
		zero := reflect.Zero(reflect.TypeOf(e)).Interface()
		if got := encode(t, zero); got != `"`+want[0]+`"` {
			t.Errorf("zero %s is written as %s", name, got)
		}
	}
	if len(ours) != len(published) {
		t.Errorf("%d enums here, %d published", len(ours), len(published))
	}
}

func TestParseEnum(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want jellyfin.SubtitleMode
		ok   bool
	}{
		{"Smart", jellyfin.SubtitleSmart, true},
		{"sMART", jellyfin.SubtitleSmart, true},
		{"0", jellyfin.SubtitleDefault, true},
		{"4", jellyfin.SubtitleSmart, true},
		{"5", "", false},
		{"-1", "", false},
		{"99999999999999999999", "", false},
		{"", "", false},
		{"Sometimes", "", false},
		{"\u017fmart", "", false},
	} {
		if got, ok := jellyfin.ParseEnum[jellyfin.SubtitleMode](tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("%q: got %q, %v, want %q, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func TestDelimitedList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{ // want "" is an error
		{`["Audio","video",3]`, `["Audio","Video","Photo"]`},
		{`[]`, `[]`},
		{`null`, `[]`},
		{`"Audio,Video"`, `["Audio","Video"]`},
		{` "audio, ,Smell,VIDEO,"`, `["Audio","Video"]`},
		{`""`, `[]`},
		{`["Smell"]`, ""},
		{`[null]`, ""},
		{`[["Audio"]]`, ""},
		{`[5]`, ""},
		{`{}`, ""},
		{`true`, ""},
	} {
		got := jellyfin.DelimitedList[jellyfin.MediaType]{jellyfin.MediaBook}
		err := json.Unmarshal([]byte(tt.in), &got)
		if (err == nil) != (tt.want != "") {
			t.Errorf("%s: error %v", tt.in, err)
		} else if err == nil && encode(t, got) != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, encode(t, got), tt.want)
		}
	}
}
