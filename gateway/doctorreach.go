package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/finlatch/finlatch/discovery"
	"github.com/finlatch/finlatch/jellyfin"
)

// past tells whether upstream can be reached without finlatch, as far as that can be told from here: at the address that it gives
// as its own, and at the one that finlatch uses.
func (d *doctor) past(ctx context.Context) Finding {
	const shut = "Let it listen on 127.0.0.1 only (Dashboard, Networking, Bind to local network address), or close its port to all but finlatch by a firewall. " +
		"If this is finlatch's own address, all is well: name it as --published-url."
	used := locate(ctx, d.url)
	if used.here && !used.loopback {
		return Finding{CheckPast, Warning, fmt.Sprintf("The media server can be reached past finlatch, at %s, which is not for this machine alone.", d.url.Host), shut}
	}
	given, err := url.Parse(d.info.LocalAddress)
	if d.info.LocalAddress != "" && err == nil && given.Host != "" && !d.owns(given) && given.Host != d.url.Host {
		at := locate(ctx, given)
		if !at.loopback && !at.same(used) && d.answers(ctx, given) {
			return Finding{CheckPast, Warning, fmt.Sprintf("The media server can be reached past finlatch, at %s, where it says that it is.", short(given.Host)), shut}
		}
	}
	if !used.here {
		return Finding{CheckPast, Note, fmt.Sprintf("The media server is on another machine, %s, or in another container. Who else reaches it there cannot be told from here.", d.url.Host),
			"Make sure that nobody but finlatch does: by a firewall, or a network of containers of which it publishes no port."}
	}
	return Finding{CheckPast, Good, "No way past finlatch to the media server was found from here.", ""}
}

// owns tells whether a URL is this server's own.
func (d *doctor) owns(u *url.URL) bool {
	return slices.ContainsFunc(d.options.Own, func(text string) bool {
		own, err := url.Parse(text)
		return err == nil && hostPort(own) == hostPort(u)
	})
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.ToLower(u.Hostname()) + " " + port
}

// answers tells whether upstream answers at another address. Nothing of ours goes there.
func (d *doctor) answers(ctx context.Context, at *url.URL) bool {
	if at.Scheme != "http" && at.Scheme != "https" || at.User != nil {
		return false
	}
	other := &Client{url: at, http: d.http, own: jellyfin.Authorization{Version: d.own.Version}, timeout: min(d.timeout, patience)}
	info, _, err := other.info(ctx)
	return err == nil && info.ID == d.info.ID
}

// whereabouts are where a host is.
type whereabouts struct {
	addresses []netip.Addr
	here      bool // one of them is of this machine
	loopback  bool // all of them are for this machine alone
}

func (p whereabouts) same(other whereabouts) bool {
	return slices.ContainsFunc(p.addresses, func(a netip.Addr) bool { return slices.Contains(other.addresses, a) })
}

// locate looks up a URL's host; one that has no address is nowhere.
func locate(ctx context.Context, u *url.URL) whereabouts {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil || len(addresses) == 0 {
		return whereabouts{}
	}
	own, _ := net.InterfaceAddrs()
	p := whereabouts{loopback: true}
	for _, a := range addresses {
		a = a.Unmap().WithZone("")
		p.addresses = append(p.addresses, a)
		p.loopback = p.loopback && a.IsLoopback()
		p.here = p.here || a.IsLoopback() || slices.ContainsFunc(own, func(n net.Addr) bool {
			network, ok := n.(*net.IPNet)
			return ok && network.IP.Equal(a.AsSlice())
		})
	}
	return p
}

// patience is how long an address may take to answer that may be nobody's.
const patience = 2 * time.Second

// discovery tells whether upstream answers apps that look for servers, and leads them past finlatch. On this machine it is not
// asked, for finlatch may be who answers.
func (d *doctor) discovery(ctx context.Context) Finding {
	const off = "Switch it off (Dashboard, Networking, Enable automatic discovery): finlatch answers these apps itself."
	var network struct{ AutoDiscovery *bool }
	a, err := d.asAdministrator(ctx, question{call: callNetwork})
	if err == nil {
		err = a.read(&network)
	}
	at := locate(ctx, d.url)
	switch {
	case err != nil:
		return unknown(CheckDiscovery, err)
	case network.AutoDiscovery != nil && !*network.AutoDiscovery:
		return Finding{CheckDiscovery, Good, "The media server does not announce itself; finlatch does.", ""}
	case at.here:
		return Finding{CheckDiscovery, Warning, "The media server announces itself to apps that look for servers: they go past finlatch, which cannot answer them on the same machine.", off}
	case len(at.addresses) == 0:
		return Finding{CheckDiscovery, Note, "The media server announces itself to apps that look for servers.", off}
	}
	found, err := announced(ctx, net.JoinHostPort(at.addresses[0].String(), strconv.Itoa(discovery.Port)))
	if err != nil {
		return Finding{CheckDiscovery, Note, "The media server is set to announce itself to apps that look for servers. From here it is not heard.", off}
	}
	if u, err := url.Parse(found); err == nil && d.owns(u) {
		return Finding{CheckDiscovery, Good, "The media server announces finlatch's address to apps that look for servers.", ""}
	}
	return Finding{CheckDiscovery, Warning, fmt.Sprintf("The media server announces %q to apps that look for servers: they go past finlatch.", short(found)), off}
}

// announced is the address that who listens at a UDP address gives to apps that look for servers.
func announced(ctx context.Context, at string) (string, error) {
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "udp", at)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write([]byte(discovery.Question)); err != nil {
		return "", err
	}
	datagram := make([]byte, discovery.MaxAnswer)
	n, err := conn.Read(datagram)
	if err != nil {
		return "", err
	}
	var server discovery.Server
	if err := json.Unmarshal(datagram[:n], &server); err != nil {
		return "", err
	}
	return server.Address, nil
}
