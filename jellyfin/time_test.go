package jellyfin_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/finlatch/finlatch/jellyfin"
)

func TestTimeWrite(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("", 2*60*60)
	for _, tt := range []struct {
		in   time.Time
		want string // "" is an error
	}{
		{time.Time{}, `"0001-01-01T00:00:00.0000000Z"`},
		{time.Date(2026, 8, 20, 10, 11, 12, 0, time.UTC), `"2026-08-20T10:11:12.0000000Z"`},
		{time.Date(2026, 8, 20, 10, 11, 12, 123456789, time.UTC), `"2026-08-20T10:11:12.1234567Z"`},
		{time.Date(2026, 8, 20, 10, 11, 12, 999999999, time.UTC), `"2026-08-20T10:11:12.9999999Z"`},
		{time.Date(2026, 8, 20, 1, 11, 12, 500000000, berlin), `"2026-08-19T23:11:12.5000000Z"`},
		{time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), `"9999-12-31T23:59:59.9999999Z"`},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), ""},
		{time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), ""},
	} {
		got, err := json.Marshal(jellyfin.TimeOf(tt.in))
		if (err == nil) != (tt.want != "") || string(got) != tt.want {
			t.Errorf("%v: got %s, error %v, want %s", tt.in, got, err, tt.want)
		}
	}
	var omitted struct {
		T jellyfin.Time `json:"T,omitzero"`
	}
	if got := encode(t, omitted); got != `{}` {
		t.Errorf("omitzero left %s", got)
	}
}

func TestTimeRead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{ // want "" is an error
		{`"2026-08-20T10:11:12Z"`, "2026-08-20T10:11:12.0000000Z"},
		{`"2026-08-20T10:11:12.1Z"`, "2026-08-20T10:11:12.1000000Z"},
		{`"2026-08-20T10:11:12.12345Z"`, "2026-08-20T10:11:12.1234500Z"},
		{`"2026-08-20T10:11:12.1234567Z"`, "2026-08-20T10:11:12.1234567Z"},
		{`"2026-08-20T10:11:12.123456789Z"`, "2026-08-20T10:11:12.1234567Z"},
		{`"2026-08-20T10:11:12.1234567890123Z"`, "2026-08-20T10:11:12.1234567Z"},
		{`"2026-08-20T10:11:12.5+02:00"`, "2026-08-20T08:11:12.5000000Z"},
		{`"2026-08-20T10:11:12.5-11:30"`, "2026-08-20T21:41:12.5000000Z"},
		{`"2026-08-20T10:11:12.5"`, "2026-08-20T10:11:12.5000000Z"},
		{`"2026-08-20T10:11"`, "2026-08-20T10:11:00.0000000Z"},
		{`"2026-08-20"`, "2026-08-20T00:00:00.0000000Z"},
		{`"0001-01-01T00:00:00.0000000Z"`, "0001-01-01T00:00:00.0000000Z"},
		{`null`, "0001-01-01T00:00:00.0000000Z"},
		{`""`, ""},
		{`"never"`, ""},
		{`"2026-08-20T10:11:12,5Z"`, ""},
		{`"2026-13-20T10:11:12Z"`, ""},
		{`"2026-08-20 10:11:12Z"`, ""},
		{`1755684672`, ""},
	} {
		got := jellyfin.TimeOf(time.Unix(1, 0))
		err := json.Unmarshal([]byte(tt.in), &got)
		if (err == nil) != (tt.want != "") {
			t.Errorf("%s: error %v", tt.in, err)
		} else if err == nil && got.String() != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestTimeAllocatesOnce(t *testing.T) {
	d := jellyfin.TimeOf(time.Date(2026, 8, 20, 10, 11, 12, 123456789, time.UTC))
	if n := testing.AllocsPerRun(100, func() { _, _ = d.MarshalJSON() }); n > 1 {
		t.Errorf("MarshalJSON allocates %v times, want 1", n)
	}
}
