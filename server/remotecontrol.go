package server

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/finlatch/finlatch"
	"github.com/finlatch/finlatch/internal/httpx"
	"github.com/finlatch/finlatch/jellyfin"
)

var (
	errNoSession = &finlatch.Error{Kind: finlatch.NotFound, Msg: "there is no such session"}
	errOneUser   = &finlatch.Error{Kind: finlatch.Invalid, Msg: "A session has the user who signed in, and nobody else."}
	errLongOrder = &finlatch.Error{Kind: finlatch.Invalid, Msg: "The command is too long."}
)

// target is the session that the path names, among those that the caller may control: any for an administrator, others' for
// whom EnableRemoteControlOfOtherUsers lets, else the caller's own. For everybody else a session is not there.
func (r *request) target() (*finlatch.Session, error) {
	id := httpx.PathValue(r.Request, "sessionId")
	filter := finlatch.SessionFilter{}
	if !r.caller.Administrator() {
		filter.ControllableBy = r.caller.UserID()
	}
	sessions, err := r.server.service.Sessions(r.Context(), r.caller, filter)
	if err != nil {
		return nil, err
	}
	for i := range sessions {
		if strings.EqualFold(sessionID(&sessions[i].Device), id) {
			return &sessions[i], nil
		}
	}
	return nil, errNoSession
}

// order sends a message to the session that the path names, through the socket where its app spoke last. Jellyfin, too, is
// content where there is none.
func (r *request) order(kind jellyfin.SocketMessageType, data any) (any, error) {
	session, err := r.target()
	if err != nil {
		return nil, err
	}
	text := socketText(kind, data)
	if len(text) > maxSocketMessage {
		return nil, as(plain, errLongOrder)
	}
	if k := r.server.hub.latest(session.Device.TokenHash); k != nil {
		k.queue(text)
	}
	return nil, nil
}

// command sends a general command.
func (r *request) command(name jellyfin.GeneralCommandType, arguments map[string]string) (any, error) {
	if arguments == nil {
		arguments = map[string]string{}
	}
	return r.order(jellyfin.SocketGeneralCommand, jellyfin.GeneralCommand{Name: name, ControllingUserID: jellyfin.GUID(r.caller.UserID()), Arguments: arguments})
}

func (s *Server) sendCommand(r *request) (any, error) {
	text := httpx.PathValue(r.Request, "command")
	name, known := jellyfin.ParseEnum[jellyfin.GeneralCommandType](text)
	if !known {
		return nil, httpx.Invalid("command", printable(text))
	}
	return r.command(name, nil)
}

func (s *Server) sendFullCommand(r *request, in *jellyfin.GeneralCommand) (any, error) {
	return r.command(in.Name, in.Arguments)
}

func (s *Server) sendMessage(r *request, in *jellyfin.MessageCommand) (any, error) {
	if in.Header == "" {
		in.Header = "Message from Server" // as Jellyfin says it
	}
	arguments := map[string]string{"Header": in.Header, "Text": in.Text}
	if in.TimeoutMs != nil {
		arguments["TimeoutMs"] = strconv.FormatInt(*in.TimeoutMs, 10)
	}
	return r.command(jellyfin.CommandDisplayMessage, arguments)
}

// displayContent tells a session to show an item.
func (s *Server) displayContent(r *request) (any, error) {
	arguments := map[string]string{}
	for name, argument := range map[string]string{"itemType": "ItemType", "itemId": "ItemId", "itemName": "ItemName"} {
		value, err := r.query.Required(name)
		if err != nil {
			return nil, err
		}
		arguments[argument] = value
	}
	return r.command(jellyfin.CommandDisplayContent, arguments)
}

// play tells a session to play items, which are whatever the caller says: there is no library here.
func (s *Server) play(r *request) (any, error) {
	text, err := r.query.Required("playCommand")
	if err != nil {
		return nil, err
	}
	order := jellyfin.PlayRequest{ControllingUserID: jellyfin.GUID(r.caller.UserID()), MediaSourceID: r.query.Get("mediaSourceId")}
	var known bool
	if order.PlayCommand, known = jellyfin.ParseEnum[jellyfin.PlayCommand](text); !known {
		return nil, httpx.Invalid("playCommand", printable(text))
	}
	if _, err := r.query.Required("itemIds"); err != nil {
		return nil, err
	}
	for _, list := range r.query.All("itemIds") {
		for item := range strings.SplitSeq(list, ",") {
			if id, err := jellyfin.ParseGUID(item); err == nil { // Jellyfin drops the others
				order.ItemIDs = append(order.ItemIDs, id)
			}
		}
	}
	if order.StartPositionTicks, err = r.ticks("startPositionTicks"); err != nil {
		return nil, err
	}
	for name, to := range map[string]**int{"audioStreamIndex": &order.AudioStreamIndex, "subtitleStreamIndex": &order.SubtitleStreamIndex,
		"startIndex": &order.StartIndex} {
		if *to, err = r.query.Int(name); err != nil {
			return nil, err
		}
	}
	return r.order(jellyfin.SocketPlay, order)
}

func (s *Server) setPlaystate(r *request) (any, error) {
	text := httpx.PathValue(r.Request, "command")
	name, known := jellyfin.ParseEnum[jellyfin.PlaystateCommand](text)
	if !known {
		return nil, httpx.Invalid("command", printable(text))
	}
	ticks, err := r.ticks("seekPositionTicks")
	if err != nil {
		return nil, err
	}
	return r.order(jellyfin.SocketPlaystate, jellyfin.PlaystateRequest{Command: name, SeekPositionTicks: ticks, ControllingUserID: r.caller.UserID().String()})
}

// ticks is a number of 100 ns that the query has, or nil.
func (r *request) ticks(name string) (*int64, error) {
	text := strings.TrimSpace(r.query.Get(name))
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, httpx.Invalid(name, printable(text))
	}
	return &n, nil
}

// additionalUser refuses to add a user to a session. In Jellyfin anybody may add anybody to anybody's.
func (s *Server) additionalUser(r *request) (any, error) {
	user, err := r.userID()
	if err != nil {
		return nil, err
	}
	session, err := r.target()
	switch {
	case err != nil:
		return nil, err
	case session.Device.UserID == user:
		return nil, finlatch.ErrInvalid
	case r.Method == http.MethodDelete:
		return nil, nil // there is none
	}
	return nil, as(plain, errOneUser)
}
