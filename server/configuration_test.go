package server_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/finlatch/finlatch"
)

var updated = []string{finlatch.ActivityConfigurationUpdated}

// configure replaces a configuration as admin.
func (w *world) configure(name, body string) {
	w.Helper()
	w.perform(scenario{do: "POST /System/Configuration" + name, as: "admin", send: body, want: empty(204), log: updated})
}

func TestNamedConfigurations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	network, err := os.ReadFile("../jellyfin/testdata/network_configuration.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded map[string]any
	if err := json.Unmarshal(network, &recorded); err != nil {
		t.Fatal(err)
	}
	recorded["LocalNetworkAddresses"] = []string{} // the recorded server was bound to an address
	encoded, _ := json.Marshal(recorded)
	fresh := string(encoded)
	w.play(t,
		scenario{name: "network", do: "GET /System/Configuration/network", as: "ann", want: jsonOf(200, fresh)},
		scenario{name: "in any case", do: "GET /system/configuration/NetWork", as: "ann", want: jsonOf(200, fresh)},
		scenario{name: "branding", do: "GET /System/Configuration/branding", as: "ann", want: jsonOf(200, `{"SplashscreenEnabled":false}`)},
		scenario{name: "metadata", do: "GET /System/Configuration/metadata", as: "ann", want: jsonOf(200, `{"UseFileCreationTimeForDateAdded":true}`)},
		scenario{name: "xbmcmetadata", do: "GET /System/Configuration/xbmcmetadata", as: "ann",
			want: jsonOf(200, `{"ReleaseDateFormat":"yyyy-MM-dd","SaveImagePathsInNfo":true,"EnablePathSubstitution":true,"EnableExtraThumbsDuplication":false}`)},
		scenario{name: "livetv", do: "GET /System/Configuration/livetv", as: "ann", want: jsonOf(200, `{"EnableRecordingSubfolders":false,
			"EnableOriginalAudioWithEncodedRecordings":false,"TunerHosts":[],"ListingProviders":[],"PrePaddingSeconds":0,"PostPaddingSeconds":0,
			"MediaLocationsCreated":[],"RecordingPostProcessorArguments":"\"{path}\"","SaveRecordingNFO":true,"SaveRecordingImages":true}`)},
		scenario{name: "options of a library's kind of items", do: "GET /System/Configuration/MetadataOptions/Default", as: "admin", want: jsonOf(200, `{"DisabledMetadataSavers":[],
			"LocalMetadataReaderOrder":[],"DisabledMetadataFetchers":[],"MetadataFetcherOrder":[],"DisabledImageFetchers":[],"ImageFetcherOrder":[]}`)},
		scenario{name: "encoding", do: "GET /System/Configuration/encoding", as: "ann", want: anything(200)},
		scenario{name: "none of that name", do: "GET /System/Configuration/nonsense", as: "admin", want: failed(404)},
		scenario{name: "none to set", do: "POST /System/Configuration/nonsense", as: "admin", send: `{}`, want: text(404, "there is no configuration of this name")},
		scenario{name: "a user sets none", do: "POST /System/Configuration/nonsense", as: "ann", send: `{}`, want: empty(403)},

		scenario{name: "members in any case", do: "POST /System/Configuration/METADATA", as: "admin", send: `{"usefilecreationtimefordateadded":false}`,
			want: empty(204), log: updated},
		scenario{name: "kept", do: "GET /System/Configuration/metadata", as: "ann", want: jsonOf(200, `{"UseFileCreationTimeForDateAdded":false}`)},
		scenario{name: "members left out", do: "POST /System/Configuration/metadata", as: "admin", send: `{}`, want: empty(204), log: updated},
		scenario{name: "are the default's", do: "GET /System/Configuration/metadata", as: "ann", want: jsonOf(200, `{"UseFileCreationTimeForDateAdded":true}`)},
		scenario{name: "null", do: "POST /System/Configuration/network", as: "admin", send: `null`, want: anything(400)},
		scenario{name: "a wrong type", do: "POST /System/Configuration/network", as: "admin", send: `{"InternalHttpPort":{}}`, want: anything(400)},
		scenario{name: "broken", do: "POST /System/Configuration/branding", as: "admin", send: `{`, want: anything(400)},
		scenario{name: "too large", do: "POST /System/Configuration/encoding", as: "admin", send: `{"FallbackFontPath":"` + strings.Repeat("x", 70<<10) + `"}`,
			want: text(400, "bytes of the configuration encoding: 65536 at most")},
	)
}

