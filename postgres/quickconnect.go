package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/finlatch/finlatch"
)

// A trigger keeps the counts of pending requests; see migrations.
const (
	quickConnectFields = "state, device_id, device_name, app_name, app_version, address, forwarded, network, created_at, expires_at, " +
		"user_id, approved_by, redeemed_at, salt, minting"

	selectQuickConnect       = "SELECT secret_hash, code, " + quickConnectFields + " FROM quick_connects WHERE secret_hash = $1"
	selectQuickConnectByCode = "SELECT secret_hash, code, " + quickConnectFields + " FROM quick_connects WHERE code = $1"
	insertQuickConnect       = "INSERT INTO quick_connects (secret_hash, code, " + quickConnectFields + ") " +
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
	updateQuickConnect = "UPDATE quick_connects SET (" + quickConnectFields + ") = " +
		"($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) WHERE secret_hash = $1"
	deleteQuickConnect        = "DELETE FROM quick_connects WHERE secret_hash = $1"
	deleteQuickConnectsOf     = "DELETE FROM quick_connects WHERE user_id = $1 AND state NOT IN (2, 3) RETURNING secret_hash"
	countPendingQuickConnects = "SELECT pending FROM quick_connect_total WHERE id = 0"
	pendingQuickConnects      = "SELECT (extract(epoch FROM created_at - $1) * 1000000)::bigint / $3::bigint, count(*) FROM quick_connects " +
		"WHERE state = 0 AND created_at >= $1 AND created_at < $2 GROUP BY 1"
	selectCrowdingQuickConnect = "SELECT secret_hash, code, " + quickConnectFields + " FROM quick_connects " +
		"WHERE state = 0 AND network = (SELECT network FROM quick_connect_networks ORDER BY pending DESC, network LIMIT 1) " +
		"ORDER BY created_at NULLS FIRST, secret_hash LIMIT 1"
	expireQuickConnects = "DELETE FROM quick_connects WHERE secret_hash IN " +
		"(SELECT secret_hash FROM quick_connects WHERE expires_at < $1 ORDER BY expires_at LIMIT $2) RETURNING secret_hash"
	forgetQuickConnects = "UPDATE quick_connects SET salt = NULL WHERE salt IS NOT NULL AND redeemed_at < $1"
)

func scanQuickConnect(r row) (q finlatch.QuickConnect, err error) {
	err = r.Scan((*hashColumn)(&q.SecretHash), &q.Code, &q.State, &q.DeviceID, &q.DeviceName, &q.AppName, &q.AppVersion,
		(*addressColumn)(&q.Address), &q.Forwarded, (*networkColumn)(&q.Network), (*timeColumn)(&q.CreatedAt), (*timeColumn)(&q.ExpiresAt),
		(*idColumn)(&q.UserID), (*idColumn)(&q.ApprovedBy), (*timeColumn)(&q.RedeemedAt), &q.Salt, &q.Minting)
	return q, err
}

func quickConnectValues(q finlatch.QuickConnect) []any {
	return []any{q.SecretHash[:], q.Code, int(q.State), q.DeviceID, q.DeviceName, q.AppName, q.AppVersion,
		addressText(q.Address), q.Forwarded, networkText(q.Network), timestamp(q.CreatedAt), timestamp(q.ExpiresAt),
		optionalID(q.UserID), optionalID(q.ApprovedBy), timestamp(q.RedeemedAt), optionalBytes(q.Salt), optionalBytes(q.Minting)}
}

func (t *tx) QuickConnect(ctx context.Context, secret finlatch.Hash) (finlatch.QuickConnect, error) {
	return one(ctx, t, "get Quick Connect", scanQuickConnect, selectQuickConnect, secret[:])
}

func (t *tx) QuickConnectByCode(ctx context.Context, code string) (finlatch.QuickConnect, error) {
	return one(ctx, t, "get Quick Connect by code", scanQuickConnect, selectQuickConnectByCode, code)
}

func (t *tx) CreateQuickConnect(ctx context.Context, request finlatch.QuickConnect) error {
	if _, err := t.change(ctx, "create Quick Connect", insertQuickConnect, quickConnectValues(request)...); err != nil {
		return err
	}
	t.tellQuickConnect(request.SecretHash)
	return nil
}

func (t *tx) PutQuickConnect(ctx context.Context, request finlatch.QuickConnect) error {
	values := slices.Delete(quickConnectValues(request), 1, 2) // the code stays
	if err := t.changeOne(ctx, "put Quick Connect", updateQuickConnect, values...); err != nil {
		return err
	}
	t.tellQuickConnect(request.SecretHash)
	return nil
}

func (t *tx) DeleteQuickConnect(ctx context.Context, secret finlatch.Hash) error {
	if err := t.changeOne(ctx, "delete Quick Connect", deleteQuickConnect, secret[:]); err != nil {
		return err
	}
	t.tellQuickConnect(secret)
	return nil
}

func (t *tx) DeleteQuickConnectsOf(ctx context.Context, user finlatch.ID) error {
	deleted, err := changeReturning(ctx, t, "delete Quick Connects of a user", scanHash, deleteQuickConnectsOf, user[:])
	for _, secret := range deleted {
		t.tellQuickConnect(secret)
	}
	return err
}

func (t *tx) CountPendingQuickConnects(ctx context.Context) (int, error) {
	return one(ctx, t, "count pending Quick Connects", scanInt, countPendingQuickConnects)
}

func (t *tx) PendingQuickConnects(ctx context.Context, since time.Time, span time.Duration, n int) ([]int, error) {
	return t.countSpans(ctx, "count pending Quick Connects by time", pendingQuickConnects, since, span, n)
}

func (t *tx) CrowdingQuickConnect(ctx context.Context) (finlatch.QuickConnect, error) {
	return one(ctx, t, "get crowding Quick Connect", scanQuickConnect, selectCrowdingQuickConnect)
}

func (t *tx) ExpireQuickConnects(ctx context.Context, before time.Time, limit int) (int, error) {
	expired, err := changeReturning(ctx, t, "expire Quick Connects", scanHash, expireQuickConnects, timestamp(before), max(limit, 0))
	for _, secret := range expired {
		t.tellQuickConnect(secret)
	}
	return len(expired), err
}

func (t *tx) ForgetQuickConnects(ctx context.Context, before time.Time) error {
	_, err := t.change(ctx, "forget Quick Connects", forgetQuickConnects, timestamp(before))
	return err
}

func (t *tx) tellQuickConnect(secret finlatch.Hash) {
	t.tell(finlatch.Change{Kind: finlatch.ChangeQuickConnect, Hash: secret})
}
