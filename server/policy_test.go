package server_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// What an administrator changes holds for the very next request, remembered callers or not.
func TestPolicyHoldsForEveryRequest(t *testing.T) {
	t.Parallel()
	const me = "GET /Users/Me"
	provider := `,"AuthenticationProviderId":"Jellyfin.Server.Implementations.Users.DefaultAuthenticationProvider",
		"PasswordResetProviderId":"Jellyfin.Server.Implementations.Users.DefaultPasswordResetProvider"}`
	for _, test := range []struct {
		name    string
		policy  string // the beginning of a body
		from    string
		request answer // to the next request
		signIn  answer // to the next sign-in, on another device
		other   answer // to GET /Users/{id}, which no schedule forbids
	}{
		{"nothing forbidden", `{"IsHidden":false`, away, anything(200), anything(200), anything(200)},
		{"disabled", `{"IsDisabled":true`, home, empty(401), failed(403), empty(401)},
		{"no remote access, from elsewhere", `{"EnableRemoteAccess":false`, away, empty(403), failed(403), empty(403)},
		{"no remote access, by IPv6", `{"EnableRemoteAccess":false`, "2001:db8::7", empty(403), failed(403), empty(403)},
		{"no remote access, from home", `{"EnableRemoteAccess":false`, home, anything(200), anything(200), anything(200)},
		{"no remote access, from nowhere", `{"EnableRemoteAccess":false`, "unknown", empty(403), failed(403), empty(403)},
		{"another hour", `{"AccessSchedules":[{"DayOfWeek":"Everyday","StartHour":13,"EndHour":"14.5"}]`, home, empty(403), failed(403), anything(200)},
		{"this hour", `{"AccessSchedules":[{"DayOfWeek":"Weekend","StartHour":0,"EndHour":24},{"DayOfWeek":"tuesday","StartHour":11.5,"EndHour":12}]`,
			home, anything(200), anything(200), anything(200)},
		{"another day", `{"AccessSchedules":[{"DayOfWeek":"Weekend","StartHour":0,"EndHour":24}]`, home, empty(403), failed(403), anything(200)},
		{"other devices", `{"EnableAllDevices":false,"EnabledDevices":["fridge"]`, home, empty(403), failed(403), empty(403)},
		{"no devices", `{"EnableAllDevices":false,"EnabledDevices":[]`, home, empty(403), failed(403), empty(403)},
		{"this device", `{"EnableAllDevices":false,"EnabledDevices":["ANN'S PHONE"]`, home, anything(200), failed(403), anything(200)},
		{"one device at a time", `{"MaxActiveSessions":1`, home, anything(200), failed(403), anything(200)},
		{"two devices at a time", `{"MaxActiveSessions":2`, home, anything(200), anything(200), anything(200)},
	} {
		for _, mode := range []string{"remembered", "not remembered"} {
			t.Run(test.name+", "+mode, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				if mode == "remembered" {
					w.run()
				}
				w.perform(scenario{do: me, as: "ann", from: test.from, want: anything(200)})
				changes := []string{finlatch.ActivityUserPolicyUpdated}
				if test.name == "disabled" {
					changes = []string{revoked, finlatch.ActivityUserPolicyUpdated}
				}
				w.perform(scenario{do: "POST /Users/${ann}/Policy", as: "admin", send: test.policy + provider, want: empty(204), log: changes})
				w.perform(scenario{do: me, as: "ann", from: test.from, want: test.request})
				w.perform(scenario{do: "GET /Users/${ben}", as: "ann", from: test.from, want: test.other})
				w.perform(scenario{do: "GET /Users/Me?ApiKey=${ann.token}", header: map[string]string{"Authorization": "-"}, from: test.from, want: test.request})
				var log []string
				if test.signIn.status == 200 {
					log = []string{succeeded}
				} else if test.signIn.status == 403 {
					log = []string{refused}
				}
				w.perform(scenario{do: "POST /Users/AuthenticateByName", from: test.from, send: `{"Username":"ann","Pw":"ann-pw"}`, want: test.signIn, log: log})
				w.perform(scenario{do: me, as: "ben", from: test.from, want: anything(200)}) // others notice nothing
			})
		}
	}
}

func TestPolicyThatIsTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.policy("ann", func(p *finlatch.Policy) {
		p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Everyday", StartHour: 12, EndHour: 13}}
	})
	w.perform(scenario{do: "GET /Users/Me", as: "ann", want: anything(200)})
	w.clock.Move(time.Hour + time.Minute)
	w.perform(scenario{do: "GET /Users/Me", as: "ann", want: empty(403)})
	w.clock.Move(23 * time.Hour)
	w.perform(scenario{do: "GET /Users/Me", as: "ann", want: anything(200)})

	w.policy("ann", func(p *finlatch.Policy) { p.EnableAllDevices = false })
	w.perform(scenario{do: "GET /Users/Me", as: "ann", want: empty(403)})
	w.policy("ann", func(p *finlatch.Policy) { p.EnableAllDevices = true })
	w.perform(scenario{do: "GET /Users/Me", as: "ann", want: anything(200)})

	w.policy("ann", func(p *finlatch.Policy) { p.IsDisabled = true })
	w.perform(scenario{do: "GET /Users/Me", as: "ann", want: empty(401)})
	w.policy("ann", func(p *finlatch.Policy) { p.IsDisabled = false })
	w.perform(scenario{do: "GET /Users/Me", as: "ann", want: empty(401)}) // disabling ended the token
}

// Administrators come at any hour and on any device, but from where the policy says.
func TestPolicyOfAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.policy("admin", func(p *finlatch.Policy) {
		p.EnableAllDevices, p.EnableRemoteAccess = false, false
		p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Sunday", StartHour: 1, EndHour: 2}}
	})
	w.perform(scenario{do: "GET /Users/Me", as: "admin", want: anything(200)})
	w.perform(scenario{do: "GET /Devices", as: "admin", from: home, want: anything(200)})
	w.perform(scenario{do: "GET /Devices", as: "admin", from: away, want: empty(403)})

	w.policy("ann", func(p *finlatch.Policy) { p.IsAdministrator = true })
	w.perform(scenario{do: "GET /Devices", as: "ann", want: anything(200)})
	w.policy("ann", func(p *finlatch.Policy) { p.IsAdministrator = false })
	w.perform(scenario{do: "GET /Devices", as: "ann", want: empty(403)})
}

func TestPoliciesThatMayNotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	policy := func(name, who, members string, want answer, log ...string) scenario {
		send := wholePolicy
		if members != "" {
			send = "{" + members + "," + wholePolicy[1:]
		}
		return scenario{name: name, do: "POST /Users/" + who + "/Policy", as: "admin", send: send, want: want, log: log}
	}
	const updated = finlatch.ActivityUserPolicyUpdated
	w.play(t,
		policy("of nobody", "0123456789abcdef0123456789abcdef", "", problem(404, "")),
		policy("of no id", "ann", "", problem(400, `{"userId":["The value 'ann' is not valid."]}`)),
		policy("the only administrator's right", "${admin}", "", jsonOf(403, `"There must be at least one user in the system with administrative access."`)),
		policy("an administrator disabled", "${admin}", `"IsAdministrator":true,"IsDisabled":true`, jsonOf(403, `"Administrators cannot be disabled."`)),
		policy("an unknown day", "${ann}", `"AccessSchedules":[{"DayOfWeek":"Caturday","StartHour":1,"EndHour":2}]`, anything(400)),
		policy("null for a list", "${ann}", `"AccessSchedules":null,"EnabledDevices":null,"BlockedTags":null`, empty(204), updated),
		policy("all of it", "${ann}", `"MaxActiveSessions":-1,"LoginAttemptsBeforeLockout":2147483647,"SyncPlayAccess":"none"`, empty(204), updated),
		policy("too large a number", "${ann}", `"MaxActiveSessions":2147483648`, anything(400)),
		scenario{name: "without providers", do: "POST /Users/${ann}/Policy", as: "admin", send: `{}`, want: problem(400,
			`{"AuthenticationProviderId":["The AuthenticationProviderId field is required."],"PasswordResetProviderId":["The PasswordResetProviderId field is required."]}`)},
	)
}

