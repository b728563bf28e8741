package takeover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

var (
	errChanged = errors.New("it is being written to: stop Jellyfin first, or give a copy")
	errJournal = errors.New("it was not closed in order: start and stop Jellyfin once")
)

// maxDatabase bounds the file, in bytes.
const maxDatabase = 64 << 30

// copyDatabase copies the database and its write-ahead log. A rollback journal may name a file to delete, so none is played back.
func copyDatabase(ctx context.Context, root *os.Root, to string) error {
	if info, err := root.Stat(filepath.FromSlash(databaseFile + "-journal")); err == nil && info.Size() > 0 {
		return errJournal
	}
	var before [2]fs.FileInfo
	for i, suffix := range []string{"", "-wal"} {
		info, err := copyFile(ctx, root, databaseFile+suffix, to+suffix)
		if err != nil && (suffix == "" || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
		before[i] = info
	}
	for i, suffix := range []string{"", "-wal"} {
		now, err := root.Stat(filepath.FromSlash(databaseFile + suffix))
		if gone := errors.Is(err, fs.ErrNotExist); err != nil && !gone {
			return err
		} else if gone != (before[i] == nil) || !gone && (now.Size() != before[i].Size() || !now.ModTime().Equal(before[i].ModTime())) {
			return errChanged
		}
	}
	return nil
}

// copyFile copies a file for the owner alone and tells what the original was before.
func copyFile(ctx context.Context, root *os.Root, name, to string) (info fs.FileInfo, err error) {
	from, info, err := openFile(root, name)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	if info.Size() > maxDatabase {
		return nil, fmt.Errorf("it is larger than %d bytes", int64(maxDatabase))
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, io.LimitReader(reading{ctx, from}, info.Size()))
	return info, err
}

// reading ends with its context.
type reading struct {
	ctx context.Context
	io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
