package server

import (
	"errors"
	"os/user"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

func (s *Server) startupConfiguration(r *request) (any, error) {
	return jellyfin.StartupConfigurationDto{ServerName: r.settings.ServerName, UICulture: r.settings.UICulture,
		MetadataCountryCode: r.settings.MetadataCountryCode, PreferredMetadataLanguage: r.settings.PreferredMetadataLanguage}, nil
}

func (s *Server) setStartupConfiguration(r *request, in *jellyfin.StartupConfigurationDto) (any, error) {
	return nil, s.service.SetStartupConfiguration(r.Context(), r.caller, finlatch.StartupConfiguration(*in))
}

// startupUser shows the first user. While there is none it makes one, named after who runs the server.
func (s *Server) startupUser(r *request) (any, error) {
	name := ""
	if owner, err := user.Current(); err == nil {
		name = owner.Username
	}
	first, err := s.service.FirstUser(r.Context(), r.caller, name)
	if err != nil {
		return nil, err
	}
	return jellyfin.StartupUserDto{Name: first.Name}, nil
}

func (s *Server) setStartupUser(r *request, in *jellyfin.StartupUserDto) (any, error) {
	err := s.service.SetFirstUser(r.Context(), r.caller, in.Name, string(in.Password))
	switch {
	case errors.Is(err, finlatch.ErrEmptyPassword):
		return nil, as(message, err)
	case errors.Is(err, finlatch.ErrNotFound):
		return nil, as(problem, err)
	case errors.Is(err, finlatch.ErrForbidden):
		return nil, as(empty, err)
	}
	return nil, err
}

func (s *Server) setRemoteAccess(r *request, in *jellyfin.StartupRemoteAccessDto) (any, error) {
	return nil, s.service.SetRemoteAccess(r.Context(), r.caller, in.EnableRemoteAccess)
}

func (s *Server) completeSetup(r *request) (any, error) {
	return nil, s.service.CompleteSetup(r.Context(), r.caller)
}
