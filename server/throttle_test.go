package server_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// Roku takes any JSON for a success, so what is refused for being too much is text.
func TestTooManyIsTextWithRetryAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signIn := func(password string) scenario {
		return scenario{do: "POST /Users/AuthenticateByName", from: away, send: fmt.Sprintf(`{"Username":"ann","Pw":%q}`, password), want: failed(401)}
	}
	for i := range 10 {
		response, err := w.client.Do(w.request(signIn(fmt.Sprint("wrong ", i))))
		if err != nil || response.StatusCode != http.StatusUnauthorized {
			t.Fatal(response, err)
		}
		response.Body.Close()
	}
	w.news()
	// Four of five at once are held; the fifth has no slot.
	var held sync.WaitGroup
	statuses, refusal := make(chan int, 5), make(chan *http.Response, 5)
	for range 5 {
		held.Go(func() {
			response, err := w.client.Do(w.request(signIn("ann-pw")))
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			statuses <- response.StatusCode
			if response.StatusCode == http.StatusTooManyRequests {
				refusal <- response
			}
		})
	}
	held.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	if count[200] != 4 || count[429] != 1 {
		t.Fatalf("got statuses %v, want four of 200 and one of 429", count)
	}
	header := (<-refusal).Header
	if kind, after := header.Get("Content-Type"), header.Get("Retry-After"); kind != "text/plain" || after != "8" {
		t.Errorf("got Content-Type %q, Retry-After %q", kind, after)
	}
	w.news()

	for range 30 {
		response, err := w.client.Do(w.request(scenario{do: "POST /QuickConnect/Initiate", from: away}))
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatal(response, err)
		}
		response.Body.Close()
	}
	w.perform(scenario{do: "POST /QuickConnect/Initiate", from: away,
		want: text(429, "too many attempts; try again later").with("Retry-After", "60")})
}
