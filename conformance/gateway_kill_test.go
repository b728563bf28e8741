package conformance_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestGatewayKilled kills the gateway, and now and then the Jellyfin behind it, while people sign in in both ways, again and
// again. Whoever was cut off tries again, and in the end everybody has one token, which is good and theirs; a secret never
// gave two, neither to the device nor at the Jellyfin; and the Jellyfin has no others.
func TestGatewayKilled(t *testing.T) {
	t.Parallel()
	const rounds = 10
	behind := newServer(t, "--trusted-proxies", "127.0.0.1")
	for _, person := range people {
		add(t, behind, person.name, person.password, person.flags...)
	}
	issued := &ledger{tokens: map[string]map[string]bool{}}
	to, err := url.Parse(behind.base())
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(issued.slow(forwarder(to, issued.look)))
	t.Cleanup(web.Close)
	f := newFront(t, web.URL, newKey(t, behind.base(), people[0].name, people[0].password))
	storm := &signInStorm{T: t, base: f.base(), approvers: map[string]app{}}
	for _, person := range people[1:] {
		storm.approvers[person.name] = app{base: f.base(), device: "approver of " + person.name}.password(t, person.name, person.password)
	}

	for round := range rounds {
		victim := f.server
		if round%4 == 3 {
			victim = behind
		}
		cut := storm.blow(round, func() {
			time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
			victim.kill(t)
			storm.killed = time.Now()
		})
		if err := victim.start(); err != nil {
			t.Fatal(err)
		}
		for _, s := range cut {
			if s.secret != "" && s.approved {
				storm.redemptionsCut++
			}
			s.finish(storm)
		}
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}

	for _, s := range storm.done {
		for _, base := range []string{f.base(), behind.base()} {
			if me := s.at(base).ask(t, 200, "GET", "/Users/Me", nil).read(); me.Name != s.name {
				t.Errorf("the token of %s is %s's", s.name, me.Name)
			}
		}
		if !s.byCode {
			continue
		}
		// Its secret gives the same for some seconds, and then nothing.
		if again, err := s.try("POST", "/Users/AuthenticateWithQuickConnect", map[string]string{"Secret": s.secret}); err != nil ||
			again.status != 404 && again.read().AccessToken != s.token {
			t.Errorf("redeemed again: %d %v, want the same token or none", again.status, err)
		}
	}
	admin := app{base: behind.base(), device: "counter"}.password(t, people[0].name, people[0].password)
	var devices []string
	for _, line := range bytes.Split(admin.ask(t, 200, "GET", "/Devices", nil).body, []byte(`"Id":"`))[1:] {
		devices = append(devices, string(line[:bytes.IndexByte(line, '"')]))
	}
	want := append(storm.tooLate, "counter")
	for _, a := range storm.approvers {
		want = append(want, a.device)
	}
	byPassword := 0
	for _, s := range storm.done {
		want = append(want, s.device)
		if s.secret == "" {
			byPassword++
			continue
		}
		if n := len(issued.tokens[s.device]); n != 1 {
			t.Errorf("for one secret the Jellyfin has made %d tokens", n)
		}
	}
	slices.Sort(devices)
	slices.Sort(want)
	if !slices.Equal(devices, want) {
		t.Errorf("the Jellyfin has %d devices, want %d", len(devices), len(want))
	}
	t.Logf("%d tokens, of which %d by password; %d redemptions were cut off, and %d tries in all", len(storm.done), byPassword, storm.redemptionsCut, storm.cuts)
	if storm.cuts < rounds || byPassword < rounds || len(storm.done)-byPassword < rounds {
		t.Error("that is no storm")
	}
}

// ledger is what a Jellyfin has given for secrets: its tokens, by device. It takes its time, so that a kill comes between steps.
type ledger struct {
	mu     sync.Mutex
	tokens map[string]map[string]bool
}

func (l *ledger) slow(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
		defer func() { time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond) }()
		next.ServeHTTP(w, r)
	})
}

