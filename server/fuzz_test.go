package server_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/finlatch/finlatch"
)

// FuzzHandler sends whatever net/http would let through, and more, to a server that is set up and to one that is not.
// Where a header says <ann>, <admin> or <key> it gets a token that works.
func FuzzHandler(f *testing.F) {
	for _, a := range everything {
		method, target, _ := strings.Cut(a.do(), " ")
		path, query, _ := strings.Cut(reference.ReplaceAllString(target, "0123456789abcdef0123456789abcdef"), "?")
		for _, as := range []string{"", "<ann>", "<admin>", "<key>"} {
			headers := `Authorization: MediaBrowser Client="App", Device="Telly", DeviceId="tv", Version="1.0", Token="` + as + `"` +
				"\r\nContent-Type: application/json"
			f.Add(method, path, query, headers, a.send, as != "")
		}
	}
	f.Add("GET", "/emby//Users/../users/%7B0x0%7D", "a=b&&;=%zz%ff", "X-Forwarded-For: ,::1,\r\nForwarded: x\r\nAccept: application/json;profile=CamelCase", "", true)
	f.Add("OPTIONS", "*", "", "Origin: null\r\nAccess-Control-Request-Method: x", "", false)
	f.Add("CONNECT", "/Auth/Keys/%2F%00", "ApiKey%3Dx%26a%3Db", "X-Emby-Authorization: Emby Token=<admin>", "\x00", true)
	f.Add("POST", "/Users/New", "", "Content-Type: text/json;charset=utf-16\r\nX-Emby-Token: <key>", "{\x00\"\x00", true)

	houses := map[bool]*fuzzed{}
	f.Cleanup(func() {
		for _, h := range houses {
			h.close()
		}
	})
	f.Fuzz(func(t *testing.T, method, path, query, headers, body string, setUp bool) {
		h := houses[setUp]
		if h == nil || !h.asBefore(setUp) {
			if h != nil {
				h.close()
			}
			h = newFuzzed(t, setUp)
			houses[setUp] = h
		}
		h.keeper.TB = t
		h.try(t, method, path, query, headers, body)
	})
}

// keeper is a TB for what outlives the test that made it.
type keeper struct {
	testing.TB
	cleanups []func()
}

func (k *keeper) Cleanup(f func()) { k.cleanups = append(k.cleanups, f) }

func (k *keeper) TempDir() string {
	dir, err := os.MkdirTemp("", "finlatch-fuzz")
	if err != nil {
		k.Fatal(err)
	}
	k.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (k *keeper) close() {
	for i := len(k.cleanups) - 1; i >= 0; i-- {
		k.cleanups[i]()
	}
}

// fuzzed is a server for many requests.
type fuzzed struct {
	*keeper
	w      *world
	tokens *strings.Replacer
}

func newFuzzed(t *testing.T, setUp bool) *fuzzed {
	h := &fuzzed{keeper: &keeper{TB: t}}
	h.w = quietWorld(h.keeper)
	if setUp {
		h.w.populate()
	}
	h.tokens = strings.NewReplacer("<ann>", h.w.names["ann.token"], "<admin>", h.w.names["admin.token"], "<key>", h.w.names["key.token"])
	return h
}

// asBefore tells whether no request has ended what the next ones want to use.
func (h *fuzzed) asBefore(setUp bool) bool {
	if settings, err := h.w.Settings(h.w.ctx); err != nil || settings.SetupComplete != setUp {
		return false
	}
	for _, name := range []string{"ann.token", "admin.token", "key.token"} {
		c, err := h.w.Authenticate(h.w.ctx, finlatch.Caller{}, finlatch.TokenFrom(h.w.names[name]))
		if setUp && (err != nil || name == "admin.token" && !c.Administrator()) {
			return false
		}
	}
	return true
}

func (h *fuzzed) try(t *testing.T, method, path, query, headers, body string) {
	raw := fmt.Sprintf("%s %s?%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n%s\r\n\r\n%s",
		method, path, query, len(body), h.tokens.Replace(headers), body)
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		return // net/http answers that
	}
	request.RemoteAddr = "127.0.0.1:50000"
	h.w.log.clear()
	recorder := httptest.NewRecorder()
	h.w.handler.ServeHTTP(recorder, request)
	answer := recorder.Result()
	switch status := answer.StatusCode; {
	case status >= 500 || status < 200:
		t.Errorf("%q: got %d\n%s", raw, status, h.w.log.String())
	case status == 302 && !slices.Contains([]string{"web/", "finlatch/", "../finlatch/"}, answer.Header.Get("Location")):
		t.Errorf("%q: sent to %q", raw, answer.Header.Get("Location"))
	case (status == 401 || status == 403) && strings.Contains(recorder.Body.String(), "{"):
		t.Errorf("%q: a refusal tells %s", raw, recorder.Body.String())
	}
}
