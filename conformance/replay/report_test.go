package replay_test

import (
	"strings"
	"testing"

	"github.com/finlatch/finlatch/conformance/replay"
)

func lists(t *testing.T, lines ...string) *replay.Lists {
	t.Helper()
	parsed, err := replay.ParseLists(strings.NewReader(strings.Join(lines, "\n")), "")
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestParseListsRefuses(t *testing.T) {
	tests := []struct{ name, document, want string }{
		{"no reason", "```divergences\na/b | status | 400 |\n```", "2: "},
		{"no value", "# Title\n\n```divergences\na/b | status\n```", "4: "},
		{"no path", "```divergences\na/b | nowhere | 400 | so\n```", "2: "},
		{"no step", "```divergences\na | status | 400 | so\n```", "2: "},
		{"a status that is none", "```divergences\na/b | status | many | so\n```", "2: "},
		{"JSON that is none", "```divergences\na/b | $.X | {1} | so\n```", "2: "},
		{"text for JSON", "```divergences\na/b | $.X | word | so\n```", "2: "},
		{"something after the value", "```divergences\na/b | $.X | \"word\" more | so\n```", "2: "},
		{"a member twice", "```divergences\na/b | $.X | {\"a\":1,\"a\":1} | so\n```", "2: "},
		{"twice the same", "```divergences\na/b | status | 400 | so\n\na/b | status | 400 | so\n```", "4: "},
		{"waiting without a reason", "```waiting\na/b\n```", "2: "},
		{"waiting with too much", "```waiting\na/b | status | so\n```", "2: "},
		{"not closed", "text\n```waiting\na/b | so\n", "2: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := replay.ParseLists(strings.NewReader(test.document), "")
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want an error of line %s", err, test.want)
			}
		})
	}
}

// A server that stands in front of another has lists of its own on top of the others, which nobody else sees.
func TestListsOfAStanding(t *testing.T) {
	document := "```divergences\na/one | status | 400 | so\n```\n```gateway divergences\na/two | status | 401 | so\n```\n```gateway waiting\na/three | so\n```"
	result := func(steps ...replay.StepResult) []*replay.Result {
		return []*replay.Result{{Scenario: "a", Steps: steps}}
	}
	differs := func(step, status string) replay.StepResult {
		return replay.StepResult{Name: step, Differences: []replay.Difference{{Scenario: "a", Step: step, Path: "status", Ours: status}}}
	}
	for _, test := range []struct {
		standing         string
		results          []*replay.Result
		problems, listed int
	}{
		{"", result(differs("one", "400")), 0, 1},
		{"", result(differs("one", "400"), differs("two", "401")), 1, 1},
		{"gateway", result(differs("one", "400"), differs("two", "401"), differs("three", "500")), 0, 2},
		{"gateway", result(differs("one", "400"), differs("three", "500")), 1, 1},
		{"other", result(differs("one", "400"), differs("two", "401")), 1, 1},
	} {
		parsed, err := replay.ParseLists(strings.NewReader(document), test.standing)
		if err != nil {
			t.Fatal(err)
		}
		if report := parsed.Judge(test.results); len(report.Problems) != test.problems || report.Listed != test.listed {
			t.Errorf("%q: got %v, want %d problems and %d listed", test.standing, report, test.problems, test.listed)
		}
	}
}

func TestExactValue(t *testing.T) {
	tests := []struct{ path, text, value, reason string }{
		{"status", "400 | so", "400", "so"},
		{"header:Allow", "GET, POST | so", "GET, POST", "so"},
		{"content-type", "absent | so", "absent", "so"},
		{"$.A", "absent | so | and so", "absent", "so | and so"},
		{"$", "empty | so", "empty", "so"},
		{"$", `text "a | b" | so`, `text "a | b"`, "so"},
		{"$", `json {"b":1, "a":[ ]} | so`, `json {"a":[],"b":1}`, "so"},
		{"$.A", `{"b" : 1.0, "a": "<id>"} | so`, `{"a":"<id>","b":1.0}`, "so"},
		{"$.A[0]", `"Path: $ | LineNumber: 0" | so`, `"Path: $ | LineNumber: 0"`, "so"},
		{"$.A", `"<id>" = ok.first $.AccessToken | so`, `"<id>" = ok.first $.AccessToken`, "so"},
		{"$.A", `"<id>" != ok.first $.AccessToken | so`, `"<id>" != ok.first $.AccessToken`, "so"},
		{"skipped", "TOKEN was not captured | so", "TOKEN was not captured", "so"},
	}
	for _, test := range tests {
		value, reason, err := replay.ExactValue(test.path, test.text)
		if value != test.value || reason != test.reason || err != nil {
			t.Errorf("%s %s: got %q, %q, %v, want %q, %q", test.path, test.text, value, reason, err, test.value, test.reason)
		}
	}
}

