package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

// What breaks strict decoders if it is absent, null or of another type: the Kotlin SDK 1.8.12 fails the whole sign-in for
// one of these, Finamp likewise. By the letter behind the colon: Bool, Int, Number, String, Id, Date, List, Object; no
// letter is a Bool.
const (
	strictUser = "Id:I Name:S ServerId:I HasPassword HasConfiguredPassword HasConfiguredEasyPassword Policy:O Configuration:O"

	strictPolicy = "IsAdministrator IsHidden IsDisabled EnableUserPreferenceAccess EnableRemoteControlOfOtherUsers " +
		"EnableSharedDeviceControl EnableRemoteAccess EnableLiveTvManagement EnableLiveTvAccess EnableMediaPlayback " +
		"EnableAudioPlaybackTranscoding EnableVideoPlaybackTranscoding EnablePlaybackRemuxing ForceRemoteSourceTranscoding " +
		"EnableContentDeletion EnableContentDownloading EnableSyncTranscoding EnableMediaConversion EnableAllDevices " +
		"EnableAllChannels EnableAllFolders InvalidLoginAttemptCount:N LoginAttemptsBeforeLockout:N MaxActiveSessions:N " +
		"EnablePublicSharing RemoteClientBitrateLimit:N AuthenticationProviderId:S PasswordResetProviderId:S SyncPlayAccess:S " +
		"EnableContentDeletionFromFolders:L AccessSchedules:L BlockedTags:L EnabledDevices:L EnabledChannels:L EnabledFolders:L"

	strictConfiguration = "PlayDefaultAudioTrack DisplayMissingEpisodes GroupedFolders:L SubtitleMode:S DisplayCollectionsView " +
		"EnableLocalPassword OrderedViews:L LatestItemsExcludes:L MyMediaExcludes:L HidePlayedInLatest RememberAudioSelections " +
		"RememberSubtitleSelections EnableNextEpisodeAutoPlay"

	strictSession = "PlayableMediaTypes:L UserId:I LastActivityDate:D LastPlaybackCheckIn:D IsActive SupportsMediaControl " +
		"SupportsRemoteControl HasCustomDeviceName SupportedCommands:L PlayState:O Capabilities:O Id:I ServerId:I DeviceId:S " +
		"DeviceName:S Client:S ApplicationVersion:S AdditionalUsers:L NowPlayingQueue:L"

	strictPlayState    = "CanSeek IsPaused IsMuted RepeatMode:S PlaybackOrder:S"
	strictCapabilities = "PlayableMediaTypes:L SupportedCommands:L SupportsMediaControl SupportsPersistentIdentifier"
	strictSchedule     = "Id:N UserId:I DayOfWeek:S StartHour:N EndHour:N"
	strictQuickConnect = "Authenticated Secret:S Code:S DeviceId:S DeviceName:S AppName:S AppVersion:S DateAdded:D"
	strictPreferences  = "Id:S RememberIndexing PrimaryImageHeight:N PrimaryImageWidth:N CustomPrefs:O ScrollDirection:S ShowBackdrop " +
		"RememberSorting SortOrder:S ShowSidebar Client:S"
	strictSystemInfo = "HasPendingRestart IsShuttingDown SupportsLibraryMonitor WebSocketPortNumber:N Id:I ServerName:S Version:S " +
		"ProductName:S StartupWizardCompleted"
	strictDevice = "Id:S Name:S LastUserName:S AppName:S AppVersion:S LastUserId:I DateLastActivity:D Capabilities:O"
	strictKey    = "Id:N AccessToken:S DeviceId:S AppName:S AppVersion:S DeviceName:S UserId:I IsActive DateCreated:D DateLastActivity:D"
)

// strict complains of what a strict decoder would not take.
func strict(t *testing.T, where string, v any, members string) {
	t.Helper()
	object, ok := v.(map[string]any)
	if !ok {
		t.Errorf("%s is %T, not an object", where, v)
		return
	}
	for member := range strings.FieldsSeq(members) {
		name, kind, _ := strings.Cut(member, ":")
		value, there := object[name]
		var fits bool
		switch kind {
		case "":
			_, fits = value.(bool)
		case "N":
			_, fits = value.(float64)
		case "L":
			_, fits = value.([]any)
		case "O":
			_, fits = value.(map[string]any)
		default:
			var text string
			text, fits = value.(string)
			fits = fits && (kind != "I" || looks["<id>"].MatchString(text)) &&
				(kind != "D" || looks["<date>"].MatchString(text) || text == "0001-01-01T00:00:00.0000000Z")
		}
		if !there || !fits {
			t.Errorf("%s.%s is %v (%T), not of kind %q", where, name, value, value, kind)
		}
	}
}

func strictUserDto(t *testing.T, where string, v any) {
	t.Helper()
	strict(t, where, v, strictUser)
	user, _ := v.(map[string]any)
	strict(t, where+".Policy", user["Policy"], strictPolicy)
	strict(t, where+".Configuration", user["Configuration"], strictConfiguration)
	policy, _ := user["Policy"].(map[string]any)
	for i, schedule := range list(policy["AccessSchedules"]) {
		strict(t, fmt.Sprintf("%s.Policy.AccessSchedules[%d]", where, i), schedule, strictSchedule)
	}
}

