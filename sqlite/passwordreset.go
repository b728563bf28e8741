package sqlite

import (
	"context"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	passwordResetFields = "user_id, pin_hash, created_at, expires_at"

	selectPasswordResetByPIN = "SELECT " + passwordResetFields + " FROM password_resets WHERE pin_hash = ?"
	insertPasswordReset      = "INSERT INTO password_resets (" + passwordResetFields + ") VALUES (?, ?, ?, ?)"
	deletePasswordReset      = "DELETE FROM password_resets WHERE user_id = ?"
	expirePasswordResets     = "DELETE FROM password_resets WHERE rowid IN " +
		"(SELECT rowid FROM password_resets WHERE expires_at < ? ORDER BY expires_at LIMIT ?)"
)

func scanPasswordReset(r row) (p finlatch.PasswordReset, err error) {
	err = r.Scan((*idColumn)(&p.UserID), (*hashColumn)(&p.PINHash), (*timeColumn)(&p.CreatedAt), (*timeColumn)(&p.ExpiresAt))
	return p, err
}

func (t *tx) PasswordResetByPIN(ctx context.Context, pin finlatch.Hash) (finlatch.PasswordReset, error) {
	return one(ctx, t, "get password reset", scanPasswordReset, selectPasswordResetByPIN, pin[:])
}

// PutPasswordReset deletes and inserts, because REPLACE would delete another user's row with the same PIN.
func (t *tx) PutPasswordReset(ctx context.Context, p finlatch.PasswordReset) error {
	if _, err := t.change(ctx, "replace password reset", deletePasswordReset, p.UserID[:]); err != nil {
		return err
	}
	_, err := t.change(ctx, "put password reset", insertPasswordReset, p.UserID[:], p.PINHash[:], nanoseconds(p.CreatedAt), nanoseconds(p.ExpiresAt))
	return err
}

func (t *tx) DeletePasswordReset(ctx context.Context, userID finlatch.ID) error {
	return t.changeOne(ctx, "delete password reset", deletePasswordReset, userID[:])
}

func (t *tx) ExpirePasswordResets(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.change(ctx, "expire password resets", expirePasswordResets, nanoseconds(before), max(limit, 0))
}
