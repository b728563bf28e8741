package jellyfin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MinVersion is the oldest Jellyfin that a [Client] is made for.
const MinVersion = "10.9.0"

// Finding is something that is amiss with a server.
type Finding string

// The findings. With all but FindingSlow the server is of no use.
const (
	FindingUnreachable Finding = "unreachable"
	FindingNotJellyfin Finding = "not Jellyfin"
	FindingTooOld      Finding = "too old"        // older than MinVersion
	FindingStarting    Finding = "still starting" // ask again in a few seconds
	FindingSlow        Finding = "slow"           // took longer than 1.5 s to answer
)

const (
	probeTime = 5 * time.Second
	slow      = 1500 * time.Millisecond
	publicOp  = "GET " + publicPath
)

const publicPath = "/System/Info/Public"

// Probed is what was found at an address.
type Probed struct {
	Asked    string            // the base URL that was asked
	Address  string            // the base URL that it led to by redirects, or Asked
	Server   *PublicSystemInfo // nil where there is no Jellyfin, or it is starting
	Latency  time.Duration     // until the answer was read
	Findings []Finding
	Err      error // why the server is of no use, an *Error; nil where it is
}

// Usable tells whether a client can work with the server.
func (p Probed) Usable() bool { return p.Err == nil }

// Probe asks all base URLs at the same time whether a Jellyfin server is there, for five seconds at most, and returns what it found:
// those that can be used first, and of them those that are not slow, else in the order in which they were given. It follows redirects
// to learn the true base URL, but never from https to http. With a nil client it uses one of its own.
func Probe(ctx context.Context, client *http.Client, addresses ...string) []Probed {
	return probeAll(ctx, client, addresses, false)
}

// probeAll is Probe, or ends with the first one with which nothing is amiss, since no later one is better: what a firewall keeps away
// takes all the time that there is.
func probeAll(ctx context.Context, client *http.Client, addresses []string, best bool) []Probed {
	following := &http.Client{}
	if client != nil {
		*following = *client
	}
	following.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if len(via) > 5 || via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found, done := make([]Probed, len(addresses)), make([]chan struct{}, len(addresses))
	for i, address := range addresses {
		done[i] = make(chan struct{})
		go func() {
			defer close(done[i])
			found[i] = probe(ctx, following, address)
		}()
	}
	for i := range found {
		<-done[i]
		if best && found[i].rank() == 0 {
			cancel()
		}
	}
	slices.SortStableFunc(found, func(a, b Probed) int { return cmp.Compare(a.rank(), b.rank()) })
	return found
}

func (p Probed) rank() int {
	switch {
	case !p.Usable():
		return 2
	case len(p.Findings) > 0:
		return 1
	}
	return 0
}

func probe(ctx context.Context, client *http.Client, address string) Probed {
	p := Probed{Asked: address, Address: address}
	fail := func(finding Finding, e *Error) Probed {
		e.Op, p.Err = publicOp, e
		p.Findings = append(p.Findings, finding)
		return p
	}
	base, err := parseBase(address)
	if err != nil {
		return fail(FindingUnreachable, &Error{Err: err})
	}
	p.Address = base.String()
	asking := ctx
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath(publicPath).String(), nil)
	if err != nil {
		return fail(FindingUnreachable, &Error{Err: withoutURL(err)})
	}
	request.Header.Set("Accept", "application/json")
	start := time.Now()
	response, err := client.Do(request)
	if err != nil {
		return fail(FindingUnreachable, &Error{Err: unreachable(asking, err)})
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	p.Latency = time.Since(start)
	if err != nil {
		return fail(FindingUnreachable, &Error{Err: unreachable(asking, err)})
	}
	p.Address = ledTo(base, response.Request.URL)
	switch {
	case response.StatusCode == http.StatusServiceUnavailable:
		return fail(FindingStarting, &Error{Status: response.StatusCode, Err: ErrStarting, RetryAfter: retryAfter(response.Header, time.Now())})
	case response.StatusCode == http.StatusBadGateway, response.StatusCode == http.StatusGatewayTimeout: // a proxy whose server is away
		return fail(FindingUnreachable, &Error{Status: response.StatusCode, Err: ErrUnreachable})
	case response.StatusCode != http.StatusOK:
		e := &Error{Status: response.StatusCode, Err: ErrNotJellyfin}
		if to, err := response.Location(); err == nil && e.Is(ErrMoved) {
			e.Text = clean(withoutSecrets(to))
		}
		return fail(FindingNotJellyfin, e)
	}
	server, err := readPublic(body)
	switch {
	case errors.Is(err, ErrStarting):
		return fail(FindingStarting, &Error{Status: response.StatusCode, Err: err})
	case err != nil:
		return fail(FindingNotJellyfin, &Error{Status: response.StatusCode, Err: err})
	}
	p.Server = server
	if slices.Compare(numbers(server.Version), numbers(MinVersion)) < 0 {
		return fail(FindingTooOld, &Error{Status: response.StatusCode, Text: clean("version " + server.Version), Err: ErrTooOld})
	}
	if p.Latency > slow {
		p.Findings = append(p.Findings, FindingSlow)
	}
	return p
}

