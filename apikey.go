package finlatch

import "time"

// APIKey lets a program act as an administrator, without a user.
type APIKey struct {
	ID           ID // names the key where it is no longer readable
	Name         string
	Hash         Hash
	CreatedAt    time.Time
	Sealed       []byte    // the key itself, encrypted with a key that is not in the store; empty once ReadableTill has passed
	ReadableTill time.Time // Jellyfin's API hands out a key only in the list of all keys
}
