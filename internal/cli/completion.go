package cli

import (
	"bytes"
	"slices"
	"strings"
	"text/template"

	"github.com/alecthomas/kong"
)

// completionCommand prints a script for a shell.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is the manual's page.
func (*completionCommand) Help() string { return completionHelp }

// Run prints the script.
func (c *completionCommand) Run(p *Program, parsed *kong.Context) error {
	text := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell]
	script := template.Must(template.New(c.Shell).Funcs(template.FuncMap{"quote": shellQuote, "colon": escapeColon}).Parse(text))
	var out bytes.Buffer
	if err := script.Execute(&out, completions(parsed.Model.Node, nil)); err != nil {
		return err
	}
	_, err := p.Stdout.Write(out.Bytes())
	return err
}

// level is one command, or finlatch itself, with what may follow it.
type level struct {
	Path     string // "user add"; empty: finlatch itself
	Commands []word
	Flags    []word
	Choices  []word // of its argument
	Taking   []word // the flags that take a value, with their choices; the others have none, or any file
}

// word is something to complete.
type word struct {
	Text, Help string
	Short      string   // the flag's one letter, with its dash
	Values     []string // what may follow it
}

// completions lists every command behind a node. Flags of the commands above are each command's, too.
func completions(node *kong.Node, inherited []*kong.Flag) []level {
	flags := slices.Concat(node.Flags, inherited)
	l := level{Path: strings.TrimPrefix(strings.TrimPrefix(commandPath(node), "finlatch"), " ")}
	for _, flag := range flags {
		if flag.Hidden || isClient(node) && ofServers(flag) {
			continue
		}
		w := word{Text: "--" + flag.Name, Help: firstSentence(flag.Help), Values: flag.EnumSlice()}
		if flag.Enum == "" {
			w.Values = nil
		}
		if flag.Short != 0 {
			w.Short = "-" + string(flag.Short)
		}
		l.Flags = append(l.Flags, w)
		if !flag.IsBool() && !flag.IsCounter() {
			l.Taking = append(l.Taking, w)
		}
	}
	for _, argument := range node.Positional {
		if argument.Enum != "" {
			for _, choice := range argument.EnumSlice() {
				l.Choices = append(l.Choices, word{Text: choice})
			}
		}
	}
	levels := []level{}
	for _, child := range node.Children {
		if child.Hidden {
			continue
		}
		l.Commands = append(l.Commands, word{Text: child.Name, Help: firstSentence(child.Help)})
		levels = append(levels, completions(child, flags)...)
	}
	return append([]level{l}, levels...)
}

// commandPath is the names of a command and those above.
func commandPath(node *kong.Node) string {
	if node.Parent == nil {
		return node.Name
	}
	return commandPath(node.Parent) + " " + node.Name
}

func firstSentence(help string) string {
	sentence, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(sentence, ".")
}

