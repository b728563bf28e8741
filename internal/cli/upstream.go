package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/gateway"
	"github.com/finlatch/finlatch/web"
)

// keyCredential is the systemd credential that holds the API key of the media server behind.
const keyCredential = "upstream-key"

// carriers are old kinds of tokens.
type carriers []gateway.Carrier

// Decode adds what one flag, variable or key says.
func (c *carriers) Decode(ctx *kong.DecodeContext) error {
	return eachWord(ctx, func(word string) error {
		switch carrier := gateway.Carrier(strings.ToLower(word)); carrier {
		case gateway.CarrierScheme, gateway.CarrierAuthorization, gateway.CarrierEmbyToken, gateway.CarrierMediaBrowserToken, gateway.CarrierQuery:
			*c = append(*c, carrier)
			return nil
		}
		return fmt.Errorf("%q is no old kind of token, such as x-emby-token", word)
	})
}

func (c carriers) String() string {
	words := make([]string, len(c))
	for i, carrier := range c {
		words[i] = string(carrier)
	}
	return strings.Join(words, ", ")
}

// upstreamSettings say which media server is behind, and how it is asked.
type upstreamSettings struct {
	Upstream        publicURL `setting:"" group:"upstream" name:"upstream" placeholder:"URL" help:"A Jellyfin, 10.9 to 12, to stand in front of, for example http://127.0.0.1:8097. It keeps the users and the media; signing in is finlatch's."`
	UpstreamKeyFile path      `setting:"" group:"upstream" name:"upstream-key-file" placeholder:"FILE" help:"File with an API key of that Jellyfin (Dashboard, API keys). Without one there is no Quick Connect. The systemd credential upstream-key does as well."`
	Anonymous       string    `setting:"" group:"upstream" enum:"open,known,strict" default:"known" placeholder:"open|known|strict" help:"Who gets images and media without a token: everybody, as in Jellyfin; addresses from which somebody is, or was within 24 hours, signed in; or, for media, nobody."`
	RefuseTokens    carriers  `setting:"" group:"upstream" placeholder:"KIND,..." help:"Old kinds of tokens not to take: emby, x-emby-authorization, x-emby-token, x-mediabrowser-token, api_key. The log and the metrics tell who uses them."`
	Strict          bool      `setting:"" group:"upstream" help:"Know only tokens that were given here. Everybody who is signed in at that Jellyfin signs in anew. Its API keys do not get through."`
}

// key reads the API key; none is none.
func (u *upstreamSettings) key() (finlatch.Token, error) {
	name := string(u.UpstreamKeyFile)
	if name == "" {
		folder := os.Getenv("CREDENTIALS_DIRECTORY")
		if folder == "" {
			return finlatch.Token{}, nil
		}
		name = filepath.Join(folder, keyCredential)
	}
	text, err := os.ReadFile(name)
	if u.UpstreamKeyFile == "" && errors.Is(err, fs.ErrNotExist) {
		return finlatch.Token{}, nil
	}
	if err != nil {
		return finlatch.Token{}, failed("the file holds an API key of the media server, which its dashboard makes", "upstream-key-file: %s", plain(err))
	}
	return finlatch.TokenFrom(strings.TrimSpace(string(text))), nil
}

// client asks the media server.
func (u *upstreamSettings) client() (*gateway.Client, error) {
	key, err := u.key()
	if err != nil {
		return nil, err
	}
	client, err := gateway.NewClient(gateway.ClientOptions{URL: string(u.Upstream), Key: key, Version: programVersion()})
	if err != nil {
		return nil, misused("the file holds an API key of the media server, and nothing else", "upstream: %s", plain(err))
	}
	return client, nil
}

// openUpstream gets to know the media server behind. Once it was known it may be away when this server starts.
func (s *serving) openUpstream(ctx context.Context) (err error) {
	if s.settings.Upstream == "" {
		return nil
	}
	if s.upstream, err = s.settings.client(); err != nil {
		return err
	}
	info, err := s.upstream.Info(ctx)
	if err == nil {
		s.upstreamID, _ = finlatch.ParseID(info.ID)
		s.upstreamName = info.ServerName
		return nil
	}
	if _, statErr := os.Stat(filepath.Join(string(s.dir), databaseName)); statErr == nil {
		s.log.Warn("the media server does not answer; apps are told to try again", "upstream", string(s.settings.Upstream), "error", err)
		return nil
	}
	return failed("start it first: its id becomes this server's, so that apps notice nothing", "the media server at %s does not answer: %s", s.settings.Upstream, plain(err))
}