// Dashboards read a configuration, change a member and send all of it back.
func TestKeptConfigurationsComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]map[string]any{
		"encoding":     {"EncodingThreadCount": 3.0, "HardwareDecodingCodecs": []any{"hevc"}, "EnableFallbackFont": true},
		"livetv":       {"GuideDays": 4.0, "RecordingPath": "/tv"},
		"xbmcmetadata": {"UserId": "0123456789abcdef0123456789abcdef", "SaveImagePathsInNfo": false},
		"network":      {"BaseUrl": "/media", "InternalHttpPort": 9000.0, "EnableHttps": true, "KnownProxies": []any{"10.0.0.1", "10.1.0.0/16"}},
	} {
		do := "System/Configuration/" + name
		document, _ := w.json(scenario{do: "GET /" + do, as: "admin"}).(map[string]any)
		for member, value := range change {
			document[member] = value
		}
		send, _ := json.Marshal(document)
		w.configure("/"+name, string(send))
		w.perform(scenario{do: "GET /" + do, as: "ann", want: jsonOf(200, string(send))})
	}
}

// Passwords of certificates and of guides are of no use here: they are neither shown nor written down.
func TestConfigurationsKeepNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const secret = "s3cr3t-7f3a9c"
	w.configure("/network", `{"CertificatePassword":"`+secret+`","CertificatePath":"/etc/cert-7f3a9c.pfx"}`)
	w.configure("/livetv", `{"ListingProviders":[{"Type":"SchedulesDirect","Password":"`+secret+`"}],"TunerHosts":[{"Url":"http://u:`+secret+`@tuner"}]}`)
	for _, name := range []string{"network", "livetv"} {
		for _, as := range []string{"ann", "admin", "key"} {
			_, body := w.perform(scenario{do: "GET /System/Configuration/" + name, as: as, want: anything(200)})
			if strings.Contains(body, secret) {
				t.Errorf("%s shows %s: %s", name, as, body)
			}
		}
	}
	settings := w.settings()
	if kept := string(settings.Named["network"]); !strings.Contains(kept, "cert-7f3a9c.pfx") || strings.Contains(kept, secret) {
		t.Errorf("kept: %s", kept)
	}
	if kept := string(settings.Named["livetv"]); kept == "" || strings.Contains(kept, secret) {
		t.Errorf("kept: %s", kept)
	}
}

func TestNetworkRefusesJunk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.configure("/network", `{"LocalNetworkSubnets":["10.1.2.3/8"," 192.168.7.7 ","","fd00::/8"],"KnownProxies":["::ffff:10.0.0.9"]}`)
	for member, wrong := range map[string][]string{
		"LocalNetworkSubnets": {"!10.0.0.0/8", "10.0.0.0/33", "10.0.0", "private", "telly.example", "fe80::1%eth0", "::ffff:10.0.0.0/104", "<script>"},
		"KnownProxies":        {"!10.0.0.1", "proxy.example", "10.0.0.1:443", "0.0.0.0/0", "::/0", "0.0.0.0/1", "2000::/3"},
	} {
		for _, word := range wrong {
			response, body := w.perform(scenario{do: "POST /System/Configuration/network", as: "admin", send: fmt.Sprintf(`{%q:["10.0.0.1",%q]}`, member, word),
				want: answer{status: 400, kind: "text/plain", body: "*"}})
			if !strings.HasPrefix(body, member+": ") {
				t.Errorf("%s %q: %d %q does not say what is wrong", member, word, response.StatusCode, body)
			}
		}
	}
	got, _ := w.json(scenario{do: "GET /System/Configuration/network", as: "ann"}).(map[string]any)
	if text := fmt.Sprint(got["LocalNetworkSubnets"], got["KnownProxies"]); text != "[10.0.0.0/8 192.168.7.7 fd00::/8] [10.0.0.9]" {
		t.Errorf("what was accepted is %s", text)
	}
}

func TestConfigurationsLeaveEachOtherAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.configure("/network", `{"EnableRemoteAccess":true,"LocalNetworkSubnets":["10.0.0.0/8"],"KnownProxies":["10.0.0.1"],"BaseUrl":"/x"}`)
	w.configure("/branding", `{"CustomCss":"a{}","LoginDisclaimer":"hello","SplashscreenEnabled":true}`)
	w.configure("/metadata", `{"UseFileCreationTimeForDateAdded":false}`)
	before := *w.settings()
	w.configure("", `{"ServerName":"Attic","EnableLegacyAuthorization":true}`)
	before.ServerName, before.CorsHosts = "Attic", []string{"*"}
	if diff := cmp.Diff(before, *w.settings(), cmpopts.IgnoreFields(finlatch.Settings{}, "Rest"), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("after a partial configuration (-want +got):\n%s", diff)
	}
	w.configure("/branding", `{}`)
	w.configure("/network", `{}`)
	if got := w.settings(); got.ServerName != "Attic" || got.Branding != (finlatch.Branding{}) || len(got.LocalNetworks)+len(got.KnownProxies) != 0 || !got.RemoteAccess {
		t.Errorf("got %+v", got)
	}
}

