package server_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
)

// entries are what the log is filtered and sorted by. Their names end in the number by which tests call them.
func (w *world) entries() {
	w.Helper()
	ann, ben := w.id("ann"), w.id("ben")
	at := func(minutes int) time.Time { return w.Now().Add(time.Duration(minutes-60) * time.Minute) }
	err := w.store.Update(w.ctx, func(tx finlatch.Tx) error {
		return tx.AddActivity(w.ctx,
			finlatch.Activity{Type: "AuthenticationSucceeded", Name: "ann came 1", UserID: ann, ByID: ann, Address: netip.MustParseAddr("192.0.2.7"), Severity: "Information", Count: 1, At: at(1)},
			finlatch.Activity{Type: "AuthenticationFailed", Name: "ben failed 2", UserID: ben, Address: netip.MustParseAddr("198.51.100.9"), Severity: "Error", Refusal: true, Count: 40, At: at(2)},
			finlatch.Activity{Type: "UserCreated", Name: "ben is new 3", UserID: ben, ByID: w.id("admin"), Address: netip.MustParseAddr("192.0.2.7"), Severity: "Information", Count: 1, At: at(3)},
			finlatch.Activity{Type: "UserPolicyUpdated", Name: "a policy changed 4", UserID: ann, ByID: w.id("admin"), Address: netip.MustParseAddr("192.0.2.8"), Severity: "Warning", Count: 1, At: at(4)},
		)
	})
	if err != nil {
		w.Fatal(err)
	}
	w.reported += 4
}

func TestActivityLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.entries()
	for query, want := range map[string]string{
		"":                                  "4321", // and what the world has done before
		"type=Updated":                      "4",
		"type=updated":                      "",
		"name=ben":                          "32",
		"name=nothing+of+it":                "",
		"username=ann":                      "41",
		"shortOverview=IP+address:+192.0.2": "431",
		"shortOverview=51.100":              "2",
		"overview=By+adm":                   "43",
		"overview=ann":                      "", // who signs in does so herself
		"itemId=00000000000000000000000000000001": "",
		"severity=error":                               "2",
		"severity=nonsense":                            "4321",
		"hasUserId=true":                               "431",
		"hasUserId=false":                              "2", // a refusal is about nobody, as in Jellyfin
		"limit=2":                                      "43",
		"limit=2&startIndex=1":                         "32",
		"limit=0":                                      "",
		"minDate=2026-11-24T11:02:30Z":                 "43",
		"maxDate=2026-11-24T11:02:30.000Z":             "21",
		"sortBy=DateCreated":                           "1234",
		"sortBy=DateCreated&sortOrder=Descending":      "4321",
		"sortBy=name&sortOrder=ascending":              "4123",
		"sortBy=Type,DateCreated&sortOrder=Descending": "4312",
		"sortBy=LogSeverity&sortBy=DateCreated&sortOrder=Descending&sortOrder=Ascending": "2413",
		"sortBy=nonsense":      "4321",
		"sortOrder=Ascending":  "4321",
		"LIMIT=1&SortBy=Name":  "4",
		"limit=2147483647":     "4321",
		"startIndex=-1&limit=": "4321",
	} {
		only := "maxDate=2026-11-24T11:30:00Z&" // leaves out what the world has done
		if strings.HasPrefix(query, "maxDate") {
			only = ""
		}
		log, _ := w.json(scenario{do: "GET /System/ActivityLog/Entries?" + only + query, as: "admin"}).(map[string]any)
		items, is := log["Items"].([]any)
		var got string
		for _, item := range items {
			name := item.(map[string]any)["Name"].(string)
			name, _, _ = strings.Cut(name, " (")
			got += name[len(name)-1:]
		}
		if !is || got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
		if limited := strings.Contains(strings.ToLower(query), "limit="); !limited && log["TotalRecordCount"] != float64(len(want)) {
			t.Errorf("%s: TotalRecordCount is %v, want %d", query, log["TotalRecordCount"], len(want))
		} else if query == "limit=2&startIndex=1" && (log["TotalRecordCount"] != 4. || log["StartIndex"] != 1.) {
			t.Errorf("a page says that it begins at %v of %v", log["StartIndex"], log["TotalRecordCount"])
		}
	}
	w.play(t,
		scenario{name: "no number", do: "GET /System/ActivityLog/Entries?limit=x", as: "admin", want: problem(400, `{"limit":["The value 'x' is not valid."]}`)},
		scenario{name: "no date", do: "GET /System/ActivityLog/Entries?minDate=yesterday", as: "admin", want: problem(400, `{"minDate":["The value 'yesterday' is not valid."]}`)},
		scenario{name: "no truth", do: "GET /System/ActivityLog/Entries?hasUserId=perhaps", as: "admin", want: problem(400, `{"hasUserId":["The value 'perhaps' is not valid."]}`)},
	)
}

// Who did it is told where Jellyfin has no such entry; there an entry has what Jellyfin's has, and not a member more.
func TestActivityEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.entries()
	one := func(name, item string) scenario {
		return scenario{name: name, do: "GET /System/ActivityLog/Entries?limit=1&name=" + strings.ReplaceAll(name, " ", "+"), as: "admin",
			want: jsonOf(200, fmt.Sprintf(`{"Items":[%s],"TotalRecordCount":1,"StartIndex":0}`, item))}
	}
	scenarios := []scenario{
		one("ann came 1", `{"Id":<number>,"Name":"ann came 1","ShortOverview":"IP address: 192.0.2.7","Type":"AuthenticationSucceeded","Date":"<date>","UserId":"${ann}","Severity":"Information"}`),
		one("ben failed 2", `{"Id":<number>,"Name":"ben failed 2 (40 times)","ShortOverview":"IP address: 198.51.100.9","Type":"AuthenticationFailed","Date":"<date>","UserId":"00000000000000000000000000000000","Severity":"Error"}`),
		one("ben is new 3", `{"Id":<number>,"Name":"ben is new 3","Type":"UserCreated","Date":"<date>","UserId":"${ben}","Severity":"Information",
			"ShortOverview":"IP address: 192.0.2.7","Overview":"By admin"}`),
		one("a policy changed 4", `{"Id":<number>,"Name":"a policy changed 4","Overview":"By admin","ShortOverview":"IP address: 192.0.2.8","Type":"UserPolicyUpdated","Date":"<date>","UserId":"${ann}","Severity":"Warning"}`),
	}
	for i := range scenarios { // ids grow by one
		s := &scenarios[i]
		log, _ := w.json(scenario{do: s.do, as: "admin"}).(map[string]any)
		item := log["Items"].([]any)[0].(map[string]any)
		s.want.body = strings.Replace(s.want.body, "<number>", fmt.Sprint(item["Id"]), 1)
	}
	w.play(t, scenarios...)
}
