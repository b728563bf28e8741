package finlatch

import (
	"net/netip"
	"time"
)

// Activity types, as Jellyfin spells them where it has them.
const (
	ActivityAuthenticationSucceeded = "AuthenticationSucceeded"
	ActivityAuthenticationFailed    = "AuthenticationFailed"
	ActivitySessionEnded            = "SessionEnded"
	ActivityUserCreated             = "UserCreated"
	ActivityUserDeleted             = "UserDeleted"
	ActivityUserLockedOut           = "UserLockedOut"
	ActivityUserPasswordChanged     = "UserPasswordChanged"
	ActivityUserRenamed             = "UserRenamed"
	ActivityUserPolicyUpdated       = "UserPolicyUpdated"
	ActivityQuickConnectApproved    = "QuickConnectApproved"
	ActivityQuickConnectRefused     = "QuickConnectRefused"
	ActivityDeviceRevoked           = "DeviceRevoked"
	ActivityAPIKeyCreated           = "ApiKeyCreated"
	ActivityAPIKeyDeleted           = "ApiKeyDeleted"
	ActivityConfigurationUpdated    = "ServerConfigurationUpdated"
	ActivitySetupCompleted          = "SetupCompleted"
)

// Activity is an entry of the activity log. It names no account that does not exist: people type passwords there.
type Activity struct {
	ID       int64 // given by the store, growing
	Type     string
	Name     string // the sentence that is shown
	UserID   ID     // whom it is about; zero: nobody known
	ByID     ID     // who did it; zero: nobody known, an API key, or the owner of this machine
	Address  netip.Addr
	Severity string // Information, Warning or Error
	Count    int    // how many equal events the entry stands for; at least 1
	At       time.Time
}

// Severities of the activity log, as Jellyfin spells them.
const (
	SeverityInformation = "Information"
	SeverityWarning     = "Warning"
	SeverityError       = "Error"
)

// ActivityFilter picks entries, newest first. Members that are zero pick all.
type ActivityFilter struct {
	UserID ID
	Type   string
	Since  time.Time
	Offset int
	Limit  int
}
