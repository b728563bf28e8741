package server_test

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

// systemInfo is what System/Info answers, with its folders.
func systemInfo(folder string) string {
	return strings.ReplaceAll(`{"OperatingSystemDisplayName":"","HasPendingRestart":false,"IsShuttingDown":false,"SupportsLibraryMonitor":true,
		"WebSocketPortNumber":8096,"CompletedInstallations":[],"CanSelfRestart":true,"CanLaunchWebBrowser":false,"ProgramDataPath":"<folder>","WebPath":"<folder>",
		"ItemsByNamePath":"<folder>","CachePath":"<folder>","LogPath":"<folder>","InternalMetadataPath":"<folder>","TranscodingTempPath":"<folder>",
		"CastReceiverApplications":[{"Id":"F007D354","Name":"Stable"},{"Id":"6F511C87","Name":"Unstable"}],"HasUpdateAvailable":false,
		"EncoderLocation":"System","SystemArchitecture":"X64","ServerName":"machine","Version":"12.0.0","ProductName":"Jellyfin Server",
		"OperatingSystem":"","Id":"${server}","StartupWizardCompleted":true}`, "<folder>", folder)
}

func TestSystemInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	public := jsonOf(200, `{"ServerName":"machine","Version":"12.0.0","ProductName":"Jellyfin Server","OperatingSystem":"","Id":"${server}","StartupWizardCompleted":true}`)
	w.play(t,
		scenario{name: "public", do: "GET /System/Info/Public", want: public},
		scenario{name: "public, under any name", do: "GET /System/Info/Public", header: map[string]string{"Host": "evil.example"}, want: public},
		scenario{name: "an administrator sees folders", do: "GET /System/Info", as: "admin", want: jsonOf(200, systemInfo("/srv/finlatch"))},
		scenario{name: "so does a key", do: "GET /System/Info", as: "key", want: jsonOf(200, systemInfo("/srv/finlatch"))},
		scenario{name: "a user does not", do: "GET /System/Info", as: "ann", want: jsonOf(200, systemInfo("/"))},
		scenario{name: "nobody", do: "GET /System/Info", want: empty(401)},
		scenario{name: "ping", do: "GET /System/Ping", want: jsonOf(200, `"Jellyfin Server"`)},
		scenario{name: "branding", do: "GET /Branding/Configuration", want: jsonOf(200, `{"SplashscreenEnabled":false}`)},
	)
	w.policy("ann", func(p *finlatch.Policy) {
		p.AccessSchedules = []finlatch.AccessSchedule{{DayOfWeek: "Sunday", StartHour: 1, EndHour: 2}}
	})
	// jellyfin-web tries a saved token here, and forgets it when it is refused
	w.perform(scenario{do: "GET /System/Info", as: "ann", want: anything(200)})
}

func TestPublishedURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) { o.server.PublishedURL, o.server.Port = "https://telly.example/jf", 8443 })
	for _, s := range []scenario{{do: "GET /System/Info/Public"}, {do: "GET /System/Info", as: "ann"}} {
		info, _ := w.json(s).(map[string]any)
		if got := info["LocalAddress"]; got != "https://telly.example/jf" {
			t.Errorf("%s: LocalAddress is %v", s.do, got)
		}
		if port, there := info["WebSocketPortNumber"]; there && port != 8443.0 {
			t.Errorf("%s: the port is %v", s.do, port)
		}
	}
}

