package server

import (
	"errors"
	"unicode/utf8"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

func (s *Server) authenticateByName(r *request, in *jellyfin.AuthenticateUserByName) (any, error) {
	return s.signedIn(r)(s.service.SignIn(r.Context(), r.caller, in.Username, string(in.Pw)))
}

func (s *Server) authenticateByID(r *request) (any, error) {
	id, err := r.userID()
	if err != nil {
		return nil, err
	}
	password, err := r.query.Required("pw")
	if err != nil {
		return nil, err
	}
	in, err := s.service.SignInByID(r.Context(), r.caller, id, password)
	if errors.Is(err, finlatch.ErrNotFound) {
		return nil, as(message, err)
	}
	return s.signedIn(r)(in, err)
}

func (s *Server) authenticateWithQuickConnect(r *request, in *jellyfin.QuickConnectDto) (any, error) {
	return s.signedIn(r)(s.service.Redeem(r.Context(), r.caller, finlatch.SecretFrom(string(in.Secret))))
}

// signedIn makes the answer to a sign-in: the one place, besides the list of API keys, where a token is revealed.
func (s *Server) signedIn(r *request) func(finlatch.SignedIn, error) (any, error) {
	return func(in finlatch.SignedIn, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		return &jellyfin.AuthenticationResult{User: s.userDto(&in.User, r.settings), SessionInfo: s.sessionInfo(&finlatch.Session{Device: in.Device, UserName: in.User.Name, UserImageTag: in.User.ImageTag}, r.settings),
			AccessToken: jellyfin.Secret(in.Token.Reveal()), ServerID: r.settings.ServerID.String()}, nil
	}
}

func (s *Server) quickConnectEnabled(r *request) (any, error) {
	return s.service.QuickConnectEnabled(r.Context())
}

// whileOn gives the refusal of a Quick Connect that is off the shape it has in these operations.
func whileOn(err error) error {
	if finlatch.QuickConnectOff(err) {
		return as(message, err)
	}
	return err
}

func (s *Server) initiateQuickConnect(r *request) (any, error) {
	request, secret, err := s.service.Initiate(r.Context(), r.caller)
	if err != nil {
		return nil, whileOn(err)
	}
	return quickConnectDto(&request, secret), nil
}

func (s *Server) quickConnectState(r *request) (any, error) {
	text, err := r.query.Required("secret")
	if err != nil {
		return nil, err
	}
	secret := finlatch.SecretFrom(text)
	request, applied, err := s.pending(r.Context(), r, secret)
	switch {
	case errors.Is(err, finlatch.ErrNotFound):
		return nil, as(message, err)
	case err != nil:
		return nil, whileOn(err)
	}
	state := quickConnectDto(&request, secret)
	if applied {
		return waited{waitOf(r.Header), state}, nil
	}
	return state, nil
}

func (s *Server) authorizeQuickConnect(r *request) (any, error) {
	code, err := r.query.Required("code")
	if err != nil {
		return nil, err
	}
	id, err := r.queryID("userId")
	if err != nil {
		return nil, err
	}
	if err := s.service.Approve(r.Context(), r.caller, code, id); err != nil {
		if finlatch.ApproveOnPage(err) {
			return nil, as(plain, err)
		}
		return nil, whileOn(err)
	}
	return true, nil
}

func quickConnectDto(q *finlatch.QuickConnect, secret finlatch.Secret) *jellyfin.QuickConnectResult {
	return &jellyfin.QuickConnectResult{
		Authenticated: q.State != finlatch.QuickConnectPending, Secret: jellyfin.Secret(secret.Reveal()), Code: q.Code,
		DeviceID: q.DeviceID, DeviceName: q.DeviceName, AppName: q.AppName, AppVersion: q.AppVersion, DateAdded: jellyfin.TimeOf(q.CreatedAt),
	}
}

// userID is the user that the path names.
func (r *request) userID() (finlatch.ID, error) {
	text := httpx.PathValue(r.Request, "userId")
	id, err := jellyfin.ParseGUID(text)
	if err != nil {
		return finlatch.ID{}, httpx.Invalid("userId", printable(text))
	}
	return finlatch.ID(id), nil
}

// queryID is a user that the query names, or the zero ID.
func (r *request) queryID(name string) (finlatch.ID, error) {
	text := r.query.Get(name)
	if text == "" {
		return finlatch.ID{}, nil
	}
	id, err := jellyfin.ParseGUID(text)
	if err != nil {
		return finlatch.ID{}, httpx.Invalid(name, printable(text))
	}
	return finlatch.ID(id), nil
}

// printable bounds what an error sentence repeats of a request.
func printable(text string) string {
	const limit = 256
	for len(text) > limit || !utf8.ValidString(text) {
		if len(text) > limit {
			text = text[:limit]
			continue
		}
		text = text[:len(text)-1]
	}
	return text
}
