package jellyfin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch/jellyfin"
)

// Strict clients (the Kotlin SDK, Finamp) fail the whole sign-in when one of these members is absent, null or of
// another type, so even zero values must have them.
func TestRequiredMembers(t *testing.T) {
	t.Parallel()
	const boolean, number, text, list, object = "bool", "float64", "string", "slice", "map"
	for _, tt := range []struct {
		of      any
		members map[string]string // type → names
	}{
		{jellyfin.QuickConnectResult{}, map[string]string{
			boolean: "Authenticated",
			text:    "Secret Code DeviceId DeviceName AppName AppVersion DateAdded",
		}},
		{jellyfin.AuthenticationResult{User: &jellyfin.UserDto{}, SessionInfo: &jellyfin.SessionInfoDto{}}, map[string]string{
			object: "User SessionInfo",
			text:   "AccessToken ServerId",
		}},
		{jellyfin.UserDto{Policy: &jellyfin.UserPolicy{}, Configuration: &jellyfin.UserConfiguration{}}, map[string]string{
			boolean: "HasPassword HasConfiguredPassword HasConfiguredEasyPassword",
			text:    "Id ServerId Name",
			object:  "Policy Configuration",
		}},
		{jellyfin.UserPolicy{}, map[string]string{
			boolean: `IsAdministrator IsHidden IsDisabled EnableUserPreferenceAccess EnableRemoteControlOfOtherUsers EnableSharedDeviceControl
				EnableRemoteAccess EnableLiveTvManagement EnableLiveTvAccess EnableMediaPlayback EnableAudioPlaybackTranscoding
				EnableVideoPlaybackTranscoding EnablePlaybackRemuxing ForceRemoteSourceTranscoding EnableContentDeletion EnableContentDownloading
				EnableSyncTranscoding EnableMediaConversion EnableAllDevices EnableAllChannels EnableAllFolders EnablePublicSharing`,
			number: "InvalidLoginAttemptCount LoginAttemptsBeforeLockout MaxActiveSessions RemoteClientBitrateLimit",
			text:   "AuthenticationProviderId PasswordResetProviderId SyncPlayAccess",
			list: `EnableContentDeletionFromFolders BlockedTags AllowedTags AccessSchedules BlockUnratedItems EnabledDevices EnabledChannels
				EnabledFolders BlockedMediaFolders BlockedChannels`,
		}},
		{jellyfin.UserConfiguration{}, map[string]string{
			boolean: `PlayDefaultAudioTrack DisplayMissingEpisodes DisplayCollectionsView EnableLocalPassword HidePlayedInLatest
				RememberAudioSelections RememberSubtitleSelections EnableNextEpisodeAutoPlay`,
			list: "GroupedFolders OrderedViews LatestItemsExcludes MyMediaExcludes",
			text: "SubtitleMode",
		}},
		{jellyfin.SessionInfoDto{}, map[string]string{
			boolean: "IsActive SupportsMediaControl SupportsRemoteControl HasCustomDeviceName",
			text:    "UserId LastActivityDate LastPlaybackCheckIn",
			list:    "PlayableMediaTypes SupportedCommands AdditionalUsers NowPlayingQueue",
			object:  "PlayState Capabilities",
		}},
		{jellyfin.PlayerStateInfo{}, map[string]string{
			boolean: "CanSeek IsPaused IsMuted",
			text:    "RepeatMode PlaybackOrder",
		}},
		{jellyfin.ClientCapabilitiesDto{}, map[string]string{
			boolean: "SupportsMediaControl SupportsPersistentIdentifier",
			list:    "PlayableMediaTypes SupportedCommands",
		}},
		{jellyfin.DisplayPreferencesDto{}, map[string]string{
			boolean: "RememberIndexing ShowBackdrop RememberSorting ShowSidebar",
			number:  "PrimaryImageHeight PrimaryImageWidth",
			object:  "CustomPrefs",
			text:    "ScrollDirection SortOrder",
		}},
		{jellyfin.BrandingOptionsDto{}, map[string]string{boolean: "SplashscreenEnabled"}},
		{jellyfin.QueryResult[jellyfin.DeviceInfoDto]{}, map[string]string{list: "Items", number: "TotalRecordCount StartIndex"}},
		{jellyfin.EndPointInfo{}, map[string]string{boolean: "IsLocal IsInNetwork"}},
		{jellyfin.PublicSystemInfo{}, map[string]string{boolean: "StartupWizardCompleted", text: "ServerName Version ProductName OperatingSystem Id"}},
		{jellyfin.SystemInfo{}, map[string]string{
			boolean: "HasPendingRestart IsShuttingDown SupportsLibraryMonitor StartupWizardCompleted",
			number:  "WebSocketPortNumber",
			list:    "CompletedInstallations CastReceiverApplications",
		}},
	} {
		t.Run(reflect.TypeOf(tt.of).Name(), func(t *testing.T) {
			t.Parallel()
			var got map[string]any
			if err := json.Unmarshal([]byte(encode(t, tt.of)), &got); err != nil {
				t.Fatal(err)
			}
			for want, names := range tt.members {
				for name := range strings.FieldsSeq(names) {
					if v, ok := got[name]; !ok || v == nil || reflect.TypeOf(v).Kind().String() != want {
						t.Errorf("%s: got %v (there: %v), want a %s", name, v, ok, want)
					}
				}
			}
		})
	}
}

