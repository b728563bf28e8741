package server

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

const usualActivityPage = 100

// activityLog shows what happened, with the filters of Jellyfin 12.
func (s *Server) activityLog(r *request) (any, error) {
	filter, possible, err := r.activityFilter()
	if err != nil {
		return nil, err
	}
	result := jellyfin.QueryResult[*jellyfin.ActivityLogEntry]{StartIndex: filter.Offset}
	if !possible {
		return result, nil
	}
	entries, total, err := s.service.ActivityLog(r.Context(), r.caller, filter)
	if err != nil {
		return nil, err
	}
	result.TotalRecordCount = total
	for i := range entries {
		result.Items = append(result.Items, activityDto(&entries[i]))
	}
	return result, nil
}

// activityFilter reads the query. Where it asks for what no entry has, none is possible.
func (r *request) activityFilter() (filter finlatch.ActivityFilter, possible bool, err error) {
	q := r.query
	filter = finlatch.ActivityFilter{
		NamePart: q.Get("name"), TypePart: q.Get("type"), UserNamePart: q.Get("username"),
		AddressPart: strings.TrimPrefix(q.Get("shortOverview"), addressNote), ByNamePart: strings.TrimPrefix(q.Get("overview"), byNote),
		Severity: severity(q.Get("severity")), Sort: activitySort(q.List("sortBy"), q.List("sortOrder")), Limit: usualActivityPage,
	}
	for name, to := range map[string]*int{"startIndex": &filter.Offset, "limit": &filter.Limit} {
		n, err := q.Int(name)
		if err != nil {
			return filter, false, err
		}
		if n != nil {
			*to = max(*n, 0)
		}
	}
	for name, to := range map[string]*time.Time{"minDate": &filter.Since, "maxDate": &filter.Until} {
		text := q.Get(name)
		if text == "" {
			continue
		}
		var at jellyfin.Time
		if at.UnmarshalText([]byte(text)) != nil {
			return filter, false, httpx.Invalid(name, printable(text))
		}
		*to = at.Time
	}
	if filter.HasUser, err = q.Bool("hasUserId"); err != nil {
		return filter, false, err
	}
	return filter, q.Get("itemId") == "", nil
}

// severity is a level's name as the log spells it, or nothing, which Jellyfin takes for all.
func severity(name string) string {
	for _, known := range jellyfin.LogLevel("").Values() {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return ""
}

// activityColumns are the names of ActivityLogSortBy; the second is Jellyfin's spelling.
var activityColumns = []struct {
	name   string
	column finlatch.ActivityColumn
}{
	{"Name", finlatch.ActivityByName},
	{"Overiew", finlatch.ActivityByTime},
	{"ShortOverview", finlatch.ActivityByAddress},
	{"Type", finlatch.ActivityByType},
	{"DateCreated", finlatch.ActivityByTime},
	{"Username", finlatch.ActivityByUserName},
	{"LogSeverity", finlatch.ActivityBySeverity},
}

// activitySort pairs columns with orders; columns beyond the orders take the first, and unknown names are dropped.
func activitySort(columns, orders []string) (sort []finlatch.ActivitySort) {
	orders = slices.DeleteFunc(orders, func(order string) bool {
		return !strings.EqualFold(order, "Ascending") && !strings.EqualFold(order, "Descending")
	})
	for _, column := range columns {
		for _, known := range activityColumns {
			if !strings.EqualFold(known.name, column) || slices.ContainsFunc(sort, func(s finlatch.ActivitySort) bool { return s.By == known.column }) {
				continue
			}
			by := finlatch.ActivitySort{By: known.column, Ascending: true}
			if n := len(sort); n < len(orders) {
				by.Ascending = strings.EqualFold(orders[n], "Ascending")
			} else if len(orders) > 0 {
				by.Ascending = strings.EqualFold(orders[0], "Ascending")
			}
			sort = append(sort, by)
		}
	}
	return sort
}

// What short overviews and overviews begin with. The first is Jellyfin's.
const (
	addressNote = "IP address: "
	byNote      = "By "
)

func activityDto(entry *finlatch.LoggedActivity) *jellyfin.ActivityLogEntry {
	dto := &jellyfin.ActivityLogEntry{ID: entry.ID, Name: entry.Name, Type: entry.Type, Date: jellyfin.TimeOf(entry.At),
		UserID: jellyfin.GUID(entry.UserID), Severity: jellyfin.LogLevel(entry.Severity)}
	if entry.Refusal {
		dto.UserID = jellyfin.GUID{} // as in Jellyfin, whose dashboard shows what is about nobody as a warning
	}
	if entry.Count > 1 {
		dto.Name = fmt.Sprintf("%s (%d times)", entry.Name, entry.Count)
	}
	if entry.Address.IsValid() {
		dto.ShortOverview = optional(addressNote + entry.Address.String())
	}
	if entry.ByName != "" && entry.ByID != entry.UserID {
		dto.Overview = optional(byNote + entry.ByName)
	}
	return dto
}
