package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The rules about how clients spell what they send.

// Kotlin clients get ids without dashes and send them with dashes.
func dashedIDs(ctx context.Context, w *world) error {
	header, user, err := w.signedIn(ctx, "ben", "rules-04")
	if err != nil {
		return err
	}
	id := dashed(member(user, "Id"))
	for _, path := range []string{"/Users/" + id, "/Users/" + strings.ToUpper(id), "/UserViews?userId=" + id, "/DisplayPreferences/usersettings?client=emby&userId=" + id} {
		if _, err := object(w.get(ctx, path, header)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	body := `{"OrderedViews":["` + id + `"],"SubtitleMode":"Default"}`
	_, err = must(http.StatusNoContent)(w.ask(ctx, sent{http.MethodPost, "/Users/Configuration?userId=" + id, authorized(header), body}))
	return err
}

var dashedIDsBreaks = []breakage{
	{name: "not in the path", instead: refused(http.StatusNotFound, func(r *http.Request) bool { return strings.Contains(r.URL.Path, "-") })},
	{name: "not in the query", instead: refused(http.StatusBadRequest, func(r *http.Request) bool { return strings.Contains(r.URL.Query().Get("userId"), "-") })},
	{name: "not in the body", instead: refused(http.StatusBadRequest, func(r *http.Request) bool { return on(r, "/Users/Configuration") })},
}

// spelled are requests as clients spell them, and what they must be answered with.
func spelled(user, header string) []sent {
	signIn := authorized(mediaBrowser("rules-05", ""))
	ben, _ := json.Marshal(map[string]string{"username": "ben", "Pw": passwordOf("ben")})
	return []sent{
		{"GET", "/system/info/public", nil, ""},                                                             // Roku, Kodi
		{"GET", "/users/public", nil, ""},                                                                   // web
		{"POST", "/Users/authenticatebyname", signIn, string(ben)},                                          // web; Kodi's body
		{"POST", "/users/authenticatebyname", signIn, string(ben)},                                          // Feishin
		{"POST", "/Users/AuthenticateByName?format=json", signIn, string(ben)},                              // Roku
		{"GET", "/userviews?userId=" + user, authorized(header), ""},                                        // Roku
		{"GET", "/UserViews?USERID=" + user, authorized(header), ""},                                        //
		{"GET", "//System/Info/Public", nil, ""},                                                            // an address typed with a slash at its end
		{"GET", "/System/Info/Public/", nil, ""},                                                            //
		{"GET", "/emby/System/Info/Public", nil, ""},                                                        // apps of Emby's time
		{"GET", "/DisplayPreferences/usersettings?userid=" + user + "&Client=emby", authorized(header), ""}, //
	}
}

func spellings(ctx context.Context, w *world) error {
	header, user, err := w.signedIn(ctx, "ben", "rules-05-signed-in")
	if err != nil {
		return err
	}
	for _, s := range spelled(member(user, "Id"), header) {
		if _, err := must(http.StatusOK)(w.ask(ctx, s)); err != nil {
			return fmt.Errorf("%s %s: %w", s.method, s.path, err)
		}
	}
	secret, _, err := w.initiated(ctx, "rules-05")
	if err != nil {
		return err
	}
	for _, name := range []string{"Secret", "secret", "SECRET"} {
		if _, err := object(w.get(ctx, "/QuickConnect/Connect?"+name+"="+secret, "")); err != nil {
			return fmt.Errorf("%s=: %w", name, err)
		}
	}
	for _, name := range []string{"Secret", "secret"} { // not approved: 404, where a body that is not understood is 400
		if _, err := must(http.StatusNotFound)(w.ask(ctx, sent{"POST", "/Users/AuthenticateWithQuickConnect", nil, `{"` + name + `":"` + secret + `"}`})); err != nil {
			return fmt.Errorf("body with %s: %w", name, err)
		}
	}
	return nil
}

var spellingsBreaks = []breakage{
	{name: "paths in one case", instead: refused(http.StatusNotFound, func(r *http.Request) bool {
		return r.URL.Path == strings.ToLower(r.URL.Path) && r.URL.Path != "/"
	})},
	{name: "queries in one case", instead: refused(http.StatusBadRequest, func(r *http.Request) bool { return r.URL.Query().Has("secret") })},
	{name: "bodies in one case", instead: refused(http.StatusBadRequest, func(r *http.Request) bool { return on(r, "/Users/AuthenticateByName") && holds(r, `"username"`) })},
	{name: "a body's secret in one case", instead: refused(http.StatusBadRequest, func(r *http.Request) bool {
		return on(r, "/Users/AuthenticateWithQuickConnect") && holds(r, `"secret"`)
	})},
	{name: "no unknown queries", instead: refused(http.StatusBadRequest, func(r *http.Request) bool { return r.URL.Query().Has("format") })},
	{name: "no doubled slash", instead: refused(http.StatusNotFound, func(r *http.Request) bool { return strings.Contains(r.URL.Path, "//") })},
	{name: "no slash at the end", instead: refused(http.StatusNotFound, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "c/") })},
	{name: "no prefix", instead: refused(http.StatusNotFound, func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/emby/") })},
}

// holds looks into a request's body and leaves it as it was.
func holds(r *http.Request, text string) bool {
	body := new(bytes.Buffer)
	_, _ = body.ReadFrom(r.Body)
	r.Body = nopCloser{bytes.NewReader(body.Bytes())}
	return bytes.Contains(body.Bytes(), []byte(text))
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

// shapes are Authorization headers as clients build them, with a token's place.
var shapes = map[string]string{
	"web":        `MediaBrowser Client="Jellyfin%20Web", Device="Chrome", DeviceId="TW96aWxsYS81LjA1", Version="12.0.0", Token="${token}"`,
	"Kotlin":     `MediaBrowser Client="Android+TV", Version="0.19.0", DeviceId="rules-06", Device="Living+Room+%22TV%22", Token="${token}"`,
	"Swiftfin":   `MediaBrowser DeviceId=rules-06, Device=Ben's iPhone, Client=Swiftfin iOS, Version=1.2, Token=${token}`,
	"Kodi":       `MediaBrowser Client=Kodi, Device=Living%20Room%2C%20%22TV%22, DeviceId=rules-06, Version=1.0.0, UserId=0, Token=${token}`,
	"Streamyfin": `MediaBrowser Client="Streamyfin", Device=Android, DeviceId="rules-06", Version="0.28.0", Token="${token}"`,
	"Python":     `MediaBrowser Client="mpv "shim"", Device="a "quoted" name", DeviceId="rules-06", Version="3.0", Token="${token}", X-Application="mpv/3"`,
	"Finamp":     `MediaBrowser UserId="x", Token="${token}", Client="Finamp", Device="Pixel", DeviceId="rules-06", Version="0.6.27"`,
	"FinTunes":   `MediaBrowser Client="", Device="", DeviceId="", Version="", Token="${token}"`,
	"no spaces":  `MediaBrowser Token="${token}",Version="1",DeviceId="rules-06",Device="d",Client="c"`,
}

func headerShapes(ctx context.Context, w *world) error {
	in, err := w.signIn(ctx, "ben", "rules-06-token")
	if err != nil {
		return err
	}
	for client, shape := range shapes {
		if _, err := object(w.get(ctx, "/Users/Me", strings.ReplaceAll(shape, "${token}", member(in, "AccessToken")))); err != nil {
			return fmt.Errorf("%s with a token: %w", client, err)
		}
		for what, token := range map[string]string{"an empty": "", "no": "None", "a dead": strings.Repeat("0", 32)} {
			if _, err := must(http.StatusOK)(w.get(ctx, "/Users/Public", strings.ReplaceAll(shape, "${token}", token))); err != nil {
				return fmt.Errorf("%s with %s token, for what anybody may ask: %w", client, what, err)
			}
		}
	}
	return nil
}

func authorizationOf(r *http.Request) string { return r.Header.Get("Authorization") }

var headerShapesBreaks = []breakage{
	{name: "quotes are needed", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool {
		return on(r, "/Users/Me") && !strings.Contains(authorizationOf(r), `Client="`) && !strings.Contains(authorizationOf(r), `Client =`)
	})},
	{name: "all must be quoted", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool {
		return on(r, "/Users/Me") && strings.Contains(authorizationOf(r), "Device=Android")
	})},
	{name: "no empty values", instead: refused(http.StatusBadRequest, func(r *http.Request) bool { return strings.Contains(authorizationOf(r), `Client=""`) })},
	{name: "no further keys", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool {
		return on(r, "/Users/Me") && strings.Contains(authorizationOf(r), "UserId")
	})},
	{name: "a dead token refuses everything", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool {
		return on(r, "/Users/Public") && strings.Contains(authorizationOf(r), "00000000")
	})},
	{name: "an empty token refuses everything", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool {
		return on(r, "/Users/Public") && strings.Contains(authorizationOf(r), `Token=""`)
	})},
	{name: "spaces are needed", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool { return on(r, "/Users/Me") && strings.Contains(authorizationOf(r), `",V`) })},
}

