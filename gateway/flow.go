package gateway

import (
	"io"
	"net/http"
	"sync"
)

const (
	waitBuffer = 4 << 10  // of a stream that waits for upstream, and there are many; net/http reads past its own buffer from this size on
	flowBuffer = 32 << 10 // of one whose bytes come faster than that
)

// flow is the body of an answer that is longer than one buffer. ReverseProxy copies it with a small one, as long as that is
// not filled; then flow copies it with a large one, as long as that is.
type flow struct {
	io.ReadCloser
	out   *writer
	pool  *buffers
	flush bool // the answer's length is unknown
	full  bool // the last read filled its buffer
}

// flows makes a flow of an answer.
func (g *Gateway) flows(out *writer, res *http.Response) {
	if res.StatusCode != http.StatusSwitchingProtocols && (res.ContentLength < 0 || res.ContentLength > waitBuffer) {
		res.Body = &flow{ReadCloser: res.Body, out: out, pool: &g.large, flush: res.ContentLength < 0}
	}
}

func (f *flow) Read(p []byte) (int, error) {
	if f.full {
		if err := f.pour(); err != nil {
			return 0, err
		}
	}
	n, err := f.ReadCloser.Read(p)
	f.full = n == len(p)
	return n, err
}

// pour hands on what comes until it comes slower; its error is that of reading or of writing.
func (f *flow) pour() error {
	buffer := f.pool.Get()
	defer f.pool.Put(buffer)
	for n := flowBuffer; n == flowBuffer; {
		var err error
		if n, err = f.ReadCloser.Read(buffer); n > 0 {
			if _, err := f.out.Write(buffer[:n]); err != nil {
				return err
			}
			if f.flush {
				if err := http.NewResponseController(f.out).Flush(); err != nil {
					return err
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// buffers are all of one size.
type buffers struct {
	size int
	pool sync.Pool
}

func (b *buffers) Get() []byte {
	if buffer, ok := b.pool.Get().(*[]byte); ok {
		return *buffer
	}
	return make([]byte, b.size)
}

func (b *buffers) Put(buffer []byte) { b.pool.Put(&buffer) }
