package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/finlatch/finlatch"
)

// settings are what a server can be told. Each is a flag, a variable FINLATCH_… and a key of the configuration file, under
// one name; the tag "setting" says so. The tag "secret" would keep a value out of "finlatch config" and of errors.
type settings struct {
	Listen       address   `setting:"" group:"listen" default:"127.0.0.1:8096" placeholder:"ADDR:PORT" help:"Address and port to listen on. 0.0.0.0 or [::] as ADDR, or none, means every address of this machine, so that other devices reach it; port 0 means any free one."`
	TLSCert      path      `setting:"" group:"listen" name:"tls-cert" placeholder:"FILE" help:"Certificate chain in PEM: serve https. Needs --tls-key. Both files are read again on SIGHUP."`
	TLSKey       path      `setting:"" group:"listen" name:"tls-key" placeholder:"FILE" help:"Private key in PEM of the certificate."`
	PublishedURL publicURL `setting:"" group:"listen" name:"published-url" placeholder:"URL" help:"Address that clients are told as the server's own, as they reach it, for example https://tv.example.org."`
	BaseURL      basePath  `setting:"" group:"listen" name:"base-url" placeholder:"PATH" help:"Path under which everything is reached, for example /jellyfin, where a reverse proxy leads there."`
	WebDir       path      `setting:"" group:"listen" name:"web-dir" placeholder:"DIR" help:"A copy of the official web client, as Jellyfin has it in its folder jellyfin-web, to be served at /web/. Some apps are nothing but a window for it."`
	PagesURL     siteURL   `setting:"" group:"listen" name:"pages-url" placeholder:"URL" help:"Scheme and host name of the pages' own, for example https://door.example.org: finlatch's pages are served there and nowhere else, and nothing else is. Wise where an official web client is served too, whose scripts could otherwise drive the pages. Give --published-url, too: the pages know no other address to tell apps."`
	HostNames    hostNames `setting:"" group:"listen" placeholder:"NAME,..." help:"Names under which clients reach the server. Only needed to set it up under a name: until then it answers to localhost, IP addresses and these."`

	upstreamSettings `embed:""`

	Discovery       string   `setting:"" group:"discovery" enum:"auto,on,off" default:"auto" placeholder:"auto|on|off" help:"Whether apps of the local network find this server by themselves. auto: while other devices reach it."`
	NoDiscovery     bool     `group:"discovery" help:"The same as --discovery off."`
	DiscoveryFrom   networks `setting:"" group:"discovery" default:"private" placeholder:"NETWORK,..." help:"Who is answered. Nothing proves who asks, so this is no place for the whole Internet."`
	DiscoveryListen address  `setting:"" group:"discovery" default:"0.0.0.0:7359" placeholder:"ADDR:PORT" help:"UDP address and port to listen on for it. Apps ask at port 7359 only."`

	TrustedProxies networks `setting:"" group:"places" default:"none" placeholder:"NETWORK,..." help:"Reverse proxies whose X-Forwarded-For, -Proto and -Host are believed. From anybody else these make a request count as coming from outside."`
	LocalNetworks  networks `setting:"" group:"places" default:"private" placeholder:"NETWORK,..." help:"What counts as local. Users whose policy forbids remote access sign in and stay signed in only from here."`
	SetupFrom      networks `setting:"" group:"places" default:"private" placeholder:"NETWORK,..." help:"Where a server that is not set up yet may be set up from, besides this machine."`
	Passwordless   networks `setting:"" group:"places" name:"passwordless-from" default:"private" placeholder:"NETWORK,..." help:"Where users who have no password may sign in from."`

	QuickConnectApproval string `setting:"" group:"places" enum:"near,anywhere,pages" default:"near" placeholder:"near|anywhere|pages" help:"From where the apps' own screens, which do not show what asks, may approve Quick Connect: near refuses administrators the devices of other networks, pages refuses them to everybody, anywhere refuses nobody. Such devices are approved on the page /link."`

	SignInThrottle    string `setting:"" group:"limits" enum:"on,off" default:"on" placeholder:"on|off" help:"Whether sign-ins are held, and then refused, after failed ones, and where they cannot be checked soon enough; and whether Quick Connect has limits for networks and wrong codes. off is for tests and benchmarks only."`
	QuickConnectLimit limit  `setting:"" group:"limits" default:"10000" placeholder:"N|off" help:"How many requests for Quick Connect may be pending. Beyond that, the oldest one of the network that holds most of them goes."`
	ActivityLimit     limit  `setting:"" group:"limits" default:"100000" placeholder:"N|off" help:"How many refusals the activity log holds, and as many other entries; the oldest go. How long it is kept an administrator says on the page Settings."`
	HashSlots         slots  `setting:"" group:"limits" default:"cores" placeholder:"N|cores" help:"How many passwords are checked at the same time; each takes a core and 19 MiB."`

	MetricsListen address `setting:"" group:"log" placeholder:"ADDR:PORT" help:"Address and port at which metrics are shown, at /metrics, to whoever gets there. Without it administrators get them at the server's own /metrics."`

	LogLevel  string `setting:"" group:"log" enum:"debug,info,warn,error" default:"info" placeholder:"LEVEL" help:"The least level that is logged: debug, info, warn or error."`
	LogFormat string `setting:"" group:"log" enum:"text,json" default:"text" placeholder:"FORMAT" help:"Form of the log on standard error: text or json."`
}

