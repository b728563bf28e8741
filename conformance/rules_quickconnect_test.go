package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
)

// The rules about Quick Connect, and about what follows a sign-in.

// Web calls .json() on the raw answers, which throws for text.
func quickConnectJSON(ctx context.Context, w *world) error {
	begun, err := must(http.StatusOK)(w.ask(ctx, sent{method: "POST", path: "/QuickConnect/Initiate", header: authorized(mediaBrowser("rules-09", ""))}))
	if err != nil {
		return err
	}
	found, err := object(begun, nil)
	if err != nil {
		return err
	}
	state, err := must(http.StatusOK)(w.get(ctx, "/QuickConnect/Connect?Secret="+member(found, "Secret"), mediaBrowser("rules-09", "")))
	return errors.Join(err, isJSON("Initiate", begun), isJSON("Connect", state))
}

func isJSON(what string, g got) error {
	kind := g.header.Get("Content-Type")
	return wanted(strings.HasPrefix(kind, "application/json"), "%s is %q", what, kind)
}

var quickConnectJSONBreaks = []breakage{
	{name: "Initiate as text", answer: typed("/QuickConnect/Initiate", "text/json")},
	{name: "Connect as text", answer: typed("/QuickConnect/Connect", "text/plain")},
}

// approve lets a device in, as a person who is signed in.
func (w *world) approve(ctx context.Context, header, code, user string) error {
	answer, err := must(http.StatusOK)(w.ask(ctx, sent{method: "POST", path: "/QuickConnect/Authorize?code=" + code + "&userId=" + user, header: authorized(header)}))
	return errors.Join(err, wanted(strings.TrimSpace(string(answer.body)) == "true", "the approval is %q", answer.body), isJSON("the approval", answer))
}

// Android TV has one device id for Initiate and Connect, another for the exchange and a third one later.
func changingDeviceIDs(ctx context.Context, w *world) error {
	header, user, err := w.signedIn(ctx, "ben", "rules-14-phone")
	if err != nil {
		return err
	}
	secret, code, err := w.initiated(ctx, "rules-14-asking")
	if err != nil {
		return err
	}
	if err := w.approve(ctx, header, code, member(user, "Id")); err != nil {
		return err
	}
	if _, err := object(w.get(ctx, "/QuickConnect/Connect?secret="+secret, mediaBrowser("rules-14-polling", ""))); err != nil {
		return err
	}
	in, err := object(w.ask(ctx, sent{"POST", "/Users/AuthenticateWithQuickConnect", authorized(mediaBrowser("rules-14-exchange", "")), `{"Secret":"` + secret + `"}`}))
	if err != nil {
		return err
	}
	_, err = object(w.get(ctx, "/Users/Me", mediaBrowser("rules-14-later", member(in, "AccessToken"))))
	return err
}

var changingDeviceIDsBreaks = []breakage{
	{name: "bound while polling", instead: refused(http.StatusNotFound, func(r *http.Request) bool { return strings.Contains(authorizationOf(r), "rules-14-polling") })},
	{name: "bound at the exchange", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool { return strings.Contains(authorizationOf(r), "rules-14-exchange") })},
	{name: "bound later", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool { return strings.Contains(authorizationOf(r), "rules-14-later") })},
}

// Streamyfin polls without any header; web redeems the Secret of the answer.
func plainPolling(ctx context.Context, w *world) error {
	secret, code, err := w.initiated(ctx, "rules-15")
	if err != nil {
		return err
	}
	for range 2 {
		state, err := object(w.get(ctx, "/QuickConnect/Connect?Secret="+secret, ""))
		if err := errors.Join(err, wanted(member(state, "Secret") == secret, "Secret is %q", state["Secret"]),
			wanted(member(state, "Code") == code, "Code is %q, was %q", state["Code"], code)); err != nil {
			return err
		}
	}
	return nil
}

var plainPollingBreaks = []breakage{
	{name: "a header is needed", instead: refused(http.StatusUnauthorized, func(r *http.Request) bool { return on(r, "/QuickConnect/Connect") && authorizationOf(r) == "" })},
	{name: "no secret", answer: changed("/QuickConnect/Connect", func(state map[string]any) { delete(state, "Secret") })},
	{name: "no code", answer: changed("/QuickConnect/Connect", func(state map[string]any) { state["Code"] = nil })},
}

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

// Web takes any 2xx for success, even false; Swiftfin wants true; both have room for six digits.
func approval(ctx context.Context, w *world) error {
	header, user, err := w.signedIn(ctx, "ben", "rules-16-phone")
	if err != nil {
		return err
	}
	_, code, err := w.initiated(ctx, "rules-16")
	if err := errors.Join(err, wanted(sixDigits.MatchString(code), "the code is %q", code)); err != nil {
		return err
	}
	unknown, err := w.ask(ctx, sent{method: "POST", path: "/QuickConnect/Authorize?code=x" + code, header: authorized(header)})
	if err := errors.Join(err, wanted(unknown.status >= 400, "an unknown code is %d (%q)", unknown.status, unknown.body)); err != nil {
		return err
	}
	return w.approve(ctx, header, code, member(user, "Id"))
}

