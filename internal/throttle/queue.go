// Package throttle is the arithmetic of fairness among clients who wait for something scarce, such as a password
// hash. It has no clock, no store and no goroutines, and locks nothing: its user does.
package throttle

import (
	"container/list"
	"net/netip"
)

// Queue is a bounded queue that is fair by client network.
//
// The /48s that have entries waiting take turns; within a /48 its /56s do, within a /56 its /64s, and within a /64
// it is first come, first served. An IPv4 address takes turns with the /48s. So whoever comes from a network of
// their own waits for one entry of every other network and no more, however many entries and addresses a stranger
// has in his.
//
// Known entries have every other turn, the first one before all others, and are fair among themselves: so a stranger's
// flood delays them by one turn, and a flood of known ones, as somebody who signed in before can send it, takes no more
// than half from the strangers. Push says who has to leave when the queue is full.
//
// Push, Pop and Remove cost O(log n) in the number of networks waiting. Memory is bounded by the capacity, and a
// queue that has emptied holds next to none. A Queue is not safe for concurrent use.
type Queue[T any] struct {
	capacity       int
	known, unknown *network[T]
	pushes         uint64
	knownLast      bool // the last turn was a known entry's
}

// Entry is a place in a Queue.
type Entry[T any] struct {
	Value T
	in    *network[T]   // the /64; nil once the entry has left the queue
	place *list.Element // in in.entries
}

// NewQueue makes a queue of at most capacity entries. Below 1 every Push turns its own entry away.
func NewQueue[T any](capacity int) *Queue[T] {
	return &Queue[T]{capacity: capacity, known: &network[T]{}, unknown: &network[T]{}}
}

// Len is the number of entries waiting.
func (q *Queue[T]) Len() int { return q.known.count + q.unknown.count }

// Push adds v behind the others of its network. known says that whoever asks proved before, from that network, to be
// who they say.
//
// If the queue is over its capacity then, one entry leaves it and is returned as evicted: the newest of the heaviest
// /64 in the heaviest /56 of the heaviest /48, where heavy means many entries waiting, the new one included. Among
// equals it is the one that was joined last, so a newcomer never displaces an equal, and evicted may be entry itself.
// Known entries leave only when no others are left.
func (q *Queue[T]) Push(addr netip.Addr, known bool, v T) (entry, evicted *Entry[T]) {
	root := q.unknown
	if known {
		root = q.known
	}
	q.pushes++
	entry = &Entry[T]{Value: v}
	root.push(entry, Networks(addr), q.pushes)
	if q.Len() > q.capacity {
		evicted = q.unknown.surplus()
		if evicted == nil {
			evicted = q.known.surplus()
		}
		evicted.leave()
	}
	return entry, evicted
}

// Pop takes out the value whose turn it is; false says that nothing waits.
func (q *Queue[T]) Pop() (T, bool) {
	first, second := q.known, q.unknown
	if q.knownLast {
		first, second = second, first
	}
	entry, from := first.next(), first
	if entry == nil {
		entry, from = second.next(), second
	}
	if entry == nil {
		q.knownLast = false
		var none T
		return none, false
	}
	q.knownLast = from == q.known
	entry.leave()
	return entry.Value, true
}

// Remove takes out an entry of this queue whose owner gave up; false says that it had left already, by Pop, Remove
// or eviction. Its network keeps its turn.
func (q *Queue[T]) Remove(entry *Entry[T]) bool {
	if entry.in == nil {
		return false
	}
	entry.leave()
	return true
}