// Every member of a policy comes back as it was posted, but for those that the server numbers itself.
func TestPolicyIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const id1, id2 = "11111111111111111111111111111111", "22222222222222222222222222222222"
	posted := `{"IsAdministrator":true,"IsHidden":false,"EnableCollectionManagement":true,"EnableSubtitleManagement":true,"EnableLyricManagement":true,
		"IsDisabled":false,"MaxParentalRating":12,"MaxParentalSubRating":3,"BlockedTags":["gore","ü"],"AllowedTags":["kids"],"EnableUserPreferenceAccess":false,
		"AccessSchedules":[{"Id":1,"UserId":"${ann}","DayOfWeek":"Weekday","StartHour":0.25,"EndHour":23.5},
			{"Id":2,"UserId":"${ann}","DayOfWeek":"Sunday","StartHour":1,"EndHour":2}],
		"BlockUnratedItems":["Movie","Other"],"EnableRemoteControlOfOtherUsers":true,"EnableSharedDeviceControl":false,"EnableRemoteAccess":false,
		"EnableLiveTvManagement":true,"EnableLiveTvAccess":false,"EnableMediaPlayback":false,"EnableAudioPlaybackTranscoding":false,
		"EnableVideoPlaybackTranscoding":false,"EnablePlaybackRemuxing":false,"ForceRemoteSourceTranscoding":true,"EnableContentDeletion":true,
		"EnableContentDeletionFromFolders":["x"],"EnableContentDownloading":false,"EnableSyncTranscoding":false,"EnableMediaConversion":false,
		"EnabledDevices":["tv"],"EnableAllDevices":false,"EnabledChannels":["` + id1 + `"],"EnableAllChannels":false,"EnabledFolders":["` + id1 + `","` + id2 + `"],
		"EnableAllFolders":false,"InvalidLoginAttemptCount":2,"LoginAttemptsBeforeLockout":7,"MaxActiveSessions":4,"EnablePublicSharing":false,
		"BlockedMediaFolders":["` + id2 + `"],"BlockedChannels":["` + id1 + `"],"RemoteClientBitrateLimit":8000000,
		"AuthenticationProviderId":"Somebody.Else","PasswordResetProviderId":"Somebody.Other","SyncPlayAccess":"JoinGroups"}`
	usual, _ := w.json(scenario{do: "GET /Users/${ann}", as: "admin"}).(map[string]any)
	policy, _ := usual["Policy"].(map[string]any)
	for name := range policy {
		if !strings.Contains(posted, `"`+name+`":`) {
			t.Errorf("%s is not in this test", name)
		}
	}
	w.perform(scenario{do: "POST /Users/${ann}/Policy", as: "admin", send: posted, want: empty(204), log: []string{finlatch.ActivityUserPolicyUpdated}})
	changed, _ := w.json(scenario{do: "GET /Users/${ann}", as: "admin"}).(map[string]any)
	got, _ := json.Marshal(changed["Policy"])
	if diff := diffJSON(string(got), w.expand(posted)); diff != "" {
		t.Errorf("what was posted differs (-want +got):\n%s", diff)
	}
	// what a body leaves out falls back to Jellyfin's defaults, but for the blocked ones
	w.perform(scenario{do: "POST /Users/${ann}/Policy", as: "admin", send: wholePolicy, want: empty(204), log: []string{finlatch.ActivityUserPolicyUpdated}})
	policy["EnableLiveTvManagement"], policy["BlockedMediaFolders"], policy["BlockedChannels"] = true, []string{id2}, []string{id1}
	want, _ := json.Marshal(policy)
	changed, _ = w.json(scenario{do: "GET /Users/${ann}", as: "admin"}).(map[string]any)
	got, _ = json.Marshal(changed["Policy"])
	if diff := diffJSON(string(got), string(want)); diff != "" {
		t.Errorf("the defaults differ (-want +got):\n%s", diff)
	}
}
