package conformance_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
)

// What a page may cost.
const (
	maxPageBytes    = 50 << 10
	maxPageRequests = 2
)

// traffic is what the browser has asked the network for since the last open.
type traffic struct {
	requests []string // method and address
	bytes    int64    // of bodies, as the page gets them
	document network.RequestID
}

// watchTraffic makes the browser tell what it asks for, and ask for everything.
func (b *tab) watchTraffic(t *testing.T) {
	t.Helper()
	command(t, b, network.Enable, network.EnableParams{})
	command(t, b, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
}

func (b *tab) hearTraffic(event any) {
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		if strings.HasPrefix(event.Request.URL, "data:") {
			return
		}
		if event.Type == network.ResourceTypeDocument {
			b.network = traffic{document: event.RequestID}
		}
		b.network.requests = append(b.network.requests, event.Request.Method+" "+event.Request.URL)
	case *network.EventDataReceived:
		b.network.bytes += event.DataLength
	}
}

// forgetTraffic begins to count anew.
func (b *tab) forgetTraffic() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.network = traffic{}
}

// heavy is what the page that is shown costs too much.
func (b *tab) heavy() (faults []string) {
	b.mutex.Lock()
	cost := b.network
	b.mutex.Unlock()
	if len(cost.requests) == 0 || cost.bytes == 0 {
		faults = append(faults, fmt.Sprintf("the browser did not tell what the page costs: %d bytes, %v", cost.bytes, cost.requests))
	}
	if cost.bytes > maxPageBytes {
		faults = append(faults, fmt.Sprintf("the page has %d bytes, more than %d", cost.bytes, maxPageBytes))
	}
	if len(cost.requests) > maxPageRequests {
		faults = append(faults, fmt.Sprintf("the page needs more than %d requests:\n%s", maxPageRequests, strings.Join(cost.requests, "\n")))
	}
	return faults
}

// served is the page's HTML as the server sent it.
func (b *tab) served(t *testing.T) []byte {
	t.Helper()
	b.mutex.Lock()
	document := b.network.document
	b.mutex.Unlock()
	body := command(t, b, network.GetResponseBody, network.GetResponseBodyParams{RequestID: document})
	return body.Body
}

// TestBrowserFullPages weighs the pages of a server that has more of everything than a page lists.
func TestBrowserFullPages(t *testing.T) {
	t.Parallel()
	chromium := newBrowser(t)
	s := newServerOn(t, somebody(t))
	admin := inUse(t, s, "Anna's phone", "anna")
	for n := range 510 {
		admin.post(t, "/Users/New", quoted("Name", fmt.Sprintf("Somebody with a longer name %d", n)))
	}
	for n := range 110 {
		admin.letIn(t, fmt.Sprintf("%032x", n), fmt.Sprintf("The telly in the room with the number %d", n))
	}
	for n := range 60 {
		admin.post(t, fmt.Sprintf("/Auth/Keys?app=A+program+with+a+longer+name+%d", n), "")
	}
	d := asking(t, s, longName)
	b := chromium.open(t, s.base(), desktop)
	b.signIn(t, "anna")
	for _, path := range []string{"link?code=" + d.code, "devices", "account", "admin", "admin/users", "admin/devices", "admin/keys", "admin/activity", "admin/settings"} {
		name, _, _ := strings.Cut(path, "?")
		t.Run(name, func(t *testing.T) {
			b.open(t, "/finlatch/"+path)
			report(t, b.heavy())
		})
	}
	t.Run("own user", func(t *testing.T) {
		b.open(t, "/finlatch/admin/users?q=anna")
		b.click(t, "anna")
		b.heading(t, "anna")
		report(t, b.heavy())
	})
}
