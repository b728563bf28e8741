package finlatch

import "net/netip"

// WidestProxies is how many bits a network of trusted proxies has in common at least: whoever is trusted says where others
// come from, so it cannot be everybody, nor half of them.
const WidestProxies = 8

// Settings is the server's own record: what an administrator sets through the API. There is exactly one.
type Settings struct {
	ServerID      ID
	ServerName    string // empty: the name of the machine
	SetupComplete bool   // never goes back
	QuickConnect  bool
	// LegacyAuthorization accepts the older places for a token: X-Emby-Token, X-MediaBrowser-Token,
	// X-Emby-Authorization, the scheme Emby and the query's api_key.
	LegacyAuthorization       bool
	RemoteAccess              bool // of the whole server: whether anybody signs in or stays signed in from outside the local networks
	UICulture                 string
	MetadataCountryCode       string
	PreferredMetadataLanguage string
	CorsHosts                 []string       // origins whose scripts may call the API with credentials; empty, or "*" alone: all, without
	ActivityDays              int            // entries of the activity log are kept so long; 0: as long as there is room
	ClientLogs                bool           // whether apps may upload their logs
	KnownProxies              []netip.Prefix // trusted besides those that the program was started with
	LocalNetworks             []netip.Prefix // what counts as local; empty: what the program was started with
	Branding                  Branding
	// Rest holds the members of Jellyfin's ServerConfiguration that finlatch only keeps, as JSON; empty: the defaults.
	Rest []byte
	// Named holds the named configurations that finlatch only keeps, as JSON, by Jellyfin's names for them.
	Named map[string][]byte
}

// Branding is how the sign-in page of an official client looks.
type Branding struct {
	LoginDisclaimer string // Markdown
	CustomCSS       string
	SplashScreen    bool // whether strangers may see the splash screen
}

func newSettings(id ID) Settings {
	return Settings{
		ServerID: id, QuickConnect: true, LegacyAuthorization: true, RemoteAccess: true,
		UICulture: "en-US", MetadataCountryCode: "US", PreferredMetadataLanguage: "en", ActivityDays: 30, ClientLogs: true,
	}
}

// DisplayPreferences is what an app keeps for a user: one JSON document for each item and client name.
type DisplayPreferences struct {
	UserID ID
	ItemID ID
	Client string
	Data   []byte
}
