package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The control socket's routes. All are POST, with a JSON document each way.
const (
	routeStatus      = "/status"
	routeUsers       = "/users/list"
	routeAddUser     = "/users/add"
	routeSetPassword = "/users/password"
	routeSetDisabled = "/users/disabled"
	routeUnlock      = "/users/unlock"
	routeRename      = "/users/rename"
	routeRemoveUser  = "/users/remove"
	routeBackup      = "/backup"
)

// maxControlBody bounds what goes through the socket one way, in bytes.
const maxControlBody = 1 << 20

// controlError is the answer to what did not work, with status 422; a route that is not there has no such body.
type controlError struct {
	Text string `json:"error"`
	Hint string `json:"hint,omitempty"`
}

// newControl makes the server behind the socket. Whoever can open the socket may do everything.
func newControl(k keeper, log *slog.Logger) *http.Server {
	mux := http.NewServeMux()
	handle(mux, routeStatus, log, k.status)
	handle(mux, routeUsers, log, k.users)
	handle(mux, routeAddUser, log, k.addUser)
	handle(mux, routeSetPassword, log, k.setPassword)
	handle(mux, routeSetDisabled, log, k.setDisabled)
	handle(mux, routeUnlock, log, k.unlock)
	handle(mux, routeRename, log, k.rename)
	handle(mux, routeRemoveUser, log, k.removeUser)
	handle(mux, routeBackup, log, k.backup)
	return &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
}

func handle[In, Out any](mux *http.ServeMux, route string, log *slog.Logger, f func(context.Context, In) (Out, error)) {
	mux.HandleFunc("POST "+route, func(w http.ResponseWriter, r *http.Request) {
		var in In
		var answer any
		code := http.StatusOK
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControlBody)).Decode(&in)
		if err == nil {
			answer, err = f(r.Context(), in)
		}
		if err != nil {
			log.Debug("a command did not work", "route", route, "error", err)
			refused := controlError{Text: plain(err)}
			if pr, ok := errors.AsType[*problem](err); ok {
				refused = controlError{Text: pr.text, Hint: pr.hint}
			}
			answer, code = refused, http.StatusUnprocessableEntity
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(answer) // the command may be gone
	})
}

// remote is the keeper in the server that runs.
type remote struct {
	client http.Client
}

// newRemote talks through a socket, first over the connection that was opened to see who is there.
func newRemote(first net.Conn, dial func(context.Context) (net.Conn, error)) *remote {
	connections := make(chan net.Conn, 1)
	connections <- first
	return &remote{http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			select {
			case conn := <-connections:
				return conn, nil
			default:
				return dial(ctx)
			}
		},
	}}}
}

func (r *remote) close() error {
	r.client.CloseIdleConnections()
	return nil
}

// ask sends in and reads the answer.
func ask[Out any](ctx context.Context, r *remote, route string, in any) (out Out, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return out, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://finlatch"+route, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	response, err := r.client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		return out, failed("", "the server that runs does not answer: %s", plain(errors.Unwrap(err)))
	}
	defer response.Body.Close()
	answer := json.NewDecoder(io.LimitReader(response.Body, 64<<20))
	switch response.StatusCode {
	case http.StatusOK:
		return out, answer.Decode(&out)
	case http.StatusUnprocessableEntity:
		var refused controlError
		if err := answer.Decode(&refused); err != nil {
			return out, err
		}
		return out, &problem{text: refused.Text, hint: refused.Hint}
	}
	return out, failed("restart it", "the server that runs is of another version and does not know this command")
}

func (r *remote) status(ctx context.Context, in nothing) (status, error) {
	return ask[status](ctx, r, routeStatus, in)
}

func (r *remote) users(ctx context.Context, in nothing) ([]account, error) {
	return ask[[]account](ctx, r, routeUsers, in)
}

func (r *remote) addUser(ctx context.Context, in newUser) (account, error) {
	return ask[account](ctx, r, routeAddUser, in)
}

func (r *remote) setPassword(ctx context.Context, in newPassword) (nothing, error) {
	return ask[nothing](ctx, r, routeSetPassword, in)
}

func (r *remote) setDisabled(ctx context.Context, in newState) (nothing, error) {
	return ask[nothing](ctx, r, routeSetDisabled, in)
}

func (r *remote) unlock(ctx context.Context, in userName) (nothing, error) {
	return ask[nothing](ctx, r, routeUnlock, in)
}

func (r *remote) rename(ctx context.Context, in newName) (nothing, error) {
	return ask[nothing](ctx, r, routeRename, in)
}

func (r *remote) removeUser(ctx context.Context, in userName) (nothing, error) {
	return ask[nothing](ctx, r, routeRemoveUser, in)
}

func (r *remote) backup(ctx context.Context, in backupFile) (nothing, error) {
	return ask[nothing](ctx, r, routeBackup, in)
}