func result(scenario string, steps ...replay.StepResult) *replay.Result {
	return &replay.Result{Scenario: scenario, Steps: steps}
}

func step(name string, differences ...replay.Difference) replay.StepResult {
	for i := range differences {
		differences[i].Scenario, differences[i].Step = "10_x", name
	}
	return replay.StepResult{Name: name, Compared: true, Differences: differences}
}

func TestJudge(t *testing.T) {
	status := replay.Difference{Path: "status", Recorded: "401", Ours: "400"}
	name := replay.Difference{Path: "$.Name", Recorded: `"a"`, Ours: `"b"`}
	tests := []struct {
		name    string
		lists   []string
		results []*replay.Result
		want    []string // parts of the problems, in order
	}{
		{"nothing differs, nothing listed", nil, []*replay.Result{result("10_x", step("a.b"))}, nil},
		{"unlisted", nil, []*replay.Result{result("10_x", step("a.b", status))}, []string{"10_x/a.b status: recorded 401, got 400"}},
		{"the line to write", nil, []*replay.Result{result("10_x", step("a.b", name))}, []string{`10_x/a.b | $.Name | "b" | `}},
		{"listed", []string{"10_x/a.b | status | 400 | so"}, []*replay.Result{result("10_x", step("a.b", status))}, nil},
		{"listed for many", []string{"*/a.* | status | 400 | so"}, []*replay.Result{result("10_x", step("a.b", status), step("a.c", status), step("b"))}, nil},
		{"listed with another value", []string{"10_x/a.b | status | 403 | so"}, []*replay.Result{result("10_x", step("a.b", status))}, []string{"got 400", "line 2: no step needed"}},
		{"listed at another path", []string{`10_x/a.b | $.Nam | "b" | so`}, []*replay.Result{result("10_x", step("a.b", name))}, []string{`got "b"`, "line 2: no step needed"}},
		{"listed for another step", []string{"10_x/a.c | status | 400 | so"}, []*replay.Result{result("10_x", step("a.b", status))}, []string{"got 400", "line 2: no step needed"}},
		{"one of two listed", []string{"10_x/a.b | status | 400 | so"}, []*replay.Result{result("10_x", step("a.b", status, name))}, []string{`got "b"`}},
		{"no longer needed", []string{"10_x/a.b | status | 400 | so"}, []*replay.Result{result("10_x", step("a.b"))}, []string{"line 2: no step needed 10_x/a.b | status | 400"}},
		{"a line of another scenario", []string{"20_y/a.b | status | 400 | so"}, []*replay.Result{result("10_x", step("a.b"))}, nil},
		{"a line that need not occur", []string{"```", "```sometimes", "10_x/a.b | status | 400 | so"}, []*replay.Result{result("10_x", step("a.b"))}, nil},
		{"a line that need not occur, and does", []string{"```", "```sometimes", "10_x/a.b | status | 400 | so"}, []*replay.Result{result("10_x", step("a.b", status))}, nil},
		{"a line that need not occur, with another value", []string{"```", "```sometimes", "10_x/a.b | status | 403 | so"}, []*replay.Result{result("10_x", step("a.b", status))}, []string{"got 400"}},
		{"a line for all that none needs", []string{"*/a.b | status | 400 | so"}, []*replay.Result{result("10_x", step("a.b"))}, []string{"line 2"}},
		{"a line too many", []string{"*/a.* | status | 400 | so", "10_x/a.b | status | 400 | so"}, []*replay.Result{result("10_x", step("a.b", status))}, []string{"line 3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			report := lists(t, append(append([]string{"```divergences"}, test.lists...), "```")...).Judge(test.results)
			compareProblems(t, report, test.want)
		})
	}
}

