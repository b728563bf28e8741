package httpx

import (
	"io"
	"net/http"
)

// MaxBody is what a body may have by default, in bytes. The largest honest one is a configuration of some 20 KiB.
const MaxBody = 1 << 20

// LimitBody makes reading more than n bytes of a body fail with ErrTooLarge; n below 1 means MaxBody. A body that is
// announced longer is not read at all.
func LimitBody(n int64) func(http.Handler) http.Handler {
	if n < 1 {
		n = MaxBody
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Body == nil || r.Body == http.NoBody {
				next.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(w, withBody(r, &limitedBody{ReadCloser: r.Body, left: n, refused: r.ContentLength > n}))
		})
	}
}

// Narrow is the request with a bound of n bytes where LimitBody's is larger.
func Narrow(r *http.Request, n int64) *http.Request {
	b, ok := r.Body.(*limitedBody)
	if !ok || b.left <= n {
		return r
	}
	return withBody(r, &limitedBody{ReadCloser: b.ReadCloser, left: n, refused: b.refused || r.ContentLength > n})
}

// Unlimited is the request without LimitBody's bound, for what is handed on and not kept.
func Unlimited(r *http.Request) *http.Request {
	if b, ok := r.Body.(*limitedBody); ok {
		return withBody(r, b.ReadCloser)
	}
	return r
}

// withBody is the request with another body.
func withBody(r *http.Request, body io.ReadCloser) *http.Request {
	other := new(http.Request)
	*other = *r
	other.Body = body
	return other
}

type limitedBody struct {
	io.ReadCloser
	left    int64
	refused bool
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.refused {
		return 0, ErrTooLarge
	}
	if len(p) == 0 {
		return 0, nil
	}
	if int64(len(p))-1 > b.left {
		p = p[:b.left+1] // one more, to tell the end from more
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) <= b.left {
		b.left -= int64(n)
		return n, err
	}
	n, b.refused = int(b.left), true
	return n, ErrTooLarge
}
