package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
	"github.com/finlatch/finlatch/server"
)

func (w *world) session(device, as string) (found sessionInfo) {
	w.Helper()
	for _, s := range w.list("/Sessions", as) {
		if s.DeviceID == device {
			found = s
		}
	}
	return found
}

// A session is active while its app is connected, and until it was connected; when the last socket has closed it is not, until
// its device is active again.
func TestSessionIsActiveWhileConnected(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{})
	active := func(want bool) {
		t.Helper()
		w.await("the session is as it should be", func() bool { return w.session("ann's phone", "ann").IsActive == want })
	}
	active(true)
	one, two := w.connect("ann"), w.connect("ann")
	one.conn.Close(1000, "")
	w.await("one is closed", func() bool { return w.api().Sockets() == 1 })
	active(true)
	two.conn.CloseNow()
	active(false)
	if !w.session("ben's phone", "ben").IsActive {
		t.Error("ben's session is not active")
	}
	w.clock.Move(10 * time.Minute)
	if status := w.call("GET /Users/Me", "ann", ""); status != 200 {
		t.Fatal(status)
	}
	active(true)
}

func TestSessionsOfAPIKeys(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{})
	is := func(s sessionInfo) bool { return s.Client == "robot" && s.UserName == "" && s.IsActive }
	if slices.ContainsFunc(w.list("/Sessions", "admin"), is) {
		t.Error("an API key without a socket has a session")
	}
	l := w.connect("key")
	w.await("the key's session is listed", func() bool { return slices.ContainsFunc(w.list("/Sessions", "admin"), is) })
	if slices.ContainsFunc(w.list("/Sessions", "ann"), is) {
		t.Error("users are shown it")
	}
	if got := w.list("/Sessions?deviceId=other", "admin"); len(got) > 0 {
		t.Errorf("by another device: %v", got)
	}
	l.conn.CloseNow()
	w.await("it is gone", func() bool { return !slices.ContainsFunc(w.list("/Sessions", "admin"), is) })
}

// SessionStarted stands beside a sign-in on a device that was not in use, SessionEnded beside a logout. An app that comes and
// goes is not noted each time.
func TestSessionsInTheActivityLog(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{Watch: time.Millisecond, Away: time.Millisecond})
	want := func(started, ended int) {
		t.Helper()
		w.await("it is noted", func() bool {
			return w.noted(finlatch.ActivitySessionStarted) >= started && w.noted(finlatch.ActivitySessionEnded) >= ended
		})
		if s, e := w.noted(finlatch.ActivitySessionStarted), w.noted(finlatch.ActivitySessionEnded); s != started || e != ended {
			t.Errorf("%d started and %d ended, want %d and %d", s, e, started, ended)
		}
	}
	w.await("the first socket is noted", func() bool { return w.noted(finlatch.ActivitySessionEnded) == 1 }) // admin's
	want(3, 1)
	w.names["ann.token"] = w.signIn("ann", "ann-pw", "ann's phone") // again
	want(3, 1)
	for n := range 5 {
		l := w.connect("ann")
		want(3+min(n, 1), 1+min(n, 1))
		l.conn.CloseNow()
		want(3+min(n, 1), 2)
	}
	w.call("POST /Sessions/Logout", "ann", "")
	want(4, 3)
	w.clock.Move(25 * time.Hour)
	w.signIn("ben", "ben-pw", "ben's phone") // which nobody has used for a day
	want(5, 3)
}

