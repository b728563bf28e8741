package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/internal/httpx"
)

func dashed(id string) string {
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

func TestPathsHaveManySpellings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.names["dashed"], w.names["upper"] = dashed(w.names["ann"]), strings.ToUpper(w.names["ann"])
	ping, ann := jsonOf(200, `"Jellyfin Server"`), golden(t, "user")
	lost := empty(404).with("Content-Length", "0")
	w.play(t,
		scenario{name: "lower case", do: "GET /system/ping", want: ping},
		scenario{name: "upper case", do: "GET /SYSTEM/PING", want: ping},
		scenario{name: "slash at the end", do: "GET /System/Ping/", want: ping},
		scenario{name: "doubled slash first", do: "GET //System/Ping", want: ping},
		scenario{name: "doubled slash inside", do: "GET /System//Ping", want: ping},
		scenario{name: "dots", do: "GET /Users/../System/./Ping", want: ping},
		scenario{name: "escapes", do: "GET /%53ystem/Pi%6Eg", want: ping},
		scenario{name: "emby", do: "GET /emby/System/Ping", want: ping},
		scenario{name: "mediabrowser", do: "GET /MediaBrowser/System/Ping", want: ping},
		scenario{name: "emby and a doubled slash", do: "POST /Emby//System/Ping", want: ping},
		scenario{name: "format", do: "GET /System/Ping?format=json", want: ping},
		scenario{name: "a word that begins like emby", do: "GET /embyo/System/Ping", want: lost},
		scenario{name: "encoded slash", do: "GET /System%2FPing", want: lost},
		scenario{name: "only the prefix", do: "GET /emby", want: empty(302).with("Location", "web/")},

		scenario{name: "id", do: "GET /Users/${ann}", as: "ann", want: ann},
		scenario{name: "dashed id", do: "GET /users/${dashed}", as: "ann", want: ann},
		scenario{name: "upper-case id", do: "GET /Users/${upper}/", as: "ann", want: ann},
		scenario{name: "id in braces", do: "GET /Users/%7B${dashed}%7D", as: "ann", want: ann},
		scenario{name: "id below emby", do: "GET /emby/Users/${upper}", as: "ann", want: ann},
		scenario{name: "no id", do: "GET /Users/${ann}0", as: "ann", want: problem(400, `{"userId":["The value '${ann}0' is not valid."]}`)},
		scenario{name: "id of nobody", do: "GET /Users/0123456789abcdef0123456789abcdef", as: "ann", want: jsonOf(404, `"User not found"`)},
		scenario{name: "zero id", do: "GET /Users/00000000000000000000000000000000", as: "ann", want: failed(400)},
		scenario{name: "an operation of another method", do: "GET /Users/AuthenticateByName", as: "ann",
			want: problem(400, `{"userId":["The value 'AuthenticateByName' is not valid."]}`)},

		scenario{name: "query names in any case", do: "GET /DEVICES?USERID=${dashed}", as: "admin", want: anything(200)},
		scenario{name: "query values count", do: "GET /devices?uSeRiD=0123456789abcdef0123456789abcdef", as: "admin", want: failed(404)},
		scenario{name: "query name of a flag", do: "GET /users?ISHIDDEN=nonsense", as: "ann", want: problem(400, `{"isHidden":["The value 'nonsense' is not valid."]}`)},
		scenario{name: "key in the query, any case", do: "GET /users/me?apikey=${ann.token}", want: ann},
		scenario{name: "body keys in any case", do: "POST /users/authenticatebyname", send: `{"USERNAME":"ann","pW":"ann-pw"}`,
			want: anything(200), log: []string{"AuthenticationSucceeded"}},
		scenario{name: "secret in lower case", do: "POST /users/authenticatewithquickconnect", send: `{"secret":"${fresh approved secret}"}`,
			want: anything(200), log: []string{"AuthenticationSucceeded"}},

		scenario{name: "unknown", do: "GET /Nowhere", want: lost},
		scenario{name: "unknown, with a token", do: "GET /Nowhere/At/All", as: "ann", want: lost},
		scenario{name: "unknown, with a stale token", do: "GET /Nowhere?ApiKey=0123456789abcdef0123456789abcdef", want: lost},
		scenario{name: "below an operation", do: "GET /System/Ping/More", want: lost},
		scenario{name: "a file of the web client", do: "GET /web/main.js", want: lost},
	)
}

func TestWrongMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused := func(allow string) answer { return empty(405).with("Allow", allow).with("Content-Length", "0") }
	w.play(t,
		scenario{name: "post", do: "POST /System/Info/Public", want: refused("GET")},
		scenario{name: "put", do: "PUT /System/Ping", want: refused("GET, POST")},
		scenario{name: "delete", do: "DELETE /system/ping/", as: "admin", want: refused("GET, POST")},
		scenario{name: "patch where an id may stand", do: "PATCH /Users/Me", want: refused("DELETE, GET, POST")},
		scenario{name: "unheard of", do: "BREW /Users/New", want: refused("DELETE, GET, POST")},
		scenario{name: "get of the end of the set-up", do: "GET /Startup/Complete", want: refused("POST")},
		scenario{name: "options", do: "OPTIONS /System/Ping", want: refused("GET, POST")},
		scenario{name: "options of nothing", do: "OPTIONS /Nowhere", want: empty(404)},
		scenario{name: "the root", do: "POST /", want: refused("GET, HEAD")},
		// HEAD has no body to look at, so no Content-Length either
		scenario{name: "head", do: "HEAD /System/Ping", want: empty(405).with("Allow", "GET, POST")},
		scenario{name: "head of nothing", do: "HEAD /Nowhere", want: empty(404)},
		scenario{name: "head of the root", do: "HEAD /", want: empty(302).with("Location", "web/")},
	)
}

// What the table does not know goes to the fallback as it was sent.
func TestFallbackGetsTheRequestAsItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *options) {
		o.server.Fallback = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(httpx.Unlimited(r).Body)
			httpx.WriteText(rw, http.StatusTeapot, r.Method+" "+r.URL.String()+" "+string(body))
		})
	})
	w.play(t,
		scenario{name: "path and query", do: "POST /emby//Items/%41?Sort=A%20b", send: "[1]", want: text(418, "POST /emby//Items/%41?Sort=A%20b [1]")},
		scenario{name: "another method of an operation", do: "PUT /System/Ping", want: empty(405)},
		scenario{name: "an operation", do: "GET /emby/System/Ping", want: jsonOf(200, `"Jellyfin Server"`)},
	)
	large := strings.Repeat("x", 3<<20) // what is handed on is not kept, so it is not bounded
	w.perform(scenario{do: "PUT /Items", send: large, want: text(418, "PUT /Items "+large)})
}

func TestCORS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	origin := func(more ...string) map[string]string {
		header := map[string]string{"Origin": "https://app.example"}
		for i := 0; i < len(more); i += 2 {
			header[more[i]] = more[i+1]
		}
		return header
	}
	preflight := func(method string) map[string]string {
		return origin("Access-Control-Request-Method", method, "Access-Control-Request-Headers", "authorization,content-type", "Authorization", "-")
	}
	allowed := func(a answer) answer {
		return a.with("Access-Control-Allow-Origin", "*").with("Access-Control-Allow-Credentials", "")
	}
	w.play(t,
		scenario{name: "no origin", do: "GET /System/Ping", want: jsonOf(200, `"Jellyfin Server"`).with("Access-Control-Allow-Origin", "")},
		scenario{name: "an operation", do: "GET /System/Ping", header: origin(), want: allowed(jsonOf(200, `"Jellyfin Server"`))},
		scenario{name: "a refusal", do: "GET /Users/Me", header: origin(), want: allowed(empty(401))},
		scenario{name: "nothing", do: "GET /Nowhere", header: origin(), want: allowed(empty(404))},
		scenario{name: "an error", do: "POST /Users/AuthenticateByName", header: origin(), send: `{"Username":"ann","Pw":"no"}`,
			want: allowed(failed(401)), log: []string{"AuthenticationFailed"}},
		scenario{name: "another site after the set-up", do: "POST /Users/AuthenticateByName", header: origin("Sec-Fetch-Site", "cross-site"),
			send: `{"Username":"ann","Pw":"ann-pw"}`, want: allowed(anything(200)), log: []string{"AuthenticationSucceeded"}},
		scenario{name: "preflight", do: "OPTIONS /Users/AuthenticateByName", header: preflight("POST"), want: allowed(empty(204)).
			with("Access-Control-Allow-Methods", "POST").with("Access-Control-Allow-Headers", "authorization,content-type")},
		scenario{name: "preflight of what needs a token", do: "OPTIONS /users/me", header: preflight("GET"), want: allowed(empty(204))},
		scenario{name: "preflight of nothing", do: "OPTIONS /Nowhere", header: preflight("DELETE"), want: allowed(empty(204))},
		scenario{name: "options that is no preflight", do: "OPTIONS /System/Ping", header: origin(), want: allowed(empty(405))},
	)
}

// An administrator may let in named origins only; they come with credentials.
func TestCORSOfNamedOrigins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	from := func(origin string) map[string]string { return map[string]string{"Origin": origin} }
	w.play(t,
		scenario{name: "set", as: "admin", do: "POST /System/Configuration", send: `{"QuickConnectAvailable":true,"CorsHosts":["https://app.example"]}`,
			want: empty(204), log: []string{"ServerConfigurationUpdated"}},
		scenario{name: "named", do: "GET /System/Ping", header: from("https://app.example"), want: jsonOf(200, `"Jellyfin Server"`).
			with("Access-Control-Allow-Origin", "https://app.example").with("Access-Control-Allow-Credentials", "true")},
		scenario{name: "another", do: "GET /System/Ping", header: from("https://other.example"), want: jsonOf(200, `"Jellyfin Server"`).
			with("Access-Control-Allow-Origin", "")},
	)
}
