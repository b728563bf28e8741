package discovery

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// Answers in a second, so that nobody can make a server flood somebody else: UDP tells nothing of who really asks.
const (
	answersEach = 5
	answersAll  = 50
)

// longestQuestion is how much of a datagram is read, in bytes.
const longestQuestion = 512

// Responder answers whoever asks for servers.
type Responder struct {
	// Describe is the server as it is now, for who asks from an address; false is silence. It is called for one
	// question at a time.
	Describe func(ctx context.Context, asker netip.Addr) (Server, bool)
	// Allow tells who is answered at all; nil: everybody.
	Allow func(asker netip.Addr) bool
	// Clock is time.Now if nil.
	Clock func() time.Time

	second   time.Time // that is counted
	answered map[netip.Addr]int
	all      int
}

// Serve answers the questions that come in on a connection, and closes it when ctx ends. It returns nil then, else why the
// connection broke.
func (r *Responder) Serve(ctx context.Context, conn net.PacketConn) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	datagram := make([]byte, longestQuestion)
	for {
		n, from, err := conn.ReadFrom(datagram)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // about one datagram: an earlier answer did not arrive, or this one is longer than Windows takes
			pause(ctx)
			continue
		}
		asker, ok := from.(*net.UDPAddr)
		if !ok || !asks(datagram[:n]) {
			continue
		}
		r.reply(ctx, conn, asker)
	}
}

func (r *Responder) reply(ctx context.Context, conn net.PacketConn, asker *net.UDPAddr) {
	address := asker.AddrPort().Addr().Unmap()
	if r.Allow != nil && !r.Allow(address) || !r.spare(address) {
		return
	}
	server, ok := r.Describe(ctx, address)
	if !ok {
		return
	}
	if data, err := server.answer(); err == nil {
		_, _ = conn.WriteTo(data, asker) // who does not get it asks again
	}
}

// spare counts an answer, and tells whether there is one left in this second.
func (r *Responder) spare(asker netip.Addr) bool {
	now := time.Now
	if r.Clock != nil {
		now = r.Clock
	}
	if second := now().Truncate(time.Second); !second.Equal(r.second) {
		r.second, r.answered, r.all = second, make(map[netip.Addr]int), 0
	}
	if r.all >= answersAll || r.answered[asker] >= answersEach {
		return false
	}
	r.all++
	r.answered[asker]++
	return true
}

// pause keeps an error that lasts from taking a core.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Millisecond):
	}
}
