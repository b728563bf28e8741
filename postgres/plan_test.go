package postgres_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/finlatch/finlatch/internal/storetest"
	"github.com/finlatch/finlatch/postgres"
)

// mayScan are what reads a whole table or index, with the reason. Statements are named by how they begin.
var mayScan = []struct{ begin, reason string }{
	{"deleteDevices", "deletes all"},
	{"selectAPIKeys", "lists all; keys are made by hand"},
	{"selectFailures", "lists the first of an index"},
	{"selectCrowdingQuickConnect", "stops at the first entry of an index"},
	{"Users WHERE", "users are people"},
	{"CountUsers WHERE (password_hash", "users are people, and nearly all have a password"},
	{"CountUsers WHERE is_disabled = $1", "users are people, and nearly all are not disabled"},
	{"CountUsers WHERE strpos", "users are people, and a part may be anywhere in a name"},
	{"Devices WHERE token_hash <> $1", "lists all but one"},
	{"CountDevices WHERE token_hash <> $1", "counts all but one"},
	{"DeleteDevices WHERE token_hash <> $1", "deletes all but one"},
}

// mayScanAlone are what lists or counts everything: without a condition.
var mayScanAlone = []string{"Users", "CountUsers", "Devices", "CountDevices", "Activities", "CountActivities"}

// TestPlans wants every statement to find its rows through an index, so that no table makes it slow by growing.
func TestPlans(t *testing.T) {
	t.Parallel()
	at := server.Database(t)
	if err := open(t, at).Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "SET enable_seqscan = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan"); err != nil {
		t.Fatal(err)
	}
	statements := postgres.Statements(storetest.Constants(t))
	if len(statements) < 200 {
		t.Fatalf("found %d statements, want all", len(statements))
	}
	used := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(statements)) {
		allowed := slices.Contains(mayScanAlone, name)
		for _, may := range mayScan {
			if strings.HasPrefix(name, may.begin) {
				allowed, used[may.begin] = true, true
			}
		}
		if scan := scans(plan(t, conn, statements[name])); scan != "" && !allowed {
			t.Errorf("%s reads all of something: %s\n\t%s", name, scan, statements[name])
		}
	}
	for _, may := range mayScan {
		if !used[may.begin] {
			t.Errorf("there is no %s, though it %s", may.begin, may.reason)
		}
	}
}

var parameter = regexp.MustCompile(`\$[0-9]+`)

// plan is a statement's plan for any arguments.
func plan(t *testing.T, conn *pgx.Conn, statement string) (lines []string) {
	t.Helper()
	names := map[string]bool{}
	for _, name := range parameter.FindAllString(statement, -1) {
		names[name] = true
	}
	if _, err := conn.Exec(t.Context(), "PREPARE planned AS "+statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	execute := "EXPLAIN (COSTS OFF) EXECUTE planned"
	if len(names) > 0 {
		execute += "(NULL" + strings.Repeat(", NULL", len(names)-1) + ")"
	}
	rows, err := conn.Query(t.Context(), execute, pgx.QueryExecModeSimpleProtocol)
	if err == nil {
		lines, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err == nil {
		_, err = conn.Exec(t.Context(), "DEALLOCATE planned")
	}
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return lines
}

var indexScan = regexp.MustCompile(`Index (Only )?Scan (Backward )?using (\w+)`)

// scans is the step of a plan that reads a whole table or index, empty where there is none.
func scans(lines []string) string {
	for i, line := range lines {
		if strings.Contains(line, "Seq Scan on") {
			return strings.TrimSpace(line)
		}
		if indexScan.MatchString(line) && (i+1 == len(lines) || !strings.Contains(lines[i+1], "Index Cond:")) && !partial(line) {
			return fmt.Sprintf("%s with nothing to look for", strings.TrimSpace(line))
		}
	}
	return ""
}

// partial tells whether an index has few rows by its nature.
func partial(line string) bool {
	for _, index := range []string{"api_keys_readable", "quick_connects_salted", "quick_connect_networks_by_size"} {
		if strings.Contains(line, index) {
			return true
		}
	}
	return false
}
