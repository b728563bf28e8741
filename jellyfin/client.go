package jellyfin

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// App is who asks: servers show it in their lists of devices, and Jellyfin refuses to sign in who leaves Client or Version out.
type App struct {
	Client  string // name of the app; needed
	Version string // of the app; needed
	Device  string // name of the device; the host's name if empty
	// DeviceID is the id of the installation: the same at every start, and another one elsewhere. See [InstallationID]. If empty it is
	// derived from the host's name, the home directory and Client. No server gets to see it: each user has an id of its own, see [DeviceID].
	DeviceID string
}

// Options of a Client. The zero value works.
type Options struct {
	HTTP *http.Client // one of its own; its CheckRedirect is not used
	Log  *slog.Logger // gets a line for each call at level Debug; discards
	// Patience is how long one call waits in all where a server that is busy says Retry-After; 0: 10 s; below 0: not at all.
	Patience time.Duration
}

const defaultPatience = 10 * time.Second

// Client is a Jellyfin server as one user sees it: nobody until somebody signs in. The token stays in it. Its methods may be called
// from any number of goroutines; those that fail in talking to the server return an *[Error].
type Client struct {
	base     *url.URL
	app      App
	http     *http.Client
	log      *slog.Logger
	patience time.Duration

	mu         sync.Mutex
	credential Credential        // with a Token while somebody is signed in
	server     *PublicSystemInfo // once it is known
}

// New makes a client of the server at a base URL, as "https://media.example.org/jellyfin", without asking it anything. To find the
// base URL of what people type, see [Dial].
func New(base string, app App, options Options) (*Client, error) {
	u, err := parseBase(base)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(app.Client) == "" || strings.TrimSpace(app.Version) == "" {
		return nil, errors.New("jellyfin: App.Client and App.Version are needed")
	}
	if app.Device == "" {
		app.Device, _ = os.Hostname()
	}
	if app.Device == "" {
		app.Device = app.Client
	}
	if app.DeviceID == "" {
		app.DeviceID = derivedInstallation(app)
	}
	c := &Client{base: u, app: app, log: options.Log, patience: options.Patience}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.patience == 0 {
		c.patience = defaultPatience
	}
	c.http = &http.Client{}
	if options.HTTP != nil {
		*c.http = *options.HTTP
	}
	c.http.CheckRedirect = stayHere
	return c, nil
}

// Address is the server's base URL, without a slash at its end.
func (c *Client) Address() string { return c.base.String() }

// String is Address, so that a printed client shows no token.
func (c *Client) String() string { return c.Address() }

// GoString hides the token from %#v.
func (c *Client) GoString() string { return `jellyfin.Client("` + c.Address() + `")` }

// LogValue hides the token from log/slog.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.Address()) }

// Token is the access token; empty while nobody is signed in.
func (c *Client) Token() Secret {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.credential.Token
}

// Credential is what to keep in a [CredentialStore] to go on later; false while nobody is signed in.
func (c *Client) Credential() (Credential, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.credential, c.credential.Token != ""
}

// Use makes the client go on as a user who signed in before. It refuses a credential of another base URL, whatever the server at this
// one says its id is: ids are public, and anybody can claim one. Who knows that a server has moved changes the credential's Server.
func (c *Client) Use(credential Credential) error {
	base, err := parseBase(credential.Server)
	if err != nil {
		return err
	}
	if credential.Token == "" {
		return ErrNotSignedIn
	}
	if base.String() != c.base.String() {
		return errors.New("jellyfin: the credential is for another server: " + base.String())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.credential = credential
	return nil
}

// Resume is [New] for a user who signed in before.
func Resume(credential Credential, app App, options Options) (*Client, error) {
	c, err := New(credential.Server, app, options)
	if err != nil {
		return nil, err
	}
	return c, c.Use(credential)
}

// authorization is what the client says of itself. An empty deviceID is that of whoever is signed in.
func (c *Client) authorization(deviceID string) Authorization {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := Authorization{Client: c.app.Client, Device: c.app.Device, DeviceID: deviceID, Version: c.app.Version}
	if deviceID != "" {
		return a
	}
	a.DeviceID, a.Token = c.credential.DeviceID, string(c.credential.Token)
	if a.DeviceID == "" {
		a.DeviceID = DeviceID(c.app.DeviceID, c.credential.UserName)
	}
	return a
}

// parseBase reads a base URL.
func parseBase(base string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(base))
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, errors.New("jellyfin: a base URL is http:// or https:// and a host")
	case u.User != nil:
		return nil, errors.New("jellyfin: a base URL has no user and no password in it")
	}
	plain := &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), Path: strings.TrimRight(u.Path, "/")}
	if port := u.Port(); port == defaultPort(u.Scheme) {
		plain.Host = strings.TrimSuffix(plain.Host, ":"+port)
	}
	return plain, nil
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// origin is scheme, host and port: what a secret is for.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// stayHere follows a redirect only where nothing of the request is lost or told to somebody else.
func stayHere(r *http.Request, via []*http.Request) error {
	if len(via) > 5 || origin(r.URL) != origin(via[0].URL) || r.Method != via[0].Method {
		return http.ErrUseLastResponse
	}
	return nil
}
