package finlatch

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash/maphash"
	"maps"
	"sync"
	"time"

	"github.com/finlatch/finlatch/internal/throttle"
)

// counterKind is what a counter of failed attempts is about. It is the first byte of the counter's key in the store.
type counterKind byte

const (
	// byAccount counts strangers' failures on a name, whether it exists or not.
	byAccount counterKind = iota
	// byNetwork counts strangers' failures from a network.
	byNetwork
	// byPlace counts failures on an account from a place where it signed in before. That there is such a counter says so.
	byPlace
	// byDevice counts failures on an account from a device that is signed in to it.
	byDevice
	counterKinds
)

// failuresLife is how long failures in a row are remembered after the last one, and places after the last sign-in.
const failuresLife = 30 * 24 * time.Hour

var inARow = throttle.Rule{Free: 10, Refuse: 100, Life: failuresLife}

var counterRules = [counterKinds]throttle.Rule{
	byAccount: inARow,
	byNetwork: {Free: 30, Window: 10 * time.Minute},
	byPlace:   inARow,
	byDevice:  inARow,
}

// How many counters of each kind are kept.
var counterLimits = [counterKinds]int{byAccount: 32 << 10, byNetwork: 16 << 10, byPlace: 16 << 10, byDevice: 4 << 10}

const maxCounters = 68 << 10 // all of them

// throttling counts failed sign-ins, and says which are to be held or refused. A process counts for itself, and where others
// use the store, too, it adds what they have counted before it says so; what it counts outlives it, but for the passwords that were tried, which are nowhere but in its memory, as keyed hashes.
type throttling struct {
	off     bool
	shared  bool         // others use the store, too
	key     []byte       // of the counters' keys
	seed    maphash.Seed // of the hashes of passwords that were tried
	slots   holding
	writing sync.Mutex // held while counters are written, so that a later state is not overwritten

	mu      sync.Mutex
	tables  [counterKinds]*throttle.Table[Hash]
	changed map[Hash]bool // since they were written
	flying  map[Hash]bool // those that are being written
	base    map[Hash]int  // of those, where the store is shared: the count to which this process adds, or from which it takes
}

func (t *throttling) init(sealKey []byte, off, shared bool) {
	mac := hmac.New(sha256.New, sealKey)
	mac.Write([]byte("counters of failed attempts"))
	t.off, t.key, t.seed, t.changed = off, mac.Sum(nil), maphash.MakeSeed(), make(map[Hash]bool)
	t.shared, t.base = shared, make(map[Hash]int)
	for kind := range t.tables {
		t.tables[kind] = throttle.NewTable[Hash](counterLimits[kind], counterRules[kind].Free)
	}
	t.slots.init()
}

// counterKey is a counter's key: its kind, then a keyed hash of whose it is, then one of where.
func (t *throttling) counterKey(kind counterKind, whose, where string) (key Hash) {
	key[0] = byte(kind)
	copy(key[1:16], t.tag(whose))
	copy(key[16:], t.tag(where))
	return key
}

