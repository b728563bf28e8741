package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// writer is the answer of a stream, which can be cut.
type writer struct {
	http.ResponseWriter
	left int64 // bytes of the answer that are still to come, where upstream has said how many

	mu    sync.Mutex
	begun bool
	ended bool
	conn  net.Conn // once it was taken over
}

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) WriteHeader(status int) {
	if status >= 200 {
		w.mu.Lock()
		w.begun = true
		w.mu.Unlock()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends what there is at once, unless it is the end, which net/http sends: most answers are one packet.
func (w *writer) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	if w.left -= int64(n); w.left > 0 && err == nil {
		err = http.NewResponseController(w.ResponseWriter).Flush()
	}
	return n, err
}

// Hijack hands out the connection of a web socket.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn = conn; w.ended {
		conn.Close()
	}
	return &socketConn{conn}, buffered, nil
}

// cut lets go of the connection. Before an answer has begun there is still room to say why.
func (w *writer) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if w.conn != nil {
		w.conn.Close()
		return
	}
	if w.begun {
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Unix(1, 0))
	}
}

// socketConn copies with small buffers: messages of web sockets are short, and sockets are open for days.
type socketConn struct{ net.Conn }

const socketBuffer = 4 << 10

// ReadFrom is what io.Copy uses to the connection.
func (c *socketConn) ReadFrom(r io.Reader) (int64, error) { return pour(c.Conn, r) }

// WriteTo is what io.Copy uses from the connection.
func (c *socketConn) WriteTo(w io.Writer) (int64, error) { return pour(w, c.Conn) }

// CloseWrite tells the client that nothing more comes.
func (c *socketConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

func pour(w io.Writer, r io.Reader) (total int64, err error) {
	buffer := make([]byte, socketBuffer)
	for {
		n, readErr := r.Read(buffer)
		if n > 0 {
			written, err := w.Write(buffer[:n])
			if total += int64(written); err != nil {
				return total, err
			}
		}
		switch {
		case readErr == io.EOF:
			return total, nil
		case readErr != nil:
			return total, readErr
		}
	}
}
