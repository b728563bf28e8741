package finlatch

import (
	"context"
	"time"
)

// Store keeps everything that outlives a process. Rows go in and come out: there are no rules, no hashing, no clock,
// no waiting and no call out of it. It is ours to change until version 1.
//
// Times keep microseconds at least, and come back in UTC. Texts compare byte by byte. A nil slice and an empty one are
// the same.
//
// A row that is not there is ErrNotFound, a value that must be unique and is taken is ErrConflict, and a store that
// cannot serve now (busy, full, unreachable) is ErrUnavailable. Every other error is internal.
type Store interface {
	// View runs f on a consistent state of the store. f must not change anything.
	View(ctx context.Context, f func(Tx) error) error
	// Update runs f and commits what it did if it returns nil. It may run f again, after a rollback, when the store was
	// busy or a change collided with another; so f touches nothing but its Tx, and what it sets outside it sets anew
	// each time. After ErrConflict the Tx is dead: f returns it, and the caller may try again with other values. Where f
	// swallows it, Update answers it and commits nothing.
	Update(ctx context.Context, f func(Tx) error) error
	// Watch calls f for every committed change, this process's and others', until ctx ends or the store can no longer
	// tell; then it returns. The first call, and each one after a time in which changes may have been missed, is of kind
	// ChangeMissed. A change that this process made is told before Update returns. f is called from many goroutines,
	// is quick, and does not use the store. A store that hears of others' changes calls f with ChangeNone several times a second
	// while it does; from then on, a second without one says that changes may be missed, as in a process that stood still.
	// Watch returns ctx's error when ctx ends, ErrUnavailable when the store is closed.
	Watch(ctx context.Context, f func(Change)) error
	// Close waits for running transactions and releases the store.
	Close() error
}

// ChangeKind says what changed.
type ChangeKind uint8

// The kinds of changes.
const (
	ChangeMissed       ChangeKind = iota // anything may have changed
	ChangeUser                           // a user: UserID
	ChangeDevice                         // a device's token came or went: UserID, Hash
	ChangeAPIKey                         // an API key came or went: Hash
	ChangeQuickConnect                   // a request for Quick Connect: Hash is its secret's
	ChangeSettings                       // the settings
	ChangeNone                           // nothing: all changes were told up to now
)

// Change is one committed change. Activity, display preferences and DeviceTouches are not told.
type Change struct {
	Kind   ChangeKind
	UserID ID
	Hash   Hash
}

// Tx is a transaction on a Store. It is used by one goroutine and not after View or Update has returned; a change in a
// View is an internal error.
type Tx interface {
	UserTx
	DeviceTx
	EndedTokenTx
	APIKeyTx
	QuickConnectTx
	ActivityTx
	SettingsTx
	DisplayPreferencesTx
	PictureTx
	PasswordResetTx
	FailuresTx
}

// UserTx is the part of a Tx about users.
type UserTx interface {
	User(ctx context.Context, id ID) (User, error)
	UserByName(ctx context.Context, normalizedName string) (User, error)
	// Users lists all that the filter picks, in the order of their normalized names.
	Users(ctx context.Context, filter UserFilter) ([]User, error)
	CountUsers(ctx context.Context, filter UserFilter) (int, error)
	// CreateUser answers ErrConflict where the id or the normalized name is taken.
	CreateUser(ctx context.Context, user User) error
	// PutUser replaces a whole user: ErrNotFound, or ErrConflict where the normalized name is another's.
	PutUser(ctx context.Context, user User) error
	// DeleteUser deletes a user with devices and their options, display preferences, picture, password reset, and requests
	// for Quick Connect that would sign it in.
	DeleteUser(ctx context.Context, id ID) error
}

// UserFilter picks users. Members that are nil pick all.
type UserFilter struct {
	Administrator *bool
	Disabled      *bool
	Hidden        *bool
	HasPassword   *bool
	NamePart      string // of the normalized name
	Limit         int    // 0: all
}

