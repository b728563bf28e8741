package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// maxSocketPath is what every system takes as the path of a socket, in bytes: macOS has the least, 104 with a zero.
const maxSocketPath = 100

var errNoServer = errors.New("no server runs")

// listenControl makes the control socket. The caller has the store's lock, so a socket that is there is a dead server's.
// Where the data directory's path is too long for a socket, DATA/finlatch.sock is a link to one elsewhere.
func (p *Program) listenControl(dir path) (net.Listener, error) {
	name := filepath.Join(string(dir), socketName)
	if err := removeSocket(name); err != nil {
		return nil, err
	}
	if len(name) <= maxSocketPath {
		return listenSocket(name)
	}
	short, err := p.shortSocket(dir)
	if err != nil {
		return nil, err
	}
	if err := removeSocket(short); err != nil {
		return nil, err
	}
	listener, err := listenSocket(short)
	if err != nil {
		return nil, err
	}
	if err := os.Symlink(short, name); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return linkedListener{listener, name}, nil
}

func listenSocket(name string) (net.Listener, error) {
	listener, err := net.Listen("unix", name)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// linkedListener removes the link to its socket with the socket.
type linkedListener struct {
	net.Listener
	link string
}

func (l linkedListener) Close() error {
	err := l.Listener.Close()
	if removed := os.Remove(l.link); removed != nil && !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
	}
	return err
}

// removeSocket removes a dead socket or a link to one, and nothing else.
func removeSocket(name string) error {
	info, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode()&(fs.ModeSocket|fs.ModeSymlink) == 0 {
		return failed("move it away", "%s is in the way of the control socket", name)
	}
	return errors.Join(err, os.Remove(name))
}

// shortSocket is a socket's path that is short enough, in a directory of our own.
func (p *Program) shortSocket(dir path) (string, error) {
	sum := sha256.Sum256([]byte(dir))
	base := hex.EncodeToString(sum[:8]) + ".sock"
	mine := "finlatch-" + strconv.Itoa(os.Geteuid())
	for _, place := range []string{under(p.getenv("XDG_RUNTIME_DIR"), "finlatch"), filepath.Join(os.TempDir(), mine), filepath.Join("/tmp", mine)} {
		name := filepath.Join(place, base)
		if place == "" || len(name) > maxSocketPath {
			continue
		}
		err := os.Mkdir(place, 0o700)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			continue
		}
		if err := checkPrivate(place, os.Geteuid()); err != nil {
			return "", err
		}
		return name, nil
	}
	return "", failed("choose a shorter one with --data DIR", "the data directory's path is too long for a socket in it")
}

// checkPrivate refuses a directory that anybody but these users could have put a socket into.
func checkPrivate(dir string, uids ...int) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if by, known := owner(info); !info.IsDir() || known && (!slices.Contains(uids, by) || info.Mode().Perm()&0o077 != 0) {
		return failed("remove it", "%s is not a directory of one user alone, as the control socket needs it", dir)
	}
	return nil
}

// dialControl finds the server that runs on a data directory: errNoServer where none answers.
func dialControl(ctx context.Context, dir path) (*remote, error) {
	name := filepath.Join(string(dir), socketName)
	if target, err := os.Readlink(name); err == nil {
		info, err := os.Stat(string(dir))
		if err != nil {
			return nil, err
		}
		if uid, known := owner(info); known {
			if err := checkPrivate(filepath.Dir(target), uid, os.Geteuid(), 0); errors.Is(err, fs.ErrNotExist) {
				return nil, errNoServer
			} else if err != nil {
				return nil, err
			}
		}
		name = target
	}
	dial := func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", name)
	}
	if len(name) > maxSocketPath {
		return nil, errNoServer
	}
	conn, err := dial(ctx)
	switch {
	case err == nil:
		return newRemote(conn, dial), nil
	case errors.Is(err, fs.ErrPermission):
		return nil, failed("run the command as the user who runs the server, or as root", "the server's socket %s belongs to another user", name)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, errNoServer
}
