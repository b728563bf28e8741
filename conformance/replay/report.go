package replay

import (
	"fmt"
	"strings"
)

// Report is the judgement on a run of one or more scenarios.
type Report struct {
	Problems []string // what is wrong; the run is as it should be if there are none
	Steps    int      // that were judged
	Equal    int      // of those, without any difference
	Listed   int      // of those, with listed differences only
	Waiting  int      // of those, waiting and rightly so
}

// String is the report for a reader: the problems, one or two lines each, and a summary.
func (r *Report) String() string {
	summary := fmt.Sprintf("%d steps: %d equal, %d as listed, %d waiting, %d problems", r.Steps, r.Equal, r.Listed, r.Waiting, len(r.Problems))
	return strings.Join(append(r.Problems, summary), "\n")
}

// Waits tells whether a step is listed as waiting.
func (l *Lists) Waits(scenario, step string) bool {
	for _, w := range l.waiting {
		if w.place.is(scenario, step) {
			return true
		}
	}
	return false
}

// Judge holds the results of one run against the lists. Wrong are: a difference that no line of the divergences has,
// with that path and that exact value; a waiting step without a difference; and a line which none of these scenarios
// needed, though it is about one of them and occurs always.
func (l *Lists) Judge(results []*Result) *Report {
	report := &Report{}
	needed := map[any]bool{}
	for _, result := range results {
		for _, step := range result.Steps {
			l.judgeStep(result.Scenario, step, report, needed)
		}
	}
	about := func(p place) bool {
		for _, result := range results {
			if glob(p.scenario, result.Scenario) {
				return true
			}
		}
		return false
	}
	for _, d := range l.divergences {
		if about(d.place) && !needed[d] && !d.sometimes {
			report.problem("line %d: no step needed %s", d.line, strings.Join([]string{d.place.text, d.path, d.value}, separator))
		}
	}
	for _, w := range l.waiting {
		if about(w.place) && !needed[w] {
			report.problem("line %d: no step is %s, which is listed as waiting", w.line, w.place.text)
		}
	}
	return report
}

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

func (l *Lists) judgeStep(scenario string, step StepResult, report *Report, needed map[any]bool) {
	report.Steps++
	for _, w := range l.waiting {
		if !w.place.is(scenario, step.Name) {
			continue
		}
		needed[w] = true
		if report.Waiting++; len(step.Differences) == 0 {
			report.problem("%s/%s no longer waits, line %d can go (%s)", scenario, step.Name, w.line, w.reason)
		}
		return
	}
	unlisted := 0
	for _, difference := range step.Differences {
		if d := l.find(difference); d != nil {
			needed[d] = true
			continue
		}
		unlisted++
		report.problem("%s\n    unlisted: %s", difference, difference.line())
	}
	switch {
	case len(step.Differences) == 0:
		report.Equal++
	case unlisted == 0:
		report.Listed++
	}
}

func (l *Lists) find(difference Difference) *divergence {
	for _, d := range l.divergences {
		if d.path == difference.Path && d.value == difference.Ours && d.place.is(difference.Scenario, difference.Step) {
			return d
		}
	}
	return nil
}

// line is the difference as a line of divergences would have it, but for the reason.
func (d Difference) line() string {
	return strings.Join([]string{d.Scenario + "/" + d.Step, d.Path, d.Ours}, separator) + separator
}
