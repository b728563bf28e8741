package cli_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var (
	shownAt     = regexp.MustCompile(`metrics are shown" address=(http://127\.0\.0\.1:\d+)/metrics`)
	accessToken = regexp.MustCompile(`"AccessToken":"([0-9a-f]{32})"`)
)

// ask sends a request with a token, which may be empty.
func ask(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", `MediaBrowser Client="c", Device="d", DeviceId="i", Version="1", Token="`+token+`"`)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// TestMetrics are an administrator's at the API, or anybody's at an address of their own, where nothing else is.
func TestMetrics(t *testing.T) {
	t.Parallel()
	for name, listen := range map[string]string{"the API's": "", "their own": "127.0.0.1:0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			done(t, "correct horse", "user", "add", "anna", "--admin", "--data", data)
			s := serve(t, data, "--metrics-listen", listen)
			_, body := ask(t, "POST", s.url+"/Users/AuthenticateByName", "", signIn)
			token := accessToken.FindStringSubmatch(body)
			found := shownAt.FindStringSubmatch(s.logged())
			if token == nil || (found == nil) != (listen == "") {
				t.Fatalf("signing in got %s; the log is %s", body, s.logged())
			}
			const want = `finlatch_sign_ins_total{method="password",outcome="success"} 1`
			status, body := ask(t, "GET", s.url+"/metrics", token[1], "")
			if listen == "" {
				if status != http.StatusOK || !strings.Contains(body, want) {
					t.Errorf("got %d %s", status, body)
				}
				return
			}
			if status != http.StatusNotFound {
				t.Errorf("the API's: got %d, want 404", status)
			}
			if status, body := ask(t, "GET", found[1]+"/metrics", "", ""); status != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("got %d %s", status, body)
			}
			for request, want := range map[string]int{"GET /": 404, "GET /System/Ping": 404, "GET /debug/pprof/": 404, "POST /metrics": 405} {
				method, path, _ := strings.Cut(request, " ")
				if status, _ := ask(t, method, found[1]+path, "", ""); status != want {
					t.Errorf("%s there: got %d, want %d", request, status, want)
				}
			}
		})
	}
}
