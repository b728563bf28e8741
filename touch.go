package finlatch

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	touchAge      = 3 * time.Minute // last activity is this coarse, as in Jellyfin 12
	touchInterval = 5 * time.Second // how long notes of activity are gathered
	maxTouches    = 10_000          // more are dropped: the next request of the device notes them again
	touchBatch    = 200             // written in one transaction, so that sign-ins get their turn
)

// touches gathers notes of activity, so that they cost one write for many requests.
type touches struct {
	mu      sync.Mutex
	pending map[Hash]DeviceTouch
}

// touch notes that the caller's device was there, if that is news: not noted for three minutes, or with another name,
// version or address. Chromecast senders take turns with names on one token, so theirs are not taken.
func (s *Service) touch(c *Caller) {
	device, now := c.Device, s.Now()
	renamed := !strings.Contains(strings.ToLower(device.AppName), "chromecast") &&
		(c.DeviceName != "" && c.DeviceName != device.DeviceName || c.AppVersion != "" && c.AppVersion != device.AppVersion)
	moved := c.Address.IsValid() && c.Address != device.Address
	active := device.LastActivityAt
	if now.Sub(active) >= touchAge {
		active = now
	} else if !renamed && !moved {
		return
	}
	t := DeviceTouch{TokenHash: device.TokenHash, UserID: device.UserID, At: active, Address: c.Address,
		DeviceName: device.DeviceName, AppVersion: device.AppVersion}
	if renamed {
		info := c.ClientInfo.or(device.ClientInfo)
		t.DeviceName, t.AppVersion = info.DeviceName, info.AppVersion
	}
	s.touches.mu.Lock()
	defer s.touches.mu.Unlock()
	if s.touches.pending == nil {
		s.touches.pending = make(map[Hash]DeviceTouch)
	}
	if _, noted := s.touches.pending[device.TokenHash]; noted || len(s.touches.pending) < maxTouches {
		s.touches.pending[device.TokenHash] = t
	}
}

// writeTouches writes the gathered notes until ctx ends, and once more then.
func (s *Service) writeTouches(ctx context.Context) {
	ticker := time.NewTicker(touchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.flushTouches(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			s.flushTouches(last)
			return
		}
	}
}

func (s *Service) flushTouches(ctx context.Context) {
	s.touches.mu.Lock()
	pending := s.touches.pending
	s.touches.pending = nil
	s.touches.mu.Unlock()
	for batch := range slices.Chunk(slices.Collect(maps.Values(pending)), touchBatch) {
		s.writeTouchBatch(ctx, batch)
	}
}

func (s *Service) writeTouchBatch(ctx context.Context, batch []DeviceTouch) {
	if err := s.store.Update(ctx, func(tx Tx) error { return tx.TouchDevices(ctx, batch) }); err != nil {
		s.log.Warn("last activity is not written", "error", err)
		return
	}
	// What is remembered would note the same again with every request. It stays, for when the store goes away.
	m := &s.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	for _, t := range batch {
		if known, found := m.devices.GetIfPresent(t.TokenHash); found {
			touched := *known
			touched.touch(t)
			m.devices.Set(t.TokenHash, &touched)
		}
		if known, found := m.users.GetIfPresent(t.UserID); found && known.LastActivityAt.Before(t.At) {
			touched := *known
			touched.LastActivityAt = t.At
			m.users.Set(t.UserID, &touched)
		}
	}
}

// touch does to a device what Tx.TouchDevices does to its row.
func (d *Device) touch(t DeviceTouch) {
	if d.LastActivityAt.After(t.At) {
		return
	}
	d.LastActivityAt = t.At
	if t.Address.IsValid() {
		d.Address = t.Address
	}
	if t.DeviceName != "" {
		d.DeviceName = t.DeviceName
	}
	if t.AppVersion != "" {
		d.AppVersion = t.AppVersion
	}
}
