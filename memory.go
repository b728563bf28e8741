package finlatch

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// memory keeps callers and requests for Quick Connect that were seen lately, so that a known token and a poll ask no
// store. What is filled in was read in a generation and is taken only while no change came after it, so no late fill
// survives a revocation.
type memory struct {
	mu         sync.Mutex // orders fills and changes
	generation uint64
	on         atomic.Bool // while the store tells of changes
	away       atomic.Bool // while it does not, and has not been reached since; see outage.go
	lost       time.Time   // when that began
	began      time.Time
	beat       atomic.Int64 // since began, when the store last told that nothing was missed; 0: it has no need to
	devices    *otter.Cache[Hash, *Device]
	users      *otter.Cache[ID, *User]
	requests   *otter.Cache[Hash, *QuickConnect] // without what makes their tokens
	settings   atomic.Pointer[Settings]
	hits       atomic.Uint64
}

// trust is how long a store may say nothing that says that nothing is missed.
const trust = time.Second

// trusted tells whether what is remembered is what the store has.
func (m *memory) trusted() bool {
	if !m.on.Load() {
		return false
	}
	beat := m.beat.Load()
	return beat == 0 || time.Since(m.began) < time.Duration(beat)+trust
}

func (m *memory) init(size int) {
	m.began = time.Now()
	m.devices = otter.Must(&otter.Options[Hash, *Device]{MaximumSize: size})
	m.users = otter.Must(&otter.Options[ID, *User]{MaximumSize: size})
	m.requests = otter.Must(&otter.Options[Hash, *QuickConnect]{MaximumSize: size})
}

func (m *memory) now() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.generation
}

// fill runs set unless something changed since a generation.
func (m *memory) fill(generation uint64, set func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.on.Load() && m.generation == generation {
		set()
	}
}

func (m *memory) forget(c Change) {
	if c.Kind == ChangeNone {
		m.beat.Store(int64(time.Since(m.began)))
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	switch c.Kind {
	case ChangeMissed:
		m.clear()
		m.on.Store(true)
		m.away.Store(false)
	case ChangeUser:
		m.users.Invalidate(c.UserID)
	case ChangeDevice:
		m.devices.Invalidate(c.Hash)
	case ChangeQuickConnect:
		m.requests.Invalidate(c.Hash)
	case ChangeSettings:
		m.settings.Store(nil)
	}
}

// stop says that the store no longer tells of changes. What is remembered is not used any more, unless the store is away.
func (m *memory) stop(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
	if m.on.Load() {
		m.lost = now
		m.away.Store(true) // first: whoever finds it off has to find it away
		m.on.Store(false)
	}
}

func (m *memory) clear() {
	m.devices.InvalidateAll()
	m.users.InvalidateAll()
	m.requests.InvalidateAll()
	m.settings.Store(nil)
}

// watch keeps the memory in step with the store. While the store cannot tell of changes nothing is remembered.
func (s *Service) watch(ctx context.Context) {
	for ctx.Err() == nil {
		err := s.store.Watch(ctx, func(c Change) {
			s.memory.forget(c)
			if c.Kind != ChangeNone {
				s.listeners.tell(c)
			}
		})
		s.memory.stop(s.Now())
		s.listeners.tell(Change{Kind: ChangeMissed})
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("the store does not tell of changes; trying again", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// CacheHits counts the requests whose token was answered from memory.
func (s *Service) CacheHits() uint64 { return s.memory.hits.Load() }

// seen is a signed-in device and its user.
type seen struct {
	device *Device
	user   *User
}

func (m *memory) seenWith(token Hash) (*seen, bool) {
	device, found := m.devices.GetIfPresent(token)
	if !found {
		return nil, false
	}
	user, found := m.users.GetIfPresent(device.UserID)
	return &seen{device, user}, found
}

// remembered is a signed-in device and its user, from memory or from the store. While the store is away old says whether what
// was known before will do.
func (s *Service) remembered(ctx context.Context, token Hash, old bool) (*Device, *User, error) {
	if s.memory.trusted() {
		if device, found := s.memory.devices.GetIfPresent(token); found {
			if user, found := s.memory.users.GetIfPresent(device.UserID); found {
				s.memory.hits.Add(1)
				return device, user, nil
			}
		}
	}
	look := func(ctx context.Context) (*seen, error) { return s.lookUpToken(ctx, token) }
	var in *seen
	var err error
	if old {
		in, err = orOld(ctx, s, func() (*seen, bool) { return s.memory.seenWith(token) }, look)
	} else {
		in, err = look(ctx)
	}
	if err != nil {
		return nil, nil, err
	}
	return in.device, in.user, nil
}

func (s *Service) lookUpToken(ctx context.Context, token Hash) (*seen, error) {
	generation := s.memory.now()
	var in seen
	err := s.store.View(ctx, func(tx Tx) error {
		d, err := tx.Device(ctx, token)
		if err != nil {
			return err
		}
		u, err := tx.User(ctx, d.UserID)
		in = seen{&d, &u}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.memory.fill(generation, func() {
		s.memory.devices.Set(token, in.device)
		s.memory.users.Set(in.device.UserID, in.user)
	})
	return &in, nil
}

// rememberedRequest is a request for Quick Connect, from memory or from the store, or as it was when the store was lost.
func (s *Service) rememberedRequest(ctx context.Context, secret Hash) (*QuickConnect, error) {
	if s.memory.trusted() {
		if request, found := s.memory.requests.GetIfPresent(secret); found {
			return request, nil
		}
	}
	known := func() (*QuickConnect, bool) { return s.memory.requests.GetIfPresent(secret) }
	return orOld(ctx, s, known, func(ctx context.Context) (*QuickConnect, error) { return s.lookUpRequest(ctx, secret) })
}

func (s *Service) lookUpRequest(ctx context.Context, secret Hash) (*QuickConnect, error) {
	generation := s.memory.now()
	request := new(QuickConnect)
	err := s.store.View(ctx, func(tx Tx) (err error) {
		*request, err = tx.QuickConnect(ctx, secret)
		return err
	})
	if err != nil {
		return nil, err
	}
	request.Salt, request.Minting = nil, nil
	s.memory.fill(generation, func() { s.memory.requests.Set(secret, request) })
	return request, nil
}

// Settings are the server's settings as they are now, or as they were when the store was lost.
func (s *Service) Settings(ctx context.Context) (*Settings, error) {
	if s.memory.trusted() {
		if settings := s.memory.settings.Load(); settings != nil {
			return settings, nil
		}
	}
	known := func() (*Settings, bool) { settings := s.memory.settings.Load(); return settings, settings != nil }
	return orOld(ctx, s, known, func(ctx context.Context) (*Settings, error) {
		generation := s.memory.now()
		settings := new(Settings)
		err := s.store.View(ctx, func(tx Tx) (err error) {
			*settings, err = tx.Settings(ctx)
			return err
		})
		if err != nil {
			return nil, err
		}
		s.memory.fill(generation, func() { s.memory.settings.Store(settings) })
		return settings, nil
	})
}
