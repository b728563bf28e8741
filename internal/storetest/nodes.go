package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// Nodes runs the races of two processes that share an installation: two services, each on a store of its own. open gives two
// stores of one database that is empty; where a database has one process only, the same store twice. The suite closes them.
func Nodes(t *testing.T, open func(t *testing.T) (a, b finlatch.Store)) {
	for _, test := range []struct {
		name string
		run  func(n *nodes)
	}{
		{"approve one code", (*nodes).approve},
		{"redeem one secret", (*nodes).redeem},
		{"create a name in different case", (*nodes).create},
		{"change one policy", (*nodes).change},
		{"disable each other's last administrator", (*nodes).last},
		{"revoke while authorising", (*nodes).revoke},
		{"have one server id", (*nodes).setUp},
		{"count failed sign-ins together", (*nodes).fail},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a, b := open(t)
			n := &nodes{T: t, stores: [2]finlatch.Store{a, b}}
			n.must(errors.Join(n.start()...))
			test.run(n)
		})
	}
}

const rounds = 10

type nodes struct {
	*testing.T
	stores   [2]finlatch.Store
	services [2]*finlatch.Service
}

// start makes both services, at the same time, and runs them until the end of the test.
func (n *nodes) start() []error {
	errs := n.both(func(i int, _ *finlatch.Service) (err error) {
		n.services[i], err = finlatch.New(n.Context(), finlatch.Options{Store: n.stores[i], Hasher: plain{}, SealKey: make([]byte, 32), SignInThrottleOff: true, Shared: true})
		return err
	})
	ctx, stop := context.WithCancel(n.Context())
	var running sync.WaitGroup
	for i, service := range n.services {
		if errs[i] == nil {
			running.Go(func() { service.Run(ctx) })
		}
	}
	n.Cleanup(func() {
		stop()
		running.Wait()
		for _, store := range n.stores {
			if err := store.Close(); err != nil {
				n.Errorf("Close: %v", err)
			}
		}
	})
	return errs[:]
}

// both runs something on both nodes at once, and gives what came of it.
func (n *nodes) both(f func(i int, s *finlatch.Service) error) (errs [2]error) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, service := range n.services {
		wg.Go(func() {
			<-start
			errs[i] = f(i, service)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// one wants one of two to have won, and tells which.
func (n *nodes) one(what string, errs [2]error, lost ...error) (winner int) {
	n.Helper()
	for i, err := range errs {
		if err != nil {
			continue
		}
		for _, kind := range lost {
			if errors.Is(errs[1-i], kind) {
				return i
			}
		}
	}
	n.Fatalf("%s: got errors %v, want one that is nil and one of %v", what, errs, lost)
	return 0
}

func (n *nodes) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

func (n *nodes) user(name string, administrator bool) finlatch.User {
	n.Helper()
	user, err := n.services[0].CreateUser(n.Context(), finlatch.Operator(), name, "pw", administrator)
	n.must(err)
	return user
}

func (n *nodes) signIn(name, deviceID string) finlatch.SignedIn {
	n.Helper()
	in, err := n.services[0].SignIn(n.Context(), client(deviceID), name, "pw")
	n.must(err)
	return in
}

func client(deviceID string) finlatch.Caller {
	return finlatch.Caller{ClientInfo: finlatch.NewClientInfo("app", "1.0", "thing", deviceID), Address: netip.MustParseAddr("192.168.1.9")}
}

func (n *nodes) as(in finlatch.SignedIn) finlatch.Caller {
	c := client(in.Device.DeviceID)
	c.User, c.Device = &in.User, &in.Device
	return c
}

func (n *nodes) approve() {
	n.user("admin", true)
	users := [2]finlatch.SignedIn{}
	for i, name := range []string{"ann", "ben"} {
		n.user(name, false)
		users[i] = n.signIn(name, name)
	}
	for round := range rounds {
		request, secret, err := n.services[round%2].Initiate(n.Context(), client("tv"))
		n.must(err)
		errs := n.both(func(i int, s *finlatch.Service) error {
			return s.Approve(n.Context(), n.as(users[i]), request.Code, users[i].User.ID)
		})
		winner := n.one("approvals", errs, finlatch.ErrConflict, finlatch.ErrNotFound)
		in, err := n.services[round%2].Redeem(n.Context(), client("tv"), secret)
		n.must(err)
		if in.User.ID != users[winner].User.ID {
			n.Errorf("signed in: %s, want %s", in.User.Name, users[winner].User.Name)
		}
	}
}

func (n *nodes) redeem() {
	admin := n.user("admin", true)
	for range rounds {
		request, secret, err := n.services[0].Initiate(n.Context(), client("tv"))
		n.must(err)
		for _, s := range n.services { // which both remember then
			if _, err := s.QuickConnectRequest(n.Context(), secret); err != nil {
				n.Fatal(err)
			}
		}
		n.must(n.services[1].Approve(n.Context(), finlatch.Operator(), request.Code, admin.ID))
		var ins [2]finlatch.SignedIn
		errs := n.both(func(i int, s *finlatch.Service) (err error) {
			ins[i], err = s.Redeem(n.Context(), client("tv"), secret)
			return err
		})
		n.must(errors.Join(errs[:]...)) // the second is a repeat
		if ins[0].Token.Reveal() != ins[1].Token.Reveal() {
			n.Error("two tokens for one secret")
		}
		devices, err := n.services[0].Devices(n.Context(), finlatch.Operator(), admin.ID)
		n.must(err)
		if len(devices) != 1 {
			n.Errorf("got %d devices, want 1", len(devices))
		}
	}
}

func (n *nodes) create() {
	n.user("admin", true)
	for round := range rounds {
		names := [2]string{fmt.Sprint("Ann É ", round), fmt.Sprint("ann é ", round)}
		errs := n.both(func(i int, s *finlatch.Service) error {
			_, err := s.CreateUser(n.Context(), finlatch.Operator(), names[i], "pw", false)
			return err
		})
		n.one("users", errs, finlatch.ErrConflict, finlatch.ErrInvalid)
	}
}

// Both changes of one policy hold, since each is of the policy as it is.
func (n *nodes) change() {
	n.user("admin", true)
	ann := n.user("ann", false)
	for range rounds {
		errs := n.both(func(i int, s *finlatch.Service) error {
			return s.ChangePolicy(n.Context(), finlatch.Operator(), ann.ID, func(p *finlatch.Policy) error {
				if i == 0 {
					p.MaxActiveSessions++
				} else {
					p.RemoteClientBitrateLimit++
				}
				return nil
			})
		})
		n.must(errors.Join(errs[:]...))
	}
	user, err := n.services[0].UserByID(n.Context(), finlatch.Operator(), ann.ID)
	n.must(err)
	if got := [2]int{user.Policy.MaxActiveSessions, user.Policy.RemoteClientBitrateLimit}; got != [2]int{rounds, rounds} {
		n.Errorf("after %d changes of each of two members: %v", rounds, got)
	}
}

func (n *nodes) last() {
	users := [2]finlatch.User{n.user("ann", true), n.user("ben", true)}
	for range rounds {
		errs := n.both(func(i int, s *finlatch.Service) error {
			return s.ChangePolicy(n.Context(), finlatch.Operator(), users[i].ID, func(p *finlatch.Policy) error {
				p.IsAdministrator = false
				return nil
			})
		})
		demoted := n.one("demotions", errs, finlatch.ErrInvalid, finlatch.ErrForbidden, finlatch.ErrConflict)
		n.must(n.services[0].ChangePolicy(n.Context(), finlatch.Operator(), users[demoted].ID, func(p *finlatch.Policy) error {
			p.IsAdministrator = true
			return nil
		}))
	}
}

// revoke ends a token on one node while the other answers it from memory. Once that has refused it, it never takes it again.
func (n *nodes) revoke() {
	n.user("admin", true)
	for range rounds / 2 {
		in := n.signIn("admin", "tv")
		alive := func(i int) bool {
			_, err := n.services[i].Authenticate(n.Context(), finlatch.Caller{Address: client("").Address}, in.Token)
			if err != nil && !errors.Is(err, finlatch.ErrUnauthenticated) {
				n.Error(err)
			}
			return err == nil
		}
		for deadline, hits := time.Now().Add(10*time.Second), n.services[1].CacheHits(); n.services[1].CacheHits() < hits+10; {
			if !alive(1) || time.Now().After(deadline) {
				n.Fatal("the other node does not answer from memory")
			}
		}
		ended := make(chan struct{})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					select {
					case <-ended:
						return
					default:
						alive(1)
					}
				}
			})
		}
		n.must(n.services[0].SignOut(n.Context(), n.as(in)))
		if alive(0) {
			n.Error("the node that ended the token takes it")
		}
		for deadline := time.Now().Add(10 * time.Second); alive(1); {
			if time.Now().After(deadline) {
				n.Fatal("the other node goes on taking the token")
			}
		}
		for range 100 {
			if alive(1) {
				n.Fatal("the token came back")
			}
		}
		close(ended)
		wg.Wait()
	}
}

