package finlatch

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	readableKey = 10 * time.Minute // a new API key can be read in the list
	maxKeyName  = 128
	// handlePrefix begins what stands in the list for a key that is no longer readable: plainly no key.
	handlePrefix = "no-longer-readable-"
)

// ListedKey is an API key as the list shows it: Text is the key while it is readable, then a handle that serves to
// delete it.
type ListedKey struct {
	APIKey
	Text Token
}

// APIKeys lists all keys, oldest first, for administrators.
func (s *Service) APIKeys(ctx context.Context, c Caller) ([]ListedKey, error) {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return nil, err
	}
	var keys []APIKey
	err := s.store.View(ctx, func(tx Tx) (err error) {
		keys, err = tx.APIKeys(ctx)
		return err
	})
	now, listed := s.Now(), make([]ListedKey, len(keys))
	for i, key := range keys {
		listed[i] = ListedKey{APIKey: key, Text: Token{handlePrefix + key.ID.String()}}
		if now.Before(key.ReadableTill) {
			if text, ok := s.seal.open(key.Sealed, key.ID[:]); ok {
				listed[i].Text = Token{text}
			}
		}
	}
	return listed, err
}

// CreateAPIKey makes a key for a program, for administrators. Names need not be unique; Invalid for a blank one.
func (s *Service) CreateAPIKey(ctx context.Context, c Caller, name string) (APIKey, Token, error) {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return APIKey{}, Token{}, err
	}
	name = harmless(name, maxKeyName)
	if strings.TrimSpace(name) == "" {
		return APIKey{}, Token{}, refuse(Invalid, "an API key needs a name")
	}
	id, err := newID(s.options.Random)
	if err != nil {
		return APIKey{}, Token{}, err
	}
	token, err := newToken(s.options.Random)
	if err != nil {
		return APIKey{}, Token{}, err
	}
	sealed, err := s.seal.seal(s.options.Random, token.Reveal(), id[:])
	if err != nil {
		return APIKey{}, Token{}, err
	}
	now := s.Now()
	key := APIKey{ID: id, Name: name, Hash: token.Hash(), CreatedAt: now, Sealed: sealed, ReadableTill: now.Add(readableKey)}
	err = s.store.Update(ctx, func(tx Tx) error {
		if err := tx.CreateAPIKey(ctx, key); err != nil {
			return err
		}
		return tx.AddActivity(ctx, s.entry(c, ActivityAPIKeyCreated, ID{}, "API key %s has been created", name))
	})
	if err != nil {
		return APIKey{}, Token{}, err
	}
	s.sweeping.due(key.ReadableTill)
	return key, token, nil
}

// DeleteAPIKey ends a key that the key itself or its handle names, for administrators. An unknown one is no error.
func (s *Service) DeleteAPIKey(ctx context.Context, c Caller, keyOrHandle string) error {
	if text, isHandle := strings.CutPrefix(keyOrHandle, handlePrefix); isHandle {
		id, _ := ParseID(text)
		return s.DeleteAPIKeyByID(ctx, c, id)
	}
	return s.deleteAPIKey(ctx, c, func(tx Tx) (APIKey, error) { return tx.APIKey(ctx, hashOf(keyOrHandle)) })
}

// DeleteAPIKeyByID ends a key, for administrators. An unknown one is no error.
func (s *Service) DeleteAPIKeyByID(ctx context.Context, c Caller, id ID) error {
	return s.deleteAPIKey(ctx, c, func(tx Tx) (APIKey, error) { return tx.APIKeyByID(ctx, id) })
}

func (s *Service) deleteAPIKey(ctx context.Context, c Caller, find func(Tx) (APIKey, error)) error {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		key, err := find(tx)
		if err != nil {
			return ignoreNotFound(err)
		}
		if err := tx.DeleteAPIKey(ctx, key.ID); err != nil {
			return err
		}
		return tx.AddActivity(ctx, s.entry(c, ActivityAPIKeyDeleted, ID{}, "API key %s has been deleted", key.Name))
	})
}

const sealKeySize = 32

// sealer encrypts what must be readable again, with a key that is not in the store: AES-256-GCM, nonce first.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (sealer, error) {
	if len(key) != sealKeySize {
		return sealer{}, fmt.Errorf("a key for sealing has %d bytes, not %d", sealKeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCM(block)
	return sealer{aead}, err
}

func (s sealer) seal(random io.Reader, text string, about []byte) ([]byte, error) {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(text)+s.aead.Overhead())
	if _, err := io.ReadFull(random, nonce); err != nil {
		return nil, err
	}
	return s.aead.Seal(nonce, nonce, []byte(text), about), nil
}

func (s sealer) open(sealed, about []byte) (string, bool) {
	if len(sealed) < s.aead.NonceSize() {
		return "", false
	}
	nonce, rest := sealed[:s.aead.NonceSize()], sealed[s.aead.NonceSize():]
	text, err := s.aead.Open(nil, nonce, rest, about)
	return string(text), err == nil
}