// Apps ask for camel case, or for what a browser shows; the answer is JSON all the same.
func TestAccept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	accept := func(value string) map[string]string { return map[string]string{"Accept": value} }
	camel := jsonOf(200, `{"serverName":"machine","version":"12.0.0","productName":"Jellyfin Server","operatingSystem":"","id":"${server}","startupWizardCompleted":true}`)
	camel.kind = `application/json; profile="CamelCase"; charset=utf-8`
	pascal := jsonOf(200, `{"ServerName":"machine","Version":"12.0.0","ProductName":"Jellyfin Server","OperatingSystem":"","Id":"${server}","StartupWizardCompleted":true}`)
	named := pascal
	named.kind = `application/json; profile="PascalCase"; charset=utf-8`
	const do = "GET /System/Info/Public"
	w.play(t,
		scenario{name: "a browser", do: do, header: accept("text/html,application/xhtml+xml,*/*;q=0.8"), want: pascal},
		scenario{name: "nothing that there is", do: do, header: accept("image/png"), want: pascal},
		scenario{name: "camel case", do: do, header: accept(`application/json; profile="CamelCase"`), want: camel},
		scenario{name: "Pascal case", do: do, header: accept(`application/json;profile=pascalcase`), want: named},
		scenario{name: "the TypeScript SDK", do: do, header: accept(`application/json, application/json; profile=CamelCase, application/json; profile=PascalCase`), want: pascal},
		scenario{name: "an error", do: "GET /Users/x", as: "ann", header: accept(`application/json; profile="CamelCase"`),
			want: answer{status: 400, kind: camel.kind, body: "*"}},
	)
}

func TestServerConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	recorded, err := os.ReadFile("../jellyfin/testdata/server_configuration.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := json.Unmarshal(recorded, &want); err != nil {
		t.Fatal(err)
	}
	read := func() map[string]any {
		got, _ := w.json(scenario{do: "GET /System/Configuration", as: "ann"}).(map[string]any)
		return got
	}
	first := read()
	for name := range want {
		if _, there := first[name]; !there && name != "PreviousVersion" && name != "PreviousVersionStr" && name != "CachePath" {
			t.Errorf("no %s", name)
		}
	}
	if first["EnableLegacyAuthorization"] != true || first["IsStartupWizardCompleted"] != true || first["QuickConnectAvailable"] != true {
		t.Errorf("a new server has %v", first)
	}
	// clients read it, change a member and send all of it back
	changed := maps.Clone(first)
	changed["ServerName"], changed["LogFileRetentionDays"], changed["IsStartupWizardCompleted"] = "Müller's", 7.0, false
	send, _ := json.Marshal(changed)
	w.perform(scenario{do: "POST /System/Configuration", as: "admin", send: string(send), want: empty(204), log: []string{finlatch.ActivityConfigurationUpdated}})
	changed["IsStartupWizardCompleted"] = true
	got, _ := json.Marshal(read())
	send, _ = json.Marshal(changed)
	if diff := diffJSON(string(got), string(send)); diff != "" {
		t.Errorf("what was saved differs (-want +got):\n%s", diff)
	}
	w.play(t,
		scenario{name: "a user changes nothing", do: "POST /System/Configuration", as: "ann", send: `{}`, want: empty(403)},
		scenario{name: "a wrong type", do: "POST /System/Configuration", as: "admin", send: `{"ServerName":[]}`, want: anything(400)},
		scenario{name: "too large", do: "POST /System/Configuration", as: "admin", send: `{"MetadataPath":"` + strings.Repeat("x", 300<<10) + `"}`,
			want: text(400, "bytes of the configuration: 262144 at most")},
	)
}

// An administrator whose dashboard asks is told, and everything goes on.
func TestRestartIsLeftToTheOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const why = "finlatch is stopped and restarted by whoever started it, not through its API"
	w.play(t,
		scenario{name: "a stranger at home", do: "POST /System/Restart", from: home, want: empty(401)},
		scenario{name: "a user", do: "POST /System/Shutdown", as: "ann", want: empty(403)},
		scenario{name: "restart", do: "POST /System/Restart", as: "admin", want: text(405, why)},
		scenario{name: "shutdown", do: "POST /System/Shutdown", as: "admin", want: text(405, why)},
		scenario{name: "it goes on", do: "GET /health", want: anything(200)},
		scenario{name: "no log is a file", do: "GET /System/Logs/Log?name=../../etc/passwd", as: "admin", want: failed(404)},
	)
}