func TestNothingIsNull(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		jellyfin.AuthenticationInfo{}, jellyfin.ActivityLogEntry{}, jellyfin.AuthenticationResult{}, jellyfin.CultureDto{},
		jellyfin.DeviceInfoDto{}, jellyfin.DeviceOptionsDto{}, jellyfin.DisplayPreferencesDto{}, jellyfin.ForgotPasswordResult{},
		jellyfin.EncodingOptions{}, jellyfin.LiveTvOptions{}, jellyfin.NetworkConfiguration{}, jellyfin.ParentalRating{}, jellyfin.PinRedeemResult{}, jellyfin.ProblemDetails{},
		jellyfin.ServerConfiguration{MetadataOptions: jellyfin.List[jellyfin.MetadataOptions]{{}}}, jellyfin.SessionInfoDto{},
		jellyfin.SystemInfo{}, jellyfin.UserDto{Policy: &jellyfin.UserPolicy{}, Configuration: &jellyfin.UserConfiguration{}},
	} {
		if s := encode(t, v); strings.Contains(s, "null") {
			t.Errorf("%T: %s", v, s)
		}
	}
}

func TestDefaultServerConfiguration(t *testing.T) {
	t.Parallel()
	var want jellyfin.ServerConfiguration
	if err := json.Unmarshal(readFile(t, "server_configuration.json"), &want); err != nil {
		t.Fatal(err)
	}
	want.ServerName, want.IsStartupWizardCompleted = "", false // what the recorded server's set-up changed
	if got := jellyfin.DefaultServerConfiguration(); encode(t, got) != encode(t, want) {
		t.Errorf("got  %s\nwant %s", encode(t, got), encode(t, want))
	}
}

func TestDefaultNetworkConfiguration(t *testing.T) {
	t.Parallel()
	var want jellyfin.NetworkConfiguration
	if err := json.Unmarshal(readFile(t, "network_configuration.json"), &want); err != nil {
		t.Fatal(err)
	}
	want.LocalNetworkAddresses = nil // the recorded server was bound to an address
	if got := jellyfin.DefaultNetworkConfiguration(); encode(t, got) != encode(t, want) {
		t.Errorf("got  %s\nwant %s", encode(t, got), encode(t, want))
	}
}

