package server_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/server"
)

// levelNames is how docs/api.md calls who may.
var levelNames = map[finlatch.Level]string{
	finlatch.LevelAnybody: "anybody", finlatch.LevelUser: "user", finlatch.LevelAnyHour: "user, any hour", finlatch.LevelAdmin: "admin",
	finlatch.LevelSetupOrUser: "set-up, then user", finlatch.LevelSetupOrAdmin: "set-up, then admin",
}

// apiLine is an operation in docs/api.md: method, path, who may, what it does.
var apiLine = regexp.MustCompile("(?m)^\\| (any|[A-Z]+) \\| `(/[^`]*)` \\| ([^|]+) \\| ([^|]+) \\|$")

// Who reads docs/api.md finds every operation there, once, with who may call it, and none that is not.
func TestEveryRouteIsInTheManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	levels, told := server.Levels(), map[string]bool{}
	for _, line := range apiLine.FindAllStringSubmatch(string(manual), -1) {
		method, path, who := line[1], line[2], line[3]
		if method == "any" {
			method = ""
		}
		if path == "/" {
			path = "/{$}"
		}
		route := method + " " + path
		level, known := levels[route]
		switch {
		case !known:
			t.Errorf("docs/api.md tells of %s, which is no route", route)
		case told[route]:
			t.Errorf("docs/api.md tells of %s twice", route)
		case who != levelNames[level]:
			t.Errorf("docs/api.md says that %s is for %q, and it is for %q", route, who, levelNames[level])
		}
		told[route] = true
	}
	for route := range levels {
		if !told[route] {
			t.Errorf("docs/api.md does not tell of %s", route)
		}
	}
}
