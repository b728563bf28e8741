package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// settingsPath is where the form of the settings is sent, which may be larger than others.
const settingsPath = "admin/settings"

// What the page takes of long texts, in bytes, so that it stays a page. What the API has made longer stays as it is.
const (
	maxSettings = 512 << 10 // of the form
	maxNotice   = 4 << 10
	maxCSS      = 16 << 10
	maxDays     = 36_500
)

var (
	errOlder    = &finlatch.Error{Kind: finlatch.Conflict, Msg: "The settings have been changed since you opened this page. Save again to replace them with these, or open the page anew to see them."}
	errDays     = &finlatch.Error{Kind: finlatch.Invalid, Msg: fmt.Sprintf("Days that the activity log is kept: a number from 0 to %d.", maxDays)}
	errLocksOut = &finlatch.Error{Kind: finlatch.Invalid, Msg: "With these settings you could not come back from where you are: your address is in none of the local networks."}
)

func settingsPages() []route {
	return []route{
		page(settingsPath, forAdministrators, showSettings),
		form(settingsPath, forAdministrators, saveSettings, showSettings),
	}
}

// settings are what the page shows and its form holds.
type settings struct {
	Server                       string
	QuickConnect, Legacy, Remote bool
	Proxies, Local               string // networks, one a line
	Notice, CSS                  string
	NoticeIsLong, CSSIsLong      bool // longer than the page takes: they are not shown, and stay
	Splash                       bool
	Days                         string
	ClientLogs                   bool
	OffThere                     bool   // Quick Connect, in the media server behind
	Version                      string // of what the form began with
}

// settingsOf are those of the server.
func settingsOf(s *finlatch.Settings) settings {
	form := settings{
		Server: s.ServerName, QuickConnect: s.QuickConnect, Legacy: s.LegacyAuthorization, Remote: s.RemoteAccess,
		Proxies: networkLines(s.KnownProxies), Local: networkLines(s.LocalNetworks), Splash: s.Branding.SplashScreen,
		Notice: s.Branding.LoginDisclaimer, CSS: s.Branding.CustomCSS, Days: strconv.Itoa(s.ActivityDays), ClientLogs: s.ClientLogs,
	}
	if form.NoticeIsLong = len(form.Notice) > maxNotice; form.NoticeIsLong {
		form.Notice = ""
	}
	if form.CSSIsLong = len(form.CSS) > maxCSS; form.CSSIsLong {
		form.CSS = ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", form))
	form.Version = hex.EncodeToString(sum[:8])
	return form
}

// typed puts what somebody has sent over the settings.
func (form *settings) typed(r *request) {
	on := func(name string) bool { return r.PostFormValue(name) == "on" }
	text := func(name string) string { return strings.ReplaceAll(r.PostFormValue(name), "\r\n", "\n") }
	form.Server, form.QuickConnect, form.Legacy, form.Remote = r.PostFormValue("server"), on("quick-connect"), on("legacy"), on("remote")
	form.Proxies, form.Local, form.Days = text("proxies"), text("local"), r.PostFormValue("days")
	if !form.NoticeIsLong {
		form.Notice = text("notice")
	}
	if r.pages.options.MediaServer != nil {
		return // the rest is the media server's: it is not shown, and stays
	}
	form.Splash, form.ClientLogs = on("splash"), on("client-logs")
	if !form.CSSIsLong {
		form.CSS = text("css")
	}
}

func showSettings(r *request) (answer, error) {
	form := settingsOf(r.settings)
	if r.Method == http.MethodPost {
		form.typed(r)
	}
	var err error
	form.OffThere, err = r.switchedOffThere()
	return view{name: "settings", title: "Settings", data: form}, err
}

func saveSettings(r *request) (answer, error) {
	err := r.service().ChangeSettings(r.context(), r.caller, "The settings have been changed", func(s *finlatch.Settings) error {
		form := settingsOf(s)
		if r.PostFormValue("version") != form.Version {
			return errOlder
		}
		form.typed(r)
		if err := form.apply(s); err != nil {
			return err
		}
		if r.service().LocksOut(s, r.callerUnder(s)) {
			return errLocksOut
		}
		return nil
	})
	return seeOther(settingsPath + "?done=settings"), err
}

// callerUnder is who asks, where settings trust the proxy no longer that says where the request comes from.
func (r *request) callerUnder(s *finlatch.Settings) finlatch.Caller {
	c, seen := r.caller, httpx.AddressFrom(r.context())
	trusted := func(network netip.Prefix) bool { return network.Contains(seen.Peer) }
	if seen.Peer != seen.Addr && !slices.ContainsFunc(slices.Concat(r.pages.options.TrustedProxies, s.KnownProxies), trusted) {
		c.Address, c.Forwarded = seen.Peer, true
	}
	return c
}

// apply changes settings to what the form says.
func (form *settings) apply(s *finlatch.Settings) (err error) {
	s.ServerName, s.QuickConnect, s.LegacyAuthorization, s.RemoteAccess = strings.TrimSpace(form.Server), form.QuickConnect, form.Legacy, form.Remote
	s.Branding.SplashScreen, s.ClientLogs = form.Splash, form.ClientLogs
	if s.KnownProxies, err = parseNetworks("Trusted proxies", form.Proxies, finlatch.WidestProxies); err != nil {
		return err
	}
	if s.LocalNetworks, err = parseNetworks("Local networks", form.Local, 0); err != nil {
		return err
	}
	s.ActivityDays, err = strconv.Atoi(strings.TrimSpace(form.Days))
	if err != nil || s.ActivityDays < 0 || s.ActivityDays > maxDays {
		return errDays
	}
	if !form.NoticeIsLong {
		if s.Branding.LoginDisclaimer = form.Notice; len(form.Notice) > maxNotice {
			return tooLong("Sign-in notice", len(form.Notice), maxNotice)
		}
	}
	if !form.CSSIsLong {
		if s.Branding.CustomCSS = form.CSS; len(form.CSS) > maxCSS {
			return tooLong("Custom CSS", len(form.CSS), maxCSS)
		}
	}
	return nil
}

func tooLong(field string, size, limit int) error {
	return invalid("%s: %d KiB at most on this page, and this is %d KiB. Apps' dashboards take more.", field, limit>>10, size>>10+1)
}

func invalid(format string, args ...any) error {
	return &finlatch.Error{Kind: finlatch.Invalid, Msg: fmt.Sprintf(format, args...)}
}

// parseNetworks reads a list with one network a line, each of which has so many bits in common at least.
func parseNetworks(field, text string, widest int) (networks []netip.Prefix, err error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		word := strings.TrimSpace(line)
		if word == "" {
			continue
		}
		network, valid := finlatch.ParseNetwork(word)
		switch {
		case !valid:
			return nil, invalid("%s, line %d: “%.64s” is neither an address nor a network like 192.168.0.0/16.", field, number, word)
		case network.Bits() < widest:
			return nil, invalid("%s, line %d: “%s” is too wide. Whoever is trusted says where others come from, so it cannot be everybody.", field, number, word)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

func networkLines(networks []netip.Prefix) string {
	var lines strings.Builder
	for _, network := range networks {
		lines.WriteString(finlatch.NetworkText(network) + "\n")
	}
	return lines.String()
}
