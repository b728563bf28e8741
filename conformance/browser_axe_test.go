package conformance_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The checkers from npm and their lock file.
const browserFolder = "browser"

var axe = sync.OnceValues(func() ([]byte, error) {
	return os.ReadFile(filepath.Join(browserFolder, "node_modules", "axe-core", "axe.min.js"))
})

// finding is a rule that a page breaks, or that axe cannot decide.
type finding struct {
	Rule, Help, Impact string
	Nodes              []string
}

func (f finding) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t%s", f.Rule, f.Impact, f.Help, strings.Join(f.Nodes, "\n\t"))
}

// axeRun runs all rules of WCAG 2.2 AA and the best practices. The one about the size of targets is off by default.
const axeRun = `axe.run(document, {
  preload: false,
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  rules: { 'target-size': { enabled: true } },
  resultTypes: ['violations', 'incomplete'],
}).then(({ violations, incomplete, passes }) => {
  const tell = (found) => found.map(({ id, help, impact, nodes }) => ({ Rule: id, Help: help, Impact: impact ?? '',
    Nodes: nodes.map(({ html, any }) => html.slice(0, 160) + any.map(({ message }) => ' — ' + message).join('')) }));
  return { Violations: tell(violations), Incomplete: tell(incomplete), Passes: passes.length };
})`

// barred is what axe finds on the page. The browser's protocol puts it there: the page's policy would not let it in.
func (b *tab) barred(t *testing.T) (faults []string) {
	t.Helper()
	source, err := axe()
	if err != nil {
		t.Fatal(err)
	}
	if !evaluate[bool](t, b, "'axe' in window") {
		evaluate[*int](t, b, string(source)+"; null")
	}
	got := evaluate[struct {
		Violations, Incomplete []finding
		Passes                 int
	}](t, b, axeRun)
	if got.Passes < 10 {
		faults = append(faults, fmt.Sprintf("axe found only %d rules to apply", got.Passes))
	}
	for _, f := range got.Violations {
		faults = append(faults, f.String())
	}
	for _, f := range got.Incomplete {
		t.Logf("axe cannot tell: %s", f)
	}
	return faults
}

// invalid is what is wrong with the HTML in the files of a folder. Three rules that are about taste are off or milder.
func invalid(t *testing.T, folder string) (faults []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.html"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no page to check: %v", err)
	}
	absolute, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	check := exec.CommandContext(t.Context(), "node", "node_modules/html-validate/bin/html-validate.mjs", "--config", "html-validate.json", "--formatter", "text", absolute)
	check.Dir = browserFolder
	if output, err := check.CombinedOutput(); err != nil {
		faults = append(faults, fmt.Sprintf("of %d pages: %v\n%s", len(files), err, output))
	}
	return faults
}
