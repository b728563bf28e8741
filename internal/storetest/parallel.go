package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

var parallelTests = []test{
	{"one of many wins", func(t *testing.T, s fixture) {
		s.people(1)
		var won, lost atomic.Int32
		inParallel(50, func(i int) {
			err := s.try(func(ctx context.Context, tx finlatch.Tx) error {
				return tx.CreateDevice(ctx, device(byte(i+1), 1, "tv"))
			})
			switch {
			case err == nil:
				won.Add(1)
			case errors.Is(err, finlatch.ErrConflict):
				lost.Add(1)
			default:
				t.Errorf("CreateDevice: %v", err)
			}
		})
		equal(t, "sign-ins that won", won.Load(), int32(1))
		equal(t, "sign-ins that lost", lost.Load(), int32(49))
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			n, err := tx.CountDevices(ctx, finlatch.DeviceFilter{})
			equal(t, "devices", n, 1)
			return err
		})
	}},
	{"replacing leaves one", func(t *testing.T, s fixture) {
		s.people(1)
		inParallel(50, func(i int) {
			err := s.try(func(ctx context.Context, tx finlatch.Tx) error {
				if _, err := tx.DeleteDevices(ctx, finlatch.DeviceFilter{UserID: id(1), DeviceID: "tv"}); err != nil {
					return err
				}
				return tx.CreateDevice(ctx, device(byte(i+1), 1, "tv"))
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		})
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			n, err := tx.CountDevices(ctx, finlatch.DeviceFilter{UserID: id(1), DeviceID: "tv"})
			equal(t, "devices", n, 1)
			return err
		})
	}},
	{"no update is lost", func(t *testing.T, s fixture) {
		s.people(1)
		inParallel(20, func(int) {
			err := s.try(func(ctx context.Context, tx finlatch.Tx) error {
				u, err := tx.User(ctx, id(1))
				if err != nil {
					return err
				}
				u.InvalidLoginAttempts++
				return tx.PutUser(ctx, u)
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		})
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			u, err := tx.User(ctx, id(1))
			equal(t, "InvalidLoginAttempts", u.InvalidLoginAttempts, 20)
			return err
		})
	}},
	{"a check still holds at the commit", func(t *testing.T, s fixture) { // what a limit on sessions relies on
		s.people(1)
		inParallel(20, func(i int) {
			err := s.try(func(ctx context.Context, tx finlatch.Tx) error {
				n, err := tx.CountDevices(ctx, finlatch.DeviceFilter{UserID: id(1)})
				if err != nil || n >= 5 {
					return err
				}
				return tx.CreateDevice(ctx, device(byte(i+1), 1, fmt.Sprint("device ", i)))
			})
			if err != nil {
				t.Errorf("Update: %v", err)
			}
		})
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			n, err := tx.CountDevices(ctx, finlatch.DeviceFilter{UserID: id(1)})
			equal(t, "devices", n, 5)
			return err
		})
	}},
	{"a View does not wait for an Update, and sees the state before it", func(t *testing.T, s fixture) {
		s.people(1)
		s.devices(device(1, 1, "tv"))
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			if err := change(ctx, tx); err != nil {
				return err
			}
			done := make(chan struct{})
			go func() { // because a Tx is its goroutine's
				defer close(done)
				s.wantUnchanged()
			}()
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Error("View waits for Update")
			}
			return nil
		})
		s.missing("User after the Update", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.User(ctx, id(1)); return err })
	}},
	{"a View sees one state", func(t *testing.T, s fixture) {
		s.people(2)
		stop := make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() {
			for i := 1; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				err := s.try(func(ctx context.Context, tx finlatch.Tx) error { // both users always have the same number
					for n := byte(1); n <= 2; n++ {
						u := person(n, "person "+string('a'+rune(n)))
						u.InvalidLoginAttempts = i
						if err := tx.PutUser(ctx, u); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Errorf("Update: %v", err)
					return
				}
			}
		})
		inParallel(8, func(int) {
			for range 25 {
				err := s.View(t.Context(), func(tx finlatch.Tx) error {
					var numbers [4]int
					for i := range numbers {
						u, err := tx.User(t.Context(), id(byte(i%2+1)))
						if err != nil {
							return err
						}
						numbers[i] = u.InvalidLoginAttempts
					}
					if numbers != [4]int{numbers[0], numbers[0], numbers[0], numbers[0]} {
						t.Errorf("one View saw %v, want the same four times", numbers)
					}
					return nil
				})
				if err != nil {
					t.Errorf("View: %v", err)
				}
			}
		})
		close(stop)
		writer.Wait()
	}},
}

// inParallel runs f(0) to f(n-1) at the same time, and waits for them.
func inParallel(n int, f func(i int)) {
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { f(i) })
	}
	group.Wait()
}
