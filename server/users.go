package server

import (
	"errors"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

func (s *Server) users(r *request) (any, error) {
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

func (s *Server) publicUsers(r *request) (any, error) {
	users, err := s.service.PublicUsers(r.Context(), r.caller)
	return s.userList(r, users, err)
}

func (s *Server) userList(r *request, users []finlatch.User, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	list := make(jellyfin.List[*jellyfin.UserDto], len(users))
	for i := range users {
		list[i] = s.userDto(&users[i], r.settings)
	}
	return list, nil
}

func (s *Server) me(r *request) (any, error) {
	if r.caller.User == nil {
		return nil, as(problem, &finlatch.Error{Kind: finlatch.Invalid, Msg: "an API key is no user"})
	}
	return s.userDto(r.caller.User, r.settings), nil
}

func (s *Server) user(r *request) (any, error) {
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
	return s.userDto(&user, r.settings), nil
}

func (s *Server) newUser(r *request, in *jellyfin.CreateUserByName) (any, error) {
	user, err := s.service.CreateUser(r.Context(), r.caller, in.Name, string(in.Password), false)
	if err != nil {
		return nil, err
	}
	return s.userDto(&user, r.settings), nil
}

func (s *Server) setPolicy(r *request, in *jellyfin.UserPolicy) (any, error) {
	id, err := r.userID()
	if err != nil {
		return nil, err
	}
	return nil, updated(s.service.SetPolicy(r.Context(), r.caller, id, policyFrom(in), in.InvalidLoginAttemptCount))
}

func (s *Server) updateUser(r *request, in *jellyfin.UserDto) (any, error) {
	id, err := r.namedUser()
	if err != nil {
		return nil, err
	}
	configuration, err := configurationFrom(in.Configuration)
	if err != nil {
		return nil, err
	}
	return nil, updated(s.service.UpdateUser(r.Context(), r.caller, id, in.Name, configuration))
}

func (s *Server) setUserConfiguration(r *request, in *jellyfin.UserConfiguration) (any, error) {
	id, err := r.namedUser()
	if err != nil {
		return nil, err
	}
	configuration, err := configurationFrom(in)
	if err != nil {
		return nil, err
	}
	return nil, updated(s.service.SetConfiguration(r.Context(), r.caller, id, configuration))
}

// namedUser is the user that the path names, or else the query, or the zero ID.
func (r *request) namedUser() (finlatch.ID, error) {
	if httpx.PathValue(r.Request, "userId") == "" {
		return r.queryID("userId")
	}
	id, err := r.userID()
	if err == nil && id.IsZero() {
		err = finlatch.ErrInvalid
	}
	return id, err
}

// updated gives the refusals of a change of a user the shapes that they have in Jellyfin.
func updated(err error) error {
	switch {
	case errors.Is(err, finlatch.ErrNotFound):
		return as(problem, err)
	case errors.Is(err, finlatch.ErrForbidden):
		return as(message, err)
	}
	return err
}

func (s *Server) deleteUser(r *request) (any, error) {
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

func (s *Server) authProviders(*request) (any, error) {
	return []jellyfin.NameIDPair{{Name: jellyfin.DefaultAuthenticationProviderName, ID: finlatch.DefaultAuthenticationProviderID}}, nil
}

func (s *Server) passwordResetProviders(*request) (any, error) {
	return []jellyfin.NameIDPair{{Name: jellyfin.DefaultPasswordResetProviderName, ID: finlatch.DefaultPasswordResetProviderID}}, nil
}

func (s *Server) apiKeys(r *request) (any, error) {
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

func (s *Server) newAPIKey(r *request) (any, error) {
	name, err := r.query.Required("app")
	if err != nil {
		return nil, err
	}
	_, _, err = s.service.CreateAPIKey(r.Context(), r.caller, name)
	return nil, err
}

func (s *Server) deleteAPIKey(r *request) (any, error) {
	return nil, s.service.DeleteAPIKey(r.Context(), r.caller, strings.TrimSpace(httpx.PathValue(r.Request, "key")))
}
