package replay_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

// planted is a fault in one answer of a server that is right otherwise, and the difference that must be seen there.
type planted struct {
	name           string
	scenario, step string
	fault          func(t *testing.T, answer *reply)
	path, ours     string // no ours: any value
}

// edit replaces the first place in the body that an expression fits.
func edit(expression, replacement string) func(*testing.T, *reply) {
	return func(t *testing.T, answer *reply) {
		pattern := regexp.MustCompile(expression)
		place := pattern.FindSubmatchIndex(answer.body)
		if place == nil {
			t.Errorf("nothing to break: %s is not in %s", expression, answer.body)
			return
		}
		changed := pattern.Expand(nil, []byte(replacement), answer.body, place)
		answer.body = slices.Concat(answer.body[:place[0]], changed, answer.body[place[1]:])
	}
}

func status(code int) func(*testing.T, *reply) {
	return func(_ *testing.T, answer *reply) { answer.status = code }
}

// header sets a header, or takes it away if the value is empty.
func header(name, value string) func(*testing.T, *reply) {
	return func(_ *testing.T, answer *reply) {
		if answer.headers[name] = value; value == "" {
			delete(answer.headers, name)
		}
	}
}

func body(text string) func(*testing.T, *reply) {
	return func(_ *testing.T, answer *reply) { answer.body = []byte(text) }
}

// recase changes the case of what the first group of an expression fits.
func recase(expression string, change func([]byte) []byte) func(*testing.T, *reply) {
	return func(t *testing.T, answer *reply) {
		place := regexp.MustCompile(expression).FindSubmatchIndex(answer.body)
		if place == nil {
			t.Errorf("nothing to break: %s", expression)
			return
		}
		copy(answer.body[place[2]:place[3]], change(bytes.Clone(answer.body[place[2]:place[3]])))
	}
}

const (
	otherToken = "0123456789abcdef0123456789abcdef"
	firstToken = "$.AccessToken"
)

// value is what a recorded step answered at a path, for faults that repeat it elsewhere.
func value(t *testing.T, scenario, step, path string) string {
	t.Helper()
	recording := load(t, scenario)
	for _, s := range recording.Steps {
		if s.Name == step {
			found, err := replay.Dig(replay.Encode(s.Answer.Body), path)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Trim(found, `"`)
		}
	}
	t.Fatalf("no step %s", step)
	return ""
}

