package finlatch

import "time"

// UpstreamKey is the name of every API key of an Upstream: it is known to be one, and nothing else is known of it.
const UpstreamKey = "an API key of the server behind"

// Upstreams tells whether the key is an Upstream's. It has no ID, and no row.
func (k *APIKey) Upstreams() bool { return k.ID.IsZero() }

// APIKey lets a program act as an administrator, without a user.
type APIKey struct {
	ID           ID // names the key where it is no longer readable
	Name         string
	Hash         Hash
	CreatedAt    time.Time
	Sealed       []byte    // the key itself, encrypted with a key that is not in the store; empty once ReadableTill has passed
	ReadableTill time.Time // Jellyfin's API hands out a key only in the list of all keys
}
