//go:build unix

package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// lockFile opens and locks a file; with errLocked it may also return the file, for reading.
func lockFile(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	// Not fcntl: SQLite takes such locks, and they would not keep two stores in one process apart.
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return f, errLocked
	case err != nil:
		f.Close()
		return nil, &os.PathError{Op: "flock", Path: name, Err: err}
	}
	return f, nil
}

func removeLock(name string) error { return os.Remove(name) }
