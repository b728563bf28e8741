package jellyfin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// DeviceID is the id of an installation's device as a user's, by name: always the same, and another for each user, so that one who
// signs in does not sign out another. A user "" is whoever comes by Quick Connect.
func DeviceID(installation, user string) string {
	sum := sha256.Sum256([]byte(installation + "\x00" + strings.ToLower(strings.TrimSpace(user))))
	return hex.EncodeToString(sum[:16])
}

// derivedInstallation is an id for an app that brings none.
func derivedInstallation(app App) string {
	host, _ := os.Hostname()
	home, _ := os.UserHomeDir()
	return DeviceID(host+"\x00"+home, app.Client)
}

// InstallationID reads the id of this installation from a file, or makes one there, with the folder around it.
func InstallationID(file string) (string, error) {
	id, err := readInstallation(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", fmt.Errorf("make an installation id: %w", err)
	}
	var random [16]byte
	rand.Read(random[:])
	id = hex.EncodeToString(random[:])
	made, err := writeBeside(file, []byte(id+"\n"))
	if err != nil {
		return "", fmt.Errorf("make an installation id: %w", err)
	}
	defer os.Remove(made)
	// A link does not replace: of two that start at the same time one gives the id to both.
	if err := os.Link(made, file); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make an installation id: %w", err)
	}
	return readInstallation(file)
}

func readInstallation(file string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(data))
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
		return "", fmt.Errorf("%s: this is no installation id", file)
	}
	return id, nil
}

// writeBeside writes a file (0600) into the folder of another, and names it.
func writeBeside(file string, data []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*") // 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}
