package finlatch

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// PasswordReset is a PIN that gives a user who has forgotten the password a new one. A user has at most one.
type PasswordReset struct {
	UserID    ID
	PINHash   Hash // keyed with what is not in the store, because a PIN has only 32 bits
	CreatedAt time.Time
	ExpiresAt time.Time
}

const (
	pinLife     = 30 * time.Minute
	resetWindow = 30 * time.Minute // in which attempts are counted
	maxPIN      = 64               // bytes as typed; more is no PIN
)

var errNoPIN = &Error{Kind: NotFound, Msg: "there is no such PIN"}

// resets is what a process knows of forgotten passwords.
type resets struct {
	key   []byte     // of the PINs' hashes
	files sync.Mutex // held while files come or go, so that the last PIN of a user is the one in the file
	asked attempts[netip.Prefix]
	tried attempts[netip.Prefix]

	askedAfar attempts[netip.Prefix] // an Upstream, from outside the local networks
}

func (r *resets) init(sealKey []byte) {
	mac := hmac.New(sha256.New, sealKey)
	mac.Write([]byte("PINs of forgotten passwords"))
	r.key = mac.Sum(nil)
	r.asked = attempts[netip.Prefix]{each: 30, all: 300, window: resetWindow}
	r.askedAfar = attempts[netip.Prefix]{each: r.asked.each, all: r.asked.all, window: resetWindow}
	r.tried = attempts[netip.Prefix]{each: 10, all: 100, window: resetWindow}
}

// hash is what the store keeps of a PIN, which counts without its dashes.
func (r *resets) hash(pin string) (hash Hash) {
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(strings.ReplaceAll(pin, "-", "")))
	copy(hash[:], mac.Sum(nil))
	return hash
}

// newPIN is 4 random bytes as Jellyfin writes them: 05-4C-7D-7A.
func newPIN(random io.Reader) (string, error) {
	var b [4]byte
	_, err := io.ReadFull(random, b[:])
	return fmt.Sprintf("%02X-%02X-%02X-%02X", b[0], b[1], b[2], b[3]), err
}

// ForgottenPassword is what somebody who has forgotten a password is told: where the PIN lies, if there is one.
type ForgottenPassword struct {
	File      string // its path for local callers, for others only its name
	ExpiresAt time.Time
}

// ForgotPassword leaves a PIN in a file of Options.ResetDir for whoever can read it there, if the name is that of a user
// who may sign in and the caller is local. The answer and the work are the same for every name. RateLimited for local callers who
// ask too often; Unavailable where the file cannot be written.
func (s *Service) ForgotPassword(ctx context.Context, c Caller, name string) (ForgottenPassword, error) {
	if err := s.signInOpen(ctx, c); err != nil {
		return ForgottenPassword{}, err
	}
	normalized := NormalizeName(name)
	told := ForgottenPassword{File: resetFileName(normalized), ExpiresAt: s.Now().Add(pinLife)}
	settings, err := s.Settings(ctx)
	if err != nil {
		return ForgottenPassword{}, err
	}
	if s.options.ResetDir == "" || !s.local(settings, c) {
		return told, nil
	}
	told.File = filepath.Join(s.options.ResetDir, told.File)
	if _, err := s.resets.asked.take(network(c.Address), s.Now()); err != nil {
		return ForgottenPassword{}, err
	}
	err = s.leavePIN(ctx, c, normalized, told)
	for tries := 0; errors.Is(err, ErrConflict) && tries < 5; tries++ { // another user has that PIN
		err = s.leavePIN(ctx, c, normalized, told)
	}
	return told, err
}

