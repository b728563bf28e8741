package cli

import (
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// configCommand prints the effective settings.
type configCommand struct {
	Settings settings `embed:""`
}

// Help is the manual's page.
func (*configCommand) Help() string { return configHelp }

// Run prints the settings as a configuration file.
func (c *configCommand) Run(p *Program, parsed *kong.Context, read sources) error {
	if err := c.Settings.check(); err != nil {
		return err
	}
	given := map[string]bool{}
	for _, step := range parsed.Path {
		if step.Flag != nil && !step.Resolved {
			given[step.Flag.Name] = true
		}
	}
	var flags []*kong.Flag
	for _, flag := range parsed.Flags() {
		if isSetting(flag) {
			flags = append(flags, flag)
		}
	}
	return printSettings(p.Stdout, flags, func(name string) string {
		switch {
		case given[name]:
			return "--" + name
		case read[name].from != "":
			return read[name].from
		}
		return "default"
	})
}

// printSettings writes the flags' values so that readConfigFile reads them; from tells where the value came from.
func printSettings(w io.Writer, flags []*kong.Flag, from func(name string) string) error {
	for i, flag := range flags {
		if i > 0 {
			fmt.Fprintln(w)
		}
		value := fmt.Sprint(flag.Target.Interface())
		if isSecret(flag) && value != "" {
			if _, err := fmt.Fprintf(w, "# %s\n# %s = (hidden)\n", from(flag.Name), flag.Name); err != nil {
				return err
			}
			continue
		}
		line := flag.Name + " ="
		if value != "" {
			line += " " + configText(value)
		}
		if _, err := fmt.Fprintf(w, "# %s\n%s\n", oneLine(from(flag.Name)), line); err != nil {
			return err
		}
	}
	return nil
}