func strictSessionDto(t *testing.T, where string, v any) {
	t.Helper()
	strict(t, where, v, strictSession)
	session, _ := v.(map[string]any)
	strict(t, where+".PlayState", session["PlayState"], strictPlayState)
	strict(t, where+".Capabilities", session["Capabilities"], strictCapabilities)
}

func list(v any) []any {
	items, _ := v.([]any)
	return items
}

// busyWorld has several users with schedules, limits and lists, and several devices.
func busyWorld(t *testing.T) *world {
	w := newWorld(t)
	w.policy("ann", func(p *finlatch.Policy) {
		p.AccessSchedules = []finlatch.AccessSchedule{{ID: 1, DayOfWeek: "Everyday", StartHour: 0, EndHour: 24}, {ID: 2, DayOfWeek: "Weekend", StartHour: 9.5, EndHour: 10}}
		p.MaxActiveSessions, p.LoginAttemptsBeforeLockout, p.MaxParentalRating, p.IsHidden = 10, 5, new(12), false
		p.BlockedTags, p.AllowedTags, p.BlockUnratedItems = []string{"gore", "ünïcode"}, []string{"kids"}, []string{"Movie", "Other"}
		p.EnabledFolders, p.EnabledChannels = []finlatch.ID{{1}, {2}}, []finlatch.ID{{3}}
		p.EnabledDevices = []string{"tv", "phone"}
	})
	for i := range 5 {
		w.signIn("ann", "ann-pw", fmt.Sprint("tablet ", i))
		w.signIn("ben", "ben-pw", fmt.Sprint("tablet ", i))
	}
	return w
}

func (w *world) json(s scenario) any {
	w.Helper()
	s.want = anything(200)
	_, body := w.perform(s)
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		w.Fatalf("%s: %v: %.200s", s.do, err, body)
	}
	return v
}

func TestSignInAnswersAllThatStrictClientsNeed(t *testing.T) {
	t.Parallel()
	w := busyWorld(t)
	for name, s := range map[string]scenario{
		"password": {do: "POST /Users/AuthenticateByName", send: `{"Username":"ann","Pw":"ann-pw"}`, log: []string{succeeded}},
		"by id":    {do: "POST /Users/${ann}/Authenticate?pw=ann-pw", log: []string{succeeded}},
		"quick connect": {do: "POST /Users/AuthenticateWithQuickConnect", send: `{"Secret":"${fresh approved secret}"}`,
			log: []string{succeeded}},
	} {
		result, _ := w.json(s).(map[string]any)
		strict(t, name, result, "User:O SessionInfo:O AccessToken:I ServerId:I")
		strictUserDto(t, name+".User", result["User"])
		strictSessionDto(t, name+".SessionInfo", result["SessionInfo"])
		user, _ := result["User"].(map[string]any)
		session, _ := result["SessionInfo"].(map[string]any)
		if user["ServerId"] != result["ServerId"] || session["ServerId"] != result["ServerId"] || session["UserId"] != user["Id"] {
			t.Errorf("%s: the ids of server and user differ: %v", name, result)
		}
		policy, _ := user["Policy"].(map[string]any)
		if n := len(list(policy["AccessSchedules"])); n != 2 {
			t.Errorf("%s: got %d schedules, want 2", name, n)
		}
	}
}

func TestListsAnswerAllThatStrictClientsNeed(t *testing.T) {
	t.Parallel()
	w := busyWorld(t)
	for _, test := range []struct {
		do, as string
		page   bool
		least  int
		check  func(t *testing.T, where string, v any)
	}{
		{"GET /Users", "ben", false, 3, strictUserDto},
		{"GET /Users/Public", "", false, 1, strictUserDto},
		{"GET /Sessions", "admin", false, 8, strictSessionDto},
		{"GET /Devices", "admin", true, 13, func(t *testing.T, where string, v any) { strict(t, where, v, strictDevice) }},
		{"GET /Auth/Keys", "admin", true, 1, func(t *testing.T, where string, v any) { strict(t, where, v, strictKey) }},
	} {
		got := w.json(scenario{do: test.do, as: test.as})
		if test.page {
			strict(t, test.do, got, "Items:L TotalRecordCount:N StartIndex:N")
			page, _ := got.(map[string]any)
			if got = page["Items"]; float64(len(list(got))) != page["TotalRecordCount"] {
				t.Errorf("%s: TotalRecordCount is %v of %d", test.do, page["TotalRecordCount"], len(list(got)))
			}
		}
		items := list(got)
		if len(items) < test.least {
			t.Errorf("%s: got %d, want %d at least", test.do, len(items), test.least)
		}
		for i, item := range items {
			test.check(t, fmt.Sprintf("%s[%d]", test.do, i), item)
		}
	}
	strictUserDto(t, "me", w.json(scenario{do: "GET /Users/Me", as: "ann"}))
	strict(t, "quick connect", w.json(scenario{do: "POST /QuickConnect/Initiate"}), strictQuickConnect)
	strict(t, "preferences", w.json(scenario{do: "GET /DisplayPreferences/usersettings?client=emby", as: "ann"}), strictPreferences)
	strict(t, "system", w.json(scenario{do: "GET /System/Info", as: "ann"}), strictSystemInfo)
	strict(t, "branding", w.json(scenario{do: "GET /Branding/Configuration"}), "SplashscreenEnabled")
}
