package finlatch_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

var machine = netip.MustParseAddr("127.0.0.1")

// Each of many administrators changes something of their own; whoever wrote back what was read before would undo others.
func TestChangeSettingsLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const many = 20
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			err := w.ChangeSettings(w.ctx, finlatch.Operator(), "changed", func(s *finlatch.Settings) error {
				s.CorsHosts = append(s.CorsHosts, fmt.Sprintf("https://%d.example", i))
				s.ActivityDays++
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	settings, err := w.Settings(w.ctx)
	if err != nil || len(settings.CorsHosts) != many || settings.ActivityDays != 30+many {
		t.Errorf("after %d changes there are %d origins and %d days (%v)", many, len(settings.CorsHosts), settings.ActivityDays, err)
	}
	if entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityConfigurationUpdated}); len(entries) != many || entries[0].Name != "changed" {
		t.Errorf("the log has %d entries: %v", len(entries), entries)
	}
}

func TestChangeSettingsRollsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	no := errors.New("no")
	err := w.ChangeSettings(w.ctx, finlatch.Operator(), "changed", func(s *finlatch.Settings) error {
		s.ServerName, s.Named["network"] = "gone", []byte("{}")
		return no
	})
	settings, _ := w.Settings(w.ctx)
	if !errors.Is(err, no) || settings.ServerName != "" || len(settings.Named) != 0 {
		t.Errorf("got %v, and the settings are %+v", err, settings)
	}
	if entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityConfigurationUpdated}); len(entries) != 0 {
		t.Errorf("the log says %v", entries)
	}
}

func TestTheLogSaysWhatSettingsDoToSigningIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		quickConnect, legacy bool
		want                 string
	}{
		{true, false, "changed; tokens of old kinds are off"},
		{false, true, "changed; Quick Connect is off; tokens of old kinds are on"},
		{false, true, "changed"},
	} {
		w.clock.Move(time.Second)
		err := w.ChangeSettings(w.ctx, finlatch.Operator(), "changed", func(s *finlatch.Settings) error {
			s.QuickConnect, s.LegacyAuthorization = test.quickConnect, test.legacy
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if entries := w.activities(finlatch.ActivityFilter{Type: finlatch.ActivityConfigurationUpdated, Limit: 1}); entries[0].Name != test.want {
			t.Errorf("noted is %q, want %q", entries[0].Name, test.want)
		}
	}
}

func TestSettingsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := func(n int) string { return strings.Repeat("x", n) }
	networks := make([]netip.Prefix, 257)
	for i := range networks {
		networks[i] = netip.MustParsePrefix("10.0.0.0/8")
	}
	for name, test := range map[string]struct{ fits, tooLarge func(*finlatch.Settings) }{
		"rest": {func(s *finlatch.Settings) { s.Rest = []byte(long(256 << 10)) }, func(s *finlatch.Settings) { s.Rest = []byte(long(256<<10 + 1)) }},
		"css": {func(s *finlatch.Settings) { s.Branding.CustomCSS = long(256 << 10) },
			func(s *finlatch.Settings) { s.Branding.CustomCSS = long(256<<10 + 1) }},
		"disclaimer": {func(s *finlatch.Settings) { s.Branding.LoginDisclaimer = long(64 << 10) },
			func(s *finlatch.Settings) { s.Branding.LoginDisclaimer = long(64<<10 + 1) }},
		"named": {func(s *finlatch.Settings) { s.Named["x"] = []byte(long(64 << 10)) }, func(s *finlatch.Settings) { s.Named["x"] = []byte(long(64<<10 + 1)) }},
		"names": {func(s *finlatch.Settings) { s.Named["y"] = nil }, func(s *finlatch.Settings) {
			for i := range 17 {
				s.Named[fmt.Sprint(i)] = nil
			}
		}},
		"proxies":  {func(s *finlatch.Settings) { s.KnownProxies = networks[1:] }, func(s *finlatch.Settings) { s.KnownProxies = networks }},
		"networks": {func(s *finlatch.Settings) { s.LocalNetworks = networks[1:] }, func(s *finlatch.Settings) { s.LocalNetworks = networks }},
		"origins":  {func(s *finlatch.Settings) { s.CorsHosts = make([]string, 256) }, func(s *finlatch.Settings) { s.CorsHosts = make([]string, 257) }},
		"origin":   {func(s *finlatch.Settings) { s.CorsHosts = []string{long(256)} }, func(s *finlatch.Settings) { s.CorsHosts = []string{long(257)} }},
		"days":     {func(s *finlatch.Settings) { s.ActivityDays = 36_500 }, func(s *finlatch.Settings) { s.ActivityDays = 36_501 }},
	} {
		change := func(f func(*finlatch.Settings)) error {
			return w.ChangeSettings(w.ctx, finlatch.Operator(), "x", func(s *finlatch.Settings) error { f(s); return nil })
		}
		if err := change(test.fits); err != nil {
			t.Errorf("%s: what fits: %v", name, err)
		}
		if err := change(test.tooLarge); finlatch.KindOf(err) != finlatch.Invalid {
			t.Errorf("%s: what is too large: %v, want invalid", name, err)
		}
	}
}

