// Package keyring keeps access tokens in the system's keyring: the Keychain of macOS, the Credential Manager of Windows, or what
// speaks the Secret Service API on Linux. It is apart from package jellyfin because it needs a module for that.
//
// Where no keyring runs, as on most servers, a [jellyfin.FileStore] takes its place. Which of the two it is the program decides, so
// that nobody's token lands in a file without the program's knowing:
//
//	files := jellyfin.NewFileStore(dir)
//	var store jellyfin.CredentialStore = keyring.New("my-app", files)
//	if err := keyring.Available(ctx, "my-app"); err != nil {
//		store = files
//	}
package keyring

import (
	"context"
	"errors"
	"fmt"

	"github.com/zalando/go-keyring"

	"github.com/finlatch/finlatch/jellyfin"
)

// Store is a [jellyfin.CredentialStore] whose tokens are in the keyring, one item each. No keyring lists what it has, so the rest of a
// credential, which is no secret, is in an index of files.
type Store struct {
	service string
	index   *jellyfin.FileStore
}

var _ jellyfin.CredentialStore = (*Store)(nil)

// New makes a store whose items in the keyring belong to a service: the name of the program, which keyrings show to people.
func New(service string, index *jellyfin.FileStore) *Store {
	return &Store{service: service, index: index}
}

// Available tells why there is no keyring to use; nil where there is one. It asks for an item that is not there.
func Available(ctx context.Context, service string) error {
	err := within(ctx, func() error {
		_, err := keyring.Get(service, "available")
		return err
	})
	if errors.Is(err, keyring.ErrNotFound) {
		return nil
	}
	return err
}

// Credentials implements jellyfin.CredentialStore. Those whose token somebody has taken out of the keyring are left out.
func (s *Store) Credentials(ctx context.Context) ([]jellyfin.Credential, error) {
	all, failed := s.index.Credentials(ctx)
	var found []jellyfin.Credential
	for _, credential := range all {
		err := s.fill(ctx, &credential)
		switch {
		case errors.Is(err, jellyfin.ErrNoCredential):
		case err != nil:
			failed = errors.Join(failed, err)
		default:
			found = append(found, credential)
		}
	}
	return found, failed
}

// Credential implements jellyfin.CredentialStore.
func (s *Store) Credential(ctx context.Context, serverID string, user jellyfin.GUID) (jellyfin.Credential, error) {
	credential, err := s.index.Credential(ctx, serverID, user)
	if err == nil {
		err = s.fill(ctx, &credential)
	}
	if err != nil {
		return jellyfin.Credential{}, err
	}
	return credential, nil
}

// fill puts in the token. One that a file has, saved while there was no keyring, is good, too.
func (s *Store) fill(ctx context.Context, credential *jellyfin.Credential) error {
	if credential.Token != "" {
		return nil
	}
	var token string
	err := within(ctx, func() (err error) {
		token, err = keyring.Get(s.service, item(credential.ServerID, credential.UserID))
		return err
	})
	if errors.Is(err, keyring.ErrNotFound) {
		return jellyfin.ErrNoCredential
	}
	if err != nil {
		return fmt.Errorf("read a token from the keyring: %w", err)
	}
	credential.Token = jellyfin.Secret(token)
	return nil
}

// Save implements jellyfin.CredentialStore. Where the index cannot be written, the keyring is left as it was.
func (s *Store) Save(ctx context.Context, credential jellyfin.Credential) error {
	name := item(credential.ServerID, credential.UserID)
	var before string
	var none bool
	err := within(ctx, func() (err error) {
		before, err = keyring.Get(s.service, name)
		if none = errors.Is(err, keyring.ErrNotFound); err == nil || none {
			err = keyring.Set(s.service, name, string(credential.Token))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("put a token into the keyring: %w", err)
	}
	credential.Token = ""
	failed := s.index.Save(ctx, credential)
	if failed == nil {
		return nil
	}
	err = within(ctx, func() error {
		if none {
			return keyring.Delete(s.service, name)
		}
		return keyring.Set(s.service, name, before)
	})
	if err != nil {
		failed = fmt.Errorf("%w; and the token stays in the keyring: %w", failed, err)
	}
	return failed
}

// Delete implements jellyfin.CredentialStore.
func (s *Store) Delete(ctx context.Context, serverID string, user jellyfin.GUID) error {
	err := within(ctx, func() error { return keyring.Delete(s.service, item(serverID, user)) })
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return fmt.Errorf("take a token out of the keyring: %w", err)
	}
	return s.index.Delete(ctx, serverID, user)
}

// item is the account of an item.
func item(serverID string, user jellyfin.GUID) string { return user.String() + "@" + serverID }

// within gives up on a keyring that waits for somebody to unlock it, when ctx ends.
func within(ctx context.Context, ask func() error) error {
	answered := make(chan error, 1)
	go func() { answered <- ask() }()
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
