package postgres

import (
	"context"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	passwordResetFields = "user_id, pin_hash, created_at, expires_at"

	selectPasswordResetByPIN = "SELECT " + passwordResetFields + " FROM password_resets WHERE pin_hash = $1"
	replacePasswordReset     = "INSERT INTO password_resets (" + passwordResetFields + ") VALUES ($1, $2, $3, $4) ON CONFLICT (user_id) " +
		"DO UPDATE SET pin_hash = excluded.pin_hash, created_at = excluded.created_at, expires_at = excluded.expires_at"
	deletePasswordReset  = "DELETE FROM password_resets WHERE user_id = $1"
	expirePasswordResets = "DELETE FROM password_resets WHERE user_id IN " +
		"(SELECT user_id FROM password_resets WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
)

func scanPasswordReset(r row) (p finlatch.PasswordReset, err error) {
	err = r.Scan((*idColumn)(&p.UserID), (*hashColumn)(&p.PINHash), (*timeColumn)(&p.CreatedAt), (*timeColumn)(&p.ExpiresAt))
	return p, err
}

func (t *tx) PasswordResetByPIN(ctx context.Context, pin finlatch.Hash) (finlatch.PasswordReset, error) {
	return one(ctx, t, "get password reset", scanPasswordReset, selectPasswordResetByPIN, pin[:])
}

func (t *tx) PutPasswordReset(ctx context.Context, p finlatch.PasswordReset) error {
	_, err := t.change(ctx, "put password reset", replacePasswordReset, p.UserID[:], p.PINHash[:], timestamp(p.CreatedAt), timestamp(p.ExpiresAt))
	return err
}

func (t *tx) DeletePasswordReset(ctx context.Context, userID finlatch.ID) error {
	return t.changeOne(ctx, "delete password reset", deletePasswordReset, userID[:])
}

func (t *tx) ExpirePasswordResets(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.change(ctx, "expire password resets", expirePasswordResets, timestamp(before), max(limit, 0))
}
