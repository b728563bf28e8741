package replay

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// failure is why no usable answer came, as one short word.
type failure struct {
	word string
	err  error
}

func (f failure) Error() string { return f.word + ": " + f.err.Error() }
func (f failure) Unwrap() error { return f.err }

// wire speaks HTTP/1.1 to one server on this machine: what it is told is what goes out, byte by byte, which net/http
// would not do. Each exchange has a connection of its own unless it names one to keep.
type wire struct {
	address string // the loopback address that is dialled
	host    string // what stands in the Host header
	kept    map[string]*connection
}

type connection struct {
	net.Conn
	reader *bufio.Reader
}

// outgoing is one request, ready to be sent.
type outgoing struct {
	method, path, proto string
	headers             []Header // defaults are added, see withDefaults
	body                []byte   // nil: none, and no Content-Length unless the method asks for one
	conn                string
	upgrade             string // the key of a WebSocket's handshake; empty for plain requests
	timeout             time.Duration
}

func newWire(base string) (*wire, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("%s: expected http://host:port", base)
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	// No other name than localhost is even looked up.
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not a loopback address", u.Hostname())
	}
	address, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	if !address.IP.IsLoopback() {
		return nil, fmt.Errorf("%s is %s here, not a loopback address", u.Hostname(), address.IP)
	}
	return &wire{address: address.String(), host: net.JoinHostPort(u.Hostname(), port), kept: map[string]*connection{}}, nil
}

// drop closes the kept connections; the next step that names one gets a new one.
func (w *wire) drop() {
	for _, c := range w.kept {
		_ = c.Close()
	}
	clear(w.kept)
}

// withDefaults puts the default headers first, unless the step spells the same name itself.
func (w *wire) withDefaults(out outgoing) []Header {
	text := func(value string) *string { return &value }
	defaults := []Header{{"Host", text(w.host)}}
	if out.upgrade != "" {
		defaults = append(defaults, Header{"Upgrade", text("websocket")}, Header{"Connection", text("Upgrade")},
			Header{"Sec-WebSocket-Version", text("13")}, Header{"Sec-WebSocket-Key", text(out.upgrade)})
	} else if out.conn == "" {
		defaults = append(defaults, Header{"Connection", text("close")})
	}
	if out.body != nil || slices.Contains([]string{"POST", "PUT", "PATCH"}, out.method) {
		defaults = append(defaults, Header{"Content-Length", text(strconv.Itoa(len(out.body)))})
	}
	var sent []Header
	for _, d := range defaults {
		if !slices.ContainsFunc(out.headers, func(h Header) bool { return strings.EqualFold(h.Name, d.Name) }) {
			sent = append(sent, d)
		}
	}
	for _, h := range out.headers {
		if h.Value != nil {
			sent = append(sent, h)
		}
	}
	return sent
}

// exchange sends one request and reads its answer. Every error of the network is a failure.
func (w *wire) exchange(ctx context.Context, out outgoing) (sent []Header, answer *Answer, data []byte, err error) {
	sent = w.withDefaults(out)
	c, response, data, err := w.roundTrip(ctx, out, sent)
	if err != nil {
		return sent, nil, nil, err
	}
	if out.conn != "" && !response.Close {
		w.kept[out.conn] = c
	} else {
		_ = c.Close()
	}
	return sent, newAnswer(response.StatusCode, lowered(response), data), data, nil
}

// roundTrip is exchange on a connection that the caller then owns.
func (w *wire) roundTrip(ctx context.Context, out outgoing, sent []Header) (_ *connection, response *http.Response, data []byte, err error) {
	c, err := w.connect(ctx, out)
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			_ = c.Close()
		}
	}()
	if err := c.SetDeadline(time.Now().Add(out.timeout)); err != nil {
		return nil, nil, nil, failed(err)
	}
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })()

	if _, err := c.Write(head(out, sent)); err != nil && !hungUp(err) {
		return nil, nil, nil, failed(err) // after hungUp the answer may be there: a server need not read everything
	}
	if _, err := c.reader.Peek(1); errors.Is(err, io.EOF) {
		return nil, nil, nil, failure{"closed", err}
	}
	if response, err = c.response(out.method); err != nil {
		return nil, nil, nil, failed(err)
	}
	if data, err = io.ReadAll(io.LimitReader(response.Body, largestBody)); err != nil {
		return nil, nil, nil, failed(err)
	}
	return c, response, data, nil
}

func (w *wire) connect(ctx context.Context, out outgoing) (*connection, error) {
	if c := w.kept[out.conn]; c != nil {
		delete(w.kept, out.conn)
		return c, nil
	}
	dialer := net.Dialer{Timeout: out.timeout}
	c, err := dialer.DialContext(ctx, "tcp", w.address)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, failure{"refused", err}
	}
	if err != nil {
		return nil, failure{"unreachable", err}
	}
	size := 4 << 10
	if out.upgrade != "" {
		size = largestFrame // a frame is looked at as a whole
	}
	return &connection{c, bufio.NewReaderSize(c, size)}, nil
}

// response reads the final response; those with a status below 200 go before it.
func (c *connection) response(method string) (*http.Response, error) {
	for {
		response, err := http.ReadResponse(c.reader, &http.Request{Method: method})
		if err != nil || response.StatusCode >= 200 || response.StatusCode == http.StatusSwitchingProtocols {
			return response, err
		}
	}
}

// head is the request as it goes out: line, headers, body.
func head(out outgoing, headers []Header) []byte {
	proto := out.proto
	if proto == "" {
		proto = "HTTP/1.1"
	}
	lines := []string{out.method + " " + out.path + " " + proto}
	for _, h := range headers {
		lines = append(lines, h.Name+": "+*h.Value)
	}
	return append(wireBytes(strings.Join(lines, "\r\n")+"\r\n\r\n"), out.body...)
}

func lowered(response *http.Response) map[string]string {
	headers := map[string]string{}
	for name, lines := range response.Header {
		headers[strings.ToLower(name)] = strings.Join(lines, ", ")
	}
	if len(response.TransferEncoding) > 0 { // ReadResponse takes it out of the headers
		headers["transfer-encoding"] = strings.Join(response.TransferEncoding, ", ")
	}
	return headers
}

func hungUp(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

func failed(err error) failure {
	var network net.Error
	switch {
	case errors.As(err, &network) && network.Timeout():
		return failure{"timeout", err}
	case hungUp(err):
		return failure{"reset", err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return failure{"truncated", err}
	}
	return failure{"malformed", err}
}
