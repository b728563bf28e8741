package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

// Bounds of the logs that apps upload: bytes of one, which are Jellyfin's, and how many are kept.
const (
	maxClientLog   = 1_000_000
	keptClientLogs = 50
)

var errClientLogs = &finlatch.Error{Kind: finlatch.RateLimited, Msg: "too many logs", RetryAfter: time.Minute}

// oversized is the answer to a body that is too large.
type oversized string

func (o oversized) write(w http.ResponseWriter, r *http.Request) {
	_ = httpx.WriteJSON(w, r, http.StatusRequestEntityTooLarge, string(o))
}

const clientLogTooLarge oversized = "Payload must be less than 1,000,000 bytes"

// clientLogs keeps the logs that apps upload: one is written at a time, ten a minute of each user. All API keys count as
// one user.
type clientLogs struct {
	folder string
	mu     sync.Mutex
	limits map[finlatch.ID]*rate.Limiter // as many as there are users
}

func (l *clientLogs) init(folder string) {
	l.folder, l.limits = folder, make(map[finlatch.ID]*rate.Limiter)
}

// allow tells whether a user may upload a log now.
func (l *clientLogs) allow(user finlatch.ID) bool {
	if l.limits[user] == nil {
		l.limits[user] = rate.NewLimiter(rate.Every(6*time.Second), 10)
	}
	return l.limits[user].Allow()
}

// clientLog keeps an app's log. Nothing of the file's name is the app's.
func (s *Server) clientLog(r *request) (any, error) {
	if !r.settings.ClientLogs || s.options.ClientLogDir == "" {
		return nil, as(empty, finlatch.ErrForbidden)
	}
	if r.ContentLength > maxClientLog {
		return clientLogTooLarge, nil
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxClientLog+1))
	switch {
	case len(data) > maxClientLog:
		return clientLogTooLarge, nil
	case err != nil:
		return nil, errors.Join(httpx.ErrUnreadBody, err)
	}
	if err := r.authenticate(); err != nil { // a body may come slowly
		return nil, err
	}
	name, err := s.clientLogs.keep(data, r.caller.UserID(), s.service.Now())
	if err != nil {
		return nil, err
	}
	return &jellyfin.ClientLogDocumentResponseDto{FileName: name}, nil
}

// keep writes a log, and removes the oldest beyond those that are kept.
func (l *clientLogs) keep(data []byte, user finlatch.ID, at time.Time) (name string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.allow(user) {
		return "", errClientLogs
	}
	defer func() {
		if err != nil {
			err = &finlatch.Error{Kind: finlatch.Unavailable, Msg: "the log cannot be written", Err: err, RetryAfter: time.Minute}
		}
	}()
	if err := os.MkdirAll(l.folder, 0o700); err != nil {
		return "", err
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	name = "upload_" + at.Format("20060102150405") + "_" + hex.EncodeToString(id) + ".log"
	f, err := os.OpenFile(filepath.Join(l.folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return name, l.trim()
}

func (l *clientLogs) trim() error {
	entries, err := os.ReadDir(l.folder) // by their names, which begin with their times
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool {
		return !strings.HasPrefix(e.Name(), "upload_") || !strings.HasSuffix(e.Name(), ".log")
	})
	for _, entry := range entries[:max(0, len(entries)-keptClientLogs)] {
		err = errors.Join(err, os.Remove(filepath.Join(l.folder, entry.Name())))
	}
	return err
}
