package cli

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/finlatch/finlatch"
)

const (
	databaseName = "finlatch.db"
	sealKeyName  = "seal.key"
	socketName   = "finlatch.sock"
	sealKeySize  = 32 // bytes
)

// getenv is a variable's value, empty if there is none.
func (p *Program) getenv(name string) string {
	for _, entry := range p.Environ {
		if key, value, _ := strings.Cut(entry, "="); key == name {
			return value
		}
	}
	return ""
}

// defaultData is where the data lives unless told otherwise; empty where the user has no home. On Unix that is the XDG
// Base Directory Specification's place.
func (p *Program) defaultData() string {
	switch runtime.GOOS {
	case "windows":
		return under(p.getenv("LocalAppData"), "finlatch")
	case "darwin":
		return under(p.getenv("HOME"), "Library", "Application Support", "finlatch")
	}
	if dir := p.getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) { // the specification has relative ones ignored
		return filepath.Join(dir, "finlatch")
	}
	return under(p.getenv("HOME"), ".local", "share", "finlatch")
}

// defaultConfig is the configuration file that is read if it is there and none is named; empty where the user has no home.
func (p *Program) defaultConfig() string {
	switch runtime.GOOS {
	case "windows":
		return under(p.getenv("AppData"), "finlatch", "finlatch.conf")
	case "darwin":
		return under(p.getenv("HOME"), "Library", "Application Support", "finlatch", "finlatch.conf")
	}
	if dir := p.getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "finlatch", "finlatch.conf")
	}
	return under(p.getenv("HOME"), ".config", "finlatch", "finlatch.conf")
}

func under(dir string, parts ...string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(append([]string{dir}, parts...)...)
}

// makeDataDir makes the data directory, for its owner alone, if it is not there.
func makeDataDir(dir path) error {
	if dir == "" {
		return failed("say where the data shall live with --data DIR", "there is no home directory")
	}
	err := os.MkdirAll(string(dir), 0o700)
	if err != nil {
		return failed("choose another place with --data DIR", "cannot make the data directory: %s", plain(err))
	}
	probe, err := os.CreateTemp(string(dir), ".finlatch-*")
	if err != nil {
		return failed("choose another place with --data DIR, or run finlatch as its owner", "cannot write to the data directory: %s", plain(err))
	}
	probe.Close()
	return os.Remove(probe.Name())
}

// readSealKey reads the key that seals new API keys outside the database, and makes it the first time, unless a file of it
// is named. It says which file that is.
func (h home) readSealKey() (key []byte, name string, err error) {
	if name = string(h.keyFile); name == "" {
		name = filepath.Join(string(h.dir), sealKeyName)
	}
	key, err = os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && h.keyFile == "":
	case err != nil:
		return nil, name, fmt.Errorf("read the seal key: %w", err)
	case len(key) != sealKeySize && h.keyFile != "":
		return nil, name, failed("head -c 32 /dev/urandom makes one", "%s is not a seal key: it has %d bytes, not %d", name, len(key), sealKeySize)
	case len(key) != sealKeySize:
		return nil, name, failed("move it away if it is not yours to keep: a new one is made then", "%s is not a seal key: it has %d bytes, not %d", name, len(key), sealKeySize)
	default:
		return key, name, nil
	}
	key = make([]byte, sealKeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, name, err
	}
	if err := writeNew(name, key); err != nil {
		return nil, name, fmt.Errorf("write the seal key: %w", err)
	}
	return key, name, nil
}

// sealKeyDigest tells whether two seal keys are the same, and nothing else about them.
func sealKeyDigest(key []byte) finlatch.Hash {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("whether servers have the same seal key"))
	return finlatch.Hash(mac.Sum(nil))
}

// writeNew writes a whole file for the owner alone, or nothing.
func writeNew(name string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".finlatch-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
