package throttle

import (
	"container/heap"
	"container/list"
	"net/netip"
)

// network is a node of the tree of networks with entries waiting. Below the root, which is the whole internet, are
// Depth levels; the last one holds the entries. A network without entries is not in the tree.
type network[T any] struct {
	prefix netip.Prefix
	above  *network[T] // nil at the root
	count  int         // of entries here and below
	joined uint64      // the number of the last push here or below

	below    map[netip.Prefix]*network[T]
	turns    list.List   // those below, whose turn is next in front
	heaviest heaviest[T] // those below

	entries list.List // in a network of the last level, oldest first

	turn *list.Element // own place in above.turns
	rank int           // own place in above.heaviest
}

// push adds entry in the network at the end of path, making what is missing on the way.
func (n *network[T]) push(entry *Entry[T], path [Depth]netip.Prefix, joined uint64) {
	for _, prefix := range path {
		n = n.within(prefix)
	}
	entry.in, entry.place = n, n.entries.PushBack(entry)
	for ; n != nil; n = n.above {
		n.count++
		n.joined = joined
		if n.above != nil {
			heap.Fix(&n.above.heaviest, n.rank)
		}
	}
}

// within finds a network below n, or makes it; a new one takes its first turn after all others.
func (n *network[T]) within(prefix netip.Prefix) *network[T] {
	if b := n.below[prefix]; b != nil {
		return b
	}
	if n.below == nil {
		n.below = make(map[netip.Prefix]*network[T])
	}
	b := &network[T]{prefix: prefix, above: n}
	n.below[prefix] = b
	b.turn = n.turns.PushBack(b)
	heap.Push(&n.heaviest, b)
	return b
}

// next is the entry whose turn it is, nil if none waits. The networks that it is in go to the back.
func (n *network[T]) next() *Entry[T] {
	for n.turns.Len() > 0 {
		turn := n.turns.Front()
		n.turns.MoveToBack(turn)
		n = turn.Value.(*network[T])
	}
	if n.count == 0 {
		return nil
	}
	return n.entries.Front().Value.(*Entry[T])
}

// surplus is the newest entry of the heaviest network of the last level, nil if none waits.
func (n *network[T]) surplus() *Entry[T] {
	for len(n.heaviest) > 0 {
		n = n.heaviest[0]
	}
	if n.count == 0 {
		return nil
	}
	return n.entries.Back().Value.(*Entry[T])
}

// leave takes the entry out of its networks, and those that are empty then out of theirs.
func (e *Entry[T]) leave() {
	n := e.in
	n.entries.Remove(e.place)
	e.in, e.place = nil, nil
	for ; n != nil; n = n.above {
		n.count--
		if n.count == 0 {
			// Neither a map nor a slice shrinks by itself, and a root lives on.
			n.below, n.heaviest = nil, nil
		}
		switch {
		case n.above == nil:
		case n.count > 0:
			heap.Fix(&n.above.heaviest, n.rank)
		default:
			delete(n.above.below, n.prefix)
			n.above.turns.Remove(n.turn)
			heap.Remove(&n.above.heaviest, n.rank)
		}
	}
}

// heaviest is a heap of networks for container/heap: most entries first, among equals the one joined last.
type heaviest[T any] []*network[T]

func (h heaviest[T]) Len() int { return len(h) }

func (h heaviest[T]) Less(i, j int) bool {
	if h[i].count != h[j].count {
		return h[i].count > h[j].count
	}
	return h[i].joined > h[j].joined
}

func (h heaviest[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].rank, h[j].rank = i, j
}

func (h *heaviest[T]) Push(x any) {
	n := x.(*network[T])
	n.rank = len(*h)
	*h = append(*h, n)
}

func (h *heaviest[T]) Pop() any {
	last := len(*h) - 1
	n := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return n
}