// Whether anybody may come from elsewhere, and where that is, is what the settings say at the moment, with and without the
// memory of a running service.
func TestPlacesAreWhatTheSettingsSay(t *testing.T) {
	t.Parallel()
	far := netip.MustParsePrefix("203.0.113.0/24")
	callers := map[string]finlatch.Caller{
		"machine": {Address: machine}, "home": {Address: home}, "away": {Address: away}, "forwarded": {Address: machine, Forwarded: true},
	}
	for _, test := range []struct {
		name   string
		set    func(*finlatch.Settings)
		policy bool // EnableRemoteAccess of the user
		may    string
	}{
		{"remote access", func(*finlatch.Settings) {}, true, "machine home away forwarded"},
		{"not of the user", func(*finlatch.Settings) {}, false, "machine home"},
		{"not of the server", func(s *finlatch.Settings) { s.RemoteAccess = false }, true, "machine home"},
		{"not of the server, other networks", func(s *finlatch.Settings) { s.RemoteAccess, s.LocalNetworks = false, []netip.Prefix{far} }, true, "machine away"},
		{"not of the user, other networks", func(s *finlatch.Settings) { s.LocalNetworks = []netip.Prefix{far} }, false, "machine away"},
	} {
		for _, running := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/running=%v", test.name, running), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				ann := w.user("ann", "pw", func(p *finlatch.Policy) { p.EnableRemoteAccess, p.IsHidden = test.policy, false })
				if running {
					w.run()
				}
				token := w.signIn("ann", "pw", device("tablet", machine)).Token
				_, key, err := w.CreateAPIKey(w.ctx, finlatch.Operator(), "robot")
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range callers { // fill the memory with what is to end
					if got, err := w.Authenticate(w.ctx, c, token); err == nil {
						_ = w.Allow(w.ctx, got, finlatch.LevelUser)
					}
				}
				w.set(test.set)
				settings, _ := w.Settings(w.ctx)
				for name, c := range callers {
					may := strings.Contains(test.may, name)
					c.ClientInfo = finlatch.NewClientInfo("App", "1.0", "Telly", name)
					known, err := w.Authenticate(w.ctx, c, token)
					if err != nil {
						t.Fatal(err)
					}
					_, byID := w.SignInByID(w.ctx, c, ann.ID, "pw")
					_, byName := w.SignIn(w.ctx, c, "ann", "pw")
					robot, err := w.Authenticate(w.ctx, c, finlatch.TokenFrom(key.Reveal()))
					if err != nil {
						t.Fatal(err)
					}
					for what, err := range map[string]error{
						"sign-in": byName, "sign-in by id": byID, "a request": w.Allow(w.ctx, known, finlatch.LevelUser), "at any hour": w.Allow(w.ctx, known, finlatch.LevelAnyHour),
					} {
						if may != (err == nil) || !may && finlatch.KindOf(err) != finlatch.Forbidden {
							t.Errorf("%s from %s: %v, may is %v", what, name, err, may)
						}
					}
					mayKey := settings.RemoteAccess || may
					if err := w.Allow(w.ctx, robot, finlatch.LevelAdmin); mayKey != (err == nil) {
						t.Errorf("a key from %s: %v, may is %v", name, err, mayKey)
					}
					shown, err := w.PublicUsers(w.ctx, c)
					if err != nil || may != (len(shown) == 1) {
						t.Errorf("%s is shown %d users (%v), may is %v", name, len(shown), err, may)
					}
				}
				if err := w.Allow(w.ctx, finlatch.Operator(), finlatch.LevelAdmin); err != nil {
					t.Errorf("the operator: %v", err)
				}
			})
		}
	}
}

