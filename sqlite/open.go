// Package sqlite keeps a finlatch.Store in one SQLite file: one connection writes while others read, and a commit that
// was answered survives a power cut.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/finlatch/finlatch"
)

// Why Open refuses a file. The errors that wrap these name the file and fit on one line; the file stays as it was.
var (
	ErrNotOurs = errors.New("not a finlatch database")
	ErrNewer   = errors.New("from a newer finlatch")
	ErrInUse   = errors.New("in use by another finlatch")
)

// Options adjusts Open. Its zero value is what a server wants.
type Options struct {
	// Readers is the number of Views that run at the same time; 0: twice the number of processors, 4 to 16. Each costs
	// about a megabyte, from when it is first needed.
	Readers int
}

// Store is a finlatch.Store in one SQLite file.
type Store struct {
	lock     *lock
	writer   *pool // of one
	readers  *pool
	watchers watchers
	attempts int // see maxAttempts

	closing  chan struct{} // closed when Close is called
	closed   chan struct{} // closed when no transaction runs any more
	close    sync.Once
	closeErr error
}

var _ finlatch.Store = (*Store)(nil)

// Open opens the store at path, creates it with mode 0600 where there is nothing or an empty file, and brings its schema
// up to date. Until Close nobody else opens it: the file path.lock is held and says which process that is. The errors
// ErrNotOurs, ErrNewer and ErrInUse are refusals.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	file, err := realPath(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	held, err := takeLock(path, file+".lock")
	if err != nil {
		return nil, err
	}
	s := &Store{lock: held, attempts: maxAttempts, closing: make(chan struct{}), closed: make(chan struct{})}
	if err := s.open(ctx, path, file, opts); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, path, file string, opts Options) error {
	if err := checkFile(path, file); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn(file, writerParameters))
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	s.writer = newPool(db, 1, s.closing)
	if err := prepareFile(ctx, db, path); err != nil {
		return err
	}

	size := opts.Readers
	if size <= 0 {
		size = min(max(2*runtime.GOMAXPROCS(0), 4), 16)
	}
	db, err = sql.Open("sqlite", dsn(file, readerParameters))
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	s.readers = newPool(db, size, s.closing)
	return nil
}

// Close waits for running transactions, folds the write-ahead log into the file and lets go of it. A second Close does
// nothing.
func (s *Store) Close() error {
	s.close.Do(func() {
		close(s.closing)
		s.readers.drain()
		s.writer.drain()
		close(s.closed)
		s.closeErr = s.release()
	})
	return s.closeErr
}

func (s *Store) release() error {
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close("PRAGMA optimize", "PRAGMA wal_checkpoint(TRUNCATE)"))
	}
	errs = append(errs, s.lock.release())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Statements that meet a foreign program's lock wait for the busy timeout, in milliseconds; an Update then tries again
// (tx.go). Caches are small, because the operating system keeps the file in memory too. secure_delete: what was erased
// does not linger in the file.
const (
	writerParameters = "_busy_timeout=250&_foreign_keys=1&_synchronous=FULL&_txlock=immediate&_dqs=0&_error_rc=1" +
		"&_pragma=temp_store(MEMORY)&_pragma=cache_size(-2048)&_pragma=secure_delete(FAST)" +
		"&_pragma=journal_size_limit(8388608)&_pragma=trusted_schema(0)"
	readerParameters = "mode=ro&_busy_timeout=2000&_dqs=0&_error_rc=1" +
		"&_pragma=temp_store(MEMORY)&_pragma=cache_size(-1024)&_pragma=trusted_schema(0)"
)

func dsn(file, parameters string) string {
	file = filepath.ToSlash(file)
	if !strings.HasPrefix(file, "/") {
		file = "/" + file // C:/… on Windows
	}
	return (&url.URL{Scheme: "file", Path: file, RawQuery: parameters}).String()
}

// realPath makes all names of one file one, so that they share a lock.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file, nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}
