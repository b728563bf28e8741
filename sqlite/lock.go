package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// lock is the file that says which process has the store. The operating system drops it with the process, however that
// ends; a lock file that lies around alone means nothing.
type lock struct {
	file *os.File
	name string
}

var errLocked = errors.New("locked")

// takeLock locks the file called name, which guards the store at path.
func takeLock(path, name string) (*lock, error) {
	for {
		f, err := lockFile(name)
		if errors.Is(err, errLocked) {
			return nil, fmt.Errorf("%s is %w%s", path, ErrInUse, holder(f))
		}
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		// Whoever had it may have removed it between our opening and our locking it.
		held, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if there, err := os.Stat(name); err != nil || !os.SameFile(held, there) {
			f.Close()
			continue
		}
		if err := f.Truncate(0); err == nil {
			fmt.Fprintln(f, os.Getpid())
		}
		return &lock{f, name}, nil
	}
}

// holder names the process that wrote f, as far as it can be read, and closes f.
func holder(f *os.File) string {
	if f == nil {
		return ""
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, 32))
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		return fmt.Sprintf(" (process %d)", pid)
	}
	return ""
}

// release removes the file before it lets go of it, so that nobody finds it and takes it for a lock.
func (l *lock) release() error {
	return errors.Join(removeLock(l.name), l.file.Close())
}
