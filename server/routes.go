package server

import (
	"net/http"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// route is one operation: what it is reached by, who may, and what it does. A guarded one is refused, until the server
// is set up, to everything that is not plainly a client of this machine or network.
type route struct {
	method  string
	pattern string
	level   finlatch.Level
	handle  handler
	guarded bool
}

func get(pattern string, level finlatch.Level, h handler) route {
	return route{method: http.MethodGet, pattern: pattern, level: level, handle: h}
}

func post(pattern string, level finlatch.Level, h handler) route {
	return route{method: http.MethodPost, pattern: pattern, level: level, handle: h}
}

func del(pattern string, level finlatch.Level, h handler) route {
	return route{method: http.MethodDelete, pattern: pattern, level: level, handle: h}
}

func (r route) guard() route {
	r.guarded = true
	return r
}

// dto is how .NET calls a body in its error sentences.
func dto(name, kind string) httpx.Param { return httpx.Param{Name: name, Type: kind} }

const models = "Jellyfin.Api.Models."

// routes is the table, by the names of Jellyfin's API. Paths match in any case.
func (s *server) routes() []route {
	const (
		anybody      = finlatch.LevelAnybody
		user         = finlatch.LevelUser
		anyHour      = finlatch.LevelAnyHour
		admin        = finlatch.LevelAdmin
		setupOrUser  = finlatch.LevelSetupOrUser
		setupOrAdmin = finlatch.LevelSetupOrAdmin
	)
	return []route{
		get("/{$}", anybody, s.root),
		{method: http.MethodHead, pattern: "/{$}", level: anybody, handle: s.root}, // Desktop and Xbox look for the web client so
		get("/System/Info/Public", anybody, s.publicSystemInfo),
		get("/System/Info", setupOrUser, s.systemInfo).guard(),
		get("/System/Ping", anybody, s.ping),
		post("/System/Ping", anybody, s.ping),
		get("/System/Configuration", user, s.configuration),
		post("/System/Configuration", admin, body(dto("configuration", "MediaBrowser.Model.Configuration.ServerConfiguration"), s.setConfiguration)),
		get("/Branding/Configuration", anybody, s.branding),

		get("/Startup/Configuration", setupOrAdmin, s.startupConfiguration).guard(),
		post("/Startup/Configuration", setupOrAdmin, body(dto("startupConfiguration", models+"StartupDtos.StartupConfigurationDto"), s.setStartupConfiguration)).guard(),
		get("/Startup/User", setupOrAdmin, s.startupUser).guard(),
		get("/Startup/FirstUser", setupOrAdmin, s.startupUser).guard(),
		post("/Startup/User", setupOrAdmin, body(dto("startupUserDto", models+"StartupDtos.StartupUserDto"), s.setStartupUser)).guard(),
		post("/Startup/RemoteAccess", setupOrAdmin, body(dto("startupRemoteAccessDto", models+"StartupDtos.StartupRemoteAccessDto"), s.setRemoteAccess)).guard(),
		post("/Startup/Complete", setupOrAdmin, s.completeSetup).guard(),

		get("/Localization/Options", setupOrUser, list[jellyfin.LocalizationOption](localizationOptions)).guard(),
		get("/Localization/Cultures", setupOrUser, list[jellyfin.CultureDto](localizationCultures)).guard(),
		get("/Localization/Countries", setupOrUser, list[jellyfin.CountryInfo](localizationCountries)).guard(),
		get("/Library/VirtualFolders", setupOrAdmin, s.virtualFolders).guard(),

		post("/Users/AuthenticateByName", anybody, body(dto("request", models+"UserDtos.AuthenticateUserByName"), s.authenticateByName)).guard(),
		post("/Users/{userId}/Authenticate", anybody, s.authenticateByID).guard(),
		post("/Users/AuthenticateWithQuickConnect", anybody, body(httpx.Param{Name: "request", Type: models + "UserDtos.QuickConnectDto",
			Required: []string{"Secret"}}, s.authenticateWithQuickConnect)).guard(),
		get("/QuickConnect/Enabled", anybody, s.quickConnectEnabled),
		post("/QuickConnect/Initiate", anybody, s.initiateQuickConnect).guard(),
		// Finamp's beta still asks with GET, as Jellyfin allowed until 10.11.
		get("/QuickConnect/Initiate", anybody, s.initiateQuickConnect).guard(),
		get("/QuickConnect/Connect", anybody, s.quickConnectState),
		post("/QuickConnect/Authorize", user, s.authorizeQuickConnect).guard(),

		get("/Users", user, s.users),
		get("/Users/Public", anybody, s.publicUsers),
		get("/Users/Me", user, s.me),
		get("/Users/{userId}", anyHour, s.user),
		post("/Users/New", admin, body(httpx.Param{Name: "request", Type: models + "UserDtos.CreateUserByName", Must: []string{"Name"},
			Required: []string{"Name"}}, s.newUser)),
		post("/Users/{userId}/Policy", admin, body(httpx.Param{Name: "newPolicy", Type: "MediaBrowser.Model.Users.UserPolicy",
			Required: []string{"AuthenticationProviderId", "PasswordResetProviderId"}}, s.setPolicy)),
		del("/Users/{userId}", admin, s.deleteUser),

		get("/Sessions", user, s.sessions),
		post("/Sessions/Logout", user, s.logout),
		get("/Devices", admin, s.devices),
		get("/Devices/Info", admin, s.deviceInfo),
		del("/Devices", admin, s.deleteDevices),
		get("/Auth/Keys", admin, s.apiKeys),
		post("/Auth/Keys", admin, s.newAPIKey),
		del("/Auth/Keys/{key}", admin, s.deleteAPIKey),

		get("/DisplayPreferences/{displayPreferencesId}", user, s.displayPreferences),
		post("/DisplayPreferences/{displayPreferencesId}", user, body(dto("displayPreferences", "MediaBrowser.Model.Dto.DisplayPreferencesDto"), s.setDisplayPreferences)),
	}
}
