package takeover

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

const (
	databaseFile = "data/jellyfin.db"
	systemFile   = "system.xml"

	maxConfigFile = 1 << 20 // bytes
)

// Why Read finds nothing. The errors that wrap these name the folder.
var (
	ErrNoDatabase      = errors.New("no " + databaseFile)
	ErrNoConfiguration = errors.New("no " + systemFile)
)

// folders are the two folders of an installation. Nothing outside of them is opened, wherever links and paths lead.
type folders struct {
	data   *os.Root // with data/jellyfin.db
	config *os.Root // with system.xml
}

// open finds the folders. Jellyfin has both in one (its own containers, Windows), in two beside each other, or the
// configuration far away (Debian: /etc/jellyfin).
func open(source Source) (*folders, error) {
	data, err := openWith(databaseFile, source.Data, filepath.Join(source.Data, "data"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source.Data, notThere(err, ErrNoDatabase))
	}
	places := []string{source.Config, filepath.Join(source.Config, "config")}
	if source.Config == "" {
		places = []string{filepath.Join(source.Data, "config"), filepath.Join(data.Name(), "config"), source.Data}
	}
	config, err := openWith(systemFile, places...)
	if err != nil {
		data.Close()
		return nil, fmt.Errorf("%s: %w", cmp.Or(source.Config, source.Data), notThere(err, ErrNoConfiguration))
	}
	return &folders{data, config}, nil
}

// openWith opens the first of the folders that has a file in it.
func openWith(file string, places ...string) (*os.Root, error) {
	for _, place := range places {
		root, err := os.OpenRoot(place)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			return nil, err
		}
		_, err = root.Lstat(filepath.FromSlash(file))
		if err == nil {
			return root, nil
		}
		root.Close()
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return nil, fs.ErrNotExist
}

func notThere(err, missing error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return missing
	}
	return err
}

func (f *folders) close() {
	f.data.Close()
	f.config.Close()
}

// openFile opens a regular file: anything else could keep whoever reads it waiting.
func openFile(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	name = filepath.FromSlash(name)
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	if err != nil {
		return nil, nil, err
	}
	file, err := root.Open(name)
	return file, info, err
}

// readFile reads a file of at most limit bytes.
func readFile(root *os.Root, name string, limit int64) ([]byte, error) {
	file, _, err := openFile(root, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("larger than %d bytes", limit)}
	}
	return content, err
}

// subfolders are the names of the folders in one, at most limit.
func subfolders(root *os.Root, name string, limit int) []string {
	folder, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil
	}
	defer folder.Close()
	entries, _ := folder.ReadDir(limit)
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, plain(path.Base(entry.Name()), maxName))
		}
	}
	return names
}
