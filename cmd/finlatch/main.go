// Command finlatch is sign-in for Jellyfin apps: the server and the commands that look after it. finlatch --help is its
// manual.
package main

import (
	"context"
	"os"

	"github.com/finlatch/finlatch/internal/cli"
)

func main() {
	os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
