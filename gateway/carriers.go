package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

// Carrier is an old place for a token, which Jellyfin 12 no longer reads.
type Carrier string

// The old places, in the order in which they are looked at.
const (
	CarrierScheme            Carrier = "emby"                 // Authorization: Emby Token="…"
	CarrierAuthorization     Carrier = "x-emby-authorization" // X-Emby-Authorization: MediaBrowser Token="…"
	CarrierEmbyToken         Carrier = "x-emby-token"         // X-Emby-Token: …
	CarrierMediaBrowserToken Carrier = "x-mediabrowser-token" // X-MediaBrowser-Token: …
	CarrierQuery             Carrier = "api_key"              // ?api_key=…

	modern Carrier = "" // none of them
)

const (
	authHeader      = "Authorization"
	embyAuth        = "X-Emby-Authorization"
	embyToken       = "X-Emby-Token"
	mediaBrowserKey = "X-Mediabrowser-Token" // as net/http spells it
	apiKey          = "ApiKey"
	oldAPIKey       = "api_key"

	maxCarrierUses = 200
)

// Carriers are all old places.
func Carriers() []Carrier {
	return []Carrier{CarrierScheme, CarrierAuthorization, CarrierEmbyToken, CarrierMediaBrowserToken, CarrierQuery}
}

// CarrierUse says how often an old place was used by one app since the start. App is "" beyond the first 200, and
// where a place is refused, for then nobody has asked whose token it is.
type CarrierUse struct {
	Carrier  Carrier
	App      string
	Accepted uint64
	Refused  uint64
	Last     time.Time
}

// carriers reads tokens and counts who uses old places.
type carriers struct {
	refused []Carrier

	mu   sync.Mutex
	uses map[carrierApp]*CarrierUse
}

type carrierApp struct {
	carrier Carrier
	app     string
}

// said is what a request says of the app that sends it.
type said struct {
	app      jellyfin.Authorization // made harmless, without token
	foreign  string                 // an Authorization header of another scheme
	token    string
	carrier  Carrier
	inHeader bool   // some header gave the token
	inQuery  bool   // the query has one, whether it is looked at or not
	query    string // without tokens
}

// read finds the token as jellyfin.TokenFrom does, and where it is.
func (c *carriers) read(r *http.Request, now time.Time) (s said) {
	lines := r.Header[authHeader]
	carrier := modern
	header, ours := jellyfin.Authorization{}, false
	switch {
	case joined(lines) != "":
		if header, ours = jellyfin.ParseAuthorization(lines[0]); !ours && !resembles(lines[0]) {
			s.foreign = lines[0]
		}
		if header.Scheme == jellyfin.SchemeEmby {
			carrier = CarrierScheme
		}
	case len(r.Header[embyAuth]) > 0:
		header, _ = jellyfin.ParseAuthorization(r.Header[embyAuth][0])
		carrier = CarrierAuthorization
	}
	if c.offered(&s, carrier, header.Token, now) {
		info := finlatch.NewClientInfo(header.Client, header.Version, header.Device, header.DeviceID)
		s.app = jellyfin.Authorization{Client: info.AppName, Version: info.AppVersion, Device: info.DeviceName, DeviceID: info.DeviceID}
	}
	c.offered(&s, CarrierEmbyToken, joined(r.Header[embyToken]), now)
	c.offered(&s, CarrierMediaBrowserToken, joined(r.Header[mediaBrowserKey]), now)
	s.inHeader = s.token != ""
	if s.query = r.URL.RawQuery; s.query != "" {
		var keys, olds []string
		s.query, keys, olds = withoutTokens(s.query)
		s.inQuery = len(keys)+len(olds) > 0
		c.offered(&s, modern, joined(keys), now)
		c.offered(&s, CarrierQuery, joined(olds), now)
	}
	if strings.TrimSpace(s.token) == "" {
		s.token = "" // blanks are no token, and hide those in other places
	}
	return s
}

// resembles tells whether a foreign Authorization header is so like ours that somebody may read a token in it.
func resembles(header string) bool {
	scheme := strings.FieldsFunc(header, func(c rune) bool { return !unicode.IsLetter(c) })
	return len(scheme) > 0 && (strings.EqualFold(scheme[0], jellyfin.SchemeMediaBrowser) || strings.EqualFold(scheme[0], jellyfin.SchemeEmby))
}

