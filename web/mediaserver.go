package web

import (
	"context"
	"time"

	"github.com/finlatch/finlatch"
)

// MediaServer is what the pages tell of the media server behind, which keeps the users; see finlatch.Upstream.
type MediaServer interface {
	// Version asks the media server for its own; an error where it does not answer.
	Version(ctx context.Context) (string, error)
	// OldTokens says which apps still send tokens of kinds that Jellyfin 12 refuses.
	OldTokens() []OldToken
}

// OldToken says how often an app has sent its token in an old way since the program was started.
type OldToken struct {
	Kind, App         string // App is empty where nobody knows it
	Accepted, Refused uint64 // requests
	Last              time.Time
}

// glance is how long the overview waits for the media server.
const glance = 2 * time.Second

var (
	errNotOurs      = &finlatch.Error{Kind: finlatch.Forbidden, Msg: "Users are the media server's; manage them there: Dashboard, Users."}
	errSwitchedOff  = &finlatch.Error{Kind: finlatch.Unauthenticated, Msg: "Quick Connect is switched off. An administrator switches it on under Administration, Settings."}
	errSwitchedThen = &finlatch.Error{Kind: finlatch.Unauthenticated, Msg: "Quick Connect is switched off in the media server, or finlatch has no API key of it. Its administrator switches it on there: Dashboard, General, Enable Quick Connect."}
)

// behind is what the overview says of the media server.
type behind struct {
	Version string // empty: it does not answer
	Off     bool   // its Quick Connect, while ours is on
	Tokens  []OldToken
}

// behind asks the media server how it is; nil where there is none.
func (r *request) behind() (*behind, error) {
	server := r.pages.options.MediaServer
	if server == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(r.context(), glance)
	defer cancel()
	b := &behind{Tokens: server.OldTokens()}
	b.Version, _ = server.Version(ctx) // that it does not answer is what the page says
	var err error
	b.Off, err = r.switchedOffThere()
	return b, err
}

// switchedOffThere tells whether Quick Connect is off in the media server, and in nothing else.
func (r *request) switchedOffThere() (bool, error) {
	on, err := r.service().QuickConnectEnabled(r.context())
	return !on && r.settings.QuickConnect, err
}

// whySwitchedOff says where Quick Connect is switched on.
func (r *request) whySwitchedOff() error {
	if r.settings.QuickConnect {
		return errSwitchedThen
	}
	return errSwitchedOff
}

// unlessBehind is a handler for what the media server keeps where there is one.
func unlessBehind(handle handler) handler {
	return func(r *request) (answer, error) {
		if r.pages.options.MediaServer != nil {
			return nil, errNotOurs
		}
		return handle(r)
	}
}