func faults(t *testing.T) []planted {
	bobsToken := value(t, "10_password", "ok.first", firstToken)
	bobsSession := value(t, "10_password", "ok.first", "$.SessionInfo.Id")
	annsSecret := value(t, "20_quick_connect", "initiate.good", "$.Secret")
	annsCode := value(t, "20_quick_connect", "initiate.good", "$.Code")
	nobodysFile := regexp.MustCompile(`[0-9a-f]{32}`).FindString(value(t, "60_forgot_password", "ask.unknown", "$.PinFile"))
	keepAlivesID := value(t, "70_websocket", "talk.keep-alive", "$.message.MessageId")
	return []planted{
		{"other status", "10_password", "no.wrong", status(400), "status", "400"},
		{"success for a refusal", "11_auth_header", "odd.upper-case-token", status(200), "status", "200"},
		{"no answer", "20_quick_connect", "state.unknown", status(0), "error", "closed"},

		{"other content type", "10_password", "no.wrong", header("content-type", "text/html"), "content-type", "text/html"},
		{"charset missing", "20_quick_connect", "enabled.get", header("content-type", "application/json"), "content-type", "application/json"},
		{"content type missing", "10_password", "no.wrong", header("content-type", ""), "content-type", "absent"},
		{"charset too many", "10_password", "no.null-name", header("content-type", "text/plain; charset=utf-8"), "content-type", "text/plain; charset=utf-8"},
		{"Allow missing", "10_password", "method.put", header("allow", ""), "header:Allow", "absent"},
		{"Allow shorter", "10_password", "method.put", header("allow", "POST"), "header:Allow", "POST"},
		{"other Location", "00_first_run", "fresh.root", header("location", "web/index.html"), "header:Location", "web/index.html"},
		{"Access-Control too many", "10_password", "ok.me", header("access-control-allow-origin", "*"), "header:Access-Control-Allow-Origin", "*"},
		{"Access-Control missing", "50_system", "cors.get", header("access-control-allow-origin", ""), "header:Access-Control-Allow-Origin", "absent"},
		{"error code too many", "10_password", "no.disabled-right", header("x-application-error-code", "ParentalControl"), "header:X-Application-Error-Code", "ParentalControl"},

		{"text in other words", "10_password", "no.unknown", body("No such user."), "$", `"No such user."`},
		{"nothing instead of text", "10_password", "no.wrong", body(""), "$", "empty"},
		{"text instead of nothing", "11_auth_header", "value.full.bad.me", body("Unauthorized"), "$", `text "Unauthorized"`},
		{"broken JSON", "20_quick_connect", "enabled.get", body("true,"), "$", `text "true,"`},
		{"member twice", "20_quick_connect", "initiate.get", body(`x`), "$", `text "x"`},
		{"JSON with a member twice", "20_quick_connect", "enabled.get", body(`{"a":1,"a":1}`), "$", `text "{\"a\":1,\"a\":1}"`},

		{"member too many", "20_quick_connect", "initiate.good", edit(`^\{`, `{"UserId":"x",`), "$.UserId", `"x"`},
		{"member missing", "10_password", "ok.first", edit(`"HasPassword":true,`, ``), "$.User.HasPassword", "absent"},
		{"null for absent", "10_password", "ok.first", edit(`\{"Name"`, `{"PrimaryImageTag":null,"Name"`), "$.User.PrimaryImageTag", "null"},
		{"absent for null", "50_system", "prefs.first", edit(`"tvhome":null,`, ``), "$.CustomPrefs.tvhome", "absent"},
		{"null for a value", "10_password", "ok.first", edit(`"AccessToken":"\w+"`, `"AccessToken":null`), "$.AccessToken", "null"},
		{"member in other case", "21_quick_connect_disabled", "on.initiate", edit(`"Code"`, `"code"`), "$.Code", "absent"},
		{"text for a number", "10_password", "ok.first", edit(`"MaxActiveSessions":0`, `"MaxActiveSessions":"0"`), "$.User.Policy.MaxActiveSessions", `"0"`},
		{"number for text", "10_password", "ok.first", edit(`"ApplicationVersion":"1.0"`, `"ApplicationVersion":1.0`), "$.SessionInfo.ApplicationVersion", "1.0"},
		{"decimal for integer", "10_password", "ok.first", edit(`"MaxActiveSessions":0`, `"MaxActiveSessions":0.0`), "$.User.Policy.MaxActiveSessions", "0.0"},
		{"large number", "10_password", "ok.first", edit(`"LoginAttemptsBeforeLockout":-1`, `"LoginAttemptsBeforeLockout":18446744073709551615`), "$.User.Policy.LoginAttemptsBeforeLockout", "18446744073709551615"},
		{"boolean flipped", "10_password", "ok.me", edit(`"IsAdministrator":false`, `"IsAdministrator":true`), "$.Policy.IsAdministrator", "true"},
		{"array longer", "20_quick_connect", "setup.key-value", edit(`\],"TotalRecordCount"`, `,{"Id":3}],"TotalRecordCount"`), "$.Items[1]", `{"Id":"<number>"}`},
		{"array shorter", "00_first_run", "user.users-with-token", body(`[]`), "$[0]", "absent"},
		{"hidden user shown", "00_first_run", "after.users-public", body(`[{"Name":"admin"}]`), "$[0]", `{"Name":"admin"}`},
		{"other user", "11_auth_header", "end.token-still-good", edit(`"Name":"w-ann"`, `"Name":"admin"`), "$.Name", `"admin"`},
		{"other sentence", "10_password", "body.broken", edit(`The request field is required\.`, `The request field is needed.`), "$.errors.request[0]", `"The request field is needed."`},
		{"other position", "10_password", "body.broken", edit(`BytePositionInLine: 19`, `BytePositionInLine: 20`), `$.errors["$"][0]`, `"Expected start of a property name or value, but instead reached end of data. Path: $ | LineNumber: 0 | BytePositionInLine: 20."`},
		{"characters not escaped", "10_password", "ok.unicode", edit(`w-\\u00EFn\\u00E4`, `w-ïnä`), "raw", `["\"w-ïnä\""]`},
		{"escapes in lower case", "10_password", "ok.unicode", edit(`\\u00EFn\\u00E4`, `\u00efn\u00e4`), "raw", `["\"w-\\u00efn\\u00e4\""]`},

		{"token in upper case", "10_password", "ok.first", recase(`"AccessToken":"(\w+)"`, bytes.ToUpper), "$.AccessToken", `"<id:upper>"`},
		{"token with dashes", "10_password", "ok.first", edit(`"AccessToken":"(\w{8})(\w{4})(\w{4})(\w{4})(\w{12})"`, `"AccessToken":"$1-$2-$3-$4-$5"`), "$.AccessToken", `"<id:dashed>"`},
		{"token too short", "10_password", "ok.first", edit(`"AccessToken":"\w`, `"AccessToken":"`), "$.AccessToken", `"` + bobsToken[1:] + `"`},
		{"id with dashes", "10_password", "ok.first", edit(`"Id":"(\w{8})(\w{4})(\w{4})(\w{4})(\w{12})"`, `"Id":"$1-$2-$3-$4-$5"`), "$.User.Id", `"<id:dashed>"`},
		{"secret in lower case", "20_quick_connect", "initiate.good", recase(`"Secret":"(\w+)"`, bytes.ToLower), "$.Secret", `"<secret:lower>"`},
		{"secret as short as an id", "20_quick_connect", "initiate.good", edit(`"Secret":"\w{32}`, `"Secret":"`), "$.Secret", `"<id:upper>"`},
		{"code of five digits", "20_quick_connect", "initiate.good", edit(`"Code":"\d`, `"Code":"`), "$.Code", `"<code:5>"`},
		{"date without Z", "20_quick_connect", "initiate.good", edit(`(\.\d+)Z`, `$1`), "$.DateAdded", `"<date:7>"`},
		{"date with an offset", "20_quick_connect", "initiate.good", edit(`(\.\d+)Z`, `$1+00:00`), "$.DateAdded", `"<date:7offset>"`},
		{"date of three digits", "20_quick_connect", "initiate.good", edit(`(\.\d\d\d)\d+Z`, `${1}Z`), "$.DateAdded", `"<date:3Z>"`},
		{"no trace id", "20_quick_connect", "state.missing", edit(`"traceId":"00-\w`, `"traceId":"00-`), "$.traceId", ""},

		{"one token where two are recorded", "10_password", "ok.other-device", edit(`"AccessToken":"\w+"`, `"AccessToken":"`+bobsToken+`"`), "$.AccessToken", `"<id>" = ok.first $.AccessToken`},
		{"two tokens where one is recorded", "20_quick_connect", "exchange.again", edit(`"AccessToken":"\w+"`, `"AccessToken":"`+otherToken+`"`), "$.AccessToken", `"<id>" != exchange.good $.AccessToken`},
		{"one session where two are recorded", "10_password", "ok.other-device", edit(`("SessionInfo":.*"Id":)"\w+"`, `$1"`+bobsSession+`"`), "$.SessionInfo.Id", `"<id>" = ok.first $.SessionInfo.Id`},
		{"another server id", "10_password", "ok.me", edit(`"ServerId":"\w+"`, `"ServerId":"`+otherToken+`"`), "$.ServerId", `"<id>" != setup.admin $.User.ServerId`},
		{"another code for the same secret", "20_quick_connect", "state.pending", edit(`"Code":"\d+"`, `"Code":"000000"`), "$.Code", `"<code>" != initiate.good $.Code`},
		{"the same code for two secrets", "20_quick_connect", "initiate.same-device-again", edit(`"Code":"\d+"`, `"Code":"`+annsCode+`"`), "$.Code", `"<code>" = initiate.good $.Code`},
		{"the same secret twice", "20_quick_connect", "initiate.same-device-again", edit(`"Secret":"\w+"`, `"Secret":"`+annsSecret+`"`), "$.Secret", `"<secret>" = initiate.good $.Secret`},
		{"a request's date changes", "20_quick_connect", "state.pending", edit(`"DateAdded":"\d+`, `"DateAdded":"2030`), "$.DateAdded", `"<date>" != initiate.good $.DateAdded`},

		{"handshake without its proof", "70_websocket", "open.header", edit(`"accepted":true`, `"accepted":false`), "$.accepted", "false"},
		{"WebSocket for nobody", "70_websocket", "open.no-token", status(101), "status", "101"},
		{"no WebSocket", "70_websocket", "open.query", status(403), "status", "403"},
		{"WebSocket without a page's right to it", "70_websocket", "open.origin", header("access-control-allow-origin", ""), "header:Access-Control-Allow-Origin", "absent"},
		{"other first message", "70_websocket", "open.query", edit(`ForceKeepAlive`, `KeepAlive`), "$.message", "absent"},
		{"no first message", "70_websocket", "open.other-path", body(`{"accepted":true}`), "$.nothing", "true"},
		{"other interval", "70_websocket", "talk.open", edit(`"Data":60`, `"Data":30`), "$.message.Data", "30"},
		{"no answer to a keep-alive", "70_websocket", "talk.keep-alive", body(`{}`), "$.message", "absent"},
		{"answer with data", "70_websocket", "talk.keep-alive-with-data", edit(`\{"MessageId"`, `{"Data":"","MessageId"`), "$.message.Data", `""`},
		{"binary answer", "70_websocket", "talk.binary", edit(`"opcode":1`, `"opcode":2`), "$.opcode", "2"},
		{"pong of something else", "70_websocket", "talk.ping", body(`{"pong":"ho"}`), "$.pong", `"ho"`},
		{"one message id for two", "70_websocket", "talk.keep-alive-again", edit(`"MessageId":"\w+"`, `"MessageId":"`+keepAlivesID+`"`), "$.message.MessageId", `"<id>" = talk.keep-alive $.message.MessageId`},
		{"still open after nonsense", "70_websocket", "talk.invalid-json", body(`{"types":[]}`), "$.closed", "null"},
		{"other close code", "70_websocket", "talk.invalid-json", body(`{"types":[],"closed":1008}`), "$.closed", "1008"},
		{"no close code", "70_websocket", "end.closed-by-logout", body(`{"closed":1005}`), "$.closed", "1005"},
		{"no close frame", "70_websocket", "end.closed-by-logout", body(`{"closed":1006}`), "$.closed", "1006"},
		{"not closed by a logout", "70_websocket", "end.closed-by-logout", body(`{}`), "$.closed", "null"},
		{"close answered otherwise", "70_websocket", "pieces.close", body(`{"closed":1001}`), "$.closed", "1001"},
		{"deaf to pieces", "70_websocket", "pieces.keep-alive", body(`{}`), "$.nothing", "true"},
		{"message that nobody wants", "70_websocket", "sub.silence", body(`{"types":["Sessions"]}`), "$.types[0]", `"Sessions"`},
		{"sessions without a member", "70_websocket", "sub.sessions", edit(`"AdditionalUsers":\[\],`, ``), "$.message.Data[0].AdditionalUsers", "absent"},
		{"message about another user", "70_websocket", "end.user-updated", edit(`w-cal-2`, `w-cal-3`), "$.message.Data.Name", `"w-cal-3"`},

		{"nobody is there", "71_discovery", "ask.capital", body(`{"replies":[]}`), "$.replies[0]", "absent"},
		{"two replies", "71_discovery", "ask.broadcast", edit(`\[(.*)\]`, `[$1,{"data":1,"from_same_port":true}]`), "$.replies[1]", `{"data":1,"from_same_port":true}`},
		{"reply to nonsense", "71_discovery", "silent.nonsense", body(`{"replies":[{"data":{},"from_same_port":true}]}`), "$.replies[0]", `{"data":{},"from_same_port":true}`},
		{"reply from another port", "71_discovery", "ask.plain", edit(`"from_same_port":true`, `"from_same_port":false`), "$.replies[0].from_same_port", "false"},
		{"reply of another server", "71_discovery", "ask.twice", edit(`"Id":"\w+"`, `"Id":"`+otherToken+`"`), "$.replies[0].data.Id", `"<id>" != setup.public-info $.Id`},
		{"reply without a member", "71_discovery", "ask.newline", edit(`,"EndpointAddress":null`, ``), "$.replies[0].data.EndpointAddress", "absent"},

		{"PIN file without a PIN", "60_forgot_password", "pin.file", edit(`"Pin":"[^"]*",`, ``), "saved:PIN", "absent"},
		{"PIN file of another name", "60_forgot_password", "ask.known", edit(`passwordreset\w+`, `passwordreset`), "$.PinFile", `"passwordreset .json"`},
		{"one PIN file for two users", "60_forgot_password", "ask.known", edit(`passwordreset\w+`, "passwordreset"+nobodysFile), "$.PinFile", `"passwordreset <id>.json" = ask.unknown $.PinFile`},
		{"other members of an answer about PINs", "60_forgot_password", "redeem.good", edit(`"UsersReset":\[[^\]]*\]`, `"UsersReset":[]`), "$.UsersReset[0]", "absent"},

		{"nothing to capture", "21_quick_connect_disabled", "setup.configuration", body(""), "saved:CONFIG", "absent"},
	}
}

