package replay_test

import (
	"strings"
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

// disguisedRecording is what a server would answer to the disguised requests.
func disguisedRecording(t *testing.T, scenario string, d *replay.Disguise) *replay.Recording {
	t.Helper()
	recording := load(t, scenario)
	for i := range recording.Steps {
		recording.Steps[i].Answer = replay.DisguisedAnswer(d, recording.Steps[i].Answer)
	}
	return recording
}

func TestPlayInDisguise(t *testing.T) {
	for _, scenario := range playable[:5] {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			recording := load(t, scenario)
			d := replay.NewDisguise(7, recording)
			m := newMirror(t, disguisedRecording(t, scenario, d), nil)
			for _, difference := range differences(t, recording, replay.Options{Base: m.base(), Disguise: d, Run: recording.Run}) {
				t.Error(difference)
			}
			if len(m.complaints) == 0 {
				t.Error("the requests were the recorded ones")
			}
		})
	}
}

// A server that has learnt the recorded names by heart is found out, and what it says is shown in the recorded names.
func TestDisguiseFindsLearntNames(t *testing.T) {
	t.Parallel()
	recording := load(t, "10_password")
	m := newMirror(t, recording, nil)
	seen := map[string]bool{}
	for _, difference := range differences(t, recording, replay.Options{Base: m.base(), Disguise: replay.NewDisguise(7, recording)}) {
		seen[difference.Step+" "+difference.Path+" "+difference.Ours] = true
	}
	for _, want := range []string{
		`ok.me $.Name "w-bob"`,
		`ok.first $.SessionInfo.DeviceId "wire-1"`,
		`ok.first $.SessionInfo.Client "Wire"`,
		`header.encoded-values $.SessionInfo.DeviceName "Living Room, \"TV\""`,
		`legacy.no-id $.errors.userId[0] "The value 'w-bob' is not valid."`,
	} {
		if !seen[want] {
			t.Errorf("got no difference %s", want)
		}
	}
}

// The values of differences are in the recorded names, so that one list serves all variations.
func TestDifferencesAreInRecordedNames(t *testing.T) {
	t.Parallel()
	recording := load(t, "10_password")
	d := replay.NewDisguise(7, recording)
	m := newMirror(t, disguisedRecording(t, "10_password", d), func(step string, answer *reply) {
		if step == "no.wrong" {
			answer.body = []byte("No such user: " + disguisedName(t, d, "w-bob"))
		}
		if step == "ok.me" {
			answer.body = []byte(strings.Replace(string(answer.body), `{`, `{"UserName":"`+disguisedName(t, d, "w-bob")+`",`, 1))
		}
	})
	want := map[string]string{"no.wrong $": `"No such user: w-bob"`, "ok.me $.UserName": `"w-bob"`}
	for _, difference := range differences(t, recording, replay.Options{Base: m.base(), Disguise: d}) {
		place := difference.Step + " " + difference.Path
		if want[place] != difference.Ours {
			t.Errorf("%s: got %s, want %s", place, difference.Ours, want[place])
		}
		delete(want, place)
	}
	if len(want) > 0 {
		t.Errorf("got no differences at %v", want)
	}
}

func disguisedName(t *testing.T, d *replay.Disguise, name string) string {
	t.Helper()
	answer := replay.DisguisedAnswer(d, &replay.Answer{BodyKind: "text", Body: name})
	return answer.Body.(string)
}

// What the requests say of each other stays true: the same word is the same, another case is another case, and so on.
func TestDisguiseKeepsMeaning(t *testing.T) {
	recording := load(t, "10_password")
	texts := func(seed uint64, step string) (path, headers, body string) {
		for _, s := range recording.Steps {
			if s.Name != step {
				continue
			}
			spec, err := replay.Disguised(replay.NewDisguise(seed, recording), s.Spec)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range spec.Request.Headers {
				headers += *h.Value + "\n"
			}
			if body = string(spec.Request.JSON); spec.Request.Text != nil {
				body = *spec.Request.Text
			}
			return spec.Request.Path, headers, body
		}
		t.Fatalf("no step %s", step)
		return "", "", ""
	}
	for seed := range uint64(20) {
		bob, password := credentials(t, bodyOf(texts(seed, "ok.first")))
		_, wrongCase := credentials(t, bodyOf(texts(seed, "no.wrong-case")))
		_, trailing := credentials(t, bodyOf(texts(seed, "no.trailing-space")))
		_, wrong := credentials(t, bodyOf(texts(seed, "no.wrong")))
		long, _ := credentials(t, bodyOf(texts(seed, "long.name")))
		uni, uniPassword := credentials(t, bodyOf(texts(seed, "ok.unicode")))
		ann, off := "", ""
		if ann, _ = credentials(t, bodyOf(texts(seed, "setup.without"))); ann == "w-bare" && bob == "w-bob" {
			t.Errorf("seed %d: no name is another", seed)
		}
		off, _ = credentials(t, bodyOf(texts(seed, "no.disabled-right")))
		switch {
		case password == "b0b-pass":
			t.Errorf("seed %d: the password is the recorded one", seed)
		case !strings.EqualFold(wrongCase, password) || wrongCase == password:
			t.Errorf("seed %d: %q is not %q in the wrong case", seed, wrongCase, password)
		case trailing != password+" ":
			t.Errorf("seed %d: %q is not %q with a space", seed, trailing, password)
		case wrong == password:
			t.Errorf("seed %d: the wrong password is the right one", seed)
		case !strings.Contains(long, "${=x*10000}"):
			t.Errorf("seed %d: the long name is short: %q", seed, long)
		case len(bob) != len("w-bob") || !(ann < bob && bob < off):
			t.Errorf("seed %d: %s, %s, %s are not in the order of w-bare, w-bob, w-disabled", seed, ann, bob, off)
		case !strings.Contains(uni, "ï") || !strings.HasSuffix(uniPassword, "→✓密码"):
			t.Errorf("seed %d: %q and %q have lost characters", seed, uni, uniPassword)
		}
		if path, _, _ := texts(seed, "legacy.no-id"); path != "/Users/"+bob+"/Authenticate?pw="+password {
			t.Errorf("seed %d: got path %s", seed, path)
		}
		if got := bodyOf(texts(seed, "body.trailing-comma")); got != `{"Username":"`+bob+`","Pw":"`+password+`",}` {
			t.Errorf("seed %d: got broken body %s", seed, got)
		}
		if got := bodyOf(texts(seed, "ok.unicode-escaped")); got == `{"Username":"w-\u00efn\u00e4","Pw":"p\u00e4ssw\u00f6rd\u2192\u2713\u5bc6\u7801"}` || !strings.Contains(got, `\u00e4`) {
			t.Errorf("seed %d: got escaped body %s", seed, got)
		}
		if _, headers, _ := texts(seed, "header.encoded-values"); !strings.Contains(headers, "%2C%20%22") || strings.Contains(headers, "Living") {
			t.Errorf("seed %d: got headers %s", seed, headers)
		}
	}
}

func bodyOf(_, _, body string) string { return body }

// credentials are the name and the password in a request's body.
func credentials(t *testing.T, body string) (name, password string) {
	t.Helper()
	for _, member := range []string{"$.Username", "$.Name"} {
		if found, err := replay.Dig(body, member); err == nil && found != "null" {
			name = strings.Trim(found, `"`)
		}
	}
	for _, member := range []string{"$.Pw", "$.Password"} {
		if found, err := replay.Dig(body, member); err == nil && found != "null" {
			password = strings.Trim(found, `"`)
		}
	}
	return name, password
}