// DeviceTx is the part of a Tx about signed-in devices.
type DeviceTx interface {
	Device(ctx context.Context, token Hash) (Device, error)
	// Devices lists what the filter picks, latest activity first, then by device id.
	Devices(ctx context.Context, filter DeviceFilter) ([]Device, error)
	// OldestDevices lists a user's devices in the order in which they were created, at most limit.
	OldestDevices(ctx context.Context, userID ID, limit int) ([]Device, error)
	CountDevices(ctx context.Context, filter DeviceFilter) (int, error)
	// CreateDevice answers ErrConflict where the token, or the user's DeviceID, has a device already, and ErrNotFound
	// where there is no such user.
	CreateDevice(ctx context.Context, device Device) error
	// DeleteDevices deletes what the filter picks, without regard to its Limit, and tells what that was. A filter that is
	// all zero picks nothing here.
	DeleteDevices(ctx context.Context, filter DeviceFilter) ([]Device, error)
	// DeleteAllDevices signs everybody out.
	DeleteAllDevices(ctx context.Context) error
	// TouchDevices notes activity of devices and their users. It changes only rows that are there, never sets a time back,
	// and leaves what stands where a touch has a zero address or an empty name or version.
	TouchDevices(ctx context.Context, touches []DeviceTouch) error
	// PutCapabilities replaces what a device says it can do; ErrNotFound where the token has none.
	PutCapabilities(ctx context.Context, token Hash, capabilities Capabilities) error
	// DeviceOptions are those of a user's device id, or, with the zero ID, of that device id whoever uses it: ErrNotFound
	// until they were put once.
	DeviceOptions(ctx context.Context, deviceID string, userID ID) (DeviceOptions, error)
	// PutDeviceOptions creates or replaces options; there need not be such a device, but such a user, else ErrNotFound.
	PutDeviceOptions(ctx context.Context, options DeviceOptions) error
}

// EndedTokenTx is the part of a Tx about tokens that an Upstream has made and is to end.
type EndedTokenTx interface {
	// EndedToken is the first with a hash: ErrNotFound where there is none.
	EndedToken(ctx context.Context, token Hash) (EndedToken, error)
	// EndedTokens lists those with a greater ID than after, in the order of their IDs, at most limit. The token of every device
	// that is deleted, whatever deletes it, is among them if it was Sealed.
	EndedTokens(ctx context.Context, after int64, limit int) ([]EndedToken, error)
	// AddEndedToken adds one, and gives it an ID of its own.
	AddEndedToken(ctx context.Context, token EndedToken) error
	// ForgetEndedToken deletes one; what is not there is no error.
	ForgetEndedToken(ctx context.Context, id int64) error
}

// APIKeyTx is the part of a Tx about API keys.
type APIKeyTx interface {
	APIKey(ctx context.Context, key Hash) (APIKey, error)
	APIKeyByID(ctx context.Context, id ID) (APIKey, error)
	// APIKeys lists all, oldest first.
	APIKeys(ctx context.Context) ([]APIKey, error)
	CreateAPIKey(ctx context.Context, key APIKey) error
	DeleteAPIKey(ctx context.Context, id ID) error
	// ForgetAPIKeys erases Sealed where ReadableTill is before a time.
	ForgetAPIKeys(ctx context.Context, before time.Time) error
}

// QuickConnectTx is the part of a Tx about requests for Quick Connect. It does not look at ExpiresAt but where it says so.
type QuickConnectTx interface {
	QuickConnect(ctx context.Context, secret Hash) (QuickConnect, error)
	QuickConnectByCode(ctx context.Context, code string) (QuickConnect, error)
	// CreateQuickConnect answers ErrConflict where the secret or the code is taken.
	CreateQuickConnect(ctx context.Context, request QuickConnect) error
	// PutQuickConnect replaces a request, found by its SecretHash; the code stays as it was.
	PutQuickConnect(ctx context.Context, request QuickConnect) error
	DeleteQuickConnect(ctx context.Context, secret Hash) error
	// DeleteQuickConnectsOf deletes the requests that were approved for a user and have no token yet. Others stay, so that what
	// was approved can be undone.
	DeleteQuickConnectsOf(ctx context.Context, user ID) error
	// CountPendingQuickConnects counts requests in state pending, in constant time.
	CountPendingQuickConnects(ctx context.Context) (int, error)
	// PendingQuickConnects counts requests in state pending by when they were created, in n spans of time, which follow each
	// other from since on.
	PendingQuickConnects(ctx context.Context, since time.Time, span time.Duration, n int) ([]int, error)
	// CrowdingQuickConnect is the oldest pending request of the network that has most of them.
	CrowdingQuickConnect(ctx context.Context) (QuickConnect, error)
	// ExpireQuickConnects deletes at most limit requests that expired before a time, and tells how many.
	ExpireQuickConnects(ctx context.Context, before time.Time, limit int) (int, error)
	// ForgetQuickConnects erases the Salt of requests that were redeemed before a time.
	ForgetQuickConnects(ctx context.Context, before time.Time) error
}

