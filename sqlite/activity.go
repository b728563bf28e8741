package sqlite

import (
	"context"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	activityFields = "type, name, user_id, by_id, address, severity, count, at"

	insertActivity    = "INSERT INTO activities (" + activityFields + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
	selectActivities  = "SELECT id, " + activityFields + " FROM activities"
	activitiesInOrder = " ORDER BY at DESC, id DESC LIMIT ? OFFSET ?"
	countActivities   = "SELECT count(*) FROM activities"
	expireActivities  = "DELETE FROM activities WHERE id IN (SELECT id FROM activities WHERE at < ? ORDER BY at LIMIT ?)"
)

func scanActivity(r row) (a finlatch.Activity, err error) {
	err = r.Scan(&a.ID, &a.Type, &a.Name, (*idColumn)(&a.UserID), (*idColumn)(&a.ByID), (*addressColumn)(&a.Address), &a.Severity,
		&a.Count, (*timeColumn)(&a.At))
	return a, err
}

func activityConditions(filter finlatch.ActivityFilter) *conditions {
	c := new(conditions)
	if !filter.UserID.IsZero() {
		c.add("user_id = ?", filter.UserID[:])
	}
	if filter.Type != "" {
		c.add("type = ?", filter.Type)
	}
	if !filter.Since.IsZero() {
		c.add("at >= ?", nanoseconds(filter.Since))
	}
	return c
}

func (t *tx) AddActivity(ctx context.Context, entries ...finlatch.Activity) error {
	for _, a := range entries {
		_, err := t.change(ctx, "add activity", insertActivity, a.Type, a.Name, optionalID(a.UserID), optionalID(a.ByID),
			addressText(a.Address), a.Severity, a.Count, nanoseconds(a.At))
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) Activities(ctx context.Context, filter finlatch.ActivityFilter) ([]finlatch.Activity, int, error) {
	where := activityConditions(filter)
	total, err := one(ctx, t, "count activities", scanInt, countActivities+where.String(), where.args...)
	if err != nil {
		return nil, 0, err
	}
	entries, err := all(ctx, t, "list activities", scanActivity, selectActivities+where.String()+activitiesInOrder,
		append(where.args, limitOrAll(filter.Limit), max(filter.Offset, 0))...)
	if err != nil {
		return nil, 0, err
	}
	return entries, total, nil
}

func (t *tx) ExpireActivities(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.change(ctx, "expire activities", expireActivities, nanoseconds(before), max(limit, 0))
}
