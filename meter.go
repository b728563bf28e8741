package finlatch

import (
	"context"
	"errors"
)

// SignInMethod is how somebody tried to sign in.
type SignInMethod string

// The methods.
const (
	SignInByPassword     SignInMethod = "password"
	SignInByQuickConnect SignInMethod = "quick_connect"
)

// SignInOutcome is what came of it.
type SignInOutcome string

// The outcomes.
const (
	SignInSucceeded SignInOutcome = "success"
	SignInWrong     SignInOutcome = "wrong"     // an unknown name, a wrong password, a secret that nobody approved
	SignInRefused   SignInOutcome = "refused"   // an account that may not be used, or not so
	SignInThrottled SignInOutcome = "throttled" // after too many failures
	SignInBusy      SignInOutcome = "busy"      // the hash gate or the store could not serve
	SignInInvalid   SignInOutcome = "invalid"   // the request made no sense
	SignInAbandoned SignInOutcome = "abandoned" // whoever asked did not wait
	SignInFailed    SignInOutcome = "failed"    // our fault
)

var signInOutcomes = map[Kind]SignInOutcome{
	Internal: SignInFailed, Invalid: SignInInvalid, Unauthenticated: SignInWrong, Forbidden: SignInRefused, NotFound: SignInWrong,
	Conflict: SignInFailed, RateLimited: SignInThrottled, Unavailable: SignInBusy,
}

// tell tells Options.OnSignIn what came of a sign-in, once that is known.
func (s *Service) tell(method SignInMethod, in *SignedIn, err *error) {
	if s.options.OnSignIn == nil {
		return
	}
	outcome := SignInFailed // without an error, too, where it panics
	switch {
	case errors.Is(*err, context.Canceled):
		outcome = SignInAbandoned
	case QuickConnectOff(*err):
		outcome = SignInRefused
	case *err != nil:
		outcome = signInOutcomes[KindOf(*err)]
	case in.Token != (Token{}):
		outcome = SignInSucceeded
	}
	s.options.OnSignIn(method, outcome)
}

// Stats are numbers of a Service as they are now.
type Stats struct {
	HashesRunning, HashesWaiting int    // passwords that are being checked, and that wait for it
	HashesRefused                uint64 // that were not served in time, since the start
	QuickConnectsPending         int
	CallersRemembered            uint64 // requests whose token was answered from memory, since the start
}

// Stats counts. It asks the store for one number.
func (s *Service) Stats(ctx context.Context) (Stats, error) {
	hashing := s.hashing.stats()
	stats := Stats{HashesRunning: hashing.running, HashesWaiting: hashing.waiting, HashesRefused: hashing.turnedAway, CallersRemembered: s.CacheHits()}
	err := s.store.View(ctx, func(tx Tx) (err error) {
		stats.QuickConnectsPending, err = tx.CountPendingQuickConnects(ctx)
		return err
	})
	return stats, err
}