// ledTo is the base URL of the server whose public information was found at a URL.
func ledTo(asked, at *url.URL) string {
	if n := len(at.Path) - len(publicPath); n >= 0 && strings.EqualFold(at.Path[n:], publicPath) {
		if base, err := parseBase((&url.URL{Scheme: at.Scheme, Host: at.Host, Path: at.Path[:n]}).String()); err == nil {
			return base.String()
		}
	}
	return asked.String()
}

// readPublic reads public information. A Jellyfin that is starting has a small server in its place, whose members begin with small
// letters; encoding/json would not mind.
func readPublic(body []byte) (*PublicSystemInfo, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return nil, ErrNotJellyfin
	}
	if _, ready := members["ProductName"]; !ready {
		if _, starting := members["productName"]; starting {
			return nil, ErrStarting
		}
		return nil, ErrNotJellyfin
	}
	server := new(PublicSystemInfo)
	if json.Unmarshal(body, server) != nil || !strings.EqualFold(server.ProductName, ProductName) || server.ID == "" || numbers(server.Version) == nil {
		return nil, ErrNotJellyfin
	}
	return server, nil
}

// numbers are the first three of a version; what follows digits in one, as "-rc1", does not count. Nil for none.
func numbers(version string) []int {
	var all []int
	for part := range strings.SplitSeq(version, ".") {
		digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
		n, err := strconv.Atoi(part[:digits])
		if err != nil || len(all) == 3 {
			break
		}
		all = append(all, n)
	}
	return all
}

// PublicInfo is what the server tells everybody of itself, asked anew. ErrStarting while it is not ready, ErrNotJellyfin for another kind.
func (c *Client) PublicInfo(ctx context.Context) (*PublicSystemInfo, error) {
	var body json.RawMessage
	k := call{method: http.MethodGet, path: publicPath}
	_, err := c.do(ctx, k, &body)
	var e *Error
	if errors.As(err, &e) && e.Err == nil {
		switch e.Status {
		case http.StatusServiceUnavailable:
			e.Err = ErrStarting
		case http.StatusNotFound:
			e.Err = ErrNotJellyfin
		}
	} else if errors.Is(err, errUnreadable) {
		e.Err = ErrNotJellyfin
	}
	if err != nil {
		return nil, err
	}
	server, err := readPublic(body)
	if err != nil {
		return nil, &Error{Op: k.op(), Status: http.StatusOK, Err: err}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server = server
	copied := *server
	return &copied, nil
}

// known is PublicInfo, asked once.
func (c *Client) known(ctx context.Context) (*PublicSystemInfo, error) {
	c.mu.Lock()
	server := c.server
	c.mu.Unlock()
	if server != nil {
		return server, nil
	}
	return c.PublicInfo(ctx)
}
