package jellyfin_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/finlatch/finlatch/jellyfin"
)

func TestCandidates(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"media.example.org":                            "https://media.example.org https://media.example.org:8096 https://media.example.org:8920 http://media.example.org http://media.example.org:8096",
		" Media.Example.org/ ":                         "https://media.example.org https://media.example.org:8096 https://media.example.org:8920 http://media.example.org http://media.example.org:8096",
		"https://media.example.org":                    "https://media.example.org https://media.example.org:8096 https://media.example.org:8920",
		"http://media.example.org":                     "https://media.example.org https://media.example.org:8096 https://media.example.org:8920 http://media.example.org http://media.example.org:8096",
		"https://media.example.org:443":                "https://media.example.org https://media.example.org:8096 https://media.example.org:8920",
		"media.example.org:8096":                       "https://media.example.org:8096 http://media.example.org:8096",
		"192.168.1.2:1234/jellyfin":                    "https://192.168.1.2:1234/jellyfin http://192.168.1.2:1234/jellyfin",
		"http://192.168.1.2:8096/web/#/home.html":      "https://192.168.1.2:8096 http://192.168.1.2:8096",
		"https://h:1/jelly/web/index.html?x=1#!/login": "https://h:1/jelly",
		"[::1]:8096":                                   "https://[::1]:8096 http://[::1]:8096",
		"::1":                                          "https://[::1] https://[::1]:8096 https://[::1]:8920 http://[::1] http://[::1]:8096",
		"HTTPS://h:1":                                  "https://h:1",
		"":                                             "",
		"ftp://h":                                      "",
		"https://user:password@h":                      "",
		"two words":                                    "",
		"http://h:port":                                "",
		"://":                                          "",
	} {
		if got := strings.Join(jellyfin.Candidates(address), " "); got != want {
			t.Errorf("%q: got %s, want %s", address, got, want)
		}
	}
}

const publicInfo = `{"ServerName":"Home","Version":"10.9.11","ProductName":"Jellyfin Server","Id":"0123456789abcdef0123456789abcdef","StartupWizardCompleted":true}`

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
}

func leads(status int, to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, status) }
}

func TestProbe(t *testing.T) {
	hosts := map[string]http.HandlerFunc{
		"good.example":    says(publicInfo),
		"rc.example":      says(strings.Replace(publicInfo, "10.9.11", "10.11.0-rc1", 1)),
		"old.example":     says(strings.Replace(publicInfo, "10.9.11", "10.8.13", 1)),
		"newer.example":   says(strings.Replace(publicInfo, "10.9.11", "12.0", 1)),
		"emby.example":    says(`{"LocalAddress":"http://h","ServerName":"Emby","Version":"4.8.0","Id":"1"}`),
		"other.example":   says(strings.Replace(publicInfo, "Jellyfin Server", "Other", 1)),
		"odd.example":     says(strings.Replace(publicInfo, "10.9.11", "new", 1)),
		"page.example":    says("<html>hello</html>"),
		"missing.example": http.NotFound,
		"down.example":    fail(http.StatusBadGateway),
		"dropped.example": fail(dropped),
		"busy.example": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "005")
			w.WriteHeader(http.StatusServiceUnavailable)
		},
		"starting.example": says(`{"localAddress":"http://h:8096","serverName":"h","version":"12.0.0","productName":"Jellyfin Server","operatingSystem":"","id":"0123456789abcdef0123456789abcdef","startupWizardCompleted":true}`),
		"slow.example":     func(w http.ResponseWriter, r *http.Request) { time.Sleep(2 * time.Second); says(publicInfo)(w, r) },
		"stuck.example":    func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"moved.example":    leads(http.StatusMovedPermanently, "https://good.example/jelly/System/Info/Public"),
		"away.example":     leads(http.StatusFound, "http://good.example/System/Info/Public"),
		"login.example":    leads(http.StatusFound, "https://page.example/login?token=secret"),
		"loop.example":     leads(http.StatusFound, "https://loop.example/System/Info/Public"),
	}
	network := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler, found := hosts[r.URL.Hostname()]; found {
			handler(w, r)
			return
		}
		w.WriteHeader(dropped)
	})
	unusable := func(finding jellyfin.Finding) []jellyfin.Finding { return []jellyfin.Finding{finding} }
	for address, want := range map[string]struct {
		leads    string // "": nowhere
		findings []jellyfin.Finding
		err      error
	}{
		"http://good.example":      {},
		"https://good.example/x/":  {leads: "https://good.example/x"},
		"http://rc.example":        {},
		"http://newer.example":     {},
		"http://old.example":       {findings: unusable(jellyfin.FindingTooOld), err: jellyfin.ErrTooOld},
		"http://emby.example":      {findings: unusable(jellyfin.FindingNotJellyfin), err: jellyfin.ErrNotJellyfin},
		"http://other.example":     {findings: unusable(jellyfin.FindingNotJellyfin), err: jellyfin.ErrNotJellyfin},
		"http://odd.example":       {findings: unusable(jellyfin.FindingNotJellyfin), err: jellyfin.ErrNotJellyfin},
		"http://page.example":      {findings: unusable(jellyfin.FindingNotJellyfin), err: jellyfin.ErrNotJellyfin},
		"http://missing.example":   {findings: unusable(jellyfin.FindingNotJellyfin), err: jellyfin.ErrNotJellyfin},
		"http://down.example":      {findings: unusable(jellyfin.FindingUnreachable), err: jellyfin.ErrUnreachable},
		"http://dropped.example":   {findings: unusable(jellyfin.FindingUnreachable), err: jellyfin.ErrUnreachable},
		"http://stuck.example":     {findings: unusable(jellyfin.FindingUnreachable), err: jellyfin.ErrUnreachable},
		"not a base":               {findings: unusable(jellyfin.FindingUnreachable), err: errAny},
		"http://busy.example":      {findings: unusable(jellyfin.FindingStarting), err: jellyfin.ErrStarting},
		"http://starting.example":  {findings: unusable(jellyfin.FindingStarting), err: jellyfin.ErrStarting},
		"http://slow.example":      {findings: []jellyfin.Finding{jellyfin.FindingSlow}},
		"http://moved.example":     {leads: "https://good.example/jelly"},
		"https://moved.example:99": {leads: "https://good.example/jelly"},
		"http://away.example":      {leads: "http://good.example"},
		"https://away.example":     {findings: unusable(jellyfin.FindingNotJellyfin), err: jellyfin.ErrMoved},
		"http://login.example":     {findings: unusable(jellyfin.FindingNotJellyfin), err: jellyfin.ErrNotJellyfin},
		"https://loop.example":     {findings: unusable(jellyfin.FindingNotJellyfin), err: jellyfin.ErrMoved},
	} {
		t.Run(address, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				found := jellyfin.Probe(t.Context(), &http.Client{Transport: inProcess{network}}, address)
				if len(found) != 1 {
					t.Fatalf("found %d", len(found))
				}
				got := found[0]
				if want.leads == "" {
					want.leads = address
				}
				if got.Asked != address || got.Address != want.leads {
					t.Errorf("%s led to %s, want %s", got.Asked, got.Address, want.leads)
				}
				if diff := cmp.Diff(want.findings, got.Findings); diff != "" {
					t.Errorf("findings (-want +got):\n%s", diff)
				}
				if got.Usable() != (want.err == nil) || want.err != nil && want.err != errAny && !errors.Is(got.Err, want.err) {
					t.Errorf("got error %v, want %v", got.Err, want.err)
				}
				if got.Usable() && (got.Server == nil || got.Server.ServerName != "Home") {
					t.Errorf("got server %+v", got.Server)
				}
				if got.Err != nil && strings.Contains(got.Err.Error(), "secret") {
					t.Errorf("the error tells a secret: %v", got.Err)
				}
			})
		})
	}
}

