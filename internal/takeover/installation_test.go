package takeover_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/storetest"
	"github.com/finlatch/finlatch/internal/takeover"
)

func users(found *takeover.Installation) map[string]finlatch.User {
	all := map[string]finlatch.User{}
	for _, user := range found.Users {
		all[user.Name] = user
	}
	return all
}

// wantNotes wants a line for each text, and none besides these and those that every installation gives.
func wantNotes(t *testing.T, found *takeover.Installation, want ...string) {
	t.Helper()
	for _, text := range want {
		if !slices.ContainsFunc(found.Notes, func(note string) bool { return strings.Contains(note, text) }) {
			t.Errorf("no note says %q:\n%s", text, strings.Join(found.Notes, "\n"))
		}
	}
	if len(found.Notes) != len(want)+3 {
		t.Errorf("%d notes, want %d:\n%s", len(found.Notes), len(want)+3, strings.Join(found.Notes, "\n"))
	}
}

func TestOlderDatabases(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		statements []string
		change     func(*finlatch.User)
	}{
		{"10.11.8", []string{"DROP INDEX IF EXISTS IX_Users_NormalizedUsername", "ALTER TABLE Users DROP COLUMN NormalizedUsername"}, nil},
		{"10.9", []string{
			"DROP INDEX IF EXISTS IX_Users_NormalizedUsername", "ALTER TABLE Users DROP COLUMN NormalizedUsername",
			"ALTER TABLE Users DROP COLUMN MaxParentalRatingSubScore", "UPDATE Users SET MaxParentalRatingScore = 12",
			"ALTER TABLE Users RENAME COLUMN MaxParentalRatingScore TO MaxParentalAgeRating",
		}, func(u *finlatch.User) { u.Policy.MaxParentalRating = new(12) }},
		{"10.8", []string{
			"ALTER TABLE Users ADD COLUMN EasyPassword TEXT DEFAULT '1234'", "ALTER TABLE Users DROP COLUMN CastReceiverId",
		}, nil},
		{"wrong passwords without a lock", []string{"UPDATE Users SET InvalidLoginAttemptCount = 99"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := installation(t, "10.11.11")
			want := read(t, dir).Users
			edit(t, dir, tt.statements...)
			for i := range want {
				if tt.change != nil {
					tt.change(&want[i])
				}
			}
			if diff := cmp.Diff(want, read(t, dir).Users); diff != "" {
				t.Errorf("users (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOrphansAreIgnored(t *testing.T) {
	t.Parallel()
	dir := installation(t, "10.11.11")
	want := read(t, dir)
	wantNotes(t, want, "407 rows of users that are not there")
	edit(t, dir, "PRAGMA foreign_keys = 0",
		"INSERT INTO Permissions (Kind, Value, RowVersion, UserId) SELECT Kind, 1 - Value, 1, NULL FROM Permissions WHERE UserId IS NOT NULL",
		"INSERT INTO Devices (UserId, AccessToken, AppName, AppVersion, DeviceName, DeviceId, IsActive, DateCreated, DateModified, DateLastActivity) "+
			"SELECT '00000000-0000-4000-8000-000000000001', 'f' || AccessToken, AppName, AppVersion, DeviceName, DeviceId, 0, DateCreated, DateModified, DateLastActivity FROM Devices",
		"UPDATE CustomItemDisplayPreferences SET UserId = '00000000-0000-4000-8000-000000000001', Client = 'other'")
	found := read(t, dir)
	if diff := cmp.Diff(want.Users, found.Users); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.Devices, found.Devices, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	wantNotes(t, found, "665 rows of users that are not there") // 240 + 17 + 1 more
}

func TestRights(t *testing.T) {
	t.Parallel()
	const folder = "0f3b2c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d"
	dir := installation(t, "12.0.0")
	edit(t, dir,
		"UPDATE Users SET MaxParentalRatingScore = 16, MaxParentalRatingSubScore = 2, RemoteClientBitrateLimit = 5000000, SyncPlayAccess = 2, "+
			"SubtitleMode = 4, SubtitleLanguagePreference = 'fra', CastReceiverId = '6F511C87', EnableUserPreferenceAccess = 0 WHERE Username = 'ann'",
		"UPDATE Permissions SET Value = 1 - Value WHERE Kind IN (1, 5, 20, 23) AND UserId = (SELECT Id FROM Users WHERE Username = 'ann')",
		"DELETE FROM Permissions WHERE Kind = 4 AND UserId = (SELECT Id FROM Users WHERE Username = 'ann')",
		"UPDATE Preferences SET Value = CASE Kind WHEN 0 THEN 'horror,gore' WHEN 10 THEN 'Movie,Nonsense,Book' WHEN 12 THEN 'für Kinder' WHEN 6 THEN 'folder' "+
			"WHEN 3 THEN 'tv-ann' ELSE '"+folder+",nonsense' END WHERE UserId = (SELECT Id FROM Users WHERE Username = 'ann')",
		"INSERT INTO AccessSchedules (UserId, DayOfWeek, StartHour, EndHour) SELECT Id, 0, 8, 20.25 FROM Users WHERE Username = 'ann'")
	id, _ := finlatch.ParseID(folder)
	list := []finlatch.ID{id}
	want := read(t, filepath.Join("testdata", "12.0.0")).Users[1]
	p, c := &want.Policy, &want.Configuration
	p.MaxParentalRating, p.MaxParentalSubRating, p.RemoteClientBitrateLimit = new(16), new(2), 5_000_000
	p.SyncPlayAccess, p.EnableUserPreferenceAccess = "None", false
	p.IsHidden, p.EnableLiveTvManagement, p.ForceRemoteSourceTranscoding, p.EnableLyricManagement = false, true, true, true
	p.EnableRemoteAccess = false
	p.BlockedTags, p.AllowedTags, p.BlockUnratedItems = []string{"horror", "gore"}, []string{"für Kinder"}, []string{"Movie", "Book"}
	p.EnabledDevices, p.EnableContentDeletionFromFolders = []string{"tv-ann"}, []string{"folder"}
	p.BlockedChannels, p.BlockedMediaFolders, p.EnabledChannels, p.EnabledFolders = list, list, list, list
	p.AccessSchedules = []finlatch.AccessSchedule{{ID: 2, DayOfWeek: "Sunday", StartHour: 8, EndHour: 20.25}}
	c.SubtitleMode, c.SubtitleLanguagePreference, c.CastReceiverID = "Smart", "fra", "6F511C87"
	c.LatestItemsExcludes, c.MyMediaExcludes, c.GroupedFolders, c.OrderedViews = list, list, list, list
	if diff := cmp.Diff(want, users(read(t, dir))["ann"]); diff != "" {
		t.Errorf("ann (-want +got):\n%s", diff)
	}
}

// TestWhoCannotSignIn: a password that does not work here is told, and never becomes none.
func TestWhoCannotSignIn(t *testing.T) {
	t.Parallel()
	dir := installation(t, "12.0.0")
	edit(t, dir,
		"UPDATE Users SET AuthenticationProviderId = 'Jellyfin.Plugin.LDAP_Auth.LdapAuthenticationProviderPlugin', Password = NULL WHERE Username = 'ann'",
		"UPDATE Users SET Password = '$SHA1$0011' WHERE Username = 'dora'",
		"UPDATE Users SET Password = NULL WHERE Username = 'admin'",
		"UPDATE Users SET Password = char(7) || printf('%.*c', 9000, 'x') WHERE Username = 'second.admin'",
		"UPDATE Users SET Username = char(10) WHERE Username = 'cleo'")
	found := read(t, dir)
	wantNotes(t, found, "the password of ann, for which Jellyfin.Plugin.LDAP_Auth", "the password of dora, which is hashed in an unknown way",
		"the password of second.admin, which is hashed", "no administrator has a password that works here", "control characters",
		"37 rows of users that are not there")
	a := newAPI(t, found)
	for _, name := range []string{"ann", "dora", "second.admin"} {
		for _, password := range []string{"", name + "-pass", "s-pass"} {
			if status, _ := a.signIn(name, password, "tv-dora"); status != 401 {
				t.Errorf("%s with the password %q: status %d", name, password, status)
			}
		}
	}
}

func TestDevices(t *testing.T) {
	t.Parallel()
	dir := installation(t, "12.0.0")
	const columns = "(UserId, AccessToken, AppName, AppVersion, DeviceName, DeviceId, IsActive, DateCreated, DateModified, DateLastActivity)"
	edit(t, dir,
		"INSERT INTO Devices "+columns+" SELECT UserId, 'older', AppName, AppVersion, DeviceName, DeviceId, 0, DateCreated, DateModified, '2020-01-01 00:00:00' FROM Devices WHERE DeviceId = 'tv-ann'",
		"INSERT INTO Devices "+columns+" SELECT UserId, 'newer', AppName, AppVersion, DeviceName, DeviceId, 0, DateCreated, DateModified, '2030-01-01 00:00:00' FROM Devices WHERE DeviceId = 'phone-ann'",
		"INSERT INTO Devices "+columns+" SELECT UserId, 'a token of another kind', 'App' || char(27), AppVersion, DeviceName, printf('%.*c', 600, 'x'), 0, DateCreated, 'never', 'never' FROM Devices WHERE DeviceId = 'phone-ann' LIMIT 1",
		"INSERT INTO Devices "+columns+" SELECT UserId, '', AppName, AppVersion, DeviceName, 'no token', 0, DateCreated, DateModified, DateLastActivity FROM Devices WHERE DeviceId = 'tv-ann' LIMIT 1",
		"INSERT INTO DeviceOptions (DeviceId, CustomName) VALUES ('tv-ben', NULL), ('gone', 'Küche' || char(10))")
	found := read(t, dir)
	wantNotes(t, found, "2 older tokens of devices that have a newer one", "1 devices without a token")
	options := []finlatch.DeviceOptions{{DeviceID: "tv-ann", CustomName: "Wohnzimmer"}, {DeviceID: "gone", CustomName: "Küche"}}
	if diff := cmp.Diff(options, found.DeviceOptions); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	want := expectation(t, dir)
	a := newAPI(t, found)
	for text, status := range map[string]int{
		"older": 401, "newer": 200, "a token of another kind": 200, "": 401,
		want.Tokens[0].Token: 200, want.Tokens[1].Token: 401, // tv-ann and phone-ann
	} {
		if got := a.ask("GET", "/Users/Me", token(text), nil, nil); got != status {
			t.Errorf("token %q: status %d, want %d", text, got, status)
		}
	}
	if len(found.Devices) != 18 {
		t.Errorf("%d devices", len(found.Devices))
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := installation(t, "12.0.0")
	for name, content := range map[string]string{
		"system.xml": "\ufeff" + `<?xml version="1.0" encoding="utf-8"?>
<ServerConfiguration xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <ServerName>Zuhause &amp; mehr</ServerName><UICulture>de</UICulture><MetadataCountryCode>CH</MetadataCountryCode>
  <PreferredMetadataLanguage>fr</PreferredMetadataLanguage><QuickConnectAvailable>false</QuickConnectAvailable>
  <CorsHosts><string>https://a.example</string><string>https://b.example</string></CorsHosts>
  <ActivityLogRetentionDays xsi:nil="true" /><AllowClientLogUpload>false</AllowClientLogUpload>
  <IsStartupWizardCompleted>false</IsStartupWizardCompleted><MinResumePct>7</MinResumePct><Unknown><Deep>x</Deep></Unknown>
  <ImageSavingConvention>Nonsense</ImageSavingConvention><SortRemoveWords />
  <CastReceiverApplications><CastReceiverApplication><Id>AAAA</Id><Name>Mine</Name></CastReceiverApplication></CastReceiverApplications>
</ServerConfiguration>`,
		"network.xml": `<NetworkConfiguration><EnableRemoteAccess>false</EnableRemoteAccess><BaseUrl>/media</BaseUrl><InternalHttpPort>8096</InternalHttpPort>
  <EnableHttps>true</EnableHttps><CertificatePassword>hush</CertificatePassword>
  <KnownProxies><string>10.0.0.1</string><string>proxy.example</string><string>0.0.0.0/0</string></KnownProxies>
  <LocalNetworkSubnets><string>192.168.7.9/24</string><string>fd00::/8</string></LocalNetworkSubnets>
  <PublishedServerUriBySubnet><string>all=https://tv.example</string></PublishedServerUriBySubnet>
  <RemoteIPFilter><string>203.0.113.0/24</string></RemoteIPFilter></NetworkConfiguration>`,
		"branding.xml": `<BrandingOptions><LoginDisclaimer>Hallo</LoginDisclaimer><CustomCss>a &gt; b {}</CustomCss>
  <SplashscreenEnabled>true</SplashscreenEnabled><SplashscreenLocation>C:\Jellyfin\config\users\ann\profile.png</SplashscreenLocation></BrandingOptions>`,
	} {
		if err := os.WriteFile(filepath.Join(dir, "config", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found := read(t, dir)
	got := found.Settings
	var rest struct {
		MinResumePct          int
		ImageSavingConvention string
		SortRemoveWords       []string
	}
	if err := json.Unmarshal(got.Rest, &rest); err != nil || rest.MinResumePct != 7 || rest.ImageSavingConvention != "Legacy" || len(rest.SortRemoveWords) > 0 {
		t.Errorf("the rest is %+v, %v", rest, err)
	}
	network := string(got.Named["network"])
	if !strings.Contains(network, `"BaseUrl":"/media"`) || strings.Contains(network, "hush") {
		t.Errorf("network is %s", network)
	}
	got.Rest, got.Named = nil, nil
	id, _ := finlatch.ParseID("497874d654954d7996deae762dc06eb4")
	want := finlatch.Settings{
		ServerID: id, ServerName: "Zuhause & mehr", SetupComplete: true, LegacyAuthorization: true, UICulture: "de", MetadataCountryCode: "CH",
		PreferredMetadataLanguage: "fr", CorsHosts: []string{"https://a.example", "https://b.example"},
		KnownProxies:  []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")},
		LocalNetworks: []netip.Prefix{netip.MustParsePrefix("192.168.7.0/24"), netip.MustParsePrefix("fd00::/8")},
		Branding:      finlatch.Branding{LoginDisclaimer: "Hallo", CustomCSS: "a > b {}", SplashScreen: true},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if len(found.Pictures) != 2 || !found.Pictures[1].OwnerID.IsZero() {
		t.Errorf("%d pictures, want ann's and the splash screen", len(found.Pictures))
	}
	if got := users(found)["ben"].Configuration.CastReceiverID; got != "AAAA" {
		t.Errorf("the receiver is %q", got)
	}
	found.Notes = append(found.Notes, "in the place of the port's")
	wantNotes(t, found, "--base-url /media", "all=https://tv.example: --published-url", "--tls-cert", "the known proxy proxy.example", "the known proxies 0.0.0.0/0", "filter of remote")
}

// What the rules would refuse from an administrator is not kept either: with it nothing could be changed any more.
func TestSettingsAreBounded(t *testing.T) {
	t.Parallel()
	dir := installation(t, "12.0.0")
	strings257 := strings.Repeat("<string>10.0.0.1</string>", 257)
	for name, content := range map[string]string{
		"system.xml": "<ServerConfiguration><CorsHosts><string>" + strings.Repeat("x", 257) + "</string>" + strings257 + "</CorsHosts>" +
			"<ActivityLogRetentionDays>2000000000</ActivityLogRetentionDays></ServerConfiguration>",
		"network.xml":  "<NetworkConfiguration><KnownProxies>" + strings257 + "</KnownProxies><CertificatePath>" + strings.Repeat("x", 70<<10) + "</CertificatePath></NetworkConfiguration>",
		"branding.xml": "<BrandingOptions><CustomCss>" + strings.Repeat("x", 257<<10) + "</CustomCss><LoginDisclaimer>" + strings.Repeat("y", 65<<10) + "</LoginDisclaimer></BrandingOptions>",
	} {
		if err := os.WriteFile(filepath.Join(dir, "config", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found := read(t, dir)
	s := found.Settings
	if len(s.CorsHosts) != 256 || len(s.KnownProxies) != 256 || s.ActivityDays != 36_500 || len(s.Named) != 0 || s.Branding.CustomCSS+s.Branding.LoginDisclaimer != "" {
		t.Errorf("%d origins, %d proxies, %d days, %d named, branding of %d bytes", len(s.CorsHosts), len(s.KnownProxies), s.ActivityDays, len(s.Named),
			len(s.Branding.CustomCSS)+len(s.Branding.LoginDisclaimer))
	}
	found.Notes = append(found.Notes, "in the place of the port's")
	wantNotes(t, found, "the origin xxx", "the origin 10.0.0.1", "the known proxy 10.0.0.1", "the CSS of the web client", "the text of the sign-in page",
		"the configuration of the network")
}

func TestLegacyAuthorizationStaysTheSourcesChoice(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{"12.0.0": false, "10.11.11": true} {
		if got := read(t, filepath.Join("testdata", version)).Settings.LegacyAuthorization; got != want {
			t.Errorf("%s: %v, want %v", version, got, want)
		}
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path string
		file       string // in the place of the picture; empty: the picture
		taken      bool
	}{
		{"Windows", `C:\ProgramData\Jellyfin\Server\config\users\ann\profile.png`, "", true},
		{"a container", "/config/config/users/ann/profile.png", "", true},
		{"another place", "/config/config/users/ben/profile.png", "", false},
		{"outside", "/x/../../../../../../../../etc/hostname", "", false},
		{"nothing", "", "", false},
		{"not a picture", "/etc/jellyfin/users/ann/profile.png", "hello", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := installation(t, "12.0.0")
			edit(t, dir, fmt.Sprintf("UPDATE ImageInfos SET Path = '%s'", tt.path))
			if tt.file != "" {
				if err := os.WriteFile(filepath.Join(dir, "config/users/ann/profile.png"), []byte(tt.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			found := read(t, dir)
			ann := users(found)["ann"]
			if taken := len(found.Pictures) == 1 && found.Pictures[0].OwnerID == ann.ID && found.Pictures[0].Tag == ann.ImageTag; taken != tt.taken {
				t.Errorf("%d pictures, and ann's is %q", len(found.Pictures), ann.ImageTag)
			}
			if !tt.taken {
				wantNotes(t, found, "the picture of ann: ")
			}
		})
	}
}

func TestDisplayPreferences(t *testing.T) {
	t.Parallel()
	dir := installation(t, "10.11.11")
	const item = "0F3B2C4D-5E6F-4A1B-8C2D-3E4F5A6B7C8D"
	ben := "(SELECT Id FROM Users WHERE Username = 'ben')"
	insert := "INSERT INTO DisplayPreferences (UserId, ItemId, Client, ShowSidebar, ShowBackdrop, ScrollDirection, IndexBy, SkipForwardLength, SkipBackwardLength, ChromecastVersion, EnableNextVideoInfoOverlay, DashboardTheme, TvHome) VALUES "
	edit(t, dir,
		insert+"("+ben+", '"+item+"', 'emby', 1, 0, 1, 1, 5, 6, 1, 1, 'dark', 'horizontal')",
		insert+"("+ben+", '"+item+"', 'only looked at', 0, 1, 0, NULL, 30000, 10000, 0, 0, NULL, NULL)",
		"INSERT INTO HomeSection (DisplayPreferencesId, \"Order\", Type) SELECT Id, 2, 9 FROM DisplayPreferences WHERE Client = 'emby' AND UserId = "+ben,
		"INSERT INTO ItemDisplayPreferences (UserId, ItemId, Client, ViewType, RememberIndexing, RememberSorting, SortBy, SortOrder) VALUES ("+ben+", '"+item+"', 'emby', 0, 1, 1, 'PremiereDate', 1)",
		"INSERT INTO CustomItemDisplayPreferences (UserId, ItemId, Client, Key, Value) VALUES ("+ben+", '"+item+"', 'emby', 'tvhome', 'loses'), ("+ben+", '"+item+"', 'emby', 'empty', NULL)",
		"INSERT INTO CustomItemDisplayPreferences (UserId, ItemId, Client, Key, Value) VALUES ("+ben+", '"+item+"', 'large', 'x', printf('%.*c', 70000, 'x'))")
	found := read(t, dir)
	wantNotes(t, found, "1 display preferences that are too large", "407 rows")
	want := expectation(t, dir)
	a := newAPI(t, found)
	var got map[string]any
	a.ask("GET", "/DisplayPreferences/"+item+"?client=emby", token(want.Tokens[2].Token), nil, &got)
	wanted := map[string]any{
		"Id": strings.ToLower(item), "Client": "emby", "IndexBy": "ProductionYear", "SortBy": "PremiereDate", "SortOrder": "Descending",
		"RememberIndexing": true, "RememberSorting": true, "ScrollDirection": "Vertical", "ShowBackdrop": false, "ShowSidebar": true,
		"PrimaryImageHeight": 250.0, "PrimaryImageWidth": 250.0,
		"CustomPrefs": map[string]any{"chromecastVersion": "unstable", "skipForwardLength": "5", "skipBackLength": "6", "enableNextVideoInfoOverlay": "True",
			"tvhome": "horizontal", "dashboardTheme": "dark", "homesection2": "resumebook", "empty": nil},
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("preferences (-want +got):\n%s", diff)
	}
	if len(found.DisplayPreferences) != 2 {
		t.Errorf("%d documents, want ann's and ben's", len(found.DisplayPreferences))
	}
}

// TestOnlyAnEmptyStoreIsWrittenTo, in one transaction whose function may run twice.
func TestOnlyAnEmptyStoreIsWrittenTo(t *testing.T) {
	t.Parallel()
	found := read(t, filepath.Join("testdata", "12.0.0"))
	store := newStore(t)
	if _, err := finlatch.New(t.Context(), finlatch.Options{Store: store}); err != nil { // has put its settings
		t.Fatal(err)
	}
	broken := *found
	broken.Pictures = append(slices.Clone(found.Pictures), finlatch.Picture{OwnerID: finlatch.ID{1}, Type: "image/png", Data: []byte("x")})
	if err := broken.Write(t.Context(), store, now); !errors.Is(err, finlatch.ErrNotFound) {
		t.Fatalf("Write = %v, want not found", err)
	}
	if err := found.Write(t.Context(), storetest.Twice(store), now); err != nil {
		t.Fatalf("Write after one that failed: %v", err)
	}
	if err := found.Write(t.Context(), store, now); !errors.Is(err, takeover.ErrNotEmpty) {
		t.Errorf("a second Write = %v, want %v", err, takeover.ErrNotEmpty)
	}
	err := store.View(t.Context(), func(tx finlatch.Tx) error {
		entries, _, err := tx.Activities(t.Context(), finlatch.ActivityFilter{})
		if len(entries) != 1 || entries[0].Type != finlatch.ActivitySetupCompleted {
			t.Errorf("the activity log has %v", entries)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
