package storetest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// logged are entries that differ in what lists are filtered and sorted by. Their Count, by which tests name them, says
// in which order they come; 2 and 3 are of one time.
func logged() []finlatch.Activity {
	return []finlatch.Activity{
		{Count: 1, At: after(1), Type: "SessionEnded", Name: "b left", UserID: id(1), ByID: id(1), Severity: "Information", Address: netip.MustParseAddr("192.0.2.10")},
		{Count: 2, At: after(2), Type: "AuthenticationFailed", Name: "a failed", Severity: "Error", Refusal: true, Address: netip.MustParseAddr("2001:db8::10")},
		{Count: 3, At: after(2), Type: "SessionStarted", Name: "B came 100%", UserID: id(2), Severity: "Warning"},
		{Count: 4, At: after(3), Type: "AuthenticationFailed", Name: "é_failed", UserID: id(1), Severity: "Error", Refusal: true, Address: netip.MustParseAddr("192.0.2.9")},
		{Count: 5, At: after(4), Type: "UserDeleted", Name: "a went", UserID: id(9), ByID: id(2), Severity: "Information", Address: netip.MustParseAddr("192.0.2.10")},
	}
}

var activityListTests = []test{
	{"filters", func(t *testing.T, s fixture) {
		s.people(2) // "person b" and "person c"
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.AddActivity(ctx, logged()...) })
		for _, c := range []struct {
			filter finlatch.ActivityFilter
			want   []int
		}{
			{finlatch.ActivityFilter{HasUser: new(true)}, []int{5, 3, 1}},
			{finlatch.ActivityFilter{HasUser: new(false)}, []int{4, 2}},
			{finlatch.ActivityFilter{Until: after(2)}, []int{3, 2, 1}},
			{finlatch.ActivityFilter{Since: after(2), Until: after(3)}, []int{4, 3, 2}},
			{finlatch.ActivityFilter{Since: after(3), Until: after(2)}, nil},
			{finlatch.ActivityFilter{Severity: "Error"}, []int{4, 2}},
			{finlatch.ActivityFilter{Severity: "error"}, nil},
			{finlatch.ActivityFilter{NamePart: "failed"}, []int{4, 2}},
			{finlatch.ActivityFilter{NamePart: "a"}, []int{5, 4, 3, 2}},
			{finlatch.ActivityFilter{NamePart: "B "}, []int{3}},
			{finlatch.ActivityFilter{NamePart: "%"}, []int{3}},
			{finlatch.ActivityFilter{NamePart: "_"}, []int{4}},
			{finlatch.ActivityFilter{NamePart: "é"}, []int{4}},
			{finlatch.ActivityFilter{NamePart: "É"}, nil},
			{finlatch.ActivityFilter{TypePart: "Session"}, []int{3, 1}},
			{finlatch.ActivityFilter{TypePart: "session"}, nil},
			{finlatch.ActivityFilter{UserNamePart: "person"}, []int{4, 3, 1}},
			{finlatch.ActivityFilter{UserNamePart: "n c"}, []int{3}},
			{finlatch.ActivityFilter{UserNamePart: "PERSON"}, nil},
			{finlatch.ActivityFilter{ByNamePart: "person"}, []int{5}}, // not who did it to themselves
			{finlatch.ActivityFilter{ByNamePart: "person b"}, nil},
			{finlatch.ActivityFilter{AddressPart: "192.0.2.1"}, []int{5, 1}},
			{finlatch.ActivityFilter{AddressPart: ":10"}, []int{2}},
			{finlatch.ActivityFilter{TypePart: "Session", NamePart: "B", HasUser: new(true), Severity: "Warning", UserNamePart: "person c", Until: after(9)}, []int{3}},
			{finlatch.ActivityFilter{TypePart: "Session", NamePart: "B", HasUser: new(false)}, nil},
		} {
			s.wantActivities(c.filter, len(c.want), c.want...)
			if len(c.want) > 1 {
				c.filter.Offset, c.filter.Limit = 1, 1
				s.wantActivities(c.filter, len(c.want), c.want[1])
			}
		}

		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.PutUser(ctx, person(2, "renamed")) })
		s.wantActivities(finlatch.ActivityFilter{UserNamePart: "renamed"}, 1, 3)
		s.wantActivities(finlatch.ActivityFilter{UserNamePart: "person c"}, 0)
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.DeleteUser(ctx, id(1)) })
		s.wantActivities(finlatch.ActivityFilter{UserNamePart: "person"}, 0)
		s.wantActivities(finlatch.ActivityFilter{HasUser: new(true)}, 3, 5, 3, 1)
	}},
	{"sorts", func(t *testing.T, s fixture) {
		s.people(2)
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.AddActivity(ctx, logged()...) })
		up := func(by finlatch.ActivityColumn) finlatch.ActivitySort {
			return finlatch.ActivitySort{By: by, Ascending: true}
		}
		down := func(by finlatch.ActivityColumn) finlatch.ActivitySort { return finlatch.ActivitySort{By: by} }
		for _, c := range []struct {
			sort []finlatch.ActivitySort
			want []int
		}{
			{nil, []int{5, 4, 3, 2, 1}},
			{[]finlatch.ActivitySort{down(finlatch.ActivityByTime)}, []int{5, 4, 3, 2, 1}},
			{[]finlatch.ActivitySort{up(finlatch.ActivityByTime)}, []int{1, 3, 2, 4, 5}},
			{[]finlatch.ActivitySort{up(finlatch.ActivityByTime), up(finlatch.ActivityByType)}, []int{1, 2, 3, 4, 5}},
			{[]finlatch.ActivitySort{up(finlatch.ActivityByName)}, []int{3, 2, 5, 1, 4}},
			{[]finlatch.ActivitySort{down(finlatch.ActivityByName)}, []int{4, 1, 5, 2, 3}},
			{[]finlatch.ActivitySort{up(finlatch.ActivityByType)}, []int{4, 2, 1, 3, 5}},
			{[]finlatch.ActivitySort{down(finlatch.ActivityByType)}, []int{5, 3, 1, 4, 2}},
			{[]finlatch.ActivitySort{up(finlatch.ActivityBySeverity)}, []int{5, 1, 3, 4, 2}},
			{[]finlatch.ActivitySort{down(finlatch.ActivityBySeverity)}, []int{4, 2, 3, 5, 1}},
			{[]finlatch.ActivitySort{up(finlatch.ActivityByAddress)}, []int{3, 5, 1, 4, 2}},
			{[]finlatch.ActivitySort{up(finlatch.ActivityByUserName)}, []int{5, 2, 4, 1, 3}},
			{[]finlatch.ActivitySort{down(finlatch.ActivityByUserName)}, []int{3, 4, 1, 5, 2}},
			{[]finlatch.ActivitySort{down(finlatch.ActivityBySeverity), up(finlatch.ActivityByTime)}, []int{2, 4, 3, 1, 5}},
			{[]finlatch.ActivitySort{up(finlatch.ActivityBySeverity), up(finlatch.ActivityBySeverity), down(finlatch.ActivityBySeverity)}, []int{5, 1, 3, 4, 2}},
		} {
			s.wantActivities(finlatch.ActivityFilter{Sort: c.sort}, 5, c.want...)
			s.wantActivities(finlatch.ActivityFilter{Sort: c.sort, Offset: 2, Limit: 2}, 5, c.want[2:4]...)
		}
		s.wantActivities(finlatch.ActivityFilter{Sort: []finlatch.ActivitySort{up(finlatch.ActivityByName)}, Severity: "Error", Limit: 1}, 2, 2)
	}},
	{"sums by time", func(t *testing.T, s fixture) {
		count := func(since time.Time, span time.Duration, n int, want ...int) {
			t.Helper()
			s.view(func(ctx context.Context, tx finlatch.Tx) error {
				got, err := tx.CountActivities(ctx, "came", since, span, n)
				equal(t, fmt.Sprintf("CountActivities(%v, %v, %d)", since, span, n), got, want)
				return err
			})
		}
		count(after(0), time.Minute, 3, 0, 0, 0)
		var entries []finlatch.Activity
		for i, at := range []time.Time{
			after(0).Add(-time.Microsecond), after(0), after(2), after(1).Add(-time.Microsecond), after(1), after(3).Add(-time.Microsecond),
			after(3), after(60), {},
		} {
			entries = append(entries, finlatch.Activity{Type: "came", Count: 1 << i, At: at})
		}
		for i, kind := range []string{"", "Came", "came ", "cam"} {
			entries = append(entries, finlatch.Activity{Type: kind, Count: 1000 << i, At: after(1)})
		}
		s.update(func(ctx context.Context, tx finlatch.Tx) error { return tx.AddActivity(ctx, entries...) })
		count(after(0), time.Minute, 3, 2+8, 16, 4+32)
		count(after(0).In(time.FixedZone("east", 5*3600+1800)), time.Minute, 3, 2+8, 16, 4+32)
		count(after(0), time.Minute, 5, 2+8, 16, 4+32, 64, 0)
		count(after(0).Add(-time.Microsecond), time.Minute, 3, 1+2, 8+16, 4)
		count(after(0).Add(time.Microsecond), time.Minute, 3, 8+16, 4, 32+64)
		count(after(0), 90*time.Second, 2, 2+8+16, 4+32)
		count(after(0), time.Microsecond, 2, 2, 0)
		count(after(-120), time.Hour, 4, 0, 1, 2+4+8+16+32+64, 128)
		count(after(4), time.Minute, 2, 0, 0)
		count(time.Unix(-3600, 0), 100*365*24*time.Hour, 1000, append([]int{255}, make([]int, 999)...)...)
		count(after(0), time.Minute, 0)
		count(after(0), time.Minute, -1)
		count(after(0), 0, 2, 0, 0)
	}},
	{"trimming", func(t *testing.T, s fixture) {
		add := func(refusal bool, counts ...int) {
			s.update(func(ctx context.Context, tx finlatch.Tx) error {
				for _, n := range counts {
					if err := tx.AddActivity(ctx, finlatch.Activity{Count: n, At: after(n), Refusal: refusal}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		add(false, 3, 1, 5)
		add(true, 2, 8, 4, 6)
		add(false, 7)
		for _, step := range []struct {
			refusals          bool
			keep, limit, gone int
			left              []int
		}{
			{true, 4, 100, 0, []int{8, 7, 6, 5, 4, 3, 2, 1}},
			{true, 100, 100, 0, []int{8, 7, 6, 5, 4, 3, 2, 1}},
			{true, 1, 0, 0, []int{8, 7, 6, 5, 4, 3, 2, 1}},
			{true, 1, 2, 2, []int{8, 7, 6, 5, 3, 1}},
			{true, 1, 2, 1, []int{8, 7, 5, 3, 1}},
			{true, 1, 2, 0, []int{8, 7, 5, 3, 1}},
			{false, 2, 100, 2, []int{8, 7, 5}},
			{false, 0, 100, 2, []int{8}},
			{true, 0, 100, 1, nil},
			{true, 0, 100, 0, nil},
		} {
			s.update(func(ctx context.Context, tx finlatch.Tx) error {
				n, err := tx.TrimActivities(ctx, step.refusals, step.keep, step.limit)
				equal(t, fmt.Sprintf("%+v: trimmed", step), n, step.gone)
				return err
			})
			s.wantActivities(finlatch.ActivityFilter{}, len(step.left), step.left...)
		}
	}},
}