// offered takes a token if there is none yet, and tells whether its place is read at all.
func (c *carriers) offered(s *said, carrier Carrier, token string, now time.Time) bool {
	if slices.Contains(c.refused, carrier) {
		if token != "" && s.token == "" {
			c.count(carrier, "", now, true)
		}
		return false
	}
	if s.token == "" && token != "" {
		s.token, s.carrier = token, carrier
	}
	return true
}

// used counts a request whose token is known.
func (c *carriers) used(carrier Carrier, app string, now time.Time) {
	if carrier != modern {
		c.count(carrier, app, now, false)
	}
}

func (c *carriers) count(carrier Carrier, app string, now time.Time, refused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := carrierApp{carrier, app}
	use := c.uses[key]
	if use == nil && len(c.uses) >= maxCarrierUses {
		key.app = ""
		use = c.uses[key]
	}
	if use == nil {
		use = &CarrierUse{Carrier: key.carrier, App: key.app}
		c.uses[key] = use
	}
	if use.Last = now; refused {
		use.Refused++
	} else {
		use.Accepted++
	}
}

// OldTokens says who still sends tokens in old places, by place, the most frequent first.
func (g *Gateway) OldTokens() []CarrierUse {
	g.carriers.mu.Lock()
	defer g.carriers.mu.Unlock()
	uses := make([]CarrierUse, 0, len(g.carriers.uses))
	for _, use := range g.carriers.uses {
		uses = append(uses, *use)
	}
	slices.SortFunc(uses, func(a, b CarrierUse) int {
		if order := slices.Index(Carriers(), a.Carrier) - slices.Index(Carriers(), b.Carrier); order != 0 {
			return order
		}
		if order := int(int64(b.Accepted+b.Refused) - int64(a.Accepted+a.Refused)); order != 0 {
			return order
		}
		return strings.Compare(a.App, b.App)
	})
	return uses
}

// withoutTokens takes ApiKey and api_key out of a query, in any case and encoding. Everything else stays as it was sent. From
// a query that was encoded once more as a whole, which Jellyfin unpacks after it has looked for tokens, they only go.
func withoutTokens(query string) (rest string, keys, olds []string) {
	packed := strings.TrimSuffix(strings.Trim(query, "&"), "=")
	if whole, err := url.QueryUnescape(packed); err == nil && !strings.ContainsAny(packed, "&=") && strings.Contains(whole, "=") {
		if inner, keys, olds := partsWithoutTokens(whole); len(keys)+len(olds) > 0 {
			return url.QueryEscape(inner), nil, nil
		}
		return query, nil, nil
	}
	return partsWithoutTokens(query)
}

// partsWithoutTokens is withoutTokens for a query as it is.
func partsWithoutTokens(query string) (rest string, keys, olds []string) {
	kept := make([]string, 0, strings.Count(query, "&")+1)
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		// What is badly encoded is neither name, for it has a percent sign.
		name, _ = url.QueryUnescape(name)
		isKey, isOld := strings.EqualFold(name, apiKey), strings.EqualFold(name, oldAPIKey)
		if !isKey && !isOld {
			kept = append(kept, part)
			continue
		}
		if plain, err := url.QueryUnescape(value); err == nil {
			value = plain
		}
		if isKey {
			keys = append(keys, value)
		} else {
			olds = append(olds, value)
		}
	}
	return strings.Join(kept, "&"), keys, olds
}

// joined is .NET's StringValues as a string: empty values do not count.
func joined(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return strings.Join(slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" }), ",")
}

// authorize puts the token where upstream reads it, of whatever age it is, and nothing else that could be one. An empty token
// leaves none.
func (s *said) authorize(h http.Header, u *url.URL, token string) {
	for _, name := range [...]string{authHeader, embyAuth, embyToken, mediaBrowserKey} {
		h.Del(name)
	}
	app := s.app
	if s.inHeader {
		app.Token = token
	}
	switch {
	case app != (jellyfin.Authorization{}):
		h.Set(authHeader, app.Header())
	case s.foreign != "":
		h.Set(authHeader, s.foreign)
	}
	// Jellyfin writes the query into its lists of HLS segments, so a token stays where it was.
	if u.RawQuery = s.query; s.inQuery && token != "" {
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += apiKey + "=" + url.QueryEscape(token)
	}
}
