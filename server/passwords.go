package server

import (
	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

func (s *Server) setPassword(r *request, in *jellyfin.UpdateUserPassword) (any, error) {
	id, err := r.namedUser()
	if err != nil {
		return nil, err
	}
	return nil, updated(s.service.ChangePassword(r.Context(), r.caller, id, finlatch.PasswordChange{
		Current: string(in.CurrentPw), New: string(in.NewPw), Reset: in.ResetPassword}))
}

// forgotPassword gives everybody who asks the same kind of answer.
func (s *Server) forgotPassword(r *request, in *jellyfin.ForgotPasswordDto) (any, error) {
	told, err := s.service.ForgotPassword(r.Context(), r.caller, in.EnteredUsername)
	if err != nil {
		return nil, denied(err)
	}
	return &jellyfin.ForgotPasswordResult{Action: jellyfin.ForgotPasswordPinCode, PinFile: told.File, PinExpirationDate: jellyfin.TimeOf(told.ExpiresAt)}, nil
}

func (s *Server) redeemPIN(r *request, in *jellyfin.ForgotPasswordPinDto) (any, error) {
	user, err := s.service.RedeemPIN(r.Context(), r.caller, string(in.Pin))
	if err != nil {
		return nil, denied(err)
	}
	return &jellyfin.PinRedeemResult{Success: true, UsersReset: jellyfin.List[string]{user.Name}}, nil
}
