// Package discovery is how Jellyfin apps find servers of the local network: an app sends a question as a UDP datagram to
// port 7359, usually as a broadcast, and each server answers with its address, id and name in JSON.
package discovery

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// Port is the UDP port that servers listen on.
	Port = 7359
	// Question is what apps send. Servers take it in any case and with anything around it: Roku and webOS begin with a
	// capital W.
	Question = "who is JellyfinServer?"
	// MaxAnswer is how long an answer may be, in bytes: the Kotlin SDK reads no more.
	MaxAnswer = 1024
)

// Server is a server's answer.
type Server struct {
	Address         string  // base URL
	ID              string  `json:"Id"` // as in PublicSystemInfo
	Name            string  // as in PublicSystemInfo.ServerName
	EndpointAddress *string // always nil
}

// answer is the datagram, in ASCII as .NET writes it. A name for which there is no room is cut.
func (s Server) answer() ([]byte, error) {
	for {
		plain, err := json.Marshal(s)
		if err != nil {
			return nil, err
		}
		data := ascii(string(plain))
		if len(data) < MaxAnswer || s.Name == "" {
			return data, nil
		}
		_, last := utf8.DecodeLastRuneInString(s.Name)
		s.Name = s.Name[:len(s.Name)-last]
	}
}

// ascii escapes what is beyond ASCII in JSON.
func ascii(plain string) []byte {
	var b strings.Builder
	for _, r := range plain {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04X\u%04X`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
	}
	return []byte(b.String())
}

// asks tells whether a datagram has the question in it.
func asks(datagram []byte) bool {
	return strings.Contains(strings.ToLower(string(datagram)), strings.ToLower(Question))
}
