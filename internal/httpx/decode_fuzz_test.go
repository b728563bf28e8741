package httpx_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch/internal/httpx"
)

// FuzzDecode compares with encoding/json where the two ought to agree: what one takes for values of the right types the
// other reads alike, and what ours takes at all is JSON.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, ` `, `[]`, `{"A":"x","B":true,"C":-12,"D":["a","b"],"E":false,"G":1.5e3}`,
		`{"a":"\u00e4\n\"","unknown":{"x":[1,{"y":null}]},"A":"last"}`, `{"A":`, `{"A":"x",}`, `{"A":/* */1}`,
		`{"C":"3","G":"1e2"}`, "\xEF\xBB\xBF{}", `{"Id":"d85b1407351d4694939203acc5870eb1","At":"2026-11-23T13:59:15Z"}`,
		`{"Mode":"Always","Commands":"MoveUp,x","Inner":{"Kids":[{"Kids":[]}]},"Prefs":{"a":null}}`,
		strings.Repeat("[", 40), `{"D":["a",]}`, `{"A":"\ud83d\ude00","B":tru}`, "{\r\n\t\"C\" : 01}", `{} {}`, `{"A":"` + "\x01",
	} {
		f.Add([]byte(seed))
	}
	type flat struct {
		A string
		B bool
		C int32
		D []string
		E *bool
		G float64
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request := func() *bytes.Reader { return bytes.NewReader(body) }
		as := httpx.Param{Name: "request", Type: "T", Required: []string{"Far.Name"}}
		var invalid *httpx.ValidationError
		err := httpx.DecodeJSON(jsonPost(request()), new(sample), as)
		switch {
		case err != nil && !errors.As(err, &invalid):
			t.Fatalf("%q: %v", body, err)
		case err == nil && !json.Valid(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))):
			t.Fatalf("%q is no JSON", body)
		}

		var got, want flat
		err = httpx.DecodeJSON(jsonPost(request()), &got, httpx.Param{})
		if json.Unmarshal(body, &want) != nil || !utf8.Valid(body) {
			return
		}
		text := strings.ToLower(string(body))
		if strings.Contains(text, "null") || strings.Contains(text, `\ud`) || strings.Count(text, "{")+strings.Count(text, "[") > 32 {
			return // they differ on purpose
		}
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-encoding/json +got):\n%s", body, diff)
		}
	})
}
