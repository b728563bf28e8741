package storetest

import (
	"context"
	"testing"

	"github.com/finlatch/finlatch"
)

var endedTokenTests = []test{
	{"round trip", func(t *testing.T, s fixture) {
		s.wantEnded(0, 10)
		s.missing("EndedToken", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.EndedToken(ctx, hash(1)); return err })
		for _, n := range []byte{3, 1, 2, 1} {
			s.update(func(ctx context.Context, tx finlatch.Tx) error {
				return tx.AddEndedToken(ctx, finlatch.EndedToken{ID: 1, Hash: hash(n), Sealed: []byte{n, 0, 0xff}})
			})
		}
		s.wantEnded(0, 10, 3, 1, 2, 1)
		s.wantEnded(0, 2, 3, 1)
		s.wantEnded(0, 0)
		s.wantEnded(0, -1)
		ids := s.endedIDs()
		s.wantEnded(ids[1], 10, 2, 1)
		s.wantEnded(ids[3], 10)
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			got, err := tx.EndedToken(ctx, hash(1))
			equal(t, "the first with a hash", got, finlatch.EndedToken{ID: ids[1], Hash: hash(1), Sealed: []byte{1, 0, 0xff}})
			return err
		})
		forget := func(id int64) {
			t.Helper()
			s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.ForgetEndedToken(ctx, id) })
		}
		forget(ids[3])
		forget(ids[3])
		s.wantEnded(0, 10, 3, 1, 2)
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			return tx.AddEndedToken(ctx, finlatch.EndedToken{Hash: hash(4), Sealed: []byte{4, 0, 0xff}})
		})
		if again := s.endedIDs(); again[3] <= ids[3] {
			t.Errorf("the ID %d comes after %d", again[3], ids[3])
		}
	}},
	{"of deleted devices", func(t *testing.T, s fixture) {
		for _, c := range []struct {
			name   string
			delete func(ctx context.Context, tx finlatch.Tx) error
			want   []byte
		}{
			{"one", func(ctx context.Context, tx finlatch.Tx) error {
				_, err := tx.DeleteDevices(ctx, finlatch.DeviceFilter{TokenHash: hash(1)})
				return err
			}, []byte{1}},
			{"without a sealed token", func(ctx context.Context, tx finlatch.Tx) error {
				_, err := tx.DeleteDevices(ctx, finlatch.DeviceFilter{TokenHash: hash(4)})
				return err
			}, nil},
			{"a device id's", func(ctx context.Context, tx finlatch.Tx) error {
				_, err := tx.DeleteDevices(ctx, finlatch.DeviceFilter{DeviceID: "tv"})
				return err
			}, []byte{1, 3}},
			{"all", func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteAllDevices(ctx) }, []byte{1, 2, 3}},
			{"a user's", func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteUser(ctx, id(1)) }, []byte{1, 2}},
			{"replaced", func(ctx context.Context, tx finlatch.Tx) error {
				if _, err := tx.DeleteDevices(ctx, finlatch.DeviceFilter{UserID: id(1), DeviceID: "tv"}); err != nil {
					return err
				}
				return tx.CreateDevice(ctx, sealed(5, 1, "tv"))
			}, []byte{1}},
		} {
			s.people(2)
			s.devices(sealed(1, 1, "tv"), sealed(2, 1, "phone"), sealed(3, 2, "tv"), device(4, 2, "radio"))
			s.refuses(errAgain, func(ctx context.Context, tx finlatch.Tx) error {
				if err := c.delete(ctx, tx); err != nil {
					return err
				}
				return errAgain
			})
			s.wantEnded(0, 10)
			s.update(c.delete)
			s.wantEndedOnce(c.name, c.want...)
			s.update(func(ctx context.Context, tx finlatch.Tx) error {
				users, err := tx.Users(ctx, finlatch.UserFilter{})
				for _, user := range users {
					if err == nil {
						err = tx.DeleteUser(ctx, user.ID)
					}
				}
				return err
			})
			for _, id := range s.endedIDs() {
				s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.ForgetEndedToken(ctx, id) })
			}
		}
	}},
}

// sealed is a device whose token an Upstream has made.
func sealed(n, user byte, deviceID string) finlatch.Device {
	d := device(n, user, deviceID)
	d.Sealed = []byte{n, 0, 0xff}
	return d
}

func (s fixture) endedIDs() (ids []int64) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		ids = nil
		ended, err := tx.EndedTokens(ctx, 0, 100)
		for _, e := range ended {
			ids = append(ids, e.ID)
		}
		return err
	})
	return ids
}

// wantEnded wants the tokens of these numbers, in this order.
func (s fixture) wantEnded(after int64, limit int, numbers ...byte) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		ended, err := tx.EndedTokens(ctx, after, limit)
		var got, want [][]byte
		for _, e := range ended {
			got = append(got, e.Sealed)
			equal(s.t, "hash", e.Hash, hash(e.Sealed[0]))
		}
		for _, n := range numbers {
			want = append(want, []byte{n, 0, 0xff})
		}
		equal(s.t, "EndedTokens", got, want)
		return err
	})
}

// wantEndedOnce wants the tokens of these numbers, in any order, and no others.
func (s fixture) wantEndedOnce(what string, numbers ...byte) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		ended, err := tx.EndedTokens(ctx, 0, 100)
		got, want := map[byte]int{}, map[byte]int{}
		for _, e := range ended {
			got[e.Sealed[0]]++
		}
		for _, n := range numbers {
			want[n] = 1
		}
		equal(s.t, what, got, want)
		return err
	})
}