var approvalBreaks = []breakage{
	{name: "an unknown code is 200 false", answer: func(response *http.Response) error {
		if response.StatusCode == http.StatusNotFound {
			response.StatusCode = http.StatusOK
		}
		return nil
	}},
	{name: "a text for true", answer: replaced("/QuickConnect/Authorize", func([]byte) []byte { return []byte(`"true"`) })},
	{name: "nothing for true", answer: replaced("/QuickConnect/Authorize", func([]byte) []byte { return nil })},
	{name: "letters in the code", answer: changed("/QuickConnect/Initiate", func(begun map[string]any) { begun["Code"] = "AB12CD" })},
	{name: "eight digits", answer: changed("/QuickConnect/Initiate", func(begun map[string]any) { begun["Code"] = "12345678" })},
}

// Streamyfin and Finamp's beta poll every second, for as long as it takes: 400 polls are more than a request lives to see.
func fastPolling(ctx context.Context, w *world) error {
	secret, _, err := w.initiated(ctx, "rules-17")
	for range 400 {
		if err == nil {
			_, err = object(w.get(ctx, "/QuickConnect/Connect?Secret="+secret, ""))
		}
	}
	return err
}

var fastPollingBreaks = []breakage{{name: "limited", instead: limited(399)}}

// limited refuses polls beyond a number.
func limited(after int32) func(http.ResponseWriter, *http.Request) bool {
	var polls atomic.Int32
	return refused(http.StatusTooManyRequests, func(r *http.Request) bool {
		return on(r, "/QuickConnect/Connect") && polls.Add(1) > after
	})
}

// Finamp's beta asks with GET, as Jellyfin allowed until 10.11.
func getInitiate(ctx context.Context, w *world) error {
	begun, err := object(w.get(ctx, "/QuickConnect/Initiate", mediaBrowser("rules-18", "")))
	return errors.Join(err, wanted(member(begun, "Secret") != "" && member(begun, "Code") != "", "it is %v", begun))
}

var getInitiateBreaks = []breakage{
	{name: "POST only", instead: refused(http.StatusMethodNotAllowed, func(r *http.Request) bool { return r.Method == http.MethodGet && on(r, "/QuickConnect/Initiate") })},
}

// If this fails, a sign-in with web never leaves its page.
func displayPreferences(ctx context.Context, w *world) error {
	header, user, err := w.signedIn(ctx, "ben", "rules-19")
	if err != nil {
		return err
	}
	found, err := object(w.get(ctx, "/DisplayPreferences/usersettings?userId="+member(user, "Id")+"&client=emby", header))
	_, custom := found["CustomPrefs"].(map[string]any)
	return errors.Join(err, wanted(custom, "CustomPrefs is %v", found["CustomPrefs"]))
}

var displayPreferencesBreaks = []breakage{
	{name: "not there", instead: refused(http.StatusNotFound, func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/DisplayPreferences") })},
	{name: "no CustomPrefs", answer: changed("/DisplayPreferences/usersettings", func(found map[string]any) { found["CustomPrefs"] = nil })},
}

var dotNetTime = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,7}Z$`)

// Swift fails on a date it cannot parse, and Kotlin takes it for the year 1.
func times(ctx context.Context, w *world) error {
	in, err := w.signIn(ctx, "ben", "rules-12")
	if err != nil {
		return err
	}
	begun, err := object(w.ask(ctx, sent{method: "POST", path: "/QuickConnect/Initiate", header: authorized(mediaBrowser("rules-12", ""))}))
	if err != nil {
		return err
	}
	seen := 0
	err = eachTime(map[string]any{"sign-in": in, "Initiate": begun}, "", func(path, text string) error {
		seen++
		return wanted(dotNetTime.MatchString(text), "%s is %q", path, text)
	})
	return errors.Join(err, wanted(seen >= 5, "only %d times were seen", seen))
}

// eachTime calls f for every text whose name says that it is a time.
func eachTime(value any, path string, f func(path, text string) error) error {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			if err := eachTime(inner, path+"."+name, f); err != nil {
				return err
			}
		}
	case []any:
		for i, inner := range value {
			if err := eachTime(inner, fmt.Sprintf("%s[%d]", path, i), f); err != nil {
				return err
			}
		}
	case string:
		if name := path[strings.LastIndexByte(path, '.')+1:]; strings.HasPrefix(name, "Date") || strings.HasSuffix(name, "Date") || strings.HasSuffix(name, "CheckIn") {
			return f(path, value)
		}
	}
	return nil
}

var timesBreaks = []breakage{
	{name: "an offset", answer: replaced("/Users/AuthenticateByName", rewritten(`(\d)Z"`, `$1+00:00"`))},
	{name: "no zone", answer: replaced("/Users/AuthenticateByName", rewritten(`(\d)Z"`, `$1"`))},
	{name: "nine digits", answer: replaced("/QuickConnect/Initiate", rewritten(`(\.\d+)Z"`, `${1}00000000Z"`))},
	{name: "a number", answer: replaced("/QuickConnect/Initiate", rewritten(`"DateAdded":"[^"]*"`, `"DateAdded":"1764000000"`))},
}

func rewritten(pattern, with string) func([]byte) []byte {
	find := regexp.MustCompile(pattern)
	return func(body []byte) []byte { return find.ReplaceAll(body, []byte(with)) }
}
