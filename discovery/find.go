package discovery

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"
)

const (
	askEach  = time.Second // datagrams get lost
	maxFound = 256         // servers; who finds more is being fooled
)

// Finder asks for servers. The zero Finder asks the local networks.
type Finder struct {
	// Targets are who is asked. None: everybody in the networks of this machine, by broadcast.
	Targets []netip.AddrPort
}

// Find asks the local networks for servers, each second anew, and yields each one once, as soon as it answers, until ctx ends: give it
// a timeout of a few seconds. An error, where nothing can be asked, comes alone.
func Find(ctx context.Context) iter.Seq2[Server, error] { return new(Finder).Find(ctx) }

// Find is [Find] for the Finder's targets.
func (f *Finder) Find(ctx context.Context) iter.Seq2[Server, error] {
	return func(yield func(Server, error) bool) {
		conn, err := net.ListenUDP("udp4", nil)
		if err != nil {
			yield(Server{}, err)
			return
		}
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		found := map[string]bool{}
		for ctx.Err() == nil {
			if err := f.ask(conn); err != nil && ctx.Err() == nil && len(found) == 0 {
				yield(Server{}, err)
				return
			}
			_ = conn.SetReadDeadline(time.Now().Add(askEach))
			if !listen(conn, found, yield) {
				return
			}
		}
	}
}

// ask sends the question to all targets. It fails where it got through to none.
func (f *Finder) ask(conn *net.UDPConn) error {
	targets := f.Targets
	if len(targets) == 0 {
		targets = broadcasts()
	}
	var failed []error
	for _, target := range targets {
		if _, err := conn.WriteToUDPAddrPort([]byte(Question), target); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) < len(targets) {
		return nil
	}
	return errors.Join(failed...)
}

// listen yields who answers until the connection's deadline; false where nobody wants more.
func listen(conn *net.UDPConn, found map[string]bool, yield func(Server, error) bool) bool {
	datagram := make([]byte, 2*MaxAnswer)
	for {
		n, _, err := conn.ReadFromUDPAddrPort(datagram)
		if err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, net.ErrClosed) {
				return true
			}
			continue // a target has no such port
		}
		server, ok := readAnswer(datagram[:n])
		if !ok || found[server.ID] || len(found) >= maxFound {
			continue
		}
		found[server.ID] = true
		if !yield(server, nil) {
			return false
		}
	}
}

// readAnswer reads a datagram, which may come from anybody: what it brings is safe to print.
func readAnswer(datagram []byte) (Server, bool) {
	var s Server
	if len(datagram) > MaxAnswer || json.Unmarshal(datagram, &s) != nil || s.ID == "" {
		return Server{}, false
	}
	s.EndpointAddress = nil
	u, err := url.Parse(s.Address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return Server{}, false
	}
	for _, text := range []*string{&s.Address, &s.ID, &s.Name} {
		*text = strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return -1
			}
			return r
		}, *text)
	}
	return s, true
}

// broadcasts are the addresses that reach everybody near. The one of all ones goes out by a single interface, on many systems.
func broadcasts() []netip.AddrPort {
	all := []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), Port)}
	interfaces, err := net.Interfaces()
	if err != nil {
		return all
	}
	for _, one := range interfaces {
		if one.Flags&net.FlagUp == 0 {
			continue
		}
		addresses, err := one.Addrs()
		if err != nil {
			continue
		}
		for _, address := range addresses {
			network, ok := address.(*net.IPNet)
			if !ok || network.IP.To4() == nil || len(network.Mask) != net.IPv4len {
				continue
			}
			var last [4]byte
			for i, b := range network.IP.To4() {
				last[i] = b | ^network.Mask[i]
			}
			all = append(all, netip.AddrPortFrom(netip.AddrFrom4(last), Port))
		}
	}
	return all
}
