package throttle_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/finlatch/finlatch/internal/throttle"
)

// tableModel is a list that is scanned, what was changed longest ago first.
type tableModel struct {
	capacity, heavy int
	keys            []int
	counts          map[int]throttle.Count
}

func (m *tableModel) put(key int, count throttle.Count) (evicted int, full bool) {
	m.delete(key)
	m.keys = append(m.keys, key)
	m.counts[key] = count
	if len(m.keys) <= m.capacity {
		return 0, false
	}
	weighty := 0
	for _, c := range m.counts {
		if c.N >= m.heavy {
			weighty++
		}
	}
	place := slices.IndexFunc(m.keys, func(k int) bool { return (m.counts[k].N >= m.heavy) == (weighty > m.capacity/2) })
	evicted = m.keys[place]
	m.delete(evicted)
	return evicted, true
}

func (m *tableModel) delete(key int) {
	m.keys = slices.DeleteFunc(m.keys, func(k int) bool { return k == key })
	delete(m.counts, key)
}

func TestTableAgainstModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 0))
			m := &tableModel{capacity: 2 + r.IntN(30), heavy: 1 + r.IntN(5), counts: map[int]throttle.Count{}}
			table := throttle.NewTable[int](m.capacity, m.heavy)
			for step := range 2000 {
				key := r.IntN(60)
				if r.IntN(4) == 0 {
					_, want := m.counts[key]
					if got := table.Delete(key); got != want {
						t.Fatalf("step %d: Delete(%d) = %v, want %v", step, key, got, want)
					}
					m.delete(key)
				} else {
					count := throttle.Count{N: r.IntN(6), Last: noon.Add(time.Duration(step))}
					evicted, full := table.Put(key, count)
					want, wantFull := m.put(key, count)
					if full != wantFull || full && evicted != want {
						t.Fatalf("step %d: Put(%d) evicts %d, %v, want %d, %v", step, key, evicted, full, want, wantFull)
					}
					if _, found := table.Get(key); !found {
						t.Fatalf("step %d: what was put in is not there", step)
					}
				}
				if diff := cmp.Diff(m.counts, maps.Collect(table.All()), cmpopts.IgnoreUnexported(throttle.Count{})); diff != "" || table.Len() != len(m.keys) {
					t.Fatalf("step %d: %d rows (-want +got):\n%s", step, table.Len(), diff)
				}
			}
		})
	}
}

// Whoever floods the table displaces neither what many failures were counted of, nor what comes during the flood.
func TestFloodDisplacesItself(t *testing.T) {
	t.Parallel()
	rule := throttle.Rule{Free: 10, Refuse: 100, Life: time.Hour}
	for _, each := range []int{1, 2, 9, 10, 100} { // how often the flood tries each name
		table := throttle.NewTable[string](1000, rule.Free)
		fail := func(key string) {
			count, _ := table.Get(key)
			table.Put(key, rule.Fail(count, noon))
		}
		for range 50 {
			fail("victim")
		}
		for i := range 400 * each { // heavy ones never get beyond half
			fail(fmt.Sprint("filled", i/each))
		}
		for i := range 3000 {
			fail(fmt.Sprint(i))
			if i%100 == 0 {
				fail("newcomer")
			}
		}
		for key, want := range map[string]int{"victim": 50, "newcomer": 30} {
			if count, _ := table.Get(key); count.N != want {
				t.Errorf("a flood of %d each: %s has %d failures, want %d", each, key, count.N, want)
			}
		}
		if table.Len() != 1000 {
			t.Errorf("%d rows, want 1000", table.Len())
		}
	}
}
