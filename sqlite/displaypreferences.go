package sqlite

import (
	"context"

	"github.com/finlatch/finlatch"
)

const (
	displayPreferencesFields = "user_id, item_id, client, data"

	selectDisplayPreferences = "SELECT " + displayPreferencesFields + " FROM display_preferences " +
		"WHERE user_id = ? AND item_id = ? AND client = ?"
	countDisplayPreferences   = "SELECT count(*) FROM display_preferences WHERE user_id = ?"
	replaceDisplayPreferences = "REPLACE INTO display_preferences (" + displayPreferencesFields + ") VALUES (?, ?, ?, ?)"
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
