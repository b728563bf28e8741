package throttle

import (
	"container/list"
	"iter"
)

// Table keeps counts in bounded memory. When it is full, a new count displaces the one that was changed longest ago: of
// the light ones, or, where more than half are heavy, of these. So whoever floods the table displaces nothing heavy, short
// of making as many heavy ones, and nothing new in less than half a table. All costs O(1). A Table is not safe for
// concurrent use.
type Table[K comparable] struct {
	capacity, heavy int
	rows            map[K]*list.Element
	lists           [2]list.List // of the light and the heavy ones, what was changed longest ago in front
}

type tableRow[K comparable] struct {
	key   K
	count Count
	in    *list.List
}

// NewTable makes a table of at most capacity counts, which is at least 2. From so many failures on a count is heavy.
func NewTable[K comparable](capacity, heavy int) *Table[K] {
	return &Table[K]{capacity: capacity, heavy: heavy, rows: make(map[K]*list.Element)}
}

// Len is the number of counts.
func (t *Table[K]) Len() int { return len(t.rows) }

// Get is a key's count; the zero Count and false where there is none.
func (t *Table[K]) Get(key K) (Count, bool) {
	if place := t.rows[key]; place != nil {
		return place.Value.(*tableRow[K]).count, true
	}
	return Count{}, false
}

// Put sets a key's count. Where another one had to make room it is returned, and full is true.
func (t *Table[K]) Put(key K, count Count) (evicted K, full bool) {
	t.Delete(key)
	row := &tableRow[K]{key, count, &t.lists[0]}
	if count.N >= t.heavy {
		row.in = &t.lists[1]
	}
	t.rows[key] = row.in.PushBack(row)
	if len(t.rows) <= t.capacity {
		return evicted, false
	}
	from := &t.lists[0]
	if t.lists[1].Len() > t.capacity/2 {
		from = &t.lists[1]
	}
	evicted = from.Front().Value.(*tableRow[K]).key
	t.Delete(evicted)
	return evicted, true
}

// Delete forgets a key's count and tells whether there was one.
func (t *Table[K]) Delete(key K) bool {
	place := t.rows[key]
	if place == nil {
		return false
	}
	delete(t.rows, key)
	place.Value.(*tableRow[K]).in.Remove(place)
	return true
}

// All gives every key and its count, in no order. The table is not changed meanwhile.
func (t *Table[K]) All() iter.Seq2[K, Count] {
	return func(yield func(K, Count) bool) {
		for key, place := range t.rows {
			if !yield(key, place.Value.(*tableRow[K]).count) {
				return
			}
		}
	}
}
