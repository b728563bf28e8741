package jellyfin_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/finlatchtest"
	"github.com/finlatch/finlatch/jellyfin"
)

// BenchmarkApprovalToSignedIn tells how long it takes from an approval until the device has its token and knows its user, with
// a server that is waited for and with one that is polled every 5 seconds. Each round signs 256 devices in:
//
//	go test ./jellyfin -run '^$' -bench ApprovalToSignedIn -benchtime 1x
func BenchmarkApprovalToSignedIn(b *testing.B) {
	for name, atOnce := range map[string]int{"waiting": 4, "polling": 64} { // the more wait for the next poll, the sooner it is over
		b.Run(name, func(b *testing.B) {
			options := jellyfin.QuickConnectOptions{PollOnly: name == "polling"}
			server := finlatchtest.NewServer(b)
			ann := server.NewUser("ann", "pw")
			var mu sync.Mutex
			var took []time.Duration
			for range b.N {
				devices := make(chan int)
				var wg sync.WaitGroup
				for range atOnce {
					wg.Go(func() {
						for i := range devices {
							d := signInBy(b, server, ann, i, options)
							mu.Lock()
							took = append(took, d)
							mu.Unlock()
						}
					})
				}
				for i := range 256 {
					devices <- i
				}
				close(devices)
				wg.Wait()
			}
			slices.Sort(took)
			b.ReportMetric(0, "ns/op") // says nothing here
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "ms-median")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "ms-p99")
		})
	}
}

// signInBy gives how long a device took from its approval, which comes at any time between two polls.
func signInBy(b *testing.B, server *finlatchtest.Server, user *finlatchtest.User, i int, options jellyfin.QuickConnectOptions) time.Duration {
	device, err := jellyfin.New(server.URL, jellyfin.App{Client: "Bench", Version: "1.0.0", DeviceID: fmt.Sprint(i)}, jellyfin.Options{})
	if err != nil {
		b.Error(err)
		return 0
	}
	approved := make(chan time.Time, 1)
	_, err = device.QuickConnect(b.Context(), func(c jellyfin.QuickConnectCode) {
		after := 50*time.Millisecond + rand.N(200*time.Millisecond)
		if options.PollOnly {
			after += rand.N(5 * time.Second)
		}
		time.AfterFunc(after, func() {
			at := time.Now()
			if err := server.Service.Approve(b.Context(), finlatch.Operator(), c.Code, user.ID); err != nil {
				b.Error(err)
			}
			approved <- at
		})
	}, options)
	if err != nil {
		b.Error(err)
		return 0
	}
	return time.Since(<-approved)
}
