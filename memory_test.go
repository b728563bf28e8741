package finlatch_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// warm signs in and asks until the token is answered from memory.
func (w *world) warm(name, password, deviceID string) finlatch.SignedIn {
	w.Helper()
	in := w.signIn(name, password, device(deviceID, home))
	w.warmed(in.Token)
	return in
}

func (w *world) warmed(token finlatch.Token) {
	w.Helper()
	w.eventually("the token is answered from memory", func() bool {
		before := w.CacheHits()
		w.caller(token, home)
		return w.CacheHits() > before
	})
}

// A revocation holds for every request that begins after it returned, whatever is remembered and whoever asks meanwhile.
func TestRevocationIsImmediate(t *testing.T) {
	t.Parallel()
	for name, revoke := range map[string]func(*world, finlatch.SignedIn) error{
		"sign-out": func(w *world, in finlatch.SignedIn) error {
			return w.SignOut(w.ctx, finlatch.Caller{User: &in.User, Device: &in.Device, Address: home})
		},
		"device deleted": func(w *world, in finlatch.SignedIn) error {
			return w.DeleteDevices(w.ctx, finlatch.Operator(), []string{in.Device.DeviceID}, finlatch.ID{})
		},
		"user disabled": func(w *world, in finlatch.SignedIn) error {
			return w.SetDisabled(w.ctx, finlatch.Operator(), in.User.ID, true)
		},
		"user deleted": func(w *world, in finlatch.SignedIn) error {
			return w.DeleteUser(w.ctx, finlatch.Operator(), in.User.ID)
		},
		"password set": func(w *world, in finlatch.SignedIn) error {
			return w.SetPassword(w.ctx, finlatch.Operator(), in.User.ID, "new")
		},
		"signed in again": func(w *world, in finlatch.SignedIn) error {
			_, err := w.SignIn(w.ctx, device(in.Device.DeviceID, home), "ann", "pw")
			return err
		},
		"policy changed": func(w *world, in finlatch.SignedIn) error {
			w.policy(in.User.ID, func(p *finlatch.Policy) { p.EnableAllDevices = false })
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.run()
			w.user("ann", "pw")
			in := w.warm("ann", "pw", "tv")
			var revoked atomic.Bool
			stop := make(chan struct{})
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						late := revoked.Load()
						c, err := w.Authenticate(w.ctx, finlatch.Caller{Address: home}, in.Token)
						if err == nil {
							err = w.Allow(w.ctx, c, finlatch.LevelUser)
						}
						if late && err == nil {
							t.Error("a request was accepted after the revocation")
							return
						}
						if err != nil && !errors.Is(err, finlatch.ErrUnauthenticated) && !errors.Is(err, finlatch.ErrForbidden) {
							t.Errorf("a request failed: %v", err)
							return
						}
					}
				})
			}
			if err := revoke(w, in); err != nil {
				t.Error(err)
			}
			revoked.Store(true)
			for range 200 {
				w.Authenticate(w.ctx, finlatch.Caller{Address: home}, in.Token)
			}
			close(stop)
			wg.Wait()
			if w.CacheHits() == 0 {
				t.Error("nothing was answered from memory, so nothing was shown")
			}
		})
	}
}

func TestActivityIsWrittenInBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.signIn("admin", "admin-pw", device("tv", home))
	w.clock.Move(10 * time.Minute)
	moved := finlatch.Caller{ClientInfo: finlatch.NewClientInfo("App", "2.0", "Big telly", "tv"), Address: away}
	if _, err := w.Authenticate(w.ctx, moved, in.Token); err != nil {
		t.Fatal(err)
	}
	session, err := w.DeviceByID(w.ctx, finlatch.Operator(), "tv", finlatch.ID{})
	if err != nil || session.Device.AppVersion != "1.0" {
		t.Errorf("written at once: %+v, %v", session.Device, err)
	}
	runAndStop(w)
	session, err = w.DeviceByID(w.ctx, finlatch.Operator(), "tv", finlatch.ID{})
	if err != nil || session.Device.DeviceName != "Big telly" || session.Device.AppVersion != "2.0" || session.Device.Address != away ||
		!session.Device.LastActivityAt.Equal(w.clock.Now()) {
		t.Errorf("after Run: %+v, %v", session.Device, err)
	}
	// and a note of a device that is gone brings it not back
	w.clock.Move(10 * time.Minute)
	if _, err := w.Authenticate(w.ctx, moved, in.Token); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteDevices(w.ctx, finlatch.Operator(), []string{"tv"}, finlatch.ID{}); err != nil {
		t.Fatal(err)
	}
	runAndStop(w)
	if _, err := w.Authenticate(w.ctx, moved, in.Token); !errors.Is(err, finlatch.ErrUnauthenticated) {
		t.Errorf("the device is back: %v", err)
	}
}

func runAndStop(w *world) {
	ctx, stop := context.WithCancel(w.ctx)
	done := make(chan struct{})
	go func() { defer close(done); w.Service.Run(ctx) }()
	stop()
	<-done
}

func TestChromecastsKeepTheirNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := finlatch.Caller{ClientInfo: finlatch.NewClientInfo("Jellyfin Chromecast", "1", "Sender", "cast"), Address: home}
	in := w.signIn("admin", "admin-pw", c)
	other := finlatch.Caller{ClientInfo: finlatch.NewClientInfo("Jellyfin Chromecast", "2", "Another sender", "cast"), Address: home}
	w.clock.Move(time.Hour)
	if _, err := w.Authenticate(w.ctx, other, in.Token); err != nil {
		t.Fatal(err)
	}
	runAndStop(w)
	session, err := w.DeviceByID(w.ctx, finlatch.Operator(), "cast", finlatch.ID{})
	if err != nil || session.Device.DeviceName != "Sender" {
		t.Errorf("got %+v, %v", session.Device, err)
	}
}
