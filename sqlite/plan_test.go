package sqlite

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/storetest"
)

// mayScan are the statements that read a whole table or index, with the reason.
var mayScan = map[string]string{
	selectUsers:                    "has no order and is never run alone",
	selectUsers + usersInOrder:     "lists all",
	countUsers:                     "counts all; users are people",
	selectDevices:                  "has no order and is never run alone",
	selectDevices + devicesInOrder: "lists all, or the first of an index",
	countDevices:                   "counts all, in an index",
	deleteDevices:                  "deletes all",
	selectAPIKeys:                  "lists all; keys are made by hand",
	selectActivities:               "has no order and is never run alone",
	selectActivities + activityOrder(nil) + inPages: "lists all, or the first of an index",
	countActivities:            "counts all, in an index",
	selectFailures:             "lists the first of an index",
	selectCrowdingQuickConnect: "its inner part stops at the first entry of an index",

	selectUsers + " WHERE (password_hash <> '') = ?" + usersInOrder:                                                       "users are people, and nearly all have a password",
	countUsers + " WHERE (password_hash <> '') = ?":                                                                       "users are people, and nearly all have a password",
	selectUsers + " WHERE is_disabled = ?" + usersInOrder:                                                                 "users are people, and nearly all are not disabled",
	countUsers + " WHERE is_disabled = ?":                                                                                 "users are people, and nearly all are not disabled",
	selectUsers + " WHERE is_disabled = ? AND (password_hash <> '') = ?" + usersInOrder:                                   "the same",
	countUsers + " WHERE is_disabled = ? AND (password_hash <> '') = ?":                                                   "the same",
	selectUsers + " WHERE instr(normalized_name, ?) > 0" + usersInOrder:                                                   "users are people, and a part may be anywhere in a name",
	countUsers + " WHERE instr(normalized_name, ?) > 0":                                                                   "the same",
	selectUsers + " WHERE (password_hash <> '') = ? AND instr(normalized_name, ?) > 0" + usersInOrder:                     "the same",
	countUsers + " WHERE (password_hash <> '') = ? AND instr(normalized_name, ?) > 0":                                     "the same",
	selectUsers + " WHERE is_disabled = ? AND instr(normalized_name, ?) > 0" + usersInOrder:                               "the same",
	countUsers + " WHERE is_disabled = ? AND instr(normalized_name, ?) > 0":                                               "the same",
	selectUsers + " WHERE is_disabled = ? AND (password_hash <> '') = ? AND instr(normalized_name, ?) > 0" + usersInOrder: "the same",
	countUsers + " WHERE is_disabled = ? AND (password_hash <> '') = ? AND instr(normalized_name, ?) > 0":                 "the same",
	selectDevices + " WHERE token_hash <> ?" + devicesInOrder:                                                             "lists all but one",
	countDevices + " WHERE token_hash <> ?":                                                                               "counts all but one",
	deleteDevices + " WHERE token_hash <> ?" + returningDevices:                                                           "deletes all but one",
}

// TestPlans wants every statement to find its rows through an index, so that no table makes it slow by growing. A plan
// includes what foreign keys and triggers add.
func TestPlans(t *testing.T) {
	t.Parallel()
	statements := make(map[string]string) // text → name
	for name, text := range storetest.Constants(t) {
		if isStatement.MatchString(text) && !strings.HasPrefix(name, "copy") { // those read everything
			statements[text] = name
		}
	}
	if len(statements) < 40 {
		t.Fatalf("found %d statements, want all", len(statements))
	}
	yes := true
	for bits := range 32 {
		member := func(bit int) *bool {
			if bits&bit == 0 {
				return nil
			}
			return &yes
		}
		filter := finlatch.UserFilter{Administrator: member(1), Disabled: member(2), Hidden: member(4), HasPassword: member(8)}
		if bits&16 != 0 {
			filter.NamePart = "x"
		}
		where := userConditions(filter).String()
		statements[selectUsers+where+usersInOrder] = "Users" + where
		statements[countUsers+where] = "CountUsers" + where
	}
	for bits := range 32 {
		var filter finlatch.DeviceFilter
		if bits&1 != 0 {
			filter.UserID[0] = 1
		}
		if bits&2 != 0 {
			filter.DeviceID = "x"
		}
		if bits&4 != 0 {
			filter.TokenHash[0] = 1
		}
		if bits&8 != 0 {
			filter.Except[0] = 1
		}
		if bits&16 != 0 {
			filter.ActiveSince = time.Unix(1, 0)
		}
		where := deviceConditions(filter).String()
		statements[selectDevices+where+devicesInOrder] = "Devices" + where
		statements[countDevices+where] = "CountDevices" + where
		if where != "" {
			statements[deleteDevices+where+returningDevices] = "DeleteDevices" + where
		}
	}
	for bits := range 64 {
		var filter finlatch.ActivityFilter
		if bits&1 != 0 {
			filter.UserID[0] = 1
		}
		if bits&2 != 0 {
			filter.Type = "x"
		}
		if bits&4 != 0 {
			filter.Since = time.Unix(1, 0)
		}
		if bits&8 != 0 {
			filter.Until = time.Unix(1, 0)
		}
		if bits&16 != 0 {
			filter.HasUser = &yes
		}
		if bits&32 != 0 {
			filter.Severity = "x"
		}
		where := activityConditions(filter).String()
		statements[selectActivities+where+activityOrder(nil)+inPages] = "Activities" + where
		statements[countActivities+where] = "Activities" + where
	}

	store := openInternal(t, filepath.Join(t.TempDir(), "finlatch.db"))
	for _, text := range slices.Sorted(maps.Keys(statements)) {
		for _, step := range plan(t, store, text) {
			t.Logf("%s: %s", statements[text], step)
			if _, allowed := mayScan[text]; strings.HasPrefix(step, "SCAN ") && step != "SCAN CONSTANT ROW" && !allowed {
				t.Errorf("%s: %s\n\t%s", statements[text], step, text)
			}
		}
	}
	for text, reason := range mayScan {
		if statements[text] == "" {
			t.Errorf("there is no such statement, though it %s:\n\t%s", reason, text)
		}
	}
}

var isStatement = regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH) `)

func plan(t *testing.T, store *Store, statement string) (steps []string) {
	t.Helper()
	rows, err := store.writer.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, make([]any, 20)...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	return steps
}
