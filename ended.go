package finlatch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// EndedToken is a token that an Upstream has made and is to end, or one in the making: then Hash is that of the secret of the
// request, and Sealed is its Minting.
type EndedToken struct {
	ID     int64 // given by the store, growing
	Hash   Hash
	Sealed []byte // as in Device
}

const (
	endBatch    = 100
	endRetry    = time.Second // doubles with each failure
	endRetryMax = time.Minute
	maxDisowned = 1000
)

// ending is what a process knows of tokens that are to be ended upstream.
type ending struct {
	woken chan struct{}
	after int64         // the last one that was tried; whoever is not ended lets others go first
	again time.Duration // until there is something to end; 0: nothing is known of

	mu       sync.Mutex
	disowned []Token // that the store could not take
}

func (e *ending) init() { e.woken = make(chan struct{}, 1) }

// wake says that there may be something to end.
func (e *ending) wake() {
	select {
	case e.woken <- struct{}{}:
	default:
	}
}

func (s *Service) sealToken(token Token) ([]byte, error) {
	hash := token.Hash()
	return s.seal.seal(s.options.Random, token.Reveal(), hash[:])
}

func (s *Service) openToken(sealed []byte, hash Hash) (Token, bool) {
	text, ok := s.seal.open(sealed, hash[:])
	return Token{text}, ok
}

// disown has a token ended that upstream has made and that nobody gets. Only memory keeps it, for the store may have failed.
func (s *Service) disown(token Token) {
	s.ending.mu.Lock()
	defer s.ending.mu.Unlock()
	if len(s.ending.disowned) < maxDisowned {
		s.ending.disowned = append(s.ending.disowned, token)
	}
	s.ending.wake()
}

// wakeEnding wakes whenever a device may have gone, until ctx ends.
func (s *Service) wakeEnding(ctx context.Context) {
	s.Changes(ctx, func(c Change) {
		switch c.Kind {
		case ChangeMissed, ChangeUser, ChangeDevice:
			s.ending.wake()
		}
	})
}

// endTokensUpstream ends upstream what has ended here, at once and until it is done, until ctx ends.
func (s *Service) endTokensUpstream(ctx context.Context) {
	retry := time.NewTimer(0)
	defer retry.Stop()
	for wait := endRetry; ; {
		due := false
		select {
		case <-ctx.Done():
			return
		case <-s.ending.woken:
		case <-retry.C:
			due = true
		}
		err := s.endAll(ctx)
		if err == nil {
			wait = endRetry
			retry.Stop()
			if s.ending.again > 0 {
				retry.Reset(s.ending.again)
			}
			continue
		}
		if wait == endRetry && ctx.Err() == nil {
			s.log.Warn("a token is not ended on the server behind this one; trying again", "error", err)
		}
		retry.Reset(wait)
		if due {
			wait = min(2*wait, endRetryMax)
		}
	}
}

// endAll ends what is to be ended, as far as it can be; its error is why not all is.
func (s *Service) endAll(ctx context.Context) error {
	s.ending.again = 0
	return firstOf(s.endDisowned(ctx), s.endStored(ctx))
}

// endStored ends what the store has to be ended, up to the first that cannot be.
func (s *Service) endStored(ctx context.Context) error {
	for again := s.ending.after == 0; ; {
		var ended []EndedToken
		err := s.store.View(ctx, func(tx Tx) (err error) {
			ended, err = tx.EndedTokens(ctx, s.ending.after, endBatch)
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range ended {
			s.ending.after = e.ID
			if err := s.end(ctx, e); err != nil {
				return err
			}
		}
		if len(ended) == endBatch {
			continue
		}
		s.ending.after = 0
		if again {
			return nil
		}
		again = true
	}
}

// endDisowned ends what only memory keeps, up to the first that cannot be, which goes behind the others.
func (s *Service) endDisowned(ctx context.Context) error {
	for {
		s.ending.mu.Lock()
		if len(s.ending.disowned) == 0 {
			s.ending.mu.Unlock()
			return nil
		}
		token := s.ending.disowned[0]
		s.ending.mu.Unlock()
		err := s.endUpstream(ctx, token)
		s.ending.mu.Lock()
		s.ending.disowned = slices.Delete(s.ending.disowned, 0, 1)
		if err != nil {
			s.ending.disowned = append(s.ending.disowned, token)
		}
		s.ending.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// end ends a token upstream and forgets it. One that is a device's again, since upstream has given it anew, stays.
func (s *Service) end(ctx context.Context, e EndedToken) error {
	if begun, is := s.openMinting(e.Sealed, e.Hash); is {
		return s.abandon(ctx, e, begun)
	}
	token, readable := s.openToken(e.Sealed, e.Hash)
	if !readable {
		s.log.Warn("a token cannot be ended on the server behind this one: it was sealed with another key")
	}
	if readable {
		if err := s.unlessGiven(ctx, e.Hash, func() error { return s.endUpstream(ctx, token) }); err != nil {
			return err
		}
	}
	return s.store.Update(ctx, func(tx Tx) error { return tx.ForgetEndedToken(ctx, e.ID) })
}

// unlessGiven does something about a token unless it is a device's.
func (s *Service) unlessGiven(ctx context.Context, token Hash, do func() error) error {
	err := s.store.View(ctx, func(tx Tx) error {
		_, err := tx.Device(ctx, token)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		err = do()
	}
	return err
}

// endUpstream ends a token upstream. Its app goes on with it for a while; nobody need be asked about it.
func (s *Service) endUpstream(ctx context.Context, token Token) error {
	s.adoption.refuse(token.Hash(), s.Now())
	return s.options.Upstream.End(ctx, token)
}