// frontOf makes what forwards to the media server behind.
func (s *serving) frontOf() (*gateway.Gateway, error) {
	where, err := url.Parse(string(s.settings.Upstream))
	if err != nil {
		return nil, err
	}
	var anonymous gateway.Anonymous
	_ = anonymous.UnmarshalText([]byte(s.settings.Anonymous)) // the parser let no other names through
	front := gateway.New(s.house.service, gateway.Options{Upstream: where, Log: s.log, Anonymous: anonymous,
		Refused: s.settings.RefuseTokens, PublishedURL: string(s.settings.PublishedURL), BaseURL: string(s.settings.BaseURL)})
	s.metrics.OldTokens(func(count func(kind, outcome string, n uint64)) {
		for _, use := range front.OldTokens() {
			count(string(use.Carrier), "accepted", use.Accepted)
			count(string(use.Carrier), "refused", use.Refused)
		}
	})
	return front, nil
}

// behind is the media server as the pages tell of it.
type behind struct {
	client *gateway.Client
	front  *gateway.Gateway
}

// Version implements web.MediaServer.
func (b behind) Version(ctx context.Context) (string, error) {
	info, err := b.client.Info(ctx)
	return info.Version, err
}

// OldTokens implements web.MediaServer.
func (b behind) OldTokens() []web.OldToken {
	uses := b.front.OldTokens()
	tokens := make([]web.OldToken, len(uses))
	for i, use := range uses {
		tokens[i] = web.OldToken{Kind: string(use.Carrier), App: use.App, Accepted: use.Accepted, Refused: use.Refused, Last: use.Last}
	}
	return tokens
}

// looksAgain is how long to wait before looking again at a media server that did not answer.
const looksAgain = 5 * time.Second

// examine says what is wrong with the media server behind, and refuses what would be an illusion. seen tells whether it
// answered.
func (s *serving) examine(ctx context.Context) (seen bool, err error) {
	own := s.where
	if s.settings.PublishedURL != "" {
		own = append([]string{string(s.settings.PublishedURL)}, own...)
	}
	seen = true
	for _, f := range gateway.Examine(ctx, s.upstream, gateway.DoctorOptions{Own: own}) {
		switch {
		case f.Check == gateway.CheckPast && f.Severity >= gateway.Warning && (s.settings.Anonymous == "strict" || s.settings.Strict):
			return true, failed("have the media server listen on 127.0.0.1 only, or leave --anonymous strict and --strict away", "strict is worth nothing: %s", f.What)
		case f.Severity >= gateway.Warning:
			seen = seen && f.Check != gateway.CheckUpstream
			s.say("%s: %s %s", f.Check, f.What, f.Do)
		}
	}
	return seen, nil
}

// examineLater is examine for a media server that was away, as soon as it answers.
func (s *serving) examineLater(ctx context.Context) error {
	for tick := time.NewTicker(looksAgain); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
		if _, err := s.upstream.Info(ctx); err != nil {
			continue
		}
		if seen, err := s.examine(ctx); seen || err != nil {
			return err
		}
	}
}

// doctorCommand looks at a media server.
type doctorCommand struct {
	Settings upstreamSettings `embed:""`
}

// Help is the manual's page.
func (*doctorCommand) Help() string { return doctorHelp }

// Run says what is so, and what to do about it. It fails where something has to be done.
func (c *doctorCommand) Run(ctx context.Context, p *Program) error {
	if c.Settings.Upstream == "" {
		return misused("for example finlatch doctor --upstream http://127.0.0.1:8097", "which media server?")
	}
	client, err := c.Settings.client()
	if err != nil {
		return err
	}
	marks := map[gateway.Severity]string{gateway.Good: "good", gateway.Note: "note", gateway.Warning: "warning", gateway.Problem: "PROBLEM"}
	bad, warnings := 0, 0
	for _, f := range gateway.Examine(ctx, client, gateway.DoctorOptions{}) {
		fmt.Fprintf(p.Stdout, "%-8s %s: %s\n", marks[f.Severity], f.Check, f.What)
		if f.Do != "" {
			fmt.Fprintf(p.Stdout, "%8s %s\n", "", f.Do)
		}
		switch f.Severity {
		case gateway.Problem:
			bad++
		case gateway.Warning:
			warnings++
		}
	}
	switch {
	case bad > 0:
		return failed("", "%s to be mended before finlatch can stand in front of this media server", count(bad, "problem is", "problems are"))
	case warnings > 0:
		fmt.Fprintf(p.Stdout, "\nfinlatch can stand in front of it; %s what it cannot do for you yet.\n", count(warnings, "warning says", "warnings say"))
	default:
		fmt.Fprintln(p.Stdout, "\nfinlatch can stand in front of it.")
	}
	return nil
}

func count(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprint(n, " ", more)
}
