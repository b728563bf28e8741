package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scenario is one request, and what must come of it. In do, header, send and the answer, ${name} is what the world has
// under that name.
type scenario struct {
	name   string
	do     string            // method and target: "GET /Users/Me"
	as     string            // whose token it carries; "": nobody's
	from   string            // where it comes from; "": this machine
	header map[string]string // more headers, or others; "-" leaves one out
	send   string            // a body; JSON, unless header has another Content-Type
	want   answer
	log    []string          // types of the activity entries that it writes
	save   map[string]string // names for parts of the answer, by dotted paths: "secret": "Secret", "first": "0.Id"
}

// answer is what a client gets.
type answer struct {
	status int
	kind   string // Content-Type; "*": any
	body   string // text, or JSON in which "<id>", "<date>" … stand for what looks so; "*": any
	header map[string]string
}

const jsonType = "application/json; charset=utf-8"

func empty(status int) answer { return answer{status: status} }
func text(status int, body string) answer {
	return answer{status: status, kind: "text/plain", body: body}
}
func failed(status int) answer { return text(status, "Error processing request.") }
func jsonOf(status int, body string) answer {
	return answer{status: status, kind: jsonType, body: body}
}
func anything(status int) answer { return answer{status: status, kind: "*", body: "*"} }

// golden is 200 with the JSON of a file.
func golden(t testing.TB, file string) answer {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return jsonOf(http.StatusOK, string(data))
}

// problem is ProblemDetails, with the member errors where there are some.
func problem(status int, errors string) answer {
	title, section := "Bad Request", "15.5.1"
	switch status {
	case 404:
		title, section = "Not Found", "15.5.5"
	case 415:
		title, section = "Unsupported Media Type", "15.5.16"
	}
	if errors != "" {
		title, errors = "One or more validation errors occurred.", `"errors":`+errors+`,`
	}
	return jsonOf(status, fmt.Sprintf(`{"type":"https://tools.ietf.org/html/rfc9110#section-%s","title":%q,"status":%d,%s"traceId":"<trace>"}`,
		section, title, status, errors))
}

func (a answer) with(name, value string) answer {
	header := map[string]string{}
	for k, v := range a.header {
		header[k] = v
	}
	header[name] = value
	a.header = header
	return a
}

// play plays scenarios one after the other, each as a test of its own.
func (w *world) play(t *testing.T, scenarios ...scenario) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			inner := *w // so that failures are those of the inner test
			inner.TB = t
			inner.perform(s)
			w.serial, w.reported = inner.serial, inner.reported
		})
	}
}

// perform sends one request and compares what comes of it.
func (w *world) perform(s scenario) (*http.Response, string) {
	w.Helper()
	s.want.body = w.expand(s.want.body)
	request := w.request(s)
	response, err := w.client.Do(request)
	if err != nil {
		w.Fatalf("%s: %v", s.do, err)
	}
	data, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		w.Fatalf("%s: %v", s.do, err)
	}
	w.compare(s, response.StatusCode, response.Header, string(data))
	for name, path := range s.save {
		w.names[name] = pick(w.TB, string(data), path)
	}
	return response, string(data)
}

func (w *world) request(s scenario) *http.Request {
	w.Helper()
	method, target, _ := strings.Cut(w.expand(s.do), " ")
	var body io.Reader
	if s.send != "" {
		body = strings.NewReader(w.expand(s.send))
	}
	request, err := http.NewRequestWithContext(w.ctx, method, w.url+target, body)
	if err != nil {
		w.Fatal(err)
	}
	if s.send != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	authorization := `MediaBrowser Client="App", Device="Telly", DeviceId="tv", Version="1.0"`
	if s.as != "" {
		authorization = `MediaBrowser Token="` + w.expand("${"+s.as+".token}") + `"`
	}
	request.Header.Set("Authorization", authorization)
	if s.from != "" {
		request.Header.Set("X-Forwarded-For", s.from)
	}
	for name, value := range s.header {
		switch value = w.expand(value); {
		case value == "-":
			request.Header.Del(name)
		case name == "Host":
			request.Host = value
		default:
			request.Header[http.CanonicalHeaderKey(name)] = []string{value}
		}
	}
	return request
}

func (w *world) compare(s scenario, status int, header http.Header, body string) {
	w.Helper()
	if status != s.want.status {
		w.Errorf("%s: got status %d, want %d; body %.300s", s.do, status, s.want.status, body)
		return
	}
	if kind := header.Get("Content-Type"); s.want.kind != "*" && kind != s.want.kind {
		w.Errorf("%s: got Content-Type %q, want %q", s.do, kind, s.want.kind)
	}
	switch {
	case s.want.body == "*":
	case strings.HasPrefix(s.want.kind, "application/json"):
		if diff := diffJSON(body, s.want.body); diff != "" {
			w.Errorf("%s: the body differs (-want +got):\n%s", s.do, diff)
		}
	case body != s.want.body:
		w.Errorf("%s: got body %q, want %q", s.do, body, s.want.body)
	}
	if timed := header.Get("X-Response-Time-Ms") != ""; timed == (s.want.status == 401) {
		w.Errorf("%s: X-Response-Time-ms is there: %v", s.do, timed)
	}
	for name, want := range s.want.header {
		if got := strings.Join(header.Values(name), ", "); got != want {
			w.Errorf("%s: got %s %q, want %q", s.do, name, got, want)
		}
	}
	if got := w.news(); !slices.Equal(got, s.log) {
		w.Errorf("%s: got activity %q, want %q", s.do, got, s.log)
	}
}

// looks are what a JSON string of a wanted body can stand for.
var looks = map[string]*regexp.Regexp{
	"<id>":     regexp.MustCompile(`^[0-9a-f]{32}$`),
	"<token>":  regexp.MustCompile(`^[0-9a-f]{32}$`),
	"<secret>": regexp.MustCompile(`^[0-9A-F]{64}$`),
	"<code>":   regexp.MustCompile(`^[0-9]{6}$`),
	"<date>":   regexp.MustCompile(`^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$`),
	"<trace>":  regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-00$`),
	"<handle>": regexp.MustCompile(`^no-longer-readable-[0-9a-f]{32}$`), // of an API key
	"<any>":    regexp.MustCompile(``),
}

func diffJSON(got, want string) string {
	var g, w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		return "the wanted body is no JSON: " + err.Error() + "\n" + want
	}
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		return "no JSON: " + err.Error() + "\n" + got
	}
	return cmp.Diff(w, resembling(g, w))
}

// resembling replaces in got what looks as want says.
func resembling(got, want any) any {
	switch want := want.(type) {
	case string:
		if text, ok := got.(string); ok && looks[want] != nil && looks[want].MatchString(text) {
			return want
		}
	case []any:
		if list, ok := got.([]any); ok && len(list) == len(want) {
			for i := range list {
				list[i] = resembling(list[i], want[i])
			}
		}
	case map[string]any:
		if object, ok := got.(map[string]any); ok {
			for name := range object {
				if w, ok := want[name]; ok {
					object[name] = resembling(object[name], w)
				}
			}
		}
	}
	return got
}

// pick is the string at a dotted path in JSON.
func pick(t testing.TB, data, path string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(data), &v); err != nil {
		t.Fatalf("no JSON: %v: %.200s", err, data)
	}
	for part := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[part]
		case []any:
			var i int
			if json.Unmarshal([]byte(part), &i) != nil || i >= len(in) {
				t.Fatalf("no %s in %.200s", path, data)
			}
			v = in[i]
		}
	}
	text, ok := v.(string)
	if !ok {
		t.Fatalf("no %s in %.200s", path, data)
	}
	return text
}
