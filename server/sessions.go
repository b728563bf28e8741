package server

import (
	"context"
	"slices"
	"time"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/jellyfin"
)

func (s *Server) logout(r *request) (any, error) {
	return nil, refusal(s.service.SignOut(r.Context(), r.caller))
}

func (s *Server) sessions(r *request) (any, error) {
	controllable, err := r.queryID("controllableByUserId")
	if err != nil {
		return nil, err
	}
	seconds, err := r.query.Int("activeWithinSeconds")
	if err != nil {
		return nil, err
	}
	filter := finlatch.SessionFilter{DeviceID: r.query.Get("deviceId"), ControllableBy: controllable}
	if seconds != nil && *seconds > 0 {
		filter.ActiveWithin = time.Duration(*seconds) * time.Second
	}
	return s.sessionList(r.Context(), r.caller, filter)
}

// sessionList lists sessions, latest activity first; where a filter asks for those that can be controlled, only those whose
// app takes commands now.
func (s *Server) sessionList(ctx context.Context, c finlatch.Caller, filter finlatch.SessionFilter) (jellyfin.List[*jellyfin.SessionInfoDto], error) {
	settings, err := s.service.Settings(ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := s.service.Sessions(ctx, c, filter)
	if err != nil {
		return nil, err
	}
	list := jellyfin.List[*jellyfin.SessionInfoDto]{}
	for i := range sessions {
		dto := s.sessionInfo(&sessions[i], settings)
		if filter.ControllableBy.IsZero() || dto.SupportsRemoteControl {
			list = append(list, dto)
		}
	}
	if !c.Administrator() || !filter.ControllableBy.IsZero() {
		return list, nil
	}
	seen := map[string]bool{} // a key has one session for a device id, and any number of sockets
	for _, dto := range s.keySessions(filter, settings) {
		if !seen[dto.ID] {
			seen[dto.ID] = true
			list = append(list, dto)
		}
	}
	slices.SortStableFunc(list, func(a, b *jellyfin.SessionInfoDto) int { return b.LastActivityDate.Compare(a.LastActivityDate.Time) })
	return list, nil
}

// sessionInfo shows a session with what its web sockets tell of it.
func (s *Server) sessionInfo(session *finlatch.Session, settings *finlatch.Settings) *jellyfin.SessionInfoDto {
	dto := sessionDto(&session.Device, session.UserName, settings)
	dto.UserPrimaryImageTag = session.UserImageTag
	connected, left := s.hub.present(&session.Device)
	dto.IsActive = !left
	dto.SupportsMediaControl = connected && session.Device.Capabilities.SupportsMediaControl
	dto.SupportsRemoteControl = dto.SupportsMediaControl
	return dto
}

// keySessions are the sessions of API keys: those that have a web socket.
func (s *Server) keySessions(filter finlatch.SessionFilter, settings *finlatch.Settings) []*jellyfin.SessionInfoDto {
	since := time.Time{}
	if filter.ActiveWithin > 0 {
		since = time.Now().Add(-filter.ActiveWithin)
	}
	sockets := s.hub.those(func(k *socket) bool {
		return k.joined && k.caller.Key != nil && k.spokeAt().After(since) && (filter.DeviceID == "" || k.caller.DeviceID == filter.DeviceID)
	})
	slices.SortFunc(sockets, func(a, b *socket) int { return b.spokeAt().Compare(a.spokeAt()) })
	var list []*jellyfin.SessionInfoDto
	for _, k := range sockets {
		list = append(list, sessionDto(&finlatch.Device{ClientInfo: k.caller.ClientInfo, Address: k.caller.Address,
			LastActivityAt: k.spokeAt(), Capabilities: finlatch.NewCapabilities()}, "", settings))
	}
	return list
}

func (s *Server) setCapabilities(r *request) (any, error) {
	control, err := r.query.Bool("supportsMediaControl")
	if err != nil {
		return nil, err
	}
	persistent, err := r.query.Bool("supportsPersistentIdentifier")
	if err != nil {
		return nil, err
	}
	return s.keepCapabilities(r, finlatch.Capabilities{
		PlayableMediaTypes:           namesIn[jellyfin.MediaType](r.query.All("playableMediaTypes")),
		SupportedCommands:            namesIn[jellyfin.GeneralCommandType](r.query.All("supportedCommands")),
		SupportsMediaControl:         control != nil && *control,
		SupportsPersistentIdentifier: persistent == nil || *persistent,
	})
}

func (s *Server) setFullCapabilities(r *request, in *jellyfin.ClientCapabilitiesDto) (any, error) {
	c := finlatch.Capabilities{PlayableMediaTypes: names(in.PlayableMediaTypes), SupportedCommands: names(in.SupportedCommands),
		SupportsMediaControl: in.SupportsMediaControl, SupportsPersistentIdentifier: in.SupportsPersistentIdentifier}
	if in.AppStoreURL != nil {
		c.AppStoreURL = *in.AppStoreURL
	}
	if in.IconURL != nil {
		c.IconURL = *in.IconURL
	}
	return s.keepCapabilities(r, c)
}

// keepCapabilities keeps what the caller's own session can do. Whoever names another's names one that is not there.
func (s *Server) keepCapabilities(r *request, c finlatch.Capabilities) (any, error) {
	if id := r.query.Get("id"); id != "" && (r.caller.Device == nil || id != sessionID(r.caller.Device)) {
		return nil, errNoSession
	}
	if err := s.service.SetCapabilities(r.Context(), r.caller, c); err != nil {
		return nil, refusal(err)
	}
	return nil, nil
}

// namesIn are the names in lists with commas, each once; unknown ones are dropped.
func namesIn[T jellyfin.Enum](lists []string) []string {
	var all []string
	for _, list := range lists {
		all = append(all, names(jellyfin.ParseDelimited[T](list))...)
	}
	return once(all)
}

func names[T jellyfin.Enum](list []T) []string {
	var all []string
	for _, name := range list {
		all = append(all, string(name))
	}
	return once(all)
}

func once(names []string) []string {
	var all []string
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func capabilitiesDto(c *finlatch.Capabilities) jellyfin.ClientCapabilitiesDto {
	dto := jellyfin.ClientCapabilitiesDto{SupportsMediaControl: c.SupportsMediaControl, SupportsPersistentIdentifier: c.SupportsPersistentIdentifier,
		AppStoreURL: optional(c.AppStoreURL), IconURL: optional(c.IconURL)}
	for _, name := range c.PlayableMediaTypes {
		dto.PlayableMediaTypes = append(dto.PlayableMediaTypes, jellyfin.MediaType(name))
	}
	for _, name := range c.SupportedCommands {
		dto.SupportedCommands = append(dto.SupportedCommands, jellyfin.GeneralCommandType(name))
	}
	return dto
}

// report takes what an app tells of what it plays or shows. There is nothing to play here, so it only says that the session is
// in use, which the token has said already.
func (s *Server) report(r *request) (any, error) {
	s.hub.active(r.caller.UserID())
	return nil, nil
}
