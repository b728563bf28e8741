package main_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/finlatch/finlatch/internal/password"
)

// The benchmarks take turns, many short ones in one run, between what is measured and a yardstick on the same machine, and
// report the rate as a ratio to the yardstick's: 1 is as fast. docs/performance.md has the figures.

// BenchmarkUsersMe asks who a token belongs to, on 32 connections. The yardstick is a bare net/http handler that writes the
// same bytes.
func BenchmarkUsersMe(b *testing.B) {
	h := newHouse(b)
	ask := h.request("GET", "/Users/Me", `Token="`+h.token+`"`, "")
	compare(b, 32,
		contender{"bare", serveBare(b, h.sample(ask), nil), always(ask)},
		contender{"finlatch", h.address, always(ask)})
}

// BenchmarkPublicInfo asks what every app asks first, without a token.
func BenchmarkPublicInfo(b *testing.B) {
	h := newHouse(b)
	ask := h.request("GET", "/System/Info/Public", "", "")
	compare(b, 32,
		contender{"bare", serveBare(b, h.sample(ask), nil), always(ask)},
		contender{"finlatch", h.address, always(ask)})
}

// BenchmarkSignIn signs in by password, 8 at once. The yardstick is a bare net/http handler that checks the same password
// against an argon2id hash and writes the same bytes.
func BenchmarkSignIn(b *testing.B) {
	h := newHouse(b)
	hash, err := password.Hash(h.random, rightPassword)
	if err != nil {
		b.Fatal(err)
	}
	ask := func(worker, _ int) []byte {
		return h.request("POST", "/Users/AuthenticateByName", app(fmt.Sprint("device ", worker)), `{"Username":"anna","Pw":"`+rightPassword+`"}`)
	}
	verify := func(r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if right, _ := password.Verify(hash, rightPassword); !right || err != nil {
			b.Errorf("the yardstick: %v %v", right, err)
		}
	}
	compare(b, 8,
		contender{"hash", serveBare(b, h.sample(ask(0, 0)), verify), ask},
		contender{"finlatch", h.address, ask})
}

// BenchmarkQuickConnectPoll asks for the state of requests, on 32 connections, while one waits and while 100,000 do: each
// connection for a request of its own, or each poll for any of them. The yardstick is a bare net/http handler that writes
// the same bytes. However many wait, the rate must be within a tenth of that with one.
func BenchmarkQuickConnectPoll(b *testing.B) {
	const many = 100_000
	one, all := newHouse(b), newHouse(b)
	one.waiting(1)
	all.waiting(many)
	poll := func(h *house, i int) []byte {
		return h.request("GET", "/QuickConnect/Connect?secret="+numberedSecret(i).Reveal(), "", "")
	}
	asks := make([][]byte, many)
	for i := range asks {
		asks[i] = poll(all, i)
	}
	all.askOnce(asks) // as their devices have, within five seconds
	rates := compare(b, 32,
		contender{"bare", serveBare(b, one.sample(poll(one, 0)), nil), always(poll(one, 0))},
		contender{"1", one.address, always(poll(one, 0))},
		contender{"own", all.address, func(w, _ int) []byte { return asks[w*3121] }},
		contender{"100000", all.address, func(int, int) []byte { return asks[rand.IntN(many)] }})
	for i, name := range []string{"own", "100000"} {
		ratio := rates[i+2] / rates[1]
		b.ReportMetric(ratio, name+"/1")
		if ratio < 0.9 || ratio > 1/0.9 {
			b.Errorf("%s/1 is %.2f, want it within a tenth of 1", name, ratio)
		}
	}
}
