package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/finlatch/finlatch"
)

var activityTests = []test{
	{"round trip", func(t *testing.T, s fixture) {
		filled := filled[finlatch.Activity](0)
		bare := finlatch.Activity{Count: 1}
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.AddActivity(ctx, bare, filled) })
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			got, total, err := tx.Activities(ctx, finlatch.ActivityFilter{})
			if err != nil {
				return err
			}
			if len(got) != 2 || got[0].ID <= got[1].ID || got[1].ID <= 0 {
				t.Fatalf("Activities: got %+v, want two with ids that grow", got)
			}
			filled.ID, bare.ID = got[0].ID, got[1].ID // the store's to give
			equal(t, "Activities", got, []finlatch.Activity{filled, bare})
			equal(t, "total", total, 2)
			return nil
		})
	}},
	{"none", func(t *testing.T, s fixture) {
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.AddActivity(ctx) })
		s.wantActivities(finlatch.ActivityFilter{}, 0)
		s.wantActivities(finlatch.ActivityFilter{Offset: 5, Limit: 5}, 0)
	}},
	{"filters and pages", func(t *testing.T, s fixture) {
		s.log(12)
		s.wantActivities(finlatch.ActivityFilter{}, 12, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
		s.wantActivities(finlatch.ActivityFilter{Limit: 5}, 12, 12, 11, 10, 9, 8)
		s.wantActivities(finlatch.ActivityFilter{Offset: 5, Limit: 5}, 12, 7, 6, 5, 4, 3)
		s.wantActivities(finlatch.ActivityFilter{Offset: 10, Limit: 5}, 12, 2, 1)
		s.wantActivities(finlatch.ActivityFilter{Offset: 10}, 12, 2, 1)
		s.wantActivities(finlatch.ActivityFilter{Offset: 20, Limit: 5}, 12)
		s.wantActivities(finlatch.ActivityFilter{UserID: id(1)}, 4, 10, 7, 4, 1)
		s.wantActivities(finlatch.ActivityFilter{UserID: id(1), Offset: 1, Limit: 2}, 4, 7, 4)
		s.wantActivities(finlatch.ActivityFilter{UserID: id(9)}, 0)
		s.wantActivities(finlatch.ActivityFilter{Type: "type 1"}, 6, 11, 9, 7, 5, 3, 1)
		s.wantActivities(finlatch.ActivityFilter{Type: "TYPE 1"}, 0)
		s.wantActivities(finlatch.ActivityFilter{Since: after(10)}, 3, 12, 11, 10)
		s.wantActivities(finlatch.ActivityFilter{Since: after(4), UserID: id(1), Type: "type 1"}, 1, 7)
	}},
	{"newest is by time, then by order", func(t *testing.T, s fixture) {
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			return tx.AddActivity(ctx, entry(2, 2), entry(3, 3), entry(1, 1), entry(4, 3), entry(5, 2))
		})
		s.wantActivities(finlatch.ActivityFilter{}, 5, 4, 3, 5, 2, 1)
	}},
	{"expiring", func(t *testing.T, s fixture) {
		s.log(6)
		for _, step := range []struct{ before, limit, gone, left int }{
			{1, 100, 0, 6}, {4, 0, 0, 6}, {4, 2, 2, 4}, {4, 2, 1, 3}, {4, 2, 0, 3}, {100, 100, 3, 0},
		} {
			s.update(func(ctx context.Context, tx finlatch.Tx) error {
				n, err := tx.ExpireActivities(ctx, after(step.before), step.limit)
				equal(t, fmt.Sprintf("%+v: expired", step), n, step.gone)
				_, left, _ := tx.Activities(ctx, finlatch.ActivityFilter{})
				equal(t, fmt.Sprintf("%+v: left", step), left, step.left)
				return err
			})
		}
	}},
	{"ids are not given again", func(t *testing.T, s fixture) {
		s.log(2)
		var last int64
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			got, _, err := tx.Activities(ctx, finlatch.ActivityFilter{Limit: 1})
			if len(got) == 1 {
				last = got[0].ID
			}
			return err
		})
		s.update(func(ctx context.Context, tx finlatch.Tx) error {
			_, err := tx.ExpireActivities(ctx, after(100), 100)
			return err
		})
		s.log(1)
		s.view(func(ctx context.Context, tx finlatch.Tx) error {
			got, _, err := tx.Activities(ctx, finlatch.ActivityFilter{})
			if len(got) != 1 || got[0].ID <= last {
				t.Errorf("after an entry with id %d went: got %+v, want one with a higher id", last, got)
			}
			return err
		})
	}},
}

// entry is an entry of minute at, about user 1 or 2 or nobody, of type 0 or 1. Its Count is n.
func entry(n, at int) finlatch.Activity {
	a := finlatch.Activity{Type: fmt.Sprintf("type %d", n%2), Severity: finlatch.SeverityInformation, Count: n, At: after(at)}
	if n%3 != 0 {
		a.UserID = id(byte(n % 3))
	}
	return a
}

// log adds entries 1 to n, of minutes 1 to n.
func (s fixture) log(n int) {
	s.t.Helper()
	s.update(func(ctx context.Context, tx finlatch.Tx) error {
		for i := range n {
			if err := tx.AddActivity(ctx, entry(i+1, i+1)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s fixture) wantActivities(filter finlatch.ActivityFilter, total int, counts ...int) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx finlatch.Tx) error {
		entries, n, err := tx.Activities(ctx, filter)
		var got []int
		for _, a := range entries {
			got = append(got, a.Count)
		}
		equal(s.t, fmt.Sprintf("Activities(%+v)", filter), got, counts)
		equal(s.t, fmt.Sprintf("total of Activities(%+v)", filter), n, total)
		return err
	})
}
