package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	activityPage = 50  // entries
	maxSought    = 256 // bytes of what is sought
	maxPage      = 1_000_000
)

func activityPages() []route { return []route{page("admin/activity", forAdministrators, showActivity)} }

// activity is what the page of the activity log shows.
type activity struct {
	Text, Kind, User, From string // the filter
	Filtered               bool
	Kinds                  []kind
	Entries                []logged
	Zone                   string // of the times
	First, Last, Total     int
	Newer, Older           string // addresses; empty: there are none
}

// logged is an entry, or the two of a sign-in.
type logged struct {
	finlatch.LoggedActivity
	Also string // what the other one says
}

// joined makes one of what one sign-in has written: that somebody has signed in, and that their device is online.
func joined(entries []finlatch.LoggedActivity) (all []logged) {
	for i, e := range entries {
		if i > 0 && e.UserID == entries[i-1].UserID && entries[i-1].At.Sub(e.At).Abs() < time.Second {
			last := &all[len(all)-1]
			switch {
			case last.Also != "":
			case last.Type == finlatch.ActivityAuthenticationSucceeded && e.Type == finlatch.ActivitySessionStarted:
				last.Also = e.Name
				continue
			case last.Type == finlatch.ActivitySessionStarted && e.Type == finlatch.ActivityAuthenticationSucceeded:
				*last = logged{e, last.Name}
				continue
			}
		}
		all = append(all, logged{LoggedActivity: e})
	}
	return all
}

// Short is when it was, as briefly as can be.
func (e logged) Short(now time.Time) string {
	if at := e.At.Local(); at.Year() == now.Local().Year() {
		return at.Format("2 Jan, 15:04:05")
	}
	return e.At.Local().Format("2 Jan 2006, 15:04:05")
}

// kind is a type of entries, as people call it.
type kind struct{ Type, Name string }

// kinds are those that are sought most, first.
func kinds() []kind {
	return []kind{
		{finlatch.ActivityAuthenticationSucceeded, "Sign-in"},
		{finlatch.ActivityAuthenticationFailed, "Refused sign-in"},
		{finlatch.ActivityQuickConnectApproved, "Quick Connect approved"},
		{finlatch.ActivityQuickConnectDenied, "Quick Connect denied or undone"},
		{finlatch.ActivityQuickConnectRefused, "Quick Connect refused"},
		{finlatch.ActivityDeviceRevoked, "Device signed out"},
		{finlatch.ActivityDeviceAdopted, "Device known from before"},
		{finlatch.ActivitySessionStarted, "Device online"},
		{finlatch.ActivitySessionEnded, "Device gone"},
		{finlatch.ActivityUserLockedOut, "User locked out"},
		{finlatch.ActivityUserUnlocked, "User unlocked"},
		{finlatch.ActivityUserPasswordChanged, "Password changed"},
		{finlatch.ActivityPasswordResetRequested, "Password forgotten"},
		{finlatch.ActivityUserCreated, "User created"},
		{finlatch.ActivityUserRenamed, "User renamed"},
		{finlatch.ActivityUserPolicyUpdated, "Policy changed"},
		{finlatch.ActivityUserDeleted, "User deleted"},
		{finlatch.ActivityAPIKeyCreated, "API key created"},
		{finlatch.ActivityAPIKeyDeleted, "API key deleted"},
		{finlatch.ActivityConfigurationUpdated, "Settings changed"},
		{finlatch.ActivitySetupCompleted, "Server set up"},
	}
}

// sought is what a field of a filter says.
func (r *request) sought(name string) string {
	text := strings.TrimSpace(r.FormValue(name))
	return strings.ToValidUTF8(text[:min(len(text), maxSought)], "")
}

func showActivity(r *request) (answer, error) {
	data := activity{Text: r.sought("name"), Kind: r.sought("type"), User: r.sought("user"), From: r.sought("address"), Kinds: kinds()}
	data.Filtered = data.Text+data.Kind+data.User+data.From != ""
	number, _ := strconv.Atoi(r.FormValue("page"))
	number = min(max(number, 1), maxPage)
	before := (number - 1) * activityPage
	entries, total, err := r.service().ActivityLog(r.context(), r.caller, finlatch.ActivityFilter{
		NamePart: data.Text, Type: data.Kind, UserNamePart: data.User, AddressPart: data.From, Offset: before, Limit: activityPage})
	if err != nil {
		return nil, err
	}
	data.Entries, data.Total, data.Zone = joined(entries), total, r.now().Local().Format("MST")
	data.First, data.Last = before+1, before+len(entries)
	if number > 1 {
		data.Newer = r.activityPage(&data, min(number-1, max(1, (data.Total+activityPage-1)/activityPage)))
	}
	if data.Last < data.Total && len(data.Entries) > 0 {
		data.Older = r.activityPage(&data, number+1)
	}
	return view{name: "activity", title: "Activity log", data: data}, nil
}

// activityPage is the address of a page with the same filter.
func (r *request) activityPage(data *activity, number int) string {
	query := url.Values{"page": {strconv.Itoa(number)}}
	for name, sought := range map[string]string{"name": data.Text, "type": data.Kind, "user": data.User, "address": data.From} {
		if sought != "" {
			query.Set(name, sought)
		}
	}
	return r.root() + "admin/activity?" + query.Encode()
}