func TestJudgeWaiting(t *testing.T) {
	status := replay.Difference{Path: "status", Recorded: "200", Ours: "404"}
	tests := []struct {
		name    string
		line    string
		results []*replay.Result
		want    []string
	}{
		{"waits", "10_x/a.b | keys", []*replay.Result{result("10_x", step("a.b", status))}, nil},
		{"many wait", "10_x/a.* | keys", []*replay.Result{result("10_x", step("a.b", status), step("a.c", status))}, nil},
		{"no longer waits", "10_x/a.* | keys", []*replay.Result{result("10_x", step("a.b", status), step("a.c"))}, []string{"10_x/a.c no longer waits"}},
		{"no such step", "10_x/b | keys", []*replay.Result{result("10_x", step("a.b"))}, []string{"line 2: no step is 10_x/b"}},
		{"another scenario", "20_y/b | keys", []*replay.Result{result("10_x", step("a.b"))}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			compareProblems(t, lists(t, "```waiting", test.line, "```").Judge(test.results), test.want)
		})
	}
}

func compareProblems(t *testing.T, report *replay.Report, want []string) {
	t.Helper()
	if len(report.Problems) != len(want) {
		t.Fatalf("got %q, want %q", report.Problems, want)
	}
	for i, problem := range report.Problems {
		if !strings.Contains(problem, want[i]) {
			t.Errorf("got %q, want %q in it", problem, want[i])
		}
	}
}

// What a report proposes as a line is understood as one and settles the difference.
func TestProposedLinesAreTaken(t *testing.T) {
	t.Parallel()
	recording := load(t, "10_password")
	faults := map[string]func(*testing.T, *reply){}
	for _, f := range faultsOf(t, "10_password") {
		faults[f.step] = f.fault
	}
	m := newMirror(t, recording, func(step string, answer *reply) {
		if fault := faults[step]; fault != nil {
			fault(t, answer)
		}
	})
	played, err := replay.Play(t.Context(), recording, replay.Options{Base: m.base()})
	if err != nil {
		t.Fatal(err)
	}
	results := []*replay.Result{played}
	document := []string{"```divergences"}
	seen := map[string]bool{}
	for _, problem := range lists(t).Judge(results).Problems {
		_, line, found := strings.Cut(problem, "unlisted: ")
		if !found {
			t.Fatalf("got %q", problem)
		}
		if !seen[line] {
			document = append(document, line+"so")
		}
		seen[line] = true
	}
	if len(document) < 10 {
		t.Fatalf("got %q", document)
	}
	compareProblems(t, lists(t, append(document, "```")...).Judge(results), nil)
}

func faultsOf(t *testing.T, scenario string) []planted {
	var found []planted
	for _, f := range faults(t) {
		if f.scenario == scenario {
			found = append(found, f)
		}
	}
	return found
}

// A waiting step teaches nothing about identity: what it answers is not held against later steps.
func TestWaitingTeachesNothing(t *testing.T) {
	tests := []struct {
		name  string
		waits bool
		want  bool // differences in later steps
	}{{"waits", true, false}, {"is judged", false, true}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			recording := load(t, "20_quick_connect")
			m := newMirror(t, recording, func(step string, answer *reply) {
				if step == "exchange.good" {
					edit(`("SessionInfo":.*"Id":)"\w+"`, `$1"0123456789abcdef0123456789abcdef"`)(t, answer)
				}
			})
			waits := func(step string) bool { return test.waits && step == "exchange.good" }
			found := differences(t, recording, replay.Options{Base: m.base(), Waits: waits})
			if got := len(found) > 0; got != test.want {
				t.Errorf("got differences %v, want some: %t", found, test.want)
			}
		})
	}
}
