package replay_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

const (
	token  = "7c10310d70de4eb2abe790013ecd1dab"
	secret = "24331EEBC1ADD124B74A9C2582C238C29E980F6DB90FC053A9D28FADC329AF6E"
)

// collected has one secret of each kind.
func collected() *replay.Secrets {
	s := &replay.Secrets{}
	for _, e := range []replay.Exchange{
		{Step: "login", Path: "/Users/AuthenticateByName", Body: []byte(`{"Username":"w-bob","Pw":"pä55 \"w→"}`), Status: 200,
			Answer: []byte(`{"AccessToken":"` + token + `"}`)},
		{Step: "initiate", Path: "/QuickConnect/Initiate", Status: 200, Answer: []byte(`{"Secret":"` + secret + `","Code":"819808"}`)},
		{Step: "key", Path: "/Auth/Keys", Status: 200, Answer: []byte(`{"Items":[{"AccessToken":"75cc70c84ebb4311a84ec1d34f4c27eb"}]}`)},
		{Step: "query", Path: "/Users/x/Authenticate?pw=b0b%2Dpass", Status: 401, Answer: []byte("Error processing request.")},
		{Step: "pin", Path: "/data/passwordreset.json", Answer: []byte(`{"Pin":"05-4C-7D-7A","UserName":"w-bob"}`)},
		{Step: "words", Path: "/", Body: []byte(`{"Username":"W-Ann1","Pw":"w-ann1"}`)},
		{Step: "words", Path: "/", Body: []byte(`{"Pw":"wrong"}`)},
		{Step: "words", Path: "/", Body: []byte(`{"Pw":"x"}`)},
		{Step: "bare", Path: "/", Status: 403},
	} {
		s.Watch(e)
	}
	return s
}

func TestSecretsInLog(t *testing.T) {
	tests := []struct {
		line string
		want []string // steps whose secrets are found
	}{
		{`{"msg":"request","path":"/Users/Me","status":401,"bytes":819808}`, nil},
		{`{"msg":"wrong password for w-bob and w-ann1 and x"}`, nil},
		{`{"took":"819808ns","n":1819808}`, nil},
		{`{"token":"` + token + `"}`, []string{"login"}},
		{`{"token":"` + strings.ToUpper(token) + `"}`, []string{"login"}},
		{`{"token":"7c10310d-70de-4eb2-abe7-90013ecd1dab"}`, []string{"login"}},
		{`{"uri":"/QuickConnect/Connect?secret=` + secret + `"}`, []string{"initiate"}},
		{`{"uri":"/QuickConnect/Authorize?code=819808"}`, []string{"initiate"}},
		{`{"code":"819808"}`, []string{"initiate"}},
		{`{"code":819808}`, []string{"initiate"}},
		{`{"any":"819808"}`, []string{"initiate"}},
		{`level=info code=819808`, []string{"initiate"}},
		{`{"body":"{\"Code\":\"819808\"}"}`, []string{"initiate"}},
		{`{"path":"/Auth/Keys/75cc70c84ebb4311a84ec1d34f4c27eb"}`, []string{"key"}},
		{`{"pw":"pä55 \"w→"}`, []string{"login"}},
		{`{"pw":"p\u00e455 \"w\u2192"}`, []string{"login"}},
		{`pw=p%C3%A455+%22w%E2%86%92`, []string{"login"}},
		{`{"pin":"05-4C-7D-7A"}`, []string{"pin"}},
		{`pw=b0b-pass`, []string{"query"}},
	}
	for _, test := range tests {
		var got []string
		for _, leak := range collected().InLog("first line\n" + test.line + "\n") {
			got = append(got, leak.What[strings.LastIndex(leak.What, "/")+1:])
			if leak.Where != test.line {
				t.Errorf("%s: got it in %q", test.line, leak.Where)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.line, got, test.want)
		}
	}
}

func TestSecretsInRefusals(t *testing.T) {
	s := collected()
	if leaks := s.InRefusals(); len(leaks) != 0 {
		t.Errorf("got %v, want none", leaks)
	}
	s.Watch(replay.Exchange{Scenario: "10_x", Step: "odd", Status: 404, Answer: []byte(`{"title":"no secret ` + secret + `"}`)})
	if leaks := s.InRefusals(); len(leaks) != 1 || !strings.HasPrefix(leaks[0].Where, "10_x/odd answered 404") {
		t.Errorf("got %v, want one in 10_x/odd", leaks)
	}
}

func TestSecretsCount(t *testing.T) {
	tokens, codes, passwords := collected().Issued()
	if tokens != 3 || codes != 1 || passwords != 4 {
		t.Errorf("got %d, %d, %d, want 3 tokens and secrets, 1 code, 3 passwords and a PIN", tokens, codes, passwords)
	}
}

// A run is watched as a whole: what the purge sees belongs to it too.
func TestSecretsOfARun(t *testing.T) {
	t.Parallel()
	recording := load(t, "20_quick_connect")
	m := newMirror(t, recording, nil)
	s := &replay.Secrets{}
	differences(t, recording, replay.Options{Base: m.base(), Watch: s.Watch})
	if leaks := s.InRefusals(); len(leaks) != 0 {
		t.Errorf("got %v, want none in the recorded answers", leaks)
	}
	for _, secret := range []string{"feedfeedfeedfeedfeedfeedfeedfeed", "Adm1n-pass", "cc"} {
		if got, want := len(s.InLog(secret)) > 0, secret != "cc"; got != want {
			t.Errorf("%s: got %t, want %t", secret, got, want)
		}
	}
}