// legacy are the older places for a token. Jellyfin 12 looks at none of them any more, and many apps broke.
var legacy = map[string]func(token string) sent{
	"X-Emby-Token":         func(token string) sent { return sent{header: map[string]string{"X-Emby-Token": token}} },
	"X-MediaBrowser-Token": func(token string) sent { return sent{header: map[string]string{"X-MediaBrowser-Token": token}} },
	"X-Emby-Authorization": func(token string) sent {
		return sent{header: map[string]string{"X-Emby-Authorization": mediaBrowser("rules-07", token)}}
	},
	"scheme Emby": func(token string) sent {
		return sent{header: authorized(strings.Replace(mediaBrowser("rules-07", token), "MediaBrowser", "Emby", 1))}
	},
	"api_key": func(token string) sent { return sent{path: "?api_key=" + url.QueryEscape(token)} },
	"ApiKey":  func(token string) sent { return sent{path: "?ApiKey=" + url.QueryEscape(token)} },
}

func legacyCarriers(ctx context.Context, w *world) error {
	in, err := w.signIn(ctx, "ben", "rules-07")
	if err != nil {
		return err
	}
	for carrier, make := range legacy {
		s := make(member(in, "AccessToken"))
		s.method, s.path = http.MethodGet, "/Users/Me"+s.path
		me, err := object(w.ask(ctx, s))
		if err := errors.Join(err, wanted(member(me, "Name") == "ben", "it is %q", me["Name"])); err != nil {
			return fmt.Errorf("%s: %w", carrier, err)
		}
	}
	return nil
}