// ActivityTx is the part of a Tx about the activity log.
type ActivityTx interface {
	AddActivity(ctx context.Context, entries ...Activity) error
	// Activities lists what the filter picks, by its Sort, then newest first by time, then by ID, and counts all of it.
	Activities(ctx context.Context, filter ActivityFilter) (entries []Activity, total int, err error)
	// CountActivities sums the Count of a type's entries in n spans of time, which follow each other from since on.
	CountActivities(ctx context.Context, kind string, since time.Time, span time.Duration, n int) ([]int, error)
	// ExpireActivities deletes at most limit entries from before a time, and tells how many.
	ExpireActivities(ctx context.Context, before time.Time, limit int) (int, error)
	// TrimActivities deletes the oldest of the refusals, or of all other entries, of which only the newest keep stay; at
	// most limit of them, and tells how many.
	TrimActivities(ctx context.Context, refusals bool, keep, limit int) (int, error)
}

// SettingsTx is the part of a Tx about the server's own record.
type SettingsTx interface {
	// Settings answers ErrNotFound until they were put once.
	Settings(ctx context.Context) (Settings, error)
	PutSettings(ctx context.Context, settings Settings) error
}

// DisplayPreferencesTx is the part of a Tx about display preferences.
type DisplayPreferencesTx interface {
	DisplayPreferences(ctx context.Context, userID, itemID ID, client string) (DisplayPreferences, error)
	CountDisplayPreferences(ctx context.Context, userID ID) (int, error)
	// PutDisplayPreferences creates or replaces; ErrNotFound where there is no such user.
	PutDisplayPreferences(ctx context.Context, preferences DisplayPreferences) error
}

// PictureTx is the part of a Tx about pictures. A user's row says in ImageTag which one it has; the two are changed together
// by whoever changes them.
type PictureTx interface {
	// Picture is a user's, or, with the zero ID, the splash screen.
	Picture(ctx context.Context, owner ID) (Picture, error)
	// PutPicture creates or replaces; ErrNotFound where there is no such user.
	PutPicture(ctx context.Context, picture Picture) error
	// DeletePicture answers ErrNotFound where there is none.
	DeletePicture(ctx context.Context, owner ID) error
}

// PasswordResetTx is the part of a Tx about forgotten passwords. It does not look at ExpiresAt but where it says so.
type PasswordResetTx interface {
	PasswordResetByPIN(ctx context.Context, pin Hash) (PasswordReset, error)
	// PutPasswordReset creates or replaces a user's: ErrNotFound where there is no such user, ErrConflict where another user
	// has that PIN.
	PutPasswordReset(ctx context.Context, reset PasswordReset) error
	// DeletePasswordReset answers ErrNotFound where the user has none.
	DeletePasswordReset(ctx context.Context, userID ID) error
	// ExpirePasswordResets deletes at most limit that expired before a time, and tells how many.
	ExpirePasswordResets(ctx context.Context, before time.Time, limit int) (int, error)
}

// FailuresTx is the part of a Tx about failed attempts.
type FailuresTx interface {
	// Failures lists the latest, at most limit.
	Failures(ctx context.Context, limit int) ([]Failures, error)
	// FailuresOf finds those with these keys, at most a thousand, in no order.
	FailuresOf(ctx context.Context, keys ...Hash) ([]Failures, error)
	// PutFailures creates or replaces.
	PutFailures(ctx context.Context, failures []Failures) error
	// DeleteFailures forgets; what is not there is no error.
	DeleteFailures(ctx context.Context, keys ...Hash) error
	// ExpireFailures deletes at most limit whose LastAt is before a time, and tells how many.
	ExpireFailures(ctx context.Context, before time.Time, limit int) (int, error)
}
