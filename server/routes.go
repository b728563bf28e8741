package server

import (
	"net/http"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// route is one operation: what it is reached by, who may, and what it does. A guarded one is refused, until the server
// is set up, to everything that is not plainly a client of this machine or network. One that is answered always looks
// neither at who asks nor at the settings, so that it can tell when the store is away. No method stands for all.
type route struct {
	method  string
	pattern string
	level   finlatch.Level
	handle  handler
	guarded bool
	always  bool
	old     bool // answered from memory while the store is away; see finlatch.Caller
	signIn  bool // there in front of a Jellyfin, too, which has all the others; see Options.SignInOnly
}

func get(pattern string, level finlatch.Level, h handler) route {
	return route{method: http.MethodGet, pattern: pattern, level: level, handle: h}
}

func head(pattern string, level finlatch.Level, h handler) route {
	return route{method: http.MethodHead, pattern: pattern, level: level, handle: h}
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

func (r route) own() route {
	r.signIn = true
	return r
}

func (r route) anyway() route {
	r.always = true
	return r
}

func (r route) remembered() route {
	r.old = true
	return r
}

// dto is how .NET calls a body in its error sentences.
func dto(name, kind string) httpx.Param { return httpx.Param{Name: name, Type: kind} }

const models = "Jellyfin.Api.Models."

// routes is the table, by the names of Jellyfin's API. Paths match in any case.
func (s *Server) routes() []route {
	const (
		anybody      = finlatch.LevelAnybody
		user         = finlatch.LevelUser
		anyHour      = finlatch.LevelAnyHour
		admin        = finlatch.LevelAdmin
		setupOrUser  = finlatch.LevelSetupOrUser
		setupOrAdmin = finlatch.LevelSetupOrAdmin

		userImage = "/Users/{userId}/Images/{imageType}"
	)
	enums := map[string]string{"SubtitleMode": "Jellyfin.Database.Implementations.Enums.SubtitlePlaybackMode",
		"GeneralCommandType": "MediaBrowser.Model.Session.GeneralCommandType"}
	userBody := httpx.Param{Name: "updateUser", Type: "MediaBrowser.Model.Dto.UserDto", Types: enums,
		Required: []string{"Policy.PasswordResetProviderId", "Policy.AuthenticationProviderId"}}
	userConfigurationBody := httpx.Param{Name: "userConfig", Type: "MediaBrowser.Model.Configuration.UserConfiguration", Types: enums}
	routes := []route{
		get("/System/Info/Public", anybody, s.publicSystemInfo),
		get("/System/Info", setupOrUser, s.systemInfo).guard().remembered(),
		get("/System/Ping", anybody, s.ping),
		post("/System/Ping", anybody, s.ping),
		route{pattern: "/health", level: anybody, handle: s.healthy}.anyway().own(), // in any method
		get("/metrics", admin, s.metrics).own(),
		get("/System/ActivityLog/Entries", admin, s.activityLog),
		get("/System/Logs", admin, func(*request) (any, error) { return noList, nil }), // the log goes to standard error
		get("/System/Logs/Log", admin, func(*request) (any, error) { return nil, finlatch.ErrNotFound }),
		post("/System/Restart", admin, s.leftToOwner),
		post("/System/Shutdown", admin, s.leftToOwner),
		post("/ClientLog/Document", user, s.clientLog),
		get("/System/Info/Storage", admin, s.storage),
		get("/System/Configuration", user, s.configuration),
		post("/System/Configuration", admin, body(dto("configuration", configurations+"ServerConfiguration"), s.setConfiguration)),
		get("/System/Configuration/{key}", user, s.namedConfiguration),
		post("/System/Configuration/{key}", admin, s.setNamedConfiguration),
		get("/System/Configuration/MetadataOptions/Default", admin, s.defaultMetadataOptions),
		get("/System/Endpoint", user, s.endpoint),
		get("/Branding/Configuration", anybody, s.branding),
		get("/Branding/Css", anybody, s.brandingCSS),
		get("/Branding/Css.css", anybody, s.brandingCSS),

		get("/Startup/Configuration", setupOrAdmin, s.startupConfiguration).guard(),
		post("/Startup/Configuration", setupOrAdmin, body(dto("startupConfiguration", models+"StartupDtos.StartupConfigurationDto"), s.setStartupConfiguration)).guard(),
		get("/Startup/User", setupOrAdmin, s.startupUser).guard(),
		get("/Startup/FirstUser", setupOrAdmin, s.startupUser).guard(),
		post("/Startup/User", setupOrAdmin, body(dto("startupUserDto", models+"StartupDtos.StartupUserDto"), s.setStartupUser)).guard(),
		post("/Startup/RemoteAccess", setupOrAdmin, body(dto("startupRemoteAccessDto", models+"StartupDtos.StartupRemoteAccessDto"), s.setRemoteAccess)).guard(),
		post("/Startup/Complete", setupOrAdmin, s.completeSetup).guard(),

		get("/Localization/Options", setupOrUser, list[jellyfin.LocalizationOption](localizationOptions)).guard(),
		get("/Localization/Cultures", setupOrUser, list[jellyfin.CultureDto](localizationCultures)).guard(),
		get("/Localization/ParentalRatings", setupOrUser, list[jellyfin.ParentalRating](localizationRatings)).guard(),
		get("/Localization/Countries", setupOrUser, list[jellyfin.CountryInfo](localizationCountries)).guard(),

		post("/Users/AuthenticateByName", anybody, body(dto("request", models+"UserDtos.AuthenticateUserByName"), s.authenticateByName)).guard().own(),
		post("/Users/{userId}/Authenticate", anybody, s.authenticateByID).guard().own(),
		post("/Users/AuthenticateWithQuickConnect", anybody, body(httpx.Param{Name: "request", Type: models + "UserDtos.QuickConnectDto",
			Required: []string{"Secret"}}, s.authenticateWithQuickConnect)).guard().own(),
		get("/QuickConnect/Enabled", anybody, s.quickConnectEnabled).own(),
		post("/QuickConnect/Initiate", anybody, s.initiateQuickConnect).guard().own(),
		// Finamp's beta still asks with GET, as Jellyfin allowed until 10.11.
		get("/QuickConnect/Initiate", anybody, s.initiateQuickConnect).guard().own(),
		get("/QuickConnect/Connect", anybody, s.quickConnectState).own().remembered(),
		post("/QuickConnect/Authorize", user, s.authorizeQuickConnect).guard().own(),
		// Jellyfin has nothing of the kind, and its pages lie at /finlatch/.
		get("/QuickConnect/Finlatch/Asked", user, s.askedQuickConnect).guard().own(),
		post("/QuickConnect/Finlatch/Approve", user, s.approveAsked).guard().own(),
		post("/QuickConnect/Finlatch/Deny", user, s.denyAsked).guard().own(),

		get("/Users", user, s.users),
		get("/Users/Public", anybody, s.publicUsers),
		get("/Users/Me", user, s.me).remembered(),
		get("/Users/{userId}", anyHour, s.user),
		post("/Users/New", admin, body(httpx.Param{Name: "request", Type: models + "UserDtos.CreateUserByName", Must: []string{"Name"},
			Required: []string{"Name"}}, s.newUser)),
		post("/Users/{userId}/Policy", admin, body(httpx.Param{Name: "newPolicy", Type: "MediaBrowser.Model.Users.UserPolicy",
			Required: []string{"AuthenticationProviderId", "PasswordResetProviderId"}}, s.setPolicy)),
		del("/Users/{userId}", admin, s.deleteUser),
		post("/Users", user, body(userBody, s.updateUser)),
		post("/Users/{userId}", user, body(userBody, s.updateUser)),
		post("/Users/Configuration", user, body(userConfigurationBody, s.setUserConfiguration)),
		post("/Users/{userId}/Configuration", user, body(userConfigurationBody, s.setUserConfiguration)),
		post("/Users/Password", user, body(dto("request", models+"UserDtos.UpdateUserPassword"), s.setPassword)),
		post("/Users/{userId}/Password", user, body(dto("request", models+"UserDtos.UpdateUserPassword"), s.setPassword)),
		post("/Users/ForgotPassword", anybody, body(httpx.Param{Name: "forgotPasswordRequest", Type: models + "UserDtos.ForgotPasswordDto",
			Must: []string{"EnteredUsername"}, Required: []string{"EnteredUsername"}}, s.forgotPassword)).guard(),
		post("/Users/ForgotPassword/Pin", anybody, body(httpx.Param{Name: "forgotPasswordPinRequest", Type: models + "UserDtos.ForgotPasswordPinDto",
			Must: []string{"Pin"}, Required: []string{"Pin"}}, s.redeemPIN)).guard(),

		get("/UserImage", anybody, s.userImage),
		head("/UserImage", anybody, s.userImage),
		post("/UserImage", user, s.setUserImage),
		del("/UserImage", user, s.deleteUserImage),
		get(userImage, anybody, s.userImage),
		head(userImage, anybody, s.userImage),
		post(userImage, user, s.setUserImage),
		del(userImage, user, s.deleteUserImage),
		get(userImage+"/{imageIndex}", anybody, s.userImage),
		head(userImage+"/{imageIndex}", anybody, s.userImage),
		post(userImage+"/{imageIndex}", user, s.setUserImage),
		del(userImage+"/{imageIndex}", user, s.deleteUserImage),
		get("/Branding/Splashscreen", anybody, s.splashScreen),
		post("/Branding/Splashscreen", admin, s.setSplashScreen),
		del("/Branding/Splashscreen", admin, s.deleteSplashScreen),

		get("/Sessions", user, s.sessions),
		post("/Sessions/Logout", user, s.logout).own(),
		post("/Sessions/Capabilities", user, s.setCapabilities),
		post("/Sessions/Capabilities/Full", user, body(httpx.Param{Name: "capabilities", Type: "MediaBrowser.Model.Dto.ClientCapabilitiesDto", Types: enums},
			s.setFullCapabilities)),
		post("/Sessions/Viewing", user, s.report),
		post("/Sessions/Playing", user, s.report),
		post("/Sessions/Playing/Progress", user, s.report),
		post("/Sessions/Playing/Ping", user, s.report),
		post("/Sessions/Playing/Stopped", user, s.report),
		post("/Sessions/{sessionId}/User/{userId}", user, s.additionalUser),
		del("/Sessions/{sessionId}/User/{userId}", user, s.additionalUser),
		post("/Sessions/{sessionId}/Command", user, body(dto("command", "MediaBrowser.Model.Session.GeneralCommand"), s.sendFullCommand)),
		post("/Sessions/{sessionId}/Command/{command}", user, s.sendCommand),
		post("/Sessions/{sessionId}/System/{command}", user, s.sendCommand),
		post("/Sessions/{sessionId}/Message", user, body(httpx.Param{Name: "command", Type: "MediaBrowser.Model.Session.MessageCommand",
			Must: []string{"Text"}, Required: []string{"Text"}}, s.sendMessage)),
		post("/Sessions/{sessionId}/Viewing", user, s.displayContent),
		post("/Sessions/{sessionId}/Playing", user, s.play),
		post("/Sessions/{sessionId}/Playing/{command}", user, s.setPlaystate),
		// Administrators', but for what users do for themselves, with their own userId.
		get("/Devices", user, s.devices),
		get("/Devices/Info", user, s.deviceInfo),
		get("/Devices/Options", user, s.deviceOptions),
		post("/Devices/Options", user, body(dto("deviceOptions", "Jellyfin.Data.Dtos.DeviceOptionsDto"), s.setDeviceOptions)),
		del("/Devices", user, s.deleteDevices),
		get("/Auth/Providers", admin, s.authProviders),
		get("/Auth/PasswordResetProviders", admin, s.passwordResetProviders),
		get("/Auth/Keys", admin, s.apiKeys),
		post("/Auth/Keys", admin, s.newAPIKey),
		del("/Auth/Keys/{key}", admin, s.deleteAPIKey),

		get("/DisplayPreferences/{displayPreferencesId}", user, s.displayPreferences),
		post("/DisplayPreferences/{displayPreferencesId}", user, body(dto("displayPreferences", "MediaBrowser.Model.Dto.DisplayPreferencesDto"), s.setDisplayPreferences)),
	}
	elsewhere := s.options.Fallback != nil // which may have a web client and media
	if !elsewhere || s.options.WebDir != "" {
		routes = append(routes, s.webRoutes()...)
	}
	if !elsewhere {
		routes = append(routes, s.library()...)
	}
	return routes
}