var legacyCarriersBreaks = []breakage{
	{name: "no X-Emby-Token", request: func(r *http.Request) { r.Header.Del("X-Emby-Token") }},
	{name: "no X-MediaBrowser-Token", request: func(r *http.Request) { r.Header.Del("X-MediaBrowser-Token") }},
	{name: "no X-Emby-Authorization", request: func(r *http.Request) { r.Header.Del("X-Emby-Authorization") }},
	{name: "no Emby", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool { return strings.HasPrefix(authorizationOf(r), "Emby") })},
	{name: "no api_key", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool { return r.URL.Query().Has("api_key") })},
	{name: "no ApiKey", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool { return r.URL.Query().Has("ApiKey") })},
}

// Finamp, SwiftJelly and the TypeScript SDK leave Pw out where it is empty.
func emptyPassword(ctx context.Context, w *world) error {
	for i, body := range []string{`{"Username":"kids","Pw":""}`, `{"Username":"kids"}`, `{"Username":"kids","Pw":null}`} {
		device := fmt.Sprintf("rules-13-%d", i)
		if _, err := object(w.ask(ctx, sent{"POST", "/Users/AuthenticateByName", authorized(mediaBrowser(device, "")), body})); err != nil {
			return fmt.Errorf("%s: %w", body, err)
		}
	}
	return nil
}

var emptyPasswordBreaks = []breakage{
	{name: "a password is needed", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool { return holds(r, `"Pw":""`) })},
	{name: "Pw is needed", instead: refused(http.StatusBadRequest, func(r *http.Request) bool { return !holds(r, "Pw") })},
	{name: "null is refused", instead: refused(http.StatusBadRequest, func(r *http.Request) bool { return holds(r, "null") })},
}

// Streamyfin and others compare the text.
func textErrors(ctx context.Context, w *world) error {
	refusal, err := must(http.StatusUnauthorized)(w.ask(ctx, sent{"POST", "/Users/AuthenticateByName",
		authorized(mediaBrowser("rules-10", "")), `{"Username":"nobody at all","Pw":"x"}`}))
	if err != nil {
		return err
	}
	kind := refusal.header.Get("Content-Type")
	if err := errors.Join(wanted(string(refusal.body) == "Error processing request.", "the refusal is %q", refusal.body),
		wanted(strings.HasPrefix(kind, "text/plain"), "the refusal is %q", kind)); err != nil {
		return err
	}
	missing, err := must(http.StatusUnauthorized)(w.get(ctx, "/Users/Me", ""))
	return errors.Join(err, wanted(!json.Valid(missing.body) || len(missing.body) == 0, "without a token the answer is %q", missing.body))
}