// flagGroups are the headings under which help shows the settings.
var flagGroups = []kong.Group{
	{Key: "client", Title: "On any Jellyfin server, signed in as a user of it:"},
	{Key: "listen", Title: "Where it listens:"},
	{Key: "upstream", Title: "In front of a Jellyfin:"},
	{Key: "discovery", Title: "How apps find it:"},
	{Key: "places", Title: "Who may do what from where:"},
	{Key: "limits", Title: "Limits:"},
	{Key: "log", Title: "Log and metrics:"},
}

// check refuses settings that do not go together.
func (s *settings) check() error {
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return misused("", "tls-cert and tls-key are needed together")
	}
	if s.Listen == "" || s.DiscoveryListen == "" {
		return misused("", "listen and discovery-listen are of the form ADDR:PORT, such as 0.0.0.0:8096")
	}
	if s.NoDiscovery {
		s.Discovery = "off"
	}
	if s.WebDir != "" {
		if _, err := os.Stat(filepath.Join(string(s.WebDir), "index.html")); err != nil {
			return misused("", "web-dir: %s has no index.html: %s", s.WebDir, plain(err))
		}
	}
	return nil
}

// approvals are the names of the ways to treat an approval. The parser lets no others through.
var approvals = map[string]finlatch.QuickConnectApproval{
	"near": finlatch.ApproveNear, "anywhere": finlatch.ApproveAnywhere, "pages": finlatch.ApproveOnPages,
}

// serviceOptions are the settings that the rules know.
func (s *settings) serviceOptions() finlatch.Options {
	return finlatch.Options{
		LocalNetworks: s.LocalNetworks.prefixes, SetupFrom: s.SetupFrom.prefixes, PasswordlessFrom: s.Passwordless.prefixes,
		HashSlots: int(s.HashSlots), SignInThrottleOff: s.SignInThrottle == "off", QuickConnectLimit: int(s.QuickConnectLimit), ActivityLimit: int(s.ActivityLimit),
		QuickConnectApproval: approvals[s.QuickConnectApproval],
	}
}

// newLog makes the log that the settings ask for.
func (s *settings) newLog(w io.Writer) *slog.Logger {
	var options slog.HandlerOptions
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // the parser let no other names through
	options.Level = level
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, &options))
	}
	return slog.New(slog.NewTextHandler(w, &options))
}

// settingHelp adds to a flag's help what its default and its variable are.
func settingHelp(value *kong.Value) string {
	if value.Flag == nil || !isSetting(value.Flag) {
		return value.Help
	}
	notes := []string{variable(value.Flag.Name)}
	switch {
	case value.Name == "hash-slots":
		notes = append(notes, fmt.Sprintf("default: cores, here %d", runtime.NumCPU()))
	case value.Default != "":
		notes = append(notes, "default: "+value.Default)
	}
	return value.Help + " (" + strings.Join(notes, "; ") + ")"
}
