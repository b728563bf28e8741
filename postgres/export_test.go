package postgres

import (
	"regexp"
	"strings"
	"time"

	"github.com/finlatch/finlatch"
)

var isStatement = regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE) `)

// Statements are all statements that the package runs on a request, by what they are for: those of its constants, but for the ones
// that read everything, and those that filters make.
func Statements(constants map[string]string) map[string]string {
	statements := map[string]string{}
	for name, text := range constants {
		if isStatement.MatchString(text) && !strings.HasPrefix(name, "copy") && !strings.HasSuffix(text, " LIMIT ") {
			statements[name] = text
		}
	}
	for _, unfinished := range []string{"selectUsers", "selectDevices", "selectActivities", "countUsers", "countDevices", "countActivities"} {
		delete(statements, unfinished)
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
		where := userConditions(filter)
		statements["CountUsers"+where.String()] = countUsers + where.String()
		statements["Users"+where.String()] = selectUsers + where.String() + usersInOrder + where.parameter(1)
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
		where := deviceConditions(filter)
		statements["CountDevices"+where.String()] = countDevices + where.String()
		if bits != 0 {
			statements["DeleteDevices"+where.String()] = deleteDevices + where.String() + returningDevices
		}
		statements["Devices"+where.String()] = selectDevices + where.String() + devicesInOrder + where.parameter(1)
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
		where := activityConditions(filter)
		statements["CountActivities"+where.String()] = countActivities + where.String()
		statements["Activities"+where.String()] = selectActivities + where.String() + activityOrder(nil) + " LIMIT " + where.parameter(1)
	}
	return statements
}