func (n *nodes) setUp() {
	ids := [2]finlatch.ID{}
	for i, service := range n.services {
		settings, err := service.Settings(n.Context())
		n.must(err)
		ids[i] = settings.ServerID
	}
	if ids[0] != ids[1] || ids[0].IsZero() {
		n.Errorf("the servers are %v, want one", ids)
	}
}

// fail guesses a password on both in turn: what is allowed is allowed once.
func (n *nodes) fail() {
	n.user("admin", true)
	n.user("ann", false)
	for i := range n.services { // as another process would be, with its limits
		service, err := finlatch.New(n.Context(), finlatch.Options{Store: n.stores[i], Hasher: plain{}, SealKey: make([]byte, 32), Shared: true})
		n.must(err)
		n.services[i] = service
	}
	guess := func(ctx context.Context, i, number int) error {
		_, err := n.services[i].SignIn(ctx, client("tv"), "ann", fmt.Sprint("wrong ", number))
		return err
	}
	const free = 10
	for number := range free {
		if err := guess(n.Context(), number%2, number); !errors.Is(err, finlatch.ErrUnauthenticated) {
			n.Fatalf("guess %d: got error %v", number, err)
		}
		ctx, stop := context.WithCancel(n.Context())
		stop() // what is counted is written at the end
		n.services[number%2].Run(ctx)
	}
	for i := range n.services {
		ctx, cancel := context.WithTimeout(n.Context(), 500*time.Millisecond) // a hold is longer
		defer cancel()
		if err := guess(ctx, i, free+i); errors.Is(err, finlatch.ErrUnauthenticated) {
			n.Errorf("node %d holds nobody after %d guesses", i, free)
		}
	}
}

// plain hashes nothing, which is quick.
type plain struct{}

func (plain) Hash(_ io.Reader, password string) (string, error) { return "plain:" + password, nil }
func (plain) Verify(encoded, password string) (bool, error)     { return encoded == "plain:"+password, nil }
func (plain) Waste(string)                                      {}
func (plain) NeedsRehash(string) bool                           { return false }