// What an administrator changes holds for the next request, without a restart.
func TestConfigurationTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.server.TrustedProxies = nil })
	w.run()
	origin := map[string]string{"Origin": "https://app.example"}
	const ping = "GET /System/Ping"
	pong := jsonOf(200, `"Jellyfin Server"`)
	w.perform(scenario{do: ping, header: origin, want: pong.with("Access-Control-Allow-Origin", "*").with("Access-Control-Allow-Credentials", "")})
	w.configure("", `{"CorsHosts":["https://app.example"],"EnableLegacyAuthorization":true,"AllowClientLogUpload":false,"ActivityLogRetentionDays":7}`)
	w.perform(scenario{do: ping, header: origin, want: pong.with("Access-Control-Allow-Origin", "https://app.example").with("Access-Control-Allow-Credentials", "true")})
	w.perform(scenario{do: ping, header: map[string]string{"Origin": "https://evil.example"}, want: pong.with("Access-Control-Allow-Origin", "")})
	w.perform(scenario{do: "GET /Wire/Nowhere", header: origin, want: empty(404).with("Access-Control-Allow-Origin", "https://app.example")})
	if s := w.settings(); s.ClientLogs || s.ActivityDays != 7 {
		t.Errorf("logs of apps %v, activity for %d days", s.ClientLogs, s.ActivityDays)
	}
	shown, _ := w.json(scenario{do: "GET /System/Configuration", as: "ann"}).(map[string]any)
	if got := fmt.Sprint(shown["CorsHosts"], shown["AllowClientLogUpload"], shown["ActivityLogRetentionDays"]); got != "[https://app.example] false 7" {
		t.Errorf("shown: %s", got)
	}
	w.configure("", `{"CorsHosts":[],"EnableLegacyAuthorization":true,"ActivityLogRetentionDays":null}`)
	w.perform(scenario{do: ping, header: origin, want: pong.with("Access-Control-Allow-Origin", "*")})
	shown, _ = w.json(scenario{do: "GET /System/Configuration", as: "ann"}).(map[string]any)
	if _, there := shown["ActivityLogRetentionDays"]; there || w.settings().ActivityDays != 0 {
		t.Errorf("the activity log is kept for %v days, want for ever", shown["ActivityLogRetentionDays"])
	}

	endpoint := func(from string, machine, network bool) {
		t.Helper()
		w.perform(scenario{do: "GET /System/Endpoint", as: "ann", from: from, want: jsonOf(200, fmt.Sprintf(`{"IsLocal":%v,"IsInNetwork":%v}`, machine, network))})
	}
	endpoint("", true, true)
	endpoint(home, false, false) // nobody is trusted to say so
	w.configure("/network", `{"KnownProxies":["127.0.0.1"],"EnableRemoteAccess":true}`)
	endpoint(home, false, true)
	endpoint(away, false, false)
	w.configure("/network", `{"KnownProxies":["127.0.0.1"],"LocalNetworkSubnets":["203.0.113.0/24"],"EnableRemoteAccess":true}`)
	endpoint(home, false, false)
	endpoint(away, false, true)
	endpoint("", true, true)

	// The administrator who closes it from away is shut out there, and nowhere else.
	w.perform(scenario{do: "POST /System/Configuration/network", as: "admin", from: home, send: `{"KnownProxies":["127.0.0.1"],"LocalNetworkSubnets":["203.0.113.0/24"],"EnableRemoteAccess":false}`,
		want: empty(204), log: updated})
	for _, as := range []string{"admin", "ann", "key"} {
		w.perform(scenario{do: "GET /System/Info", as: as, from: home, want: empty(403)})
		w.perform(scenario{do: "GET /System/Info", as: as, from: away, want: anything(200)})
		w.perform(scenario{do: "GET /System/Info", as: as, want: anything(200)})
	}
	w.perform(scenario{do: "POST /Users/AuthenticateByName", from: home, send: `{"Username":"ann","Pw":"ann-pw"}`, want: failed(403)})
	w.perform(scenario{do: "GET /System/Info/Public", from: home, want: anything(200)})
	w.perform(scenario{do: "POST /System/Configuration/network", as: "admin", send: `{"EnableRemoteAccess":true}`, want: empty(204), log: updated})
	w.perform(scenario{do: "GET /System/Info", as: "admin", from: home, want: anything(200)})
}

