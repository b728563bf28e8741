package finlatch

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/finlatch/finlatch/internal/throttle"
)

// Failures counts failed attempts of one kind on one account or from one network. The key is a keyed hash of which, so that
// the store holds no name that does not exist: people type passwords there. A count of 0 says that an account signed in
// from a network, last at LastAt.
type Failures struct {
	Key     Hash
	Count   int
	FirstAt time.Time // of those that are counted
	LastAt  time.Time
}

const (
	failuresInterval = 3 * time.Second // how long changes of counters are gathered
	failuresBatch    = 200             // written in one transaction, so that sign-ins get their turn
)

// loadFailures takes up the counters that a process before this one has written.
func (s *Service) loadFailures(ctx context.Context) error {
	var rows []Failures
	err := s.store.View(ctx, func(tx Tx) (err error) {
		rows, err = tx.Failures(ctx, maxCounters)
		return err
	})
	if err != nil {
		return err
	}
	t, now := &s.throttling, s.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, row := range slices.Backward(rows) { // the table goes by the order of changes
		count := throttle.Count{N: row.Count, First: row.FirstAt, Last: row.LastAt}
		if kind := counterKind(row.Key[0]); kind < counterKinds && !counterRules[kind].Over(count, now) {
			t.put(row.Key, count)
		}
	}
	clear(t.changed)
	clear(t.base)
	return nil
}

// writeFailures writes changed counters until ctx ends, and once more then.
func (s *Service) writeFailures(ctx context.Context) {
	ticker := time.NewTicker(failuresInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.noteUnwritten(s.flushFailures(ctx))
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			s.noteUnwritten(s.flushFailures(last))
			return
		}
	}
}

func (s *Service) noteUnwritten(err error) {
	if err != nil {
		s.log.Warn("failed sign-ins are not written; a restart would forget them", "error", err)
	}
}

// flushFailures writes the counters that have changed. What could not be written is tried again with the next ones.
func (s *Service) flushFailures(ctx context.Context) error {
	t := &s.throttling
	t.writing.Lock()
	defer t.writing.Unlock()
	changed, bases := t.takeChanged()
	for len(changed) > 0 {
		batch := changed[:min(failuresBatch, len(changed))]
		rows, gone := t.rows(batch)
		err := s.store.Update(ctx, func(tx Tx) error {
			added, err := t.add(ctx, tx, rows, bases)
			if err != nil {
				return err
			}
			if err := tx.PutFailures(ctx, added); err != nil {
				return err
			}
			return tx.DeleteFailures(ctx, gone...)
		})
		if err != nil {
			t.restore(changed, bases)
			return err
		}
		t.written(batch, rows)
		changed = changed[len(batch):]
	}
	return nil
}

// expireFailures forgets what no longer counts.
func (s *Service) expireFailures(ctx context.Context, now time.Time) error {
	s.throttling.expire(now)
	return s.eraseInBatches(ctx, func(tx Tx) (int, error) { return tx.ExpireFailures(ctx, now.Add(-failuresLife), sweepBatch) })
}

// takeChanged gives the keys of what has changed, which counts as written then, and the counts to which this process has added.
func (t *throttling) takeChanged() (keys []Hash, bases map[Hash]int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	bases, t.base = t.base, make(map[Hash]int)
	t.flying, t.changed = t.changed, make(map[Hash]bool)
	return slices.Collect(maps.Keys(t.flying)), bases
}

// restore takes back that some counters were written.
func (t *throttling) restore(keys []Hash, bases map[Hash]int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		delete(t.flying, key)
		t.change(key)
		if t.shared {
			t.base[key] = bases[key]
		}
	}
}

// rows are counters as the store keeps them, and the keys of those that are gone.
func (t *throttling) rows(keys []Hash) (rows []Failures, gone []Hash) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		if count, found := t.tables[key[0]].Get(key); found {
			rows = append(rows, Failures{Key: key, Count: count.N, FirstAt: count.First, LastAt: count.Last})
		} else {
			gone = append(gone, key)
		}
	}
	return rows, gone
}
