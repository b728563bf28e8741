package finlatch

import (
	"context"
	"errors"
)

// passwordSlots is how many passwords upstream is asked about at a time. It may wait for a directory, and others are not to.
const passwordSlots = 8

// signInVouched is signIn where an Upstream has the passwords: it is asked behind the same limits, in the turn that a hash
// would take. id is the user it must be; zero: whoever has the name.
func (s *Service) signInVouched(ctx context.Context, c Caller, a claim, id ID, name, password string) (SignedIn, error) {
	if a.user != nil { // upstream locks accounts, or does not; failures are counted here all the same
		user := *a.user
		user.Policy.LoginAttemptsBeforeLockout = -1
		a.user = &user
	}
	granted, leave, err := s.askPassword(ctx, c, a, name, password)
	switch {
	case errors.Is(err, ErrForbidden) && a.user != nil:
		s.noteRefused(ctx, c, a.user, err)
		return SignedIn{}, err
	case err != nil:
		if errors.Is(err, ErrForbidden) {
			s.noteStranger(ctx, c)
		}
		return SignedIn{}, err
	case leave == nil && a.user != nil:
		return SignedIn{}, s.wrongPassword(ctx, c, a.user, password)
	case leave == nil:
		if password != "" {
			s.noteStranger(ctx, c)
		}
		return SignedIn{}, errWrongPassword
	}
	defer leave()
	if err := granted.check(); err != nil || !id.IsZero() && granted.User.ID != id {
		s.log.Error("the server behind this one has signed in somebody else")
		if token := granted.Token; !token.IsZero() && len(token.text) <= maxTokenLength {
			_ = s.unlessGiven(ctx, token.Hash(), func() error { s.disown(token); return nil })
		}
		return SignedIn{}, errUpstream
	}
	return s.enterVouched(ctx, c, a, granted)
}

// askPassword asks upstream for a password, and gives the turn of the device where it is right, else nil. A refusal for
// another reason counts as a failure, too, since upstream gives it to whoever has the wrong password as well. An empty
// password is asked for only from where users without one may come.
func (s *Service) askPassword(ctx context.Context, c Caller, a claim, name, password string) (granted Granted, leave func(), err error) {
	var refusal error
	ask := func() (right bool, err error) {
		if len(password) > MaxPassword {
			return false, nil
		}
		ctx, cancel := detached(ctx) // a token that upstream has made is not to be forgotten
		defer cancel()
		turn, err := s.entering.take(ctx, c.DeviceID)
		if err != nil {
			return false, errUpstream
		}
		defer func() {
			if right {
				leave = turn
			} else {
				turn()
			}
		}()
		granted, err = s.options.Upstream.SignIn(ctx, c, name, password)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, ErrUnauthenticated):
			return false, nil
		case errors.Is(err, ErrForbidden):
			refusal = err
			return false, nil
		}
		return false, err
	}
	switch {
	case password != "":
		_, err = s.guess(ctx, c, a, password, ask)
	case s.Passwordless(c):
		_, err = ask()
	}
	return granted, leave, firstOf(err, refusal)
}

// enterVouched makes the device of a user whom upstream has signed in. Where our rules refuse it the token ends.
func (s *Service) enterVouched(ctx context.Context, c Caller, a claim, granted Granted) (in SignedIn, err error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	sealed, err := s.sealToken(granted.Token)
	if err != nil {
		s.disown(granted.Token)
		return SignedIn{}, err
	}
	var settings Settings
	var user User
	var refusal error
	s.refusals.forgive(granted.User.ID)
	err = s.store.Update(ctx, func(tx Tx) (err error) {
		if user, err = s.mirror(ctx, tx, granted.User); err != nil {
			return err
		}
		if settings, err = tx.Settings(ctx); err != nil {
			return err
		}
		if refusal = s.mayUse(&settings, c, &user); refusal == nil {
			refusal, err = s.mayHave(ctx, tx, &user, c.DeviceID)
		}
		if err != nil {
			return err
		}
		if refusal != nil {
			return tx.AddEndedToken(ctx, EndedToken{Hash: granted.Token.Hash(), Sealed: sealed})
		}
		now := s.Now()
		user.InvalidLoginAttempts, user.LastLoginAt, user.LastActivityAt = 0, now, now
		if err := tx.PutUser(ctx, user); err != nil {
			return err
		}
		in = SignedIn{User: user.asTold(granted.User), Token: granted.Token, Device: newDevice(c, c.ClientInfo, user.ID, granted.Token, now)}
		in.Device.Sealed = sealed
		return s.replaceDevice(ctx, tx, c, user.ID, user, in.Device)
	})
	switch {
	case errors.Is(err, ErrConflict): // the token is another device's, so it is not ours to end
		s.log.Error("the server behind this one has given a token twice")
		return SignedIn{}, errUpstream
	case err != nil:
		s.disown(granted.Token)
		return SignedIn{}, err
	case refusal != nil:
		s.ending.wake()
		s.noteRefused(ctx, c, &user, refusal)
		return SignedIn{}, refusal
	}
	known := user
	known.NormalizedName = a.name // as it was counted, whatever upstream makes of it
	s.throttling.passed(c, &known, s.place(&settings, c), s.Now())
	return in, nil
}

// namedUpstream is a user whom a sign-in names by id, and who was never told of: such questions are limited as those for
// unknown tokens are.
func (s *Service) namedUpstream(ctx context.Context, c Caller, id ID) (User, error) {
	giveBack, err := s.adoption.take(s, c)
	if err != nil {
		return User{}, errUserNotFound
	}
	told, err := s.options.Upstream.User(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return User{}, errUserNotFound
	}
	giveBack()
	if err == nil {
		err = told.check()
	}
	return told, err
}
