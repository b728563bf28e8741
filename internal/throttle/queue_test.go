package throttle_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/finlatch/finlatch/internal/throttle"
)

// fill pushes "address name …" in order; a name that ends in ! is known. It returns the names turned away.
func fill(q *throttle.Queue[string], pushes string) (evicted []string) {
	fields := strings.Fields(pushes)
	for i := 0; i < len(fields); i += 2 {
		name := fields[i+1]
		_, gone := q.Push(netip.MustParseAddr(fields[i]), strings.HasSuffix(name, "!"), name)
		if gone != nil {
			evicted = append(evicted, gone.Value)
		}
	}
	return evicted
}

func drain(q *throttle.Queue[string]) (served []string) {
	for v, ok := q.Pop(); ok; v, ok = q.Pop() {
		served = append(served, v)
	}
	return served
}

func TestOrder(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, pushes, want string }{
		{"first come first served in one network", "192.0.2.1 a 192.0.2.1 b 192.0.2.1 c", "a b c"},
		{"IPv4 addresses take turns", "192.0.2.1 a1 192.0.2.1 a2 192.0.2.1 a3 192.0.2.2 b1 192.0.2.2 b2", "a1 b1 a2 b2 a3"},
		{"an IPv4 address and a /48 take turns", "2001:db8:1::1 a1 2001:db8:1:2::1 a2 192.0.2.1 b1 192.0.2.1 b2", "a1 b1 a2 b2"},
		{"addresses of a /64 share its turn", "2001:db8:1::1 a1 2001:db8:1::2 a2 2001:db8:1::3 a3 2001:db8:2::1 b1", "a1 b1 a2 a3"},
		{"/64s of a /56 take turns within it", "2001:db8:1:1::1 a1 2001:db8:1:1::1 a2 2001:db8:1:2::1 b1 2001:db8:2::1 z", "a1 z b1 a2"},
		{"/56s of a /48 take turns within it", "2001:db8:1:100::1 a1 2001:db8:1:101::1 a2 2001:db8:1:102::1 a3 2001:db8:1:200::1 b1 2001:db8:1:200::2 b2", "a1 b1 a2 b2 a3"},
		{"known ones have every other turn", "192.0.2.1 a 192.0.2.2 b 192.0.2.3 c! 192.0.2.1 d!", "c! a d! b"},
		{"known ones fair among themselves", "192.0.2.1 a1! 192.0.2.1 a2! 192.0.2.1 a3! 192.0.2.2 b1! 192.0.2.3 c", "a1! c b1! a2! a3!"},
		{"mapped is IPv4, zones are one network", "192.0.2.1 a1 ::ffff:192.0.2.1 a2 fe80::1%a b1 fe80::2%b b2", "a1 b1 a2 b2"},
	}
	for _, tt := range tests {
		q := throttle.NewQueue[string](100)
		if gone := fill(q, tt.pushes); gone != nil {
			t.Errorf("%s: %v were turned away", tt.name, gone)
		}
		if got := strings.Join(drain(q), " "); got != tt.want {
			t.Errorf("%s: served %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestEviction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		capacity      int
		pushes        string
		evicted, left string
	}{
		{"the newcomer of the heaviest network", 3, "192.0.2.1 a1 192.0.2.1 a2 192.0.2.2 b1 192.0.2.1 a3", "a3", "a1 b1 a2"},
		{"the newest of the heaviest network", 3, "192.0.2.1 a1 192.0.2.1 a2 192.0.2.1 a3 192.0.2.2 b1 192.0.2.3 c1", "a3 a2", "a1 b1 c1"},
		{"the newcomer among equals", 2, "192.0.2.1 a1 192.0.2.2 b1 192.0.2.3 c1", "c1", "a1 b1"},
		{"many /64s are one /48", 4, "2001:db8:1:1::1 a1 2001:db8:1:2::1 a2 2001:db8:1:3::1 a3 192.0.2.1 b1 192.0.2.1 b2", "a3", "a1 b1 a2 b2"},
		{"heaviest /56 of the /48", 4, "2001:db8:1:100::1 a1 2001:db8:1:101::1 a2 2001:db8:1:102::1 a3 2001:db8:1:200::1 b1 2001:db8:1:200::1 b2", "a3", "a1 b1 a2 b2"},
		{"heaviest /64 of the /56", 4, "2001:db8:1:1::1 a1 2001:db8:1:2::1 b1 2001:db8:1:1::2 a2 2001:db8:1:1::3 a3 2001:db8:1:3::1 c1", "a3", "a1 b1 c1 a2"},
		{"known before unknown", 2, "192.0.2.1 a1! 192.0.2.2 b1 192.0.2.1 a2!", "b1", "a1! a2!"},
		{"an unknown newcomer among known", 2, "192.0.2.1 a1! 192.0.2.1 a2! 192.0.2.2 b1", "b1", "a1! a2!"},
		{"known when only known are left", 2, "192.0.2.1 a1! 192.0.2.1 a2! 192.0.2.2 b1!", "a2!", "a1! b1!"},
		{"no room at all", 0, "192.0.2.1 a1 192.0.2.2 b1!", "a1 b1!", ""},
	}
	for _, tt := range tests {
		q := throttle.NewQueue[string](tt.capacity)
		if got := strings.Join(fill(q, tt.pushes), " "); got != tt.evicted {
			t.Errorf("%s: turned away %q, want %q", tt.name, got, tt.evicted)
		}
		if got := q.Len(); got > tt.capacity {
			t.Errorf("%s: %d entries wait, want at most %d", tt.name, got, tt.capacity)
		}
		if got := strings.Join(drain(q), " "); got != tt.left {
			t.Errorf("%s: left %q, want %q", tt.name, got, tt.left)
		}
	}
}

// numbered is the nth /64 of 2001:db8:<site>::/48, so that n = 0…65,535 fill one /48 after another in site.
func numbered(site, n uint16) netip.Addr {
	a := netip.MustParseAddr("2001:db8::1").As16()
	binary.BigEndian.PutUint16(a[4:], site)
	binary.BigEndian.PutUint16(a[6:], n)
	return netip.AddrFrom16(a)
}

func TestFloodDelaysOthersByOneTurn(t *testing.T) {
	t.Parallel()
	for _, victim := range []string{"2001:db8:2::1", "192.0.2.1"} {
		q := throttle.NewQueue[string](5000)
		for n := range uint16(4096) {
			q.Push(numbered(1, n), false, "flood")
		}
		for i := range 10 {
			q.Push(netip.MustParseAddr(victim), false, fmt.Sprint(i))
		}
		for i := range 10 {
			q.Pop()
			if got, _ := q.Pop(); got != fmt.Sprint(i) {
				t.Errorf("%s: after one turn of the flood %q is served, want %d", victim, got, i)
			}
		}
	}
}

func TestFullOfFloodStillTakesOthers(t *testing.T) {
	t.Parallel()
	q := throttle.NewQueue[string](1024)
	for n := range uint16(4096) {
		q.Push(numbered(1, n), false, "flood")
	}
	for n := range uint16(500) {
		if _, evicted := q.Push(numbered(2+n, 0), false, "person"); evicted == nil || evicted.Value != "flood" {
			t.Fatalf("person %d: %v was turned away, want one of the flood", n, evicted)
		}
	}
	if got := q.Len(); got != 1024 {
		t.Errorf("%d entries wait, want 1024", got)
	}
	for turn, persons := 0, 0; persons < 500; turn++ {
		if got, _ := q.Pop(); got == "person" {
			persons++
		} else if turn > 0 {
			t.Fatalf("the flood had a second turn after %d of 500 persons", persons)
		}
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	q := throttle.NewQueue[string](3)
	addr := netip.MustParseAddr("192.0.2.1")
	a, _ := q.Push(addr, false, "a")
	b, _ := q.Push(addr, false, "b")
	c, _ := q.Push(addr, true, "c")
	d, evicted := q.Push(addr, false, "d")
	if evicted != d {
		t.Errorf("turned away %v, want the newcomer", evicted)
	}
	for _, tt := range []struct {
		entry *throttle.Entry[string]
		want  bool
	}{{b, true}, {b, false}, {d, false}, {c, true}} {
		if got := q.Remove(tt.entry); got != tt.want {
			t.Errorf("Remove(%s) = %v, want %v", tt.entry.Value, got, tt.want)
		}
	}
	if got, want := drain(q), []string{"a"}; !slices.Equal(got, want) {
		t.Errorf("served %v, want %v", got, want)
	}
	if q.Remove(a) {
		t.Error("Remove of an entry that was served = true")
	}
}

func TestEmptyQueueHoldsNothing(t *testing.T) {
	t.Parallel()
	q := throttle.NewQueue[string](100)
	for round := range uint16(3) {
		for n := range uint16(10_000) {
			q.Push(numbered(n, round), n%2 == 0, "")
			if n%3 == 0 {
				q.Pop()
			}
		}
		if got, want := q.Held(), 3*q.Len(); got > want {
			t.Errorf("round %d: %d networks for %d entries, want at most %d", round, got, q.Len(), want)
		}
		drain(q)
		if q.Len() != 0 || q.Held() != 0 || !q.Released() {
			t.Errorf("round %d: empty queue of length %d holds %d networks, released: %v", round, q.Len(), q.Held(), q.Released())
		}
	}
}

func BenchmarkFullOfOneSite(b *testing.B) {
	q := throttle.NewQueue[int](1024)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		q.Push(numbered(1, uint16(i)), false, i)
		if i%4 == 0 {
			q.Pop()
		}
	}
}
