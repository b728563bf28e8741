package conformance_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// carrier is how the official web client says who it is: it does not do so always.
type carrier byte

const (
	bare     carrier = '-' // no Authorization header
	plain    carrier = 'h' // without a token
	nullish  carrier = 'N' // with the token "null", as its SDK writes it before sign-in
	signedIn carrier = 'H'
)

// step is one request of the official web client 12, as it was watched on its way through a real Jellyfin's pages.
type step struct {
	row    string // of the observation, where it is numbered
	method string
	path   string // ${name} is what an earlier step saved
	as     carrier
	body   string
	want   int
	save   string                // "name=Member.Member …" of the answer
	look   func(got, vars) error // what the client reads
}

// vars is what steps have saved.
type vars map[string]string

func (v vars) fill(text string) string {
	for name, value := range v {
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	return text
}

// flow is a walk through pages.
type flow struct {
	w    *world
	vars vars
}

func newFlow(w *world, device string) *flow {
	// The client's device ids are base64 of the user agent and the time, and longer than 100 characters.
	agent := device + "|Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36|1764000000000"
	return &flow{w: w, vars: vars{"device": base64.StdEncoding.EncodeToString([]byte(agent))}}
}

func (f *flow) header(as carrier) string {
	const of = `MediaBrowser Client="Jellyfin%20Web", Device="Chrome", DeviceId="${device}", Version="12.0.0"`
	switch as {
	case plain:
		return f.vars.fill(of)
	case nullish:
		return f.vars.fill(of + `, Token="null"`)
	case signedIn:
		return f.vars.fill(of + `, Token="${token}"`)
	}
	return ""
}

// walk takes steps, and fails with the first that is not answered as a real server does.
func (f *flow) walk(t *testing.T, steps []step) {
	t.Helper()
	for i, s := range steps {
		if err := f.take(t.Context(), s); err != nil {
			t.Fatalf("step %d (%s) %s %s: %v", i, s.row, s.method, f.vars.fill(s.path), err)
		}
	}
}

func (f *flow) take(ctx context.Context, s step) error {
	header := authorized(f.header(s.as))
	if header == nil {
		header = map[string]string{}
	}
	header["Accept"] = "application/json,application/json; profile=CamelCase,application/json; profile=PascalCase,text/html"
	if strings.Contains(s.path, "/Images/") && s.method == http.MethodPost {
		header["Content-Type"] = "image/png"
	}
	answer, err := must(s.want)(f.w.ask(ctx, sent{s.method, f.vars.fill(s.path), header, f.vars.fill(s.body)}))
	if err != nil {
		return err
	}
	if s.save != "" {
		found, err := object(answer, nil)
		if err != nil {
			return err
		}
		for saved := range strings.FieldsSeq(s.save) {
			name, path, _ := strings.Cut(saved, "=")
			if f.vars[name] = member(found, strings.Split(path, ".")...); f.vars[name] == "" {
				return fmt.Errorf("the answer has no %s: %s", path, answer.body)
			}
		}
	}
	if s.look != nil {
		return s.look(answer, f.vars)
	}
	return nil
}

// socket opens the client's web socket; the client has no header there.
func (f *flow) socket(t *testing.T) *websocket.Conn {
	t.Helper()
	c, err := f.w.socket(t.Context(), f.vars.fill("?ApiKey=${token}"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// noSocket tries to open one that is to be refused.
func (f *flow) noSocket(t *testing.T, query string) {
	t.Helper()
	answer, err := f.w.ask(t.Context(), sent{method: "GET", path: "/socket" + f.vars.fill(query), header: map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}})
	if _, err := must(http.StatusForbidden)(answer, err); err != nil {
		t.Fatalf("the web socket: %v", err)
	}
}

func says(texts ...string) func(got, vars) error {
	return func(g got, v vars) error {
		for _, text := range texts {
			if !bytes.Contains(g.body, []byte(v.fill(text))) {
				return fmt.Errorf("the answer lacks %s: %.400s", v.fill(text), g.body)
			}
		}
		return nil
	}
}

func is(text string) func(got, vars) error {
	return func(g got, v vars) error {
		return wanted(string(bytes.TrimSpace(g.body)) == v.fill(text), "the answer is %.400s, want %s", g.body, v.fill(text))
	}
}

// emptyList is what a list answers that has nothing in it here.
func emptyList(g got, _ vars) error {
	list, err := object(g, nil)
	items, is := list["Items"].([]any)
	return errors.Join(err, wanted(is && len(items) == 0 && list["TotalRecordCount"] == 0., "the answer is %s", g.body))
}

func filledList(g got, _ vars) error {
	list, err := object(g, nil)
	items, _ := list["Items"].([]any)
	return errors.Join(err, wanted(len(items) > 0 && list["TotalRecordCount"].(float64) >= float64(len(items)), "the answer is %.400s", g.body))
}

func length(bytes int) func(got, vars) error {
	return func(g got, _ vars) error {
		return wanted(len(g.body) == bytes, "%d bytes, want %d", len(g.body), bytes)
	}
}

const signInBody = `{"Username":"root admin","Pw":"right pass"}`

// A: first load on a fresh server, the wizard to its end.
var wizard = []step{
	{row: "A1", method: "GET", path: "/", as: bare, want: 302},
	{row: "A2", method: "GET", path: "/System/Info/Public", as: bare, want: 200, look: says(`"StartupWizardCompleted":false`)},
	{row: "A3", method: "GET", path: "/System/Info/Public", as: plain, want: 200},
	{row: "A6", method: "GET", path: "/Startup/Configuration", as: plain, want: 200},
	{row: "A6", method: "GET", path: "/Localization/Options", as: plain, want: 200, look: says(`"Value":"en-US"`)},
	{row: "A7", method: "POST", path: "/Startup/Configuration", as: plain, want: 204, body: `{"ServerName":"Flow","UICulture":"en-US","MetadataCountryCode":"US","PreferredMetadataLanguage":"en"}`},
	{row: "A8", method: "GET", path: "/Startup/User", as: plain, want: 200, save: "first=Name"},
	{row: "A9", method: "POST", path: "/Startup/User", as: plain, want: 204, body: `{"Name":"root admin","Password":"right pass"}`},
	{row: "A10", method: "GET", path: "/Library/VirtualFolders", as: plain, want: 200, look: is("[]")},
	{row: "A11", method: "GET", path: "/Startup/Configuration", as: plain, want: 200, look: says(`"ServerName":"Flow"`)},
	{row: "A11", method: "GET", path: "/Localization/cultures", as: plain, want: 200, look: says(`"TwoLetterISOLanguageName":"en"`)},
	{row: "A11", method: "GET", path: "/Localization/countries", as: plain, want: 200, look: says(`"TwoLetterISORegionName":"US"`)},
	{row: "A12", method: "POST", path: "/Startup/Configuration", as: plain, want: 204, body: `{"ServerName":"Flow","UICulture":"en-US","MetadataCountryCode":"GB","PreferredMetadataLanguage":"en"}`},
	{row: "A13", method: "POST", path: "/Startup/RemoteAccess", as: plain, want: 204, body: `{"EnableRemoteAccess":true}`},
	{row: "A14", method: "POST", path: "/Startup/Complete", as: plain, want: 204},
}

// B: the sign-in page of a server that is set up, and the quiet home.
var signIn = []step{
	{row: "B1", method: "GET", path: "/System/Info/Public", as: bare, want: 200, look: says(`"StartupWizardCompleted":true`, `"Version":"12.0.0"`), save: "server=Id"},
	{row: "B3", method: "GET", path: "/QuickConnect/Enabled", as: plain, want: 200, look: is("true")},
	{row: "B4", method: "GET", path: "/users/public", as: bare, want: 200, look: is("[]")},
	{row: "B5", method: "GET", path: "/Branding/Configuration", as: plain, want: 200},
	{row: "B5", method: "GET", path: "/Branding/Configuration", as: nullish, want: 200},
	{row: "B6", method: "POST", path: "/Users/authenticatebyname", as: plain, want: 401, body: `{"Username":"root admin","Pw":"wrong"}`, look: is("Error processing request.")},
	{row: "B7", method: "POST", path: "/Users/authenticatebyname", as: plain, want: 200, body: signInBody, save: "token=AccessToken user=User.Id server=ServerId session=SessionInfo.Id"},
	{row: "B8", method: "POST", path: "/Sessions/Capabilities/Full", as: signedIn, want: 204, body: `{"PlayableMediaTypes":["Audio","Video"],"SupportedCommands":["MoveUp","DisplayMessage"],"SupportsPersistentIdentifier":false,"SupportsMediaControl":true}`},
	{row: "B9", method: "GET", path: "/DisplayPreferences/usersettings?userId=${user}&client=emby", as: signedIn, want: 200, look: says(`"CustomPrefs":{`)},
}

// quietHome is what follows, the web socket aside.
var quietHome = []step{
	{row: "B11", method: "GET", path: "/Users/${user}", as: signedIn, want: 200, look: says(`"ServerId":"${server}"`, `"Policy":{`, `"Configuration":{`)},
	{row: "B12", method: "GET", path: "/QuickConnect/Enabled", as: signedIn, want: 200, look: is("true")},
	{row: "B12", method: "GET", path: "/System/Info", as: signedIn, want: 200, look: says(`"ServerName":"Flow"`, `"CastReceiverApplications":[`)},
	{row: "B12", method: "GET", path: "/UserViews?userId=${user}", as: signedIn, want: 200, look: emptyList},
	{row: "B12", method: "GET", path: "/SyncPlay/List", as: signedIn, want: 200, look: is("[]")},
	{row: "B13", method: "GET", path: "/System/Endpoint", as: signedIn, want: 200, look: says(`"IsLocal":true`, `"IsInNetwork":true`)},
	{row: "B14", method: "GET", path: "/Playback/BitrateTest?Size=500000", as: signedIn, want: 200, look: length(524288)},
	{row: "B14", method: "GET", path: "/Playback/BitrateTest?Size=1000000", as: signedIn, want: 200, look: length(1048576)},
	{row: "B14", method: "GET", path: "/Playback/BitrateTest?Size=3000000", as: signedIn, want: 200, look: length(4194304)},
	{row: "B reload", method: "GET", path: "/System/Info/Public", as: signedIn, want: 200},
	{row: "B reload", method: "GET", path: "/System/Info", as: signedIn, want: 200},
}

// D: the user's own pages.
var ownPages = []step{
	{row: "D3", method: "POST", path: "/QuickConnect/Authorize?code=nothing&userId=${user}", as: signedIn, want: 404},
	{row: "D5", method: "GET", path: "/Users/${user}", as: signedIn, want: 200},
	{row: "D6", method: "POST", path: "/Users/${user}/Images/Primary", as: signedIn, want: 204, body: "${picture}"},
	{row: "D6", method: "GET", path: "/UserViews", as: signedIn, want: 200, look: emptyList},
	{row: "D6", method: "GET", path: "/Users/${user}", as: signedIn, want: 200, save: "tag=PrimaryImageTag"},
	{row: "D7", method: "GET", path: "/Users/${user}/Images/Primary?tag=${tag}&quality=90", as: bare, want: 200, look: says("PNG")},
	{row: "D8", method: "DELETE", path: "/Users/${user}/Images/Primary", as: signedIn, want: 204},
	{row: "D9", method: "POST", path: "/Users/${user}/Password", as: signedIn, want: 403, body: `{"CurrentPw":"wrong","NewPw":"new pass"}`, look: is(`"Invalid user or password entered."`)},
	{row: "D10", method: "POST", path: "/Users/${user}/Password", as: signedIn, want: 204, body: `{"CurrentPw":"right pass","NewPw":"new pass"}`},
	{row: "D10", method: "POST", path: "/Users/${user}/Password", as: signedIn, want: 204, body: `{"CurrentPw":"new pass","NewPw":"right pass"}`},
	{row: "D11", method: "GET", path: "/Users/${user}/GroupingOptions", as: signedIn, want: 200, look: is("[]")},
	{row: "D11", method: "GET", path: "/UserViews?includeHidden=true", as: signedIn, want: 200, look: emptyList},
	{row: "D11", method: "POST", path: "/Users/${user}/Configuration", as: signedIn, want: 204, body: `{"PlayDefaultAudioTrack":false,"SubtitleMode":"Smart"}`},
	{row: "D11", method: "POST", path: "/DisplayPreferences/usersettings?userId=${user}&client=emby", as: signedIn, want: 204, body: `{"Id":"usersettings","CustomPrefs":{"skipBackLength":"5000"}}`},
	{row: "D11", method: "GET", path: "/DisplayPreferences/usersettings?userId=${user}&client=emby", as: signedIn, want: 200, look: says(`"skipBackLength":"5000"`)},
	{row: "D12", method: "GET", path: "/Sessions?ControllableByUserId=${user}", as: signedIn, want: 200},
	{row: "D13", method: "GET", path: "/Items?userId=${user}&recursive=true&searchTerm=x&limit=20", as: signedIn, want: 200, look: emptyList},
	{row: "D13", method: "GET", path: "/Users/${user}/Items?Filters=IsFavorite&Recursive=true&IncludeItemTypes=Movie", as: signedIn, want: 200, look: emptyList},
	{row: "D13", method: "GET", path: "/Persons?userId=${user}", as: signedIn, want: 200, look: emptyList},
	{row: "D13", method: "GET", path: "/Artists?userId=${user}", as: signedIn, want: 200, look: emptyList},
	{row: "D13", method: "GET", path: "/Studios?userId=${user}", as: signedIn, want: 200, look: emptyList},
}

// E: the administrator's pages.
var dashboard = []step{
	{row: "E any", method: "GET", path: "/web/ConfigurationPages?enableInMainMenu=true", as: signedIn, want: 200, look: is("[]")},
	{row: "E dashboard", method: "GET", path: "/Items/Counts", as: signedIn, want: 200, look: says(`"MovieCount":0`)},
	{row: "E dashboard", method: "GET", path: "/Sessions?activeWithinSeconds=960", as: signedIn, want: 200, look: says(`"UserName":"root admin"`)},
	{row: "E dashboard", method: "GET", path: "/System/ActivityLog/Entries?startIndex=0&limit=7&minDate=2020-01-01T00%3A00%3A00.000Z&hasUserId=true", as: signedIn, want: 200, look: filledList},
	{row: "E dashboard", method: "GET", path: "/System/ActivityLog/Entries?startIndex=0&limit=4&minDate=2020-01-01T00%3A00%3A00.000Z&hasUserId=false", as: signedIn, want: 200},
	{row: "E dashboard", method: "GET", path: "/System/Info/Storage", as: signedIn, want: 200},
	{row: "E dashboard", method: "GET", path: "/ScheduledTasks?isHidden=false", as: signedIn, want: 200, look: is("[]")},
	{row: "E users", method: "GET", path: "/Users", as: signedIn, want: 200, look: says(`"Name":"root admin"`)},
	{row: "E new user", method: "GET", path: "/Library/MediaFolders", as: signedIn, want: 200, look: emptyList},
	{row: "E new user", method: "GET", path: "/Channels", as: signedIn, want: 200, look: emptyList},
	{row: "E new user", method: "POST", path: "/Users/New", as: signedIn, want: 200, body: `{"Name":"ivy","Password":"ivy pass"}`, save: "ivy=Id", look: says(`"IsHidden":true`, `"Policy":{`)},
	{row: "E new user", method: "POST", path: "/Users/${ivy}/Policy", as: signedIn, want: 204, body: ivyPolicy},
	{row: "E edit user", method: "GET", path: "/Users/${ivy}", as: signedIn, want: 200},
	{row: "E edit user", method: "GET", path: "/Auth/Providers", as: signedIn, want: 200, look: says(`"Id":"Jellyfin.Server.Implementations.Users.DefaultAuthenticationProvider"`)},
	{row: "E edit user", method: "GET", path: "/Auth/PasswordResetProviders", as: signedIn, want: 200, look: says(`"Id":"Jellyfin.Server.Implementations.Users.DefaultPasswordResetProvider"`)},
	{row: "E edit user", method: "GET", path: "/System/Configuration/network", as: signedIn, want: 200, look: says(`"EnableRemoteAccess":true`)},
	{row: "E edit user", method: "POST", path: "/Users?userId=${ivy}", as: signedIn, want: 204, body: `{"Id":"${ivy}","Name":"ivy b","Configuration":{"SubtitleMode":"Default"},"Policy":` + ivyPolicy + `}`},
	{row: "E edit user", method: "GET", path: "/Users", as: signedIn, want: 200, look: says(`"Name":"ivy b"`)},
	{row: "E access", method: "GET", path: "/Library/MediaFolders?IsHidden=false", as: signedIn, want: 200, look: emptyList},
	{row: "E access", method: "GET", path: "/Devices", as: signedIn, want: 200, look: filledList},
	{row: "E parental control", method: "GET", path: "/Localization/ParentalRatings", as: signedIn, want: 200, look: says("[")},
	{row: "E password", method: "POST", path: "/Users/${ivy}/Password", as: signedIn, want: 204, body: `{"CurrentPw":"","NewPw":"ivy's own"}`},
	{row: "E password", method: "POST", path: "/Users/${ivy}/Password", as: signedIn, want: 204, body: `{"resetPassword":true}`},
	{row: "E devices", method: "POST", path: "/Devices/Options?id=${device}", as: signedIn, want: 204, body: `{"CustomName":"The study"}`},
	{row: "E devices", method: "GET", path: "/Devices", as: signedIn, want: 200, look: says(`"The study"`)},
	{row: "E keys", method: "POST", path: "/Auth/Keys?app=tool", as: signedIn, want: 204},
	{row: "E keys", method: "GET", path: "/Auth/Keys", as: signedIn, want: 200, look: says(`"AppName":"tool"`)},
	{row: "E activity", method: "GET", path: "/System/ActivityLog/Entries?startIndex=0&limit=25&sortBy=DateCreated&sortOrder=Descending", as: signedIn, want: 200, look: filledList},
	{row: "E networking", method: "POST", path: "/System/Configuration/network", as: signedIn, want: 204, body: `{"EnableRemoteAccess":true,"AutoDiscovery":true,"BaseUrl":"","LocalNetworkSubnets":[],"KnownProxies":[]}`},
	{row: "E branding", method: "GET", path: "/Branding/Configuration", as: signedIn, want: 200},
	{row: "E branding", method: "POST", path: "/System/Configuration/branding", as: signedIn, want: 204, body: `{"CustomCss":"body{color:red}","LoginDisclaimer":"Family only.","SplashscreenEnabled":false}`},
	{row: "E branding", method: "GET", path: "/Branding/Configuration", as: bare, want: 200, look: says(`"LoginDisclaimer":"Family only."`)},
	{row: "E general", method: "GET", path: "/System/Configuration", as: signedIn, want: 200, save: "name=ServerName"},
	{row: "E general", method: "GET", path: "/Localization/Options", as: signedIn, want: 200},
	{row: "E others", method: "GET", path: "/Library/VirtualFolders", as: signedIn, want: 200, look: is("[]")},
	{row: "E others", method: "GET", path: "/System/Configuration/metadata", as: signedIn, want: 200},
	{row: "E others", method: "GET", path: "/System/Configuration/xbmcmetadata", as: signedIn, want: 200},
	{row: "E others", method: "GET", path: "/System/Configuration/encoding", as: signedIn, want: 200},
	{row: "E others", method: "GET", path: "/System/Configuration/livetv", as: signedIn, want: 200},
	{row: "E others", method: "GET", path: "/System/Logs", as: signedIn, want: 200, look: is("[]")},
	{row: "E others", method: "GET", path: "/Plugins", as: signedIn, want: 200, look: is("[]")},
	{row: "E others", method: "GET", path: "/Packages", as: signedIn, want: 200, look: is("[]")},
	{row: "E others", method: "GET", path: "/Repositories", as: signedIn, want: 200, look: is("[]")},
	{row: "E others", method: "GET", path: "/Backup", as: signedIn, want: 200, look: is("[]")},
}

const ivyPolicy = `{"IsAdministrator":false,"IsHidden":false,"EnableRemoteAccess":true,"EnableAllDevices":true,"EnableUserPreferenceAccess":true,` +
	`"AuthenticationProviderId":"Jellyfin.Server.Implementations.Users.DefaultAuthenticationProvider",` +
	`"PasswordResetProviderId":"Jellyfin.Server.Implementations.Users.DefaultPasswordResetProvider"}`

// signOut is the end of D: the client signs out twice at once, and one late refresh comes after.
var signOut = []step{
	{row: "D14", method: "POST", path: "/Sessions/Logout", as: signedIn, want: 204},
	{row: "D14", method: "POST", path: "/Sessions/Logout", as: signedIn, want: 401},
	{row: "D15", method: "GET", path: "/System/Info", as: signedIn, want: 401},
	{row: "D15", method: "GET", path: "/users/public", as: bare, want: 200},
	{row: "D17", method: "POST", path: "/Users/ForgotPassword", as: plain, want: 200, body: `{"EnteredUsername":"ivy b"}`, look: says(`"Action":"PinCode"`, `"PinFile":"`, `"PinExpirationDate":"`)},
}

// TestWebClient walks the flows of the official web client, as they were watched, the web socket included.
func TestWebClient(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--web-dir", webFolder(t))
	w := &world{base: s.base()}
	f := newFlow(w, "admin")
	f.vars["picture"] = picture

	f.noSocket(t, "")
	f.walk(t, wizard)
	f.noSocket(t, "")
	f.walk(t, signIn)
	socket := f.socket(t)
	f.walk(t, quietHome)
	f.walk(t, ownPages)

	for _, message := range []string{`{"MessageType":"SessionsStart","Data":"0,1000"}`, `{"MessageType":"ScheduledTasksInfoStart","Data":"0,1000"}`} {
		if err := socket.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	f.walk(t, dashboard)
	f.generalPage(t)
	t.Run("Quick Connect", f.quickConnect)
	t.Run("not an administrator", f.nonAdministrator)
	t.Run("disabled", f.disabled)
	t.Run("revoked", f.revoked)
	t.Run("stopped and started", func(t *testing.T) { f.restarted(t, s) })
	f.walk(t, signOut)
	f.noSocket(t, "?ApiKey=${token}")
}

// generalPage saves the whole configuration, as the client does, with another name.
func (f *flow) generalPage(t *testing.T) {
	t.Helper()
	var whole map[string]any
	answer, err := must(http.StatusOK)(f.w.get(t.Context(), "/System/Configuration", f.header(signedIn)))
	if err == nil {
		err = json.Unmarshal(answer.body, &whole)
	}
	if err != nil {
		t.Fatal(err)
	}
	whole["ServerName"] = "Flow again"
	body, _ := json.Marshal(whole)
	f.walk(t, []step{
		{row: "E general", method: "POST", path: "/System/Configuration", as: signedIn, want: 204, body: string(body)},
		{row: "E general", method: "GET", path: "/System/Configuration", as: signedIn, want: 200, look: says(`"ServerName":"Flow again"`)},
		{row: "E general", method: "GET", path: "/System/Info", as: signedIn, want: 200, look: says(`"ServerName":"Flow again"`)},
	})
}

// C: Quick Connect on another browser, approved in this one.
func (f *flow) quickConnect(t *testing.T) {
	other := newFlow(f.w, "other")
	other.walk(t, []step{
		{row: "C1", method: "POST", path: "/QuickConnect/Initiate", as: plain, want: 200, save: "secret=Secret code=Code"},
		{row: "C2", method: "GET", path: "/QuickConnect/Connect?Secret=${secret}", as: plain, want: 200, look: says(`"Authenticated":false`)},
	})
	f.vars["code"] = other.vars["code"]
	f.walk(t, []step{{row: "D4", method: "POST", path: "/QuickConnect/Authorize?code=${code}&userId=${user}", as: signedIn, want: 200, look: is("true")}})
	other.walk(t, []step{
		{row: "C3", method: "GET", path: "/QuickConnect/Connect?Secret=${secret}", as: plain, want: 200, look: says(`"Authenticated":true`, `"Secret":"${secret}"`)},
		{row: "C4", method: "POST", path: "/Users/AuthenticateWithQuickConnect", as: plain, want: 200, body: `{"Secret":"${secret}"}`, save: "token=AccessToken user=User.Id server=ServerId"},
		{row: "C5", method: "GET", path: "/DisplayPreferences/usersettings?userId=${user}&client=emby", as: signedIn, want: 200},
		{row: "C5", method: "GET", path: "/UserViews?userId=${user}", as: signedIn, want: 200, look: emptyList},
	})
}

// ivy signs ivy in on a browser of hers. The administrator has reset her password.
func (f *flow) ivy(t *testing.T, device string) *flow {
	t.Helper()
	ivy := newFlow(f.w, device)
	ivy.walk(t, []step{
		{row: "F no password", method: "GET", path: "/users/public", as: bare, want: 200, look: says(`"Name":"ivy b"`)},
		{row: "F no password", method: "POST", path: "/Users/authenticatebyname", as: plain, want: 200, body: `{"Username":"ivy b","Pw":""}`, save: "token=AccessToken user=User.Id server=ServerId"},
	})
	return ivy
}

// F: somebody else opens the dashboard and is sent home, for which these must be answered.
func (f *flow) nonAdministrator(t *testing.T) {
	ivy := f.ivy(t, "ivy-1")
	ivy.walk(t, []step{
		{row: "F dashboard", method: "GET", path: "/System/Info/Public", as: signedIn, want: 200},
		{row: "F dashboard", method: "GET", path: "/System/Info", as: signedIn, want: 200},
		{row: "F dashboard", method: "POST", path: "/Sessions/Capabilities/Full", as: signedIn, want: 204, body: `{"PlayableMediaTypes":["Audio"],"SupportedCommands":[]}`},
		{row: "F dashboard", method: "GET", path: "/Users/${user}", as: signedIn, want: 200},
	})
	ivy.socket(t)
	ivy.socket(t) // a second one, when a retry and a sign-in meet
}

// F: an administrator disables her while she is signed in.
func (f *flow) disabled(t *testing.T) {
	ivy := f.ivy(t, "ivy-2")
	socket := ivy.socket(t)
	f.walk(t, []step{{row: "F disabled", method: "POST", path: "/Users/${ivy}/Policy", as: signedIn, want: 204, body: strings.Replace(ivyPolicy, `{`, `{"IsDisabled":true,`, 1)}})
	closes(t, socket)
	ivy.noSocket(t, "?ApiKey=${token}")
	ivy.walk(t, []step{
		{row: "F disabled", method: "GET", path: "/Items", as: signedIn, want: 401},
		{row: "F disabled", method: "POST", path: "/Users/authenticatebyname", as: plain, want: 403, body: `{"Username":"ivy b","Pw":""}`},
	})
	f.walk(t, []step{{row: "F disabled", method: "POST", path: "/Users/${ivy}/Policy", as: signedIn, want: 204, body: ivyPolicy}})
	ivy.walk(t, []step{{row: "F enabled again", method: "GET", path: "/System/Info", as: signedIn, want: 401}})
}

// F: an administrator deletes her device.
func (f *flow) revoked(t *testing.T) {
	ivy := f.ivy(t, "ivy-3")
	socket := ivy.socket(t)
	f.vars["lost"] = ivy.vars["device"]
	f.walk(t, []step{{row: "E devices", method: "DELETE", path: "/Devices?id=${lost}", as: signedIn, want: 204}})
	closes(t, socket)
	ivy.noSocket(t, "?ApiKey=${token}")
	ivy.walk(t, []step{
		{row: "F revoked", method: "GET", path: "/Items", as: signedIn, want: 401},
		{row: "F revoked", method: "GET", path: "/System/Info", as: signedIn, want: 401},
	})
}

// F: the server stops while pages are open, and starts again; nobody is signed out.
func (f *flow) restarted(t *testing.T, s *server) {
	socket := f.socket(t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	told := false
	for {
		kind, _, err := next(t.Context(), socket, 10*time.Second)
		if err != nil {
			break
		}
		told = told || kind == "ServerShuttingDown"
	}
	if !told {
		t.Error("a page was not told that the server stops")
	}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	f.walk(t, []step{
		{row: "F started again", method: "GET", path: "/System/Info", as: signedIn, want: 200},
		{row: "F started again", method: "GET", path: "/Users/${user}", as: signedIn, want: 200},
	})
	f.socket(t)
}

// closes waits until the server ends a web socket.
func closes(t *testing.T, c *websocket.Conn) {
	t.Helper()
	for {
		if _, _, err := next(t.Context(), c, 10*time.Second); errors.Is(err, context.DeadlineExceeded) {
			t.Fatal("the web socket stays open")
		} else if err != nil {
			return
		}
	}
}

// picture is a PNG of one pixel, as base64 text.
const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
