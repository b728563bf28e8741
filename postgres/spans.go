package postgres

import (
	"context"
	"math"
	"time"
)

// spanCount is what is counted in one of the spans of time that follow each other.
type spanCount struct{ span, count int }

func scanSpanCount(r row) (c spanCount, err error) {
	err = r.Scan(&c.span, &c.count)
	return c, err
}

// countSpans runs a query whose parameters are when the spans begin and end, the microseconds of one, and those in more. It
// answers the spans in which there is something, each once, as numbers from 0 to n-1.
func (t *tx) countSpans(ctx context.Context, doing, query string, since time.Time, span time.Duration, n int, more ...any) ([]int, error) {
	if n <= 0 {
		return nil, nil
	}
	end := lastTime
	if span < time.Duration(math.MaxInt64/n) {
		end = since.Add(time.Duration(n) * span)
	}
	found, err := all(ctx, t, doing, scanSpanCount, query, append([]any{timestamp(since), timestamp(end), span.Microseconds()}, more...)...)
	if err != nil {
		return nil, err
	}
	counts := make([]int, n)
	for _, c := range found {
		counts[c.span] = c.count
	}
	return counts, nil
}