func (l *ledger) look(response *http.Response) error {
	if response.Request.URL.Path != "/Users/AuthenticateWithQuickConnect" || response.StatusCode != 200 {
		return nil
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	in := answered{body: text}.read()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tokens[in.SessionInfo.DeviceID] == nil {
		l.tokens[in.SessionInfo.DeviceID] = map[string]bool{}
	}
	l.tokens[in.SessionInfo.DeviceID][in.AccessToken] = true
	return nil
}

// signInStorm is many people who sign in.
type signInStorm struct {
	*testing.T
	base      string
	approvers map[string]app // by person
	answers   atomic.Int64
	killed    time.Time

	mu                   sync.Mutex
	done                 []*signingIn
	redemptionsCut, cuts int
	tooLate              []string // devices whose token was lost with an answer, and that were too slow to ask again in time
}

// signingIn is somebody on a device who is on the way to a token.
type signingIn struct {
	app
	name, password string
	byCode         bool
	secret, code   string
	approved       bool
}

// blow lets many sign in until kill has done its work, and gives those who were cut off.
func (storm *signInStorm) blow(round int, kill func()) (cut []*signingIn) {
	before := storm.answers.Load()
	var clients sync.WaitGroup
	for i := range 6 {
		person := people[1+i%2]
		clients.Go(func() {
			for n := 0; ; n++ {
				s := &signingIn{app: app{base: storm.base, device: fmt.Sprintf("device-%d-%d-%d", round, i, n)}, name: person.name, password: person.password, byCode: i < 4}
				err := s.goOn(storm)
				storm.mu.Lock()
				if err != nil {
					storm.cuts++
					cut = append(cut, s)
				} else {
					storm.done = append(storm.done, s)
				}
				storm.mu.Unlock()
				if err != nil || storm.Failed() {
					return
				}
			}
		})
	}
	eventually(storm.T, "the storm gets on", func() bool { return storm.answers.Load() > before+20 || storm.Failed() })
	kill()
	clients.Wait()
	return cut
}

// errAway is no answer, or that of a gateway whose Jellyfin is away.
var errAway = errors.New("away")

// errTooLate is that of a secret which was redeemed, but whose answer was lost some seconds ago.
var errTooLate = errors.New("too late")

// want asks, and wants success.
func (s *signingIn) want(storm *signInStorm, as app, path string, body any) (answered, error) {
	got, err := as.try("POST", path, body)
	storm.answers.Add(1)
	switch {
	case err != nil:
		return got, err
	case got.status == http.StatusNotFound && s.approved && time.Since(storm.killed) > 4*time.Second:
		return got, errTooLate
	case got.status == http.StatusBadGateway || got.status == http.StatusServiceUnavailable:
		return got, errAway
	case got.status != http.StatusOK:
		err = fmt.Errorf("%s of %s: %d %.200s", path, s.device, got.status, got.body)
		storm.Error(err)
	}
	return got, err
}

// goOn goes on from where it was, until there is a token.
func (s *signingIn) goOn(storm *signInStorm) error {
	if !s.byCode {
		got, err := s.want(storm, s.app, "/Users/AuthenticateByName", map[string]string{"Username": s.name, "Pw": s.password})
		return s.given(storm, got, err)
	}
	if s.secret == "" {
		got, err := s.want(storm, s.app, "/QuickConnect/Initiate", nil)
		if err != nil {
			return err
		}
		s.secret, s.code = got.read().Secret, got.read().Code
	}
	if !s.approved {
		if _, err := s.want(storm, storm.approvers[s.name], "/QuickConnect/Authorize?code="+s.code, nil); err != nil {
			return err
		}
		s.approved = true
	}
	got, err := s.want(storm, s.app, "/Users/AuthenticateWithQuickConnect", map[string]string{"Secret": s.secret})
	return s.given(storm, got, err)
}

func (s *signingIn) given(storm *signInStorm, got answered, err error) error {
	in := got.read()
	if err != nil {
		return err
	}
	if s.token = in.AccessToken; len(s.token) != 32 || in.User.Name != s.name || in.SessionInfo.DeviceID != s.device {
		storm.Errorf("%s on %s gets a token of %s on %s", s.name, s.device, in.User.Name, in.SessionInfo.DeviceID)
	}
	return nil
}

// finish tries again until there is a token, as apps do.
func (s *signingIn) finish(storm *signInStorm) {
	var err error
	eventually(storm.T, s.device+" gets its token", func() bool {
		err = s.goOn(storm)
		return err == nil || errors.Is(err, errTooLate) || storm.Failed()
	})
	if err != nil {
		storm.Logf("this machine is too slow to redeem again in time for %s", s.device)
		storm.tooLate = append(storm.tooLate, s.device)
		return
	}
	storm.done = append(storm.done, s)
}
