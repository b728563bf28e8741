package archtest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/finlatch/finlatch"

// anything marks a package that may import everything of ours but the test kits.
const anything = "*"

// table is who may import whom, of ours. Change it when the design changes, and say why in the commit. Test files are
// exempt; a package that is not here fails, so that no "util" slips in.
var table = map[string][]string{
	".":                  {"internal/password", "internal/throttle"},
	"jellyfin":           {},
	"discovery":          {"jellyfin"},
	"jellyfin/keyring":   {"jellyfin"},
	"finlatchtest":       {".", "server", "sqlite", "jellyfin"},
	"internal/password":  {},
	"internal/throttle":  {},
	"sqlite":             {"."},
	"postgres":           {"."},
	"internal/storetest": {"."},
	"internal/pgtest":    {},
	"internal/metrics":   {".", "internal/httpx"},
	"internal/httpx":     {"."},
	"server":             {".", "jellyfin", "internal/httpx"},
	"gateway":            {".", "jellyfin", "discovery", "internal/httpx"},
	"web":                {".", "internal/httpx"},
	"internal/takeover":  {".", "jellyfin", "internal/password"},
	"internal/cli":       {anything},
	"cmd/finlatch":       {"internal/cli"},
	"internal/archtest":  {},
}

var kits = []string{"internal/storetest", "internal/pgtest", "finlatchtest"}

// standardOnly are packages that other people import for themselves, without anything else coming along.
var standardOnly = []string{"jellyfin", "discovery"}

// The files are parsed here, not by a child process: what a test opens itself, the test cache watches.
func TestImports(t *testing.T) {
	t.Parallel()
	for dir, files := range packages(t) {
		allowed, listed := table[dir]
		if !listed {
			t.Errorf("package %s is not in the import table", dir)
			continue
		}
		for _, file := range files {
			for _, spec := range file.Imports {
				name, _ := strconv.Unquote(spec.Path.Value)
				ours, isOurs := strings.CutPrefix(name+"/", module+"/")
				ours = path.Clean(ours)
				switch {
				case isOurs && slices.Contains(allowed, anything) && !slices.Contains(kits, ours):
				case isOurs && !slices.Contains(allowed, ours):
					t.Errorf("%s imports %s", dir, name)
				case !isOurs && slices.Contains(standardOnly, dir) && strings.Contains(strings.Split(name, "/")[0], "."):
					t.Errorf("%s imports %s, which is not in the standard library", dir, name)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for dir, files := range packages(t) {
		commented := slices.ContainsFunc(files, func(f *ast.File) bool {
			return f.Doc != nil && (strings.HasPrefix(f.Doc.Text(), "Package "+f.Name.Name+" ") || f.Name.Name == "main")
		})
		if !commented {
			t.Errorf("package %s has no comment", dir)
		}
	}
}

func TestTableNamesOnlyPackagesThatAreThere(t *testing.T) {
	t.Parallel()
	found := packages(t)
	for dir := range table {
		if found[dir] == nil {
			t.Errorf("%s is in the import table and not in the tree", dir)
		}
	}
}

// packages are the Go files of the main module by folder, without tests.
func packages(t *testing.T) map[string][]*ast.File {
	t.Helper()
	root := filepath.Join("..", "..")
	found := map[string][]*ast.File{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			_, notModule := os.Stat(filepath.Join(name, "go.mod"))
			if name != root && (notModule == nil || strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		found[filepath.ToSlash(dir)] = append(found[filepath.ToSlash(dir)], file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
