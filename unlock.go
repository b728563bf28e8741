package finlatch

import "context"

// Unlock ends what failed sign-ins have done to an account, for administrators: no failure counts any more, and an account
// that is disabled is enabled where wrong passwords have reached its policy's limit. An account that an administrator has
// disabled, which stops the counting, stays so.
func (s *Service) Unlock(ctx context.Context, c Caller, id ID) error {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return err
	}
	err := s.change(ctx, id, func(tx Tx, user *User) error {
		if limit := user.Policy.lockoutLimit(); limit > 0 && user.InvalidLoginAttempts >= limit {
			user.Policy.IsDisabled = false
		}
		user.InvalidLoginAttempts = 0
		return tx.AddActivity(ctx, s.entry(c, ActivityUserUnlocked, id, "User %s has been unlocked", user.Name))
	})
	if err != nil {
		return err
	}
	return s.pardon(ctx, id)
}

// pardon forgets the failed sign-ins on an account, in the store too.
func (s *Service) pardon(ctx context.Context, id ID) error {
	s.refusals.forgive(id)
	var user User
	err := s.store.View(ctx, func(tx Tx) (err error) {
		user, err = tx.User(ctx, id)
		return err
	})
	if err != nil {
		return ignoreNotFound(err)
	}
	s.throttling.pardon(&user)
	return s.flushFailures(ctx)
}