// What a session can do is its own app's to say, whoever knows its id. A user's device id is anybody's to claim.
func TestCapabilitiesAreOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.names["id"] = w.session("ben's phone", "ben").ID
	own := w.session("ann's phone", "ann").ID
	for _, test := range []struct {
		name, do, as, send string
		status             int
	}{
		{"another's", "POST /Sessions/Capabilities?id=${id}&supportsMediaControl=true", "ann", "", 404},
		{"another's, in full", "POST /Sessions/Capabilities/Full?id=${id}", "ann", `{"SupportsMediaControl":true}`, 404},
		{"an administrator", "POST /Sessions/Capabilities?id=${id}&supportsMediaControl=true", "admin", "", 404},
		{"a key", "POST /Sessions/Capabilities?id=${id}", "key", "", 404},
		{"a key's own", "POST /Sessions/Capabilities", "key", "", 204},
		{"own", "POST /Sessions/Capabilities?id=" + own, "ann", "", 204},
		{"long", "POST /Sessions/Capabilities/Full", "ann", `{"IconUrl":"` + strings.Repeat("x", 3000) + `"}`, 400},
		{"many", "POST /Sessions/Capabilities?playableMediaTypes=" + strings.Repeat("Audio,", 1000), "ann", "", 204},
	} {
		if status := w.call(test.do, test.as, test.send); status != test.status {
			t.Errorf("%s: got %d, want %d", test.name, status, test.status)
		}
	}
	claim := w.request(scenario{do: "POST /Sessions/Capabilities?supportedCommands=Mute",
		header: map[string]string{"Authorization": `MediaBrowser Client="App", Device="Mine", DeviceId="ben's phone", Version="1", Token="${ann.token}"`}})
	response, err := w.client.Do(claim)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	devices := map[string][]string{}
	err = w.store.View(w.ctx, func(tx finlatch.Tx) error {
		all, err := tx.Devices(w.ctx, finlatch.DeviceFilter{})
		for _, d := range all {
			devices[d.DeviceID] = append(d.Capabilities.SupportedCommands, d.Capabilities.PlayableMediaTypes...)
		}
		return err
	})
	if want := map[string][]string{"admin's phone": nil, "ben's phone": nil, "ann's phone": {"Mute"}}; err != nil || !cmp.Equal(devices, want) {
		t.Error(cmp.Diff(want, devices), err)
	}
}

// Kodi sends its lists as texts.
func TestCapabilitiesOfKodi(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{})
	send := `{"PlayableMediaTypes":"Audio,Video,Smell","SupportedCommands":"MoveUp,Dance,Mute,Mute","SupportsMediaControl":true}`
	if status := w.call("POST /Sessions/Capabilities/Full", "ann", send); status != 204 {
		t.Fatal(status)
	}
	show := func() jellyfin.SessionInfoDto {
		t.Helper()
		response, err := w.client.Do(w.request(scenario{do: "GET /Sessions", as: "ann"}))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var list []jellyfin.SessionInfoDto
		if err := json.NewDecoder(response.Body).Decode(&list); err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		return list[0]
	}
	got := show()
	want := jellyfin.ClientCapabilitiesDto{PlayableMediaTypes: jellyfin.DelimitedList[jellyfin.MediaType]{"Audio", "Video"},
		SupportedCommands: jellyfin.DelimitedList[jellyfin.GeneralCommandType]{"MoveUp", "Mute"}, SupportsMediaControl: true}
	if !cmp.Equal(got.Capabilities, want) || got.SupportsMediaControl || len(got.SupportedCommands) != 2 || len(got.PlayableMediaTypes) != 2 {
		t.Errorf("got %+v", got)
	}
	w.connect("ann")
	w.await("it takes commands", func() bool { return show().SupportsMediaControl && show().SupportsRemoteControl })
}

func TestControllableSessions(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{})
	of := func(id, as string) (devices []string) {
		t.Helper()
		for _, s := range w.list("/Sessions?controllableByUserId="+w.names[id], as) {
			devices = append(devices, s.DeviceID)
		}
		slices.Sort(devices)
		return devices
	}
	for _, name := range []string{"ann", "ben"} {
		w.call("POST /Sessions/Capabilities?supportsMediaControl=true", name, "")
	}
	if got := of("ann", "ann"); len(got) > 0 {
		t.Errorf("without sockets: %v", got)
	}
	w.connect("ann")
	w.connect("ben")
	w.await("both are there", func() bool { return len(of("ann", "ann")) == 1 && len(of("ben", "ben")) == 1 })
	if got := of("ann", "ann"); !slices.Equal(got, []string{"ann's phone"}) {
		t.Errorf("ann controls %v", got)
	}
	if got := of("ann", "admin"); !slices.Equal(got, []string{"ann's phone"}) {
		t.Errorf("an administrator is told that ann controls %v", got)
	}
	if status := w.call("GET /Sessions?controllableByUserId=${ben}", "ann", ""); status != 403 {
		t.Errorf("what ben controls: %d", status)
	}
	w.policy("ann", func(p *finlatch.Policy) { p.EnableRemoteControlOfOtherUsers = true })
	if got := of("ann", "ann"); !slices.Equal(got, []string{"ann's phone", "ben's phone"}) {
		t.Errorf("with the permission ann controls %v", got)
	}
}

