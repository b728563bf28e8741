package main_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

const (
	turns = 150
	turn  = 20 * time.Millisecond
)

// contender is a server under load. next gives the request that a worker sends next.
type contender struct {
	name    string
	address string
	next    func(worker, i int) []byte
}

// always is the same request every time.
func always(request []byte) func(int, int) []byte { return func(int, int) []byte { return request } }

// compare lets the contenders take turns under load from a number of connections. It reports the rates of the second and
// of all behind it as ratios to the first one's, and gives all rates.
//
// Turns are short, so that what else the machine does meanwhile slows them all down alike.
func compare(b *testing.B, connections int, contenders ...contender) []float64 {
	b.Helper()
	loads := make([]*load, len(contenders))
	for i, c := range contenders {
		loads[i] = newLoad(b, c, connections)
		loads[i].run(b, 500*time.Millisecond) // what comes first is slower
		loads[i].answers, loads[i].took = 0, 0
	}
	rates := make([]float64, len(loads))
	for b.Loop() { // once, because it takes longer than go test asks for
		for range turns {
			for _, l := range loads {
				l.run(b, turn)
			}
		}
	}
	for i, l := range loads {
		rates[i] = float64(l.answers) / l.took.Seconds()
		if i > 0 {
			b.ReportMetric(rates[i]/rates[0], contenders[i].name+"/"+contenders[0].name)
		}
	}
	b.ReportMetric(0, "ns/op")
	return rates
}

// load is connections that are kept, each with one request at a time. It parses just enough of the answers, because it
// has to share the machine with the server.
type load struct {
	next    func(worker, i int) []byte
	workers []*worker
	answers int
	took    time.Duration
}

type worker struct {
	conn    net.Conn
	r       *bufio.Reader
	answers int
}

func newLoad(b *testing.B, c contender, connections int) *load {
	b.Helper()
	l := &load{next: c.next}
	for range connections {
		conn, err := net.Dial("tcp", c.address)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		l.workers = append(l.workers, &worker{conn: conn, r: bufio.NewReader(conn)})
	}
	return l
}

// run puts the server under load for a time.
func (l *load) run(b *testing.B, d time.Duration) {
	b.Helper()
	start := time.Now()
	var all sync.WaitGroup
	for i, w := range l.workers {
		w.answers = 0
		all.Go(func() {
			for n := 0; time.Since(start) < d; n++ {
				if err := w.ask(l.next(i, n)); err != nil {
					b.Errorf("under load: %v", err)
					return
				}
			}
		})
	}
	all.Wait()
	l.took += time.Since(start)
	for _, w := range l.workers {
		l.answers += w.answers
	}
	if b.Failed() {
		b.FailNow()
	}
}

// ask sends a request and reads the answer.
func (w *worker) ask(request []byte) error {
	if _, err := w.conn.Write(request); err != nil {
		return err
	}
	length := -1
	for line, first := []byte(nil), true; ; first = false {
		var err error
		if line, err = w.r.ReadSlice('\n'); err != nil {
			return err
		}
		value, isLength := bytes.CutPrefix(line, []byte("Content-Length: "))
		switch {
		case first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")):
			return fmt.Errorf("answered %s", line)
		case isLength:
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		case len(line) == 2: // the end of the header
			_, err := w.r.Discard(length)
			w.answers++
			return err
		}
	}
}

// serveBare serves one answer, whatever the request, with nothing but net/http. before, which may be nil, comes first.
func serveBare(b *testing.B, body []byte, before func(*http.Request)) (address string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before != nil {
			before(r)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	}))
	b.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// askOnce sends each of many requests once.
func (h *house) askOnce(requests [][]byte) {
	h.Helper()
	conn, err := net.Dial("tcp", h.address)
	if err != nil {
		h.Fatal(err)
	}
	defer conn.Close()
	w := &worker{conn: conn, r: bufio.NewReader(conn)}
	for _, request := range requests {
		if err := w.ask(request); err != nil {
			h.Fatal(err)
		}
	}
}

// sample is the body of an answer to a request.
func (h *house) sample(request []byte) []byte {
	h.Helper()
	conn, err := net.Dial("tcp", h.address)
	if err != nil {
		h.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(request); err != nil {
		h.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		h.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		h.Fatalf("a sample: %d %s %v", response.StatusCode, body, err)
	}
	return body
}
