package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

const variablePrefix = "FINLATCH_"

// testVariable is no setting: it names a PostgreSQL for the tests, which start servers, too.
const testVariable = "FINLATCH_TEST_POSTGRES"

// variable is the name of a setting's variable: FINLATCH_LOG_LEVEL for log-level.
func variable(name string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

func isSetting(flag *kong.Flag) bool { return flag.Tag != nil && flag.Tag.Has("setting") }

func isSecret(flag *kong.Flag) bool { return flag.Tag != nil && flag.Tag.Has("secret") }

// allSettings lists the settings of every command once, in the order in which the grammar has them.
func allSettings(app *kong.Application) []*kong.Flag {
	var flags []*kong.Flag
	seen := map[string]bool{}
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && isSetting(flag) && !seen[flag.Name] {
			seen[flag.Name] = true
			flags = append(flags, flag)
		}
		return next(nil)
	})
	return flags
}

// setValue is what a source says about a setting.
type setValue struct {
	text string
	from string // the variable, or the file and the line
	dir  string // what a path in it is relative to; empty: the working directory
}

// sources are the configuration file and the variables: between the defaults and the flags, the variables above the file.
// They are a kong.Resolver.
type sources map[string]setValue

// readSources reads the configuration file (the default one, if it is there, where config is empty) and the variables,
// and refuses names that are no settings.
func (p *Program) readSources(app *kong.Application, config path) (sources, error) {
	flags := allSettings(app)
	s := sources{}
	variables, err := p.variables(flags)
	if err != nil {
		return nil, err
	}
	if config == "" {
		if err := config.UnmarshalText([]byte(variables["config"])); err != nil {
			return nil, err
		}
	}
	file, err := p.openConfig(config)
	if err != nil {
		return nil, err
	}
	if file != nil {
		if err := s.addFile(file, flags); err != nil {
			return nil, err
		}
	}
	for name, value := range variables {
		s[name] = setValue{text: value, from: variable(name)}
	}
	return s, nil
}

// openConfig reads the configuration file: nil where none is named and the default one is not there.
func (p *Program) openConfig(named path) (*configFile, error) {
	if named != "" {
		return readConfigFile(string(named))
	}
	name := p.defaultConfig()
	if name == "" {
		return nil, nil
	}
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return readConfigFile(name)
}

// variables has the variables by the names of their settings.
func (p *Program) variables(flags []*kong.Flag) (map[string]string, error) {
	names := map[string]string{variable("config"): "config"}
	for _, flag := range flags {
		names[variable(flag.Name)] = flag.Name
	}
	found := map[string]string{}
	for _, entry := range p.Environ {
		key, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(key, variablePrefix) || key == testVariable {
			continue
		}
		name, known := names[key]
		if !known {
			return nil, misused(didYouMean(key, keys(names)), "%s: there is no such setting", key)
		}
		found[name] = value
	}
	return found, nil
}

func (s sources) addFile(file *configFile, flags []*kong.Flag) error {
	lists := map[string]bool{}
	var names []string
	for _, flag := range flags {
		names = append(names, flag.Name)
		switch flag.Target.Interface().(type) {
		case networks, hostNames:
			lists[flag.Name] = true
		}
	}
	for _, line := range file.lines {
		before, again := s[line.key]
		switch {
		case !slices.Contains(names, line.key):
			return misused(didYouMean(line.key, names), "%s: %s: there is no such setting", file.at(line.number), line.key)
		case again && !lists[line.key]:
			return misused("", "%s: %s is set a second time, after %s", file.at(line.number), line.key, before.from)
		case again:
			line.value = before.text + "," + line.value
		}
		s[line.key] = setValue{text: line.value, from: file.at(line.number), dir: filepath.Dir(file.name)}
	}
	return nil
}

func keys(m map[string]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func didYouMean(wrong string, names []string) string {
	if name := nearest(wrong, names); name != "" {
		return "did you mean " + name + "?"
	}
	return "finlatch serve --help lists the settings"
}

// Validate has nothing to do: names are checked when the sources are read, values when they are asked for.
func (s sources) Validate(*kong.Application) error { return nil }

// Resolve is the value that the sources have for a flag that was not given, checked here because only here it is known
// who said it.
func (s sources) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, found := s[flag.Name]
	if !found || !isSetting(flag) {
		return nil, nil
	}
	if _, is := flag.Target.Interface().(path); is && value.dir != "" && value.text != "" && !filepath.IsAbs(value.text) {
		value.text = filepath.Join(value.dir, value.text)
	}
	from := value.from
	if from != variable(flag.Name) {
		from += ": " + flag.Name
	}
	if err := checkValue(flag, value.text); err != nil {
		return nil, misused("", "%s: %s", from, err)
	}
	return value.text, nil
}

func checkValue(flag *kong.Flag, text string) error {
	// An empty network list must not quietly mean the default, which is wider than what was probably meant.
	if strings.TrimSpace(text) == "" && flag.Default != "" {
		return fmt.Errorf("there is no value; the default is %s", flag.Default)
	}
	if flag.Enum != "" && !slices.Contains(flag.EnumSlice(), text) {
		return fmt.Errorf("must be one of %s", strings.Join(flag.EnumSlice(), ", "))
	}
	target := reflect.New(flag.Target.Type()).Elem()
	scan := kong.ScanFromTokens(kong.Token{Value: text, Type: kong.FlagValueToken})
	err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, target)
	if err != nil && isSecret(flag) {
		return errors.New("the value is not valid")
	}
	return err
}
