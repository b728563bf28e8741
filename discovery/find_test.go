package discovery_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/discovery"
)

// responder serves a server on a port of its own.
func responder(t *testing.T, s discovery.Server) netip.AddrPort {
	t.Helper()
	client := start(t, &discovery.Responder{Describe: func(context.Context, netip.Addr) (discovery.Server, bool) { return s, true }})
	return client.RemoteAddr().(*net.UDPAddr).AddrPort()
}

// liar answers every datagram with others.
func liar(t *testing.T, answers ...string) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		question := make([]byte, 100)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(question)
			if err != nil {
				return
			}
			if string(question[:n]) != "who is JellyfinServer?" {
				continue
			}
			for _, answer := range answers {
				conn.WriteToUDPAddrPort([]byte(answer), from)
			}
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestFind(t *testing.T) {
	t.Parallel()
	other := discovery.Server{Address: "https://other.example/jellyfin", ID: "fedcba9876543210fedcba9876543210", Name: "Other"}
	finder := discovery.Finder{Targets: []netip.AddrPort{
		liar(t, "", "{", `{"Address":"http://h","Name":"no id"}`, `{"Address":"javascript:alert(1)","Id":"1","Name":"x"}`, `{"Address":"http://user:pw@h","Id":"2","Name":"x"}`,
			`{"Address":"http://h","Id":"3","Name":"`+strings.Repeat("x", discovery.MaxAnswer)+`"}`,
			`{"Address":"http://clean.example:8096","Id":"4","Name":"a\u001b[31mb\u202e\nc","More":1}`),
		responder(t, server), responder(t, server), responder(t, other),
	}}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	found := map[string]discovery.Server{}
	for s, err := range finder.Find(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if _, again := found[s.ID]; again {
			t.Errorf("%s is found twice", s.ID)
		}
		if found[s.ID] = s; len(found) == 3 {
			break
		}
	}
	want := map[string]discovery.Server{server.ID: server, other.ID: other, "4": {Address: "http://clean.example:8096", ID: "4", Name: "a[31mbc"}}
	for id, s := range want {
		if found[id] != s {
			t.Errorf("found %+v, want %+v", found[id], s)
		}
	}
	if len(found) != len(want) {
		t.Errorf("found %+v", found)
	}
}

// The question is asked again, and each server is yielded once all the same, until the end.
func TestFindUntilTheEnd(t *testing.T) {
	t.Parallel()
	finder := discovery.Finder{Targets: []netip.AddrPort{responder(t, server)}}
	ctx, cancel := context.WithTimeout(t.Context(), 1300*1e6)
	defer cancel()
	found := 0
	for s, err := range finder.Find(ctx) {
		if err != nil || s != server {
			t.Errorf("got %+v, %v", s, err)
		}
		found++
	}
	if found != 1 || ctx.Err() == nil {
		t.Errorf("found %d servers, and ended by itself: %v", found, ctx.Err() == nil)
	}
}

func TestNobodyToAsk(t *testing.T) {
	t.Parallel()
	finder := discovery.Finder{Targets: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0)}}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	var failed error
	for s, err := range finder.Find(ctx) {
		if failed = err; err == nil {
			t.Errorf("found %+v", s)
		}
	}
	if failed == nil || ctx.Err() != nil {
		t.Errorf("got %v", failed)
	}
}
