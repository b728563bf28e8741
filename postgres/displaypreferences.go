package postgres

import (
	"context"

	"github.com/finlatch/finlatch"
)

const (
	displayPreferencesFields = "user_id, item_id, client, data"

	selectDisplayPreferences = "SELECT " + displayPreferencesFields + " FROM display_preferences " +
		"WHERE user_id = $1 AND item_id = $2 AND client = $3"
	countDisplayPreferences   = "SELECT count(*) FROM display_preferences WHERE user_id = $1"
	replaceDisplayPreferences = "INSERT INTO display_preferences (" + displayPreferencesFields + ") VALUES ($1, $2, $3, $4) " +
		"ON CONFLICT (user_id, item_id, client) DO UPDATE SET data = excluded.data"
)

func scanDisplayPreferences(r row) (p finlatch.DisplayPreferences, err error) {
	err = r.Scan((*idColumn)(&p.UserID), (*idColumn)(&p.ItemID), &p.Client, &p.Data)
	return p, err
}

func (t *tx) DisplayPreferences(ctx context.Context, userID, itemID finlatch.ID, client string) (finlatch.DisplayPreferences, error) {
	return one(ctx, t, "get display preferences", scanDisplayPreferences, selectDisplayPreferences, userID[:], itemID[:], client)
}

func (t *tx) CountDisplayPreferences(ctx context.Context, userID finlatch.ID) (int, error) {
	return one(ctx, t, "count display preferences", scanInt, countDisplayPreferences, userID[:])
}

func (t *tx) PutDisplayPreferences(ctx context.Context, p finlatch.DisplayPreferences) error {
	_, err := t.change(ctx, "put display preferences", replaceDisplayPreferences, p.UserID[:], p.ItemID[:], p.Client, optionalBytes(p.Data))
	return err
}
