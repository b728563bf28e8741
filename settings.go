package finlatch

// Settings is the server's own record: what an administrator sets through the API. There is exactly one.
type Settings struct {
	ServerID      ID
	ServerName    string // empty: the name of the machine
	SetupComplete bool   // never goes back
	QuickConnect  bool
	// LegacyAuthorization accepts the older places for a token: X-Emby-Token, X-MediaBrowser-Token,
	// X-Emby-Authorization, the scheme Emby and the query's api_key.
	LegacyAuthorization       bool
	RemoteAccess              bool // of the whole server, as the first run asks; kept for clients that show it
	UICulture                 string
	MetadataCountryCode       string
	PreferredMetadataLanguage string
	// Rest holds the members of Jellyfin's ServerConfiguration that finlatch only keeps, as JSON; empty: the defaults.
	Rest []byte
}

func newSettings(id ID) Settings {
	return Settings{
		ServerID: id, QuickConnect: true, LegacyAuthorization: true, RemoteAccess: true,
		UICulture: "en-US", MetadataCountryCode: "US", PreferredMetadataLanguage: "en",
	}
}

// DisplayPreferences is what an app keeps for a user: one JSON document for each item and client name.
type DisplayPreferences struct {
	UserID ID
	ItemID ID
	Client string
	Data   []byte
}
