package finlatch

import (
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ClientInfo is what a request says of the app and the device it comes from. All of it is anybody's to claim.
type ClientInfo struct {
	AppName    string // Client in the Authorization header
	AppVersion string // Version
	DeviceName string // Device
	DeviceID   string // DeviceId; anything the app likes, the same for every user of it or not
}

// Bounds of what strangers say of themselves, in bytes. Jellyfin declares 64, 32, 64 and 256 characters and enforces
// none; jellyfin-web's device ids, base64 of a user agent, pass 256.
const (
	maxAppName    = 128
	maxAppVersion = 64
	maxDeviceName = 128
	maxDeviceID   = 512
)

// NewClientInfo bounds the four texts and drops control characters and what is not UTF-8, so that no log line, page or
// terminal has to fear them.
func NewClientInfo(appName, appVersion, deviceName, deviceID string) ClientInfo {
	return ClientInfo{
		AppName: harmless(appName, maxAppName), AppVersion: harmless(appVersion, maxAppVersion),
		DeviceName: harmless(deviceName, maxDeviceName), DeviceID: harmless(deviceID, maxDeviceID),
	}
}

func harmless(text string, limit int) string {
	plain := true
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			plain = false
			break
		}
	}
	if !plain {
		text = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
				return -1
			}
			return r
		}, strings.ToValidUTF8(text, "\uFFFD"))
	}
	if len(text) <= limit {
		return text
	}
	text = text[:limit]
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return text
}

// Device is a signed-in device: one user's access token on one device. A user has at most one per DeviceID.
type Device struct {
	ClientInfo
	TokenHash      Hash
	UserID         ID
	Address        netip.Addr // where it was last seen; the zero Addr: nowhere yet
	CreatedAt      time.Time
	LastActivityAt time.Time // coarse by minutes
	Capabilities   Capabilities
	Pages          bool   // signed in on the pages: its token counts there only, and no other does there
	Sealed         []byte // the token, encrypted, where an Upstream has made it; empty: it is nowhere
	CustomName     string // from its DeviceOptions: the user's own, else those for everybody. Only read: CreateDevice ignores it
}

// Capabilities are what a device says it can do. They live as long as its token.
type Capabilities struct {
	PlayableMediaTypes           []string
	SupportedCommands            []string
	SupportsMediaControl         bool
	SupportsPersistentIdentifier bool
	AppStoreURL                  string
	IconURL                      string
}

// NewCapabilities are those of a device that has not said what it can do, as in Jellyfin.
func NewCapabilities() Capabilities { return Capabilities{SupportsPersistentIdentifier: true} }

// DeviceOptions are what a person has said about a device id. They outlive its token.
type DeviceOptions struct {
	DeviceID   string
	UserID     ID     // whose device; zero: whoever uses that device id, as an administrator names it
	CustomName string // shown instead of the name that the app gives; empty: none
}

// DeviceFilter picks devices. Members that are zero pick all.
type DeviceFilter struct {
	UserID      ID
	DeviceID    string    // exactly as the app spells it
	TokenHash   Hash      // this one only
	Except      Hash      // all but this one
	ActiveSince time.Time // last activity at or after
	Limit       int
}

// DeviceTouch notes that a device was there. It never brings a device back that is gone.
type DeviceTouch struct {
	TokenHash  Hash
	UserID     ID
	At         time.Time
	Address    netip.Addr
	DeviceName string
	AppVersion string
}
