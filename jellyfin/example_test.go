package jellyfin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/finlatch/finlatch/jellyfin"
)

// exampleServer answers as a Jellyfin does that knows ann and her password, "secret".
func exampleServer() *httptest.Server {
	approved := time.Now().Add(time.Second)
	const user = `{"Name":"ann","Id":"0123456789abcdef0123456789abcdef"}`
	answers := map[string]func(r *http.Request) (int, string){
		"/System/Info/Public":    func(*http.Request) (int, string) { return 200, publicInfo },
		"/Users/Me":              func(*http.Request) (int, string) { return 200, user },
		"/UserViews":             func(*http.Request) (int, string) { return 200, `{"Items":[]}` },
		"/Sessions/Logout":       func(*http.Request) (int, string) { return 204, "" },
		"/QuickConnect/Enabled":  func(*http.Request) (int, string) { return 200, "true" },
		"/QuickConnect/Initiate": func(*http.Request) (int, string) { return 200, `{"Secret":"S","Code":"123456"}` },
		"/QuickConnect/Connect": func(*http.Request) (int, string) {
			return 200, fmt.Sprintf(`{"Authenticated":%v}`, time.Now().After(approved))
		},
		"/QuickConnect/Authorize":             func(*http.Request) (int, string) { return 200, "true" },
		"/Users/AuthenticateWithQuickConnect": func(*http.Request) (int, string) { return 200, `{"AccessToken":"T","User":` + user + `}` },
		"/Users/AuthenticateByName": func(r *http.Request) (int, string) {
			if body, _ := io.ReadAll(r.Body); string(body) != `{"Username":"ann","Pw":"secret"}` {
				return 401, "Error processing request."
			}
			return 200, `{"AccessToken":"T","User":` + user + `}`
		},
		"/QuickConnect/Finlatch/Asked": func(*http.Request) (int, string) {
			return 200, `{"Code":"123456","AppName":"Telly","AppVersion":"2.0","DeviceName":"TV","Address":"192.168.1.7","InNetwork":true,"AgeSeconds":12}`
		},
		"/QuickConnect/Finlatch/Approve": func(*http.Request) (int, string) { return 204, "" },
		"/QuickConnect/Finlatch/Deny":    func(*http.Request) (int, string) { return 204, "" },
		"/Users/Public":                  func(*http.Request) (int, string) { return 200, `[` + user + `]` },
		"/Branding/Configuration": func(*http.Request) (int, string) {
			return 200, `{"LoginDisclaimer":"Be kind.","SplashscreenEnabled":false}`
		},
		"/Devices": func(r *http.Request) (int, string) {
			if r.Method == http.MethodDelete {
				return 204, ""
			}
			return 200, `{"Items":[{"Name":"TV","AppName":"Telly","Id":"tv-1"}],"TotalRecordCount":1,"StartIndex":0}`
		},
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, found := answers[r.URL.Path]
		if !found {
			http.NotFound(w, r)
			return
		}
		status, body := answer(r)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
}

var exampleApp = jellyfin.App{Client: "My app", Version: "1.0.0"}

func signedIn(server *httptest.Server) *jellyfin.Client {
	client, _ := jellyfin.New(server.URL, exampleApp, jellyfin.Options{})
	_, _ = client.SignIn(context.Background(), "ann", "secret")
	return client
}

func ExampleDial() {
	server := exampleServer()
	defer server.Close()
	address := server.URL // or what somebody has typed: "media.example.org"

	ctx := context.Background()
	client, err := jellyfin.Dial(ctx, address, jellyfin.App{Client: "My app", Version: "1.0.0"}, jellyfin.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := client.SignIn(ctx, "ann", "secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(in.User.Name, "is signed in to", in.Server.ServerName)
	// Output: ann is signed in to Home
}

func ExampleCandidates() {
	for _, base := range jellyfin.Candidates("media.example.org") {
		fmt.Println(base)
	}
	// Output:
	// https://media.example.org
	// https://media.example.org:8096
	// https://media.example.org:8920
	// http://media.example.org
	// http://media.example.org:8096
}

func ExampleProbe() {
	server := exampleServer()
	defer server.Close()

	for _, found := range jellyfin.Probe(context.Background(), nil, "http://127.0.0.1:1", server.URL) {
		if found.Usable() {
			fmt.Println(found.Server.ServerName, found.Server.Version)
		} else {
			fmt.Println(found.Asked, found.Findings)
		}
	}
	// Output:
	// Home 10.9.11
	// http://127.0.0.1:1 [unreachable]
}

func ExampleClient_SignIn() {
	server := exampleServer()
	defer server.Close()
	client, _ := jellyfin.New(server.URL, exampleApp, jellyfin.Options{})

	_, err := client.SignIn(context.Background(), "ann", "wrong")
	if errors.Is(err, jellyfin.ErrUnauthorized) {
		fmt.Println("Wrong user name or password.")
	}
	fmt.Println(err)
	// Output:
	// Wrong user name or password.
	// POST /Users/AuthenticateByName: 401 Unauthorized: Error processing request.
}

func ExampleClient_PublicUsers() {
	server := exampleServer()
	defer server.Close()
	client, _ := jellyfin.New(server.URL, exampleApp, jellyfin.Options{}) // nobody is signed in yet
	ctx := context.Background()

	users, err := client.PublicUsers(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, user := range users {
		fmt.Println("Sign in as", user.Name)
	}
	if look, err := client.Branding(ctx); err == nil && look.LoginDisclaimer != nil {
		fmt.Println(*look.LoginDisclaimer)
	}
	// Output:
	// Sign in as ann
	// Be kind.
}

func ExampleClient_Me() {
	server := exampleServer()
	defer server.Close()
	client := signedIn(server)

	me, err := client.Me(context.Background())
	switch {
	case errors.Is(err, jellyfin.ErrUnauthorized):
		fmt.Println("The token has ended: sign in again.")
	case err != nil:
		fmt.Println(err) // the server is away, say: the token is kept
	default:
		fmt.Println(me.Name)
	}
	// Output: ann
}

func ExampleClient_Devices() {
	server := exampleServer()
	defer server.Close()
	client, ctx := signedIn(server), context.Background()

	devices, err := client.Devices(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, device := range devices {
		fmt.Println(device.Name, device.AppName)
		if err := client.RevokeDevice(ctx, device.ID); err != nil {
			fmt.Println(err)
		}
	}
	// Output: TV Telly
}

func ExampleClient_SignOut() {
	server := exampleServer()
	defer server.Close()
	client := signedIn(server)

	if err := client.SignOut(context.Background()); err != nil {
		fmt.Println(err)
	}
	_, err := client.Me(context.Background())
	fmt.Println(errors.Is(err, jellyfin.ErrNotSignedIn))
	// Output: true
}

func ExampleClient_QuickConnect() {
	server := exampleServer()
	defer server.Close()
	client, _ := jellyfin.New(server.URL, exampleApp, jellyfin.Options{})

	in, err := client.QuickConnect(context.Background(), func(c jellyfin.QuickConnectCode) {
		fmt.Println("Approve", c.Code, "in an app that is signed in.")
	}, jellyfin.QuickConnectOptions{Interval: 2500 * time.Millisecond})
	switch {
	case errors.Is(err, jellyfin.ErrQuickConnectOff):
		fmt.Println("This server takes passwords only.")
	case errors.Is(err, jellyfin.ErrQuickConnectExpired):
		fmt.Println("Nobody has approved it in time.")
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println("Hello", in.User.Name)
	}
	// Output:
	// Approve 123456 in an app that is signed in.
	// Hello ann
}

func ExampleClient_ApproveQuickConnect() {
	server := exampleServer()
	defer server.Close()
	client := signedIn(server)

	if err := client.ApproveQuickConnect(context.Background(), "123456"); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("approved")
	// Output: approved
}

func ExampleClient_AskedQuickConnect() {
	server := exampleServer()
	defer server.Close()
	client, ctx := signedIn(server), context.Background()

	asked, err := client.AskedQuickConnect(ctx, "123456")
	switch {
	case errors.Is(err, jellyfin.ErrUnsupported):
		err = client.ApproveQuickConnect(ctx, "123456") // unseen
	case err == nil:
		fmt.Printf("%s on %s, from %s, %v ago\n", asked.AppName, asked.DeviceName, asked.Address, asked.Age())
		err = client.ApproveAsked(ctx, asked)
	}
	if err != nil {
		fmt.Println(err)
	}
	// Output: Telly on TV, from 192.168.1.7, 12s ago
}

func ExampleClient_DenyAsked() {
	server := exampleServer()
	defer server.Close()
	client, ctx := signedIn(server), context.Background()

	asked, err := client.AskedQuickConnect(ctx, "123456")
	if err == nil {
		err = client.DenyAsked(ctx, asked) // a TV that nobody here has
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(asked.DeviceName, "does not get in")
	// Output: TV does not get in
}

func ExampleCredentialStore() {
	server := exampleServer()
	defer server.Close()
	dir, _ := os.MkdirTemp("", "example-")
	defer os.RemoveAll(dir)
	ctx := context.Background()

	store := jellyfin.NewFileStore(filepath.Join(dir, "accounts"))
	if credential, ok := signedIn(server).Credential(); ok {
		if err := store.Save(ctx, credential); err != nil {
			fmt.Println(err)
		}
	}

	// The next time the app starts.
	all, err := store.Credentials(ctx)
	if err != nil || len(all) == 0 {
		fmt.Println("sign in first", err)
		return
	}
	client, err := jellyfin.Resume(all[0], exampleApp, jellyfin.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	me, err := client.Me(ctx)
	fmt.Println(me.Name, err, all[0].Token)
	// Output: ann <nil> redacted
}

func ExampleClient_Transport() {
	server := exampleServer()
	defer server.Close()
	client := signedIn(server)

	media := &http.Client{Transport: client.Transport(nil)}
	response, err := media.Get(client.Address() + "/UserViews")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(response.Status, string(body))
	// Output: 200 OK {"Items":[]}
}

func ExampleInstallationID() {
	dir, _ := os.MkdirTemp("", "example-")
	defer os.RemoveAll(dir)

	file := filepath.Join(dir, "installation")
	first, err := jellyfin.InstallationID(file)
	again, _ := jellyfin.InstallationID(file)
	fmt.Println(len(first), first == again, err)
	// Output: 32 true <nil>
}
