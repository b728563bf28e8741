package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	activityFields = "type, name, user_id, by_id, address, severity, refusal, count, at"

	insertActivity   = "INSERT INTO activities (" + activityFields + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
	selectActivities = "SELECT id, " + activityFields + " FROM activities"
	newestFirst      = "at DESC NULLS LAST, id DESC"
	countActivities  = "SELECT count(*) FROM activities"
	sumActivities    = "SELECT (extract(epoch FROM at - $1) * 1000000)::bigint / $3::bigint, sum(count)::bigint FROM activities " +
		"WHERE type = $4 AND at >= $1 AND at < $2 GROUP BY 1"
	expireActivities = "DELETE FROM activities WHERE id IN (SELECT id FROM activities WHERE at < $1 ORDER BY at NULLS FIRST, id LIMIT $2)"
	trimActivities   = "DELETE FROM activities WHERE id IN (SELECT id FROM activities WHERE refusal = $1 ORDER BY at NULLS FIRST, id " +
		"LIMIT greatest(0, least($3, (SELECT count(*) FROM activities WHERE refusal = $1) - $2)))"

	activityUserName = "(SELECT u.name FROM users AS u WHERE u.id = activities.user_id)"
	activityByName   = "(SELECT u.name FROM users AS u WHERE u.id = activities.by_id AND activities.by_id IS DISTINCT FROM activities.user_id)"
)

// activityColumns are what entries are sorted by.
var activityColumns = map[finlatch.ActivityColumn]string{
	finlatch.ActivityByTime:     "at",
	finlatch.ActivityByName:     "name",
	finlatch.ActivityByType:     "type",
	finlatch.ActivityByUserName: activityUserName,
	finlatch.ActivityByAddress:  "address",
	finlatch.ActivityBySeverity: "CASE severity WHEN 'Information' THEN 0 WHEN 'Warning' THEN 1 ELSE 2 END",
}

func scanActivity(r row) (a finlatch.Activity, err error) {
	err = r.Scan(&a.ID, &a.Type, &a.Name, (*idColumn)(&a.UserID), (*idColumn)(&a.ByID), (*addressColumn)(&a.Address), &a.Severity,
		&a.Refusal, &a.Count, (*timeColumn)(&a.At))
	return a, err
}

func activityConditions(filter finlatch.ActivityFilter) *conditions {
	c := new(conditions)
	if !filter.UserID.IsZero() {
		c.add("user_id = ?", filter.UserID[:])
	}
	if filter.HasUser != nil {
		c.add("(user_id IS NULL OR refusal) = ?", !*filter.HasUser)
	}
	if !filter.Since.IsZero() {
		c.add("at >= ?", timestamp(filter.Since))
	}
	if !filter.Until.IsZero() {
		c.add("at <= ?", timestamp(filter.Until))
	}
	for _, member := range []struct{ part, want string }{
		{"type = ?", filter.Type},
		{"severity = ?", filter.Severity},
		{"strpos(name, ?) > 0", filter.NamePart},
		{"strpos(type, ?) > 0", filter.TypePart},
		{"strpos(" + activityUserName + ", ?) > 0", filter.UserNamePart},
		{"strpos(address, ?) > 0", filter.AddressPart},
		{"strpos(" + activityByName + ", ?) > 0", filter.ByNamePart},
	} {
		if member.want != "" {
			c.add(member.part, member.want)
		}
	}
	return c
}

// activityOrder is an ORDER BY in which each column comes once: what comes again orders nothing.
func activityOrder(sort []finlatch.ActivitySort) string {
	var terms []string
	sorted := make(map[finlatch.ActivityColumn]bool)
	for _, s := range sort {
		column, known := activityColumns[s.By]
		if !known || sorted[s.By] {
			continue
		}
		sorted[s.By] = true
		if s.Ascending {
			column += " NULLS FIRST"
		} else {
			column += " DESC NULLS LAST"
		}
		terms = append(terms, column)
	}
	last := newestFirst
	if sorted[finlatch.ActivityByTime] {
		last = "id DESC"
	}
	return " ORDER BY " + strings.Join(append(terms, last), ", ")
}

func (t *tx) AddActivity(ctx context.Context, entries ...finlatch.Activity) error {
	for _, a := range entries {
		_, err := t.change(ctx, "add activity", insertActivity, a.Type, a.Name, optionalID(a.UserID), optionalID(a.ByID),
			addressText(a.Address), a.Severity, a.Refusal, a.Count, timestamp(a.At))
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
	entries, err := all(ctx, t, "list activities", scanActivity, selectActivities+where.String()+activityOrder(filter.Sort)+
		" LIMIT "+where.parameter(limitOrAll(filter.Limit))+" OFFSET "+where.parameter(max(filter.Offset, 0)), where.args...)
	if err != nil {
		return nil, 0, err
	}
	return entries, total, nil
}

func (t *tx) CountActivities(ctx context.Context, kind string, since time.Time, span time.Duration, n int) ([]int, error) {
	return t.countSpans(ctx, "count activities by time", sumActivities, since, span, n, kind)
}

func (t *tx) ExpireActivities(ctx context.Context, before time.Time, limit int) (int, error) {
	return t.change(ctx, "expire activities", expireActivities, timestamp(before), max(limit, 0))
}

func (t *tx) TrimActivities(ctx context.Context, refusals bool, keep, limit int) (int, error) {
	return t.change(ctx, "trim activities", trimActivities, refusals, max(keep, 0), max(limit, 0))
}
