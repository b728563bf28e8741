package httpx

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const redacted = "redacted"

// secretNames are the query values that never reach a log, in lower case. Jellyfin's own are the first five; the others
// are what apps have been seen to try.
var secretNames = [...]string{
	"apikey", "api_key", "secret", "pw", "code",
	"password", "pin", "token", "access_token", "accesstoken",
	"x-emby-token", "x-mediabrowser-token", "x-emby-authorization",
}

// redactQuery keeps a query readable and its secrets out. Names count in any case and however often they are encoded; a
// part that holds a secret deeper down (a whole query encoded once more, an address as a value) goes altogether.
func redactQuery(raw string) string {
	if raw == "" {
		return ""
	}
	var b strings.Builder
	for i, part := range strings.Split(raw, "&") {
		if i > 0 {
			b.WriteByte('&')
		}
		name, _, has := strings.Cut(part, "=")
		plain := decodeAll(part)
		plainName, _, _ := strings.Cut(plain, "=")
		switch {
		case has && isSecret(decodeAll(name)):
			b.WriteString(name)
			b.WriteString("=" + redacted)
		case !has && isSecret(plainName), holdsSecret(plain):
			b.WriteString(redacted)
		default:
			b.WriteString(part)
		}
		if b.Len() > 512 {
			break
		}
	}
	return Clean(b.String(), 512)
}

func isSecret(name string) bool {
	name = strings.TrimSpace(name)
	for _, s := range secretNames {
		if strings.EqualFold(name, s) {
			return true
		}
	}
	return false
}

// holdsSecret looks for name=value anywhere but at the start, where isSecret has looked.
func holdsSecret(plain string) bool {
	for i := strings.IndexByte(plain, '='); i >= 0; {
		start := i
		for start > 0 && strings.IndexByte("&?#;/=,\"' ", plain[start-1]) < 0 {
			start--
		}
		if isSecret(plain[start:i]) {
			return true
		}
		next := strings.IndexByte(plain[i+1:], '=')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return false
}

// decodeAll undoes percent-encoding and plus signs until nothing changes, at most four times.
func decodeAll(s string) string {
	for range 4 {
		plain := unescape(s)
		if plain == s {
			break
		}
		s = plain
	}
	return s
}

// redactPath is the decoded path, with everything below /Auth/Keys/ replaced, whatever stands before and between: a
// prefix, doubled slashes, dots, more encoding.
func redactPath(u *url.URL) string {
	path := u.Path
	plain := decodeAll(path)
	if end := keysEnd(plain); end >= 0 && end < len(plain) {
		return Clean(plain[:end], 256) + redacted
	}
	return Clean(path, 256)
}

// keysEnd is where the key begins in a path that leads to /Auth/Keys/, else -1.
func keysEnd(path string) int {
	auth := false
	for start := 0; start < len(path); {
		end := strings.IndexByte(path[start:], '/')
		if end < 0 {
			return -1
		}
		segment := strings.TrimSpace(path[start : start+end])
		start += end + 1
		if auth && strings.EqualFold(segment, "keys") {
			return start
		}
		auth = auth || strings.EqualFold(segment, "auth")
	}
	return -1
}

// Clean is a stranger's text made fit for a log line: at most max bytes (a longer one ends in "…"), with control
// characters, invisible ones and broken UTF-8 escaped as Go would in a string.
func Clean(s string, max int) string {
	plain := len(s) <= max
	for i := 0; plain && i < len(s); i++ {
		plain = s[i] >= 0x20 && s[i] < 0x7f
	}
	if plain {
		return s
	}
	b := make([]byte, 0, min(len(s), max)+8)
	i := 0
	for i < len(s) && len(b) <= max {
		r, width := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && width == 1:
			b = append(b, '\\', 'x', hexLower[s[i]>>4], hexLower[s[i]&15])
		case unicode.IsPrint(r):
			b = append(b, s[i:i+width]...)
		default:
			quoted := strconv.QuoteRune(r)
			b = append(b, quoted[1:len(quoted)-1]...)
		}
		i += width
	}
	if i == len(s) && len(b) <= max {
		return string(b)
	}
	cut := max - len("…")
	for cut > 0 && !utf8.RuneStart(b[cut]) {
		cut--
	}
	return string(b[:cut]) + "…"
}

const hexLower = "0123456789abcdef"
