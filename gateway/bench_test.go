package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// front is a way to upstream.
type front struct {
	name   string
	url    string
	header header
}

// fronts are the gateway, whole, and httputil.ReverseProxy, bare, before one upstream.
func fronts(b *testing.B) (w *world, through, bare front) {
	w = newWorld(b, func(o *options) { o.gateway.Log = nil })
	to, _ := url.Parse(w.upstream.URL)
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 256}
	server := httptest.NewServer(proxy)
	b.Cleanup(server.Close)
	return w, front{"gateway", w.url, w.asAnn()}, front{"bare", server.URL, w.asAnn()}
}

func (f front) get(b *testing.B, path string) *http.Response {
	r, err := http.NewRequest("GET", f.url+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	for name, value := range f.header {
		r.Header.Set(name, value)
	}
	res, err := client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s", f.name, res.Status)
	}
	return res
}

// race runs both by turns and reports the medians' ratio: above 1, the gateway is faster.
func race(b *testing.B, through, bare front, run func(front)) {
	var took [2][]float64
	run(through)
	run(bare)
	for b.Loop() {
		for i, f := range []front{through, bare} {
			start := time.Now()
			run(f)
			took[i] = append(took[i], time.Since(start).Seconds())
		}
	}
	median := func(all []float64) float64 { slices.Sort(all); return all[len(all)/2] }
	b.ReportMetric(median(took[1])/median(took[0]), "ratio")
	b.ReportMetric(median(took[0]), "s/gateway")
	b.ReportMetric(median(took[1]), "s/bare")
}

// One stream of 1 GiB.
func BenchmarkStream(b *testing.B) {
	w, through, bare := fronts(b)
	const size = 1 << 30
	block := make([]byte, 1<<20)
	w.upstream.on("/Videos/1/stream", func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Length", strconv.Itoa(size))
		for range size / len(block) {
			if _, err := out.Write(block); err != nil {
				return
			}
		}
	})
	race(b, through, bare, func(f front) {
		res := f.get(b, "/Videos/1/stream")
		defer res.Body.Close()
		if n, err := io.Copy(io.Discard, res.Body); n != size || err != nil {
			b.Fatalf("%s: %d bytes, %v", f.name, n, err)
		}
	})
}

// 10,000 small requests, eight at a time.
func BenchmarkSmall(b *testing.B) {
	w, through, bare := fronts(b)
	w.upstream.on("/Items", serveJSON(publicInfo))
	race(b, through, bare, func(f front) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10_000 / 8 {
					res := f.get(b, "/Items")
					_, _ = io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
			})
		}
		wg.Wait()
		w.upstream.take()
	})
}

// What a stream takes in memory that is open and waits, beyond what client and upstream take.
func BenchmarkStreamMemory(b *testing.B) {
	w, through, bare := fronts(b)
	const streams = 500
	w.upstream.on("/Videos/1/stream", func(out http.ResponseWriter, r *http.Request) {
		_, _ = out.Write(make([]byte, 64<<10))
		_ = http.NewResponseController(out).Flush()
		<-r.Context().Done()
	})
	used := func() int64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc + m.StackInuse)
	}
	each := func(f front) float64 {
		before := used()
		open := make([]*http.Response, streams)
		for i := range open {
			open[i] = f.get(b, "/Videos/1/stream")
			if _, err := io.CopyN(io.Discard, open[i].Body, 64<<10); err != nil {
				b.Fatal(err)
			}
		}
		took := float64(used()-before) / streams
		for _, res := range open {
			res.Body.Close()
		}
		eventually(b, "closed", func() bool { return runtime.NumGoroutine() < 100 })
		client.CloseIdleConnections()
		return took
	}
	direct := front{"direct", w.upstream.URL, header{}}
	for b.Loop() {
		each(direct)
		none := each(direct)
		b.ReportMetric(each(through)-none, "B/stream")
		b.ReportMetric(each(bare)-none, "B/bare-stream")
	}
}
