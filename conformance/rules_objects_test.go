package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A member that strict decoders (Kotlin, Finamp, Swift) never miss: Name:type. The types are b bool, n number, s text,
// i id, a array, o object.
const (
	quickConnectMembers = "Authenticated:b Secret:s Code:s DeviceId:s DeviceName:s AppName:s AppVersion:s DateAdded:s"
	userMembers         = "Id:i Name:s ServerId:i HasPassword:b HasConfiguredPassword:b HasConfiguredEasyPassword:b Policy:o Configuration:o"
	policyMembers       = "IsAdministrator:b IsHidden:b IsDisabled:b EnableUserPreferenceAccess:b EnableRemoteControlOfOtherUsers:b " +
		"EnableSharedDeviceControl:b EnableRemoteAccess:b EnableLiveTvManagement:b EnableLiveTvAccess:b EnableMediaPlayback:b " +
		"EnableAudioPlaybackTranscoding:b EnableVideoPlaybackTranscoding:b EnablePlaybackRemuxing:b ForceRemoteSourceTranscoding:b " +
		"EnableContentDeletion:b EnableContentDeletionFromFolders:a EnableContentDownloading:b EnableSyncTranscoding:b " +
		"EnableMediaConversion:b EnableAllDevices:b EnableAllChannels:b EnableAllFolders:b InvalidLoginAttemptCount:n " +
		"LoginAttemptsBeforeLockout:n MaxActiveSessions:n EnablePublicSharing:b RemoteClientBitrateLimit:n " +
		"AuthenticationProviderId:s PasswordResetProviderId:s SyncPlayAccess:s"
	configurationMembers = "PlayDefaultAudioTrack:b DisplayMissingEpisodes:b GroupedFolders:a SubtitleMode:s DisplayCollectionsView:b " +
		"EnableLocalPassword:b OrderedViews:a LatestItemsExcludes:a MyMediaExcludes:a HidePlayedInLatest:b " +
		"RememberAudioSelections:b RememberSubtitleSelections:b EnableNextEpisodeAutoPlay:b"
	sessionMembers = "PlayableMediaTypes:a UserId:i UserName:s LastActivityDate:s LastPlaybackCheckIn:s IsActive:b SupportsMediaControl:b " +
		"SupportsRemoteControl:b HasCustomDeviceName:b SupportedCommands:a PlayState:o Capabilities:o Id:s Client:s DeviceName:s DeviceId:s ApplicationVersion:s"
	playStateMembers    = "CanSeek:b IsPaused:b IsMuted:b RepeatMode:s PlaybackOrder:s"
	capabilitiesMembers = "PlayableMediaTypes:a SupportedCommands:a SupportsMediaControl:b SupportsPersistentIdentifier:b"
	preferencesMembers  = "RememberIndexing:b PrimaryImageHeight:n PrimaryImageWidth:n CustomPrefs:o ScrollDirection:s ShowBackdrop:b " +
		"RememberSorting:b SortOrder:s ShowSidebar:b"
	publicInfoMembers  = "Id:i ServerName:s Version:s ProductName:s StartupWizardCompleted:b"
	systemInfoMembers  = publicInfoMembers + " HasPendingRestart:b IsShuttingDown:b SupportsLibraryMonitor:b WebSocketPortNumber:n CastReceiverApplications:a"
	queryResultMembers = "Items:a TotalRecordCount:n StartIndex:n"
	keyMembers         = "AccessToken:s AppName:s DateCreated:s"
	deviceMembers      = "Id:s Name:s AppName:s AppVersion:s LastUserName:s LastUserId:i DateLastActivity:s Capabilities:o"
	resultMembers      = "User:o SessionInfo:o AccessToken:i ServerId:i"
)

// needed are the answers that clients decode, and where in them which members are.
var needed = []struct{ answer, path, members string }{
	{"public info", "", publicInfoMembers},
	{"system info", "", systemInfoMembers},
	{"branding", "", "SplashscreenEnabled:b"},
	{"endpoint", "", "IsLocal:b IsInNetwork:b"},
	{"sign-in", "", resultMembers},
	{"sign-in", "User", userMembers},
	{"sign-in", "User.Policy", policyMembers},
	{"sign-in", "User.Configuration", configurationMembers},
	{"sign-in", "SessionInfo", sessionMembers},
	{"sign-in", "SessionInfo.PlayState", playStateMembers},
	{"sign-in", "SessionInfo.Capabilities", capabilitiesMembers},
	{"Initiate", "", quickConnectMembers},
	{"Connect", "", quickConnectMembers},
	{"exchange", "", resultMembers},
	{"exchange", "User", userMembers},
	{"exchange", "User.Policy", policyMembers},
	{"exchange", "User.Configuration", configurationMembers},
	{"exchange", "SessionInfo", sessionMembers},
	{"exchange", "SessionInfo.PlayState", playStateMembers},
	{"exchange", "SessionInfo.Capabilities", capabilitiesMembers},
	{"me", "", userMembers},
	{"me", "Policy", policyMembers},
	{"me", "Configuration", configurationMembers},
	{"preferences", "", preferencesMembers},
	{"views", "", queryResultMembers},
	{"keys", "", queryResultMembers},
	{"keys", "Items.0", keyMembers},
	{"devices", "", queryResultMembers},
	{"devices", "Items.0", deviceMembers},
	{"activity", "", queryResultMembers},
	{"activity", "Items.0", "Id:n Name:s Type:s Date:s UserId:i Severity:s"},
}