func TestPlantedFaultsAreSeen(t *testing.T) {
	for _, test := range faults(t) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			recording := load(t, test.scenario)
			recording.Steps = slices.DeleteFunc(recording.Steps, func(s replay.Step) bool {
				return s.Answer.BodyKind == "binary" || s.Spec.Request.Proto != "" // the mirror cannot answer those
			})
			at := slices.IndexFunc(recording.Steps, func(s replay.Step) bool { return s.Name == test.step })
			recording.Steps = recording.Steps[:at+1] // what comes after it takes time
			m := newMirror(t, recording, func(step string, answer *reply) {
				if step == test.step {
					test.fault(t, answer)
				}
			})
			var here []string
			for _, difference := range differences(t, recording, m.options()) {
				if difference.Scenario != test.scenario || difference.Step != test.step {
					continue
				}
				here = append(here, difference.String())
				if difference.Path == test.path && (difference.Ours == test.ours || test.ours == "") {
					return
				}
			}
			t.Errorf("got %q, want %s at %s", here, test.ours, test.path)
		})
	}
}

// A step that needs what an earlier one did not give is not sent, and says so.
func TestSkippedStepIsADifference(t *testing.T) {
	t.Parallel()
	recording := load(t, "20_quick_connect")
	m := newMirror(t, recording, func(step string, answer *reply) {
		if step == "setup.key-value" {
			body(`{"Items":[],"TotalRecordCount":0,"StartIndex":0}`)(t, answer)
		}
	})
	skipped := map[string]string{}
	for _, difference := range differences(t, recording, m.options()) {
		if difference.Path == "skipped" {
			skipped[difference.Step] = difference.Ours
		}
	}
	for _, step := range []string{"key.without-user", "key.unknown-user", "key.with-user"} {
		if want := "KEY was not captured"; skipped[step] != want {
			t.Errorf("%s: got %q, want %q", step, skipped[step], want)
		}
	}
}

