package jellyfin

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Credential is a user who is signed in to a server.
type Credential struct {
	Server     string `json:"Server"` // base URL
	ServerID   string `json:"ServerId"`
	ServerName string `json:"ServerName"`
	UserID     GUID   `json:"UserId"`
	UserName   string `json:"UserName"`
	DeviceID   string `json:"DeviceId"` // as which the user is signed in
	Token      Secret `json:"Token"`
	Saved      Time   `json:"Saved,omitzero"` // when it was put into a store
}

// CredentialStore keeps credentials, one for each user of each server. [NewMemoryStore] and [NewFileStore] make some; the package
// jellyfin/keyring has one in the system's keyring.
type CredentialStore interface {
	// Credentials are all, those that were saved last first.
	Credentials(ctx context.Context) ([]Credential, error)
	// Credential is that of a user of a server; ErrNoCredential where there is none.
	Credential(ctx context.Context, serverID string, user GUID) (Credential, error)
	// Save puts a credential in the place of that of the same user of the same server.
	Save(ctx context.Context, credential Credential) error
	// Delete takes one away. That there is none is no error.
	Delete(ctx context.Context, serverID string, user GUID) error
}

// MemoryStore keeps credentials until the process ends. Use [NewMemoryStore].
type MemoryStore struct {
	mu  sync.Mutex
	all map[account]Credential
}

var _ CredentialStore = (*MemoryStore)(nil)

type account struct {
	serverID string
	user     GUID
}

// NewMemoryStore makes an empty store.
func NewMemoryStore() *MemoryStore { return &MemoryStore{all: map[account]Credential{}} }

// Credentials implements CredentialStore.
func (s *MemoryStore) Credentials(context.Context) ([]Credential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Credential
	for _, credential := range s.all {
		all = append(all, credential)
	}
	newestFirst(all)
	return all, nil
}

// Credential implements CredentialStore.
func (s *MemoryStore) Credential(_ context.Context, serverID string, user GUID) (Credential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	credential, found := s.all[account{serverID, user}]
	if !found {
		return Credential{}, ErrNoCredential
	}
	return credential, nil
}

// Save implements CredentialStore.
func (s *MemoryStore) Save(_ context.Context, credential Credential) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	credential.Saved = TimeOf(time.Now())
	s.all[account{credential.ServerID, credential.UserID}] = credential
	return nil
}

// Delete implements CredentialStore.
func (s *MemoryStore) Delete(_ context.Context, serverID string, user GUID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, account{serverID, user})
	return nil
}

func newestFirst(all []Credential) {
	slices.SortFunc(all, func(a, b Credential) int { return b.Saved.Compare(a.Saved.Time) })
}
