package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/alecthomas/kong"
)

// commandLine is everything that can be typed behind "finlatch".
type commandLine struct {
	ConfigFile path             `name:"config" placeholder:"FILE" help:"Configuration file to read instead of ${config}. (FINLATCH_CONFIG)"`
	Data       path             `setting:"" default:"${data}" placeholder:"DIR" help:"Directory of the database, the seal key and the socket."`
	Database   databaseURL      `setting:"" secret:"" placeholder:"URL" help:"PostgreSQL database to use instead of a file in --data, for example postgres://finlatch@db.example.org/finlatch?sslmode=verify-full. Several servers may share it. A password is better kept in PGPASSFILE than in an argument."`
	SealKey    path             `setting:"" name:"seal-key-file" placeholder:"FILE" help:"File of 32 random bytes to use as the seal key instead of the one in --data. Servers that share a database need the same."`
	Version    kong.VersionFlag `help:"Print the version and exit."`

	Serve          serveCommand   `cmd:"" help:"Run the server."`
	User           userCommand    `cmd:"" help:"Look after users."`
	Import         importCommand  `cmd:"" help:"Take over a Jellyfin: its users, devices and settings."`
	Copy           copyCommand    `cmd:"" help:"Copy a whole installation from one database to another."`
	Backup         backupCommand  `cmd:"" help:"Write a copy of the database to a file."`
	Doctor         doctorCommand  `cmd:"" help:"Look at a Jellyfin to stand in front of, and say what to do."`
	Health         healthCommand  `cmd:"" help:"Ask the server that runs how it is."`
	Config         configCommand  `cmd:"" help:"Print the settings in force."`
	VersionCommand versionCommand `cmd:"" name:"version" help:"Print the version."`

	Discover   discoverCommand   `cmd:"" group:"client" help:"List the servers of the local network."`
	Login      loginCommand      `cmd:"" group:"client" help:"Sign in to a server."`
	Approve    approveCommand    `cmd:"" group:"client" help:"Let a device sign in that shows a Quick Connect code."`
	Whoami     whoamiCommand     `cmd:"" group:"client" help:"Ask the server who is signed in."`
	Token      tokenCommand      `cmd:"" group:"client" help:"Print the access token, for scripts."`
	Logout     logoutCommand     `cmd:"" group:"client" help:"Sign out."`
	Accounts   accountsCommand   `cmd:"" group:"client" help:"List who is signed in where, and choose."`
	Devices    devicesCommand    `cmd:"" group:"client" help:"List the devices that are signed in, or sign one out."`
	Sessions   sessionsCommand   `cmd:"" group:"client" help:"List what is in use."`
	Curl       curlCommand       `cmd:"" group:"client" help:"Send a signed request."`
	Completion completionCommand `cmd:"" group:"client" help:"Print what lets a shell complete these commands."`
}

// BeforeResolve brings in the configuration file and the variables, for every command that has a use for them.
func (c *commandLine) BeforeResolve(parsed *kong.Context, p *Program) error {
	selected := parsed.Selected()
	if selected == nil || selected.Target.Addr().Interface() == any(&c.VersionCommand) {
		return nil
	}
	if isClient(selected) {
		return notServing(parsed)
	}
	var config path
	for _, step := range parsed.Path {
		if step.Flag != nil && step.Flag.Name == "config" {
			config = parsed.FlagValue(step.Flag).(path)
		}
	}
	read, err := p.readSources(parsed.Model, config)
	if err != nil {
		return err
	}
	parsed.Bind(read)
	parsed.AddResolver(read)
	return nil
}

// isClient tells whether a command is about servers elsewhere: then it has no settings.
func isClient(command *kong.Node) bool { return command.Group != nil && command.Group.Key == "client" }

// notServing refuses the flags of a server here, where --data would be taken for what curl sends.
func notServing(parsed *kong.Context) error {
	for _, step := range parsed.Path {
		if step.Flag != nil && ofServers(step.Flag) {
			return misused("see "+parsed.Selected().FullPath()+" --help", "--%s is for the commands that look after a server of one's own", step.Flag.Name)
		}
	}
	return nil
}

// ofServers tells whether one of the flags that every command has is about a server of one's own.
func ofServers(flag *kong.Flag) bool {
	return slices.Contains([]string{"config", "data", "database", "seal-key-file"}, flag.Name)
}

// helpWith leaves out of a command's help the flags that it refuses.
func helpWith(options kong.HelpOptions, parsed *kong.Context) error {
	if selected := parsed.Selected(); selected != nil && isClient(selected) {
		for _, flag := range parsed.Model.Flags {
			flag.Hidden = flag.Hidden || ofServers(flag)
		}
	}
	return kong.DefaultHelpPrinter(options, parsed)
}

// versionCommand prints the version.
type versionCommand struct{}

// Help is the manual's page.
func (*versionCommand) Help() string { return versionHelp }

// Run prints the version.
func (*versionCommand) Run(p *Program) error {
	_, err := fmt.Fprintln(p.Stdout, versionText())
	return err
}

// versionText is the program's version, and what it was built with and for.
func versionText() string {
	return fmt.Sprintf("finlatch %s (%s, %s/%s)", programVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