// Where the whole server is closed to elsewhere, nobody there guesses passwords, finds out names, or takes what was approved.
func TestNoRemoteAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("ann", "pw")
	request, secret := w.initiate(device("tv", away))
	approver := w.as("ann", "pw")
	if err := w.Approve(w.ctx, approver, request.Code, finlatch.ID{}); err != nil {
		t.Fatal(err)
	}
	w.set(func(s *finlatch.Settings) { s.RemoteAccess = false })
	w.hasher.take()
	for _, attempt := range [][2]string{{"ann", "pw"}, {"ann", "wrong"}, {"nobody", "pw"}, {"ann", ""}} {
		_, err := w.SignIn(w.ctx, device("tv", away), attempt[0], attempt[1])
		if finlatch.KindOf(err) != finlatch.Forbidden || err.Error() != "this server may not be used from here" {
			t.Errorf("%s with %q: %v", attempt[0], attempt[1], err)
		}
	}
	if calls := w.hasher.take(); calls != "" {
		t.Errorf("the hasher was asked to %s", calls)
	}
	_, err := w.Redeem(w.ctx, device("tv", away), secret)
	w.wantKind(err, finlatch.Forbidden)
	_, _, err = w.Initiate(w.ctx, device("tv", away))
	w.wantKind(err, finlatch.Forbidden)
	_, err = w.ForgotPassword(w.ctx, device("tv", away), "ann")
	w.wantKind(err, finlatch.Forbidden)

	waiting, _ := w.initiate(device("sofa", home))
	if err := w.Approve(w.ctx, approver, waiting.Code, finlatch.ID{}); err != nil {
		t.Errorf("approval of a device at home: %v", err)
	}
	w.set(func(s *finlatch.Settings) { s.RemoteAccess = true })
	if _, err := w.Redeem(w.ctx, device("tv", away), secret); err != nil {
		t.Errorf("redemption once it is open again: %v", err)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn("admin", "admin-pw", device("tv", home))
	for _, test := range []struct {
		from             finlatch.Caller
		machine, network bool
	}{
		{finlatch.Caller{Address: machine}, true, true},
		{finlatch.Caller{Address: netip.MustParseAddr("::1")}, true, true},
		{finlatch.Caller{Address: machine, Forwarded: true}, false, false},
		{finlatch.Caller{Address: home}, false, true},
		{finlatch.Caller{Address: away}, false, false},
	} {
		c, err := w.Authenticate(w.ctx, test.from, in.Token)
		if err != nil {
			t.Fatal(err)
		}
		onMachine, inNetwork, err := w.Place(w.ctx, c)
		if err != nil || onMachine != test.machine || inNetwork != test.network {
			t.Errorf("from %v (forwarded %v): %v, %v (%v)", c.Address, c.Forwarded, onMachine, inNetwork, err)
		}
	}
	if _, _, err := w.Place(w.ctx, device("tv", home)); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("a stranger: %v", err)
	}
}

// An administrator approves in one local network what asks in another, wherever the settings say those are.
func TestApprovalIsNearWhereTheSettingsSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *finlatch.Options) { o.QuickConnectApproval = finlatch.ApproveNear })
	elsewhere := netip.MustParseAddr("198.51.100.9")
	c := w.caller(w.signIn("admin", "admin-pw", device("phone", elsewhere)).Token, elsewhere)
	request, _ := w.initiate(device("tv", away))
	w.wantKind(w.Approve(w.ctx, c, request.Code, finlatch.ID{}), finlatch.Forbidden)
	w.set(func(s *finlatch.Settings) {
		s.LocalNetworks = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("198.51.100.0/24")}
	})
	if err := w.Approve(w.ctx, c, request.Code, finlatch.ID{}); err != nil {
		t.Errorf("in the local networks: %v", err)
	}
}

func TestLocksOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	near := []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}
	elsewhere := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	in := w.signIn("admin", "admin-pw", device("tv", home))
	for _, c := range []struct {
		name   string
		from   netip.Addr
		remote bool
		local  []netip.Prefix
		want   bool
	}{
		{"remote access", away, true, elsewhere, false},
		{"no remote access", away, false, near, true},
		{"no remote access, from a local network", home, false, near, false},
		{"no remote access, from what is local by default", home, false, nil, false},
		{"no remote access, from what was local", home, false, elsewhere, true},
		{"no remote access, on this machine", machine, false, elsewhere, false},
	} {
		settings := finlatch.Settings{RemoteAccess: c.remote, LocalNetworks: c.local}
		if got := w.LocksOut(&settings, w.caller(in.Token, c.from)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	forwarded := w.caller(in.Token, home)
	forwarded.Forwarded = true
	if !w.LocksOut(&finlatch.Settings{LocalNetworks: near}, forwarded) {
		t.Error("whom a stranger forwards is local")
	}
	if w.LocksOut(&finlatch.Settings{}, finlatch.Operator()) {
		t.Error("the operator is locked out")
	}
}
