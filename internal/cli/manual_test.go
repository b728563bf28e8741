package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/finlatch/finlatch/internal/cli"
)

// TestManual finds every flag and argument, with its help, in the help of the command that takes it.
func TestManual(t *testing.T) {
	t.Parallel()
	app, err := cli.Model(&cli.Program{Environ: []string{"HOME=/home/anna"}})
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		var command *kong.Node
		switch n := node.(type) {
		case *kong.Application:
			command = n.Node
		case *kong.Node:
			command = n
		default:
			return next(nil)
		}
		pages++
		t.Run(command.FullPath(), func(t *testing.T) { checkPage(t, command) })
		return next(nil)
	})
	if pages < 12 {
		t.Errorf("%d pages of the manual were looked at", pages)
	}
}

func checkPage(t *testing.T, command *kong.Node) {
	page := done(t, "", append(strings.Fields(command.Path()), "--help")...)
	words := strings.Join(strings.Fields(page), " ")
	flags, wants := command.AllFlags(true), []string{"    finlatch ", "xit code", "default:"}
	if command.Group != nil && command.Group.Key == "client" { // these refuse the flags of a server
		flags, wants = [][]*kong.Flag{command.Flags}, wants[:2]
		if strings.Contains(page, "FINLATCH_") {
			t.Error("the help mentions a setting of a server")
		}
	}
	for _, level := range flags {
		for _, flag := range level {
			if !strings.HasSuffix(strings.TrimSuffix(flag.Help, " (FINLATCH_CONFIG)"), ".") {
				t.Errorf("--%s has the help %q, which is no sentence", flag.Name, flag.Help)
			}
			if !strings.Contains(page, "--"+flag.Name) {
				t.Errorf("the help does not mention --%s", flag.Name)
			}
			if flag.Tag.Has("setting") && !strings.Contains(words, "(FINLATCH_"+strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))) {
				t.Errorf("the help does not mention the variable of --%s", flag.Name)
			}
		}
	}
	for _, argument := range command.Positional {
		if argument.Help == "" {
			t.Errorf("the argument %s has no help", argument.Name)
		}
	}
	if command.Detail == "" && command.Parent != nil {
		t.Error("the page has no text")
	}
	for _, wanted := range wants {
		if !strings.Contains(page, wanted) {
			t.Errorf("the page has no %q", wanted)
		}
	}
}

// TestSecret keeps the values of secret settings out of what is printed.
func TestSecret(t *testing.T) {
	t.Parallel()
	var grammar struct {
		Token string `setting:"" secret:"" help:"A secret."`
		Other string `setting:"" secret:"" help:"A secret that is not set."`
		Level int    `setting:"" secret:"" default:"1" help:"A secret number."`
	}
	parser, err := kong.New(&grammar)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--token", "hunter2", "--level", "4711"}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := cli.PrintSettings(&out, parser.Model); err != nil {
		t.Fatal(err)
	}
	want := "# test\n# token = (hidden)\n\n# test\nother =\n\n# test\n# level = (hidden)\n"
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
	for _, flag := range parser.Model.Flags {
		if flag.Name == "level" {
			if err := cli.CheckValue(flag, "hunter2"); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a wrong secret: %v", err)
			}
		}
	}
}

func TestConfigText(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"", "plain", "a b", " a", "a ", "a # b", "a#b", "#a", `"`, `"a"`, `a"b`, `\`, `C:\data`, "a\nb", "a\tb", "ä", "a\t# b", "=", "a=b", "\u0085",
	} {
		name := filepath.Join(t.TempDir(), "finlatch.conf")
		write(t, name, []byte("data = "+cli.ConfigText(value)+"\n"))
		key, got, err := cli.ReadConfig(name)
		if err != nil || key != "data" || got != value {
			t.Errorf("%q is written %s and read %q (%v)", value, cli.ConfigText(value), got, err)
		}
	}
}

// TestCommandLinePage finds every command for servers elsewhere, and its flags, on the page about them.
func TestCommandLinePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	app, err := cli.Model(&cli.Program{})
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	for _, command := range app.Children {
		if command.Group == nil || command.Group.Key != "client" {
			continue
		}
		pages++
		_, section, found := strings.Cut(string(page), "### finlatch "+command.Name)
		if !found {
			t.Errorf("finlatch %s has no section", command.Name)
		}
		section, _, _ = strings.Cut(section, "\n#")
		for _, flag := range command.Flags {
			if flag.Name != "help" && flag.Name != "account" && !strings.Contains(section, "--"+flag.Name) {
				t.Errorf("the section of finlatch %s does not mention --%s", command.Name, flag.Name)
			}
		}
	}
	if pages < 11 {
		t.Errorf("%d sections were looked at", pages)
	}
}
