package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

var transactionTests = []test{
	{"an error rolls back", func(t *testing.T, s fixture) {
		s.people(1)
		s.devices(device(1, 1, "tv"))
		failure := errors.New("failure")
		err := s.try(func(ctx context.Context, tx finlatch.Tx) error {
			if err := change(ctx, tx); err != nil {
				return err
			}
			return fmt.Errorf("wrapped: %w", failure)
		})
		if !errors.Is(err, failure) {
			t.Errorf("Update: got error %v, want f's", err)
		}
		s.wantUnchanged()
	}},
	{"a panic rolls back and goes on", func(t *testing.T, s fixture) {
		s.people(1)
		s.devices(device(1, 1, "tv"))
		for range 3 {
			func() {
				defer func() {
					if r := recover(); r != "panic in f" {
						t.Errorf("recovered %v, want f's panic", r)
					}
				}()
				s.try(func(ctx context.Context, tx finlatch.Tx) error {
					if err := change(ctx, tx); err != nil {
						return err
					}
					panic("panic in f")
				})
			}()
			func() {
				defer func() { recover() }()
				s.View(t.Context(), func(finlatch.Tx) error { panic("panic in f") })
			}()
		}
		s.wantUnchanged()
		s.update(change)
	}},
	{"an Update sees what it did", func(t *testing.T, s fixture) {
		s.people(1)
		s.devices(device(1, 1, "tv"))
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			if err := change(ctx, tx); err != nil {
				return err
			}
			if _, err := tx.User(ctx, id(1)); !errors.Is(err, finlatch.ErrNotFound) {
				t.Errorf("user deleted before: got error %v, want %v", err, finlatch.ErrNotFound)
			}
			_, err := tx.User(ctx, id(7)) // not dead for having found nothing
			return err
		})
	}},
	{"a View is refused changes", func(t *testing.T, s fixture) {
		s.people(1)
		s.devices(device(1, 1, "tv"))
		for name, f := range map[string]func(context.Context, finlatch.Tx) error{
			"CreateUser": func(ctx context.Context, tx finlatch.Tx) error { return tx.CreateUser(ctx, person(7, "new")) },
			"DeleteUser": func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteUser(ctx, id(1)) },
			"DeleteDevices": func(ctx context.Context, tx finlatch.Tx) error {
				_, err := tx.DeleteDevices(ctx, finlatch.DeviceFilter{UserID: id(1)})
				return err
			},
			"PutSettings": func(ctx context.Context, tx finlatch.Tx) error { return tx.PutSettings(ctx, finlatch.Settings{}) },
			"PutPicture":  func(ctx context.Context, tx finlatch.Tx) error { return tx.PutPicture(ctx, finlatch.Picture{}) },
			"PutCapabilities": func(ctx context.Context, tx finlatch.Tx) error {
				return tx.PutCapabilities(ctx, hash(1), finlatch.NewCapabilities())
			},
			"PutPasswordReset": func(ctx context.Context, tx finlatch.Tx) error { return tx.PutPasswordReset(ctx, passwordReset(1, 1)) },
			"AddActivity": func(ctx context.Context, tx finlatch.Tx) error {
				return tx.AddActivity(ctx, finlatch.Activity{Count: 1})
			},
		} {
			err := s.View(t.Context(), func(tx finlatch.Tx) error { return f(t.Context(), tx) })
			if err == nil || finlatch.KindOf(err) != finlatch.Internal {
				t.Errorf("%s in a View: got error %v, want an internal one", name, err)
			}
		}
		s.wantUnchanged()
	}},
	{"a conflict is the end", func(t *testing.T, s fixture) {
		s.people(1)
		s.devices(device(1, 1, "tv"))
		s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error {
			if err := tx.CreateUser(ctx, person(7, "new")); err != nil {
				return err
			}
			tx.CreateUser(ctx, person(7, "the same"))
			return nil // f forgot to return it; half of its work must not stay
		})
		s.wantUnchanged()
	}},
	{"a Tx is over when its function has returned", func(t *testing.T, s fixture) {
		s.people(1)
		s.devices(device(1, 1, "tv"))
		var kept finlatch.Tx
		keep := func(ctx context.Context, tx finlatch.Tx) error { kept = tx; return nil }
		s.update(keep)
		if err := kept.CreateUser(t.Context(), person(7, "late")); err == nil {
			t.Error("CreateUser after Update: no error")
		}
		s.view(keep)
		if _, err := kept.User(t.Context(), id(1)); err == nil {
			t.Error("User after View: no error")
		}
		s.wantUnchanged()
	}},
	{"a context that has ended", func(t *testing.T, s fixture) {
		s.people(1)
		s.devices(device(1, 1, "tv"))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.View(ctx, func(tx finlatch.Tx) error { _, err := tx.User(ctx, id(1)); return err }); !errors.Is(err, context.Canceled) {
			t.Errorf("View: got error %v, want %v", err, context.Canceled)
		}
		if err := s.Update(ctx, func(tx finlatch.Tx) error { return change(ctx, tx) }); !errors.Is(err, context.Canceled) {
			t.Errorf("Update: got error %v, want %v", err, context.Canceled)
		}
		s.wantUnchanged()
	}},
	{"a context that ends meanwhile", func(t *testing.T, s fixture) {
		s.people(1)
		s.devices(device(1, 1, "tv"))
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			err := s.once.Update(ctx, func(tx finlatch.Tx) error {
				err := change(ctx, tx)
				cancel()
				return err
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Update: got error %v, want %v", err, context.Canceled)
			}
			ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
			err = s.View(ctx, func(tx finlatch.Tx) error {
				cancel()
				_, err := tx.User(ctx, id(1))
				return err
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("View: got error %v, want %v", err, context.Canceled)
			}
		}
		s.wantUnchanged()
		s.update(change)
	}},
	{"closing", func(t *testing.T, s fixture) {
		s.people(1)
		started, goOn, finished := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			finished <- s.View(t.Context(), func(tx finlatch.Tx) error {
				close(started)
				<-goOn
				_, err := tx.User(t.Context(), id(1))
				return err
			})
		}()
		<-started
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		select {
		case <-closed:
			t.Error("Close does not wait for a View that runs")
			closed <- nil
		case <-time.After(50 * time.Millisecond):
		}
		close(goOn)
		if err := <-finished; err != nil {
			t.Errorf("View that ran when Close came: %v", err)
		}
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := s.View(t.Context(), func(finlatch.Tx) error { return nil }); !errors.Is(err, finlatch.ErrUnavailable) {
			t.Errorf("View of a closed store: got error %v, want %v", err, finlatch.ErrUnavailable)
		}
		s.refuses(finlatch.ErrUnavailable, func(context.Context, finlatch.Tx) error { return nil })
		if err := s.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}
	}},
}

// change replaces user 1, who has a device, by user 7; wantUnchanged wants that not to have happened.
func change(ctx context.Context, tx finlatch.Tx) error {
	if err := tx.DeleteUser(ctx, id(1)); err != nil {
		return err
	}
	if err := tx.AddActivity(ctx, finlatch.Activity{Count: 1, At: epoch}); err != nil {
		return err
	}
	return tx.CreateUser(ctx, person(7, "new"))
}

func (s fixture) wantUnchanged() {
	s.t.Helper()
	err := s.View(s.t.Context(), func(tx finlatch.Tx) error {
		users, err := tx.Users(s.t.Context(), finlatch.UserFilter{})
		if err != nil {
			return err
		}
		equal(s.t, "users", users, []finlatch.User{person(1, "person b")})
		devices, err := tx.Devices(s.t.Context(), finlatch.DeviceFilter{})
		if err != nil {
			return err
		}
		equal(s.t, "devices", devices, []finlatch.Device{device(1, 1, "tv")})
		_, n, err := tx.Activities(s.t.Context(), finlatch.ActivityFilter{})
		equal(s.t, "entries of the log", n, 0)
		return err
	})
	if err != nil {
		s.t.Errorf("View: %v", err)
	}
}