// Where the two runs may differ, no difference is seen.
func TestFreedomIsNoFault(t *testing.T) {
	tests := []struct {
		name, scenario, step string
		change               func(*testing.T, *reply)
	}{
		{"content type in other spelling", "20_quick_connect", "enabled.get", header("content-type", `application/json;charset="UTF-8"`)},
		{"methods in other order", "10_password", "method.put", header("allow", "post, GET,DELETE")},
		{"members in other order", "20_quick_connect", "initiate.lower-case-path", edit(`("Authenticated":false),("Secret":"\w+")`, `$2,$1`)},
		{"date of four digits", "20_quick_connect", "initiate.lower-case-path", edit(`\.\d+Z`, `.1234Z`)},
		{"other secret", "20_quick_connect", "initiate.lower-case-path", edit(`"Secret":"\w\w\w`, `"Secret":"0A0`)},
		{"other server name before the set-up", "00_first_run", "fresh.public-info", edit(`"ServerName":"\w+"`, `"ServerName":"finlatch"`)},
		{"other version", "00_first_run", "fresh.public-info", edit(`"Version":"[0-9.]+"`, `"Version":"13.1"`)},
		{"header that is not compared", "10_password", "ok.me", header("server", "finlatch")},
		{"shape only", "00_first_run", "fresh.cultures", edit(`"Afrikaans"`, `"Afrikaans (ZA)"`)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			recording := load(t, test.scenario)
			m := newMirror(t, recording, func(step string, answer *reply) {
				if step == test.step {
					test.change(t, answer)
				}
			})
			if found := differences(t, recording, m.options()); len(found) > 0 {
				t.Errorf("got %v", found)
			}
		})
	}
}
