package finlatch

import "time"

// Failures counts failed attempts of one kind on one account or from one network. The key is a keyed hash of which, so that
// the store holds no name that does not exist: people type passwords there.
type Failures struct {
	Key     Hash
	Count   int
	FirstAt time.Time // of those that are counted
	LastAt  time.Time
}