// A user whom the recorded server created differs from the defaults of a request in a few members only.
func TestUserDefaults(t *testing.T) {
	t.Parallel()
	var recorded jellyfin.AuthenticationResult
	if err := json.Unmarshal(readFile(t, "authentication_result.json"), &recorded); err != nil {
		t.Fatal(err)
	}
	policy, configuration := *recorded.User.Policy, *recorded.User.Configuration
	policy.EnableLiveTvManagement = true
	policy.BlockedMediaFolders, policy.BlockedChannels = nil, nil
	policy.AuthenticationProviderID, policy.PasswordResetProviderID = "", ""
	configuration.CastReceiverID = ""
	var got jellyfin.UserDto
	got.SetDefaults()
	if diff := cmp.Diff(jellyfin.UserDto{Policy: &policy, Configuration: &configuration}, got); diff != "" {
		t.Errorf("SetDefaults (-want +got):\n%s", diff)
	}
	if recorded.User.Policy.AuthenticationProviderID != jellyfin.DefaultAuthenticationProviderID ||
		recorded.User.Policy.PasswordResetProviderID != jellyfin.DefaultPasswordResetProviderID {
		t.Error("the ids of the default providers are wrong")
	}
	if diff := cmp.Diff(encode(t, recorded.SessionInfo.Capabilities), encode(t, jellyfin.DefaultCapabilities())); diff != "" {
		t.Errorf("DefaultCapabilities (-want +got):\n%s", diff)
	}
}

func TestSetDefaults(t *testing.T) {
	t.Parallel()
	for _, d := range []jellyfin.Defaulter{
		&jellyfin.DisplayPreferencesDto{}, &jellyfin.NetworkConfiguration{}, &jellyfin.RepositoryInfo{}, &jellyfin.ServerConfiguration{},
		&jellyfin.EncodingOptions{}, &jellyfin.LiveTvOptions{}, &jellyfin.MetadataConfiguration{}, &jellyfin.XbmcMetadataOptions{},
		&jellyfin.TrickplayOptions{}, &jellyfin.UserConfiguration{}, &jellyfin.UserDto{}, &jellyfin.UserPolicy{},
	} {
		zero := reflect.New(reflect.TypeOf(d).Elem()).Interface()
		d.SetDefaults()
		once := encode(t, d)
		if once == encode(t, zero) {
			t.Errorf("%T: SetDefaults sets nothing", d)
		}
		if d.SetDefaults(); encode(t, d) != once {
			t.Errorf("%T: SetDefaults sets something else the second time", d)
		}
	}
}

func TestEscapingIsTheEncoders(t *testing.T) {
	t.Parallel()
	v := jellyfin.DisplayPreferencesDto{CustomPrefs: jellyfin.CustomPrefs{"<a>&ü": new("<b>&ü")}}
	if got := encode(t, v); !strings.Contains(got, `{"<a>&ü":"<b>&ü"}`) {
		t.Errorf("without escaping: %s", got)
	}
	escaped, err := json.Marshal(jellyfin.NewQueryResult([]string{"<b>"}))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(escaped), `{"Items":["\u003cb\u003e"],"TotalRecordCount":1,"StartIndex":0}`; got != want {
		t.Errorf("with escaping: got %s, want %s", got, want)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	v := struct {
		Result jellyfin.AuthenticationResult
		Body   *jellyfin.AuthenticateUserByName
	}{jellyfin.AuthenticationResult{AccessToken: "5ecret"}, &jellyfin.AuthenticateUserByName{Username: "bob", Pw: "5ecret"}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "pw", v.Body.Pw)
	for _, s := range []string{
		fmt.Sprintf("%v %+v %#v", v.Result, v.Result, v.Result), fmt.Sprintf("%v %+v %#v %q", *v.Body, *v.Body, *v.Body, v.Body.Pw), log.String(),
	} {
		if strings.Contains(s, "5ecret") || !strings.Contains(s, "redacted") {
			t.Errorf("shows %s", s)
		}
	}
	if got, want := encode(t, v.Body), `{"Username":"bob","Pw":"5ecret"}`; got != want {
		t.Errorf("JSON: got %s, want %s", got, want)
	}
	if got := fmt.Sprint(jellyfin.Secret("")); got != "" {
		t.Errorf("the empty secret prints as %q", got)
	}
}

func TestAbsentPassword(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"Username":"bob"}`, `{"Username":"bob","Pw":null}`, `{"Username":"bob","Pw":""}`} {
		var got jellyfin.AuthenticateUserByName
		if err := json.Unmarshal([]byte(body), &got); err != nil || got != (jellyfin.AuthenticateUserByName{Username: "bob"}) {
			t.Errorf("%s: got %+v, error %v", body, got, err)
		}
	}
}
