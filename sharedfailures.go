package finlatch

import (
	"context"
)

// learnFailures takes up what other processes have counted of an attempt at an account, which may not exist. What they have not
// written yet, in a few seconds, is not known.
func (s *Service) learnFailures(ctx context.Context, tx Tx, settings *Settings, c Caller, name string, user ID) error {
	t := &s.throttling
	if !t.shared || t.off {
		return nil
	}
	keys := []Hash{t.counterKey(byAccount, name, ""), t.counterKey(byNetwork, "", network(c.Address).String())}
	if place := s.place(settings, c); place != "" {
		keys = append(keys, t.counterKey(byPlace, string(user[:]), place))
	}
	if c.Device != nil {
		keys = append(keys, t.counterKey(byDevice, string(user[:]), string(c.Device.TokenHash[:])))
	}
	rows, err := tx.FailuresOf(ctx, keys...)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	stored := byKey(rows)
	for _, key := range keys {
		t.learn(key, stored[key])
	}
	return nil
}

// learn sets a counter to what the store has of it, and what has been counted here since, with mu held. The zero row is none.
func (t *throttling) learn(key Hash, row Failures) {
	table := t.tables[key[0]]
	count, known := table.Get(key)
	switch {
	case t.flying[key]: // the store does not have all yet that has been counted here
		return
	case t.changed[key] && known:
		count.N = max(0, row.Count+count.N-t.base[key])
		t.base[key] = row.Count
	case t.changed[key]: // it has been forgotten, which is yet to be written
		return
	case row.Key != key:
		table.Delete(key)
		return
	default:
		count.N, count.First, count.Last = row.Count, row.FirstAt, row.LastAt
	}
	table.Put(key, count)
}

// add makes of what has been counted here what the store is to have, with what others have counted.
func (t *throttling) add(ctx context.Context, tx Tx, rows []Failures, bases map[Hash]int) ([]Failures, error) {
	if !t.shared || len(rows) == 0 {
		return rows, nil
	}
	keys := make([]Hash, len(rows))
	for i, row := range rows {
		keys[i] = row.Key
	}
	found, err := tx.FailuresOf(ctx, keys...)
	if err != nil {
		return nil, err
	}
	stored := byKey(found)
	added := make([]Failures, len(rows))
	for i, row := range rows {
		other := stored[row.Key]
		row.Count = max(0, other.Count+row.Count-bases[row.Key])
		if other.LastAt.After(row.LastAt) {
			row.LastAt = other.LastAt
		}
		added[i] = row
	}
	return added, nil
}

// written notes that the store has some counters, and what it has of those that have changed again since.
func (t *throttling) written(keys []Hash, rows []Failures) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		delete(t.flying, key)
	}
	for _, row := range rows {
		if _, again := t.base[row.Key]; again {
			t.base[row.Key] = row.Count
		}
	}
}

func byKey(rows []Failures) map[Hash]Failures {
	found := make(map[Hash]Failures, len(rows))
	for _, row := range rows {
		found[row.Key] = row
	}
	return found
}
