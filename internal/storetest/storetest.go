// Package storetest is the one suite that every finlatch.Store passes: the contract in store.go, as tests.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/finlatch/finlatch"
)

// Run runs the suite on stores that open makes: empty ones, each of its own, that can be used in parallel. The suite
// closes them. Every Update of the suite runs its function twice, see Twice.
func Run(t *testing.T, open func(t *testing.T) finlatch.Store) {
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"User", userTests},
		{"Device", deviceTests},
		{"DeviceOptions", deviceOptionsTests},
		{"EndedToken", endedTokenTests},
		{"APIKey", apiKeyTests},
		{"QuickConnect", quickConnectTests},
		{"Activity", activityTests},
		{"ActivityList", activityListTests},
		{"Settings", settingsTests},
		{"DisplayPreferences", displayPreferencesTests},
		{"Picture", pictureTests},
		{"PasswordReset", passwordResetTests},
		{"Failures", failuresTests},
		{"Copy", copyTests},
		{"Transaction", transactionTests},
		{"Parallel", parallelTests},
		{"Watch", watchTests},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					store := open(t)
					t.Cleanup(func() {
						if err := store.Close(); err != nil {
							t.Errorf("Close: %v", err)
						}
					})
					test.run(t, fixture{Store: Twice(store), once: store, t: t})
				})
			}
		})
	}
}

type test struct {
	name string
	run  func(t *testing.T, s fixture)
}

// fixture is a store whose methods fail the test instead of returning an error.
type fixture struct {
	finlatch.Store
	once finlatch.Store // the same, but runs the functions of Updates as often as it likes
	t    *testing.T
}

func (s fixture) view(f func(ctx context.Context, tx finlatch.Tx) error) {
	s.t.Helper()
	if err := s.View(s.t.Context(), func(tx finlatch.Tx) error { return f(s.t.Context(), tx) }); err != nil {
		s.t.Fatalf("View: %v", err)
	}
}

func (s fixture) update(f func(ctx context.Context, tx finlatch.Tx) error) {
	s.t.Helper()
	if err := s.try(f); err != nil {
		s.t.Fatalf("Update: %v", err)
	}
}

// try is an Update that may be refused.
func (s fixture) try(f func(ctx context.Context, tx finlatch.Tx) error) error {
	return s.Update(s.t.Context(), func(tx finlatch.Tx) error { return f(s.t.Context(), tx) })
}

// refuses wants an Update to end in an error of a kind.
func (s fixture) refuses(want error, f func(ctx context.Context, tx finlatch.Tx) error) {
	s.t.Helper()
	if err := s.try(f); !errors.Is(err, want) {
		s.t.Errorf("Update: got error %v, want %v", err, want)
	}
}

// missing wants a View to find nothing.
func (s fixture) missing(what string, f func(ctx context.Context, tx finlatch.Tx) error) {
	s.t.Helper()
	err := s.View(s.t.Context(), func(tx finlatch.Tx) error { return f(s.t.Context(), tx) })
	if !errors.Is(err, finlatch.ErrNotFound) {
		s.t.Errorf("%s: got error %v, want %v", what, err, finlatch.ErrNotFound)
	}
}

// wholeBytes compares bytes as a whole: one by one takes minutes for those of a picture, longer than a transaction may.
var wholeBytes = cmp.FilterValues(func(a, b []byte) bool { return len(a) > 0 || len(b) > 0 }, cmp.Comparer(bytes.Equal))

// equal compares rows. No elements and no bytes are equal to nil ones; times are equal if they are the same instant.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, wholeBytes, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", what, diff)
	}
}

// epoch is the time from which tests count. Stores keep microseconds.
var epoch = time.Date(2026, time.March, 1, 12, 30, 15, 123_456_000, time.UTC)

func after(minutes int) time.Time { return epoch.Add(time.Duration(minutes) * time.Minute) }

func id(n byte) finlatch.ID { return finlatch.ID{0: 0xf0, 14: 1, 15: n} }

func hash(n byte) finlatch.Hash { return finlatch.Hash{0: 0xf0, 30: 1, 31: n} }

// person is a small user; people's normalized names sort as their names do.
func person(n byte, name string) finlatch.User {
	return finlatch.User{
		ID: id(n), Name: name, NormalizedName: finlatch.NormalizeName(name),
		Policy: finlatch.NewPolicy(), Configuration: finlatch.NewConfiguration(), CreatedAt: after(int(n)),
	}
}

// people creates users 1 to n.
func (s fixture) people(n byte) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx finlatch.Tx) error {
		for i := byte(1); i <= n; i++ {
			if err := tx.CreateUser(ctx, person(i, "person "+string('a'+rune(i)))); err != nil {
				return err
			}
		}
		return nil
	})
}

// device is device n of a user, last active in minute n.
func device(n, user byte, deviceID string) finlatch.Device {
	return finlatch.Device{
		ClientInfo: finlatch.ClientInfo{AppName: "app", AppVersion: "1.0", DeviceName: "thing", DeviceID: deviceID},
		TokenHash:  hash(n), UserID: id(user), CreatedAt: after(-int(n)), LastActivityAt: after(int(n)),
	}
}

func (s fixture) devices(devices ...finlatch.Device) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx finlatch.Tx) error {
		for _, d := range devices {
			if err := tx.CreateDevice(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
