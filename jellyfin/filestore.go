package jellyfin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// FileStore keeps each credential in a file of its own, which only its owner may read, so that programs that save at the same time do
// not lose what the other has saved. Use [NewFileStore].
type FileStore struct {
	dir string
}

var _ CredentialStore = (*FileStore)(nil)

// NewFileStore makes a store in a folder, which it makes (0700) when it saves first.
func NewFileStore(dir string) *FileStore { return &FileStore{dir: dir} }

// Credentials implements CredentialStore. Files that cannot be read are told of in the error; the others are returned all the same.
func (s *FileStore) Credentials(context.Context) ([]Credential, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	var all []Credential
	var failed []error
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), suffix) {
			continue
		}
		credential, err := readCredential(filepath.Join(s.dir, entry.Name()))
		switch {
		case errors.Is(err, ErrNoCredential): // deleted meanwhile
		case err != nil:
			failed = append(failed, err)
		default:
			all = append(all, credential)
		}
	}
	newestFirst(all)
	return all, errors.Join(failed...)
}

// Credential implements CredentialStore.
func (s *FileStore) Credential(_ context.Context, serverID string, user GUID) (Credential, error) {
	return readCredential(s.file(serverID, user))
}

// Save implements CredentialStore.
func (s *FileStore) Save(_ context.Context, credential Credential) error {
	credential.Saved = TimeOf(time.Now())
	data, err := json.MarshalIndent(credential, "", "  ")
	if err == nil {
		err = os.MkdirAll(s.dir, 0o700)
	}
	var made string
	file := s.file(credential.ServerID, credential.UserID)
	if err == nil {
		made, err = writeBeside(file, append(data, '\n'))
	}
	if err == nil {
		if err = os.Rename(made, file); err != nil {
			os.Remove(made)
		}
	}
	if err != nil {
		return fmt.Errorf("save a credential: %w", err)
	}
	return nil
}

// Delete implements CredentialStore.
func (s *FileStore) Delete(_ context.Context, serverID string, user GUID) error {
	if err := os.Remove(s.file(serverID, user)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete a credential: %w", err)
	}
	return nil
}

const suffix = ".json"

// file is that of an account. A server says of itself what its id is, so no path is built from it.
func (s *FileStore) file(serverID string, user GUID) string {
	sum := sha256.Sum256([]byte(serverID + "\x00" + user.String()))
	return filepath.Join(s.dir, hex.EncodeToString(sum[:16])+suffix)
}

func readCredential(file string) (Credential, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Credential{}, ErrNoCredential
	}
	if err != nil {
		return Credential{}, fmt.Errorf("read a credential: %w", err)
	}
	var credential Credential
	if json.Unmarshal(data, &credential) != nil || credential.Server == "" {
		return Credential{}, fmt.Errorf("read a credential: %s holds none", file)
	}
	return credential, nil
}
