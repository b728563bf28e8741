package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// sent is a request of a client, spelled as that client spells it.
type sent struct {
	method, path string
	header       map[string]string
	body         string
}

// got is its answer.
type got struct {
	status int
	header http.Header
	body   []byte
}

// noRedirects is a client that shows redirects instead of following them.
var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// ask sends a request.
func (w *world) ask(ctx context.Context, s sent) (got, error) {
	r, err := http.NewRequestWithContext(ctx, s.method, w.base, strings.NewReader(s.body))
	if err != nil {
		return got{}, err
	}
	path, query, _ := strings.Cut(s.path, "?")
	r.URL.Path, r.URL.Opaque, r.URL.RawQuery = path, "//"+r.URL.Host+path, query
	if s.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range s.header {
		r.Header.Set(name, value)
	}
	response, err := noRedirects.Do(r)
	if err != nil {
		return got{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return got{response.StatusCode, response.Header, body}, err
}

// get asks for a path, with an Authorization header unless it is empty.
func (w *world) get(ctx context.Context, path, authorization string) (got, error) {
	return w.ask(ctx, sent{method: http.MethodGet, path: path, header: authorized(authorization)})
}

func authorized(header string) map[string]string {
	if header == "" {
		return nil
	}
	return map[string]string{"Authorization": header}
}

// must is the answer if its status is as wanted.
func must(status int) func(got, error) (got, error) {
	return func(g got, err error) (got, error) {
		if err == nil && g.status != status {
			err = fmt.Errorf("status %d (%q), want %d", g.status, g.body, status)
		}
		return g, err
	}
}

// object decodes an answer that must be 200 and a JSON object.
func object(g got, err error) (map[string]any, error) {
	if g, err = must(http.StatusOK)(g, err); err != nil {
		return nil, err
	}
	var found map[string]any
	if err := json.Unmarshal(g.body, &found); err != nil {
		return nil, fmt.Errorf("%q is no JSON object: %w", g.body, err)
	}
	return found, nil
}

// member is a text at a path of names.
func member(of map[string]any, path ...string) string {
	var value any = of
	for _, name := range path {
		inner, _ := value.(map[string]any)
		value = inner[name]
	}
	text, _ := value.(string)
	return text
}

// mediaBrowser is the header as the web client writes it.
func mediaBrowser(device, token string) string {
	header := `MediaBrowser Client="Rules", Device="Bench", DeviceId="` + device + `", Version="1.0.0"`
	if token != "" {
		header += `, Token="` + token + `"`
	}
	return header
}

// signIn signs a person in on a device and gives the whole answer.
func (w *world) signIn(ctx context.Context, name, device string) (map[string]any, error) {
	body, err := json.Marshal(map[string]string{"Username": name, "Pw": passwordOf(name)})
	if err != nil {
		return nil, err
	}
	return object(w.ask(ctx, sent{http.MethodPost, "/Users/AuthenticateByName", authorized(mediaBrowser(device, "")), string(body)}))
}

// signedIn is the header of a person who has just signed in on a device.
func (w *world) signedIn(ctx context.Context, name, device string) (header string, user map[string]any, err error) {
	in, err := w.signIn(ctx, name, device)
	if err != nil {
		return "", nil, err
	}
	user, _ = in["User"].(map[string]any)
	return mediaBrowser(device, member(in, "AccessToken")), user, nil
}

func passwordOf(name string) string {
	for _, person := range people {
		if person.name == name {
			return person.password
		}
	}
	return ""
}

// initiated begins Quick Connect on a device.
func (w *world) initiated(ctx context.Context, device string) (secret, code string, err error) {
	begun, err := object(w.ask(ctx, sent{method: http.MethodPost, path: "/QuickConnect/Initiate", header: authorized(mediaBrowser(device, ""))}))
	return member(begun, "Secret"), member(begun, "Code"), err
}

// on is true for requests of a path, whatever its case.
func on(r *http.Request, path string) bool { return strings.EqualFold(r.URL.Path, path) }

// replaced is a change of an answer's body.
func replaced(path string, change func([]byte) []byte) func(*http.Response) error {
	return func(response *http.Response) error {
		if !on(response.Request, path) {
			return nil
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		body = change(body)
		response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		response.Header.Del("Content-Length")
		return nil
	}
}

// changed is a change of the JSON object that an answer is.
func changed(path string, change func(map[string]any)) func(*http.Response) error {
	return replaced(path, func(body []byte) []byte {
		var found map[string]any
		if json.Unmarshal(body, &found) != nil {
			return body
		}
		change(found)
		body, _ = json.Marshal(found)
		return body
	})
}

// refused answers some requests with a status.
func refused(status int, which func(*http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !which(r) {
			return false
		}
		w.WriteHeader(status)
		return true
	}
}
