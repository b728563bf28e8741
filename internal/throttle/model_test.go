package throttle_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/finlatch/finlatch/internal/throttle"
)

// model is the queue as a plain list that is scanned for everything: a network had its turn when it was last served
// or, if it has not been since it got its first entry, when that came; the one that had it longest ago is next.
type model struct {
	capacity, now int
	waiting       []modelEntry // oldest first
	turn, joined  map[modelNet]int
	knownLast     bool // the last turn was a known entry's; then it is another's
}

type modelEntry struct {
	id   int
	nets [throttle.Depth]modelNet
}

type modelNet struct {
	known  bool
	level  int
	prefix netip.Prefix
}

func (m *model) push(addr netip.Addr, known bool, id int) (evicted int) {
	m.now++
	e := modelEntry{id: id}
	for level, prefix := range throttle.Networks(addr) {
		n := modelNet{known, level, prefix}
		e.nets[level] = n
		if m.count(n) == 0 {
			m.turn[n] = m.now
		}
		m.joined[n] = m.now
	}
	m.waiting = append(m.waiting, e)
	if len(m.waiting) <= m.capacity {
		return -1
	}
	last := m.choose(false, func(a, b modelNet) bool {
		if ca, cb := m.count(a), m.count(b); ca != cb {
			return ca > cb
		}
		return m.joined[a] > m.joined[b]
	})
	return m.remove(last[len(last)-1])
}

func (m *model) pop() int {
	if len(m.waiting) == 0 {
		m.knownLast = false
		return -1
	}
	m.now++
	first := m.choose(!m.knownLast, func(a, b modelNet) bool { return m.turn[a] < m.turn[b] })[0]
	for _, n := range m.waiting[first].nets {
		m.turn[n] = m.now
	}
	m.knownLast = m.waiting[first].nets[0].known
	return m.remove(first)
}

// choose narrows the entries of one class, level by level, to those of the network that comes before all others.
func (m *model) choose(known bool, before func(a, b modelNet) bool) (places []int) {
	if !slices.ContainsFunc(m.waiting, func(e modelEntry) bool { return e.nets[0].known == known }) {
		known = !known
	}
	for i, e := range m.waiting {
		if e.nets[0].known == known {
			places = append(places, i)
		}
	}
	for level := range throttle.Depth {
		best := m.waiting[places[0]].nets[level]
		for _, i := range places {
			if n := m.waiting[i].nets[level]; n != best && before(n, best) {
				best = n
			}
		}
		places = slices.DeleteFunc(places, func(i int) bool { return m.waiting[i].nets[level] != best })
	}
	return places
}

func (m *model) remove(place int) (id int) {
	id = m.waiting[place].id
	m.waiting = slices.Delete(m.waiting, place, place+1)
	return id
}

func (m *model) count(n modelNet) (count int) {
	for _, e := range m.waiting {
		if e.nets[n.level] == n {
			count++
		}
	}
	return count
}

func (m *model) networks() int {
	nets := map[modelNet]bool{}
	for _, e := range m.waiting {
		for _, n := range e.nets {
			nets[n] = true
		}
	}
	return len(nets)
}

func TestAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 0))
			capacity := 1 + r.IntN(40)
			q := throttle.NewQueue[int](capacity)
			m := &model{capacity: capacity, turn: map[modelNet]int{}, joined: map[modelNet]int{}}
			var entries []*throttle.Entry[int] // by id, those that left too
			pops := r.IntN(50)                 // in a hundred operations
			for step := range 2000 {
				switch op := r.IntN(100); {
				case op < pops:
					got, ok := q.Pop()
					if want := m.pop(); ok != (want >= 0) || ok && got != want {
						t.Fatalf("step %d: Pop = %d, %v; want %d", step, got, ok, want)
					}
				case op < pops+10 && len(entries) > 0:
					id := len(entries) - 1 - r.IntN(min(len(entries), 2*capacity))
					place := slices.IndexFunc(m.waiting, func(e modelEntry) bool { return e.id == id })
					if got := q.Remove(entries[id]); got != (place >= 0) {
						t.Fatalf("step %d: Remove(%d) = %v, want %v", step, id, got, place >= 0)
					}
					if place >= 0 {
						m.remove(place)
					}
				default:
					addr, known := randomAddr(r), r.IntN(4) == 0
					entry, evicted := q.Push(addr, known, len(entries))
					got := -1
					if evicted != nil {
						got = evicted.Value
					}
					if want := m.push(addr, known, len(entries)); got != want {
						t.Fatalf("step %d: Push(%s, %v) turns %d away, want %d", step, addr, known, got, want)
					}
					entries = append(entries, entry)
				}
				if got, want := [2]int{q.Len(), q.Held()}, [2]int{len(m.waiting), m.networks()}; got != want {
					t.Fatalf("step %d: entries and networks %v, want %v", step, got, want)
				}
			}
		})
	}
}

// randomAddr is one of few networks, so that they meet at every level.
func randomAddr(r *rand.Rand) netip.Addr {
	switch r.IntN(10) {
	case 0:
		return netip.Addr{}
	case 1, 2, 3:
		return netip.AddrFrom4([4]byte{192, 0, 2, byte(r.IntN(5))})
	}
	return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 5: byte(r.IntN(3)), 6: byte(r.IntN(3)), 7: byte(r.IntN(3)), 15: byte(r.IntN(3))})
}
