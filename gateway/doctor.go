package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// Finding is one thing that Examine has looked at.
type Finding struct {
	Check    Check
	Severity Severity
	What     string // what is so, in a sentence or two
	Do       string // what to do; empty where there is nothing
}

// Check is what a Finding is about.
type Check string

// The checks, in the order of their findings.
const (
	CheckUpstream     Check = "media server" // does it answer; where it does not, this is the only finding
	CheckVersion      Check = "version"
	CheckSetup        Check = "set-up"
	CheckClock        Check = "clock"
	CheckQuickConnect Check = "Quick Connect"
	CheckKey          Check = "API key" // where it is not good, the checks below but CheckPast are left out
	CheckPast         Check = "way around"
	CheckProxy        Check = "trusted proxy"
	CheckDiscovery    Check = "discovery"
	CheckPasswords    Check = "passwords"
	CheckLegacy       Check = "old tokens"
)

// Severity is how much a Finding matters.
type Severity uint8

// The severities.
const (
	Good    Severity = iota // as it should be
	Note                    // nothing is wrong, or it cannot be told
	Warning                 // it works, and something that finlatch is there for does not
	Problem                 // it does not work
)

func (s Severity) String() string {
	return [...]string{"good", "note", "warning", "problem"}[min(s, Problem)]
}

// DoctorOptions of Examine. The zero value works.
type DoctorOptions struct {
	Clock func() time.Time // time.Now
	Own   []string         // URLs at which clients reach this server, so that upstream may announce them
}

// doctor is one examination.
type doctor struct {
	*Client
	options DoctorOptions
	info    jellyfin.PublicSystemInfo
}

// Examine looks at upstream, and says what is wrong and what to do, in plain words. It changes nothing there. It takes several
// calls, each of ClientOptions.Timeout at most, and asks the address that upstream gives as its own, without the key.
func Examine(ctx context.Context, client *Client, options DoctorOptions) []Finding {
	if options.Clock == nil {
		options.Clock = time.Now
	}
	d := &doctor{Client: client, options: options}
	before := options.Clock()
	info, a, err := client.info(ctx)
	if err != nil {
		return []Finding{d.unreached(err)}
	}
	d.info = info
	findings := []Finding{
		{CheckUpstream, Good, fmt.Sprintf("The media server answers; it is called %q.", short(info.ServerName)), ""},
		d.version(), d.setup(), d.clock(before, a.header.Get("Date")), d.quickConnect(ctx),
	}
	key := d.rights(ctx)
	findings = append(findings, key, d.past(ctx))
	if key.Severity == Problem || client.key.IsZero() {
		return findings
	}
	return append(findings, d.proxy(ctx), d.discovery(ctx), d.passwords(ctx), d.legacy(ctx))
}

// unknown is a check that came to nothing.
func unknown(check Check, err error) Finding {
	why, _ := reason(err)
	return Finding{check, Note, "This cannot be told: " + why + ".", ""}
}

// short bounds what upstream gives of itself.
func short(text string) string { return httpx.Clean(text, 200) }

// release are the first two numbers of upstream's version; zeros for what is none.
func (d *doctor) release() (major, minor int) {
	parts := strings.SplitN(d.info.Version, ".", 3)
	major, _ = strconv.Atoi(parts[0])
	if len(parts) > 1 {
		minor, _ = strconv.Atoi(parts[1])
	}
	return major, minor
}

func (d *doctor) version() Finding {
	what := fmt.Sprintf("The media server is %s %s.", short(d.info.ProductName), short(d.info.Version))
	switch major, minor := d.release(); {
	case major < 10 || major == 10 && minor < 9:
		return Finding{CheckVersion, Problem, what + " finlatch works with Jellyfin 10.9 to 12; older ones do not sign a device in for another user.", "Update Jellyfin."}
	case major > 12:
		return Finding{CheckVersion, Warning, what + " finlatch knows Jellyfin 10.9 to 12.", "Look for a newer finlatch."}
	}
	return Finding{CheckVersion, Good, what, ""}
}

func (d *doctor) setup() Finding {
	if !d.info.StartupWizardCompleted {
		return Finding{CheckSetup, Problem, "The media server is not set up: whoever reaches it makes themselves its administrator.",
			"Set it up at its own address before anybody else reaches it."}
	}
	return Finding{CheckSetup, Good, "The media server is set up.", ""}
}

// maxSkew is how far the clocks may be apart. The Date header has whole seconds.
const maxSkew = 30 * time.Second

func (d *doctor) clock(before time.Time, date string) Finding {
	there, err := http.ParseTime(date)
	if err != nil {
		return Finding{CheckClock, Note, "The media server does not tell its time.", ""}
	}
	skew := time.Duration(0)
	if after := d.options.Clock(); there.Before(before) {
		skew = there.Sub(before)
	} else if there.After(after) {
		skew = there.Sub(after)
	}
	if skew.Abs() > maxSkew {
		return Finding{CheckClock, Warning, fmt.Sprintf("The media server's clock and this one differ by %s.", skew.Abs().Round(time.Second)),
			"Set both by the network (NTP): access schedules and the activity logs go by them."}
	}
	return Finding{CheckClock, Good, "The media server's clock and this one agree.", ""}
}

func (d *doctor) quickConnect(ctx context.Context) Finding {
	switch on, err := d.Client.quickConnect(ctx); {
	case err != nil:
		return unknown(CheckQuickConnect, err)
	case !on:
		return Finding{CheckQuickConnect, Warning, "Quick Connect is switched off in the media server. finlatch makes its tokens with it, so it is off in finlatch, too.",
			"Switch it on: Dashboard, General, Enable Quick Connect."}
	}
	return Finding{CheckQuickConnect, Good, "Quick Connect is on.", ""}
}