func fail(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// The best is taken: what can be used, then what is quick, then what was likelier.
func TestDial(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) { time.Sleep(3 * time.Second); says(publicInfo)(w, r) }
	for name, c := range map[string]struct {
		network map[string]http.HandlerFunc // by scheme and port
		want    string
		err     error
	}{
		"all":              {map[string]http.HandlerFunc{"https": says(publicInfo), "https:8096": says(publicInfo), "http": says(publicInfo)}, "https://h", nil},
		"the usual port":   {map[string]http.HandlerFunc{"http": says("a website"), "http:8096": says(publicInfo)}, "http://h:8096", nil},
		"a slow https":     {map[string]http.HandlerFunc{"https": slow, "https:8920": says(publicInfo)}, "https://h:8920", nil},
		"only a slow one":  {map[string]http.HandlerFunc{"https": slow, "http": says("no")}, "https://h", nil},
		"nothing":          {nil, "", jellyfin.ErrUnreachable},
		"a website":        {map[string]http.HandlerFunc{"https": says("a website")}, "", jellyfin.ErrNotJellyfin},
		"one that is late": {map[string]http.HandlerFunc{"https": says("a website"), "http:8096": fail(503)}, "", jellyfin.ErrStarting},
		"an old one":       {map[string]http.HandlerFunc{"https": says("a website"), "http:8096": says(strings.Replace(publicInfo, "10.9", "10.8", 1))}, "", jellyfin.ErrTooOld},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					key := r.URL.Scheme
					if r.URL.Port() != "" {
						key += ":" + r.URL.Port()
					}
					if handler, found := c.network[key]; found {
						handler(w, r)
						return
					}
					w.WriteHeader(dropped)
				})}
				client, err := jellyfin.Dial(t.Context(), "h", testApp, jellyfin.Options{HTTP: &http.Client{Transport: network}})
				if c.err != nil {
					var dial *jellyfin.DialError
					if !errors.Is(err, c.err) || !errors.As(err, &dial) || len(dial.Probed) != 5 || !strings.Contains(err.Error(), "http://h:8096: ") {
						t.Errorf("got %v, want %v", err, c.err)
					}
					return
				}
				if err != nil || client.Address() != c.want {
					t.Errorf("got %v, %v, want %s", client, err, c.want)
				}
			})
		})
	}
}

// A firewall keeps the ports away that are not the server's, on most servers of the internet.
func TestDialDoesNotWaitForWorse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Scheme == "https" && r.URL.Port() == "" {
				says(publicInfo)(w, r)
				return
			}
			<-r.Context().Done()
		})}
		begin := time.Now()
		client, err := jellyfin.Dial(t.Context(), "h", testApp, jellyfin.Options{HTTP: &http.Client{Transport: network}})
		if err != nil || client.Address() != "https://h" {
			t.Errorf("got %v, %v", client, err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

func TestDialNowhere(t *testing.T) {
	t.Parallel()
	if _, err := jellyfin.Dial(t.Context(), "", testApp, jellyfin.Options{}); err == nil || !strings.Contains(err.Error(), "no address") {
		t.Errorf("no address: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := jellyfin.Dial(ctx, "http://h", testApp, jellyfin.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// Over a network and with a client of its own.
func TestDialARealServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.StripPrefix("/media", says(publicInfo)))
	t.Cleanup(server.Close)
	client, err := jellyfin.Dial(t.Context(), strings.TrimPrefix(server.URL, "http://")+"/media/web/", testApp, jellyfin.Options{})
	if err != nil || client.Address() != server.URL+"/media" {
		t.Errorf("got %v, %v", client, err)
	}
}
