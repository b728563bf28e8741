package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/finlatch/finlatch"
)

const (
	checkers   = 8           // streams that are asked again at the same time
	checkRetry = time.Second // after the rules could not say
)

// errRevoked is why a request ends whose token has.
var errRevoked = errors.New("the token has ended")

// stream is a request with a token, while it is served.
type stream struct {
	hash  finlatch.Hash
	token finlatch.Token
	asked finlatch.Caller // what the request says of where it comes from
	user  finlatch.ID     // zero until that is known; guarded by streams.mu

	mu    sync.Mutex
	good  bool // its token was found good; until then there is nothing to cut
	ended bool // its token has ended
	over  bool
	end   context.CancelCauseFunc
	out   *writer
}

// streams are all of them. Each is there before its token is asked about, so that no revocation falls in between.
type streams struct {
	mu     sync.Mutex
	all    map[*stream]struct{}
	unsure map[*stream]struct{}
	check  chan struct{} // has room for one
}

func newStreams() *streams {
	return &streams{all: map[*stream]struct{}{}, unsure: map[*stream]struct{}{}, check: make(chan struct{}, 1)}
}

func (s *streams) open(k *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[k] = struct{}{}
}

func (s *streams) belongs(k *stream, user finlatch.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.user = user
}

// stands notes that the token was found good, and tells whether it still is.
func (k *stream) stands() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.good = true
	return !k.ended
}

// close is called when the request is over; nothing touches its connection from then on.
func (s *streams) close(k *stream) {
	s.mu.Lock()
	delete(s.all, k)
	delete(s.unsure, k)
	s.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
}

// cut ends the request, even where it waits for a client that neither reads nor writes.
func (k *stream) cut() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = true
	if k.over || !k.good {
		return
	}
	k.end(errRevoked)
	k.out.cut()
}

// changed marks the streams that a change may concern. It is quick, as Service.Changes asks.
func (s *streams) changed(c finlatch.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.all {
		switch {
		case c.Kind == finlatch.ChangeMissed,
			c.Kind == finlatch.ChangeUser && (k.user == c.UserID || k.user.IsZero()),
			c.Kind == finlatch.ChangeDevice && k.hash == c.Hash:
			s.doubt(k)
		}
	}
}

// doubt is called with s locked.
func (s *streams) doubt(k *stream) {
	s.unsure[k] = struct{}{}
	select {
	case s.check <- struct{}{}:
	default:
	}
}

// checks asks about unsure streams, until ctx ends.
func (s *streams) checks(ctx context.Context, good func(context.Context, *stream) error) {
	slots := make(chan struct{}, checkers)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.check:
		}
		s.mu.Lock()
		unsure := s.unsure
		s.unsure = map[*stream]struct{}{}
		s.mu.Unlock()
		var wg sync.WaitGroup
		for k := range unsure {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				s.checkOne(ctx, k, good)
			})
		}
		wg.Wait()
	}
}

func (s *streams) checkOne(ctx context.Context, k *stream, good func(context.Context, *stream) error) {
	switch err := good(ctx, k); {
	case err == nil:
	case errors.Is(err, finlatch.ErrUnauthenticated):
		k.cut()
	case ctx.Err() == nil:
		time.AfterFunc(checkRetry, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if _, open := s.all[k]; open {
				s.doubt(k)
			}
		})
	}
}
