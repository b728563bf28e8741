package jellyfin

import "log/slog"

const redacted = "redacted"

// Secret is a password, an access token, an API key or a Quick Connect secret. It prints and logs as
// "redacted", and shows itself only in the JSON of the body it belongs to and as string(s).
type Secret string

// String returns "redacted", or "" for the empty Secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString hides the Secret from %#v.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// LogValue hides the Secret from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
