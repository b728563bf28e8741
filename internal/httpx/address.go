package httpx

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"sync"
)

// Address says where a request comes from, as far as that can be known.
type Address struct {
	Addr netip.Addr // the client; IPv4 never in IPv6 form, no zone; loopback for a Unix socket; invalid if unknown
	Peer netip.Addr // the other end of the connection: a proxy, or the client itself

	// ForwardedByStranger says that Addr is nobody's word: an untrusted peer sent a forwarding header, or a trusted one
	// an entry that is no address. Such a request is remote in every rule about places, whatever Addr looks like: behind
	// a proxy that nobody declared, everybody looks local.
	ForwardedByStranger bool

	Scheme string // "http" or "https", as the client sees it
	Host   string // host and port, as the client sees them; what it wrote, so no proof of anything
}

type addressKey struct{}

// AddressFrom is what ClientAddress found; the zero Address without it.
func AddressFrom(ctx context.Context) Address {
	if a, ok := ctx.Value(addressKey{}).(*Address); ok {
		return *a
	}
	return Address{}
}

// ClientAddress finds out who asks. Only peers in trusted (asked at every request; nil trusts nobody) may say for whom
// they ask. X-Forwarded-For is read from the right: each entry was written by the one right of it, so reading stops at
// the first that is not a trusted proxy. warn (may be nil) is called with the peer the first time that an untrusted one
// sends a forwarding header. Seerr does so as an ordinary client, which costs it no more than being remote.
func ClientAddress(trusted func(*http.Request) []netip.Prefix, warn func(peer netip.Addr)) func(http.Handler) http.Handler {
	var once sync.Once
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := &Address{Peer: peer(r.RemoteAddr), Scheme: "http", Host: r.Host}
			a.Addr = a.Peer
			if r.TLS != nil {
				a.Scheme = "https"
			}
			var prefixes []netip.Prefix
			if trusted != nil {
				prefixes = trusted(r)
			}
			switch {
			case within(prefixes, a.Peer):
				a.believe(r.Header, prefixes)
			case forwarded(r.Header):
				a.ForwardedByStranger = true
				if warn != nil {
					once.Do(func() { warn(a.Peer) })
				}
			}
			ctx := context.WithValue(r.Context(), addressKey{}, a)
			ev := EventFrom(ctx)
			ev.Remote, ev.Forwarded = a.Addr, a.ForwardedByStranger
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// believe takes what a trusted peer says.
func (a *Address) believe(h http.Header, trusted []netip.Prefix) {
	entries := list(h, "X-Forwarded-For")
	hops := 0
	for i := len(entries) - 1; i >= 0; i-- {
		addr := entry(entries[i])
		if !addr.IsValid() {
			a.ForwardedByStranger = true
			break
		}
		a.Addr = addr
		hops++
		if !within(trusted, addr) {
			break
		}
	}
	if len(entries) == 0 && forwarded(h) {
		// The proxy speaks another dialect, or passes on what its client said. Taking its own address for the
		// client's would make everybody local.
		a.ForwardedByStranger = true
	}
	if scheme := hop(list(h, "X-Forwarded-Proto"), hops); strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http") {
		a.Scheme = strings.ToLower(scheme)
	}
	if host := hop(list(h, "X-Forwarded-Host"), hops); plainHost(host) {
		a.Host = host
	}
}

// forwarded tells whether anybody claims to have forwarded this request.
func forwarded(h http.Header) bool {
	for _, name := range [...]string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Proto", "X-Forwarded-Host", "Via",
		"Cf-Connecting-Ip", "True-Client-Ip"} {
		for _, value := range h[name] {
			if strings.TrimSpace(value) != "" {
				return true
			}
		}
	}
	return false
}

// list has the entries of a header that may be given in several lines.
func list(h http.Header, name string) []string {
	values := h[http.CanonicalHeaderKey(name)]
	if len(values) == 0 {
		return nil
	}
	var all []string
	for _, part := range strings.Split(strings.Join(values, ","), ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// hop picks what the last believed proxy wrote: as far from the right as X-Forwarded-For was believed, or the leftmost
// where fewer proxies wrote this header.
func hop(values []string, hops int) string {
	if len(values) == 0 {
		return ""
	}
	return values[max(len(values)-max(hops, 1), 0)]
}

// entry reads an address with or without a port, brackets or a zone; the zero Addr for anything else.
func entry(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// peer reads http.Request.RemoteAddr. Peers on a Unix socket have no address ("@" or ""): they are on this machine.
func peer(remoteAddr string) netip.Addr {
	if remoteAddr == "" || remoteAddr[0] == '@' || remoteAddr[0] == '/' {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return entry(remoteAddr)
}

func within(prefixes []netip.Prefix, addr netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// plainHost tells whether s is made like a host with or without a port, so that it may become part of an address.
func plainHost(s string) bool {
	if s == "" || len(s) > 255 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(".-_:[]", c) >= 0) {
			return false
		}
	}
	return true
}
