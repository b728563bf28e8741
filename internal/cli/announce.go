package cli

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// urls is how the server's URLs are made.
type urls struct {
	secure bool
	base   basePath
}

func (s *serving) urls() urls { return urls{s.certificate != nil, s.settings.BaseURL} }

func (u urls) at(host string, port int) string {
	scheme := "http://"
	if u.secure {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host, strconv.Itoa(port)) + string(u.base)
}

// of are the URLs at which a listener is reached: for every address, those of this machine's networks.
func (u urls) of(listening net.Addr) []string {
	tcp, ok := listening.(*net.TCPAddr)
	if !ok {
		return nil
	}
	url := func(host string) string { return u.at(host, tcp.Port) }
	if !tcp.IP.IsUnspecified() {
		return []string{url(tcp.AddrPort().Addr().Unmap().String())}
	}
	var urls []string
	networks, _ := net.InterfaceAddrs() // without them there is still this machine
	for _, network := range networks {
		prefix, err := netip.ParsePrefix(network.String())
		if err == nil && !prefix.Addr().IsLoopback() && !prefix.Addr().IsLinkLocalUnicast() {
			urls = append(urls, url(prefix.Addr().String()))
		}
	}
	return append(urls, url("localhost"))
}

// url is the address to tell a person at this machine.
func (s *serving) url() string {
	if s.settings.PublishedURL != "" {
		return string(s.settings.PublishedURL)
	}
	return s.where[len(s.where)-1]
}

// pages is where a browser finds the pages.
func (s *serving) pages() string {
	if s.settings.PagesURL != "" {
		return string(s.settings.PagesURL) + string(s.settings.BaseURL) + "/finlatch/"
	}
	return s.url() + "/finlatch/"
}

// announce says that the server is ready, and what to do next. With a JSON log it is log lines.
func (s *serving) announce(setUp bool) {
	if s.settings.LogFormat == "json" {
		s.log.Info("ready", "addresses", s.where, "pages", s.pages(), "data", s.dir)
	} else {
		fmt.Fprintf(s.Stderr, "finlatch is ready at %s\nIts data is in %s\n", strings.Join(s.where, " "), s.dir)
	}
	if s.settings.PagesURL != "" && s.settings.LogFormat != "json" {
		s.say("Its pages are at %s and nowhere else.", s.pages())
	}
	if s.onlyThisMachine() {
		s.say("Other devices cannot reach it yet: for them, start it with --listen ADDR:PORT, for example --listen 0.0.0.0:%d.", s.port())
	} else if s.certificate == nil {
		s.say("Passwords cross the network unencrypted, unless a reverse proxy in front of it speaks https; --tls-cert and --tls-key change that.")
	}
	if !setUp {
		command := "finlatch user add NAME --admin"
		if s.ownData {
			command += " --data " + shellWord(string(s.dir))
		}
		s.say("Nobody can sign in yet. Create the first administrator with\n    %s\nor by opening %s in a browser, or %s in a Jellyfin app.", command, s.pages(), s.url())
	}
}

func (s *serving) onlyThisMachine() bool {
	tcp, ok := s.listener.Addr().(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// say tells a person something. In a JSON log it is a line of the log.
func (s *serving) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if s.settings.LogFormat == "json" {
		s.log.Info(strings.Join(strings.Fields(text), " "))
		return
	}
	fmt.Fprintln(s.Stderr, text)
}

// shellWord quotes a word for a POSIX shell where it needs that.
func shellWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@%,", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