func (t *throttling) tag(text string) []byte {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// counters are those that an attempt looks at, and that it grows when it fails. Where one is zero there is none.
type counters struct {
	own     Hash // of the account: strangers', or that of the device or place that is known
	network Hash // strangers' only
}

// counters finds those of a claim. An account with a lockout of its own has no other limit until that has disabled it.
func (t *throttling) counters(c Caller, a claim) (k counters) {
	switch {
	case a.device:
		k.own = t.counterKey(byDevice, string(a.user.ID[:]), string(c.Device.TokenHash[:]))
	case a.known:
		k.own = t.counterKey(byPlace, string(a.user.ID[:]), a.place)
	default:
		k.own = t.counterKey(byAccount, a.name, "")
		k.network = t.counterKey(byNetwork, "", network(c.Address).String())
	}
	if a.user != nil && a.user.Policy.lockoutLimit() > 0 && !a.user.Policy.IsDisabled {
		k.own = Hash{}
	}
	return k
}

// verdict says what is to be done with an attempt now.
func (t *throttling) verdict(k counters, now time.Time) (v throttle.Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range []Hash{k.own, k.network} {
		if key != (Hash{}) {
			count, _ := t.tables[key[0]].Get(key)
			v = v.And(counterRules[key[0]].Of(count, now))
		}
	}
	return v
}

// fail counts a wrong password, but not one that was tried just before. It tells whether that was the failure from which
// on the account takes none from there.
func (t *throttling) fail(k counters, password string, now time.Time) (last bool) {
	if t.off {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if k.own != (Hash{}) {
		rule := counterRules[k.own[0]]
		count, _ := t.tables[k.own[0]].Get(k.own)
		count, news := rule.Guess(count, maphash.String(t.seed, password)|1, now)
		if !news {
			return false
		}
		t.put(k.own, count)
		last = count.N == rule.Refuse
	}
	if k.network != (Hash{}) {
		count, _ := t.tables[byNetwork].Get(k.network)
		t.put(k.network, counterRules[byNetwork].Fail(count, now))
	}
	return last
}

// put sets a counter, with mu held.
func (t *throttling) put(key Hash, count throttle.Count) {
	t.begin(key)
	if evicted, full := t.tables[key[0]].Put(key, count); full && !t.shared {
		t.change(evicted)
	}
	t.change(key)
}

// begin notes what the store is believed to have of a counter that is about to change.
func (t *throttling) begin(key Hash) {
	if t.shared && !t.changed[key] {
		count, _ := t.tables[key[0]].Get(key)
		t.base[key] = count.N
	}
}

// change notes that a counter is to be written. While the store is away only so many are; the others count all the same.
func (t *throttling) change(key Hash) {
	if len(t.changed) < 2*maxCounters {
		t.changed[key] = true
	}
}

// forget deletes a counter, with mu held.
func (t *throttling) forget(key Hash) {
	t.begin(key)
	if t.tables[key[0]].Delete(key) {
		t.change(key)
	}
}

// knows tells whether a user signed in at a place before.
func (t *throttling) knows(user *User, place string, now time.Time) bool {
	if place == "" {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	count, found := t.tables[byPlace].Get(t.counterKey(byPlace, string(user.ID[:]), place))
	return found && !counterRules[byPlace].Over(count, now)
}

// arrived notes that a user has signed in at a place.
func (t *throttling) arrived(user *User, place string, now time.Time) {
	if t.off || place == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.put(t.counterKey(byPlace, string(user.ID[:]), place), throttle.Count{First: now, Last: now})
}

// passed notes that a user has given the right password: the failures in a row end, of strangers and of this caller.
func (t *throttling) passed(c Caller, user *User, place string, now time.Time) {
	t.arrived(user, place, now)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(t.counterKey(byAccount, user.NormalizedName, ""))
	if c.Device != nil {
		t.forget(t.counterKey(byDevice, string(user.ID[:]), string(c.Device.TokenHash[:])))
	}
}

// pardon ends all failures in a row on an account. It looks at every counter, so it is for administrators' acts only.
func (t *throttling) pardon(user *User) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(t.counterKey(byAccount, user.NormalizedName, ""))
	for _, kind := range []counterKind{byPlace, byDevice} {
		whose := t.counterKey(kind, string(user.ID[:]), "")
		for key, count := range maps.Collect(t.tables[kind].All()) {
			if [16]byte(key[:16]) == [16]byte(whose[:16]) && count.N > 0 {
				t.put(key, throttle.Count{First: count.Last, Last: count.Last})
			}
		}
	}
}

// expire forgets what no longer counts.
func (t *throttling) expire(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for kind, table := range t.tables {
		for key, count := range maps.Collect(table.All()) {
			switch {
			case !counterRules[kind].Over(count, now):
			case t.shared: // it may count elsewhere
				table.Delete(key)
			default:
				t.forget(key)
			}
		}
	}
}
