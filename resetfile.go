package finlatch

import (
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
	"unicode/utf16"
)

// resetContent is what the file with a PIN has, by Jellyfin's names: people and scripts read it.
type resetContent struct {
	Pin            string
	UserName       string
	PinFile        string
	ExpirationDate string
}

const (
	resetDate     = "2006-01-02T15:04:05.0000000Z"
	resetFiles    = "passwordreset????????????????????????????????.json"
	resetTemp     = "passwordreset-*.tmp"
	maxResetBytes = 16 << 10
)

// resetFileName is Jellyfin's: the MD5 of the name in UTF-16, as .NET writes 16 bytes as a GUID.
func resetFileName(normalized string) string {
	var text []byte
	for _, unit := range utf16.Encode([]rune(normalized)) {
		text = binary.LittleEndian.AppendUint16(text, unit)
	}
	sum := md5.Sum(text)
	slices.Reverse(sum[0:4])
	slices.Reverse(sum[4:6])
	slices.Reverse(sum[6:8])
	return "passwordreset" + hex.EncodeToString(sum[:]) + ".json"
}

// resetFile is a file with a PIN that has not its name yet.
type resetFile struct{ temporary, name string }

func (s *Service) writeResetFile(told ForgottenPassword, userName, pin string) (file resetFile, err error) {
	defer func() {
		if err != nil {
			err = noResetFile(err)
		}
	}()
	text, err := json.Marshal(resetContent{Pin: pin, UserName: harmless(userName, maxNameLength), PinFile: told.File, ExpirationDate: told.ExpiresAt.Format(resetDate)})
	if err != nil {
		return resetFile{}, err
	}
	f, err := os.CreateTemp(s.options.ResetDir, resetTemp) // 0600
	if err != nil {
		return resetFile{}, err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name())
		return resetFile{}, err
	}
	return resetFile{temporary: f.Name(), name: told.File}, nil
}

func noResetFile(err error) error {
	return &Error{Kind: Unavailable, Msg: "the PIN cannot be written", Err: err, RetryAfter: time.Minute}
}

// keep gives the file its name, in place of the one with the user's former PIN.
func (f resetFile) keep() error {
	if err := os.Rename(f.temporary, f.name); err != nil {
		return noResetFile(err)
	}
	return nil
}

// discard removes a file that was not kept.
func (f resetFile) discard() { os.Remove(f.temporary) }

// clearResetFiles removes files whose PINs do not count any more, and those that a process before this one left half done.
func (s *Service) clearResetFiles(ctx context.Context) {
	if s.options.ResetDir == "" {
		return
	}
	s.resets.files.Lock()
	defer s.resets.files.Unlock()
	entries, err := os.ReadDir(s.options.ResetDir)
	for _, entry := range entries {
		name := filepath.Join(s.options.ResetDir, entry.Name())
		stale, _ := filepath.Match(resetTemp, entry.Name())
		whole, _ := filepath.Match(resetFiles, entry.Name())
		if whole {
			live, liveErr := s.pinLives(ctx, name)
			stale, err = liveErr == nil && !live, firstOf(err, liveErr)
		}
		if stale {
			err = firstOf(err, os.Remove(name))
		}
	}
	if err != nil && ctx.Err() == nil {
		s.log.Warn("files of forgotten passwords are not removed", "error", err)
	}
}

// pinLives tells whether the PIN in a file may still be redeemed.
func (s *Service) pinLives(ctx context.Context, name string) (bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var content resetContent
	if json.NewDecoder(io.LimitReader(f, maxResetBytes)).Decode(&content) != nil {
		return false, nil
	}
	var reset PasswordReset
	err = s.store.View(ctx, func(tx Tx) (err error) {
		reset, err = tx.PasswordResetByPIN(ctx, s.resets.hash(content.Pin))
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return s.Now().Before(reset.ExpiresAt), err
}
