package server

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

// Bounds on those who wait for the state of Quick Connect to change. Whoever comes beyond them is answered at once and polls, as
// every other client does.
const (
	longestWait    = 25 * time.Second // most proxies cut at 30 s or 60 s
	waitsASecret   = 2
	waitsANetwork  = 64
	waitsAllInAll  = 4096
	preferHeader   = "Prefer" // RFC 7240
	appliedHeader  = "Preference-Applied"
	waitPreference = "wait"
)

// waits are the requests that wait until something changes. There are some only while Server.Run runs.
type waits struct {
	mu       sync.Mutex
	running  bool
	bySecret map[finlatch.Hash][]chan struct{}
	networks map[netip.Prefix]int
	all      int
}

func (w *waits) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = true
}

// join makes room for one that waits for the request with a secret; nil where there is none. The channel has something when it is
// time to look again, and is closed when it is time to go. It is given up with leave.
func (w *waits) join(secret finlatch.Hash, network netip.Prefix) chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.running || w.all >= waitsAllInAll || w.networks[network] >= waitsANetwork || len(w.bySecret[secret]) >= waitsASecret {
		return nil
	}
	if w.bySecret == nil {
		w.bySecret, w.networks = map[finlatch.Hash][]chan struct{}{}, map[netip.Prefix]int{}
	}
	changed := make(chan struct{}, 1)
	w.bySecret[secret] = append(w.bySecret[secret], changed)
	w.networks[network]++
	w.all++
	return changed
}

func (w *waits) leave(secret finlatch.Hash, network netip.Prefix, changed chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	here := w.bySecret[secret]
	for i := range here {
		if here[i] == changed {
			here = append(here[:i], here[i+1:]...)
			break
		}
	}
	if w.bySecret[secret] = here; len(here) == 0 {
		delete(w.bySecret, secret)
	}
	lower(w.networks, network)
	w.all--
}

// changed wakes those whom a change may concern.
func (w *waits) changed(c finlatch.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch c.Kind {
	case finlatch.ChangeQuickConnect:
		for _, one := range w.bySecret[c.Hash] {
			wake(one)
		}
	case finlatch.ChangeMissed, finlatch.ChangeSettings:
		for _, some := range w.bySecret {
			for _, one := range some {
				wake(one)
			}
		}
	}
}

// stop sends all away, and lets nobody wait any more.
func (w *waits) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.running {
		return
	}
	w.running = false
	for _, some := range w.bySecret {
		for _, one := range some {
			close(one)
		}
	}
	w.bySecret = map[finlatch.Hash][]chan struct{}{} // closed twice they would panic, woken after it too
}

// EndWaits answers at once all requests that wait for a change of Quick Connect's state, and lets none wait from then on. A program
// calls it when it begins to stop (http.Server.RegisterOnShutdown), so that nothing has to wait for them; the end of Run does it, too.
func (s *Server) EndWaits() { s.waits.stop() }

// waitOf is how long a request asks to wait (RFC 7240, 4.3), whole seconds and longestWait at most; 0: not at all.
func waitOf(h http.Header) time.Duration {
	for _, line := range h.Values(preferHeader) {
		for preference := range strings.SplitSeq(line, ",") {
			preference, _, _ = strings.Cut(preference, ";")
			name, value, _ := strings.Cut(preference, "=")
			if !strings.EqualFold(strings.TrimSpace(name), waitPreference) {
				continue
			}
			seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
			if err != nil {
				return 0
			}
			return min(time.Duration(seconds)*time.Second, longestWait)
		}
	}
	return 0
}

// waited is an answer to a request whose preference to wait was applied.
type waited struct {
	wait   time.Duration
	answer any
}

func (a waited) write(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(appliedHeader, waitPreference+"="+strconv.Itoa(int(a.wait/time.Second)))
	httpx.WriteJSON(w, r, http.StatusOK, a.answer)
}

// pending reads the state of a request for Quick Connect, and again each time it may have changed, for as long as nobody has decided
// on it and the client waits. applied tells that the client was let wait.
func (s *Server) pending(ctx context.Context, r *request, secret finlatch.Secret) (request finlatch.QuickConnect, applied bool, err error) {
	wait := waitOf(r.Header)
	if wait == 0 {
		request, err = s.service.QuickConnectRequest(ctx, secret)
		return request, false, err
	}
	network := networkOf(r.caller.Address)
	changed := s.waits.join(secret.Hash(), network)
	if changed != nil {
		defer s.waits.leave(secret.Hash(), network, changed)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for over := changed == nil; ; {
		request, err = s.service.QuickConnectRequest(ctx, secret)
		if err != nil || request.State != finlatch.QuickConnectPending || over {
			return request, changed != nil, err
		}
		select {
		case _, open := <-changed:
			over = !open
		case <-timer.C:
			over = true
		case <-ctx.Done():
			return request, true, nil // nobody is there to read it, which is no failure
		}
	}
}

// networkOf is what stands for an address where those who wait are counted: whoever has one address of an IPv6 /48 has them all.
func networkOf(address netip.Addr) netip.Prefix {
	bits := 48
	if address = address.Unmap().WithZone(""); address.Is4() {
		bits = 32
	}
	network, _ := address.Prefix(bits) // the zero Prefix for no address
	return network
}