// shellQuote makes one word of a text for all three shells.
func shellQuote(text string) string {
	return "'" + strings.NewReplacer("'", "’", `\`, "/", "\n", " ").Replace(text) + "'"
}

// escapeColon is for zsh, where a colon begins the description.
func escapeColon(text string) string { return strings.ReplaceAll(text, ":", `\:`) }

// The scripts walk through what was typed to learn which command it is, and then offer what may follow. Where nothing is known to
// follow, the shell offers files.
const bashCompletion = `# finlatch: completion for bash. Load it with: source <(finlatch completion bash)
_finlatch() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path='' word i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case "$path/$word" in
{{- range .}}{{$at := .Path}}{{range .Commands}}
            {{printf "%s/%s" $at .Text | quote}}) path={{if $at}}{{printf "%s %s" $at .Text | quote}}{{else}}{{quote .Text}}{{end}} ;;
{{- end}}{{end}}
        esac
    done
    COMPREPLY=()
    case "$path/$prev" in
{{- range .}}{{$at := .Path}}{{range .Taking}}
        {{printf "%s/%s" $at .Text | quote}}{{if .Short}}|{{printf "%s/%s" $at .Short | quote}}{{end}}) {{if .Values}}COMPREPLY=($(compgen -W '{{range .Values}}{{.}} {{end}}' -- "$cur")); {{end}}return ;;
{{- end}}{{end}}
    esac
    case "$path" in
{{- range .}}
        {{quote .Path}}) word='{{range .Commands}}{{.Text}} {{end}}{{range .Choices}}{{.Text}} {{end}}'; [[ $cur == -* ]] && word='{{range .Flags}}{{.Text}} {{end}}' ;;
{{- end}}
    esac
    COMPREPLY=($(compgen -W "$word" -- "$cur"))
}
complete -o default -F _finlatch finlatch
`

const zshCompletion = `#compdef finlatch
# finlatch: completion for zsh. Put it as _finlatch into a directory of $fpath, or load it with: source <(finlatch completion zsh)
_finlatch() {
    local at='' word i
    local -a offered
    for ((i = 2; i < CURRENT; i++)); do
        word=${words[i]}
        case "$at/$word" in
{{- range .}}{{$at := .Path}}{{range .Commands}}
            {{printf "%s/%s" $at .Text | quote}}) at={{if $at}}{{printf "%s %s" $at .Text | quote}}{{else}}{{quote .Text}}{{end}} ;;
{{- end}}{{end}}
        esac
    done
    case "$at/${words[CURRENT-1]}" in
{{- range .}}{{$at := .Path}}{{range .Taking}}
        {{printf "%s/%s" $at .Text | quote}}{{if .Short}}|{{printf "%s/%s" $at .Short | quote}}{{end}}) {{if .Values}}compadd -- {{range .Values}}{{.}} {{end}}{{else}}_files{{end}}; return ;;
{{- end}}{{end}}
    esac
    case "$at" in
{{- range .}}
        {{quote .Path}})
            if [[ ${words[CURRENT]} == -* ]]; then
                offered=({{range .Flags}}{{printf "%s:%s" (colon .Text) .Help | quote}} {{end}})
            else
                offered=({{range .Commands}}{{printf "%s:%s" (colon .Text) .Help | quote}} {{end}}{{range .Choices}}{{quote .Text}} {{end}})
            fi ;;
{{- end}}
    esac
    if (( ${#offered} )); then
        _describe finlatch offered
    else
        _files
    fi
}
if [ "$funcstack[1]" = _finlatch ]; then
    _finlatch "$@"
else
    compdef _finlatch finlatch
fi
`

const fishCompletion = `# finlatch: completion for fish. Load it with: finlatch completion fish | source
function __finlatch_at
    set -l at ''
    set -l words (commandline -opc)
    for word in $words[2..]
        switch "$at/$word"
{{- range .}}{{$at := .Path}}{{range .Commands}}
            case {{printf "%s/%s" $at .Text | quote}}
                set at {{if $at}}{{printf "%s %s" $at .Text | quote}}{{else}}{{quote .Text}}{{end}}
{{- end}}{{end}}
        end
    end
    test "$at" = "$argv[1]"
end
complete -c finlatch -e
{{- range .}}{{$at := .Path}}{{range .Commands}}
complete -c finlatch -n {{printf "__finlatch_at %q" $at | quote}} -f -a {{quote .Text}} -d {{quote .Help}}
{{- end}}{{range .Choices}}
complete -c finlatch -n {{printf "__finlatch_at %q" $at | quote}} -f -a {{quote .Text}}
{{- end}}{{$taking := .Taking}}{{range .Flags}}{{$flag := .}}
complete -c finlatch -n {{printf "__finlatch_at %q" $at | quote}} -l {{slice .Text 2}}{{if .Short}} -s {{slice .Short 1}}{{end}}{{range $taking}}{{if eq .Text $flag.Text}} -r{{if .Values}} -f -a '{{range .Values}}{{.}} {{end}}'{{end}}{{end}}{{end}} -d {{quote .Help}}
{{- end}}{{end}}
`
