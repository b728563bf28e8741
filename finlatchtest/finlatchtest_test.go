package finlatchtest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/finlatchtest"
	"github.com/finlatch/finlatch/jellyfin"
)

func TestServer(t *testing.T) {
	t.Parallel()
	server := finlatchtest.NewServer(t)
	ann := server.NewUser("ann", "secret", func(p *finlatch.Policy) { p.MaxActiveSessions = 1 })
	client := server.Client(ann)
	me, err := client.Me(t.Context())
	if err != nil || me.Name != "ann" || me.Policy.MaxActiveSessions != 1 || me.ID != jellyfin.GUID(ann.ID) {
		t.Errorf("got %+v, %v", me, err)
	}
	if _, err := server.Client(nil).SignIn(t.Context(), "ann", "wrong"); !errors.Is(err, jellyfin.ErrUnauthorized) {
		t.Errorf("a wrong password gives %v", err)
	}
	if devices, err := server.Client(server.Admin).Devices(t.Context()); err != nil || len(devices) != 2 {
		t.Errorf("an administrator sees %d devices (%v), want 2", len(devices), err)
	}
}

// A server keeps one token for each user of a device.
func TestClientsAreDevices(t *testing.T) {
	t.Parallel()
	server := finlatchtest.NewServer(t)
	ann := server.NewUser("ann", "secret")
	for _, client := range []*jellyfin.Client{server.Client(ann), server.Client(ann)} {
		if _, err := client.Me(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	server := finlatchtest.NewServer(t)
	before := server.Clock.Now()
	server.Clock.Move(time.Hour)
	if got := server.Service.Now(); !got.Equal(before.Add(time.Hour)) {
		t.Errorf("the server's time is %v, an hour after %v", got, before)
	}
}
