package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

var watchTests = []test{
	{"missed comes first", func(t *testing.T, s fixture) {
		w := s.watch()
		equal(t, "first change", w.take(), []finlatch.Change{{Kind: finlatch.ChangeMissed}})
	}},
	{"changes are told before Update returns", func(t *testing.T, s fixture) {
		w, other := s.watch(), s.watch()
		user := finlatch.Change{Kind: finlatch.ChangeUser, UserID: id(1)}
		token := func(n byte) finlatch.Change {
			return finlatch.Change{Kind: finlatch.ChangeDevice, UserID: id(1), Hash: hash(n)}
		}
		others := finlatch.Change{Kind: finlatch.ChangeDevice, UserID: id(2), Hash: hash(9)}
		key := finlatch.Change{Kind: finlatch.ChangeAPIKey, Hash: hash(1)}
		request := func(n byte) finlatch.Change { return finlatch.Change{Kind: finlatch.ChangeQuickConnect, Hash: hash(n)} }
		approved := quickConnect(1, 1)
		approved.UserID = id(1)

		for _, step := range []struct {
			name string
			do   func(ctx context.Context, tx finlatch.Tx) error
			want []finlatch.Change
		}{
			{"create user", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.CreateUser(ctx, person(1, "a"))
			}, []finlatch.Change{user}},
			{"put user", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.PutUser(ctx, person(1, "b"))
			}, []finlatch.Change{user}},
			{"create device", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.CreateDevice(ctx, device(1, 1, "tv"))
			}, []finlatch.Change{token(1)}},
			{"replace device", func(ctx context.Context, tx finlatch.Tx) error {
				if _, err := tx.DeleteDevices(ctx, finlatch.DeviceFilter{DeviceID: "tv"}); err != nil {
					return err
				}
				return tx.CreateDevice(ctx, device(2, 1, "tv"))
			}, []finlatch.Change{token(1), token(2)}},
			{"put capabilities", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.PutCapabilities(ctx, hash(2), finlatch.Capabilities{})
			}, []finlatch.Change{token(2)}},
			{"create a device of the same id, of another user", func(ctx context.Context, tx finlatch.Tx) error {
				if err := tx.CreateUser(ctx, person(2, "c")); err != nil {
					return err
				}
				return tx.CreateDevice(ctx, device(9, 2, "tv"))
			}, []finlatch.Change{{Kind: finlatch.ChangeUser, UserID: id(2)}, others}},
			{"put a user's options", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.PutDeviceOptions(ctx, finlatch.DeviceOptions{DeviceID: "tv", UserID: id(1), CustomName: "mine"})
			}, []finlatch.Change{token(2)}},
			{"put everybody's options", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.PutDeviceOptions(ctx, finlatch.DeviceOptions{DeviceID: "tv", CustomName: "all's"})
			}, []finlatch.Change{token(2), others}},
			{"put options of no device", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.PutDeviceOptions(ctx, finlatch.DeviceOptions{DeviceID: "none", CustomName: "x"})
			}, nil},
			{"create key", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.CreateAPIKey(ctx, apiKey(1))
			}, []finlatch.Change{key}},
			{"delete key", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.DeleteAPIKey(ctx, id(1))
			}, []finlatch.Change{key}},
			{"create requests", func(ctx context.Context, tx finlatch.Tx) error {
				for n := byte(1); n <= 4; n++ {
					if err := tx.CreateQuickConnect(ctx, quickConnect(n, 1)); err != nil {
						return err
					}
				}
				return nil
			}, []finlatch.Change{request(1), request(2), request(3), request(4)}},
			{"put request", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.PutQuickConnect(ctx, approved)
			}, []finlatch.Change{request(1)}},
			{"delete request", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.DeleteQuickConnect(ctx, hash(2))
			}, []finlatch.Change{request(2)}},
			{"expire requests", func(ctx context.Context, tx finlatch.Tx) error {
				if _, err := tx.ExpireQuickConnects(ctx, after(14), 100); err != nil { // 1 and 3
					return err
				}
				return tx.CreateQuickConnect(ctx, approved)
			}, []finlatch.Change{request(1), request(3)}},
			{"delete user", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.DeleteUser(ctx, id(1))
			}, []finlatch.Change{user, token(2), request(1)}},
			{"put settings", func(ctx context.Context, tx finlatch.Tx) error {
				return tx.PutSettings(ctx, finlatch.Settings{})
			}, []finlatch.Change{{Kind: finlatch.ChangeSettings}}},
		} {
			w.take()
			other.take()
			s.update(step.do)
			w.wants(step.name, step.want...)
			other.wants(step.name+", told to the other", step.want...)
		}
	}},
	{"signing everybody out", func(t *testing.T, s fixture) {
		s.people(1)
		s.devices(device(1, 1, "tv"))
		w := s.watch()
		w.take()
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteAllDevices(ctx) })
		told := w.take()
		if !slices.Contains(told, finlatch.Change{Kind: finlatch.ChangeMissed}) &&
			!slices.Contains(told, finlatch.Change{Kind: finlatch.ChangeDevice, UserID: id(1), Hash: hash(1)}) {
			t.Errorf("told %v, want the device or that anything may have changed", told)
		}
	}},
	{"what is not told", func(t *testing.T, s fixture) {
		s.people(1)
		s.devices(device(1, 1, "tv"))
		w := s.watch()
		w.take()
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			if err := tx.AddActivity(ctx, finlatch.Activity{Count: 1, At: epoch}); err != nil {
				return err
			}
			if err := tx.PutDisplayPreferences(ctx, finlatch.DisplayPreferences{UserID: id(1)}); err != nil {
				return err
			}
			if err := tx.TouchDevices(ctx, []finlatch.DeviceTouch{{TokenHash: hash(1), UserID: id(1), At: after(9)}}); err != nil {
				return err
			}
			if err := tx.PutPicture(ctx, finlatch.Picture{OwnerID: id(1)}); err != nil { // the user's row changes with it
				return err
			}
			if err := tx.PutPasswordReset(ctx, passwordReset(1, 1)); err != nil {
				return err
			}
			return tx.PutFailures(ctx, []finlatch.Failures{failures(1)})
		})
		s.view(func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.User(ctx, id(1)); return err })
		s.refuses(errAgain, func(ctx context.Context, tx finlatch.Tx) error {
			if err := change(ctx, tx); err != nil {
				return err
			}
			if err := tx.PutSettings(ctx, finlatch.Settings{}); err != nil {
				return err
			}
			return errAgain
		})
		s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error {
			if err := tx.CreateUser(ctx, person(2, "new")); err != nil {
				return err
			}
			return tx.CreateUser(ctx, person(2, "new"))
		})
		equal(t, "told", w.take(), []finlatch.Change(nil))
	}},
	{"each change is told once per Update", func(t *testing.T, s fixture) {
		s.people(1)
		w := s.watch()
		w.take()
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			for _, name := range []string{"a", "b", "c"} {
				if err := tx.PutUser(ctx, person(1, name)); err != nil {
					return err
				}
			}
			return nil
		})
		equal(t, "told", w.take(), []finlatch.Change{{Kind: finlatch.ChangeUser, UserID: id(1)}})
	}},
	{"ends with its context", func(t *testing.T, s fixture) {
		w := s.watch()
		w.cancel()
		w.ends(context.Canceled)
		w.take()
		s.people(1)
		equal(t, "told after the end", w.take(), []finlatch.Change(nil))
	}},
	{"ends with the store", func(t *testing.T, s fixture) {
		w := s.watch()
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		w.ends(finlatch.ErrUnavailable)
	}},
	{"parallel", func(t *testing.T, s fixture) {
		s.people(1)
		w := s.watch()
		inParallel(20, func(i int) {
			d := device(byte(i+1), 1, string('a'+rune(i)))
			if err := s.try(func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateDevice(ctx, d) }); err != nil {
				t.Errorf("CreateDevice: %v", err)
			}
			if !w.told(finlatch.Change{Kind: finlatch.ChangeDevice, UserID: id(1), Hash: d.TokenHash}) {
				t.Error("Update returned before its change was told")
			}
		})
	}},
}

