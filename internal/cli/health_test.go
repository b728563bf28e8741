package cli_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// TestHealth asks a server over https, under a path, with a certificate that no one vouches for.
func TestHealth(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile, data := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "data")
	cert, key := selfMade(t, 1)
	write(t, certFile, cert)
	write(t, keyFile, key)
	serve(t, data, "--tls-cert", certFile, "--tls-key", keyFile, "--base-url", "/tv", "--published-url", "https://tv.example.org")
	if got := done(t, "", "health", "--data", data); got != "Healthy\n" {
		t.Errorf("it prints %q", got)
	}
}

// TestUnwell asks one whose socket answers and whose port does not say that all is well.
func TestUnwell(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"unhealthy": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			io.WriteString(w, "Unhealthy")
		}, "finlatch: the server is not well: Unhealthy\n"},
		"another program": {http.NotFound, "finlatch: the server is not well: 404 page not found\n"},
		"closed":          {nil, "finlatch: the server does not answer: dial tcp 127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := httptest.NewServer(test.answer)
			defer web.Close()
			if test.answer == nil {
				web.Close()
			}
			data := t.TempDir()
			listener, err := net.Listen("unix", filepath.Join(data, "finlatch.sock"))
			if err != nil {
				t.Fatal(err)
			}
			control := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, `{"here":%q}`, web.URL)
			})}
			go control.Serve(listener)
			defer control.Close()
			code, stdout, stderr := run(t, "", "health", "--data", data)
			if code != 1 || stdout != "" || !strings.HasPrefix(stderr, test.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, %q, %q; want %q", code, stdout, stderr, test.want)
			}
		})
	}
}