// An administrator adds proxies to those that the program was started with, and cannot take those away.
func TestKnownProxiesAreAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.server.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	w.configure("/network", `{"KnownProxies":["10.9.0.1"],"EnableRemoteAccess":true}`)
	for from, inNetwork := range map[string]bool{away + ", 10.9.0.1": false, home + ", 10.9.0.1": true, home: true, away + ", 10.9.0.2": true} {
		w.perform(scenario{do: "GET /System/Endpoint", as: "ann", from: from, want: jsonOf(200, fmt.Sprintf(`{"IsLocal":false,"IsInNetwork":%v}`, inNetwork))})
	}
}

func TestBranding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	css := func(body string) answer { return answer{status: 200, kind: "text/css; charset=utf-8", body: body} }
	w.play(t,
		scenario{name: "no CSS", do: "GET /Branding/Css", want: css("").with("Content-Length", "0")},
		scenario{name: "set", do: "POST /System/Configuration/Branding", as: "admin", send: `{"LoginDisclaimer":"Hello *you*","CustomCss":"a > b { color: red }","SplashscreenEnabled":true}`,
			want: empty(204), log: updated},
		scenario{name: "shown", do: "GET /Branding/Configuration", want: jsonOf(200, `{"LoginDisclaimer":"Hello *you*","CustomCss":"a > b { color: red }","SplashscreenEnabled":true}`)},
		scenario{name: "CSS", do: "GET /Branding/Css", want: css("a > b { color: red }")},
		scenario{name: "CSS by the file's name", do: "GET /branding/css.css", want: css("a > b { color: red }")},
		scenario{name: "not by users", do: "POST /System/Configuration/branding", as: "ann", send: `{}`, want: empty(403)},
		scenario{name: "too much CSS", do: "POST /System/Configuration/branding", as: "admin", send: `{"CustomCss":"` + strings.Repeat("x", 256<<10+1) + `"}`,
			want: text(400, "bytes of CustomCss: 262144 at most")},
		scenario{name: "too long a disclaimer", do: "POST /System/Configuration/branding", as: "admin", send: `{"LoginDisclaimer":"` + strings.Repeat("x", 64<<10+1) + `"}`,
			want: text(400, "bytes of LoginDisclaimer: 65536 at most")},
		scenario{name: "still there", do: "GET /Branding/Css", want: css("a > b { color: red }")},
		scenario{name: "reset", do: "POST /System/Configuration/branding", as: "admin", send: `{"SplashscreenEnabled":false}`, want: empty(204), log: updated},
		scenario{name: "gone", do: "GET /Branding/Configuration", want: jsonOf(200, `{"SplashscreenEnabled":false}`)},
		scenario{name: "CSS gone", do: "GET /Branding/Css", want: css("")},
	)
}

func TestContentLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	language := func(header, want string) {
		t.Helper()
		s := scenario{do: "GET /System/Ping", want: jsonOf(200, `"Jellyfin Server"`).with("Content-Language", want)}
		if header != "" {
			s.header = map[string]string{"Accept-Language": header}
		}
		w.perform(s)
	}
	for header, want := range map[string]string{
		"": "en-US", "de": "de", "DE": "de", "de-AT": "de", "fr;q=0.5, de;q=0.9": "de", "x, de": "de", "a, b, c, de": "en-US",
		"*": "en-US", ";;,": "en-US", "-,--": "en-US", "de;q=nonsense, fr": "fr", strings.Repeat("-", 4000): "en-US",
	} {
		language(header, want)
	}
	w.perform(scenario{do: "GET /Wire/Nowhere", want: empty(404).with("Content-Language", "en-US")})
	w.perform(scenario{do: "PATCH /System/Ping", want: empty(405).with("Content-Language", "en-US").with("Allow", "GET, POST")})
	w.perform(scenario{do: "GET /Users/Me", want: empty(401).with("Content-Language", "en-US")})
	w.perform(scenario{do: "OPTIONS /System/Ping", header: map[string]string{"Origin": "https://app.example", "Access-Control-Request-Method": "POST"},
		want: empty(204).with("Content-Language", "").with("Access-Control-Allow-Methods", "POST")})
	w.configure("", `{"UICulture":"fr","EnableLegacyAuthorization":true}`)
	language("", "fr")
	w.configure("", `{"UICulture":"no such\r\nX: y","EnableLegacyAuthorization":true}`)
	language("", "en-US")
}
