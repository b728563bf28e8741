package finlatch

import (
	"context"
	"errors"
	"reflect"
	"time"
)

const (
	mirrorEvery = 5 * time.Minute  // how long it takes at most until what is changed past us is known here
	mirrorRetry = 15 * time.Second // while upstream is away
)

// mirror writes a user as upstream tells of it, and gives the row. Another user with that name is called otherwise by now, or
// is gone, and has its id for a name until mirrorAll has asked. Where the user has been disabled the tokens end, as they do
// upstream.
func (s *Service) mirror(ctx context.Context, tx Tx, told User) (User, error) {
	other, err := tx.UserByName(ctx, told.NormalizedName)
	if err == nil && other.ID != told.ID {
		other.Name = other.ID.String()
		other.NormalizedName = NormalizeName(other.Name)
		err = tx.PutUser(ctx, other)
	}
	if ignoreNotFound(err) != nil {
		return User{}, err
	}
	row, err := tx.User(ctx, told.ID)
	switch {
	case errors.Is(err, ErrNotFound):
		row = User{ID: told.ID, PasswordVersion: 1, Configuration: NewConfiguration(), CreatedAt: s.Now()}
		row.become(told)
		return row, tx.CreateUser(ctx, row)
	case err != nil:
		return User{}, err
	case row.is(told):
		return row, nil
	}
	if told.Policy.IsDisabled && !row.Policy.IsDisabled {
		if err := s.endTokens(ctx, tx, Caller{}, row.ID); err != nil {
			return User{}, err
		}
	}
	row.become(told)
	return row, tx.PutUser(ctx, row)
}

// become gives a row what upstream tells of the user.
func (u *User) become(told User) {
	u.Name, u.NormalizedName, u.Policy, u.PasswordHash = told.Name, told.NormalizedName, told.Policy, ""
	u.Configuration, u.ImageTag = told.Configuration, told.ImageTag
	u.Policy.AuthenticationProviderID = upstreamProviderID
}

// is tells whether a row says what upstream tells.
func (u User) is(told User) bool {
	mirrored := u
	mirrored.become(told)
	for _, lists := range []any{&u.Policy, &mirrored.Policy, &u.Configuration, &mirrored.Configuration} { // one without entries is as good as none
		fields := reflect.ValueOf(lists).Elem()
		for i := range fields.NumField() {
			if field := fields.Field(i); field.Kind() == reflect.Slice && field.Len() == 0 {
				field.SetZero()
			}
		}
	}
	return reflect.DeepEqual(u, mirrored)
}

// asTold is the row with the policy that upstream shows.
func (u User) asTold(told User) User {
	u.Policy, u.InvalidLoginAttempts = told.Policy, told.InvalidLoginAttempts
	u.LastLoginAt, u.LastActivityAt = told.LastLoginAt, told.LastActivityAt
	return u
}

// refresh writes what upstream says of a user now. Who is gone there goes here.
func (s *Service) refresh(ctx context.Context, id ID) error {
	told, err := s.options.Upstream.User(ctx, id)
	gone := errors.Is(err, ErrNotFound)
	if err != nil && !gone {
		return err
	}
	if !gone {
		if err := told.check(); err != nil || told.ID != id {
			return errUpstream
		}
	}
	return s.store.Update(ctx, func(tx Tx) error {
		if gone {
			return s.gone(ctx, tx, id)
		}
		_, err := s.mirror(ctx, tx, told)
		return err
	})
}

// gone deletes a user, and all its tokens, who is not upstream any more.
func (s *Service) gone(ctx context.Context, tx Tx, id ID) error {
	user, err := tx.User(ctx, id)
	if err != nil {
		return ignoreNotFound(err)
	}
	if err := tx.DeleteUser(ctx, id); err != nil {
		return err
	}
	return tx.AddActivity(ctx, s.entry(Caller{}, ActivityUserDeleted, ID{}, "User %s has been deleted", user.Name))
}

// mirrorUsers keeps all users, and whether Quick Connect is on, in step with upstream's, until ctx ends.
func (s *Service) mirrorUsers(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for away := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := firstOf(s.RecheckQuickConnect(ctx), s.mirrorAll(ctx))
		if err == nil {
			away = false
			timer.Reset(mirrorEvery)
			continue
		}
		if !away && ctx.Err() == nil {
			s.log.Warn("the users of the server behind this one, or whether its Quick Connect is on, are not known", "error", err)
		}
		away = true
		timer.Reset(mirrorRetry)
	}
}

// mirrorAll writes all users as upstream tells of them. It asks once more for each that upstream does not list.
func (s *Service) mirrorAll(ctx context.Context) error {
	users, err := s.options.Upstream.Users(ctx)
	if err != nil {
		return err
	}
	rows := make(map[ID]User)
	err = s.store.View(ctx, func(tx Tx) error {
		clear(rows)
		all, err := tx.Users(ctx, UserFilter{})
		for _, row := range all {
			rows[row.ID] = row
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, told := range users {
		if err := told.check(); err != nil {
			return err
		}
		row, known := rows[told.ID]
		delete(rows, told.ID)
		if known && row.is(told) {
			continue
		}
		err := s.store.Update(ctx, func(tx Tx) error {
			_, err := s.mirror(ctx, tx, told)
			return err
		})
		if err != nil {
			return err
		}
	}
	for id := range rows {
		if err := s.refresh(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