// leavePIN writes a file for every name, since the disk takes longer than anything else here, and lets it be for a user.
func (s *Service) leavePIN(ctx context.Context, c Caller, normalized string, told ForgottenPassword) error {
	pin, err := newPIN(s.options.Random)
	if err != nil {
		return err
	}
	s.resets.files.Lock()
	defer s.resets.files.Unlock()
	name := normalized
	err = s.store.View(ctx, func(tx Tx) error {
		user, err := tx.UserByName(ctx, normalized)
		if err == nil {
			name = user.Name
		}
		return ignoreNotFound(err)
	})
	if err != nil {
		return err
	}
	file, err := s.writeResetFile(told, name, pin)
	if err != nil {
		return err
	}
	defer file.discard()
	var entitled bool
	err = s.store.Update(ctx, func(tx Tx) error {
		user, err := tx.UserByName(ctx, normalized)
		if entitled = err == nil && !user.Policy.IsDisabled && user.ours(); !entitled {
			entry := s.entry(c, ActivityPasswordResetRequested, user.ID, "A new password was asked for under a name that can have none")
			entry.Severity, entry.Refusal = SeverityWarning, true
			return firstOf(ignoreNotFound(err), tx.AddActivity(ctx, entry))
		}
		err = tx.PutPasswordReset(ctx, PasswordReset{UserID: user.ID, PINHash: s.resets.hash(pin), CreatedAt: s.Now(), ExpiresAt: told.ExpiresAt})
		if err != nil {
			return err
		}
		return tx.AddActivity(ctx, s.entry(c, ActivityPasswordResetRequested, user.ID, "A new password was asked for by user %s", user.Name))
	})
	if err != nil || !entitled {
		return err
	}
	s.sweeping.due(told.ExpiresAt)
	return file.keep()
}

// RedeemPIN makes the PIN, as it is typed, the password of the user who has it, and ends the user's tokens. NotFound for
// a PIN that nobody has, or has any more; RateLimited for a network, or all of them, with too many of these. After too
// many from anywhere no PIN counts any more.
func (s *Service) RedeemPIN(ctx context.Context, c Caller, pin string) (User, error) {
	if err := s.signInOpen(ctx, c); err != nil {
		return User{}, err
	}
	last, err := s.resets.tried.take(network(c.Address), s.Now())
	if err != nil {
		return User{}, err
	}
	user, err := s.redeemPIN(ctx, c, pin)
	if !errors.Is(err, errNoPIN) {
		s.resets.tried.giveBack(network(c.Address))
		return user, err
	}
	s.noteWrongPIN(ctx, c)
	if last {
		return User{}, firstOf(s.dropResets(ctx), err)
	}
	return User{}, err
}

func (s *Service) redeemPIN(ctx context.Context, c Caller, pin string) (user User, err error) {
	if len(pin) > maxPIN {
		return User{}, errNoPIN
	}
	whose := func(tx Tx) (err error) {
		reset, err := tx.PasswordResetByPIN(ctx, s.resets.hash(pin))
		if err == nil {
			user, err = tx.User(ctx, reset.UserID)
		}
		switch {
		case errors.Is(err, ErrNotFound):
			return errNoPIN
		case err == nil && (!s.Now().Before(reset.ExpiresAt) || user.Policy.IsDisabled || !user.ours()):
			return errNoPIN
		}
		return err
	}
	if err := s.store.View(ctx, whose); err != nil {
		return User{}, err
	}
	hash, err := s.hash(ctx, c, pin)
	if err != nil {
		return User{}, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		if err := whose(tx); err != nil {
			return err
		}
		if err := s.putPassword(ctx, tx, c, &user, pin, hash, "User %s has a new password, by PIN"); err != nil {
			return err
		}
		return tx.PutUser(ctx, user)
	})
	if err != nil {
		return user, err
	}
	s.clearResetFiles(ctx)
	return user, s.pardon(ctx, user.ID)
}

// dropResets ends all PINs.
func (s *Service) dropResets(ctx context.Context) error {
	err := s.eraseInBatches(ctx, func(tx Tx) (int, error) {
		return tx.ExpirePasswordResets(ctx, s.Now().Add(2*pinLife), sweepBatch)
	})
	s.clearResetFiles(ctx)
	return err
}