// collect asks for all of them, with data in them.
func (w *world) collect(ctx context.Context) (answers map[string]any, err error) {
	answers = map[string]any{}
	var failed error
	ask := func(name, method, path, header, body string) map[string]any {
		found, err := object(w.ask(ctx, sent{method, path, authorized(header), body}))
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w", name, err)
		}
		answers[name] = found
		return found
	}
	in, err := w.signIn(ctx, "anna", "rules-11")
	if err != nil {
		return nil, err
	}
	answers["sign-in"] = in
	header, id := mediaBrowser("rules-11", member(in, "AccessToken")), member(in, "User", "Id")
	ask("public info", "GET", publicInfo, "", "")
	ask("system info", "GET", "/System/Info", header, "")
	ask("branding", "GET", "/Branding/Configuration", "", "")
	ask("endpoint", "GET", "/System/Endpoint", header, "")
	begun := ask("Initiate", "POST", "/QuickConnect/Initiate", mediaBrowser("rules-11-tv", ""), "")
	secret := member(begun, "Secret")
	ask("Connect", "GET", "/QuickConnect/Connect?secret="+secret, "", "")
	if err := w.approve(ctx, header, member(begun, "Code"), id); err != nil {
		return nil, err
	}
	ask("exchange", "POST", "/Users/AuthenticateWithQuickConnect", mediaBrowser("rules-11-tv", ""), `{"Secret":"`+secret+`"}`)
	ask("me", "GET", "/Users/Me", header, "")
	ask("preferences", "GET", "/DisplayPreferences/usersettings?client=emby&userId="+id, header, "")
	ask("views", "GET", "/UserViews?userId="+id, header, "")
	if _, err := must(http.StatusNoContent)(w.ask(ctx, sent{"POST", "/Auth/Keys?App=Seerr", authorized(header), ""})); err != nil {
		return nil, err
	}
	ask("keys", "GET", "/Auth/Keys", header, "")
	ask("devices", "GET", "/Devices", header, "")
	ask("activity", "GET", "/System/ActivityLog/Entries?limit=3", header, "")
	return answers, failed
}

// A strict decoder fails the whole sign-in if one member is missing, null or of another type.
func fullObjects(ctx context.Context, w *world) error {
	answers, err := w.collect(ctx)
	return errors.Join(err, complete(answers))
}

// complete looks for every needed member of every answer.
func complete(answers map[string]any) (missing error) {
	for _, n := range needed {
		at := inside(answers[n.answer], n.path)
		for member := range strings.FieldsSeq(n.members) {
			name, kind, _ := strings.Cut(member, ":")
			if !isOf(kind, at[name]) {
				missing = errors.Join(missing, fmt.Errorf("%s: %s.%s is %#v", n.answer, n.path, name, at[name]))
			}
		}
	}
	return missing
}

// inside is the object at a path of names and numbers, or nothing.
func inside(value any, path string) map[string]any {
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' }) {
		switch of := value.(type) {
		case map[string]any:
			value = of[part]
		case []any:
			value = nil
			if part == "0" && len(of) > 0 {
				value = of[0]
			}
		default:
			value = nil
		}
	}
	found, _ := value.(map[string]any)
	return found
}

func isOf(kind string, value any) (ok bool) {
	switch kind {
	case "b":
		_, ok = value.(bool)
	case "n":
		_, ok = value.(float64)
	case "s":
		_, ok = value.(string)
	case "i":
		text, _ := value.(string)
		ok = plainID.MatchString(text)
	case "a":
		_, ok = value.([]any)
	case "o":
		_, ok = value.(map[string]any)
	}
	return ok
}

var fullObjectsBreaks = []breakage{
	{name: "without a member of the policy", answer: changed("/Users/AuthenticateByName", func(in map[string]any) {
		delete(inside(in, "User.Policy"), "EnablePublicSharing")
	})},
	{name: "a session that is null inside", answer: changed("/Users/AuthenticateWithQuickConnect", func(in map[string]any) {
		inside(in, "SessionInfo")["PlayState"] = nil
	})},
	{name: "another type", answer: changed("/Users/Me", func(me map[string]any) { inside(me, "Policy")["MaxActiveSessions"] = "0" })},
	{name: "no items", answer: changed("/UserViews", func(views map[string]any) { views["Items"] = nil })},
}

// TestEveryMemberIsMissed takes each needed member out of the answers, makes it null, and gives it another type: complete
// notices every time.
func TestEveryMemberIsMissed(t *testing.T) {
	t.Parallel()
	s := newRulesServer(t)
	answers, err := (&world{base: s.base()}).collect(t.Context())
	if err := errors.Join(err, complete(answers)); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, n := range needed {
		at := inside(answers[n.answer], n.path)
		for _, member := range slices.Sorted(strings.FieldsSeq(n.members)) {
			name, _, _ := strings.Cut(member, ":")
			kept := maps.Clone(at)
			for _, wrong := range []func(){
				func() { delete(at, name) },
				func() { at[name] = nil },
				func() { at[name] = []bool{true} },
			} {
				wrong()
				if complete(answers) == nil {
					t.Errorf("%s: nobody misses %s.%s", n.answer, n.path, name)
				}
				maps.Copy(at, kept)
				tried++
			}
		}
	}
	t.Logf("%d changes were noticed", tried)
}
