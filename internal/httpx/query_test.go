package httpx_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch/internal/httpx"
)

func query(raw string) *httpx.Values {
	return httpx.Query(&http.Request{URL: &url.URL{Path: "/", RawQuery: raw}})
}

func TestQuery(t *testing.T) {
	t.Parallel()
	tests := []struct {
		raw, name string
		want      []string
		recoded   bool
	}{
		{"", "a", nil, false},
		{"a=1&b=2", "a", []string{"1"}, false},
		{"Secret=x", "secret", []string{"x"}, false},
		{"secret=x", "SECRET", []string{"x"}, false},
		{"a=1&A=2&a=", "a", []string{"1", "2", ""}, false},
		{"a", "a", []string{""}, false},
		{"=x", "", []string{"x"}, false},
		{"&&a=1&", "a", []string{"1"}, false},
		{"a=1;b=2", "a", []string{"1;b=2"}, false},
		{"a=x+y%20z", "a", []string{"x y z"}, false},
		{"%61=%C3%A4", "a", []string{"ä"}, false},
		{"a=100%&b=%4&c=%zz", "a", []string{"100%"}, false},
		{"a=100%&b=%4&c=%zz", "b", []string{"%4"}, false},
		{"a=100%&b=%4&c=%zz", "c", []string{"%zz"}, false},
		{"a=%ff", "a", []string{"\uFFFD"}, false},
		{"a=b=c", "a", []string{"b=c"}, false},
		{"a%3D1%26b%3D2", "b", []string{"2"}, true},
		{"a%3D1%26b%3D2", "a=1&b=2", nil, true},
		{"a%3D1%26b%3D2%26c", "c", []string{""}, true},
		{"a%3D1%2520%26a%3D2", "a", []string{"1%20", "2"}, true},
		{"a%3D1%26b%3D2&c=3", "b", nil, false},
		{"a%3D1=x", "a", nil, false},
		{"a%26b", "a&b", []string{""}, false},
	}
	for _, tt := range tests {
		q := query(tt.raw)
		if diff := cmp.Diff(tt.want, q.All(tt.name)); diff != "" || q.Recoded() != tt.recoded {
			t.Errorf("%s: %s: recoded %v (-want +got):\n%s", tt.raw, tt.name, q.Recoded(), diff)
		}
		first := ""
		if len(tt.want) > 0 {
			first = tt.want[0]
		}
		if got := q.Get(tt.name); got != first || q.Has(tt.name) != (tt.want != nil) {
			t.Errorf("%s: %s: got %q, %v, want %q", tt.raw, tt.name, got, q.Has(tt.name), first)
		}
	}
}

func TestQueryKinds(t *testing.T) {
	t.Parallel()
	q := query("yes=True&no=+false&odd=yes&blank=&n=+42&m=-1&big=2147483648&x=%20")
	invalid := func(name, value string) map[string][]string {
		return map[string][]string{name: {"The value '" + value + "' is not valid."}}
	}
	for name, want := range map[string]*bool{"yes": ptr(true), "no": ptr(false), "blank": nil, "x": nil, "none": nil} {
		if got, err := q.Bool(name); err != nil || !cmp.Equal(got, want) {
			t.Errorf("Bool(%s): got %v, %v", name, got, err)
		}
	}
	if _, err := q.Bool("odd"); !cmp.Equal(errorsOf(err), invalid("odd", "yes")) {
		t.Errorf("Bool(odd): got %v", errorsOf(err))
	}
	for name, want := range map[string]*int{"n": ptr(42), "m": ptr(-1), "blank": nil, "none": nil} {
		if got, err := q.Int(name); err != nil || !cmp.Equal(got, want) {
			t.Errorf("Int(%s): got %v, %v", name, got, err)
		}
	}
	if _, err := q.Int("big"); !cmp.Equal(errorsOf(err), invalid("big", "2147483648")) {
		t.Errorf("Int(big): got %v", errorsOf(err))
	}
	if got, err := q.Required("odd"); got != "yes" || err != nil {
		t.Errorf("Required(odd): got %q, %v", got, err)
	}
	for _, name := range []string{"blank", "x", "none"} {
		want := map[string][]string{name: {"The " + name + " field is required."}}
		if _, err := q.Required(name); !cmp.Equal(errorsOf(err), want) {
			t.Errorf("Required(%s): got %v", name, errorsOf(err))
		}
	}
}
