package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// healthPatience is how long a server may take to say that it is well.
const healthPatience = 5 * time.Second

// healthCommand asks the server that runs how it is.
type healthCommand struct{}

// Help is the manual's page.
func (*healthCommand) Help() string { return healthHelp }

// Run asks where the server is, and then there, as an app would.
func (*healthCommand) Run(ctx context.Context, p *Program, root *commandLine) error {
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	far, err := dialControl(ctx, root.Data)
	if errors.Is(err, errNoServer) {
		return failed("--data DIR says where its data is", "no server runs on %s", root.Data)
	}
	if err != nil {
		return err
	}
	defer far.close()
	status, err := far.status(ctx, nothing{})
	if err != nil {
		return err
	}
	word, err := askHealth(ctx, status.Here+"/health")
	if err == nil {
		_, err = fmt.Fprintln(p.Stdout, word)
	}
	return err
}

// askHealth is the server's own word, or why there is none.
func askHealth(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	// The certificate is for the names that apps use, and this is the same machine: the socket has just said so.
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return "", failed("", "the server does not answer: %s", plain(errors.Unwrap(err)))
	}
	defer response.Body.Close()
	word, err := io.ReadAll(io.LimitReader(response.Body, 64))
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", failed("", "the server is not well: %s", word)
	}
	return string(word), nil
}
