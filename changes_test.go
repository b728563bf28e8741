package finlatch_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/finlatch/finlatch"
)

// Whoever is told of a change, and asks anew then, sees the new state, though callers were remembered before.
func TestChangesAreToldAfterTheServiceHasForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, stop := context.WithCancel(w.ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	token := w.signIn("admin", "admin-pw", device("tv", home)).Token
	told := make(chan finlatch.Change, 100)
	all.Go(func() {
		if err := w.Changes(ctx, func(c finlatch.Change) { told <- c }); !errors.Is(err, context.Canceled) {
			t.Errorf("Changes: %v", err)
		}
	})
	if first := <-told; first.Kind != finlatch.ChangeMissed {
		t.Errorf("the first is %+v", first)
	}
	all.Go(func() { w.Service.Run(ctx) })
	if again := <-told; again.Kind != finlatch.ChangeMissed { // the store tells from now on
		t.Errorf("when the service runs: %+v", again)
	}
	for range 2 {
		if _, err := w.Authenticate(ctx, finlatch.Caller{}, token); err != nil {
			t.Fatal(err)
		}
	}
	if w.CacheHits() == 0 {
		t.Fatal("the caller is not remembered, so this shows nothing")
	}
	if err := w.SignOut(w.ctx, w.caller(token, home)); err != nil {
		t.Fatal(err)
	}
	for {
		c := <-told
		if c.Kind == finlatch.ChangeDevice && c.Hash == token.Hash() {
			break
		}
	}
	if _, err := w.Authenticate(ctx, finlatch.Caller{}, token); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("afterwards: %v", err)
	}
}

func TestCapabilitiesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.caller(w.signIn("admin", "admin-pw", device("tv", home)).Token, home)
	if !c.Device.Capabilities.SupportsPersistentIdentifier {
		t.Error("a new device does not have Jellyfin's default")
	}
	long := string(make([]byte, 4096))
	for name, capabilities := range map[string]finlatch.Capabilities{
		"names":     {SupportedCommands: make([]string, 101)},
		"a name":    {PlayableMediaTypes: []string{long}},
		"an icon":   {IconURL: long},
		"its store": {AppStoreURL: long},
	} {
		if err := w.SetCapabilities(w.ctx, c, capabilities); !errors.Is(err, finlatch.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.SetCapabilities(w.ctx, finlatch.Caller{}, finlatch.Capabilities{}); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("a stranger: %v", err)
	}
	if err := w.SignOut(w.ctx, c); err != nil {
		t.Fatal(err)
	}
	if err := w.SetCapabilities(w.ctx, c, finlatch.Capabilities{IconURL: "x"}); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("a device that has just ended: %v", err)
	}
}
