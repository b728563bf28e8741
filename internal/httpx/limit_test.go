package httpx_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/finlatch/finlatch/internal/httpx"
)

func TestLimitBody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		limit    int64
		body     io.Reader
		read     int
		tooLarge bool
	}{
		{"none", 5, http.NoBody, 0, false},
		{"short", 5, strings.NewReader("abc"), 3, false},
		{"just", 5, strings.NewReader("abcde"), 5, false},
		{"just, not announced", 5, io.MultiReader(strings.NewReader("abcde")), 5, false},
		{"just, byte by byte", 5, iotest.OneByteReader(strings.NewReader("abcde")), 5, false},
		{"announced", 5, strings.NewReader("abcdef"), 0, true},
		{"not announced", 5, io.MultiReader(strings.NewReader("abcdef")), 5, true},
		{"byte by byte", 5, iotest.OneByteReader(strings.NewReader("abcdefgh")), 5, true},
		{"error with the last bytes", 5, iotest.DataErrReader(strings.NewReader("abcdefgh")), 5, true},
		{"default", 0, io.MultiReader(strings.NewReader(strings.Repeat("x", httpx.MaxBody+1))), httpx.MaxBody, true},
	}
	for _, tt := range tests {
		h := httpx.LimitBody(tt.limit)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			if len(got) != tt.read || errors.Is(err, httpx.ErrTooLarge) != tt.tooLarge || !tt.tooLarge && err != nil {
				t.Errorf("%s: got %d bytes, %v", tt.name, len(got), err)
			}
			if n, err := r.Body.Read(make([]byte, 9)); tt.tooLarge && (n != 0 || !errors.Is(err, httpx.ErrTooLarge)) {
				t.Errorf("%s: then %d bytes, %v", tt.name, n, err)
			}
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", tt.body))
	}
}

func TestUnlimited(t *testing.T) {
	t.Parallel()
	h := httpx.LimitBody(5)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		r = httpx.Unlimited(httpx.Unlimited(r))
		if got, err := io.ReadAll(r.Body); len(got) != 9 || err != nil {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader("123456789")))
}

// TestDecodeLimited is how the limit and the decoder work together.
func TestDecodeLimited(t *testing.T) {
	t.Parallel()
	long := `{"Name":"` + strings.Repeat("x", httpx.MaxBody) + `"}`
	for limit, want := range map[int64]error{2 << 20: nil, 100: httpx.ErrTooLarge} {
		h := httpx.LimitBody(limit)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := httpx.DecodeJSON(r, new(sample), httpx.Param{}); !errors.Is(err, want) {
				t.Errorf("%d: got %v, want %v", limit, err, want)
			}
		}))
		h.ServeHTTP(httptest.NewRecorder(), post(long))
	}
}
