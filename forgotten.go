package finlatch

import "context"

// CountForgotten counts somebody who has forgotten a password and asks an Upstream for a PIN, as ForgotPassword counts those
// whom it answers: RateLimited where it is one too many. Who is elsewhere, where no Upstream gives PINs, does not use up
// what the local networks have.
func (s *Service) CountForgotten(ctx context.Context, c Caller) error {
	if err := s.signInOpen(ctx, c); err != nil {
		return err
	}
	settings, err := s.Settings(ctx)
	if err != nil {
		return err
	}
	counted := &s.resets.asked
	if !s.local(settings, c) {
		counted = &s.resets.askedAfar
	}
	_, err = counted.take(network(c.Address), s.Now())
	return err
}

// CountPIN counts a PIN before an Upstream is asked about it, as RedeemPIN counts wrong ones: RateLimited where it is one too
// many. judged is to be told whether it was right; until then it counts as a wrong one.
func (s *Service) CountPIN(ctx context.Context, c Caller) (judged func(right bool), err error) {
	if err := s.signInOpen(ctx, c); err != nil {
		return nil, err
	}
	from := network(c.Address)
	if _, err := s.resets.tried.take(from, s.Now()); err != nil {
		return nil, err
	}
	return func(right bool) {
		if right {
			s.resets.tried.giveBack(from)
		} else {
			s.noteWrongPIN(ctx, c)
		}
	}, nil
}

func (s *Service) noteWrongPIN(ctx context.Context, c Caller) {
	s.noteRefusal(ctx, Activity{Type: ActivityAuthenticationFailed, Name: "A wrong PIN for a forgotten password", Address: c.Address,
		Severity: SeverityError, Refusal: true, Count: 1, At: s.Now()})
}
