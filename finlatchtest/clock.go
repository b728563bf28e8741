package finlatchtest

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"sync"
	"time"
)

// Clock is a time that stands until the test moves it. It begins at noon of 1 January 2026 in UTC.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *Clock { return &Clock{now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the clock: codes of Quick Connect live ten minutes.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// hasher is quick, and good for nothing but tests.
type hasher struct{}

func (hasher) Hash(_ io.Reader, password string) (string, error) {
	sum := sha256.Sum256([]byte(password))
	return "test:" + hex.EncodeToString(sum[:]), nil
}

func (h hasher) Verify(encoded, password string) (bool, error) {
	hash, err := h.Hash(nil, password)
	return encoded == hash, err
}

func (hasher) Waste(string)            {}
func (hasher) NeedsRehash(string) bool { return false }
