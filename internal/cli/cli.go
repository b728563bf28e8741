// Package cli is the command line: what a person or a script types, the settings, and the wiring of the parts into a
// server. The field tags of commandLine are the manual.
package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/finlatch/finlatch/discovery"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1   // what was asked for could not be done
	exitUsage       = 2   // what was asked for is not understood: arguments, variables or the configuration file
	exitNotSignedIn = 3   // no account, or the server takes its password, code or token no more
	exitNoServer    = 4   // nothing answers, or what answers is no server to use
	exitInterrupted = 130 // 128 and SIGINT, as shells have it
)

// Program is one run of the command line with all that it sees of the world.
type Program struct {
	Args           []string // without the program's name
	Environ        []string // as os.Environ
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Notify relays signals as signal.Notify does, which it is if nil.
	Notify func(chan<- os.Signal, ...os.Signal)
	// Find finds the servers of the local network until the context ends, as discovery.Find does, which it is if nil.
	Find func(context.Context) iter.Seq2[discovery.Server, error]

	lines *bufio.Reader // of Stdin where that is no terminal
}

// Main runs the command line with the environment and the signals of this process, and returns the exit code.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := Program{Args: args, Environ: os.Environ(), Stdin: stdin, Stdout: stdout, Stderr: stderr}
	return p.Run(ctx)
}

// Run does what the arguments ask for and returns the exit code. Data goes to Stdout; whatever is meant for a person, and
// every error, to Stderr.
func (p *Program) Run(ctx context.Context) int {
	if p.Notify == nil {
		p.Notify = signal.Notify
	}
	if p.Find == nil {
		p.Find = discovery.Find
	}
	p.lines = bufio.NewReader(p.Stdin)
	root := &commandLine{}
	shown := false
	parser, err := newParser(p, root, kong.Exit(func(int) { shown = true }))
	if err != nil {
		return p.report(err)
	}
	parsed, err := parser.Parse(helpFirst(p.Args))
	if shown { // the help or the version, and nothing after it matters
		return exitOK
	}
	if err != nil {
		return p.report(misunderstood(err))
	}
	if parsed.Command() != "serve" { // which has a use for more signals
		var stop context.CancelFunc
		ctx, stop = interruptible(ctx)
		defer stop()
	}
	keepToOwner()
	parsed.BindTo(ctx, (*context.Context)(nil))
	return p.report(parsed.Run())
}

// newParser makes the parser for root. It is called for every run, because kong's model keeps what it parsed.
func newParser(p *Program, root *commandLine, options ...kong.Option) (*kong.Kong, error) {
	options = append([]kong.Option{
		kong.Name("finlatch"),
		kong.Description(appHelp),
		kong.Vars{"data": p.defaultData(), "config": p.defaultConfig(), "version": versionText()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.Help(helpWith),
		kong.ValueFormatter(settingHelp),
		kong.ExplicitGroups(flagGroups),
		kong.Writers(p.Stdout, p.Stderr),
		kong.Bind(p),
	}, options...)
	return kong.New(root, options...)
}

// helpFirst understands "finlatch help user add", which people try.
func helpFirst(args []string) []string {
	if len(args) > 0 && args[0] == "help" {
		return append(args[1:len(args):len(args)], "--help")
	}
	return args
}

// interruptible ends the context at the first SIGINT or SIGTERM; after that, signals do what they always do.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// misunderstood makes a usage problem of an error that kong found.
func misunderstood(err error) error {
	if pr, ok := errors.AsType[*problem](err); ok {
		return pr
	}
	pr := &problem{text: err.Error(), code: exitUsage, hint: "see finlatch --help"}
	parse, ok := errors.AsType[*kong.ParseError](err)
	if ok && parse.Context != nil && parse.Context.Selected() != nil {
		pr.hint = "see " + parse.Context.Selected().FullPath() + " --help"
	}
	if ok && len(parse.Context.Args) == 0 {
		pr.text = strings.Replace(pr.text, "expected one of", "what shall it do? One of", 1)
	}
	return pr
}
