package httpx

import (
	"mime"
	"strconv"
	"strings"
)

const (
	jsonType   = "application/json; charset=utf-8"
	camelType  = `application/json; profile="CamelCase"; charset=utf-8`
	pascalType = `application/json; profile="PascalCase"; charset=utf-8`
)

// jsonProfile chooses between Jellyfin's spellings of names by the Accept header. Nothing there makes the answer fail:
// who asks for HTML gets JSON.
func jsonProfile(accept []string) (contentType string, camel bool) {
	contentType, best := jsonType, 0.0
	if len(accept) == 0 {
		return contentType, false
	}
	whole := strings.Join(accept, ",")
	if !strings.Contains(strings.ToLower(whole), "profile") {
		return contentType, false
	}
	for part := range strings.SplitSeq(whole, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil || media != "application/json" && media != "application/*" && media != "*/*" {
			continue
		}
		quality := 1.0
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil {
			quality = q
		}
		if !(quality > best) {
			continue
		}
		best = quality
		switch profile := params["profile"]; {
		case media == "application/json" && strings.EqualFold(profile, "CamelCase"):
			contentType, camel = camelType, true
		case media == "application/json" && strings.EqualFold(profile, "PascalCase"):
			contentType, camel = pascalType, false
		default:
			contentType, camel = jsonType, false
		}
	}
	return contentType, camel
}

// camelCase follows a JSON text and lowers the first letters of members' names. Keys of dictionaries stay, as in .NET;
// JSON does not tell them from members, so they are known by the name of the member that holds them.
type camelCase struct {
	on      bool
	next    bool   // the next object is a dictionary
	objects []bool // the open objects and arrays: whether it is a dictionary
}

// dictionaries are the members of Jellyfin's sign-in API whose value is a dictionary.
var dictionaries = [...]string{"CustomPrefs", "errors"}

// structure follows one byte outside of strings.
func (c *camelCase) structure(b byte) {
	if !c.on {
		return
	}
	switch b {
	case '{', '[':
		c.objects = append(c.objects, c.next)
		c.next = false
	case '}', ']':
		if len(c.objects) > 0 {
			c.objects = c.objects[:len(c.objects)-1]
		}
	}
}

// text follows a string and changes it in place if it is the name of a member.
func (c *camelCase) text(s []byte, key bool) {
	if !c.on || !key {
		return
	}
	if n := len(c.objects); n > 0 && c.objects[n-1] {
		c.next = false
		return
	}
	c.next = false
	for _, name := range dictionaries {
		c.next = c.next || string(s) == name
	}
	for i, b := range s {
		// .NET lowers a run of capitals but for its last one if a small letter follows: "IPAddress" is "ipAddress".
		if b < 'A' || b > 'Z' || i > 0 && i+1 < len(s) && (s[i+1] < 'A' || s[i+1] > 'Z') {
			break
		}
		s[i] = b + 'a' - 'A'
	}
}
