package gateway

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
)

const (
	maxAnswer  = 32 << 10 // bytes of an answer that is looked into or kept
	maxAnswers = 1000
	answerAge  = 5 * time.Minute // how long an answer stands in for one that upstream cannot give
)

var errAway = errors.New("upstream cannot answer now")

// small are the answers that are looked into.
type small uint8

const (
	none       small = iota
	publicInfo       // /System/Info/Public
	info             // /System/Info
	me               // /Users/Me
)

func smallAnswer(method string, p *path) small {
	switch {
	case method != http.MethodGet:
		return none
	case p.is("System", "Info", "Public"):
		return publicInfo
	case p.is("System", "Info"):
		return info
	case p.is("Users", "Me"):
		return me
	}
	return none
}

// answers are the last good ones, for when upstream is away. Those that are for one caller are found by the token only.
type answers struct {
	mu  sync.Mutex
	all map[answerKey]answer
}

type answerKey struct {
	small small
	token finlatch.Hash
	camel bool // in the spelling that the client has asked for
}

type answer struct {
	at          time.Time
	contentType string
	body        []byte
}

func (a *answers) keep(key answerKey, kept answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, there := a.all[key]; !there && len(a.all) >= maxAnswers {
		for other := range a.all { // any one
			delete(a.all, other)
			break
		}
	}
	a.all[key] = kept
}

func (a *answers) last(key answerKey, now time.Time) (answer, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	kept, ok := a.all[key]
	if ok && now.Sub(kept.at) > answerAge {
		delete(a.all, key)
		ok = false
	}
	return kept, ok
}

// answerKey says where the answer to a request is kept; false where none is.
func (x *exchange) answerKey() (answerKey, bool) {
	key := answerKey{small: x.small, camel: x.camel()}
	switch {
	case x.small == none || !x.known() && x.small != publicInfo:
		return key, false
	case x.small != publicInfo:
		key.token = x.token.Hash()
	}
	return key, true
}

// camel tells whether the client wants members to begin in lower case.
func (x *exchange) camel() bool {
	return strings.Contains(strings.ToLower(strings.Join(x.request.Header["Accept"], ",")), "camelcase")
}

// look reads a small answer whole, keeps it, and tells clients our address instead of upstream's.
func (x *exchange) look(res *http.Response) error {
	if away(res.StatusCode) {
		if _, kept := x.lastGood(); kept {
			return errAway
		}
		return nil
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if res.StatusCode != http.StatusOK || kind != "application/json" || res.Header.Get("Content-Encoding") != "" {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return err
	}
	if len(body) > maxAnswer || !json.Valid(body) {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), res.Body), res.Body}
		return nil
	}
	if x.small == publicInfo && !x.camel() && bytes.Contains(body, []byte(`"startupWizardCompleted"`)) {
		return errAway // what Jellyfin's set-up server says of itself
	}
	if key, ok := x.answerKey(); ok {
		x.g.answers.keep(key, answer{x.g.service.Now(), res.Header.Get("Content-Type"), body})
	}
	res.Body.Close()
	body = x.addressed(body)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// away tells whether a status says that upstream cannot answer now.
func away(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

func (x *exchange) lastGood() (answer, bool) {
	key, ok := x.answerKey()
	if !ok {
		return answer{}, false
	}
	return x.g.answers.last(key, x.g.service.Now())
}

// answerLastGood answers for upstream, if it can.
func (x *exchange) answerLastGood(w http.ResponseWriter) bool {
	kept, ok := x.lastGood()
	if !ok {
		return false
	}
	body := x.addressed(kept.body)
	w.Header().Set("Content-Type", kept.contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // the client may be gone
	return true
}

// addressed is a system information in which LocalAddress is the one that clients reach us by.
func (x *exchange) addressed(body []byte) []byte {
	if x.small == me {
		return body
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return body
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return body
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return body
		}
		if text, _ := name.(string); strings.EqualFold(text, "LocalAddress") {
			end := int(decoder.InputOffset())
			ours, _ := json.Marshal(x.ourAddress())
			return bytes.Join([][]byte{body[:end-len(value)], ours, body[end:]}, nil)
		}
	}
	return body
}

// ourAddress is the published one, or the one that the client has used.
func (x *exchange) ourAddress() string {
	from := httpx.AddressFrom(x.request.Context())
	return cmp.Or(x.g.options.PublishedURL, cmp.Or(from.Scheme, "http")+"://"+cmp.Or(from.Host, x.request.Host)+x.g.options.BaseURL)
}
