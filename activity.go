package finlatch

import (
	"net/netip"
	"time"
)

// Activity types, as Jellyfin spells them where it has them.
const (
	ActivityAuthenticationSucceeded = "AuthenticationSucceeded"
	ActivityAuthenticationFailed    = "AuthenticationFailed"
	ActivitySessionStarted          = "SessionStarted"
	ActivitySessionEnded            = "SessionEnded"
	ActivityUserCreated             = "UserCreated"
	ActivityUserDeleted             = "UserDeleted"
	ActivityUserLockedOut           = "UserLockedOut"
	ActivityUserUnlocked            = "UserUnlocked"
	ActivityUserPasswordChanged     = "UserPasswordChanged"
	ActivityPasswordResetRequested  = "PasswordResetRequested"
	ActivityUserRenamed             = "UserRenamed"
	ActivityUserPolicyUpdated       = "UserPolicyUpdated"
	ActivityQuickConnectApproved    = "QuickConnectApproved"
	ActivityQuickConnectRefused     = "QuickConnectRefused"
	ActivityQuickConnectDenied      = "QuickConnectDenied"
	ActivityDeviceRevoked           = "DeviceRevoked"
	ActivityDeviceAdopted           = "DeviceAdopted"
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
	Refusal  bool   // somebody was refused; such entries have a share of the log of their own, so that a flood pushes nothing else out
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
	UserID   ID
	Type     string
	Since    time.Time // at or after
	Until    time.Time // at or before
	HasUser  *bool     // whether it is about a user, and no refusal; refusals count as about nobody, as in Jellyfin
	Severity string

	// Parts of texts, compared byte by byte as Jellyfin does.
	NamePart     string
	TypePart     string
	UserNamePart string // of the name of the user whom it is about, as it is now
	AddressPart  string // of the address's text
	ByNamePart   string // of the name of the user who did it, as it is now, where that is another than whom it is about

	Sort   []ActivitySort
	Offset int
	Limit  int // 0: all
}

// ActivitySort is a column by which entries are sorted.
type ActivitySort struct {
	By        ActivityColumn
	Ascending bool
}

// ActivityColumn is what entries can be sorted by.
type ActivityColumn uint8

// The columns of the activity log.
const (
	ActivityByTime ActivityColumn = iota
	ActivityByName
	ActivityByType
	ActivityByUserName
	ActivityByAddress
	ActivityBySeverity // Information, Warning, Error
)