func TestRemoteControl(t *testing.T) {
	t.Parallel()
	w := socketWorld(t, server.SocketPace{})
	w.names["session"] = w.session("ann's phone", "ann").ID
	first, latest, ben := w.connect("ann"), w.connect("ann"), w.connect("ben")
	first.alive()
	latest.alive()
	const item = "0102030405060708090a0b0c0d0e0f10"
	for _, test := range []struct{ do, as, send, kind, data string }{
		{"POST /Sessions/${session}/Message", "admin", `{"Text":"Dinner","TimeoutMs":5000}`, "GeneralCommand",
			`{"Name":"DisplayMessage","ControllingUserId":"${admin}","Arguments":{"Header":"Message from Server","Text":"Dinner","TimeoutMs":"5000"}}`},
		{"POST /Sessions/${session}/Command", "ann", `{"Name":"SetVolume","ControllingUserId":"${ben}","Arguments":{"Volume":"20"}}`, "GeneralCommand",
			`{"Name":"SetVolume","ControllingUserId":"${ann}","Arguments":{"Volume":"20"}}`},
		{"POST /Sessions/${session}/Command/GoHome", "ann", "", "GeneralCommand", `{"Name":"GoHome","ControllingUserId":"${ann}","Arguments":{}}`},
		{"POST /Sessions/${session}/System/mute", "key", "", "GeneralCommand", `{"Name":"Mute","ControllingUserId":"00000000000000000000000000000000","Arguments":{}}`},
		{"POST /Sessions/${session}/Viewing?itemType=Movie&itemId=x&itemName=y", "ann", "", "GeneralCommand",
			`{"Name":"DisplayContent","ControllingUserId":"${ann}","Arguments":{"ItemType":"Movie","ItemId":"x","ItemName":"y"}}`},
		{"POST /Sessions/${session}/Playing?playCommand=PlayNow&itemIds=" + item + "&startPositionTicks=50000000000&startIndex=1", "ann", "", "Play",
			`{"ItemIds":["` + item + `"],"StartPositionTicks":50000000000,"PlayCommand":"PlayNow","ControllingUserId":"${ann}","StartIndex":1}`},
		{"POST /Sessions/${session}/Playing/Seek?seekPositionTicks=7", "ann", "", "Playstate", `{"Command":"Seek","SeekPositionTicks":7,"ControllingUserId":"${ann}"}`},
	} {
		if status := w.call(test.do, test.as, test.send); status != http.StatusNoContent {
			t.Errorf("%s: got %d", test.do, status)
			continue
		}
		m := latest.next()
		var got, want any
		json.Unmarshal(m.Data, &got)
		json.Unmarshal([]byte(w.expand(test.data)), &want)
		if m.MessageType != test.kind || !cmp.Equal(got, want) {
			t.Errorf("%s: got %s %s", test.do, m.MessageType, cmp.Diff(want, got))
		}
	}
	for _, test := range []struct {
		do, as, send string
		status       int
	}{
		{"POST /Sessions/${session}/Command/GoHome", "ben", "", 404}, // another's is not there
		{"POST /Sessions/${session}/Message", "ben", `{"Text":"x"}`, 404},
		{"POST /Sessions/nothing/Command/GoHome", "admin", "", 404},
		{"POST /Sessions/${session}/Command/Dance", "ann", "", 400},
		{"POST /Sessions/${session}/Message", "ann", `{}`, 400},
		{"POST /Sessions/${session}/Playing?playCommand=Dance&itemIds=x", "ann", "", 400},
		{"POST /Sessions/${session}/Playing", "ann", "", 400},
		{"POST /Sessions/${session}/Playing/Seek?seekPositionTicks=x", "ann", "", 400},
		{"POST /Sessions/${session}/Viewing", "ann", "", 400},
		{"POST /Sessions/${session}/User/${ann}", "ann", "", 400},
		{"POST /Sessions/${session}/User/${ben}", "ann", "", 400},
		{"DELETE /Sessions/${session}/User/${ben}", "ann", "", 204},
		{"POST /Sessions/${session}/User/${ben}", "ben", "", 404},
		{"POST /Sessions/Playing", "ann", `{}`, 204},
	} {
		if status := w.call(test.do, test.as, test.send); status != test.status {
			t.Errorf("%s as %s: got %d, want %d", test.do, test.as, status, test.status)
		}
	}
	w.policy("ben", func(p *finlatch.Policy) { p.EnableRemoteControlOfOtherUsers = true })
	if status := w.call("POST /Sessions/${session}/Command/Back", "ben", ""); status != 204 {
		t.Errorf("with the permission: got %d", status)
	}
	latest.until("GeneralCommand")
	for _, l := range []*listener{first, latest, ben} {
		l.quiet("GeneralCommand")
	}
}
