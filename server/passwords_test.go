package server_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

const (
	changed = finlatch.ActivityUserPasswordChanged
	revoked = finlatch.ActivityDeviceRevoked
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.names["tablet.token"] = w.signIn("ann", "ann-pw", "tablet")
	set := func(name, do, as, send string, want answer, log ...string) scenario {
		return scenario{name: name, do: "POST " + do, as: as, send: send, want: want, log: log}
	}
	const own, hers, bens = "/Users/Password", "/Users/Password?userId=${ann}", "/Users/Password?userId=${ben}"
	w.play(t,
		set("a wrong one", own, "ann", `{"CurrentPw":"wrong","NewPw":"x"}`, jsonOf(403, `"Invalid user or password entered."`), refused),
		set("none", hers, "ann", `{"NewPw":"x"}`, jsonOf(403, `"Invalid user or password entered."`)),
		set("under another name", own, "ann", `{"CurrentPassword":"ann-pw","NewPw":"x"}`, jsonOf(403, `"Invalid user or password entered."`)),
		set("taken away without it", own, "ann", `{"ResetPassword":true}`, jsonOf(403, `"Invalid user or password entered."`)),
		set("another's", bens, "ann", `{"CurrentPw":"ben-pw","NewPw":"x"}`, jsonOf(403, `"User is not allowed to update the password."`)),
		set("another's by the path", "/Users/${ben}/Password", "ann", `{"CurrentPw":"ben-pw","NewPw":"x"}`, jsonOf(403, `"User is not allowed to update the password."`)),
		set("nobody's", "/Users/Password?userId=0123456789abcdef0123456789abcdef", "admin", `{"NewPw":"x"}`, problem(404, "")),
		set("the zero id's", "/Users/00000000000000000000000000000000/Password", "ann", `{"CurrentPw":"ann-pw","NewPw":"x"}`, failed(400)),
		set("no id", "/Users/ann/Password", "ann", `{"NewPw":"x"}`, problem(400, `{"userId":["The value 'ann' is not valid."]}`)),
		set("a key's own", own, "key", `{"NewPw":"x"}`, failed(400)),
		set("null", own, "ann", `null`, problem(400, `{"":["A non-empty request body is required."],"request":["The request field is required."]}`)),
		set("the administrator's own without it", own, "admin", `{"NewPw":"x"}`, jsonOf(403, `"Invalid user or password entered."`)),
		set("the administrator's away", "/Users/Password?userId=${admin}", "admin", `{"ResetPassword":true}`, failed(400)),
		set("the administrator's empty", "/Users/${admin}/Password", "admin", `{"CurrentPw":"admin-pw","NewPw":""}`, failed(400)),
		scenario{name: "nothing has changed", do: "GET /Users/Me", as: "tablet", want: anything(200)},
		set("hers", hers, "ann", `{"CurrentPw":"ann-pw","NewPw":"new"}`, empty(204), revoked, changed),
		scenario{name: "her token stays", do: "GET /Users/Me", as: "ann", want: anything(200)},
		scenario{name: "her other one has ended", do: "GET /Users/Me", as: "tablet", want: empty(401)},
		set("hers by the path", "/Users/${ann}/Password", "ann", `{"currentpw":"new","newpw":"newer"}`, empty(204), changed),
		set("hers by the administrator", "/Users/${ann}/Password", "admin", `{"CurrentPw":"","NewPw":"set"}`, empty(204), revoked, changed),
		scenario{name: "her token has ended", do: "GET /Users/Me", as: "ann", want: empty(401)},
		scenario{name: "she signs in", do: "POST /Users/AuthenticateByName", send: `{"Username":"ann","Pw":"set"}`, want: anything(200), log: []string{succeeded}},
		set("his away by the administrator", bens, "admin", `{"resetPassword":true}`, empty(204), revoked, changed),
		scenario{name: "his token has ended", do: "GET /Users/Me", as: "ben", want: empty(401)},
		scenario{name: "he signs in without", do: "POST /Users/AuthenticateByName", send: `{"Username":"ben","Pw":""}`, want: anything(200), log: []string{succeeded}},
		scenario{name: "the easy password is no more", do: "POST /Users/${ann}/EasyPassword", as: "admin", send: `{}`, want: empty(404)},
	)
}