var textErrorsBreaks = []breakage{
	{name: "a JSON object", answer: replaced("/Users/AuthenticateByName", func([]byte) []byte { return []byte(`{"error":"wrong password"}`) })},
	{name: "a JSON type", answer: typed("/Users/AuthenticateByName", "application/json")},
	{name: "a JSON object without a token", answer: replaced("/Users/Me", func([]byte) []byte { return []byte(`{"error":"no token"}`) })},
}

func typed(path, as string) func(*http.Response) error {
	return func(response *http.Response) error {
		if on(response.Request, path) {
			response.Header.Set("Content-Type", as)
		}
		return nil
	}
}

// TypeScript and Go clients ask for CamelCase among others and need PascalCase.
func pascalCase(ctx context.Context, w *world) error {
	const accept = "application/json,application/json; profile=CamelCase,application/json; profile=PascalCase,text/html"
	header, _, err := w.signedIn(ctx, "ben", "rules-08")
	if err != nil {
		return err
	}
	for _, path := range []string{publicInfo, "/Users/Me", "/QuickConnect/Initiate"} {
		method := http.MethodGet
		if strings.HasPrefix(path, "/Quick") {
			method = http.MethodPost
		}
		found, err := object(w.ask(ctx, sent{method: method, path: path, header: map[string]string{"Authorization": header, "Accept": accept}}))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for name := range found {
			if name[0] < 'A' || name[0] > 'Z' {
				return fmt.Errorf("%s has a member %q", path, name)
			}
		}
	}
	return nil
}

var firstLetter = regexp.MustCompile(`"([A-Z])([A-Za-z]*"):`)

func camel(body []byte) []byte {
	return firstLetter.ReplaceAllFunc(body, func(found []byte) []byte {
		found = slices.Clone(found)
		found[1] |= 0x20
		return found
	})
}

var pascalCaseBreaks = []breakage{
	{name: "public information", answer: replaced(publicInfo, camel)},
	{name: "the user", answer: replaced("/Users/Me", camel)},
	{name: "Quick Connect", answer: replaced("/QuickConnect/Initiate", camel)},
}

// A POST that is redirected with 301, 302 or 303 becomes a GET in most clients, and the sign-in is lost.
func postRedirects(ctx context.Context, w *world) error {
	body, _ := json.Marshal(map[string]string{"Username": "ben", "Pw": passwordOf("ben")})
	for _, path := range []string{"/Users/AuthenticateByName", "/Users/AuthenticateByName/", "//Users/AuthenticateByName", "/emby/Users/AuthenticateByName", "/users/authenticatebyname"} {
		answer, err := w.ask(ctx, sent{"POST", path, authorized(mediaBrowser("rules-21", "")), string(body)})
		if err != nil {
			return err
		}
		kept := answer.status == http.StatusTemporaryRedirect || answer.status == http.StatusPermanentRedirect
		if err := wanted(answer.status == http.StatusOK || kept, "POST %s is %d", path, answer.status); err != nil {
			return err
		}
	}
	return nil
}

var postRedirectsBreaks = []breakage{
	{name: "301", instead: redirected(http.StatusMovedPermanently)},
	{name: "302", instead: redirected(http.StatusFound)},
	{name: "doubled slashes are cleaned by redirect", instead: func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "//") {
			return false
		}
		w.Header().Set("Location", r.URL.Path[1:])
		w.WriteHeader(http.StatusMovedPermanently)
		return true
	}},
}

func redirected(status int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		w.Header().Set("Location", "https://"+r.Host+r.URL.Path)
		w.WriteHeader(status)
		return true
	}
}

// Web, Kodi and the Python client test a saved token with it, and web forgets the token on any failure.
func systemInformation(ctx context.Context, w *world) error {
	header, _, err := w.signedIn(ctx, "ben", "rules-23")
	if err != nil {
		return err
	}
	info, err := object(w.get(ctx, "/System/Info", header))
	return errors.Join(err, wanted(member(info, "ServerName") != "", "it has no ServerName"))
}

var systemInformationBreaks = []breakage{
	{name: "administrators only", instead: refused(http.StatusForbidden, func(r *http.Request) bool { return on(r, "/System/Info") })},
	{name: "unavailable", instead: refused(http.StatusServiceUnavailable, func(r *http.Request) bool { return on(r, "/System/Info") })},
}
