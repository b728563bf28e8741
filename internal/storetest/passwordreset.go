package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/finlatch/finlatch"
)

var passwordResetTests = []test{
	{"round trip", func(t *testing.T, s fixture) {
		s.people(1)
		want := filled[finlatch.PasswordReset](0)
		want.UserID = id(1)
		s.putReset(want)
		s.wantReset(want)
		same := passwordReset(1, 3)
		same.PINHash = want.PINHash
		s.putReset(same)
		s.wantReset(same)
		bare := finlatch.PasswordReset{UserID: id(1), PINHash: hash(8)}
		s.putReset(bare)
		s.wantReset(bare)
		s.wantNoReset(want.PINHash)
	}},
	{"not there", func(t *testing.T, s fixture) {
		s.people(1)
		s.wantNoReset(hash(1))
		s.wantNoReset(finlatch.Hash{})
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error { return tx.PutPasswordReset(ctx, passwordReset(9, 1)) })
		s.refuses(finlatch.ErrNotFound, func(ctx context.Context, tx finlatch.Tx) error { return tx.DeletePasswordReset(ctx, id(1)) })
		s.wantNoReset(hash(1))
	}},
	{"conflicts", func(t *testing.T, s fixture) {
		s.people(2)
		s.putReset(passwordReset(1, 1))
		s.putReset(passwordReset(2, 2))
		s.refuses(finlatch.ErrConflict, func(ctx context.Context, tx finlatch.Tx) error { return tx.PutPasswordReset(ctx, passwordReset(2, 1)) })
		s.wantReset(passwordReset(1, 1))
		s.wantReset(passwordReset(2, 2))
	}},
	{"deleting", func(t *testing.T, s fixture) {
		s.people(2)
		s.putReset(passwordReset(1, 1))
		s.putReset(passwordReset(2, 2))
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeletePasswordReset(ctx, id(1)) })
		s.wantNoReset(hash(1))
		s.wantReset(passwordReset(2, 2))
		s.putReset(passwordReset(2, 1)) // the PIN is free again
		s.wantNoReset(hash(2))
	}},
	{"expiring", func(t *testing.T, s fixture) {
		s.people(6)
		for n := range byte(6) {
			s.putReset(passwordReset(n+1, n+1)) // till minute n
		}
		for _, step := range []struct {
			before, limit, gone int
			left                []byte
		}{
			{1, 100, 0, []byte{1, 2, 3, 4, 5, 6}}, {4, 0, 0, []byte{1, 2, 3, 4, 5, 6}}, {4, 2, 2, []byte{3, 4, 5, 6}},
			{4, 2, 1, []byte{4, 5, 6}}, {4, 2, 0, []byte{4, 5, 6}}, {100, 100, 3, nil},
		} {
			s.update(func(ctx context.Context, tx finlatch.Tx) error {
				n, err := tx.ExpirePasswordResets(ctx, after(step.before), step.limit)
				equal(t, fmt.Sprintf("%+v: expired", step), n, step.gone)
				return err
			})
			for _, n := range step.left {
				s.wantReset(passwordReset(n, n))
			}
		}
		for n := range byte(6) {
			s.wantNoReset(hash(n + 1))
		}
	}},
}

// passwordReset is a user's with PIN n, till minute n.
func passwordReset(user, n byte) finlatch.PasswordReset {
	return finlatch.PasswordReset{UserID: id(user), PINHash: hash(n), CreatedAt: after(-int(n)), ExpiresAt: after(int(n))}
}

func (s fixture) putReset(p finlatch.PasswordReset) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutPasswordReset(ctx, p) })
}

func (s fixture) wantReset(want finlatch.PasswordReset) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		got, err := tx.PasswordResetByPIN(ctx, want.PINHash)
		equal(s.t, "PasswordResetByPIN", got, want)
		return err
	})
}

func (s fixture) wantNoReset(pin finlatch.Hash) {
	s.t.Helper()
	s.missing("PasswordResetByPIN", func(ctx context.Context, tx finlatch.Tx) error { _, err := tx.PasswordResetByPIN(ctx, pin); return err })
}
