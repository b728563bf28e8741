package main_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/metrics"
	"github.com/finlatch/finlatch/server"
	"github.com/finlatch/finlatch/sqlite"
)

// rightPassword is anna's.
const rightPassword = "correct horse"

// house is a server in this process, put together as finlatch serve does, with anna in it and signed in.
type house struct {
	testing.TB
	store   *countingStore
	service *finlatch.Service
	handler http.Handler
	address string
	token   string
	random  io.Reader
}

func newHouse(tb testing.TB) *house {
	tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	dir := tb.TempDir()
	store, err := sqlite.Open(ctx, filepath.Join(dir, "finlatch.db"), sqlite.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		tb.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(file, nil))
	h := &house{TB: tb, store: &countingStore{Store: store}, random: rand.Reader}
	meter := metrics.New()
	h.service, err = finlatch.New(ctx, finlatch.Options{Store: meter.Store(h.store), OnSignIn: meter.SignIn, Log: log, QuickConnectLimit: -1})
	if err != nil {
		tb.Fatal(err)
	}
	h.handler = server.New(h.service, server.Options{Log: log, MachineName: "house", Observe: meter.Request})
	ended := make(chan struct{})
	go func() {
		h.service.Run(ctx)
		close(ended)
	}()
	web := &http.Server{Handler: h.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	go web.Serve(listener)
	h.address = listener.Addr().String()
	tb.Cleanup(func() {
		web.Close()
		stop()
		<-ended
		store.Close()
		file.Close()
	})
	if _, err := h.service.CreateUser(ctx, finlatch.Operator(), "anna", rightPassword, true); err != nil {
		tb.Fatal(err)
	}
	in, err := h.service.SignIn(ctx, finlatch.Caller{ClientInfo: finlatch.NewClientInfo("Bench", "1.0", "Telly", "bench"),
		Address: netip.MustParseAddr("127.0.0.1")}, "anna", rightPassword)
	if err != nil {
		tb.Fatal(err)
	}
	h.token = in.Token.Reveal()
	return h
}

// app is what an app says of itself in the Authorization header.
func app(device string) string {
	return fmt.Sprintf(`Client="Bench", Device="Telly", DeviceId="%s", Version="1.0"`, device)
}

// request is a whole HTTP request as an app sends it.
func (h *house) request(method, target, authorization, body string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nAccept: application/json\r\n", method, target, h.address)
	if authorization != "" {
		fmt.Fprintf(&b, "Authorization: MediaBrowser %s\r\n", authorization)
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return []byte(b.String() + "\r\n" + body)
}

// waiting puts requests for Quick Connect into the store.
func (h *house) waiting(count int) {
	h.Helper()
	const batch = 10_000
	now := time.Now().UTC()
	for from := 0; from < count; from += batch {
		err := h.store.Update(context.Background(), func(tx finlatch.Tx) error {
			for i := from; i < min(from+batch, count); i++ {
				address := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
				err := tx.CreateQuickConnect(context.Background(), finlatch.QuickConnect{
					ClientInfo: finlatch.NewClientInfo("Bench", "1.0", "Telly", fmt.Sprint("device ", i)), SecretHash: numberedSecret(i).Hash(),
					Code: fmt.Sprintf("%06d", i), Address: address, Network: netip.PrefixFrom(address, 32), CreatedAt: now, ExpiresAt: now.Add(10 * time.Minute),
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			h.Fatal(err)
		}
	}
}

func numberedSecret(i int) finlatch.Secret {
	return finlatch.SecretFrom(fmt.Sprintf("%064X", uint64(i+1)*0x9e3779b97f4a7c15))
}

// countingStore counts transactions.
type countingStore struct {
	finlatch.Store
	transactions atomic.Int64
}

func (s *countingStore) View(ctx context.Context, f func(finlatch.Tx) error) error {
	s.transactions.Add(1)
	return s.Store.View(ctx, f)
}

func (s *countingStore) Update(ctx context.Context, f func(finlatch.Tx) error) error {
	s.transactions.Add(1)
	return s.Store.Update(ctx, f)
}
