package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/finlatch/finlatch/jellyfin"
)

// curlCommand sends one request as the account.
type curlCommand struct {
	accountFlag
	Path   string   `arg:"" help:"Path below the server's address, maybe with a query, as /Users/Me."`
	Method string   `short:"X" name:"request" placeholder:"METHOD" help:"GET unless said otherwise, or POST with --data."`
	Body   *string  `short:"d" name:"body" placeholder:"DATA" help:"Body of the request, JSON unless a header says otherwise. @FILE is a file's content, @- standard input's, where no other program sees it."`
	Header []string `short:"H" sep:"none" placeholder:"'NAME: VALUE'" help:"A header of the request. May be given several times."`
}

// Help is the manual's page.
func (*curlCommand) Help() string { return curlHelp }

// Run sends the request and copies the body of the answer to standard output, also that of a refusal.
func (c *curlCommand) Run(ctx context.Context, p *Program) error {
	client, who, err := c.resume(ctx, p)
	if err != nil {
		return err
	}
	request, err := c.request(ctx, p, client.Address())
	if err != nil {
		return err
	}
	sender := http.Client{Transport: client.Transport(nil), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := sender.Do(request)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		wrapped, _ := errors.AsType[*url.Error](err) // its text would repeat the query
		return &problem{text: "the server does not answer: " + plain(wrapped.Err), hint: "check that it runs at " + who.Server, code: exitNoServer}
	}
	defer response.Body.Close()
	if _, err := io.Copy(p.Stdout, response.Body); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return failed("send the request again", "the answer broke off: %s", plain(err))
	}
	return answered(response, who)
}

// answered is the problem that a status stands for.
func answered(response *http.Response, who jellyfin.Credential) error {
	text := fmt.Sprintf("the server answers %s", shown(response.Status))
	switch {
	case response.StatusCode == http.StatusUnauthorized:
		return &problem{text: text, hint: "sign in again: " + loginAgain(who), code: exitNotSignedIn}
	case response.StatusCode >= http.StatusBadRequest:
		return failed("what is on standard output may tell why", "%s", text)
	case response.StatusCode >= http.StatusMultipleChoices:
		if to, err := response.Location(); err == nil {
			return failed("redirects are not followed, for the token's sake", "%s: %s", text, (&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}).String())
		}
	}
	return nil
}

func (c *curlCommand) request(ctx context.Context, p *Program, base string) (*http.Request, error) {
	if path, _, _ := strings.Cut(c.Path, "?"); strings.Contains(path, "://") {
		return nil, misused("give the path alone, as /Users/Me", "the token is for %s only", base)
	}
	body, err := c.body(p)
	if err != nil {
		return nil, err
	}
	method := strings.ToUpper(c.Method)
	if method == "" && body != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, base+"/"+strings.TrimLeft(c.Path, "/"), bytes.NewReader(body))
	if err != nil {
		return nil, misused("see finlatch curl --help", "the method or the path is not valid")
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	given := http.Header{}
	for _, line := range c.Header {
		name, value, found := strings.Cut(line, ":")
		if !found || strings.TrimSpace(name) == "" {
			return nil, misused("a header is of the form 'Name: value'", "%q is no header", shown(line))
		}
		given.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	for name, values := range given {
		request.Header[name] = values
	}
	return request, nil
}

// body is nil where none is given.
func (c *curlCommand) body(p *Program) ([]byte, error) {
	if c.Body == nil {
		return nil, nil
	}
	name, isFile := strings.CutPrefix(*c.Body, "@")
	body, err := []byte(*c.Body), error(nil)
	switch {
	case isFile && name == "-":
		body, err = io.ReadAll(p.lines)
	case isFile:
		body, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, failed("@FILE is a file's content, @- that of standard input", "the body cannot be read: %s", plain(err))
	}
	return append([]byte{}, body...), nil
}
