package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// An event is what came of a step that is no HTTP exchange: a JSON value without status and headers.
func event(members ...member) *Answer {
	return &Answer{BodyKind: "json", Body: &object{members: members}}
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// --- files ---

// resetFile is what a file is called that holds somebody's PIN. No other file is read.
var resetFile = regexp.MustCompile(`^passwordreset[0-9a-fA-F-]{32,36}\.json$`)

// readFile reads a file of the server's data folder whose name the server has told.
func (p *player) readFile(asked Request) (*Answer, error) {
	named, err := p.values.fill(asked.Path)
	if err != nil {
		return nil, err
	}
	if !resetFile.MatchString(filepath.Base(named)) {
		return nil, failure{"not a reset file", fmt.Errorf("%q", named)}
	}
	value, data, err := readBelow(p.Data, named)
	if err != nil {
		return nil, failure{"unreadable", err}
	}
	got := &Answer{BodyKind: "json", Body: value}
	p.show(outgoing{method: "READ", path: named}, nil, got, data)
	return got, nil
}

// readBelow reads the JSON value in a file that lies in a folder.
func readBelow(folder, named string) (value any, data []byte, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	inside, err := filepath.Rel(folder, named)
	if err != nil {
		return nil, nil, err
	}
	file, err := root.Open(inside)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if data, err = io.ReadAll(io.LimitReader(file, longestText)); err != nil {
		return nil, nil, err
	}
	value, err = decode(data)
	return value, data, err
}

// --- discovery ---

// discoveryPort is where a Jellyfin server is asked who it is.
const discoveryPort = 7359

const largestDatagram = 64 << 10

// discover sends one datagram to a loopback address and lists all replies that come in time.
func (p *player) discover(ctx context.Context, asked Request) (*Answer, error) {
	var text string
	if asked.Text != nil {
		var err error
		if text, err = p.values.fill(*asked.Text); err != nil {
			return nil, err
		}
	}
	to := net.ParseIP(asked.To)
	if to == nil || !to.IsLoopback() {
		return nil, fmt.Errorf("%q is not a loopback address", asked.To)
	}
	port := p.Discovery
	if port == 0 {
		port = discoveryPort
	}
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })()
	if _, err := c.WriteToUDP(wireBytes(text), &net.UDPAddr{IP: to, Port: port}); err != nil {
		return nil, failed(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(seconds(asked.Wait))); err != nil {
		return nil, err
	}
	replies, datagram := []any{}, make([]byte, largestDatagram)
	for {
		n, from, err := c.ReadFromUDP(datagram)
		if err != nil {
			break // time is up
		}
		replies = append(replies, &object{members: []member{
			{"data", understood(datagram[:n])}, {"from_same_port", from.Port == port}}})
	}
	return event(member{"replies", replies}), ctx.Err()
}

// understood is a message as a JSON value, or as the text that it is.
func understood(data []byte) any {
	if value, err := decode(data); err == nil {
		return value
	}
	return string(data)
}

func number(n int) json.Number { return json.Number(fmt.Sprint(n)) }
