package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/finlatch/finlatch/discovery"
)

// findTime is how long sign-in looks for servers.
const findTime = 1500 * time.Millisecond

// discoverCommand lists the servers of the local network.
type discoverCommand struct {
	Wait time.Duration `default:"2s" placeholder:"TIME" help:"How long to wait for answers, up to 1m (default: 2s)."`
	Ask  askedAddrs    `placeholder:"ADDR[:PORT],..." help:"Who to ask instead of the whole local network: servers or broadcast addresses of other networks, which questions to everybody do not reach."`
	JSON bool          `name:"json" help:"Print a JSON array of objects with name, address and id."`
}

// Help is the manual's page.
func (*discoverCommand) Help() string { return discoverHelp }

// Validate refuses a time that makes no sense.
func (c *discoverCommand) Validate() error {
	if c.Wait <= 0 || c.Wait > time.Minute {
		return misused("as in --wait 5s", "--wait is more than nothing, and 1m at most")
	}
	return nil
}

// Run asks and lists.
func (c *discoverCommand) Run(ctx context.Context, p *Program) error {
	ask := *p
	if len(c.Ask) > 0 {
		ask.Find = (&discovery.Finder{Targets: c.Ask}).Find
	}
	found, err := ask.findServers(ctx, c.Wait)
	if err != nil {
		return err
	}
	if c.JSON {
		type server struct {
			Name    string `json:"name"`
			Address string `json:"address"`
			ID      string `json:"id"`
		}
		list := []server{}
		for _, s := range found {
			list = append(list, server{s.Name, s.Address, s.ID})
		}
		if err := p.printJSON(list); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		return &problem{text: "no server answered", hint: "name it with finlatch login ADDRESS, or ask elsewhere with --ask; a firewall may keep UDP port 7359 away", code: exitNoServer}
	}
	if c.JSON {
		return nil
	}
	rows := [][]string{{"NAME", "ADDRESS", "ID"}}
	for _, s := range found {
		rows = append(rows, []string{s.Name, s.Address, s.ID})
	}
	return p.printTable(rows)
}

// findServers collects the servers that answer in time, by name. That one way to ask does not work is no error if another does.
func (p *Program) findServers(ctx context.Context, wait time.Duration) ([]discovery.Server, error) {
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var found []discovery.Server
	var wrong error
	for server, err := range p.Find(limited) {
		if err != nil {
			wrong = cmp.Or(wrong, err)
			continue
		}
		found = append(found, server)
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case len(found) == 0 && wrong != nil && limited.Err() == nil:
		return nil, &problem{text: "the network cannot be asked: " + plain(wrong), hint: "name the server: finlatch login ADDRESS", code: exitNoServer}
	}
	slices.SortFunc(found, func(a, b discovery.Server) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Address, b.Address))
	})
	return found, nil
}

// chooseServer is the address of the one server of the local network, or of that which a person chooses.
func (p *Program) chooseServer(ctx context.Context) (string, error) {
	fmt.Fprintln(p.Stderr, "Looking for servers …")
	found, err := p.findServers(ctx, findTime)
	_, person := p.terminal()
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", &problem{text: "no server answered in the local network", hint: "name it: finlatch login ADDRESS", code: exitNoServer}
	case len(found) == 1:
		return found[0].Address, nil
	}
	for i, s := range found {
		fmt.Fprintf(p.Stderr, "%3d  %s  %s\n", i+1, shown(s.Name), shown(s.Address))
	}
	if !person {
		return "", misused("name one: finlatch login ADDRESS", "%d servers answer", len(found))
	}
	answer, err := p.ask(ctx, fmt.Sprintf("Which one? [1-%d] ", len(found)))
	if err != nil {
		return "", err
	}
	for i := range found {
		if answer == fmt.Sprint(i+1) {
			return found[i].Address, nil
		}
	}
	return "", misused("type its number, or name it: finlatch login ADDRESS", "%q is none of them", shown(answer))
}

// askedAddrs are addresses to ask, with the usual port where they have none.
type askedAddrs []netip.AddrPort

var _ kong.MapperValue = (*askedAddrs)(nil)

// Decode adds what one flag says.
func (a *askedAddrs) Decode(ctx *kong.DecodeContext) error {
	return eachWord(ctx, func(word string) error {
		addr, err := netip.ParseAddrPort(word)
		if err != nil {
			var plain netip.Addr
			plain, err = netip.ParseAddr(word)
			addr = netip.AddrPortFrom(plain, discovery.Port)
		}
		if err != nil {
			return fmt.Errorf("%q is no address like 192.168.2.255 or 192.168.2.5:7359", word)
		}
		*a = append(*a, addr)
		return nil
	})
}
