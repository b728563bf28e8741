package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

const (
	headerTimeout  = 10 * time.Second // for a request's line and headers; bodies and answers are httpx.Progress's
	idleTimeout    = 2 * time.Minute  // of a connection between two requests
	maxHeaderBytes = 64 << 10

	// The server promises to end within 5 seconds of the signal: the requests in progress have graceTime, and after
	// endTime it does not wait for anything.
	graceTime = 3500 * time.Millisecond
	endTime   = 4800 * time.Millisecond
	// freshTime is how long a connection on which no request has come may still send one.
	freshTime = 300 * time.Millisecond
)

// listen binds an address that a flag names.
func listen(flag string, addr address) (net.Listener, error) {
	listener, err := net.Listen("tcp", string(addr))
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, failed("another program has the port, a Jellyfin server perhaps: choose another with --"+flag+" ADDR:PORT", "cannot listen on %s: the port is taken", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, failed("ports below 1024 are for root: choose another with --"+flag+" ADDR:PORT", "cannot listen on %s: this user may not", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, failed("0.0.0.0 stands for every address of this machine", "cannot listen on %s: this machine has no such address", addr)
	}
	return nil, failed("", "cannot listen on %s: %s", addr, plain(err))
}

// front is the public HTTP server.
type front struct {
	http.Server
	cut   context.CancelFunc // ends the requests in progress
	fresh freshConns
}

func newFront(handler http.Handler, log *slog.Logger) *front {
	f := &front{}
	base, cut := context.WithCancel(context.Background())
	f.cut = cut
	f.Server = http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return base },
		ConnState:   f.fresh.note,
	}
	return f
}

// stop takes no more connections and waits until the requests in progress are answered or ctx ends; then it cuts them.
func (f *front) stop(ctx context.Context) error {
	// http.Server takes a new connection for busy during its first 5 seconds. Browsers open some in advance.
	timer := time.AfterFunc(freshTime, f.fresh.close)
	defer timer.Stop()
	err := f.Shutdown(ctx)
	f.cut()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return nil
}

// freshConns are the connections on which no request has come.
type freshConns struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func (f *freshConns) note(conn net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if state != http.StateNew {
		delete(f.conns, conn)
		return
	}
	if f.conns == nil {
		f.conns = map[net.Conn]struct{}{}
	}
	f.conns[conn] = struct{}{}
}

func (f *freshConns) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for conn := range f.conns {
		conn.Close()
	}
}
