package cli_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/finlatch/finlatch/discovery"
	"github.com/finlatch/finlatch/finlatchtest"
	"github.com/finlatch/finlatch/internal/cli"
	"github.com/finlatch/finlatch/jellyfin"
)

// person is somebody at a machine, in a home of their own, which has a network around it.
type person struct {
	*testing.T
	home    string
	network []discovery.Server
}

// does runs the command line without a terminal.
func (p person) does(stdin string, args ...string) (code int, stdout, stderr string) {
	p.Helper()
	var out, errs bytes.Buffer
	program := cli.Program{
		Args: args, Environ: []string{"HOME=" + p.home}, Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs,
		Find: func(context.Context) iter.Seq2[discovery.Server, error] {
			return func(yield func(discovery.Server, error) bool) {
				for _, server := range p.network {
					if !yield(server, nil) {
						return
					}
				}
			}
		},
	}
	code = program.Run(p.Context())
	return code, out.String(), errs.String()
}

// TestLoginFindsTheServer signs in without naming one.
func TestLoginFindsTheServer(t *testing.T) {
	t.Parallel()
	keyring.MockInitWithError(keyring.ErrUnsupportedPlatform) // the same for all tests but one, which is not parallel
	server := finlatchtest.NewServer(t)
	server.NewUser("anna", "secret")
	here := discovery.Server{Address: server.URL, ID: "1", Name: "living room"}
	for name, test := range map[string]struct {
		network []discovery.Server
		code    int
		says    []string
	}{
		"none": {nil, 4, []string{"no server answered in the local network", "finlatch login ADDRESS"}},
		"one":  {[]discovery.Server{here}, 0, []string{"as anna."}},
		"two": {[]discovery.Server{here, {Address: "http://192.0.2.1", ID: "2", Name: "attic\x1b[31m"}}, 2,
			[]string{"  1  attic?[31m  http://192.0.2.1\n", "  2  living room  " + server.URL, "2 servers answer", "finlatch login ADDRESS"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, stderr := person{t, t.TempDir(), test.network}.does("secret\n", "login", "--user", "anna")
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			for _, text := range test.says {
				if !strings.Contains(stderr, text) {
					t.Errorf("%q is not in:\n%s", text, stderr)
				}
			}
		})
	}
}

// TestInterruptedSignIn leaves no device behind whose token nobody has.
func TestInterruptedSignIn(t *testing.T) {
	t.Parallel()
	server := finlatchtest.NewServer(t)
	server.NewUser("anna", "secret")
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = func(response *http.Response) error {
		if response.Request.URL.Path == "/Users/AuthenticateByName" {
			interrupt()
		}
		return nil
	}
	front := httptest.NewServer(proxy)
	defer front.Close()
	var errs bytes.Buffer
	program := cli.Program{Args: []string{"login", front.URL, "--user", "anna"}, Environ: []string{"HOME=" + t.TempDir()},
		Stdin: strings.NewReader("secret\n"), Stdout: io.Discard, Stderr: &errs}
	if code := program.Run(ctx); code != 130 || !strings.HasSuffix(errs.String(), "finlatch: interrupted\n") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	devices, err := server.Client(server.Admin).Devices(t.Context())
	if err != nil || len(devices) != 1 {
		t.Errorf("besides the administrator's there are devices: %+v (%v)", devices, err)
	}
}

// TestInterruptedQuickConnect is interrupted between approval and token.
func TestInterruptedQuickConnect(t *testing.T) {
	t.Parallel()
	server := finlatchtest.NewServer(t)
	admin := server.Client(server.Admin)
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }} // says of nobody that they are elsewhere
	proxy.ModifyResponse = func(response *http.Response) error {
		switch response.Request.URL.Path {
		case "/QuickConnect/Initiate":
			body, err := io.ReadAll(response.Body)
			if err != nil {
				return err
			}
			response.Body = io.NopCloser(bytes.NewReader(body))
			var request jellyfin.QuickConnectResult
			return cmp.Or(json.Unmarshal(body, &request), admin.ApproveQuickConnect(t.Context(), request.Code))
		case "/Users/AuthenticateWithQuickConnect":
			interrupt()
		}
		return nil
	}
	front := httptest.NewServer(proxy)
	defer front.Close()
	var errs bytes.Buffer
	program := cli.Program{Args: []string{"login", front.URL, "--quick-connect"}, Environ: []string{"HOME=" + t.TempDir()},
		Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &errs}
	if code := program.Run(ctx); code != 130 || !strings.HasSuffix(errs.String(), "Approved.\nfinlatch: interrupted\n") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	devices, err := admin.Devices(t.Context())
	if err != nil || len(devices) != 1 {
		t.Errorf("besides the administrator's there are devices: %+v (%v)", devices, err)
	}
}

// TestKeyring keeps the token in the keyring where there is one. It is not parallel: the keyring's stand-in is the process's.
func TestKeyring(t *testing.T) {
	keyring.MockInit()
	defer keyring.MockInitWithError(keyring.ErrUnsupportedPlatform)
	server := finlatchtest.NewServer(t)
	server.NewUser("anna", "secret")
	anna := person{t, t.TempDir(), nil}
	if code, _, stderr := anna.does("secret\n", "login", server.URL, "--user", "anna"); code != 0 || !strings.Contains(stderr, "The token is kept in the system's keyring.") {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	_, token, _ := anna.does("", "token")
	token = strings.TrimSpace(token)
	if len(token) != 32 {
		t.Fatalf("the token is %q", token)
	}
	err := filepath.WalkDir(anna.home, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		if strings.Contains(string(content), token) {
			t.Errorf("%s holds the token", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if code, stdout, _ := anna.does("", "whoami"); code != 0 || !strings.Contains(stdout, "anna") {
		t.Errorf("whoami: exit code %d: %s", code, stdout)
	}
	if code, _, stderr := anna.does("", "accounts", "--use", "anna"); code != 0 {
		t.Errorf("accounts --use: exit code %d: %s", code, stderr)
	}

	keyring.MockInitWithError(keyring.ErrSetDataTooBig) // as if it were locked now
	code, _, stderr := anna.does("", "whoami")
	if code != 3 || !strings.Contains(stderr, "which does not give it") || !strings.Contains(stderr, "unlock the keyring, or sign in again: finlatch login "+server.URL) {
		t.Errorf("with a locked keyring: exit code %d: %s", code, stderr)
	}
	if code, _, stderr := anna.does("", "logout"); code != 3 {
		t.Errorf("logout with a locked keyring: exit code %d: %s", code, stderr)
	}
	if code, _, stderr := anna.does("", "logout", "--forget"); code != 0 {
		t.Errorf("logout --forget: exit code %d: %s", code, stderr)
	}
	if code, stdout, _ := anna.does("", "accounts"); code != 3 {
		t.Errorf("accounts: exit code %d: %s", code, stdout)
	}
}
