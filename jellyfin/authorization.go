package jellyfin

import (
	"log/slog"
	"strings"
)

// The schemes of the Authorization header. Jellyfin 12 takes Emby only while EnableLegacyAuthorization is set.
const (
	SchemeMediaBrowser = "MediaBrowser"
	SchemeEmby         = "Emby"
)

// Authorization is what an Authorization header says of the app that sends it. All values are claims of
// whoever sent them, of any length and with any character that a header can carry or percent-encoding can hide.
//
// There are three states of Token. Empty: the header gave none, and the other sources of TokenFrom count. Blank,
// that is white space only: as good as none (see HasToken), but the other sources do not count. Else a token to look up.
type Authorization struct {
	Scheme   string `json:"-"` // SchemeMediaBrowser or SchemeEmby; "" is taken for SchemeMediaBrowser
	Client   string // name of the app
	Device   string // name of the device
	DeviceID string // id of the device or of the installation; "DeviceId" on the wire
	Version  string // of the app
	Token    string `json:"-"` // access token or API key
}

// HasToken reports whether there is a token to look up: one that is not white space only.
func (a Authorization) HasToken() bool { return strings.TrimSpace(a.Token) != "" }

// Header returns the value of the Authorization header, with the token in it: quoted and percent-encoded as the TypeScript and
// Kotlin SDKs write it, members that are empty left out.
func (a Authorization) Header() string { return a.format(a.Token) }

// String is Header with the token replaced by "redacted".
func (a Authorization) String() string { return a.format(Secret(a.Token).String()) }

// GoString hides the token from %#v.
func (a Authorization) GoString() string { return "jellyfin.Authorization(" + a.String() + ")" }

// LogValue tells whether there is a token and not which.
func (a Authorization) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("client", a.Client),
		slog.String("device", a.Device),
		slog.String("device_id", a.DeviceID),
		slog.String("version", a.Version),
		slog.Bool("token", a.HasToken()),
	)
}

func (a Authorization) format(token string) string {
	var b strings.Builder
	b.Grow(160)
	if a.Scheme == SchemeEmby {
		b.WriteString(SchemeEmby)
	} else {
		b.WriteString(SchemeMediaBrowser)
	}
	before := " "
	for _, member := range [...]struct{ key, value string }{
		{"Client", a.Client}, {"Device", a.Device}, {"DeviceId", a.DeviceID}, {"Version", a.Version}, {"Token", token},
	} {
		// A scheme alone is not an Authorization header, so one member must be there.
		if member.value == "" && (member.key != "Token" || before != " ") {
			continue
		}
		b.WriteString(before + member.key + `="`)
		escape(&b, member.value)
		b.WriteByte('"')
		before = ", "
	}
	return b.String()
}

// ParseAuthorization reads the value of an Authorization or X-Emby-Authorization header as Jellyfin 12 does
// (AuthorizationContext.GetParts). It reports false for a header without a space or of another scheme; the caller decides
// whether it takes SchemeEmby. Unknown keys are dropped, and keys are compared with regard to case.
func ParseAuthorization(header string) (Authorization, bool) {
	scheme, rest, found := strings.Cut(header, " ")
	var a Authorization
	switch {
	case found && equalFold(scheme, SchemeMediaBrowser):
		a.Scheme = SchemeMediaBrowser
	case found && equalFold(scheme, SchemeEmby):
		a.Scheme = SchemeEmby
	default:
		return Authorization{}, false
	}
	key, start, quoted := "", 0, false
	for i := range len(rest) {
		switch c := rest[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ',':
			if start < i {
				a.set(key, rest[start:i])
				key = ""
			} // else the key stays and takes the next value: Token=,abc
			start = i + 1
		case c == '=':
			key = strings.TrimSpace(rest[start:i])
			start = i + 1
		}
	}
	if start < len(rest) {
		a.set(key, rest[start:])
	}
	return a, true
}

// set stores a raw value. Quotes go, white space stays: Jellyfin takes `Token="x" ` for the token `x" `.
func (a *Authorization) set(key, raw string) {
	var member *string
	switch key {
	case "Client":
		member = &a.Client
	case "Device":
		member = &a.Device
	case "DeviceId":
		member = &a.DeviceID
	case "Version":
		member = &a.Version
	case "Token":
		member = &a.Token
	default:
		return
	}
	*member = unescape(strings.Trim(raw, `"`))
}
