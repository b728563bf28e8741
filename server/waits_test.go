package server_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/server"
)

// waitingWorld is one in which clients may wait, and how to stop that.
func waitingWorld(t *testing.T) (w *world, stop context.CancelFunc) {
	t.Helper()
	w = newWorld(t)
	w.run()
	ctx, stop := context.WithCancel(w.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.handler.(*server.Server).Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	// Until both run, nobody is let wait.
	for {
		if answer := <-w.waitFor(t.Context(), w.fresh("approved secret"), "wait=1", ""); answer.applied != "" {
			return w, stop
		}
		time.Sleep(time.Millisecond)
	}
}

type waitAnswer struct {
	status  int
	applied string
	body    string
	err     error
}

// waitFor asks for the state of a secret.
func (w *world) waitFor(ctx context.Context, secret, prefer, from string) <-chan waitAnswer {
	w.Helper()
	header := map[string]string{"Authorization": "-"}
	if prefer != "" {
		header["Prefer"] = prefer
	}
	request := w.request(scenario{do: "GET /QuickConnect/Connect?secret=" + secret, from: from, header: header}).WithContext(ctx)
	answers := make(chan waitAnswer, 1)
	go func() {
		response, err := w.client.Do(request)
		if err != nil {
			answers <- waitAnswer{err: err}
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		answers <- waitAnswer{response.StatusCode, response.Header.Get("Preference-Applied"), string(body), err}
	}()
	return answers
}

// waiting returns when so many wait.
func (w *world) waiting(n int) {
	w.Helper()
	for deadline := time.Now().Add(10 * time.Second); w.handler.(*server.Server).Waits() != n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("%d wait, want %d", w.handler.(*server.Server).Waits(), n)
		}
	}
}

// waitForEvents returns when so many waits are in the log, none of which is amiss.
func (w *world) waitForEvents(n int, amiss func(event map[string]any) bool) {
	w.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		logged := 0
		for _, event := range w.events() {
			if event["route"] == "GET /QuickConnect/Connect" {
				logged++
			}
			if amiss(event) {
				w.Fatalf("the log has %v", event)
			}
		}
		if logged >= n {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("the log has %d waits, want %d", logged, n)
		}
	}
}

func (w *world) initiate() (code, secret string) {
	w.Helper()
	w.perform(scenario{do: "POST /QuickConnect/Initiate", want: anything(200), save: map[string]string{"secret": "Secret", "code": "Code"}})
	return w.names["code"], w.names["secret"]
}

// Each of these ends a wait of 25 seconds.
func TestWaitingIsAnsweredWhenTheStateChanges(t *testing.T) {
	t.Parallel()
	w, stop := waitingWorld(t)
	for _, change := range []struct {
		name string
		do   func(code string)
		want waitAnswer // its body is what is in the real one
	}{
		{"approved", func(code string) {
			w.perform(scenario{do: "POST /QuickConnect/Authorize?code=" + code, as: "ann", want: anything(200), log: []string{approved}})
		}, waitAnswer{200, "wait=25", `"Authenticated":true`, nil}},
		{"denied", func(code string) {
			w.perform(scenario{do: deny + "?code=" + code + "&" + noted, as: "ann", want: empty(204), log: []string{finlatch.ActivityQuickConnectDenied}})
		}, waitAnswer{404, "", `"Quick Connect was denied"`, nil}},
		{"switched off", func(string) {
			w.perform(scenario{do: "POST /System/Configuration", as: "admin", send: `{"QuickConnectAvailable":false}`, want: empty(204), log: []string{"ServerConfigurationUpdated"}})
		}, waitAnswer{401, "", `"Quick connect is disabled"`, nil}},
		{"stopping", func(string) { stop() }, waitAnswer{200, "wait=25", `"Authenticated":false`, nil}},
	} {
		if change.name == "stopping" {
			w.perform(scenario{do: "POST /System/Configuration", as: "admin", send: `{"QuickConnectAvailable":true}`, want: empty(204), log: []string{"ServerConfigurationUpdated"}})
		}
		code, secret := w.initiate()
		answers := w.waitFor(t.Context(), secret, "wait=100", "")
		w.waiting(1)
		select {
		case got := <-answers:
			t.Fatalf("%s: answered before: %+v", change.name, got)
		default:
		}
		change.do(code)
		got := <-answers
		if got.status != change.want.status || got.applied != change.want.applied || !strings.Contains(got.body, change.want.body) || got.err != nil {
			t.Errorf("%s: got %+v, want %+v", change.name, got, change.want)
		}
		w.waiting(0)
	}
	// Nobody waits where nothing would tell of a change.
	_, secret := w.initiate()
	if got := <-w.waitFor(t.Context(), secret, "wait=25", ""); got.status != 200 || got.applied != "" {
		t.Errorf("after the end: got %+v", got)
	}
}

func TestWhatIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	w, _ := waitingWorld(t)
	_, secret := w.initiate()
	for prefer, applied := range map[string]string{
		"": "", "respond-async": "", "wait": "", "wait=": "", "wait=0": "", "wait=-1": "", "wait=soon": "", "wait=99999999999": "",
		"wait=1": "wait=1", `respond-async, Wait="1" ; x=y`: "wait=1",
	} {
		if got := <-w.waitFor(t.Context(), secret, prefer, ""); got.status != 200 || got.applied != applied || !strings.Contains(got.body, `"Authenticated":false`) {
			t.Errorf("%q: got %+v, want %q applied", prefer, got, applied)
		}
	}
	for secret, status := range map[string]int{w.fresh("approved secret"): 200, "ABCDEF": 404} {
		if got := <-w.waitFor(t.Context(), secret, "wait=25", ""); got.status != status {
			t.Errorf("got %+v, want %d", got, status)
		}
	}
}

// Whoever comes beyond the bounds is answered as if it had not asked to wait.
func TestFewWait(t *testing.T) {
	t.Parallel()
	w, _ := waitingWorld(t)
	ctx, leave := context.WithCancel(t.Context())
	_, secret := w.initiate()
	two := []<-chan waitAnswer{w.waitFor(ctx, secret, "wait=25", ""), w.waitFor(ctx, secret, "wait=25", "")}
	w.waiting(2)
	if got := <-w.waitFor(t.Context(), secret, "wait=25", ""); got.status != 200 || got.applied != "" {
		t.Errorf("the third of a secret: got %+v", got)
	}
	leave() // a client that goes makes room
	for _, answers := range two {
		<-answers
	}
	w.waiting(0)

	const network = 64
	ctx, leave = context.WithCancel(t.Context())
	defer leave()
	for range network {
		w.waitFor(ctx, w.fresh("secret"), "wait=25", away)
		w.clock.Move(3 * time.Second) // no more than 30 requests are made in a minute
	}
	w.waiting(network)
	if got := <-w.waitFor(t.Context(), secret, "wait=25", away); got.status != 200 || got.applied != "" {
		t.Errorf("one too many of a network: got %+v", got)
	}
	another := w.waitFor(ctx, secret, "wait=25", "198.51.100.1")
	w.waiting(network + 1)
	leave()
	<-another
	w.waiting(0)
	w.waitForEvents(2+network+1, func(event map[string]any) bool {
		return event["route"] == "GET /QuickConnect/Connect" && (event["level"] != "INFO" || event["status"] != 200.0)
	})
}

// A program that stops calls EndWaits first.
func TestEndWaits(t *testing.T) {
	t.Parallel()
	w, _ := waitingWorld(t)
	web := &http.Server{Handler: w.handler}
	web.RegisterOnShutdown(w.handler.(*server.Server).EndWaits)
	_, secret := w.initiate()
	answers := w.waitFor(t.Context(), secret, "wait=25", "")
	w.waiting(1)
	if err := web.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-answers; got.status != 200 {
		t.Errorf("got %+v", got)
	}
}