func TestForgottenPasswords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := newWorld(t, func(o *options) { o.service.ResetDir = dir })
	w.run()
	const asked = finlatch.ActivityPasswordResetRequested
	ask := func(name, from, send string, want answer, log ...string) scenario {
		return scenario{name: name, do: "POST /Users/ForgotPassword", from: from, send: send, want: want, log: log}
	}
	told := jsonOf(200, `{"Action":"PinCode","PinFile":"<any>","PinExpirationDate":"2026-11-24T12:30:00.0000000Z"}`)
	required := problem(400, `{"EnteredUsername":["The EnteredUsername field is required."]}`)
	w.play(t,
		ask("nobody", home, `{"EnteredUsername":"mallory"}`, told, asked),
		ask("her", home, `{"EnteredUsername":"ANN"}`, told, asked),
		ask("her, from elsewhere", away, `{"enteredUsername":"ann"}`, told),
		ask("nobody, from elsewhere", away, `{"EnteredUsername":"mallory"}`, told),
		ask("an empty name", home, `{"EnteredUsername":""}`, required),
		ask("a blank one", home, `{"EnteredUsername":" "}`, required),
		ask("null", home, `{"EnteredUsername":null}`, required),
		ask("no name", home, `{}`, problem(400, `{"$":["<any>"],"forgotPasswordRequest":["The forgotPasswordRequest field is required."]}`)),
		scenario{name: "asked with GET", do: "GET /Users/ForgotPassword", header: map[string]string{"Authorization": "-"}, want: empty(401)},
	)
	for from, want := range map[string]string{home: dir, away: "."} {
		_, body := w.perform(ask("her", from, `{"EnteredUsername":"ann"}`, told, map[string][]string{home: {asked}}[from]...))
		var answer struct{ PinFile string }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || filepath.Dir(answer.PinFile) != want {
			t.Errorf("from %s: told of %s, want it in %s", from, answer.PinFile, want)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "passwordreset*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("there are the files %q (%v)", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var content struct{ Pin string }
	if err := json.Unmarshal(data, &content); err != nil {
		t.Fatal(err)
	}
	w.names["pin"] = content.Pin
	redeem := func(name, from, pin string, want answer, log ...string) scenario {
		return scenario{name: name, do: "POST /Users/ForgotPassword/Pin", from: from, send: `{"Pin":"` + pin + `"}`, want: want, log: log}
	}
	w.play(t,
		redeem("wrong", away, "00-00-00-00", failed(404), refused),
		redeem("blank", away, "  ", problem(400, `{"Pin":["The Pin field is required."]}`)),
		scenario{name: "no PIN", do: "POST /Users/ForgotPassword/Pin", send: `{}`, want: problem(400, `{"$":["<any>"],"forgotPasswordPinRequest":["The forgotPasswordPinRequest field is required."]}`)},
		redeem("right", away, "${pin}", jsonOf(200, `{"Success":true,"UsersReset":["ann"]}`), revoked, changed),
		redeem("again", away, "${pin}", failed(404)),
		scenario{name: "her token has ended", do: "GET /Users/Me", as: "ann", want: empty(401)},
		scenario{name: "the PIN is the password", do: "POST /Users/AuthenticateByName", send: `{"Username":"ann","Pw":"${pin}"}`, want: anything(200), log: []string{succeeded}},
	)
	for range 8 {
		w.perform(redeem("wrong", away, "00-00-00-00", failed(404)))
	}
	w.perform(redeem("too often", away, "00-00-00-00", text(http.StatusTooManyRequests, "too many attempts; try again later").with("Retry-After", "1800")))
	if log := w.log.String(); strings.Contains(log, content.Pin) || strings.Contains(log, "ann-pw") {
		t.Error("the log has a PIN or a password")
	}
}