// watcher collects what one Watch tells.
type watcher struct {
	t      *testing.T
	cancel context.CancelFunc
	ended  chan error

	mu      sync.Mutex
	changes []finlatch.Change
}

// watch starts a Watch and waits for its first word.
func (s fixture) watch() *watcher {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	w := &watcher{t: s.t, cancel: cancel, ended: make(chan error, 1)}
	first := make(chan struct{})
	started := sync.OnceFunc(func() { close(first) })
	go func() {
		w.ended <- s.Watch(ctx, func(change finlatch.Change) {
			if change.Kind == finlatch.ChangeNone {
				return
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.changes = append(w.changes, change)
			started()
		})
	}()
	s.t.Cleanup(cancel)
	select {
	case <-first:
	case <-time.After(10 * time.Second):
		s.t.Fatal("Watch says nothing")
	}
	return w
}

// take is what was told since the last time.
func (w *watcher) take() []finlatch.Change {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.changes
	w.changes = nil
	return taken
}

func (w *watcher) told(change finlatch.Change) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.changes, change)
}

// wants wants these changes to have been told, in any order; that anything may have changed may come on top.
func (w *watcher) wants(what string, want ...finlatch.Change) {
	w.t.Helper()
	got := slices.DeleteFunc(w.take(), func(c finlatch.Change) bool { return c.Kind == finlatch.ChangeMissed })
	sorted := func(changes []finlatch.Change) []finlatch.Change {
		slices.SortFunc(changes, func(a, b finlatch.Change) int {
			if a.Kind != b.Kind {
				return int(a.Kind) - int(b.Kind)
			}
			return slices.Compare(a.Hash[:], b.Hash[:])
		})
		return changes
	}
	equal(w.t, what, sorted(got), sorted(want))
}

func (w *watcher) ends(want error) {
	w.t.Helper()
	select {
	case err := <-w.ended:
		if err != nil && !errors.Is(err, want) {
			w.t.Errorf("Watch: got error %v, want nil or %v", err, want)
		}
	case <-time.After(10 * time.Second):
		w.t.Fatal("Watch goes on")
	}
}
