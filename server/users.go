package server

import (
	"errors"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

func (s *server) users(r *request) (any, error) {
	var filter finlatch.UserFilter
	var err error
	if filter.Hidden, err = r.query.Bool("isHidden"); err != nil {
		return nil, err
	}
	if filter.Disabled, err = r.query.Bool("isDisabled"); err != nil {
		return nil, err
	}
	users, err := s.service.Users(r.Context(), r.caller, filter)
	return s.userList(r, users, err)
}

func (s *server) publicUsers(r *request) (any, error) {
	users, err := s.service.PublicUsers(r.Context(), r.caller)
	return s.userList(r, users, err)
}

func (s *server) userList(r *request, users []finlatch.User, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	list := make(jellyfin.List[*jellyfin.UserDto], len(users))
	for i := range users {
		list[i] = userDto(&users[i], r.settings)
	}
	return list, nil
}

func (s *server) me(r *request) (any, error) {
	if r.caller.User == nil {
		return nil, as(problem, &finlatch.Error{Kind: finlatch.Invalid, Msg: "an API key is no user"})
	}
	return userDto(r.caller.User, r.settings), nil
}

func (s *server) user(r *request) (any, error) {
	id, err := r.userID()
	if err != nil {
		return nil, err
	}
	if id.IsZero() {
		return nil, finlatch.ErrInvalid
	}
	user, err := s.service.UserByID(r.Context(), r.caller, id)
	if errors.Is(err, finlatch.ErrNotFound) {
		return nil, as(message, err)
	}
	if err != nil {
		return nil, err
	}
	return userDto(&user, r.settings), nil
}

func (s *server) newUser(r *request, in *jellyfin.CreateUserByName) (any, error) {
	user, err := s.service.CreateUser(r.Context(), r.caller, in.Name, string(in.Password), false)
	if err != nil {
		return nil, err
	}
	return userDto(&user, r.settings), nil
}

func (s *server) setPolicy(r *request, in *jellyfin.UserPolicy) (any, error) {
	id, err := r.userID()
	if err != nil {
		return nil, err
	}
	user, err := s.service.UserByID(r.Context(), r.caller, id)
	if err == nil {
		err = s.service.SetPolicy(r.Context(), r.caller, id, policyFrom(in, &user.Policy), in.InvalidLoginAttemptCount)
	}
	switch {
	case errors.Is(err, finlatch.ErrNotFound):
		return nil, as(problem, err)
	case errors.Is(err, finlatch.ErrForbidden):
		return nil, as(message, err)
	}
	return nil, err
}

func (s *server) deleteUser(r *request) (any, error) {
	id, err := r.userID()
	if err != nil {
		return nil, err
	}
	err = s.service.DeleteUser(r.Context(), r.caller, id)
	if errors.Is(err, finlatch.ErrNotFound) {
		return nil, as(problem, err)
	}
	return nil, err
}

func (s *server) apiKeys(r *request) (any, error) {
	keys, err := s.service.APIKeys(r.Context(), r.caller)
	if err != nil {
		return nil, err
	}
	list := make([]jellyfin.AuthenticationInfo, len(keys))
	for i, key := range keys {
		list[i] = jellyfin.AuthenticationInfo{AccessToken: jellyfin.Secret(key.Text.Reveal()), AppName: key.Name, DateCreated: jellyfin.TimeOf(key.CreatedAt)}
	}
	return jellyfin.NewQueryResult(list), nil
}

func (s *server) newAPIKey(r *request) (any, error) {
	name, err := r.query.Required("app")
	if err != nil {
		return nil, err
	}
	_, _, err = s.service.CreateAPIKey(r.Context(), r.caller, name)
	return nil, err
}

func (s *server) deleteAPIKey(r *request) (any, error) {
	return nil, s.service.DeleteAPIKey(r.Context(), r.caller, strings.TrimSpace(httpx.PathValue(r.Request, "key")))
}
