package httpx

import (
	"net/http"
	"strings"
)

// Upgrades tells whether a request asks for a web socket.
func Upgrades(r *http.Request) bool {
	return r.Method == http.MethodGet && mentions(r.Header["Connection"], "upgrade") && mentions(r.Header["Upgrade"], "websocket")
}

func mentions(lines []string, word string) bool {
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), word) {
				return true
			}
		}
	}
	return false
}
