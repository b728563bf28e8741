package finlatch

import (
	"context"
	"errors"
)

var (
	errNoImage         = &Error{Kind: NotFound, Msg: "there is no picture"}
	errWhosePicture    = &Error{Kind: Invalid, Msg: "UserId is required if unauthenticated"}
	errNotYourPicture  = &Error{Kind: Forbidden, Msg: "User is not allowed to update the image."}
	errNotYoursToClear = &Error{Kind: Forbidden, Msg: "User is not allowed to delete the image."}
)

// Picture is a user's picture, or with the zero ID the caller's own. It is for anybody, because apps show pictures before
// anybody has signed in and send no token for them. NotFound where there is no such user, or no picture.
func (s *Service) Picture(ctx context.Context, c Caller, id ID) (Picture, error) {
	if id.IsZero() {
		id = c.UserID()
	}
	if id.IsZero() {
		return Picture{}, errWhosePicture
	}
	return s.picture(ctx, id)
}

// SplashScreen is the background of the sign-in page: for anybody where the settings show it, else for administrators.
// NotFound where there is none for the caller.
func (s *Service) SplashScreen(ctx context.Context, c Caller) (Picture, error) {
	settings, err := s.Settings(ctx)
	if err != nil {
		return Picture{}, err
	}
	if !settings.Branding.SplashScreen && s.Allow(ctx, c, LevelAdmin) != nil {
		return Picture{}, errNoImage
	}
	return s.picture(ctx, ID{})
}

func (s *Service) picture(ctx context.Context, owner ID) (picture Picture, err error) {
	err = s.store.View(ctx, func(tx Tx) (err error) {
		picture, err = tx.Picture(ctx, owner)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		err = errNoImage
	}
	return picture, err
}

// SetPicture gives a user a picture made from a file: the user whom an id names, or the caller. The file is read only for
// who may. Forbidden where the caller may not; NotFound for an unknown user; Invalid for what NewPicture does not take.
func (s *Service) SetPicture(ctx context.Context, c Caller, id ID, file func() ([]byte, error)) error {
	return s.changePicture(ctx, c, id, errNotYourPicture, func(owner ID) (Picture, error) { return s.newPicture(ctx, owner, file) })
}

// DeletePicture takes a user's picture away, by the rules of SetPicture. That there is none is no error.
func (s *Service) DeletePicture(ctx context.Context, c Caller, id ID) error {
	return s.changePicture(ctx, c, id, errNotYoursToClear, func(owner ID) (Picture, error) { return Picture{OwnerID: owner}, nil })
}

func (s *Service) changePicture(ctx context.Context, c Caller, id ID, refusal error, make func(owner ID) (Picture, error)) error {
	if err := s.Allow(ctx, c, LevelUser); err != nil {
		return err
	}
	id, err := s.own(c, id)
	if err != nil {
		return err
	}
	if err := s.keepsUsers(); err != nil {
		return err
	}
	user, err := s.toUpdate(ctx, c, id, refusal)
	if err != nil {
		return err
	}
	picture, err := make(user.ID)
	if err != nil {
		return err
	}
	return s.change(ctx, user.ID, func(tx Tx, user *User) error {
		if !c.mayUpdate(user) {
			return refusal
		}
		user.ImageTag = picture.Tag
		return putPicture(ctx, tx, picture)
	})
}

// SetSplashScreen replaces the splash screen with one made from a file, for administrators: Invalid for what NewPicture
// does not take.
func (s *Service) SetSplashScreen(ctx context.Context, c Caller, file func() ([]byte, error)) error {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return err
	}
	picture, err := s.newPicture(ctx, ID{}, file)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error { return putPicture(ctx, tx, picture) })
}

// DeleteSplashScreen takes the splash screen away, for administrators. That there is none is no error.
func (s *Service) DeleteSplashScreen(ctx context.Context, c Caller) error {
	if err := s.Allow(ctx, c, LevelAdmin); err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error { return putPicture(ctx, tx, Picture{}) })
}

// putPicture keeps a picture, or with one that has no data keeps none.
func putPicture(ctx context.Context, tx Tx, picture Picture) error {
	if len(picture.Data) == 0 {
		return ignoreNotFound(tx.DeletePicture(ctx, picture.OwnerID))
	}
	return tx.PutPicture(ctx, picture)
}

// newPicture is NewPicture, one at a time: each takes much memory for a moment.
func (s *Service) newPicture(ctx context.Context, owner ID, file func() ([]byte, error)) (Picture, error) {
	data, err := file()
	if err != nil {
		return Picture{}, err
	}
	select {
	case s.drawing <- struct{}{}:
		defer func() { <-s.drawing }()
	case <-ctx.Done():
		return Picture{}, ctx.Err()
	}
	return NewPicture(owner, data, s.Now())
}
